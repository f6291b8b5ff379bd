"""Other people's figures of a photo: a line with a path asks, a line of JSON answers.

Sharpness as OpenCV users measure it, at the photo's own size and with its long
side brought to 1024 pixels, and error levels as the usual scripts score them.
"""

import json
import sys

import cv2
import numpy as np


def laplacian(gray):
    return float(cv2.Laplacian(gray, cv2.CV_64F).var())


def tenengrad(gray):
    x = cv2.Sobel(gray, cv2.CV_64F, 1, 0)
    y = cv2.Sobel(gray, cv2.CV_64F, 0, 1)
    return float(np.mean(x * x + y * y))


def error_levels(pixels):
    """The loudest hundredth of the 16-pixel squares over their mean, after a save at 90."""
    _, again = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    change = cv2.absdiff(pixels, cv2.imdecode(again, cv2.IMREAD_COLOR)).mean(axis=2)
    rows, columns = (side // 16 for side in change.shape)
    if rows * columns < 100:
        return None
    squares = change[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16).mean(axis=(1, 3))
    mean = float(squares.mean())
    return float(np.quantile(squares, 0.99) / mean) if mean > 0 else None


for line in sys.stdin:
    pixels = cv2.imread(line.rstrip("\n"), cv2.IMREAD_COLOR)
    if pixels is None:
        print("null", flush=True)
        continue
    gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    scale = 1024 / max(gray.shape)
    small = gray if scale >= 1 else cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    figures = {
        "laplacian": laplacian(gray),
        "laplacian_1024": laplacian(small),
        "tenengrad": tenengrad(gray),
        "tenengrad_1024": tenengrad(small),
        "error_levels": error_levels(pixels),
    }
    print(json.dumps(figures), flush=True)
