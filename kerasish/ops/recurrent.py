"""LSTM and GRU over whole sequences, ops that a library can take whole.

Beside their results they return what their gradients need, so that a training step computes no
gate twice: the gates after activation, and for the LSTM the cell states, time first. Only the
gradient ops read these; a library that takes an op together with its gradient may keep anything
of its own there.
"""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError
from kerasish.graph.defined import define
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor
from kerasish.ops.control import scan
from kerasish.ops.control_ops import zeros_of
from kerasish.ops.declare import primitive
from kerasish.ops.elementwise import sigmoid, tanh
from kerasish.ops.layout import concatenate, expand_dims, reshape, slice_, transpose
from kerasish.ops.linear import matmul, swap_last
from kerasish.ops.reduction import sum_


def _time_first(x: Any) -> Any:
    return transpose(x, axes=(1, 0, 2))


def _parts(x: Any, count: int) -> list[Any]:
    """The `count` equal parts of the last axis."""
    size = x.shape[-1] // count
    lead = (None,) * (x.ndim - 1)
    return [slice_(x, parts=(*lead, (i * size, size, 1))) for i in range(count)]


def _flat(x: Any) -> Any:
    """(T, B, n) as (T * B, n)."""
    return reshape(x, shape=(-1, x.shape[-1]))


def _before(first: Any, rows: Any) -> Any:
    """What a state held before every step: `first`, then all of `rows` (T, B, U) but the last."""
    start = expand_dims(first, axis=0)
    count = rows.shape[0]
    if count == 0:
        return rows
    kept = None if count is None else count - 1
    return concatenate(start, slice_(rows, parts=((0, kept, 1), None, None)), axis=0)


def _check(x: Any, kernel: Any, recurrent: Any, gates: int, what: str) -> None:
    units = recurrent.shape[0]
    wanted = (x.shape[-1], gates * units), (units, gates * units)
    if x.ndim != 3 or (kernel.shape, recurrent.shape) != wanted:
        raise ShapeError(
            f"{what}. Expected: x (batch, time, features), kernel (features, {gates} * units), "
            f"recurrent kernel (units, {gates} * units). Received: {x.shape}, {kernel.shape}, "
            f"{recurrent.shape}."
        )


def _seed(g: Any, like: Any) -> Any:
    return zeros_of(like.spec) if g is None else g


# --- LSTM -----------------------------------------------------------------------------------------


def _lstm(
    x: Any, h0: Any, c0: Any, kernel: Any, recurrent: Any, bias: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """(sequence, h, c, gates, cells) of an LSTM with gates i, f, c, o.

    z = x_t kernel + h recurrent + bias; c = sigmoid(z_f) c + sigmoid(z_i) tanh(z_c);
    h = sigmoid(z_o) tanh(c). Hochreiter and Schmidhuber (1997), with forget gates.

    x (B, T, I), h0 and c0 (B, U), kernel (I, 4U), recurrent (U, 4U), bias (4U,); sequence
    (B, T, U), h and c (B, U), gates (T, B, 4U), cells (T, B, U).
    """
    _check(x, kernel, recurrent, 4, "lstm")

    def step(carry: Any, z: Any) -> Any:
        h, c = carry
        i, f, g, o = _parts(z + matmul(h, recurrent), 4)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * tanh(c)
        return (h, c), (h, concatenate(i, f, g, o, axis=-1), c)

    projected = _time_first(matmul(x, kernel) + bias)
    (h, c), (hs, gates, cells) = scan(step, (h0, c0), projected)
    return _time_first(hs), h, c, gates, cells


def _lstm_grad(
    x: Any, h0: Any, c0: Any, kernel: Any, recurrent: Any, *rest: Any
) -> tuple[Any, ...]:
    """Gradients of lstm's x, h0, c0, kernel, recurrent, bias.

    The last six inputs are sequence, gates, cells and the gradients of sequence, h and c.
    """
    sequence, gates, cells, g_sequence, g_h, g_c = rest
    back = swap_last(recurrent)

    def step(carry: Any, given: Any) -> Any:
        dh, dc = carry
        z, cell, before, g = given
        i, f, u, o = _parts(z, 4)
        dh = dh + g
        t = tanh(cell)
        dc = dc + dh * o * (1 - t * t)
        dz = concatenate(
            dc * u * i * (1 - i),
            dc * before * f * (1 - f),
            dc * i * (1 - u * u),
            dh * t * o * (1 - o),
            axis=-1,
        )
        return (matmul(dz, back), dc * f), dz

    over = (gates, cells, _before(c0, cells), _time_first(g_sequence))
    (dh, dc), dz = scan(step, (g_h, g_c), over, reverse=True)
    by_input = _time_first(dz)
    before = _before(h0, _time_first(sequence))
    return (
        matmul(by_input, swap_last(kernel)),
        dh,
        dc,
        matmul(swap_last(_flat(x)), _flat(by_input)),
        matmul(swap_last(_flat(before)), _flat(dz)),
        sum_(dz, axis=(0, 1), keepdims=False),
    )


_B, _T, _I, _U = 2, 4, 3, 5
_SMALL = (-0.7, 0.7)
_LSTM = ((_B, _T, _I), (_B, _U), (_B, _U), (_I, 4 * _U), (_U, 4 * _U))
_LSTM_CASES = (case(*_LSTM, (4 * _U,), domain=_SMALL),)
_LSTM_RESULTS = ((_B, _T, _U), (_T, _B, 4 * _U), (_T, _B, _U), (_B, _T, _U), (_B, _U), (_B, _U))
lstm_grad = primitive("lstm_grad", _lstm_grad, cases=(case(*_LSTM, *_LSTM_RESULTS, domain=_SMALL),))
# The same function without a gradient of its own: derivatives through the reserve go this way.
_lstm_plain: Any = define("lstm_plain", _lstm, cases=_LSTM_CASES)


def _lstm_vjp(g: Any, y: Any, *inputs: Tensor) -> Any:
    if g[3] is not None or g[4] is not None:
        return _lstm_plain.vjp(g, y, *inputs)
    *given, _ = inputs
    seeds = [_seed(part, like) for part, like in zip(g[:3], y[:3], strict=True)]
    return lstm_grad(*given, y[0], y[3], y[4], *seeds)


lstm = primitive("lstm", _lstm, cases=_LSTM_CASES, vjp=_lstm_vjp)


# --- GRU ------------------------------------------------------------------------------------------


def _gru(x: Any, h0: Any, kernel: Any, recurrent: Any, bias: Any) -> tuple[Any, Any, Any]:
    """(sequence, h, gates) of a GRU with gates z, r, h, its reset after the product.

    a = x_t kernel + bias[0], b = h recurrent + bias[1]; z = sigmoid(a_z + b_z),
    r = sigmoid(a_r + b_r), n = tanh(a_h + r b_h); h = z h + (1 - z) n. Cho et al. (2014), in the
    variant of cuDNN.

    x (B, T, I), h0 (B, U), kernel (I, 3U), recurrent (U, 3U), bias (2, 3U); sequence (B, T, U),
    h (B, U), gates (T, B, 4U): z, r, n and b_h.
    """
    _check(x, kernel, recurrent, 3, "gru")
    first, second = (reshape(slice_(bias, parts=((i, 1, 1), None)), shape=(-1,)) for i in (0, 1))

    def step(h: Any, a: Any) -> Any:
        a_z, a_r, a_h = _parts(a, 3)
        b_z, b_r, b_h = _parts(matmul(h, recurrent) + second, 3)
        z, r = sigmoid(a_z + b_z), sigmoid(a_r + b_r)
        n = tanh(a_h + r * b_h)
        h = z * h + (1 - z) * n
        return h, (h, concatenate(z, r, n, b_h, axis=-1))

    h, (hs, gates) = scan(step, h0, _time_first(matmul(x, kernel) + first))
    return _time_first(hs), h, gates


def _gru_grad(x: Any, h0: Any, kernel: Any, recurrent: Any, *rest: Any) -> tuple[Any, ...]:
    """Gradients of gru's x, h0, kernel, recurrent, bias.

    The last four inputs are sequence, gates and the gradients of sequence and h.
    """
    sequence, gates, g_sequence, g_h = rest
    back = swap_last(recurrent)

    def step(dh: Any, given: Any) -> Any:
        gate, before, g = given
        z, r, n, b_h = _parts(gate, 4)
        dh = dh + g
        da_n = dh * (1 - z) * (1 - n * n)
        da_z = dh * (before - n) * z * (1 - z)
        da_r = da_n * b_h * r * (1 - r)
        da = concatenate(da_z, da_r, da_n, axis=-1)
        db = concatenate(da_z, da_r, da_n * r, axis=-1)
        return dh * z + matmul(db, back), (da, db)

    before = _before(h0, _time_first(sequence))
    over = (gates, before, _time_first(g_sequence))
    dh, (da, db) = scan(step, g_h, over, reverse=True)
    by_input = _time_first(da)
    sums = [sum_(d, axis=(0, 1), keepdims=False) for d in (da, db)]
    return (
        matmul(by_input, swap_last(kernel)),
        dh,
        matmul(swap_last(_flat(x)), _flat(by_input)),
        matmul(swap_last(_flat(before)), _flat(db)),
        concatenate(*(expand_dims(s, axis=0) for s in sums), axis=0),
    )


_GRU = ((_B, _T, _I), (_B, _U), (_I, 3 * _U), (_U, 3 * _U))
_GRU_CASES = (case(*_GRU, (2, 3 * _U), domain=_SMALL),)
_GRU_RESULTS = ((_B, _T, _U), (_T, _B, 4 * _U), (_B, _T, _U), (_B, _U))
gru_grad = primitive("gru_grad", _gru_grad, cases=(case(*_GRU, *_GRU_RESULTS, domain=_SMALL),))
_gru_plain: Any = define("gru_plain", _gru, cases=_GRU_CASES)


def _gru_vjp(g: Any, y: Any, *inputs: Tensor) -> Any:
    if g[2] is not None:
        return _gru_plain.vjp(g, y, *inputs)
    *given, _ = inputs
    seeds = [_seed(part, like) for part, like in zip(g[:2], y[:2], strict=True)]
    return gru_grad(*given, y[0], y[2], *seeds)


gru = primitive("gru", _gru, cases=_GRU_CASES, vjp=_gru_vjp)
