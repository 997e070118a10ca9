"""Write what Keras gives for calls on files, which stand in tests/data and tests/datasets.

    pip install keras==3.15.1 tensorflow-cpu pillow
    KERAS_BACKEND=tensorflow python scripts/make_file_golden.py

images.npz holds each result of tests/data/image_calls.py under its name, datasets.json what
describes those of tests/datasets/dataset_calls.py, from made-up files in place of the known ones,
folders.npz those of tests/data/folder_calls.py, masks.npz those of
tests/visualization/mask_calls.py.
"""

from __future__ import annotations

import importlib
import json
import sys
import tarfile
import tempfile
from pathlib import Path

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
sys.path.insert(0, str(ROOT))

from tests.data import folder_calls, image_calls  # noqa: E402
from tests.datasets import dataset_calls  # noqa: E402
from tests.visualization import mask_calls  # noqa: E402


def datasets(folder: Path) -> dict[str, list[str]]:
    """What describes the results of every dataset, by its name."""
    dataset_calls.write(folder)
    found = {}
    for name in dataset_calls.CALLS:
        file = dataset_calls.FILES[name]
        module = importlib.import_module(f"keras.src.datasets.{name}")

        def get_file(*args: object, path: Path = folder / name / file, **kwargs: object) -> str:
            if path.suffix == ".gz":
                with tarfile.open(path) as archive:
                    archive.extractall(path.parent, filter="data")
                return str(path.parent)
            return str(path)

        module.get_file = get_file
        found[name] = dataset_calls.results(module, name)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(datasets(Path(folder)), indent=1)
        (GOLDEN / "datasets.json").write_text(text + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        np.savez_compressed(
            GOLDEN / "images.npz", **image_calls.results(keras, Path(folder)), allow_pickle=False
        )
    with tempfile.TemporaryDirectory() as folder:
        found = folder_calls.results(keras.utils, Path(folder))
        np.savez_compressed(GOLDEN / "folders.npz", **found, allow_pickle=False)
    masks = mask_calls.results(keras.visualization)
    np.savez_compressed(GOLDEN / "masks.npz", **masks, allow_pickle=False)
