"""What convolution and pooling share: windows that slide over arrays (N, *S, C)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from kerasish.errors import ArgumentError, ShapeError
from kerasish.spec import Padding, Shape, known, window_output, window_padding

Sizes = tuple[int, ...]


class Windows(NamedTuple):
    """The geometry of windows sliding over known spatial axes.

    `spatial` are the sizes of the axes, `window` those of the window, `padding` explicit pairs;
    a negative one crops. `output` is the number of positions along every axis.
    """

    spatial: Sizes
    window: Sizes
    strides: Sizes
    dilation: Sizes
    padding: tuple[tuple[int, int], ...]
    output: Sizes

    @classmethod
    def of(
        cls, spatial: Sizes, window: Sizes, strides: Sizes, dilation: Sizes, padding: Padding
    ) -> Windows:
        """The geometry of a call whose padding may be "valid" or "same"."""
        explicit = window_padding(spatial, window, strides, dilation, padding)
        output = known(window_output(spatial, window, strides, dilation, explicit))
        return cls(spatial, window, strides, dilation, explicit, output)

    @property
    def taps(self) -> Iterator[tuple[int, Sizes]]:
        """The positions inside the window: (row-major index, offsets along the axes)."""
        return enumerate(itertools.product(*map(range, self.window)))

    def at(self, offsets: Sizes) -> tuple[slice, ...]:
        """Where in a padded array the window positions of one tap lie."""
        spans = zip(offsets, self.dilation, self.strides, self.output, strict=True)
        spatial = tuple(slice(k * d, k * d + s * (n - 1) + 1, s) for k, d, s, n in spans)
        return (slice(None), *spatial)

    def pad(self, xp: Any, x: Any, value: Any = 0) -> Any:
        """x with its spatial axes padded by `value`, or cropped."""
        if not any(lo or hi for lo, hi in self.padding):
            return x
        y = xp.full((x.shape[0], *self.padded, *x.shape[len(self.window) + 1 :]), value, x.dtype)
        inner, outer = self._overlap()
        y[outer] = x[inner]
        return y

    def unpad(self, xp: Any, y: Any) -> Any:
        """The part of a padded array that stems from x; the transpose of `pad`."""
        if not any(lo or hi for lo, hi in self.padding):
            return y
        inner, outer = self._overlap()
        if all(lo >= 0 and hi >= 0 for lo, hi in self.padding):
            return xp.ascontiguousarray(y[outer])
        x = xp.zeros((y.shape[0], *self.spatial, *y.shape[len(self.window) + 1 :]), y.dtype)
        x[inner] = y[outer]
        return x

    @property
    def padded(self) -> Sizes:
        """The spatial sizes after padding."""
        return tuple(n + lo + hi for n, (lo, hi) in zip(self.spatial, self.padding, strict=True))

    def _overlap(self) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        inner, outer = [slice(None)], [slice(None)]
        for size, (lo, hi) in zip(self.spatial, self.padding, strict=True):
            inner.append(slice(max(0, -lo), size - max(0, -hi)))
            outer.append(slice(max(0, lo), max(0, lo) + size - max(0, -hi) - max(0, -lo)))
        return tuple(inner), tuple(outer)

    def view(self, xp: Any, x: Any, groups: int) -> Any:
        """All windows of a padded array, as a view (groups, N, *S', *K, C / groups)."""
        batch, *steps, item = x.strides
        channels = x.shape[-1] // groups
        moves = [step * s for step, s in zip(steps, self.strides, strict=True)]
        inside = [step * d for step, d in zip(steps, self.dilation, strict=True)]
        return xp.lib.stride_tricks.as_strided(
            x,
            (groups, x.shape[0], *self.output, *self.window, channels),
            (item * channels, batch, *moves, *inside, item),
        )


_BLOCK = 2**23  # elements of the copied windows that are alive at once


def blocks(batch: int, each: int) -> Iterator[slice]:
    """Stretches of a batch whose windows, `each` elements a sample, fit into one block."""
    step = max(1, _BLOCK // max(1, each))
    return (slice(at, min(at + step, batch)) for at in range(0, batch, step))


def per_axis(value: Any, rank: int, what: str) -> Sizes:
    """One positive int per spatial axis.

    Raises:
        ArgumentError: another number of them, or one below 1.
    """
    sizes = (value,) * rank if isinstance(value, int) else tuple(int(v) for v in value)
    if len(sizes) == 1 and rank > 1:
        sizes *= rank
    if len(sizes) != rank or min(sizes, default=1) < 1:
        raise ArgumentError(
            f"{what}. Expected: a positive int, or {rank} of them. Received: {value!r}."
        )
    return sizes


def check_rank(shape: Shape, rank: int, what: str) -> None:
    """Raise ShapeError unless `shape` has `rank` spatial axes beside batch and channels."""
    if len(shape) != rank + 2:
        raise ShapeError(
            f"{what}. Expected: {rank + 2} axes (batch, {rank} spatial, channels). "
            f"Received: shape {shape}."
        )
