"""Convolution and its two gradients, three ops closed under differentiation; channels last.

    y = conv(x, w)                    x (N, *S, C), w (*K, C / groups, O), y (N, *S', O)
    dx = conv_input_grad(g, w)
    dw = conv_weight_grad(x, g)

Each is linear in each of its inputs, and the gradient of each is one of the three. The reference
kernels copy the windows out through strides (im2col) and multiply matrices.
"""

from __future__ import annotations

import math
from typing import Any

from kerasish.errors import ShapeError
from kerasish.graph.batching import Batch, merged, merged_size, split
from kerasish.graph.op import case, op
from kerasish.ops.layout import reshape, transpose
from kerasish.ops.windows import Sizes, Windows, blocks, check_rank
from kerasish.spec import Padding, Shape, TensorSpec, known, window_output


def _spatial_output(x: Shape, w: Shape, strides: Sizes, padding: Padding, dilation: Sizes) -> Shape:
    return window_output(x[1:-1], known(w[:-2]), strides, dilation, padding)


def _check(x: Shape, w: Shape, strides: Sizes, groups: int) -> None:
    check_rank(x, len(strides), "conv")
    check_rank(w, len(strides), "conv kernel")
    channels, per_group, filters = x[-1], w[-2], w[-1]
    if channels is None or channels != (per_group or 0) * groups or (filters or 0) % groups:
        raise ShapeError(
            "conv. Expected: a kernel (*window, channels / groups, filters) that fits the input's "
            f"channels, and filters divisible by groups={groups}. Received: input {x}, kernel {w}."
        )


def _conv_infer(
    x: TensorSpec, w: TensorSpec, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> TensorSpec:
    _check(x.shape, w.shape, strides, groups)
    spatial = _spatial_output(x.shape, w.shape, strides, padding, dilation)
    return TensorSpec((x.shape[0], *spatial, w.shape[-1]), x.dtype)


def _input_grad_infer(
    g: TensorSpec,
    w: TensorSpec,
    *,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    input_shape: Shape,
) -> TensorSpec:
    _check(input_shape, w.shape, strides, groups)
    spatial = _spatial_output(input_shape, w.shape, strides, padding, dilation)
    _check_gradient(g.shape, (input_shape[0], *spatial, w.shape[-1]))
    return TensorSpec((g.shape[0], *input_shape[1:]), g.dtype)


def _weight_grad_infer(
    x: TensorSpec,
    g: TensorSpec,
    *,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    kernel_shape: Sizes,
) -> TensorSpec:
    _check(x.shape, kernel_shape, strides, groups)
    spatial = _spatial_output(x.shape, kernel_shape, strides, padding, dilation)
    _check_gradient(g.shape, (x.shape[0], *spatial, kernel_shape[-1]))
    return TensorSpec(kernel_shape, x.dtype)


def _check_gradient(g: Shape, output: Shape) -> None:
    fits = len(g) == len(output) and all(
        a is None or b is None or a == b for a, b in zip(g, output, strict=True)
    )
    if not fits:
        raise ShapeError(f"conv. Expected: an output gradient of {output}. Received: {g}.")


def _flops(x: Shape, w: Shape, y: Shape) -> int:
    """Two per multiplication and addition."""
    return 2 * math.prod(known(y)) * math.prod(known(w[:-1]))


def _cases(
    last: str, first: tuple[str, str], differentiate: tuple[int, ...] | None = None
) -> tuple[Any, ...]:
    """One table of geometries for the three ops; `first` says which arrays are inputs."""
    table = (
        # x, w, y, strides, padding, dilation, groups
        ((4, 5, 6, 3), (3, 3, 3, 4), (4, 3, 4, 4), (1, 1), "valid", (1, 1), 1),
        ((4, 5, 6, 3), (3, 2, 3, 4), (4, 3, 3, 4), (2, 2), "same", (1, 1), 1),
        ((4, 5, 6, 4), (2, 3, 2, 6), (4, 5, 6, 6), (1, 1), "same", (2, 1), 2),
        ((4, 6, 5, 3), (3, 3, 1, 6), (4, 3, 2, 6), (2, 2), ((1, 0), (0, 1)), (1, 1), 3),
        ((4, 7, 3), (3, 3, 2), (4, 7, 2), (1,), ((4, 0),), (2,), 1),
        ((4, 7, 3), (2, 3, 2), (4, 2, 2), (2,), ((0, -2),), (1,), 1),
        ((4, 3, 4, 3, 2), (2, 2, 2, 2, 3), (4, 2, 3, 2, 3), (1, 1, 1), "valid", (1, 1, 1), 1),
    )
    cases = []
    for x, w, y, strides, padding, dilation, groups in table:
        arrays: dict[str, Any] = {"x": x, "w": w, "g": y}
        attrs: dict[str, Any] = {
            "strides": strides, "padding": padding, "dilation": dilation, "groups": groups
        }  # fmt: skip
        if last:
            attrs[last] = x if last == "input_shape" else w
        cases.append(case(*(arrays[name] for name in first), differentiate=differentiate, **attrs))
    return tuple(cases)


# --- reference kernels --------------------------------------------------------------------------


def _kernel_matrix(w: Any, groups: int) -> Any:
    """Weights (*K, C/g, O) as matrices (groups, K * C/g, O/g)."""
    per_group = w.shape[-1] // groups
    rows = math.prod(w.shape[:-1])
    return w.reshape(rows, groups, per_group).transpose(1, 0, 2)


def _rows(g: Any, groups: int) -> Any:
    """(N, *S', O) as matrices (groups, N * S', O/g)."""
    return g.reshape(-1, groups, g.shape[-1] // groups).transpose(1, 0, 2)


@op(
    "conv",
    infer=_conv_infer,
    promote="same",
    cases=_cases("", ("x", "w")),
    flops=lambda x, w, **a: _flops(x.shape, w.shape, _conv_infer(x, w, **a).shape),
)
def conv_(
    xp: Any, x: Any, w: Any, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Any:
    """The correlation of x with w over the spatial axes."""
    windows = Windows.of(x.shape[1:-1], w.shape[:-2], strides, dilation, padding)
    x = windows.pad(xp, x)
    y = xp.empty((x.shape[0], *windows.output, w.shape[-1]), x.dtype)
    if _depthwise(w, groups):
        parts = y.reshape(*y.shape[:-1], groups, y.shape[-1] // groups)
        parts[...] = 0
        for _, offsets in windows.taps:
            parts += x[windows.at(offsets)][..., None] * w[offsets].reshape(groups, -1)
        return y
    matrix = _kernel_matrix(w, groups)
    each = math.prod(windows.output) * matrix.shape[1] * groups
    for part in blocks(x.shape[0], each):
        cols = windows.view(xp, x[part], groups).reshape(groups, -1, matrix.shape[1])
        y[part] = xp.matmul(cols, matrix).transpose(1, 0, 2).reshape(y[part].shape)
    return y


def _depthwise(w: Any, groups: int) -> bool:
    """Whether products of single elements beat matrix products."""
    return groups > 1 and w.shape[-2] == 1


@op(
    "conv_input_grad",
    infer=_input_grad_infer,
    promote="same",
    cases=_cases("input_shape", ("g", "w")),
    flops=lambda g, w, **a: _flops(a["input_shape"], w.shape, g.shape),
)
def conv_input_grad(
    xp: Any,
    g: Any,
    w: Any,
    *,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    input_shape: Sizes,
) -> Any:
    """The gradient of conv with respect to x: a transposed convolution."""
    windows = Windows.of(input_shape[1:-1], w.shape[:-2], strides, dilation, padding)
    channels = w.shape[-2]
    dx = xp.zeros((g.shape[0], *windows.padded, groups, channels), g.dtype)
    if _depthwise(w, groups):
        parts = g.reshape(*g.shape[:-1], groups, g.shape[-1] // groups)
        for _, offsets in windows.taps:
            dx[windows.at(offsets)][..., 0] += (parts * w[offsets].reshape(groups, -1)).sum(-1)
    else:
        matrix = _kernel_matrix(w, groups).transpose(0, 2, 1)
        for part in blocks(g.shape[0], math.prod(windows.output) * matrix.shape[2] * groups):
            cols = xp.matmul(_rows(g[part], groups), matrix)
            cols = cols.reshape(groups, -1, *windows.output, *windows.window, channels)
            cols = xp.moveaxis(cols, 0, -2)
            for _, offsets in windows.taps:
                tap = (slice(None),) * (len(offsets) + 1) + offsets
                dx[part][windows.at(offsets)] += cols[tap]
    return windows.unpad(xp, dx.reshape(*dx.shape[:-2], groups * channels))


@op(
    "conv_weight_grad",
    infer=_weight_grad_infer,
    promote="same",
    cases=_cases("kernel_shape", ("x", "g")),
    flops=lambda x, g, **a: _flops(x.shape, a["kernel_shape"], g.shape),
)
def conv_weight_grad(
    xp: Any,
    x: Any,
    g: Any,
    *,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    kernel_shape: Sizes,
) -> Any:
    """The gradient of conv with respect to w."""
    windows = Windows.of(x.shape[1:-1], kernel_shape[:-2], strides, dilation, padding)
    x = windows.pad(xp, x)
    dw = xp.zeros(kernel_shape, x.dtype)
    if _depthwise(dw, groups):
        parts = g.reshape(*g.shape[:-1], groups, g.shape[-1] // groups)
        axes = tuple(range(g.ndim - 1))
        for _, offsets in windows.taps:
            product = (x[windows.at(offsets)][..., None] * parts).sum(axes)
            dw[offsets] = product.reshape(1, -1)
        return dw
    matrix = _kernel_matrix(dw, groups)  # a view: what is added to it reaches dw
    for part in blocks(x.shape[0], math.prod(windows.output) * matrix.shape[1] * groups):
        cols = windows.view(xp, x[part], groups).reshape(groups, -1, matrix.shape[1])
        matrix += xp.matmul(cols.transpose(0, 2, 1), _rows(g[part], groups))
    return dw


# --- many rows: unshared kernels become groups of one convolution ---------------------------------


def _gathered(x: Any) -> Any:
    """(rows, N, *S, C) as (N, *S, rows * C): the channels of all rows next to each other."""
    axes = (*range(1, x.ndim - 1), 0, x.ndim - 1)
    x = transpose(x, axes=axes)
    return reshape(x, shape=(*x.shape[:-2], x.shape[-2] * x.shape[-1]))


def _handed_out(y: Any, rows: int) -> Any:
    """The inverse of `_gathered`."""
    parts = reshape(y, shape=(*y.shape[:-1], rows, y.shape[-1] // rows))
    return transpose(parts, axes=(parts.ndim - 2, *range(parts.ndim - 2), parts.ndim - 1))


@conv_.batching
def _(b: Batch, x: Any, w: Any, *, groups: int, **attrs: Any) -> Any:
    if b.stacked == (True, False):
        return split(b.again(merged(x), w), b.rows, b.shape)
    if not b.rows:
        return None
    x, w = map(_gathered, b.full(x, w))
    return _handed_out(conv_(x, w, groups=groups * b.rows, **attrs), b.rows)


@conv_input_grad.batching
def _(b: Batch, g: Any, w: Any, *, groups: int, input_shape: Shape, **attrs: Any) -> Any:
    if b.stacked == (True, False):
        shape: Shape = (merged_size(b.rows, input_shape[0]), *input_shape[1:])
        return split(b.again(merged(g), w, input_shape=shape), b.rows, b.shape)
    if not b.rows:
        return None
    g, w = map(_gathered, b.full(g, w))
    shape = (*input_shape[:-1], merged_size(b.rows, input_shape[-1]))
    dx = conv_input_grad(g, w, groups=groups * b.rows, input_shape=shape, **attrs)
    return _handed_out(dx, b.rows)


@conv_weight_grad.batching
def _(b: Batch, x: Any, g: Any, *, groups: int, kernel_shape: Sizes, **attrs: Any) -> Any:
    if not b.rows:
        return None
    x, g = map(_gathered, b.full(x, g))
    shape = (*kernel_shape[:-1], b.rows * kernel_shape[-1])
    dw = conv_weight_grad(x, g, groups=groups * b.rows, kernel_shape=shape, **attrs)
    return _handed_out(dw, b.rows)


# --- gradients: the three ops in terms of one another ---------------------------------------------


@conv_.gradient
def _(g: Any, y: Any, x: Any, w: Any, **attrs: Any) -> Any:
    return (
        conv_input_grad(g, w, input_shape=x.shape, **attrs),
        conv_weight_grad(x, g, kernel_shape=w.shape, **attrs),
    )


@conv_input_grad.gradient
def _(u: Any, y: Any, g: Any, w: Any, *, input_shape: Shape, **attrs: Any) -> Any:
    return conv_(u, w, **attrs), conv_weight_grad(u, g, kernel_shape=w.shape, **attrs)


@conv_weight_grad.gradient
def _(u: Any, y: Any, x: Any, g: Any, *, kernel_shape: Sizes, **attrs: Any) -> Any:
    return conv_input_grad(g, u, input_shape=x.shape, **attrs), conv_(x, u, **attrs)
