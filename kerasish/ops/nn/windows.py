"""What convolution and pooling share: windows that slide over arrays (N, *S, C)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kerasish.errors import ArgumentError, ShapeError
from kerasish.hints import whole
from kerasish.spec import Padding, Shape, cut, known, window_output, window_padding

Sizes = tuple[int, ...]
Index = tuple[slice, ...]
CACHED = 2**19  # elements of copied windows: 2 MB of float32, about the second-level cache
POSITIONS = 512  # of windows copied at once at least, for products worth reading a kernel for


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

    def at(self, offsets: Sizes) -> Index:
        """Where in a padded array the window positions of one tap lie."""
        spans = zip(offsets, self.dilation, self.strides, self.output, strict=True)
        spatial = tuple(slice(k * d, k * d + s * (n - 1) + 1, s) for k, d, s, n in spans)
        return (slice(None), *spatial)

    def pad(self, xp: Any, x: Any, value: Any = 0) -> Any:
        """x with its spatial axes padded by `value`, or cropped."""
        if not self.pads:
            return x
        y = xp.full((x.shape[0], *self.padded, *x.shape[len(self.window) + 1 :]), value, x.dtype)
        inner, outer = self.overlap()
        y[outer] = x[inner]
        return y

    def unpad(self, xp: Any, y: Any) -> Any:
        """The part of a padded array that stems from x; the transpose of `pad`."""
        if not self.pads:
            return y
        inner, outer = self.overlap()
        if all(lo >= 0 and hi >= 0 for lo, hi in self.padding):
            return xp.ascontiguousarray(y[outer])
        x = xp.zeros((y.shape[0], *self.spatial, *y.shape[len(self.window) + 1 :]), y.dtype)
        x[inner] = y[outer]
        return x

    @property
    def pads(self) -> bool:
        """Whether there is any padding or cropping."""
        return any(lo or hi for lo, hi in self.padding)

    @property
    def padded(self) -> Sizes:
        """The spatial sizes after padding."""
        return tuple(n + lo + hi for n, (lo, hi) in zip(self.spatial, self.padding, strict=True))

    def overlap(self) -> tuple[Index, Index]:
        inner, outer = [slice(None)], [slice(None)]
        for size, (lo, hi) in zip(self.spatial, self.padding, strict=True):
            start = min(max(0, -lo), size)
            stop = max(start, size - max(0, -hi))
            inner.append(slice(start, stop))
            outer.append(slice(max(0, lo), max(0, lo) + stop - start))
        return tuple(inner), tuple(outer)

    def columns(self, xp: Any, x: Any, groups: int) -> Iterator[tuple[Index, Any]]:
        """All windows of x in stretches that stay in the cache (im2col).

        Yields:
            (index, matrices): where in (N, *S') the stretch lies, and its windows as matrices
            (groups, positions, K * C / groups).
        """
        size = math.prod(self.window) * x.shape[-1]
        positions = max(CACHED // max(size, 1), POSITIONS)
        stretches = list(cut((x.shape[0], *self.output), positions))
        # One place for all samples in turn, and one for all windows: two would not stay cached.
        held = stretches[0][0]
        frame = self.pad(xp, x[held]) if self.pads else x
        windows, room = self._view(xp, frame, groups), None
        inner, outer = self.overlap()
        for index in stretches:
            part = windows[:, *index]
            if self.pads:
                samples = x[index[0]]
                if index[0] != held:
                    held, frame[: len(samples)][outer] = index[0], samples[inner]
                part = windows[:, : len(samples), *index[1:]]
            if not part.flags.c_contiguous:
                room = xp.empty(part.size, x.dtype) if room is None else room
                copied = room[: part.size].reshape(part.shape)
                xp.copyto(copied, part)
                part = copied
            yield index, part.reshape(groups, part.size // size, size // groups)

    def _view(self, xp: Any, x: Any, groups: int) -> Any:
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

    def transposed(self) -> Iterator[tuple[Index, Index, Windows]]:
        """The transpose, as convolutions without strides: one for every phase of the strides.

        Yields:
            (at, taps, windows): where in x the phase lies, the taps that reach it, in reverse
            order, and how their window slides over y. Phases out of reach are left out.
        """
        axes = [list(_phases(*axis)) for axis in zip(*self, strict=True)]
        for phase in itertools.product(*axes):
            at, taps, window, dilation, padding, count = zip(*phase, strict=True)
            ones = (1,) * len(window)
            yield (
                (slice(None), *at),
                taps,
                Windows(self.output, window, ones, dilation, padding, count),
            )


def _phases(
    size: int, window: int, stride: int, dilation: int, padding: tuple[int, int], output: int
) -> Iterator[tuple[slice, slice, int, int, tuple[int, int], int]]:
    """`Windows.transposed` along one axis: tap k of y[j] is x[j * stride + k * dilation - low].

    Positions `stride` apart in x are reached by taps `step` apart, from elements `apart` apart.
    """
    apart = dilation // math.gcd(stride, dilation)
    step = stride // math.gcd(stride, dilation)
    for start in range(min(stride, size)):
        reached = start + padding[0]
        first = next(
            (k for k in range(min(step, window)) if (reached - k * dilation) % stride == 0), None
        )
        if first is None:
            continue
        count, taps = len(range(start, size, stride)), len(range(first, window, step))
        reach = (taps - 1) * apart
        low = reach - (reached - first * dilation) // stride
        yield (
            slice(start, None, stride),
            slice(first + (taps - 1) * step, first - step if first >= step else None, -step),
            taps,
            apart,
            (low, count + reach - output - low),
            count,
        )


def samples(count: int, each: int) -> Iterator[slice]:
    """Stretches of a batch, `each` elements a sample, that stay in the cache."""
    return (part for (part,) in cut((count,), max(CACHED // max(each, 1), 1)))


def per_axis(value: Any, rank: int, what: str, least: int = 1) -> Sizes:
    """One int per spatial axis, of at least `least`.

    Raises:
        ArgumentError: another number of them, one that is no integer, or a smaller one.
    """
    sizes = tuple(value) if isinstance(value, (list, tuple)) or np.ndim(value) else (value,)
    sizes = tuple(whole(what, size, least) for size in sizes)
    if len(sizes) == 1:
        sizes *= rank
    if len(sizes) != rank:
        raise ArgumentError(
            what, expected=f"an int of {least} or more, or {rank} of them", received=repr(value)
        )
    return sizes


def check_rank(shape: Shape, rank: int, what: str) -> None:
    """Raise ShapeError unless `shape` has `rank` spatial axes beside batch and channels."""
    if len(shape) != rank + 2:
        raise ShapeError(
            what,
            expected=f"{rank + 2} axes (batch, {rank} spatial, channels)",
            received=f"shape {shape}",
        )
