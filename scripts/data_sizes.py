"""A csv of 2 GB and 20,000 JPEGs train, adapt and shuffle in 1 GB of memory.

    python scripts/data_sizes.py [csv] [images] [--gigabytes 2] [--images 20000] [--folder PATH]

Each part writes its data into a temporary folder and runs in a process of its own, whose peak of
resident memory is measured; the script fails where it is above `LIMIT`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 10**9
COLUMNS = 20
SIZE = 224


def write_csv(path: Path, size: int) -> int:
    """A csv of at least `size` bytes: numbers, a text and a label that depends on them."""
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(0)
    weights = rng.normal(size=COLUMNS)
    rows = 0
    writer: Any = None
    while not path.exists() or path.stat().st_size < size:
        x = rng.normal(size=(100_000, COLUMNS)).round(6)
        columns: dict[str, Any] = {f"f{i}": x[:, i] for i in range(COLUMNS)}
        columns["city"] = rng.choice(["Rome", "Oslo", "Lima"], len(x))
        columns["y"] = (x @ weights > 0).astype(np.int64)
        table = pa.table(columns)
        writer = writer or csv.CSVWriter(path, table.schema)
        writer.write(table)
        rows += len(x)
    writer.close()
    return rows


def use_csv(path: Path) -> dict[str, Any]:
    """Adapt a layer to the rows, and train on them in random order."""
    import kerasish as keras
    from kerasish.data import Dataset

    names = [f"f{i}" for i in range(COLUMNS)]
    rows = Dataset.from_csv(path, names, "y")

    def matrix(x: Any, y: Any) -> Any:
        return np.stack([x[name] for name in names], axis=1), y

    start = time.perf_counter()
    scale = keras.layers.Normalization()
    scale.adapt(rows.batch(4096).map(matrix))
    adapted = time.perf_counter()
    model = keras.Sequential(
        [
            keras.Input((COLUMNS,)),
            scale,
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    data = rows.shuffle(100_000, seed=1).batch(1024).map(matrix).prefetch(2)
    history = model.fit(data, verbose=0).history
    trained = time.perf_counter()
    return {
        "adapt_s": round(adapted - start, 1),
        "fit_s": round(trained - adapted, 1),
        "accuracy": round(history["accuracy"][0], 4),
    }


def write_images(path: Path, count: int) -> int:
    """JPEGs of two classes in two folders."""
    from PIL import Image

    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 200, (64, 16, 16, 3), dtype=np.uint8)
    for number in range(count):
        label = number % 2
        folder = path / ("dark", "light")[label]
        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(coarse[number % 64] // 2 + np.uint8(90 * label))
        picture.resize((SIZE, SIZE)).save(folder / f"{number:06d}.jpg", quality=85)
    return count


def use_images(path: Path) -> dict[str, Any]:
    """Train on the pictures in random order; how many a second, beside Pillow alone."""
    from PIL import Image

    import kerasish as keras

    images = sorted(path.rglob("*.jpg"))
    start = time.process_time()
    for name in images[:2000]:
        with Image.open(name) as picture:
            np.asarray(picture.convert("RGB"), np.float32)
    alone = 2000 / (time.process_time() - start)
    data = keras.utils.image_dataset_from_directory(
        path, image_size=(SIZE, SIZE), batch_size=32, seed=1, verbose=False
    )
    start = time.process_time()
    for _ in data.take(2000 // 32):
        pass
    ours = 2000 // 32 * 32 / (time.process_time() - start)
    scale = keras.layers.Normalization(axis=None)
    scale.adapt(data.map(lambda x, y: x).take(50))
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            scale,
            keras.layers.AveragePooling2D(16),
            keras.layers.Flatten(),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    history = model.fit(data, verbose=0).history
    return {
        "pillow_per_core_s": round(alone),
        "ours_per_core_s": round(ours),
        "share": round(ours / alone, 2),
        "fit_s": round(time.perf_counter() - start, 1),
        "accuracy": round(history["accuracy"][0], 4),
    }


PARTS = {"csv": (write_csv, use_csv), "images": (write_images, use_images)}


def main() -> int:
    """Run the parts; the exit status says whether all kept to the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--folder", help="where the data are written; a temporary one by default")
    parser.add_argument("--use", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.use:
        found = PARTS[given.parts[0]][1](Path(given.use))
        found["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(found))
        return 0
    sizes = {"csv": int(given.gigabytes * 1e9), "images": given.images}
    failed = False
    for part in given.parts:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            path = Path(folder) / ("t.csv" if part == "csv" else "images")
            count = PARTS[part][0](path, sizes[part])
            command = [sys.executable, __file__, part, "--use", str(path)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = json.loads(output.splitlines()[-1])
        failed |= found["peak_bytes"] > LIMIT
        print(part, {"count": count, **found}, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
