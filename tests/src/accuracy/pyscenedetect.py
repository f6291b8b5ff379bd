"""Prints PySceneDetect's figures for every picture of each video as a line of JSON."""

import json
import sys

from scenedetect import (
    AdaptiveDetector,
    ContentDetector,
    SceneManager,
    StatsManager,
    open_video,
)


def figures(path):
    stats = StatsManager()
    manager = SceneManager(stats)
    adaptive = AdaptiveDetector()
    manager.add_detector(ContentDetector())
    manager.add_detector(adaptive)
    video = open_video(path)
    frames = manager.detect_scenes(video)
    rate = float(video.frame_rate)
    content, ratio = [], []
    # The first picture has none before it to differ from.
    for number in range(1, frames):
        value, turn = stats.get_metrics(number, ["content_val", "adaptive_ratio (w=2)"])
        if value is None:
            continue
        content.append((number / rate, float(value)))
        # The detector itself asks for this much content besides.
        asked = turn is not None and value >= adaptive.min_content_val
        ratio.append((number / rate, float(turn) if asked else 0.0))
    return {"content": content, "adaptive": ratio}


for path in sys.argv[1:]:
    print(json.dumps(figures(path)), flush=True)
