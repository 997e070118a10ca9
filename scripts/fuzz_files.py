"""Random models through every format, here and to and from Keras; prints what is not the same.

    pip install 'kerasish[conformance]'
    KERAS_BACKEND=jax python scripts/fuzz_files.py [FIRST LAST]

The models are those of tests/saving/random_models.py. What Keras itself does not read back the same
is left out.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import kerasish  # noqa: E402
from tests.saving.random_models import build, difference  # noqa: E402

Way = tuple[str, Callable[[], str]]


def ours(model: Any, folder: Path) -> Iterator[Way]:
    """Every format of this package, read back by it."""

    def whole(ending: str) -> str:
        model.save(folder / f"m.{ending}")
        return difference(model, kerasish.saving.load_model(folder / f"m.{ending}"))

    def weights(ending: str) -> str:
        again = kerasish.models.clone_model(model)
        model.save_weights(folder / f"w.{ending}")
        again.load_weights(folder / f"w.{ending}")
        return difference(model, again, optimizer=False)

    def config() -> str:
        again = kerasish.models.model_from_json(model.to_json())
        again.set_weights(model.get_weights())
        return difference(model, again, optimizer=False)

    for ending in ("keras", "h5"):
        yield f"kerasish {ending}", lambda e=ending: whole(e)
    for ending in ("weights.h5", "safetensors", "h5"):
        yield f"kerasish weights {ending}", lambda e=ending: weights(e)
    yield "kerasish json", config


def across(keras: Any, model: Any, source: Any, target: Any, folder: Path) -> Iterator[Way]:
    """Whole models of one side, read by the other; "" where Keras fails at its own file."""

    def crossed(ending: str) -> str:
        path, flag = folder / f"c.{ending}", ending == "keras"
        model.save(path)
        try:
            found = difference(model, target.saving.load_model(path), optimizer=flag)
        except Exception as error:  # noqa: BLE001 - all of it is reported
            found = f"{type(error).__name__}: {error}"
        return found if found and _keras_can(keras, path, folder / f"again.{ending}") else ""

    for ending in ("keras", "h5"):
        way = f"{source.__name__} to {target.__name__} {ending}"
        yield way, lambda e=ending: crossed(e)


def _keras_can(keras: Any, path: Path, copy: Path) -> bool:
    """Whether Keras reads the file, and its own copy of what it read, as the same model."""
    try:
        first = keras.saving.load_model(path)
        first.save(copy)
        return not difference(first, keras.saving.load_model(copy), optimizer=False)
    except Exception:  # noqa: BLE001 - whatever stops Keras
        return False


def main(first: int, last: int) -> int:
    """The number of differences in the models first to last - 1."""
    import keras

    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        for seed in range(first, last):
            model = build(kerasish, seed)
            ways = [*ours(model, folder), *across(keras, model, kerasish, keras, folder)]
            try:
                theirs = build(keras, seed)
                ways += across(keras, theirs, keras, kerasish, folder)
            except Exception as error:  # noqa: BLE001 - all of it is reported
                print(f"{seed}: Keras does not build it: {type(error).__name__}")
            for way, check in ways:
                try:
                    found = check()
                except Exception as error:  # noqa: BLE001 - all of it is reported
                    found = f"{type(error).__name__}: {error}"
                if found:
                    seen[way] += 1
                    print(f"{seed}: {way}: {' '.join(found.split())[:300]}", flush=True)
    print(f"{sum(seen.values())} differences in {last - first} models: {dict(seen)}")
    return sum(seen.values())


if __name__ == "__main__":
    span = [int(text) for text in sys.argv[1:3]] or [0, 100]
    sys.exit(min(main(*span), 1))
