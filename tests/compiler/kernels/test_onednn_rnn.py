"""oneDNN's LSTM and GRU against Keras's equations; gradients by complex-step differentiation."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.compiler.kernels.onednn import library, rnn
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)

SIZES = [  # batch, steps, features, units
    (1, 1, 1, 1),
    (1, 4, 3, 1),
    (2, 3, 1, 5),
    (3, 5, 4, 3),
    (2, 2, 3, 17),
]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(x, states, kernel, recurrent, bias):
    h, c = states
    ys = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        ys.append(h)
    return np.stack(ys, 1), (h, c)


def gru(x, states, kernel, recurrent, bias):
    (h,) = states
    ys = []
    for t in range(x.shape[1]):
        xz, xr, xh = np.split(x[:, t] @ kernel + bias[0], 3, axis=-1)
        hz, hr, hh = np.split(h @ recurrent + bias[1], 3, axis=-1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        h = z * h + (1 - z) * np.tanh(xh + r * hh)
        ys.append(h)
    return np.stack(ys, 1), (h,)


CELLS = {"lstm": lstm, "gru": gru}
each_cell = pytest.mark.parametrize("cell", CELLS)


def inputs(cell, batch, steps, features, units):
    rng = np.random.default_rng(0)
    gates, states = rnn.GATES[cell], 2 if cell == "lstm" else 1

    def draw(*shape):
        return rng.standard_normal(shape, dtype="f4") * np.float32(0.7)

    return rnn.Inputs(
        draw(batch, steps, features),
        tuple(draw(batch, units) for _ in range(states)),
        draw(features, gates * units) / np.float32(features**0.5),
        draw(units, gates * units) / np.float32(units**0.5),
        draw(4 * units) if cell == "lstm" else draw(2, 3 * units),
    )


def reference(cell, values, dtype="f8"):
    def cast(a):
        return a.astype(dtype)

    y, states = CELLS[cell](cast(values.x), tuple(map(cast, values.states)), *map(cast, values[2:]))
    return rnn.Results(y, states)


def empty_results(cell, batch, steps, features, units):
    count = 2 if cell == "lstm" else 1
    return rnn.Results(
        np.full((batch, steps, units), np.nan, "f4"),
        tuple(np.full((batch, units), np.nan, "f4") for _ in range(count)),
    )


def workspace(cell, sizes):
    return np.empty(rnn.workspace_nbytes(rnn.Sizes(cell, *sizes)), "u1")


def leaves(values):
    """(name, array) of every array in `Inputs` or `Results`."""
    for name, part in zip(values._fields, values, strict=True):
        if isinstance(part, tuple):
            yield from ((f"{name}[{i}]", a) for i, a in enumerate(part))
        else:
            yield name, part


def complex_step(cell, values, grads):
    """d(sum of results * grads) / d(every element of every input), exact to rounding."""
    wide = rnn.Inputs(*(
        tuple(a.astype("c16") for a in p) if isinstance(p, tuple) else p.astype("c16")
        for p in values
    ))  # fmt: skip
    step = 1e-200
    for _, array in leaves(wide):
        out = np.empty(array.shape)
        for at in np.ndindex(array.shape):
            array[at] += 1j * step
            result = reference(cell, wide, "c16")
            array[at] -= 1j * step
            out[at] = sum(
                (r * g).sum()
                for (_, r), (_, g) in zip(leaves(result), leaves(grads), strict=True)
            ).imag / step  # fmt: skip
        yield out


@each_cell
@pytest.mark.parametrize("sizes", [*SIZES, (33, 20, 12, 24)], ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_forward(cell, sizes, training):
    values, results = inputs(cell, *sizes), empty_results(cell, *sizes)
    buffer = workspace(cell, sizes) if training else None
    step = rnn.bind_rnn(cell, values, results, buffer)
    for _ in range(2):
        step()
        for (_, got), (_, want) in zip(
            leaves(results), leaves(reference(cell, values)), strict=True
        ):
            assert_close(got, want)
        values.bias[...] *= 0.5
        values.recurrent[...] *= -0.5


@each_cell
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_backward(cell, sizes):
    values, results = inputs(cell, *sizes), empty_results(cell, *sizes)
    buffer = workspace(cell, sizes)
    rng = np.random.default_rng(1)

    def like(a):
        return rng.standard_normal(a.shape, dtype="f4")

    grads = rnn.Results(like(results.y), tuple(map(like, results.states)))
    found = rnn.Inputs(*(
        tuple(np.full_like(a, np.nan) for a in p) if isinstance(p, tuple)
        else np.full_like(p, np.nan) for p in values
    ))  # fmt: skip
    go = rnn.bind_rnn(cell, values, results, buffer)
    back = rnn.bind_rnn_grad(cell, values, results, buffer, grads, found)
    want = list(complex_step(cell, values, grads))
    for _ in range(2):  # the second run must not add to the first
        go()
        back()
        for (_, got), expected in zip(leaves(found), want, strict=True):
            assert_close(got, expected, "first_gradient")


@each_cell
def test_absent_states_biases_and_gradients_are_zeros(cell):
    sizes = (3, 5, 4, 3)
    values, results = inputs(cell, *sizes), empty_results(cell, *sizes)
    for array in (*values.states, values.bias):
        array[...] = 0
    none = (None,) * len(values.states)
    bare = values._replace(states=none, bias=None)
    buffer = workspace(cell, sizes)
    rnn.bind_rnn(cell, bare, results, buffer)()
    want = reference(cell, values)
    assert_close(results.y, want.y)
    last_h = rnn.Results(
        np.zeros_like(results.y),
        (np.ones((3, 3), "f4"), *(np.zeros((3, 3), "f4") for _ in none[1:])),
    )
    dx = np.empty_like(values.x)
    rnn.bind_rnn_grad(
        cell, bare, results, buffer,
        rnn.Results(None, (last_h.states[0], *none[1:])),
        rnn.Inputs(dx, none, None, None, None),
    )()  # fmt: skip
    assert_close(dx, next(complex_step(cell, values, last_h)), "first_gradient")


@each_cell
def test_unwanted_results_and_strided_inputs(cell):
    sizes = (3, 5, 4, 3)
    values, results = inputs(cell, *sizes), empty_results(cell, *sizes)
    strided = values._replace(
        x=np.ascontiguousarray(values.x.swapaxes(0, 1)).swapaxes(0, 1),
        kernel=np.repeat(values.kernel, 2, axis=1)[:, ::2],
        recurrent=np.ascontiguousarray(values.recurrent[::-1])[::-1],
        states=tuple(np.broadcast_to(s[:1], s.shape) for s in values.states),
    )
    last = results.states[0]
    rnn.bind_rnn(cell, strided, rnn.Results(None, (last, *(None,) * (len(results.states) - 1))))()
    assert_close(last, reference(cell, strided).states[0])
