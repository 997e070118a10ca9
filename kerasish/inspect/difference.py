"""`Model.diff`: how two models differ, in layers, arguments and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.models import Model
from kerasish.models.inside import layer_paths


@dataclass(frozen=True)
class Weights:
    """How a weight differs.

    Attributes:
        shapes: of both; None where a model has no such weight.
        largest: the largest absolute difference; None where the shapes differ.
        relative: the norm of the difference by that of the first.
    """

    shapes: tuple[Any, Any]
    largest: float | None = None
    relative: float | None = None


@dataclass(frozen=True)
class Difference:
    """How a model differs from another; `print` it.

    Attributes:
        layers: paths of layers that only one has: "first" or "second".
        arguments: by path of layer, the arguments that differ: (first, second).
        weights: by path, the weights that differ.
        compared: how many layers and weights both have.
    """

    layers: Mapping[str, str] = field(default_factory=dict[str, str])
    arguments: Mapping[str, Mapping[str, tuple[Any, Any]]] = field(
        default_factory=dict[str, Mapping[str, tuple[Any, Any]]]
    )
    weights: Mapping[str, Weights] = field(default_factory=dict[str, Weights])
    compared: tuple[int, int] = (0, 0)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.layers or self.arguments or self.weights)

    def __str__(self) -> str:
        lines = [f"{path}: only the {which} model has it" for path, which in self.layers.items()]
        for path, held in self.arguments.items():
            lines += [f"{path}: {name} {a!r} | {b!r}" for name, (a, b) in held.items()]
        for path, one in self.weights.items():
            if one.largest is None:
                lines.append(f"{path}: {one.shapes[0]} | {one.shapes[1]}")
            else:
                lines.append(
                    f"{path}: differs by {one.largest:.3g} at most, {one.relative:.2%} of its norm"
                )
        both = f"{self.compared[0]} layers and {self.compared[1]} weights compared"
        return "\n".join([*lines, both if lines else f"{both}: no difference"])


def diff(model: Model, other: Any) -> Difference:
    """`Model.diff`."""
    if not isinstance(other, Model):
        raise ArgumentError("diff", expected="a keras.Model", received=repr(other))
    one, two = layer_paths(model), layer_paths(other)
    alone = {p: "first" for p in one if p not in two} | {p: "second" for p in two if p not in one}
    arguments = {p: _arguments(one[p], two[p]) for p in one if p in two}
    first, second = _weights(one), _weights(two)
    weights: dict[str, Weights] = {}
    for path in dict.fromkeys([*first, *second]):
        found = _compared(first.get(path), second.get(path))
        if found is not None:
            weights[path] = found
    both = len(one.keys() & two.keys()), len(first.keys() & second.keys())
    return Difference(alone, {p: held for p, held in arguments.items() if held}, weights, both)


def _arguments(a: Any, b: Any) -> dict[str, tuple[Any, Any]]:
    if isinstance(a, Model) or isinstance(b, Model):
        return {} if type(a) is type(b) else {"class": (type(a).__name__, type(b).__name__)}
    one, two = ({"class": type(x).__name__, **x.get_config()} for x in (a, b))
    names = dict.fromkeys([*one, *two])
    return {n: (one.get(n), two.get(n)) for n in names if repr(one.get(n)) != repr(two.get(n))}


def _weights(layers: Mapping[str, Any]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for path, layer in layers.items():
        inner = {id(w) for sub in layer_paths(layer).values() for w in sub.weights}
        for weight in layer.weights:
            if id(weight) not in inner:
                found[f"{path}/{weight.name}"] = np.asarray(weight.numpy())
    return found


def _compared(a: np.ndarray | None, b: np.ndarray | None) -> Weights | None:
    shapes = tuple(None if v is None else v.shape for v in (a, b))
    if a is None or b is None or a.shape != b.shape:
        return Weights((shapes[0], shapes[1]))
    if np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return None
    one, two = a.astype(np.float64), b.astype(np.float64)
    away = np.abs(one - two)
    norm = float(np.linalg.norm(one.ravel()))
    relative = float(np.linalg.norm(away.ravel())) / norm if norm else float("inf")
    return Weights((a.shape, b.shape), float(np.nan_to_num(away, nan=np.inf).max()), relative)
