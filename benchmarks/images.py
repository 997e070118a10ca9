"""Images a second of `image_dataset_from_directory`, beside Pillow alone.

    KERASISH_DATA=... python benchmarks/images.py --count 400

Photographs are stood in for by collages of Fashion-MNIST in colour, JPEGs of 500 x 375 pixels.
Pillow alone opens, decodes, resizes (BILINEAR) and gives an array of float32, one after the other;
the dataset does so in its threads, batches and prefetches. Compared is the time of processors that
an image takes, which other programs on the machine do not change, and the time on the clock.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import kerasish as keras

HEIGHT, WIDTH = 375, 500


def write(folder: Path, count: int) -> None:
    """JPEGs in two classes."""
    (x, _), _ = keras.datasets.fashion_mnist.load_data()
    rng = np.random.default_rng(0)
    for number in range(count):
        tiles = x[rng.integers(len(x), size=(5, 6, 3))]  # rows, columns, colours
        collage = tiles.transpose(0, 3, 1, 4, 2).reshape(5 * 28, 6 * 28, 3)
        place = folder / "ab"[number % 2]
        place.mkdir(exist_ok=True)
        image = Image.fromarray(collage).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        image.save(place / f"{number}.jpg", quality=90)


def pillow(folder: Path, size: int) -> int:
    """Every image by Pillow alone; how many there are."""
    count = 0
    for path in folder.rglob("*.jpg"):
        with Image.open(path) as image:
            resized = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
            count += np.asarray(resized).astype(np.float32).shape[0] == size
    return count


def dataset(folder: Path, size: int) -> int:
    """Every image by the dataset."""
    found = keras.utils.image_dataset_from_directory(
        folder, image_size=(size, size), verbose=False, shuffle=False
    )
    return sum(len(x) for x, _ in found)


def timed(run: Callable[[Path, int], int], folder: Path, size: int) -> tuple[float, float]:
    """Seconds of processors and on the clock that an image takes."""
    clock, busy = time.perf_counter(), time.process_time()
    count = run(folder, size)
    return (time.process_time() - busy) / count, (time.perf_counter() - clock) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400, help="images")
    parser.add_argument("--size", type=int, default=224, help="height and width of the result")
    parser.add_argument("--times", type=int, default=3, help="the best of how many runs counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.count)
        best: dict[str, tuple[float, float]] = {}
        for _ in range(options.times):  # in turns, so that both see the same machine
            for run in (pillow, dataset):
                found = timed(run, folder, options.size)
                before = best.get(run.__name__, found)
                best[run.__name__] = min(found[0], before[0]), min(found[1], before[1])
    for label, (busy, clock) in best.items():
        print(f"{label:8} {1 / busy:7.0f} images/s per core {1 / clock:7.0f} images/s")
    ratio = best["pillow"][0] / best["dataset"][0]
    print(f"per core {ratio:.2f} of Pillow alone, on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
