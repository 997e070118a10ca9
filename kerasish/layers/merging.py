"""Layers of several inputs: sums, products, extremes, concatenation, scalar products."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish import ops
from kerasish.arguments.rules import IntOrTuple
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.layer import Layer
from kerasish.spec import normalize_axis


class Merge(Layer):
    """One result of a list of inputs; ranks are made equal by axes of size 1 after the batch."""

    supports_masking = True
    fewest = 1
    most = math.inf

    def build(self, input_shape: Any) -> None:
        shapes = list(input_shape) if isinstance(input_shape, (list, tuple)) else []
        if len(shapes) < self.fewest or not all(isinstance(s, (list, tuple)) for s in shapes):
            raise self._refusal(
                f"a list of at least {self.fewest} tensors", f"shape(s) {input_shape}"
            )
        if len(shapes) > self.most:
            raise self._refusal("two inputs", len(shapes))
        if len({s[0] for s in shapes if s} - {None}) > 1:
            raise self._misfit("batches of one size", " and ".join(map(str, shapes)))

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        rank = max(x.ndim for x in inputs)
        aligned = [x if x.ndim == rank else _widened(x, rank - x.ndim) for x in inputs]
        return self.merge(aligned)

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The result for inputs of one rank."""
        raise NotImplementedError

    def _matched(self, inputs: Any, mask: Any) -> bool:
        """Whether there is a mask at all.

        Raises:
            ArgumentError: not one, or None, for each input.
        """
        if mask is None:
            return False
        sizes = [len(m) if isinstance(m, (list, tuple)) else None for m in (inputs, mask)]
        if None in sizes or sizes[0] != sizes[1]:
            got = f"{inputs!r} and {mask!r}"
            raise self._refusal("a list of inputs and a list of as many masks", got, of="mask")
        return any(m is not None for m in mask)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """A timestep counts where it counts in any input; without a mask it counts everywhere."""
        if not self._matched(inputs, mask) or any(m is None for m in mask):
            return None
        return functools.reduce(ops.logical_or, mask)


Counted = tuple[Tensor, Tensor | None]  # values, and where they count (None: everywhere)


def _counted(x: Tensor) -> Counted:
    """A tensor and its mask with the rank of the tensor."""
    if x.mask is None:
        return x, None
    mask = ops.cast(x.mask, "bool")
    return x, ops.reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))


def _extreme(op: Callable[[Tensor, Tensor], Tensor], inputs: list[Tensor]) -> Tensor:
    """`op` over the inputs; where one is masked, the others decide."""
    (y, counts), *rest = map(_counted, inputs)
    for x, here in rest:
        x = x if here is None else ops.where(here, x, y)
        y = op(y if counts is None else ops.where(counts, y, x), x)
        counts = None if counts is None or here is None else ops.logical_or(counts, here)
    return y


def _widened(x: Tensor, count: int) -> Tensor:
    y = ops.reshape(x, (*x.shape[:1], *(1,) * count, *x.shape[1:]))
    if x.mask is not None:
        batch, *rest = x.mask.shape
        y.mask = ops.reshape(x.mask, (batch, *(1,) * count, *rest))
    return y


class Add(Merge):
    """The sum of the inputs."""

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return functools.reduce(ops.add, inputs)


class Subtract(Merge):
    """The first input minus the second."""

    fewest = most = 2

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return ops.subtract(inputs[0], inputs[1])


class Multiply(Merge):
    """The product of the inputs; what is masked in one takes no part, in all is 0."""

    def merge(self, inputs: list[Tensor]) -> Tensor:
        product: Any = None
        anywhere: Any = None
        parts = [_counted(x) for x in inputs]
        for x, counts in parts:
            x = x if counts is None else ops.where(counts, x, ops.ones_like(x))
            product = x if product is None else ops.multiply(product, x)
            if counts is not None:
                anywhere = counts if anywhere is None else ops.logical_or(anywhere, counts)
        if any(counts is None for _, counts in parts):
            return product
        return ops.where(anywhere, product, ops.zeros_like(product))


class Average(Merge):
    """The mean of the inputs."""

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return functools.reduce(ops.add, inputs) / len(inputs)


class Maximum(Merge):
    """The largest of the inputs, element by element; what is masked in one takes no part."""

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return _extreme(ops.maximum, inputs)


class Minimum(Merge):
    """The smallest of the inputs, element by element; what is masked in one takes no part."""

    def merge(self, inputs: list[Tensor]) -> Tensor:
        return _extreme(ops.minimum, inputs)


class Concatenate(Merge):
    """The inputs one after another along an axis.

    Args:
        axis: which axis.
    """

    axis: int = -1

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks one after another; an input without one counts everywhere."""
        if not self._matched(inputs, mask):
            return None
        axis = normalize_axis(self.axis, inputs[0].ndim)
        parts = []
        for x, own in zip(inputs, mask, strict=True):
            if own is None or own.ndim < x.ndim:
                wide = ops.ones_like(x, dtype="bool")
                if own is not None:
                    missing = tuple(range(own.ndim, x.ndim))
                    wide = ops.logical_and(ops.expand_dims(own, missing), wide)
                own = wide
            parts.append(own)
        return ops.any(ops.concatenate(parts, axis=axis), axis=-1)


class Dot(Merge):
    """Scalar products of two inputs along an axis of each.

    Args:
        axes: the axis of both, or the axis of each.
        normalize: whether the vectors are scaled to length 1 first (cosine similarity).
    """

    axes: IntOrTuple
    normalize: bool = False
    fewest = most = 2

    def __post_init__(self) -> None:
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise self._refusal("an axis, or the axis of each of two inputs", pair, of="axes")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        a, b = self._axes(len(input_shape[0]), len(input_shape[1]))
        sizes = input_shape[0][a], input_shape[1][b]
        if None not in sizes and sizes[0] != sizes[1]:
            raise self._refusal(
                f"equal sizes on axes {a} and {b}",
                f"shapes {input_shape[0]} and {input_shape[1]}",
                kind=ShapeError,
            )

    def _axes(self, rank_a: int, rank_b: int) -> tuple[int, int]:
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes)
        return normalize_axis(pair[0], rank_a), normalize_axis(pair[1], rank_b)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        x, y = inputs
        a, b = self._axes(x.ndim, y.ndim)
        if self.normalize:
            x, y = ops.normalize(x, axis=a), ops.normalize(y, axis=b)
        left = "z" + "".join(chr(ord("a") + i) for i in range(1, x.ndim))
        right = "z" + "".join(chr(ord("m") + i) for i in range(1, y.ndim))
        right = right[:b] + left[a] + right[b + 1 :]
        kept = "".join(c for c in left + right[1:] if c != left[a])
        z = ops.einsum(f"{left},{right}->{kept}", x, y)
        return ops.expand_dims(z, 1) if z.ndim == 1 else z

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Add()` on a list of tensors."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Subtract()` on two tensors."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Multiply()` on a list of tensors."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Average()` on a list of tensors."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Maximum()` on a list of tensors."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Minimum()` on a list of tensors."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis)` on a list of tensors."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot(axes)` on two tensors."""
    return Dot(axes=axes, **kwargs)(inputs)
