"""Configs of every class with values changed, given directly: an object or one typed error.

    python -m tests.saving.odd_configs [--cases 1000] [--seed 0]

Run by tests/saving/test_odd_configs.py in a process with little memory.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import random
import resource
import signal
import sys
import warnings
from typing import Any

import numpy as np

import kerasish as keras
from kerasish import registry
from kerasish.errors import KerasishError
from kerasish.serialization import MODULES, deserialize_keras_object, serialize_keras_object
from tests.golden.layer_cases import CASES, make
from tests.keras_objects import CONSTRAINTS, INITIALIZERS, REGULARIZERS

SECONDS = 15
MEMORY = 2500 * 2**20
NUMBERS = (0, -1, 1, 2, 3, 255, 2**16, 10**6, 10**8, 2**31, 2**63, 2**64, 10**30, 10**5000)
PLAIN = (
    *(None, True, "", "x", "..", "a/b", "\0", "\ud800", [], {}, [[]], [None], [1, "a"], {"a": 1}),
    *(float("nan"), float("inf"), 1e308, 0.5, -0.5, "float32", "float99", "relu", "Dense", "l2"),
    *({"class_name": n, "config": c} for n in ("Dense", "L2", "Nope") for c in ({}, 5, None)),
    *({"class_name": f"__{n}__", "config": {}} for n in ("numpy", "tensor", "slice", "bytes")),
    *({"class_name": f"__{n}__", "config": 3} for n in ("numpy", "dtype", "slice", "bytes")),
    {"class_name": "__numpy__", "config": {"value": [1, [2]], "dtype": "float32"}},
    {"class_name": "__keras_tensor__", "config": {}},
    {"class_name": "function", "config": {}},
    {"class_name": "SeedGenerator", "config": {"seed": {}}},
    {"class_name": "Dense"},
)
LIVE = (b"x", (1, 2), object, np.zeros(3), np.float32(3), {1: 2})  # no JSON holds these
# What constructors of metrics, losses and schedules need.
NEEDED: tuple[dict[str, Any], ...] = (
    *({}, {"num_classes": 3}, {"num_classes": 3, "target_class_ids": [0]}, {"recall": 0.5}),
    *({"precision": 0.5}, {"specificity": 0.5}, {"sensitivity": 0.5}),
    {"fn": "mse"},
    {"inner_optimizer": "adam"},
    {"initial_learning_rate": 0.1, "decay_steps": 10},
    {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    {"boundaries": [1, 2], "values": [1.0, 2.0, 3.0]},
)


def good_configs() -> list[tuple[Any, Any, str]]:
    """(class, config, kind) of every class that a config can name."""
    found: list[tuple[Any, Any]] = [(make(keras, CASES[n], name="a"), "layer") for n in CASES]
    for name, arguments, _ in [*INITIALIZERS, *REGULARIZERS, *CONSTRAINTS]:
        space, cls = name.split(".")
        made = getattr(importlib.import_module(f"kerasish.{space}"), cls)(**arguments)
        found.append((made, space[:-1]))
    for kind in ("loss", "metric", "optimizer", "schedule"):
        for name in registry.names(kind):
            cls = registry.lookup(kind, name)
            if inspect.isclass(cls) and cls.__name__ == name:
                found += [(made, kind) for made in _made(cls)]
    symbol = keras.Input((4,), name="in")
    dense = keras.layers.Dense(3, name="d")(symbol)
    graph = keras.Model(symbol, [keras.ops.concatenate([dense, symbol[:, :2]], axis=-1), dense])
    chain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(3)])
    found += [(graph, "model"), (chain, "model")] * 12
    plain = [(type(o), _json(serialize_keras_object(o.get_config())), kind) for o, kind in found]
    spec = {"shape": [None, 4], "ndim": 2, "dtype": "float32", "max_ndim": 3, "axes": {"1": 4}}
    direct = [(keras.layers.InputSpec, spec), (keras.random.SeedGenerator, {"seed": 3})]
    chain.compile("adam", "mse", metrics=["mae", keras.metrics.AUC()], loss_weights=[0.5])
    compiled = _json(serialize_keras_object(chain.get_compile_config()))
    direct += [(_Compiles(chain), compiled)] * 6
    shapes = {"query_shape": [None, 4, 3], "value_shape": [None, 4, 3]}
    direct += [(_Builds(), {"input_shape": [None, 4]}), (_Builds(), {"shapes_dict": shapes})] * 3
    return plain + [(cls, config, "") for cls, config in direct]


class _Compiles:
    """compile_from_config in the place of from_config."""

    def __init__(self, model: Any) -> None:
        self.from_config = model.compile_from_config


class _Builds:
    """build_from_config in the place of from_config."""

    def from_config(self, config: Any) -> None:
        """Build a new layer."""
        many = isinstance(config, dict) and "shapes_dict" in config
        layer = keras.layers.MultiHeadAttention(2, 3) if many else keras.layers.Dense(3)
        layer.build_from_config(config)


def _made(cls: Any) -> list[Any]:
    for arguments in NEEDED:
        try:
            return [cls(**arguments)]
        except (TypeError, ValueError):
            continue
    return []


def _json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _deep(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def odd(rng: random.Random) -> Any:
    """A value that stands in no config."""
    kind = rng.randrange(12)
    if kind == 0:
        return rng.choice(LIVE)
    if kind == 1:
        return _deep(rng.choice((50, 300, 990, 5000, 100_000)))
    if kind == 2:
        loop: dict[str, Any] = {"class_name": "Dense"}
        return loop | {"config": loop, "name": [loop, loop]}
    return rng.choice(NUMBERS) if kind < 5 else _json(rng.choice(PLAIN))


def changed(rng: random.Random, config: Any) -> Any:
    """A copy of a config with some of its values changed, moved, lost or doubled."""
    config = _json(config)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = _places(config)
        if not places:
            return odd(rng)
        holder, key = rng.choice(places)
        kind = rng.randrange(8)
        if kind == 0:
            other, place = rng.choice(places)
            holder[key] = other[place] if isinstance(other[place], (str, int)) else [other[place]]
        elif kind == 1:
            del holder[key]
        elif kind == 2 and isinstance(holder, dict):
            holder[rng.choice(["zz", "name", "", "dtype", 5, None])] = odd(rng)
        else:
            holder[key] = odd(rng)
    return odd(rng) if rng.random() < 0.03 else config


def _places(config: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pending = [config]
    while pending and len(found) < 2000:
        item = pending.pop()
        if isinstance(item, (dict, list)):
            for key in list(item) if isinstance(item, dict) else range(len(item)):
                found.append((item, key))
                pending.append(item[key])
    return found


def read(rng: random.Random, cls: Any, config: Any, kind: str) -> None:
    """Make an object of a config, in one of the ways in which programs do."""
    way = rng.randrange(3) if kind else 0
    if way == 0:
        cls.from_config(config)
        return
    item = {"class_name": cls.__name__, "config": config}
    if way == 1:
        deserialize_keras_object({**item, "module": MODULES[kind], "registered_name": None})
    else:
        deserialize_keras_object(item, kind=kind)


class Late(BaseException):
    """A case took too long."""


def outcome(rng: random.Random, cls: Any, config: Any, kind: str) -> str:
    """ "" for an object or a typed error, else what went wrong."""

    def late(*_: Any) -> None:
        raise Late

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        read(rng, cls, config, kind)
    except KerasishError:
        return ""
    except Late:
        return f"more than {SECONDS} seconds"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
    return ""


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    good, found = good_configs(), 0
    for number in range(chosen.cases):
        rng = random.Random(f"{chosen.seed}-{number}")
        cls, config, kind = rng.choice(good)
        wrong = outcome(rng, cls, changed(rng, config), kind)
        if wrong:
            found += 1
            name = getattr(cls, "__name__", type(cls).__name__)
            print(f"{name}, seed {chosen.seed}, case {number}: {wrong}")
    print(f"{chosen.cases} cases of {len(good)} configs, {found} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
