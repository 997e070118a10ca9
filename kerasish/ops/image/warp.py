"""keras.ops.image, movements: map_coordinates, affine, perspective and elastic transforms."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from kerasish import registry, tables
from kerasish.errors import ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, filled_like
from kerasish.hints import one_of
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, where
from kerasish.ops.basic.indexing import gather
from kerasish.ops.declare import composite
from kerasish.ops.image.filters import gaussian_blur
from kerasish.ops.image.layout import batch_of
from kerasish.ops.linalg.solving import solve_
from kerasish.ops.numpy.join import stack, unstack
from kerasish.ops.operation import public
from kerasish.ops.random.distributions import random_normal
from kerasish.spec import is_float, known, promote_float

ORDERS = {"nearest": 0, "bilinear": 1}
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def _folded(index: Any, size: int, mode: str) -> Any:
    """Integer positions brought into [0, size) by the rule of a fill mode."""
    if mode == "wrap":
        return _e.mod(index, size)
    if mode == "mirror" and size > 1:
        period = 2 * (size - 1)
        return size - 1 - _e.absolute(_e.mod(index, period) - (size - 1))
    if mode == "reflect":
        turned = _e.mod(index, 2 * size)
        return _e.minimum(turned, 2 * size - 1 - turned)
    return _e.minimum(_e.maximum(index, 0), size - 1)


def _corners(at: Any, order: int) -> list[tuple[Any, Any]]:
    """(integer position, weight) of the neighbours of a coordinate along one axis."""
    if order == 0:
        # Halves go away from zero, as C's round does.
        shifted = _e.floor(_e.absolute(at) + 0.5) * _e.sign(at)
        return [(cast(shifted, "int32"), None)]
    low = _e.floor(at)
    above = at - low
    index = cast(low, "int32")
    return [(index, 1 - above), (index + 1, above)]


def _sampled(x: Any, coordinates: list[Any], order: int, mode: str, value: float) -> Any:
    """A batch (b, *sizes, c) read at coordinates, each (b, points): (b, points, c)."""
    if None in x.shape:  # only the spec of the result is wanted
        spatial = tuple(range(1, x.ndim - 1))
        rows = _s.expand_dims(_r.sum(x, axis=spatial), axis=1)
        return _s.broadcast_to(rows, shape=(x.shape[0], coordinates[0].shape[1], x.shape[-1]))
    sizes = known(x.shape[1:-1])
    total = int(np.prod(sizes))
    flat = _s.reshape(x, shape=(-1, x.shape[-1]))
    first = tables.arange(known((x.shape[0],))[0], dtype=np.int32)[:, None] * total
    result: Any = None
    for corner in itertools.product(*(_corners(at, order) for at in coordinates)):
        place: Any = 0
        weight: Any = None
        inside: Any = None
        for (index, share), size in zip(corner, sizes, strict=True):
            place = place * size + _folded(index, size, mode)
            if share is not None:
                weight = share if weight is None else weight * share
            if mode == "constant":
                here = _e.logical_and(index >= 0, index < size)
                inside = here if inside is None else _e.logical_and(inside, here)
        part = gather(flat, place + first, axis=0)
        if inside is not None:
            part = where(_s.expand_dims(inside, axis=2), part, cast_like(value, part))
        if weight is not None:
            part = part * cast_like(_s.expand_dims(weight, axis=2), part)
        result = part if result is None else result + part
    return result


def _in_dtype(y: Any, x: Any) -> Any:
    """A sampled result in the dtype of the input, integers rounded."""
    return cast_like(y if is_float(x.dtype) else _e.round_half_even(y), x)


_POINTS = np.array([[0.3, 1.6, 2.4, -0.7], [1.2, 0.4, 3.6, 2.7]])
_MODES = [case((3, 4), coordinates=_POINTS, order=1, fill_mode=m) for m in FILL_MODES]


@composite(
    *_MODES,
    case((3, 4), coordinates=_POINTS, order=0),
    case((5,), _POINTS[:1], order=1, fill_value=1.5),
)
def map_coordinates(
    inputs: TensorLike,
    coordinates: TensorLike,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Tensor:
    """The values of an array at fractional coordinates.

    Args:
        inputs: array of rank r.
        coordinates: (r, ...), in elements.
        order: 0 takes the nearest element, 1 interpolates linearly.
        fill_mode: what lies beyond the edges: "constant" (fill_value), "nearest" (the edge),
            "wrap" (the other side), "mirror" (mirrored at the centre of the edge element) or
            "reflect" (mirrored at the edge).
        fill_value: for "constant".
    """
    one_of("map_coordinates, order", order, (0, 1))
    one_of("map_coordinates, fill_mode", fill_mode, FILL_MODES)
    x, at = convert_to_tensor(inputs), convert_to_tensor(coordinates)
    if at.ndim < 2 or at.shape[0] != x.ndim:
        raise ShapeError(
            "map_coordinates",
            expected=f"coordinates ({x.ndim}, ...) for rank {x.ndim}",
            received=at.shape,
        )
    batch = _s.reshape(as_float(x), shape=(1, *x.shape, 1))
    rows = [_s.reshape(row, shape=(1, -1)) for row in unstack(as_float(at))]
    y = _sampled(batch, rows, order, fill_mode, fill_value)
    return _in_dtype(_s.reshape(y, shape=at.shape[1:]), x)


def _grid(size: tuple[int, ...], dtype: str) -> tuple[Tensor, Tensor]:
    """(y, x) of all pixels, flat."""
    height, width = size
    y, x = np.divmod(tables.arange(height * width), max(width, 1))
    return convert_to_tensor(y, dtype), convert_to_tensor(x, dtype)


def _warped(x: Any, at: list[Any], order: int, mode: str, value: float) -> Any:
    """A channels-last batch read at (y, x), each (batch or 1, height * width)."""
    count, height, width, _ = x.shape
    spread = [_s.broadcast_to(c, shape=(count, c.shape[1])) for c in at]
    y = _sampled(as_float(x), spread, order, mode, value)
    return _in_dtype(_s.reshape(y, shape=(count, height, width, x.shape[-1])), x)


_SHEAR = np.array([1.1, 0.2, -0.3, -0.1, 0.9, 0.4, 0.0, 0.0])


@composite(
    case((2, 3, 4, 2), transform=np.stack([_SHEAR, _SHEAR[::-1] + 0.05])),
    case((3, 4, 1), transform=_SHEAR, fill_mode="reflect"),
    case((1, 2, 4, 4), transform=_SHEAR, data_format="channels_first", interpolation="nearest"),
)
def affine_transform(
    images: TensorLike,
    transform: TensorLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images whose pixel (x, y) is the input at (a0 x + a1 y + a2, b0 x + b1 y + b2).

    Args:
        images: one image or a batch.
        transform: (8,) or (batch, 8): a0, a1, a2, b0, b1, b2, c0, c1; the last two do not count,
            as in Keras.
        interpolation: "bilinear" or "nearest".
        fill_mode: see `map_coordinates`.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """
    one_of("affine_transform, interpolation", interpolation, ORDERS)
    one_of("affine_transform, fill_mode", fill_mode, FILL_MODES)
    x, restore = batch_of("affine_transform", images, data_format)
    if None in x.shape[1:3]:  # only the spec of the result is wanted
        return restore(x)
    t = as_float(transform)
    if t.ndim not in (1, 2) or t.shape[-1] != 8:
        raise ShapeError("affine_transform", expected="(8,) or (batch, 8)", received=t.shape)
    a0, a1, a2, b0, b1, b2, _, _ = unstack(_s.reshape(t, shape=(-1, 8, 1)), axis=1)
    v, u = _grid(known(x.shape[1:3]), t.dtype)
    at = [b0 * u + b1 * v + b2, a0 * u + a1 * v + a2]
    return restore(_warped(x, at, ORDERS[interpolation], fill_mode, fill_value))


def _homography(start: Any, end: Any) -> Any:
    """(n, 8): the coefficients that take the four end points to the four start points."""
    x, y = unstack(end, axis=-1)
    u, v = unstack(start, axis=-1)
    one, zero = filled_like(x, 1), filled_like(x, 0)
    first = stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    second = stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    matrix = _s.concatenate(first, second, axis=1)
    wanted = _s.expand_dims(_s.concatenate(u, v, axis=1), axis=2)
    found = solve_(matrix, wanted)
    return _s.reshape(found, shape=found.shape[:2])


_FROM = np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0], [4.0, 3.0]])
_TO = np.array([[0.2, 0.1], [0.1, 2.7], [3.6, 0.3], [3.9, 2.8]])


@composite(
    case((2, 4, 5, 1), start_points=np.stack([_FROM, _TO]), end_points=np.stack([_TO, _FROM])),
    case((4, 5, 2), start_points=_FROM, end_points=_TO, fill_value=0.5),
)
def perspective_transform(
    images: TensorLike,
    start_points: TensorLike,
    end_points: TensorLike,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images moved so that four points go to four others, straight lines staying straight.

    Args:
        images: one image or a batch.
        start_points, end_points: (4, 2) or (batch, 4, 2) points (x, y).
        interpolation: "bilinear" or "nearest".
        fill_value: beyond the edges.
        data_format: "channels_last" or "channels_first".
    """
    one_of("perspective_transform, interpolation", interpolation, ORDERS)
    x, restore = batch_of("perspective_transform", images, data_format)
    if None in x.shape[1:3]:  # only the spec of the result is wanted
        return restore(x)
    points = [convert_to_tensor(p) for p in (start_points, end_points)]
    if points[0].shape != points[1].shape or points[0].shape[-2:] != (4, 2):
        raise ShapeError(
            "perspective_transform",
            expected="two times (4, 2) or (batch, 4, 2)",
            received=f"{points[0].shape} and {points[1].shape}",
        )
    name = "float64" if "float64" in (p.dtype for p in points) else "float32"
    start, end = (_s.reshape(cast(p, name), shape=(-1, 4, 2)) for p in points)
    h = unstack(_s.expand_dims(_homography(start, end), axis=2), axis=1)
    v, u = _grid(known(x.shape[1:3]), name)
    below = h[6] * u + h[7] * v + 1
    at = [(h[3] * u + h[4] * v + h[5]) / below, (h[0] * u + h[1] * v + h[2]) / below]
    return restore(_warped(x, at, ORDERS[interpolation], "constant", fill_value))


@public
def elastic_transform(
    images: TensorLike,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Images whose pixels moved by smooth random distances (Simard et al. 2003).

    Args:
        images: one image or a batch.
        alpha: how far, a factor.
        sigma: standard deviation in pixels of the Gaussian that smooths the distances.
        interpolation: "bilinear" or "nearest".
        fill_mode: see `map_coordinates`.
        fill_value: for "constant".
        seed: an int, a SeedGenerator, or None for the global generator.
        data_format: "channels_last" or "channels_first".
    """
    one_of("elastic_transform, interpolation", interpolation, ORDERS)
    one_of("elastic_transform, fill_mode", fill_mode, FILL_MODES)
    x, restore = batch_of("elastic_transform", images, data_format)
    if None in x.shape[:3]:  # only the spec of the result is wanted
        return restore(x)
    count, height, width = known(x.shape[:3])
    name = promote_float(x.dtype)
    key = registry.above("random.draw_key")
    size = int(6 * sigma) | 1
    shifts = []
    for _ in range(2):
        noise = random_normal(key(seed), (count, height, width, 1), dtype=name) * sigma
        smooth = gaussian_blur(noise, (size, size), (sigma, sigma), "channels_last")
        shifts.append(alpha * smooth)
    across, down = shifts
    return displaced(images, down, across, interpolation, fill_mode, fill_value, data_format)


def displaced(
    images: TensorLike,
    down: Any,
    across: Any,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    data_format: str | None,
) -> Tensor:
    """Images whose pixels are read so far away.

    Args:
        down, across: in pixels, (batch, height, width, 1).
        interpolation, fill_mode, fill_value, data_format: as of `elastic_transform`.
    """
    x, restore = batch_of("displaced", images, data_format)
    height, width = known(x.shape[1:3])
    at = [
        base + _s.reshape(shift, shape=(-1, height * width))
        for base, shift in zip(_grid((height, width), down.dtype), (down, across), strict=True)
    ]
    return restore(_warped(x, at, ORDERS[interpolation], fill_mode, fill_value))
