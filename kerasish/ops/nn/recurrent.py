"""LSTM and GRU over whole sequences: a product for all steps, and a loop that can run whole.

Beside their results the loops return what their gradients need, so that a training step computes
no gate twice: the gates after activation, and for the LSTM the cell states. Only the gradient ops
read these.

A last input `counts` (B, T), boolean, may say which steps count: the others leave the states as
they are, the sequence repeats h, and their gates are zero.
"""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError
from kerasish.graph.defined import define
from kerasish.graph.op import case
from kerasish.graph.primitives import concatenate, expand_dims, reshape, slice_, transpose
from kerasish.graph.tensor import Tensor, TensorLike
from kerasish.ops.basic.elementwise import cast, cast_like, sigmoid, tanh, where
from kerasish.ops.basic.matmul import matmul, swap_last
from kerasish.ops.basic.reduction import sum_
from kerasish.ops.control.functions import scan
from kerasish.ops.control.primitives import zeros_of
from kerasish.ops.declare import bools, composite, primitive
from kerasish.spec import HALVES


def _turned(x: Any) -> Any:
    """(B, T, n) as (T, B, n), and back."""
    return transpose(x, axes=(1, 0, 2))


def _parts(x: Any, count: int) -> list[Any]:
    """The `count` equal parts of the last axis."""
    size = x.shape[-1] // count
    lead = (None,) * (x.ndim - 1)
    return [slice_(x, parts=(*lead, (i * size, size, 1))) for i in range(count)]


def _flat(x: Any) -> Any:
    """(B, T, n) as (B * T, n)."""
    return reshape(x, shape=(-1, x.shape[-1]))


def _before(first: Any, rows: Any, reverse: bool) -> Any:
    """What a state held before every step: `first`, then all of `rows` (B, T, U) but the last."""
    start = expand_dims(first, axis=1)
    count = rows.shape[1]
    if count == 0:
        return rows
    kept = None if count is None else count - 1
    rest = slice_(rows, parts=(None, (1 if reverse else 0, kept, 1), None))
    return concatenate(*((rest, start) if reverse else (start, rest)), axis=1)


def _check(x: Any, kernel: Any, recurrent: Any, gates: int, what: str) -> None:
    units = recurrent.shape[0]
    wanted = (x.shape[-1], gates * units), (units, gates * units)
    if x.ndim != 3 or (kernel.shape, recurrent.shape) != wanted:
        raise ShapeError(
            what,
            expected=f"x (batch, time, features), kernel (features, {gates} * units), recurrent "
            f"kernel (units, {gates} * units)",
            received=f"{x.shape}, {kernel.shape}, {recurrent.shape}",
        )


def _wide(x: Any) -> Any:
    """`x` as the loops compute with it: states of 16-bit floats are carried in float32."""
    return cast(x, "float32") if x.dtype in HALVES else x


def _marked(counts: Any) -> Any:
    """(B, T) as (T, B, 1)."""
    return expand_dims(transpose(counts, axes=(1, 0)), axis=2)


def _held(on: list[Any], new: Any, old: Any) -> Any:
    """`new` where a step counts, else `old`; `on` is empty where all do."""
    return where(on[0], new, old) if on else new


def _seed(g: Any, like: Any) -> Any:
    return zeros_of(like.spec) if g is None else g


def _product_grad(before: Any, dz: Any) -> Any:
    """The gradient of R in z_t + before_t @ R."""
    return matmul(swap_last(_flat(before)), _flat(dz))


# --- LSTM -----------------------------------------------------------------------------------------


def _lstm(
    z: Any, h0: Any, c0: Any, recurrent: Any, bias: Any, *counts: Any, reverse: bool
) -> tuple[Any, Any, Any, Any, Any]:
    """(sequence, h, c, gates, cells) of an LSTM with gates i, f, c, o, from z = x kernel.

    z_t += h recurrent + bias; c = sigmoid(z_f) c + sigmoid(z_i) tanh(z_c);
    h = sigmoid(z_o) tanh(c). Hochreiter and Schmidhuber (1997), with forget gates.

    z (B, T, 4U), h0 and c0 (B, U), recurrent (U, 4U), bias (4U,); sequence (B, T, U), h and c
    (B, U), gates (B, T, 4U), cells (B, T, U). `reverse` runs from the last step to the first.
    """

    def step(carry: Any, given: Any) -> Any:
        h, c = carry
        z, *on = given
        i, f, g, o = _parts(z + matmul(h, recurrent), 4)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = _held(on, f * c + i * g, c)
        h = _held(on, o * tanh(c), h)
        return (h, c), (h, _held(on, concatenate(i, f, g, o, axis=-1), 0), c)

    over = _turned(z + bias), *map(_marked, counts)
    (h, c), (hs, gates, cells) = scan(step, (h0, c0), over, reverse=reverse)
    return _turned(hs), h, c, _turned(gates), _turned(cells)


def _lstm_grad(
    gates: Any, cells: Any, sequence: Any, h0: Any, c0: Any, recurrent: Any, *rest: Any,
    reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """(dz, dh0, dc0, h before every step, dbias) from the gradients of sequence, h and c.

    These three come last, before `counts` where some steps do not.

    The gradient of the recurrent kernel is the product of h before every step with dz.
    """
    g_sequence, g_h, g_c, *counts = rest
    back = swap_last(recurrent)

    def step(carry: Any, given: Any) -> Any:
        dh, held = carry
        z, cell, before, g, *on = given
        i, f, u, o = _parts(z, 4)
        dh = dh + g
        t = tanh(cell)
        dc = held + dh * o * (1 - t * t)
        dz = concatenate(
            dc * u * i * (1 - i),
            dc * before * f * (1 - f),
            dc * i * (1 - u * u),
            dh * t * o * (1 - o),
            axis=-1,
        )
        dz = _held(on, dz, 0)
        return (_held(on, matmul(dz, back), dh), _held(on, dc * f, held)), dz

    over = gates, cells, _before(c0, cells, reverse), g_sequence
    over = *map(_turned, over), *map(_marked, counts)
    (dh, dc), dz = scan(step, (g_h, g_c), over, reverse=not reverse)
    total = sum_(dz, axis=(0, 1), keepdims=False)
    return _turned(dz), dh, dc, _before(h0, sequence, reverse), total


_B, _T, _I, _U = 2, 4, 3, 5
_SMALL = (-0.7, 0.7)
_STATE, _SEQUENCE, _GATES = (_B, _U), (_B, _T, _U), (_B, _T, 4 * _U)


def _both(*shapes: Any) -> tuple[Any, ...]:
    """Cases in both directions, the second with steps that do not count."""
    counts = bools((_B, _T))
    return (
        case(*shapes, domain=_SMALL, reverse=False),
        case(*shapes, counts, domain=_SMALL, reverse=True),
    )


_LSTM = _both(_GATES, _STATE, _STATE, (_U, 4 * _U), (4 * _U,))
lstm_loop_grad = primitive(
    "lstm_loop_grad",
    _lstm_grad,
    cases=_both(
        _GATES, _SEQUENCE, _SEQUENCE, _STATE, _STATE, (_U, 4 * _U), _SEQUENCE, _STATE, _STATE
    ),
)
# The same function without a gradient of its own: derivatives through the reserve go this way.
_lstm_plain: Any = define("lstm_loop_plain", _lstm, cases=_LSTM)


def _lstm_vjp(g: Any, y: Any, *inputs: Tensor, reverse: bool) -> Any:
    if g[3] is not None or g[4] is not None:
        return _lstm_plain.vjp(g, y, *inputs, reverse=reverse)
    _, h0, c0, recurrent, _, *counts = inputs
    seeds = [_seed(part, like) for part, like in zip(g[:3], y[:3], strict=True)]
    rest = *seeds, *counts
    found = lstm_loop_grad(y[3], y[4], y[0], h0, c0, recurrent, *rest, reverse=reverse)
    dz, dh, dc, before, total = found
    return dz, dh, dc, _product_grad(before, dz), total, *(None for _ in counts)


lstm_loop = primitive("lstm_loop", _lstm, cases=_LSTM, vjp=_lstm_vjp)


@composite(*_both((_B, _T, _I), _STATE, _STATE, (_I, 4 * _U), (_U, 4 * _U), (4 * _U,)))
def lstm(
    x: TensorLike, h0: TensorLike, c0: TensorLike, kernel: TensorLike, recurrent: TensorLike,
    bias: TensorLike, *counts: Any, reverse: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """(sequence, h, c) of an LSTM; see `lstm_loop`.

    x (B, T, I), kernel (I, 4U).
    """
    _check(x, kernel, recurrent, 4, "lstm")
    given = map(_wide, (matmul(x, kernel), h0, c0, recurrent, bias))
    found = lstm_loop(*given, *counts, reverse=reverse)
    return cast_like(found[0], x), cast_like(found[1], x), cast_like(found[2], x)


# --- GRU ------------------------------------------------------------------------------------------


def _gru(
    z: Any, h0: Any, recurrent: Any, bias: Any, *counts: Any, reverse: bool
) -> tuple[Any, Any, Any]:
    """(sequence, h, gates) of a GRU with gates z, r, h, its reset after the product.

    a = x kernel + bias[0], b = h recurrent + bias[1]; z = sigmoid(a_z + b_z),
    r = sigmoid(a_r + b_r), n = tanh(a_h + r b_h); h = z h + (1 - z) n. Cho et al. (2014), in the
    variant of cuDNN.

    z = x kernel (B, T, 3U), h0 (B, U), recurrent (U, 3U), bias (2, 3U); sequence (B, T, U),
    h (B, U), gates (B, T, 4U): z, r, n and b_h. `reverse` runs from the last step to the first.
    """
    first, second = (reshape(slice_(bias, parts=((i, 1, 1), None)), shape=(-1,)) for i in (0, 1))

    def step(h: Any, given: Any) -> Any:
        a, *on = given
        a_z, a_r, a_h = _parts(a, 3)
        b_z, b_r, b_h = _parts(matmul(h, recurrent) + second, 3)
        z, r = sigmoid(a_z + b_z), sigmoid(a_r + b_r)
        n = tanh(a_h + r * b_h)
        h = _held(on, z * h + (1 - z) * n, h)
        return h, (h, _held(on, concatenate(z, r, n, b_h, axis=-1), 0))

    over = _turned(z + first), *map(_marked, counts)
    h, (hs, gates) = scan(step, h0, over, reverse=reverse)
    return _turned(hs), h, _turned(gates)


def _gru_grad(
    gates: Any, sequence: Any, h0: Any, recurrent: Any, g_sequence: Any, g_h: Any, *counts: Any,
    reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """(da, dh0, h before every step, db, dbias) from the gradients of sequence and h.

    The gradient of the recurrent kernel is the product of h before every step with db.
    """
    back = swap_last(recurrent)

    def step(dh: Any, given: Any) -> Any:
        gate, before, g, *on = given
        z, r, n, b_h = _parts(gate, 4)
        dh = dh + g
        da_n = dh * (1 - z) * (1 - n * n)
        da_z = dh * (before - n) * z * (1 - z)
        da_r = da_n * b_h * r * (1 - r)
        da = _held(on, concatenate(da_z, da_r, da_n, axis=-1), 0)
        db = _held(on, concatenate(da_z, da_r, da_n * r, axis=-1), 0)
        return _held(on, dh * z + matmul(db, back), dh), (da, db)

    before = _before(h0, sequence, reverse)
    over = *map(_turned, (gates, before, g_sequence)), *map(_marked, counts)
    dh, (da, db) = scan(step, g_h, over, reverse=not reverse)
    sums = [expand_dims(sum_(d, axis=(0, 1), keepdims=False), axis=0) for d in (da, db)]
    return _turned(da), dh, before, _turned(db), concatenate(*sums, axis=0)


_GRU = _both((_B, _T, 3 * _U), _STATE, (_U, 3 * _U), (2, 3 * _U))
gru_loop_grad = primitive(
    "gru_loop_grad",
    _gru_grad,
    cases=_both(_GATES, _SEQUENCE, _STATE, (_U, 3 * _U), _SEQUENCE, _STATE),
)
_gru_plain: Any = define("gru_loop_plain", _gru, cases=_GRU)


def _gru_vjp(g: Any, y: Any, *inputs: Tensor, reverse: bool) -> Any:
    if g[2] is not None:
        return _gru_plain.vjp(g, y, *inputs, reverse=reverse)
    _, h0, recurrent, _, *counts = inputs
    seeds = [_seed(part, like) for part, like in zip(g[:2], y[:2], strict=True)]
    found = gru_loop_grad(y[2], y[0], h0, recurrent, *seeds, *counts, reverse=reverse)
    da, dh, before, db, total = found
    return da, dh, _product_grad(before, db), total, *(None for _ in counts)


gru_loop = primitive("gru_loop", _gru, cases=_GRU, vjp=_gru_vjp)


@composite(*_both((_B, _T, _I), _STATE, (_I, 3 * _U), (_U, 3 * _U), (2, 3 * _U)))
def gru(
    x: TensorLike,
    h0: TensorLike,
    kernel: TensorLike,
    recurrent: TensorLike,
    bias: TensorLike,
    *counts: Any,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """(sequence, h) of a GRU with its reset after the product; see `gru_loop`.

    x (B, T, I), kernel (I, 3U).
    """
    _check(x, kernel, recurrent, 3, "gru")
    given = map(_wide, (matmul(x, kernel), h0, recurrent, bias))
    found = gru_loop(*given, *counts, reverse=reverse)
    return cast_like(found[0], x), cast_like(found[1], x)
