"""Makes the pictures of the cases: a line of JSON says what, a line answers.

A request holds the source's path, another photo's path for what is pasted, the
words of the recipe, the longest side of the clarity recipes in pixels, and where
the file goes. The answer is "" or the reason why nothing was made.
"""

import json
import math
import sys

import cv2
import numpy as np
from PIL import Image

# Quality of a picture whose blur or exposure is what counts.
CLARITY_QUALITY = 92
# What the camera wrote is read as coded: a turned picture stays turned.
AS_CODED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


class Source:
    """A photo, decoded once for all its recipes."""

    def __init__(self, path, other, side):
        self.path = path
        self.pixels = cv2.imread(path, AS_CODED)
        if self.pixels is None:
            raise ValueError("cannot be decoded")
        self.small = fitted(self.pixels, side)
        self.other_path = other
        self.exif = Image.open(path).info.get("exif", b"")

    def other(self):
        pixels = cv2.imread(self.other_path, AS_CODED) if self.other_path else None
        if pixels is None:
            raise ValueError("no other photo")
        return pixels


def fitted(pixels, side):
    """The picture with its longest side at most `side`, areas averaged."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def disc(radius):
    """A lens out of focus: a disc with a soft rim of a pixel."""
    reach = math.ceil(radius) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return kernel / kernel.sum()


def path_of(length, angle_deg):
    """A camera moved evenly along a line, counter-clockwise from horizontal."""
    reach = math.ceil(length / 2) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    along, across = x * cos - y * sin, x * sin + y * cos
    kernel = np.clip(length / 2 + 0.5 - abs(along), 0, 1) * np.clip(1 - abs(across), 0, 1)
    return kernel / kernel.sum()


def light(pixels, stops):
    """Exposed otherwise by so many stops, at a display's power of 2.2."""
    linear = (np.arange(256) / 255.0) ** 2.2 * 2.0**stops
    table = np.clip(linear, 0, 1) ** (1 / 2.2) * 255
    return cv2.LUT(pixels, np.round(table).astype(np.uint8))


def blurred(pixels, kernel):
    return cv2.filter2D(pixels, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REFLECT)


def clarity(source, kind, numbers):
    """A picture of the clarity recipes; sizes in thousandths of the long side."""
    pixels = source.small
    px = max(pixels.shape[:2]) / 1000.0
    random = np.random.default_rng(1)
    if kind == "plain":
        return pixels
    if kind == "gauss":
        return cv2.GaussianBlur(pixels, (0, 0), numbers[0] * px)
    if kind == "defocus":
        return blurred(pixels, disc(numbers[0] * px))
    if kind == "motion":
        return blurred(pixels, path_of(numbers[0] * px, numbers[1]))
    if kind == "bokeh":
        soft = blurred(pixels, disc(numbers[0] * px))
        height, width = pixels.shape[:2]
        mask = np.zeros((height, width), np.float32)
        cv2.ellipse(mask, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 1, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 6 * px)[..., None]
        return np.round(pixels * mask + soft * (1 - mask)).astype(np.uint8)
    if kind == "smeared":
        veil = cv2.GaussianBlur(pixels, (0, 0), 15 * px)
        near = cv2.GaussianBlur(pixels, (0, 0), 2.5 * px)
        return cv2.addWeighted(near, 0.5, veil, 0.5, 12)
    if kind == "denoised":
        for _ in range(3):
            pixels = cv2.bilateralFilter(pixels, 9, 55, 5)
        return pixels
    if kind == "enlarged":
        height, width = pixels.shape[:2]
        few = cv2.resize(
            pixels,
            (max(1, int(width / numbers[0])), max(1, int(height / numbers[0]))),
            interpolation=cv2.INTER_AREA,
        )
        return cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
    if kind == "light":
        return light(pixels, numbers[0])
    if kind == "haze":
        return np.round(pixels * 0.25 + 0.62 * 255).astype(np.uint8)
    if kind == "noise":
        grain = random.normal(0, numbers[0], pixels.shape)
        return np.clip(np.round(pixels + grain), 0, 255).astype(np.uint8)
    raise ValueError(f"no such recipe: {kind}")


def saved(pixels, quality, exif, to, subsampling="4:2:0"):
    """As a program written with Pillow saves a photo and keeps its EXIF."""
    picture = Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    kept = {"exif": exif} if exif else {}
    picture.save(to, "JPEG", quality=quality, subsampling=subsampling, **kept)


def pasted(source, side):
    """A square of another photo whose grid of blocks does not fit, in the middle."""
    pixels, other = source.pixels.copy(), source.other()
    height, width = pixels.shape[:2]
    side = min(side, height // 2, width // 2, other.shape[0] - 16, other.shape[1] - 16)
    # Off both grids by 3 columns and 5 rows.
    y, x = height // 3 // 8 * 8, width // 3 // 8 * 8
    from_y = (other.shape[0] - side) // 2 // 8 * 8 + 5
    from_x = (other.shape[1] - side) // 2 // 8 * 8 + 3
    pixels[y : y + side, x : x + side] = other[from_y : from_y + side, from_x : from_x + side]
    return pixels


def moved(source, feather):
    """A part of the photo copied to another place of it."""
    pixels = source.pixels.copy()
    height, width = pixels.shape[:2]
    h, w = height // 5, width // 5
    part = pixels[height // 8 : height // 8 + h, width // 8 : width // 8 + w].copy()
    y, x = height // 2 + 3, width // 2 + 5
    mask = np.ones((h, w), np.float32)
    if feather:
        rim = max(4, min(h, w) // 10)
        mask[:rim] = mask[-rim:] = mask[:, :rim] = mask[:, -rim:] = 0
        mask = cv2.GaussianBlur(mask, (0, 0), rim / 2)
    mask = mask[..., None]
    under = pixels[y : y + h, x : x + w]
    pixels[y : y + h, x : x + w] = np.round(part * mask + under * (1 - mask)).astype(np.uint8)
    return pixels


def screenshot(source):
    """A phone's screen that shows the photo between two bars."""
    screen = np.full((2340, 1080, 3), 18, np.uint8)
    shown = fitted(source.pixels, 1080)
    height, width = shown.shape[:2]
    y, x = (2340 - height) // 2, (1080 - width) // 2
    screen[y : y + height, x : x + width] = shown
    white = (240, 240, 240)
    cv2.putText(screen, "10:42", (50, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.3, white, 3, cv2.LINE_AA)
    cv2.rectangle(screen, (960, 40), (1030, 72), white, 3)
    cv2.rectangle(screen, (965, 45), (1010, 67), white, -1)
    cv2.rectangle(screen, (400, 2310), (680, 2318), white, -1)
    return screen


def edit(source, kind, numbers, to):
    """A file of the edit recipes, at the photo's own size."""
    exif = source.exif
    height, width = source.pixels.shape[:2]
    if kind == "pillow":
        saved(source.pixels, int(numbers[0]), exif, to)
    elif kind == "opencv":
        cv2.imwrite(to, source.pixels, [cv2.IMWRITE_JPEG_QUALITY, int(numbers[0])])
    elif kind == "crop":
        cut = source.pixels[height // 10 + 3 :, width // 10 + 5 :]
        saved(cut, int(numbers[0]), exif, to)
    elif kind == "resize":
        saved(fitted(source.pixels, int(max(height, width) * 0.75)), int(numbers[0]), exif, to)
    elif kind == "rotate":
        saved(cv2.rotate(source.pixels, cv2.ROTATE_90_CLOCKWISE), int(numbers[0]), exif, to)
    elif kind == "splice":
        saved(pasted(source, int(numbers[0])), int(numbers[1]), exif, to, "4:4:4")
    elif kind == "move":
        saved(moved(source, numbers[0] > 0), int(numbers[1]), exif, to)
    elif kind == "stale":
        pixels, other = source.pixels.copy(), source.other()
        y, x = height // 5, width // 5
        size = (width - 2 * x, height - 2 * y)
        pixels[y : y + size[1], x : x + size[0]] = cv2.resize(other, size, interpolation=cv2.INTER_AREA)
        saved(pixels, int(numbers[0]), exif, to)
    elif kind == "messenger":
        saved(fitted(source.pixels, int(numbers[0])), int(numbers[1]), b"", to)
    elif kind == "screenshot":
        cv2.imwrite(to, screenshot(source), [cv2.IMWRITE_JPEG_QUALITY, 90])
    else:
        return False
    return True


source, key = None, None
for line in sys.stdin:
    try:
        wanted = json.loads(line)
        kind, *rest = wanted["words"].split()
        numbers = [float(number) for number in rest]
        this = (wanted["source"], wanted["other"], wanted["side"])
        if key != this:
            source, key = Source(*this), this
        if not edit(source, kind, numbers, wanted["to"]):
            saved(clarity(source, kind, numbers), CLARITY_QUALITY, b"", wanted["to"], "4:2:0")
        answer = ""
    except Exception as why:
        answer = f"{type(why).__name__}: {why}"
    print(json.dumps(answer), flush=True)
