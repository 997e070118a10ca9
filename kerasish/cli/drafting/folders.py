"""A config for a folder of pictures or of sounds, in which each class has a folder of its own."""

from __future__ import annotations

import math
from typing import Any

from kerasish.cli.drafting.draft import (
    batch_size,
    data_parts,
    head,
    parts_of,
    task_of,
    train_lines,
)
from kerasish.cli.drafting.page import Page
from kerasish.cli.drafting.reading import Given
from kerasish.errors import ArgumentError

FORMS = ("images", "audio")  # of a source, whose files are no text


def draft_folder(given: Given, column: str, name: str) -> str:
    """The text of a config.

    Args:
        given: the folder.
        column: the target.
        name: the model's.

    Raises:
        ArgumentError: the folder has no folders of classes in it.
    """
    if "label" not in given.table.names:
        raise ArgumentError(
            f"init {given.path.name}", expected="a folder for each class in it",
            received="files alone",
            fix="A table that says what each file is names them in a column, see `files` in "
            "kerasish describe source.",
        )  # fmt: skip
    goal = task_of(given, column, None)
    page = Page()
    head(page, given, goal, name)
    data_parts(page, given, parts_of(given, goal, None))
    write = _pictures if "images" in given.source else _sounds
    body = write(page, given)
    page.key("batch_size", str(batch_size(len(given.table))), 2)
    page.key("model")
    page.key("layers", "", 2)
    for line in body:
        page.lines.append(f"    {line}")
    page.item(f"Dense: {{units: $data.{goal.name}.classes, activation: softmax}}", 4)
    train_lines(page, goal, *(("0.001", 60, 10) if write is _pictures else ("0.003", 60, 12)))
    return page.text()


def _layers(blocks: int, drop: bool) -> list[str]:
    """Convolutions that halve a picture some times."""
    filters = [32 * 2**i for i in range(blocks)] if not drop else [16 * 2**i for i in range(blocks)]
    return [
        f"- for: {{filters: [{', '.join(map(str, filters))}]}}",
        "  layers:",
        "    - Conv2D: {filters: $filters, kernel_size: 3, padding: same, use_bias: false}",
        "    - BatchNormalization: {momentum: 0.9}",
        "    - Activation: relu",
        "    - MaxPooling2D: 2",
        *(["    - Dropout: 0.2"] if drop else []),
    ]


def _pictures(page: Page, given: Given) -> list[str]:
    """The entries of pictures, and the layers below the last."""
    grey = given.source["color"] == "grayscale"
    moved = "RandomTranslation: {height_factor: 0.08, width_factor: 0.08}"
    turned = "RandomFlip: horizontal, RandomRotation: 0.03"
    page.key("x", '{image: {from: image, Rescaling: "${1 / 255}"}}', 2)
    page.key("y", "label", 2, "the name of the folder")
    page.key("augment", f"[{moved if grey else turned}]", 2,
             "in training only: changes after which a picture is still of its class")  # fmt: skip
    page.key("cache", "true", 2, "pictures are decoded once")
    blocks = max(1, min(4, int(math.log2(min(given.source["size"]) / 3))))
    return [*_layers(blocks, False), "- GlobalAveragePooling2D", "- Dropout: 0.3"]


def _sounds(page: Page, given: Given) -> list[str]:
    """The entries of sounds, and the layers below the last."""
    rate = given.source["rate"]
    window = 2 ** round(math.log2(rate * 0.032))
    bands = 40 if rate <= 8000 else 64
    page.key("x", "{sound: {from: audio, mean: {axis: -1}}}", 2, "channels become one")
    page.key("y", "label", 2, "the name of the folder")
    page.key("cache", "true", 2, "files are read once")
    spectrum: dict[str, Any] = {
        "sampling_rate": rate, "fft_length": window, "sequence_stride": window // 2,
        "num_mel_bins": bands, "min_freq": 60, "max_freq": rate // 2,
    }  # fmt: skip
    return [
        "- MelSpectrogram:",
        *(f"    {key}: {held}" for key, held in spectrum.items()),
        f"- Reshape: [{bands}, -1, 1]",
        "- BatchNormalization",
        *_layers(3, True),
        "- Flatten",
        "- Dropout: 0.5",
    ]
