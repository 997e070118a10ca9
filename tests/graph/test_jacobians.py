"""Jacobians and Hessians: against formulas, against one another, eager and compiled, of vmaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.compiler import function
from kerasish.errors import GradientError
from kerasish.graph import (
    GradientTape,
    Variable,
    convert_to_tensor,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    trace,
)
from kerasish.spec import TensorSpec
from kerasish.testing import numeric_grad
from tests.tolerances import assert_close

RNG = np.random.default_rng(0)
X, M, B = RNG.normal(size=3), RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3))


def runs(func: Any) -> list[Any]:
    return [func, function(func)]


def close(actual: Any, expected: Any) -> None:
    assert_close(actual, expected, dtype="float64")


@pytest.mark.parametrize("derive", [jacobian, jacfwd])
def test_of_one_argument(derive: Any) -> None:
    for run in runs(derive(lambda x: ops.tanh(ops.matmul(M, x)))):
        close(run(X), (1 - np.tanh(M @ X) ** 2)[:, None] * M)


@pytest.mark.parametrize("derive", [jacobian, jacfwd])
def test_of_tensors_of_any_rank(derive: Any) -> None:
    found = derive(lambda a: ops.transpose(a) * 2)(M)
    assert found.shape == (3, 4, 4, 3)
    close(found, 2 * np.einsum("ik,jl->jikl", np.eye(4), np.eye(3)))


@pytest.mark.parametrize("derive", [jacobian, jacfwd])
def test_of_several_arguments_and_results(derive: Any) -> None:
    def f(a: Any, b: Any) -> Any:
        return {"p": a * b, "s": (ops.sum(a), a + 1)}

    for run in runs(derive(f, (0, 1))):
        found = run(X, X + 1)
        close(found["p"][0], np.diag(X + 1))
        close(found["p"][1], np.diag(X))
        close(found["s"][0][0], np.ones(3))
        close(found["s"][1][1], np.zeros((3, 3)))


def test_of_a_structure() -> None:
    found = jacobian(lambda p: ops.matmul(p["m"], p["x"]))({"m": M, "x": X})
    close(found["x"], M)
    close(found["m"], np.einsum("ik,l->ikl", np.eye(4), X))


@pytest.mark.parametrize("derive", [jacobian, jacfwd])
def test_of_a_constant(derive: Any) -> None:
    close(derive(lambda x: ops.ones((2,), "float64"))(X), np.zeros((2, 3)))


def cubic(x: Any) -> Any:
    return ops.sum(ops.sin(x) * x * x[::-1])


def test_hessian() -> None:
    wanted = np.stack([numeric_grad(lambda x, i=i: grad(cubic)(x)[i], X) for i in range(3)])
    for run in runs(hessian(cubic)):
        found = run(X)
        assert_close(found, wanted, "second_gradient", "float64")
        close(found, found.numpy().T)
    v = RNG.normal(size=3)
    close(hvp(cubic, [X], [v])[0], hessian(cubic)(X).numpy() @ v)
    close(jacfwd(grad(cubic))(X), hessian(cubic)(X))


def test_hessian_of_several_arguments() -> None:
    found = hessian(lambda a, b: ops.sum(a * a * b), (0, 1))(X, X + 1)
    close(found[0][0], np.diag(2 * (X + 1)))
    close(found[0][1], np.diag(2 * X))
    close(found[1][1], np.zeros((3, 3)))


def test_the_backward_pass_is_made_once() -> None:
    def steps(size: int) -> int:
        f = jacobian(lambda x: ops.tanh(ops.matmul(np.ones((size, 3)), x)))
        return len(trace(f, [TensorSpec((3,), "float64")])[0])

    assert steps(4) == steps(300)


def test_tape_jacobian_of_variables_and_watched() -> None:
    w = Variable(M.T.copy(), name="w")
    x = convert_to_tensor(B)

    def both(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.matmul(x, w)
        return tape.jacobian(y, {"x": x, "w": w})

    for run in (both, function(lambda x: both(x))):
        found = run(x)
        close(found["x"], np.einsum("ik,jl->ijkl", np.eye(2), M))
        close(found["w"], np.einsum("ik,jl->ijkl", B, np.eye(4)))


def test_tape_jacobian_of_what_it_did_not_follow() -> None:
    x, other = convert_to_tensor(X), convert_to_tensor(X)
    with GradientTape() as tape:
        tape.watch([x, other])
        y = x * 2
    assert tape.jacobian(y, other) is None
    assert tape.batch_jacobian(y, other) is None


def test_batch_jacobian() -> None:
    dense = layers.Dense(4, activation="tanh", dtype="float64")

    def each(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = dense(x)
        return tape.batch_jacobian(y, x), tape.jacobian(y, x)

    rows, full = each(convert_to_tensor(B))
    close(rows, np.stack([full.numpy()[i, :, i] for i in range(2)]))
    close(function(lambda x: each(x)[0])(B), rows)


def test_batch_jacobian_wants_rows() -> None:
    x = convert_to_tensor(B)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(x)
    with pytest.raises(GradientError, match="one leading size"):
        tape.batch_jacobian(y, x)


def test_with_maps() -> None:
    f = lambda x: ops.sin(x) * ops.sum(x)  # noqa: E731
    wanted = np.stack([np.asarray(jacobian(f)(convert_to_tensor(b))) for b in B])
    for run in runs(lambda b: ops.vectorized_map(jacobian(f), b)):
        close(run(B), wanted)
    full = jacobian(lambda b: ops.vectorized_map(f, b))(B)
    close(full, np.einsum("ij,iab->iajb", np.eye(2), wanted))
    rows = [np.asarray(hessian(cubic)(convert_to_tensor(b))) for b in B]
    close(ops.vectorized_map(hessian(cubic), B), np.stack(rows))
