"""LSTM and GRU against their equations step by step in numpy; gradients of some results only."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import function, ops
from kerasish.errors import ShapeError
from kerasish.graph import GradientTape, convert_to_tensor
from kerasish.graph.op import get
from kerasish.ops.nn.recurrent import gru, gru_loop, lstm, lstm_loop
from kerasish.testing import check_op
from kerasish.testing.gradients import check_grads
from tests.tolerances import assert_close

RNG = np.random.default_rng(8)
B, T, N, U = 3, 6, 4, 5


def draw(*shape):
    return RNG.normal(size=shape) * 0.5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_inputs():
    return [draw(B, T, N), draw(B, U), draw(B, U), draw(N, 4 * U), draw(U, 4 * U), draw(4 * U)]


def lstm_loop_inputs():
    return [draw(B, T, 4 * U), *lstm_inputs()[1:3], *lstm_inputs()[4:]]


def gru_inputs():
    return [draw(B, T, N), draw(B, U), draw(N, 3 * U), draw(U, 3 * U), draw(2, 3 * U)]


def gru_loop_inputs():
    return [draw(B, T, 3 * U), gru_inputs()[1], *gru_inputs()[3:]]


def test_lstm_is_its_equations():
    x, h, c, kernel, recurrent, bias = arrays = lstm_inputs()
    hs = []
    for t in range(T):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hs.append(h)
    found = lstm(*arrays)
    for got, expected in zip(found, (np.stack(hs, 1), h, c), strict=True):
        assert_close(got, expected, dtype="float64")


def test_gru_is_its_equations():
    x, h, kernel, recurrent, bias = arrays = gru_inputs()
    hs = []
    for t in range(T):
        a = np.split(x[:, t] @ kernel + bias[0], 3, -1)
        b = np.split(h @ recurrent + bias[1], 3, -1)
        z, r = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
        h = z * h + (1 - z) * np.tanh(a[2] + r * b[2])
        hs.append(h)
    found = gru(*arrays)
    for got, expected in zip(found, (np.stack(hs, 1), h), strict=True):
        assert_close(got, expected, dtype="float64")


@pytest.mark.parametrize("name", ["lstm_loop_grad", "gru_loop_grad"])
def test_gradient_ops(name):
    check_op(get(name))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("op", "inputs", "which"),
    [(lstm, lstm_inputs, (0,)), (lstm, lstm_inputs, (2,)), (gru, gru_inputs, (1,)),
     (lstm_loop, lstm_loop_inputs, (1, 3, 4)), (gru_loop, gru_loop_inputs, (0, 2))],
)  # fmt: skip
def test_gradients_of_some_results_only(op, inputs, which, reverse):
    check_grads(lambda *xs: [op(*xs, reverse=reverse)[i] for i in which], inputs(), 2)


@pytest.mark.parametrize(("op", "inputs"), [(lstm, lstm_inputs), (gru, gru_inputs)])
def test_in_reverse_is_the_other_direction_of_time(op, inputs):
    x, *rest = inputs()
    y, *states = op(x, *rest, reverse=True)
    turned, *others = op(x[:, ::-1], *rest)
    for got, want in zip((y[:, ::-1], *states), (turned, *others), strict=True):
        assert_close(got, want, dtype="float64")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(("op", "inputs"), [(lstm, lstm_inputs), (gru, gru_inputs)])
def test_states_of_16_bit_floats_are_carried_in_float32(op, inputs, dtype):
    """One rounding at the end, however many steps there are: compared with float64."""
    x, *rest = (ops.cast(a.repeat(40, 1) if a.ndim == 3 else a, dtype) for a in inputs())
    found = function(op)(x, *rest)
    assert {y.dtype for y in found} == {dtype}
    z = ops.cast(ops.matmul(x, rest[-3]), "float64")  # rounded once before the loop
    states = [ops.cast(a, "float64") for a in (*rest[:-3], *rest[-2:])]
    loop = lstm_loop if op is lstm else gru_loop
    half_ulp = 2.0**-8 if dtype == "bfloat16" else 2.0**-11
    for got, want in zip(found, loop(z, *states, reverse=False), strict=False):
        wide = ops.cast(got, "float64").numpy()
        np.testing.assert_allclose(wide, want.numpy(), rtol=1.01 * half_ulp, atol=2e-6)


def test_one_step_and_none():
    x, h, c, kernel, recurrent, bias = lstm_inputs()
    check_grads(lambda *xs: list(lstm(*xs)), [x[:, :1], h, c, kernel, recurrent, bias], 1)
    sequence, last, cell = lstm(x[:, :0], h, c, kernel, recurrent, bias)
    assert sequence.shape == (B, 0, U)
    assert_close(last, h, dtype="float64")
    assert_close(cell, c, dtype="float64")


def test_the_gradient_of_a_step_of_no_steps_is_that_of_the_states():
    x, *rest = map(convert_to_tensor, lstm_inputs())
    with GradientTape() as tape:
        tape.watch(rest)
        h = lstm(x[:, :0], *rest)[1]
        total = ops.sum(h)
    g = tape.gradient(total, rest)
    assert_close(g[0], np.ones((B, U)), dtype="float64")
    assert not g[2].numpy().any()


def test_kernels_that_do_not_fit_are_refused():
    x, h, c, kernel, recurrent, bias = lstm_inputs()
    with pytest.raises(ShapeError, match=r"4 \* units"):
        lstm(x, h, c, kernel[:-1], recurrent, bias)
    with pytest.raises(ShapeError, match=r"3 \* units"):
        gru(x, h, kernel, recurrent, bias)
