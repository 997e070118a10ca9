"""Convolution and its two gradients, three ops closed under differentiation; channels last.

    y = conv(x, w)                    x (N, *S, C), w (*K, C / groups, O), y (N, *S', O)
    dx = conv_input_grad(g, w)
    dw = conv_weight_grad(x, g)

Each is linear in each of its inputs, and the gradient of each is one of the three. The reference
kernels copy windows out (im2col), a stretch that stays in the cache at a time, and multiply
matrices; the gradient of the input is a convolution with the reversed kernel.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

from kerasish.errors import ShapeError
from kerasish.graph.batching import Batch, merged, merged_size, split
from kerasish.graph.op import case, op
from kerasish.graph.primitives import reshape, transpose
from kerasish.ops.basic.reduction import sum_
from kerasish.ops.nn.windows import Sizes, Windows, check_rank, samples
from kerasish.spec import Padding, Shape, TensorSpec, accumulator, alike, known, window_output


def _output(
    x: Shape, w: Shape, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Shape:
    """The shape of a convolution; raises ShapeError where input and kernel do not fit."""
    check_rank(x, len(strides), "conv")
    check_rank(w, len(strides), "conv kernel")
    channels, per_group, filters = x[-1], w[-2], w[-1]
    if channels is None or channels != (per_group or 0) * groups or (filters or 0) % groups:
        raise ShapeError(
            "conv",
            expected="a kernel (*window, channels / groups, filters) that fits the input's "
            f"channels, and filters divisible by groups={groups}",
            received=f"input {x}, kernel {w}",
        )
    return (x[0], *window_output(x[1:-1], known(w[:-2]), strides, dilation, padding), filters)


def _conv_infer(x: TensorSpec, w: TensorSpec, **attrs: Any) -> TensorSpec:
    return TensorSpec(_output(x.shape, w.shape, **attrs), x.dtype)


def _input_grad_infer(
    g: TensorSpec, w: TensorSpec, *, input_shape: Shape, **attrs: Any
) -> TensorSpec:
    _check_gradient(g.shape, _output(input_shape, w.shape, **attrs))
    return TensorSpec((g.shape[0], *input_shape[1:]), g.dtype)


def _weight_grad_infer(
    x: TensorSpec, g: TensorSpec, *, kernel_shape: Sizes, **attrs: Any
) -> TensorSpec:
    _check_gradient(g.shape, _output(x.shape, kernel_shape, **attrs))
    return TensorSpec(kernel_shape, x.dtype)


def _check_gradient(g: Shape, output: Shape) -> None:
    if not alike(g, output):
        raise ShapeError("conv", expected=f"an output gradient of {output}", received=g)


def _flops(x: Shape, w: Shape, y: Shape) -> int:
    """Two per multiplication and addition."""
    return 2 * math.prod(known(y)) * math.prod(known(w[:-1]))


def _cases(first: tuple[str, str], last: str = "") -> tuple[Any, ...]:
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
        cases.append(case(*(arrays[name] for name in first), **attrs))
    return tuple(cases)


_conv_op = functools.partial(op, promote="same", out=True, whole=True)


def _windows(
    x: Any, w: Any, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Windows:
    """How a kernel of shape w slides over an input of shape x."""
    return Windows.of(x[1:-1], w[:-2], strides, dilation, padding)


# --- reference kernels --------------------------------------------------------------------------

# Multiplications up to which OpenBLAS packs no operand and wakes no thread (its small-matrix
# kernels): stacks of such products run faster than the whole product.
PRODUCT = 10**6


@_conv_op(
    "conv",
    infer=_conv_infer,
    cases=_cases(("x", "w")),
    flops=lambda x, w, **a: _flops(x.shape, w.shape, _conv_infer(x, w, **a).shape),
)
def conv_(xp: Any, x: Any, w: Any, *, out: Any = None, **attrs: Any) -> Any:
    """The correlation of x with w over the spatial axes."""
    windows = _windows(x.shape, w.shape, **attrs)
    if out is None:
        out = xp.empty((x.shape[0], *windows.output, w.shape[-1]), x.dtype)
    _correlate(xp, x, w, windows, attrs["groups"], out)
    return out


def _correlate(xp: Any, x: Any, w: Any, windows: Windows, groups: int, y: Any) -> None:
    """Write the correlation into y, a dense array."""
    if _single(w, groups):
        for padded, into in _samples(xp, x, y, windows, groups):
            into[...] = 0
            for _, offsets in windows.taps:
                tap = padded[windows.at(offsets)]
                for i, row in enumerate(w[offsets]):
                    into += tap[..., i, None] * row.reshape(groups, -1)
        return
    matrix = _kernel_matrix(w, groups)
    for index, columns in windows.columns(xp, x, groups):
        _multiply(xp, columns, matrix, _rows(y[index], groups))


def _single(w: Any, groups: int) -> bool:
    """Whether products of single elements beat matrix products: one channel a group."""
    return groups > 1 and (w.shape[-2] == 1 or w.shape[-1] == groups)


def _samples(xp: Any, x: Any, y: Any, windows: Windows, groups: int) -> Iterator[tuple[Any, Any]]:
    """Samples whose y stays in the cache: (x padded, y), their channels as (groups, each)."""
    each = math.prod(y.shape[1:])
    for part in samples(x.shape[0], each):
        padded = windows.pad(xp, x[part])
        yield _split(padded, groups), _split(y[part], groups)


def _split(x: Any, groups: int) -> Any:
    """(..., C) as (..., groups, C / groups)."""
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def _kernel_matrix(w: Any, groups: int) -> Any:
    """Weights (*K, C/g, O) as matrices (groups, K * C/g, O/g)."""
    rows = math.prod(w.shape[:-1])
    return w.reshape(rows, groups, w.shape[-1] // groups).transpose(1, 0, 2)


def _rows(g: Any, groups: int) -> Any:
    """(N, *S', O) as matrices (groups, N * S', O/g)."""
    count = math.prod(g.shape[:-1])
    return g.reshape(count, groups, g.shape[-1] // groups).transpose(1, 0, 2)


def _multiply(xp: Any, a: Any, b: Any, out: Any) -> None:
    """out = a @ b, where a (groups, rows, inner) has many rows."""
    rows = PRODUCT // max(b.shape[1] * b.shape[2], 1)
    if rows < 12:  # too few to be worth reading b for
        xp.matmul(a, b, out=out)
        return
    (a, last), (out, last_out) = _stack(a, rows), _stack(out, rows)
    xp.matmul(a, b[:, None], out=out)
    xp.matmul(last, b, out=last_out)


def _add_product(xp: Any, total: Any, a: Any, b: Any) -> None:
    """total += transpose(a) @ b, where both (groups, rows, columns) have many rows."""
    rows = PRODUCT // max(total.shape[1] * total.shape[2], 1)
    if rows < 64:  # so few that adding the products up would cost more than they
        total += xp.matmul(a.transpose(0, 2, 1), b)
        return
    (a, last), (b, last_b) = _stack(a, rows), _stack(b, rows)
    total += xp.matmul(a.transpose(0, 1, 3, 2), b).sum(1)
    total += xp.matmul(last.transpose(0, 2, 1), last_b)


def _stack(m: Any, rows: int) -> tuple[Any, Any]:
    """Matrices (groups, n, columns) as (groups, n // rows, rows, columns), and what is left."""
    groups, count, columns = m.shape
    full = count // rows
    return m[:, : full * rows].reshape(groups, full, rows, columns), m[:, full * rows :]


@_conv_op(
    "conv_input_grad",
    infer=_input_grad_infer,
    cases=_cases(("g", "w"), "input_shape"),
    flops=lambda g, w, **a: _flops(a["input_shape"], w.shape, g.shape),
)
def conv_input_grad(
    xp: Any, g: Any, w: Any, *, input_shape: Sizes, out: Any = None, **attrs: Any
) -> Any:
    """The gradient of conv with respect to x: a transposed convolution."""
    windows, groups = _windows(input_shape, w.shape, **attrs), attrs["groups"]
    if out is None:
        out = xp.empty((g.shape[0], *input_shape[1:]), g.dtype)
    swapped = xp.swapaxes(_split(w, groups), -3, -1)  # (*K, O/g, groups, C/g)
    swapped = swapped.reshape(*swapped.shape[:-2], w.shape[-2] * groups)
    if max(windows.strides) == 1:
        ((_, taps, phase),) = windows.transposed()
        _correlate(xp, g, swapped[taps], phase, groups, out)
        return out
    out[...] = 0
    for at, taps, phase in windows.transposed():
        part = xp.empty((g.shape[0], *phase.output, out.shape[-1]), g.dtype)
        _correlate(xp, g, swapped[taps], phase, groups, part)
        out[at] = part
    return out


@_conv_op(
    "conv_weight_grad",
    infer=_weight_grad_infer,
    cases=_cases(("x", "g"), "kernel_shape"),
    flops=lambda x, g, **a: _flops(x.shape, a["kernel_shape"], g.shape),
)
def conv_weight_grad(
    xp: Any, x: Any, g: Any, *, kernel_shape: Sizes, out: Any = None, **attrs: Any
) -> Any:
    """The gradient of conv with respect to w."""
    windows, groups = _windows(x.shape, kernel_shape, **attrs), attrs["groups"]
    total = xp.zeros(kernel_shape, accumulator(x.dtype.name))
    if _single(total, groups):
        axes = tuple(range(g.ndim - 1))
        for padded, part in _samples(xp, x, g, windows, groups):
            for _, offsets in windows.taps:
                tap = padded[windows.at(offsets)]
                for i, row in enumerate(total[offsets]):
                    product = tap[..., i, None] * part
                    row += sum_.kernel(xp, product, axis=axes, keepdims=False).reshape(-1)
    else:
        matrix = _kernel_matrix(total, groups)  # a view: what is added to it reaches total
        for index, columns in windows.columns(xp, x, groups):
            _add_product(xp, matrix, columns, _rows(g[index], groups))
    if out is None:
        return total.astype(x.dtype, copy=False)
    out[...] = total
    return out


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
