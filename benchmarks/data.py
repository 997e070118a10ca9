"""Rows a second through datasets, and what a model's training takes on one beside arrays.

    python benchmarks/data.py [--rows 60000] [--repeats 5]

Times are the least of several, in turns, since other programs only make them longer.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import kerasish as keras
from kerasish.data import Dataset

COLUMNS, CLASSES = 784, 10


def least(repeats: int, *calls: Callable[[], Any]) -> list[float]:
    """The shortest time of every call, in seconds."""
    times = [[0.0] * len(calls) for _ in range(repeats)]
    for row in times:
        for place, call in enumerate(calls):
            start = time.perf_counter()
            call()
            row[place] = time.perf_counter() - start
    return [min(column) for column in zip(*times, strict=True)]


def model() -> Any:
    """A network that a batch of 1,024 takes some milliseconds."""
    made = keras.Sequential(
        [keras.Input((COLUMNS,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(CLASSES)]
    )
    made.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return made


def through(dataset: Dataset) -> None:
    """A pass."""
    for _ in dataset:
        pass


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(given.rows, COLUMNS)).astype("float32")
    y = rng.integers(0, CLASSES, given.rows)
    rows = Dataset.from_tensor_slices((x, y))
    print("batch  rows/s     fit on arrays  fit on a dataset  ratio")
    for size in (32, 256, 1024):
        dataset = rows.shuffle(given.rows).batch(size)
        (passed,) = least(given.repeats, lambda: through(dataset))  # noqa: B023
        one, other = model(), model()
        fits = [
            lambda: one.fit(x, y, batch_size=size, verbose=0),  # noqa: B023
            lambda: other.fit(dataset, verbose=0),  # noqa: B023
        ]
        least(1, *fits)  # plans are made
        arrays, ours = least(given.repeats, *fits)
        print(
            f"{size:5}  {given.rows / passed:<9,.0f}  {arrays:11.3f} s  {ours:14.3f} s  "
            f"{ours / arrays:5.2f}"
        )
    single = rows.map(lambda x, y: (x, y)).shuffle(given.rows).batch(256)
    stream = Dataset.from_generator(lambda: zip(x, y, strict=True)).shuffle(1000).batch(256)
    for name, dataset in (("one by one, map", single), ("one by one, generator", stream)):
        (passed,) = least(2, lambda: through(dataset))  # noqa: B023
        print(f"{name}: {given.rows / passed:,.0f} rows/s")


if __name__ == "__main__":
    main()
