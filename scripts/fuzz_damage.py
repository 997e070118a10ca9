"""Good files of every format with bytes, lengths and numbers changed: a load or one typed error.

    python scripts/fuzz_damage.py [--cases 1000] [--seed 0] [--formats keras h5 ...] [--keep FOLDER]

Every case runs with little memory and a few seconds. What is found is printed with the seed that
makes it again: an error that is none of kerasish's, a load that takes too long or too much, or
weights that changed although the file was refused. The exit status is 1 where anything was.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import kerasish as keras
from kerasish import saving
from kerasish.data.npz import read_arrays
from kerasish.declarative import from_yaml
from kerasish.errors import KerasishError

SECONDS = 10
MEMORY = 6 * 2**30
NUMBERS = (0, -1, 1, 2, 255, 2**15, 2**16, 10**6, 10**8, 2**31 - 1, 2**31, 2**32, 2**63, 10**30)
ODD = (None, True, "", "x", "..", "a/b", "\0", [], {}, [[]], float("nan"), float("inf"), 1e308, 0.5)
FORMATS = ("keras", "h5", "weights.h5", "safetensors", "npz", "json", "config", "yaml")
YAML = """kerasish: 1
vars: {units: 8, rate: 0.1}
model:
  input: [6]
  layers:
    - {repeat: 2, layers: [{Dense: {units: $units, activation: relu}}, {Dropout: $rate}]}
    - Dense: {units: 3, name: "out_${units}", activation: softmax}
train: {optimizer: {Adam: {learning_rate: 1e-3}}, loss: categorical_crossentropy, metrics: [AUC]}
"""


class Late(BaseException):
    """A case took too long."""


def model() -> Any:
    """A model with layers whose configs hold numbers of several kinds."""
    layers = keras.layers
    made = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Resizing(6, 6),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    made.compile("adam", "mse", metrics=[keras.metrics.AUC(num_thresholds=20)])
    return made


def good_files(folder: Path) -> dict[str, bytes]:
    """The content of one good file per format."""
    made = model()
    for name in ("m.keras", "m.h5"):
        made.save(folder / name)
    for name in ("m.weights.h5", "m.safetensors"):
        made.save_weights(folder / name)
    np.savez_compressed(folder / "m.npz", x=np.zeros((4, 3)), y=np.arange(5))
    found = {name: (folder / f"m.{name}").read_bytes() for name in FORMATS[:5]}
    config = made.to_json().encode()
    return {**found, "json": config, "config": config, "yaml": YAML.encode()}


def flipped(rng: random.Random, data: bytes) -> bytes:
    """`data` with some bytes, a length or a stretch changed, cut off or doubled."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(changed))
        kind = rng.randrange(6)
        if kind == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at] = rng.randrange(256)
        elif kind == 2:
            width = rng.choice((1, 2, 4, 8))
            value = rng.choice(NUMBERS) % 2 ** (8 * width)
            changed[at : at + width] = value.to_bytes(width, "little")
        elif kind == 3:
            del changed[at : at + rng.choice((1, 16, 1000))]
        elif kind == 4:
            stretch = changed[at : at + rng.choice((1, 16, 1000))]
            changed[at:at] = stretch
        else:
            del changed[at:]
        if not changed:
            return b""
    return bytes(changed)


def reworded(rng: random.Random, config: Any) -> Any:
    """A config with some of its values replaced by odd ones."""
    places: list[tuple[Any, Any]] = []
    pending = [config]
    while pending:
        item = pending.pop()
        keys = item.keys() if isinstance(item, dict) else range(len(item))
        for key in keys:
            places.append((item, key))
            if isinstance(item[key], (dict, list)) and item[key]:
                pending.append(item[key])
    for _ in range(rng.choice((1, 1, 2, 4))):
        holder, key = rng.choice(places)
        kind = rng.randrange(4)
        if kind == 0 or isinstance(holder[key], int):
            holder[key] = rng.choice(NUMBERS)
        elif kind == 1:
            holder[key] = rng.choice(ODD)
        elif kind == 2:
            other, place = rng.choice(places)
            holder[key] = json.loads(json.dumps(other[place]))
        elif isinstance(holder, list):
            holder.extend(json.loads(json.dumps(holder[: rng.randrange(4) + 1])))
    return config


def with_config(data: bytes, config: Any) -> bytes:
    """A `.keras` file with another config."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            inside = json.dumps(config) if info.filename == "config.json" else old.read(info)
            new.writestr(info.filename, inside)
    return out.getvalue()


def case(name: str, rng: random.Random, good: dict[str, bytes], path: Path) -> Callable[[], Any]:
    """Write one file; what is returned reads it."""
    data = good[name]
    if name == "config":
        config = reworded(rng, json.loads(data))
        return lambda: saving.deserialize_keras_object(config)
    if name in ("keras", "json") and rng.random() < 0.6:
        config = reworded(rng, json.loads(good["json"]))
        data = with_config(data, config) if name == "keras" else json.dumps(config).encode()
    else:
        data = flipped(rng, data)
    if name == "json":
        return lambda: saving.model_from_json(data.decode("utf-8", "surrogateescape"))
    path.write_bytes(data)
    if name == "npz":
        return lambda: read_arrays(path)
    if name == "yaml":
        return lambda: from_yaml(path)
    if name in ("keras", "h5"):
        return lambda: saving.load_model(path)
    held = model()
    before = held.get_weights()

    def load() -> None:
        try:
            held.load_weights(path)
        except KerasishError:
            if any((a != b).any() for a, b in zip(before, held.get_weights(), strict=True)):
                raise AssertionError("weights changed, and the file was refused") from None
            raise

    return load


def outcome(load: Callable[[], Any]) -> str:
    """ "" for a load or a typed error, else what went wrong."""

    def late(*_: Any) -> None:
        raise Late

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        load()
    except KerasishError:
        return ""
    except Late:
        return f"more than {SECONDS} seconds"
    except BaseException as error:  # noqa: BLE001  (whatever comes is what is looked for)
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
    return ""


def run(cases: int, seed: int, formats: tuple[str, ...], keep: Path | None = None) -> list[str]:
    """What was found."""
    found = []
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        good = good_files(folder)
        for number in range(cases):
            form = formats[number % len(formats)]
            path = folder / f"case.{form}"
            wrong = outcome(case(form, random.Random(f"{seed}-{number}"), good, path))
            if wrong:
                found.append(f"{form}, seed {seed}, case {number}: {wrong}")
                if keep is not None and path.exists():
                    shutil.copy(path, keep / f"{seed}-{number}.{form}")
    return found


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    start = time.monotonic()
    found = run(chosen.cases, chosen.seed, tuple(chosen.formats), chosen.keep)
    print("\n".join(found))
    print(f"{chosen.cases} cases, {len(found)} found, {time.monotonic() - start:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
