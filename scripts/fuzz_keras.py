"""Random models, trainings, layers, losses, metrics and the like beside installed Keras (on jax).

    pip install 'kerasish[conformance]'
    python scripts/fuzz_keras.py --count 1000 --seed 0 [--kind model]

Models are those of tests/saving/random_models.py behind inputs with masks and integers, trainings
those of tests/training/random_fits.py, layers those of tests/layers/random_layers.py; the others
vary the tables of tests/golden/cases.py. What differs is printed with the line that repeats it, and
the exit status is 1. A case whose values move when its numbers are nudged by some roundings is
rejected: it hangs on rounding. What Keras refuses is not compared. Departures that
docs/differences.md names are left out where they are drawn.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KERAS_BACKEND", "jax")

import kerasish
from scripts.fuzz_layers import layer
from tests.beside import jax, keras
from tests.golden.cases import LOSSES, METRICS, OPTIMIZERS, SCHEDULES, data
from tests.saving.random_models import SHAPE, Maker
from tests.training.random_fits import fit

Found = dict[str, Any]
NUDGE = 3e-7  # relative, some roundings of float32
NEAR = {"rtol": 2e-4, "atol": 2e-5}
NEAR_HALF = {"rtol": 5e-2, "atol": 5e-2}  # of 16 bits, rounded after every step


class Beside(Maker):
    """Models whose frozen part is found by what both packages order alike."""

    def keeper(self, depth: int) -> Any:
        made = super().keeper(depth)
        if not made.trainable:  # the constructor alone reaches less in Keras: docs/differences.md
            made.trainable = False
        return made

    def freeze(self, model: Any) -> None:
        every = [part for part in model.layers if part.weights]
        if self.chance(0.6):
            every[int(self.rng.integers(len(every)))].trainable = False


class Draw:
    """The choices of one case, which depend on its number alone."""

    def __init__(self, seed: int, nudge: float) -> None:
        self.rng = np.random.default_rng(seed)
        self.shaken = np.random.default_rng(seed + 1)
        self.nudge = nudge
        self.said: list[str] = []

    def pick(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def say(self, text: str) -> None:
        self.said.append(text)

    def moved(self, x: np.ndarray) -> np.ndarray:
        """The array, nudged where it holds fractions."""
        if not self.nudge or x.dtype.kind != "f":
            return x
        return (x * (1 + self.nudge * self.shaken.normal(size=x.shape))).astype(x.dtype)


def sample_weights(draw: Draw, rows: int) -> np.ndarray:
    """In eighths, whose sums are exact."""
    return draw.rng.integers(1, 17, rows).astype("float32") / 8


def loss(package: Any, draw: Draw) -> Found:
    """The value of a loss and its gradient."""
    label = draw.pick(*LOSSES)
    name, options, kind = LOSSES[label]
    rows = draw.number(1, 9)
    reduction = draw.pick("sum", "sum_over_batch_size", "mean_with_sample_weight", "none")
    options = {**options, "reduction": reduction}
    y, p = data(kind, rows, draw.number(0, 10**6))
    # Of losses without a value for each sample, and of more axes, Keras broadcasts weights
    # otherwise: docs/differences.md.
    weighted = draw.pick(True, False) and name not in ("Dice", "Tversky", "Circle", "CTC")
    weight = sample_weights(draw, len(p)) if weighted else None
    if kind in ("binary", "binary_logits", "one_hot") and draw.pick(True, False):
        y = y.astype(draw.pick("int32", "uint8", "float16"))
    draw.say(f"{name}(**{options})({y.tolist()} {y.dtype}, {p.tolist()}, {weight})")
    p = draw.moved(p)
    made = getattr(package.losses, name)(**options)

    def value(p: Any) -> Any:
        return package.ops.sum(made(y, p, sample_weight=weight))

    found: Found = {"value": np.asarray(made(y, p, sample_weight=weight))}
    found["gradient"] = gradient(package, value, p)
    return found


def gradient(package: Any, value: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """The gradient of a number by an array."""
    if package is keras:
        return np.asarray(jax.grad(value)(x))
    tensor = package.ops.convert_to_tensor(x)
    with package.GradientTape() as tape:
        tape.watch(tensor)
        result = value(tensor)
    return np.asarray(tape.gradient(result, tensor))


def metric(package: Any, draw: Draw) -> Found:
    """The results of a metric after each of some updates and resets."""
    label = draw.pick(*METRICS)
    name, options, kind = METRICS[label]
    draw.say(f"m = {name}(**{options})")
    made = getattr(package.metrics, name)(**options)
    found: Found = {}
    for step in range(draw.number(1, 5)):
        y, p = data(kind, draw.number(1, 9), draw.number(0, 10**6))
        weighted = draw.pick(True, False) and "IoU" not in name  # Keras cuts these to integers
        weight = sample_weights(draw, len(y)) if weighted else None
        draw.say(f"m.update_state({y.tolist()}, {p.tolist()}, {weight}); m.result()")
        made.update_state(y, draw.moved(p), sample_weight=weight)
        found[f"result {step}"] = np.asarray(made.result())
        if draw.pick(True, False, False):
            draw.say("m.reset_state()")
            made.reset_state()
    found["variables"] = [tuple(v.shape) for v in made.variables]
    return found


def schedule_of(package: Any, draw: Draw) -> Any:
    """A schedule with numbers of its own."""
    name, options = SCHEDULES[draw.pick(*SCHEDULES)]
    options = dict(options)
    for key in options.keys() & {"decay_steps", "first_decay_steps", "warmup_steps"}:
        options[key] = draw.number(1, 20)
    if "values" not in options:
        options["initial_learning_rate"] = draw.pick(0.1, 0.01, 0.5)
    draw.say(f"s = {name}(**{options})")
    return getattr(package.optimizers.schedules, name)(**options)


def schedule(package: Any, draw: Draw) -> Found:
    """The rates of many steps."""
    made = schedule_of(package, draw)
    return {"rates": np.array([float(np.asarray(made(step))) for step in range(45)])}


MORE: list[dict[str, Any]] = [
    {}, {}, {"clipnorm": 0.5}, {"clipvalue": 0.3}, {"global_clipnorm": 0.8}, {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.8}, {"gradient_accumulation_steps": 2},
    {"loss_scale_factor": 4.0},
]  # fmt: skip


def optimizer(package: Any, draw: Draw) -> Found:
    """Variables of an optimizer over some steps, its own too."""
    name, options = OPTIMIZERS[draw.pick(*OPTIMIZERS)]
    options = {**options, **draw.pick(*MORE)}
    if sum(key.endswith(("clipnorm", "clipvalue")) for key in options) > 1:
        options.pop("clipnorm", None)
    # Gathering over n steps, Keras moves schedules and averages with each: docs/differences.md.
    gathers = "gradient_accumulation_steps" in options
    if gathers:
        for key in ("use_ema", "ema_momentum", "ema_overwrite_frequency"):
            options.pop(key, None)
    draw.say(f"o = {name}(**{options})")
    if not gathers and draw.pick(True, False, False):
        options["learning_rate"] = schedule_of(package, draw)
    made = getattr(package.optimizers, name)(**options)
    shapes = [draw.pick((3,), (2, 3), (4, 4), (2, 2, 3), ()) for _ in range(draw.number(1, 4))]
    steps = draw.number(1, 8)
    draw.say(f"shapes {shapes}, {steps} steps")
    variables = [
        package.Variable(draw.moved(np.float32(draw.rng.normal(size=s))), name=f"v{i}")
        for i, s in enumerate(shapes)
    ]
    found: Found = {}
    for step in range(steps):
        grads = [draw.moved(np.float32(draw.rng.normal(size=s))) for s in shapes]
        made.apply([package.ops.convert_to_tensor(g) for g in grads], variables)
        for i, v in enumerate(variables):
            found[f"variable {i} step {step}"] = np.asarray(v)
    found["names"] = [v.path.split("/", 1)[-1] for v in made.variables]
    for i, v in enumerate(made.variables):
        found[f"state {i}"] = np.asarray(v)
    return found


def fed(package: Any, draw: Draw) -> tuple[Any, Any, np.ndarray]:
    """An input, what follows it with the shape of the models, and data for it."""
    kind = draw.pick("floats", "floats", "masked", "words", "masked words", "bytes")
    draw.say(f"input of {kind}")
    L = package.layers
    if "words" in kind:
        x = package.Input(SHAPE[:1], dtype="int32")
        y = L.Embedding(7, SHAPE[1], mask_zero="masked" in kind)(x)
        # A first step that is there: what a row without any gives is Keras's scan's own.
        array = draw.rng.integers(0, 7, (8, SHAPE[0])).astype("int32")
        array[:, 0] = np.maximum(array[:, 0], 1)
        return x, y, array
    if kind == "bytes":
        x = package.Input(SHAPE, dtype="uint8")
        y = L.Rescaling(1 / 127, offset=-1.0)(x)
        return x, y, draw.rng.integers(0, 256, (8, *SHAPE)).astype("uint8")
    x = package.Input(SHAPE)
    array = draw.rng.normal(size=(8, *SHAPE)).astype("float32")
    if kind == "masked":
        array[:, 1:][draw.rng.random((8, SHAPE[0] - 1)) < 0.3] = 0
        return x, L.Masking()(x), array
    return x, x, array


def model(package: Any, draw: Draw) -> Found:
    """Predictions, losses, shapes, names and the weights after some steps."""
    package.utils.clear_session()
    x, y, array = fed(package, draw)
    inner = Beside(package, draw.number(0, 10**6)).bare()
    made = package.Model(x, inner(y))
    for part in made._flatten_layers():
        if type(part).__name__ == "Dropout":
            part.rate = 0.0  # draws are not Keras's
    draw.say("layers " + " ".join(type(p).__name__ for p in made._flatten_layers()))
    rng = np.random.default_rng(draw.number(0, 10**6))
    given = [
        rng.uniform(0.5, 1.5, w.shape) if "variance" in w.path else rng.normal(size=w.shape) * 0.5
        for w in made.weights
    ]
    # Seeds and counts keep their own.
    made.set_weights(
        [
            draw.moved(g.astype("float32")) if str(w.dtype) == "float32" else np.asarray(w)
            for g, w in zip(given, made.weights, strict=True)
        ]
    )
    array = draw.moved(array)
    targets = rng.normal(size=(8, 2)).astype("float32")
    chosen = draw.pick("sgd", "sgd", "adam", "rmsprop", "adagrad")
    found: Found = {
        "weights": [(w.name, tuple(w.shape), str(w.dtype)) for w in made.weights],
        "trainable": [w.name for w in made.trainable_weights],
        "output": (made.output_shape, made.count_params()),
        "prediction": np.asarray(made.predict(array, verbose=0)),
    }
    losses = draw.pick("mse", "mae", "huber")
    draw.say(f"compile({chosen!r}, {losses!r}, metrics=['mae'])")
    made.compile(chosen, losses, metrics=["mae"])
    held = made.evaluate(array, targets, batch_size=3, verbose=0, return_dict=True)
    found["logs"] = sorted(held)
    found |= {f"evaluate {k}": np.asarray(v) for k, v in held.items()}
    history = made.fit(array, targets, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    found |= {f"fit {k}": np.asarray(v) for k, v in history.items()}
    found |= {f"trained {i}": np.asarray(w) for i, w in enumerate(made.get_weights())}
    return found


KINDS: dict[str, Callable[[Any, Draw], Found]] = {
    "loss": loss, "metric": metric, "schedule": schedule, "optimizer": optimizer, "model": model,
    "fit": fit, "layer": layer,
}  # fmt: skip


def apart(one: Found, other: Found) -> str:
    """What distinguishes two results; "" where nothing does."""
    only = {key for key in one.keys() ^ other.keys() if not key.startswith("_")}
    if only:
        errors = one.get("_errors", {}), other.get("_errors", {})
        return f"found by one alone: {sorted(only)} {errors}"
    near = NEAR_HALF if one.get("_half") else NEAR
    for key, a in one.items():
        if key.startswith("_"):
            continue
        b = other[key]
        if not isinstance(a, np.ndarray):
            if isinstance(a, list) and isinstance(b, list):  # of which the first that differ
                parts = zip([*a, "the end"], [*b, "the end"], strict=False)
                a, b = next(((one, two) for one, two in parts if one != two), (0, 0))
            if a != b:
                return f"{key}: {a}; {b}"
        elif (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"{key}: {a.dtype}{a.shape}; {b.dtype}{b.shape}"
        elif not np.allclose(a, b, equal_nan=True, **near):
            return f"{key}: {a.ravel()[:6]}; {b.ravel()[:6]}"
    return ""


def compared(kind: str, seed: int) -> tuple[str, str, list[str]]:
    """The outcome of a case, what differs, and what was drawn."""
    run, draw = KINDS[kind], Draw(seed, 0.0)
    try:
        wanted = run(keras, draw)
    except Exception as error:  # noqa: BLE001 - whatever stops Keras
        return "refused by Keras", f"{type(error).__name__}: {error}", draw.said
    try:
        found = run(kerasish, Draw(seed, 0.0))
    except Exception as error:  # noqa: BLE001 - all of it is reported
        return "WRONG", f"{type(error).__name__}: {error}", draw.said
    said = apart(found, wanted)
    if said and apart(found, run(kerasish, Draw(seed, NUDGE))):
        return "rejected: hangs on rounding", said, draw.said
    return ("WRONG" if said else "equal"), said, draw.said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="how many cases of each kind")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; cases are numbered")
    parser.add_argument(
        "--kind", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of cases"
    )
    parser.add_argument("--verbose", action="store_true", help="print what Keras refused too")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(given.seed, given.seed + given.count):
            for kind in given.kind:
                outcome, said, drawn = compared(kind, seed)
                counts[f"{kind} {outcome}"] += 1
                if outcome == "WRONG" or (given.verbose and said):
                    print(f"\n{outcome}: {' '.join(said.split())[:600]}")
                    print("    " + "\n    ".join(line[:1500] for line in drawn))
                    print(f"    python scripts/fuzz_keras.py --kind {kind} --seed {seed} --count 1")
    for name in sorted(counts):
        print(f"{counts[name]:6} {name}")
    return int(any(name.endswith("WRONG") for name in counts))


if __name__ == "__main__":
    sys.exit(main())
