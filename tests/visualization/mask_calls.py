"""Calls whose results by Keras stand in tests/golden/masks.npz (scripts/make_file_golden.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

COLORS = {0: (1, 2, 3), 1: (200, 0, 10), 2: (0, 250, 4), 3: (9, 9, 255)}
CALLS: dict[str, dict[str, Any]] = {
    "plain": {},
    "classes": {"num_classes": 4},
    "colors": {"num_classes": 4, "color_mapping": COLORS},
    "faint": {"num_classes": 4, "alpha": 0.3},
    "over": {"num_classes": 4, "blend": False},
    "ignored": {"num_classes": 4, "ignore_index": 2},
    "first": {"num_classes": 3, "data_format": "channels_first"},
}


def results(visualization: Any) -> dict[str, np.ndarray]:
    """What every call gives."""
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (2, 5, 6, 3)).astype(np.float32)
    masks = rng.integers(-1, 4, (2, 5, 6, 1)).astype(np.int32)
    found: dict[str, np.ndarray] = {}
    for name, options in CALLS.items():
        given = images, masks
        if options.get("data_format"):
            given = tuple(array.transpose(0, 3, 1, 2) for array in given)
        found[name] = np.asarray(visualization.draw_segmentation_masks(*given, **options))
    return found
