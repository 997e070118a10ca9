"""Where the pixels of a changed image come from: one mapping, for images, masks and boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kerasish import ops, random
from kerasish.graph.tensor import Tensor
from kerasish.ops.image.boxes import around
from kerasish.ops.image.warp import displaced

Point = tuple[Any, Any]


class Mapping:
    """Of a batch of images to the images that become of them."""

    @property
    def applies(self) -> Any:
        """For every image, whether it is mapped; None for all."""
        return None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of what becomes of the images, where it is another."""
        return None

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        """Images, or masks."""
        raise NotImplementedError

    def points(self, x: Any, y: Any) -> Point:
        """Where points of the images lie afterwards; one axis per image, boxes, and corners."""
        raise NotImplementedError

    def boxes(self, boxes: Tensor) -> Tensor:
        """The boxes (batch, boxes, 4) around what was in boxes "xyxy"."""
        x1, y1, x2, y2 = ops.unstack(boxes, 4, axis=-1)
        xs, ys = self.points(
            ops.stack([x1, x2, x1, x2], axis=-1), ops.stack([y1, y1, y2, y2], axis=-1)
        )
        moved = around(xs, ys)
        if self.applies is None:
            return moved
        return ops.where(ops.reshape(ops.cast(self.applies, "bool"), (-1, 1, 1)), moved, boxes)


def _per_box(number: Any) -> Tensor:
    """A number per image, against corners."""
    return ops.reshape(ops.cast(number, "float32"), (-1, 1, 1))


@dataclass
class Mirrored(Mapping):
    """Images turned over along axes, where flags say so."""

    flags: Any
    axes: tuple[int, ...]
    of_size: tuple[Any, Any]
    columns: int

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        flags = ops.cast(ops.reshape(self.flags, (-1, 1, 1, 1)), "bool")
        return ops.where(flags, ops.flip(x, axis=self.axes), x)

    def points(self, x: Any, y: Any) -> Point:
        flags = ops.cast(ops.reshape(self.flags, (-1, 1, 1)), "bool")
        height, width = self.of_size
        rows = len(self.axes) == 2 or self.axes[0] != self.columns
        return (
            ops.where(flags, width - x, x) if self.columns in self.axes else x,
            ops.where(flags, height - y, y) if rows else y,
        )


@dataclass
class Affine(Mapping):
    """Pixel (u, v) of the result is the input at (a u + b v + c, d u + e v + f).

    Args:
        rows: a, b, c, d, e, f, each a number or one per image.
        reading: fill_mode, fill_value and data_format.
    """

    count: Any
    rows: tuple[Any, ...]
    reading: dict[str, Any] = field(default_factory=dict)

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        zeros = ops.zeros((self.count,), "float32")
        rows = [ops.reshape(ops.cast(r, "float32"), (-1,)) + zeros for r in self.rows]
        transform = ops.stack([*rows, zeros, zeros], axis=1)
        return ops.image.affine_transform(x, transform, interpolation, **self.reading)

    def points(self, x: Any, y: Any) -> Point:
        a, b, c, d, e, f = map(_per_box, self.rows)
        x, y = x - c, y - f
        scale = a * e - b * d
        return (e * x - b * y) / scale, (a * y - d * x) / scale


@dataclass
class Sheared(Affine):
    """An `Affine` whose boxes are sheared as Keras does it: in parts of the size, x before y."""

    shears: tuple[Any, Any] = (0.0, 0.0)
    of_size: tuple[Any, Any] = (1, 1)

    def boxes(self, boxes: Tensor) -> Tensor:
        height, width = self.of_size
        along, down = (ops.reshape(ops.cast(s, "float32"), (-1, 1)) for s in self.shears)
        x1, y1, x2, y2 = ops.unstack(boxes, 4, axis=-1)
        x1, y1, x2, y2 = x1 / width, y1 / height, x2 / width, y2 / height
        forth = along < 0
        x1, x2 = (
            x1 - along * ops.where(forth, y1, y2),
            x2 - along * ops.where(forth, y2, y1),
        )
        back = down > 0
        y1, y2 = (
            y1 - down * ops.where(back, x2, x1),
            y2 - down * ops.where(back, x1, x2),
        )
        return ops.stack([x1 * width, y1 * height, x2 * width, y2 * height], axis=-1)


@dataclass
class Perspective(Mapping):
    """Four points of the images go to four others, straight lines stay straight."""

    start: Any
    end: Any
    flags: Any
    reading: dict[str, Any]

    @property
    def applies(self) -> Any:
        return self.flags

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        moved = ops.image.perspective_transform(
            x, self.start, self.end, interpolation, **self.reading
        )
        applies = ops.cast(ops.reshape(self.flags, (-1, 1, 1, 1)), "bool")
        return ops.where(applies, moved, x)

    def points(self, x: Any, y: Any) -> Point:
        # The coefficients that take the start points to the end points are those of the way there.
        h = [_per_box(row) for row in ops.unstack(homography(self.end, self.start), 8, axis=-1)]
        below = h[6] * x + h[7] * y + 1
        return (h[0] * x + h[1] * y + h[2]) / below, (h[3] * x + h[4] * y + h[5]) / below


def homography(start: Any, end: Any) -> Tensor:
    """(n, 8): the coefficients that take the four end points to the four start points."""
    x, y = ops.unstack(ops.cast(ops.reshape(end, (-1, 4, 2)), "float32"), 2, axis=-1)
    u, v = ops.unstack(ops.cast(ops.reshape(start, (-1, 4, 2)), "float32"), 2, axis=-1)
    one, zero = ops.ones_like(x), ops.zeros_like(x)
    first = ops.stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    second = ops.stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    wanted = ops.concatenate([u, v], axis=1)
    found = ops.solve(ops.concatenate([first, second], axis=1), ops.expand_dims(wanted, 2))
    return ops.squeeze(found, 2)


@dataclass
class Window(Mapping):
    """A part of the images, resized.

    Args:
        top, left: where it begins, int or a scalar.
        part: its height and width.
        wanted: those that it is resized to.
        axes: of rows and columns, counted from the last.
    """

    top: Any
    left: Any
    part: tuple[int, int]
    wanted: tuple[int, int]
    axes: tuple[int, ...]
    data_format: str

    @property
    def size(self) -> tuple[int, int]:
        return self.wanted

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        dtype = x.dtype
        for axis, at, size in zip(self.axes, (self.top, self.left), self.part, strict=True):
            x = _part(x, axis, at, size)
        if self.part == self.wanted:
            return x
        y = ops.image.resize(x, self.wanted, interpolation, data_format=self.data_format)
        return ops.cast(y, dtype)

    def points(self, x: Any, y: Any) -> Point:
        height, width = self.part
        x = ops.clip(x - ops.cast(self.left, x.dtype), 0, width)
        y = ops.clip(y - ops.cast(self.top, y.dtype), 0, height)
        return x * (self.wanted[1] / width), y * (self.wanted[0] / height)


def _part(x: Tensor, axis: int, at: Any, size: int) -> Tensor:
    if isinstance(at, int):
        window = [slice(None)] * x.ndim
        window[axis] = slice(at, at + size)
        return x[tuple(window)]
    return ops.take(x, ops.cast(at, "int32") + ops.arange(size, dtype="int32"), axis=axis)


@dataclass
class Resized(Mapping):
    """Images at another size; points are scaled, then moved.

    Args:
        resize: the function that resizes images, of images and interpolation.
    """

    resize: Any
    wanted: tuple[int, int]
    scale: Point
    shift: Point

    @property
    def size(self) -> tuple[int, int]:
        return self.wanted

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        return self.resize(x, interpolation)

    def points(self, x: Any, y: Any) -> Point:
        return x * self.scale[0] + self.shift[0], y * self.scale[1] + self.shift[1]


@dataclass
class Elastic(Mapping):
    """Pixels moved by noise that a Gaussian smooths; points are not followed.

    Args:
        flags: for every image, whether it is changed.
        alpha: how far they are moved, a scalar.
        sigma: standard deviation of the Gaussian in pixels, a scalar.
        weights: of the Gaussian at most; it ends at three standard deviations.
        seed: of the noise.
    """

    flags: Any
    alpha: Any
    sigma: Any
    weights: int
    seed: Any
    reading: dict[str, Any]

    def images(self, x: Tensor, interpolation: str) -> Tensor:
        first = self.reading["data_format"] == "channels_first"
        count, *rest = x.shape
        height, width = rest[1:] if first else rest[:2]
        noise = random.normal((count, height, width, 2), dtype="float32", seed=self.seed)
        t = ops.abs(ops.arange(self.weights, dtype="float32") - (self.weights - 1) / 2)
        ends = ops.floor(ops.floor(6 * self.sigma) / 2)
        kernel = ops.where(t <= ends, ops.exp(-0.5 * ops.square(t / self.sigma)), 0.0)
        kernel = kernel / ops.sum(kernel)
        smooth = noise * self.sigma
        for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
            both = ops.tile(ops.reshape(kernel, shape), (1, 1, 2, 1))
            smooth = ops.depthwise_conv(smooth, both, 1, "same", "channels_last")
        across, down = ops.split(self.alpha * smooth, 2, axis=-1)
        moved = displaced(x, down, across, interpolation, **self.reading)
        return ops.where(ops.cast(ops.reshape(self.flags, (-1, 1, 1, 1)), "bool"), moved, x)
