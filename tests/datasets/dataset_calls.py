"""Made-up files of Keras's datasets, and calls whose results stand in tests/golden/datasets.json.

scripts/make_file_golden.py makes them with Keras, test_keras_datasets.py repeats them.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

WORDS = {"num_words": 40}, {"num_words": 60, "skip_top": 8}, {"oov_char": None, "skip_top": 5}
LISTS = [
    {}, *WORDS, {"maxlen": 12}, {"maxlen": 9, "seed": 5}, {"start_char": None},
    {"start_char": None, "index_from": 0}, {"index_from": None, "start_char": None, "skip_top": 2},
    {"start_char": 7, "oov_char": 9, "index_from": 11, "num_words": 50, "seed": 1},
]  # fmt: skip
CALLS = {
    "boston_housing": [{}, {"test_split": 0.5, "seed": 3}, {"test_split": 0}],
    "california_housing": [{}, {"version": "small", "test_split": 0.35}],
    "imdb": LISTS,
    "reuters": [*LISTS, {"test_split": 0.5}, {"test_split": 0}],
    "cifar100": [{}, {"label_mode": "coarse"}],
}
FILES = {
    "boston_housing": "boston_housing.npz",
    "california_housing": "california_housing.npz",
    "imdb": "imdb.npz",
    "reuters": "reuters.npz",
    "cifar10": "cifar-10-python.tar.gz",
    "cifar100": "cifar-100-python.tar.gz",
}


def _lists(rng: np.random.Generator, count: int) -> np.ndarray:
    found = np.empty(count, object)
    for i in range(count):
        found[i] = rng.integers(1, 70, rng.integers(4, 16)).tolist()
    return found


def _batch(rng: np.random.Generator, count: int, **classes: int) -> bytes:
    held: dict[bytes, Any] = {b"batch_label": b"a batch", b"filenames": [b"a.png"] * count}
    for key, number in classes.items():
        held[key.encode()] = rng.integers(0, number, count).tolist()
    held[b"data"] = rng.integers(0, 256, (count, 3072), np.uint8)
    return pickle.dumps(held, 3)


def _tar(path: Path, folder: str, batches: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"readme.html": b"text", **batches}.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def write(folder: Path) -> None:
    """A file for each dataset, in a folder of its name."""
    rng = np.random.default_rng(5)
    paths = {name: folder / name / file for name, file in FILES.items()}
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    x = rng.normal(size=(50, 13)).round(3)
    np.savez(paths["boston_housing"], x=x, y=x[:, 0])
    x = rng.normal(size=(700, 8)).round(3)
    np.savez(paths["california_housing"], x=x, y=x[:, 0])
    parts = {part: rng.integers(0, 2, count) for part, count in (("train", 30), ("test", 20))}
    np.savez_compressed(
        paths["imdb"],
        **{f"x_{part}": _lists(rng, len(y)) for part, y in parts.items()},
        **{f"y_{part}": y for part, y in parts.items()},
        allow_pickle=True,
    )
    np.savez_compressed(
        paths["reuters"], x=_lists(rng, 40), y=rng.integers(0, 46, 40), allow_pickle=True
    )
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    batches = {name: _batch(rng, 10, labels=10) for name in names}
    _tar(paths["cifar10"], "cifar-10-batches-py", batches)
    batches = {n: _batch(rng, 10, fine_labels=100, coarse_labels=20) for n in ("train", "test")}
    _tar(paths["cifar100"], "cifar-100-python", batches)


def results(module: ModuleType, name: str) -> list[str]:
    """What every call of a dataset gives: dtypes, shapes and a hash of the values."""
    return [described(module.load_data(**options)) for options in CALLS[name]]


def described(parts: Any) -> str:
    """The arrays of a dataset in one text."""
    texts = []
    for array in (array for part in parts for array in part):
        plain = json.dumps(array.tolist()).encode()
        texts.append(f"{array.dtype} {array.shape} {hashlib.sha256(plain).hexdigest()[:16]}")
    return ", ".join(texts)
