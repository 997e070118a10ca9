"""Higher and mixed derivatives, forward mode, several outputs: eager and compiled alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops, registry
from kerasish.compiler import function
from kerasish.errors import GradientError
from kerasish.graph import (
    GradientTape,
    Op,
    convert_to_tensor,
    grad,
    hvp,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from kerasish.graph.op import declare, no_gradient
from kerasish.spec import TensorSpec
from kerasish.testing.gradients import check_grads
from tests.tolerances import assert_close

EAGER_AND_COMPILED = pytest.mark.parametrize(
    "how", [lambda f: f, function], ids=["eager", "compiled"]
)


def double(*values: Any) -> list[Any]:
    return [convert_to_tensor(np.asarray(v, "float64")) for v in values]


def field(x: Any, y: Any) -> Any:
    """x^2 y^3 + sin(x y)."""
    return ops.sum(x**2 * y**3 + ops.sin(x * y))


@EAGER_AND_COMPILED
def test_mixed_second_derivatives_commute(how: Callable[..., Any]) -> None:
    def mixed(first: int, second: int) -> Callable[..., Any]:
        return how(grad(lambda x, y: ops.sum(grad(field, first)(x, y)), second))

    x, y = double(0.7, -1.3)
    exact = 6 * 0.7 * 1.69 + np.cos(-0.91) + 0.91 * np.sin(-0.91)
    assert float(mixed(0, 1)(x, y)) == pytest.approx(exact)
    assert float(mixed(1, 0)(x, y)) == pytest.approx(exact)
    both = how(lambda x, y: grad(field, (0, 1))(x, y))(x, y)
    assert [float(g) for g in both] == pytest.approx(
        [2 * 0.7 * -(1.3**3) - 1.3 * np.cos(-0.91), 3 * 0.49 * 1.69 + 0.7 * np.cos(-0.91)]
    )


@EAGER_AND_COMPILED
def test_fourth_derivative(how: Callable[..., Any]) -> None:
    fourth = how(grad(grad(grad(grad(lambda x: ops.exp(2 * x) * x)))))
    (x,) = double(0.3)
    assert float(fourth(x)) == pytest.approx(np.exp(0.6) * (16 * 0.3 + 32))


@EAGER_AND_COMPILED
def test_hessian_vector_products(how: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(4, 4))

    def func(x: Any) -> Any:
        return ops.sum(ops.tanh(a @ x) * x)

    x, v = rng.normal(size=4), rng.normal(size=4)
    (got,) = how(lambda p, t: hvp(func, (p,), (t,)))(*double(x, v))
    slope, step = grad(func), 1e-6
    up, down = (slope(convert_to_tensor(x + s * step * v)).numpy() for s in (1, -1))
    assert_close(got.numpy(), (up - down) / (2 * step), "second_gradient", "float64")


@EAGER_AND_COMPILED
def test_forward_mode_agrees_with_reverse_mode(how: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)

    def func(x: Any, w: Any) -> dict[str, Any]:
        h = ops.tanh(x @ w)
        return {"h": h, "norm": ops.sqrt(ops.sum(h * h, axis=-1) + 1), "top": ops.top_k(h, 1)[0]}

    x, w, dx, dw = (rng.normal(size=s) for s in ((3, 4), (4, 5), (3, 4), (4, 5)))
    out, moved = how(lambda *p: jvp(func, p[:2], p[2:]))(*double(x, w, dx, dw))
    primal, pull = vjp(func, *double(x, w))
    seeds = {k: convert_to_tensor(rng.normal(size=v.shape)) for k, v in primal.items()}
    gx, gw = pull(seeds)
    left = sum(float(ops.sum(seeds[k] * moved[k])) for k in seeds)
    right = float(ops.sum(gx * dx) + ops.sum(gw * dw))
    assert left == pytest.approx(right)
    for key in out:
        assert_close(out[key].numpy(), primal[key].numpy(), "value", "float64")


def test_forward_mode_where_the_function_gives_infinity() -> None:
    (x,) = double(0.0)
    out, moved = jvp(lambda t: 1 / t, (x,), double(1.0))
    assert np.isinf(float(out))
    assert np.isneginf(float(moved))


@EAGER_AND_COMPILED
def test_tapes_nest_around_and_inside_what_is_compiled(how: Callable[..., Any]) -> None:
    def slope(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(x**3)
        return tape.gradient(y, x)

    (x,) = double([1.0, 2.0])
    with GradientTape() as outer:
        outer.watch(x)
        g = how(slope)(x)
    np.testing.assert_allclose(outer.gradient(g, x).numpy(), [6, 12])


def test_a_stop_holds_for_every_order() -> None:
    def func(x: Any) -> Any:
        return x * x * stop_gradient(x)

    (x,) = double(3.0)
    assert float(grad(func)(x)) == 2 * 3 * 3
    assert float(grad(grad(func))(x)) == 2 * 3


def test_a_gradient_with_the_value_and_what_comes_beside_it() -> None:
    (x,) = double([1.0, 2.0])
    (value, aux), g = value_and_grad(lambda t: (ops.sum(t * t), {"twice": t * 2}), has_aux=True)(x)
    assert float(value) == 5
    assert aux["twice"].numpy().tolist() == [2, 4]
    assert g.numpy().tolist() == [2, 4]


# --- several outputs ------------------------------------------------------------------------------


@pytest.fixture
def pair() -> Iterator[tuple[Op, list[tuple[bool, ...]]]]:
    """(op: x -> (x^2, x^3), which output gradients each call of its vjp was given)."""
    seen: list[tuple[bool, ...]] = []

    def backward(g: Any, y: Any, x: Any) -> Any:
        seen.append(tuple(part is not None for part in g))
        total = [part * slope for part, slope in zip(g, (2 * x, 3 * x * x), strict=True)
                 if part is not None]  # fmt: skip
        return sum(total[1:], total[0])

    made = Op("test_pair", lambda x: (x, x), lambda xp, x: (x * x, x * x * x), vjp=backward)
    yield declare(made), seen
    registry._entries["op"].pop("test_pair")


@EAGER_AND_COMPILED
@pytest.mark.parametrize(
    ("use", "given", "want"),
    [
        (lambda a, b: a, (True, False), 4),
        (lambda a, b: b, (False, True), 12),
        (lambda a, b: a + b, (True, True), 16),
        (lambda a, b: a * a, (True, False), 32),
    ],
)
def test_unused_outputs_bring_no_gradient(
    how: Callable[..., Any], pair: Any, use: Callable[..., Any], given: Any, want: float
) -> None:
    op, seen = pair
    (x,) = double(2.0)
    assert float(how(grad(lambda t: use(*op(t))))(x)) == want
    assert seen == [given]


def test_no_output_used_at_all(pair: Any) -> None:
    op, seen = pair
    (x,) = double(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        op(x)
        y = x * 1
    assert float(tape.gradient(y, x)) == 1
    assert seen == []


def test_second_derivatives_through_several_outputs(pair: Any) -> None:
    op, _ = pair
    check_grads(lambda x: op(x)[0] * op(x)[1], [np.array([0.5, 1.5])], order=2)
    check_grads(lambda x: ops.sum(ops.linalg.qr(x)[1] ** 2), [np.eye(3) + 0.1 * np.ones((3, 3))])


# --- broadcasting ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_gradients_of_broadcast_inputs_are_summed(data: st.DataObject) -> None:
    full = data.draw(st.lists(st.integers(1, 4), max_size=4))
    shapes = []
    for _ in range(data.draw(st.integers(2, 3))):
        lead = data.draw(st.integers(0, len(full)))
        shapes.append(tuple(data.draw(st.sampled_from([1, d])) for d in full[lead:]))
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in shapes]
    shape = np.broadcast_shapes(*shapes)

    def product(*xs: Any) -> Any:
        out = xs[0]
        for x in xs[1:]:
            out = out * x
        return out

    tensors = double(*arrays)
    with GradientTape() as tape:
        tape.watch(tensors)
        y = product(*tensors)
    for i, g in enumerate(tape.gradient(y, tensors)):
        others = product(*(np.broadcast_to(a, shape) for k, a in enumerate(arrays) if k != i))
        want = np.broadcast_to(others, shape)
        lead = len(shape) - len(shapes[i])
        want = want.sum(axis=tuple(range(lead)))
        ones = tuple(k for k, d in enumerate(shapes[i]) if d == 1)
        np.testing.assert_allclose(g.numpy(), want.sum(axis=ones, keepdims=True), rtol=1e-12)


# --- errors ---------------------------------------------------------------------------------------


def broken(**fields: Any) -> Op:
    return Op("test_broken", lambda *s: s[0], lambda xp, *a: a[0] * 1, **fields)


def test_a_gradient_of_the_wrong_shape_names_the_op_and_both_shapes() -> None:
    op = broken(vjp=lambda g, y, x: ops.ones((5, 7), "float64"))
    with pytest.raises(GradientError, match=r"'test_broken'.*Expected: \(2,\).*Received: \(5, 7\)"):
        grad(lambda x: ops.sum(op(x)))(*double([1.0, 2.0]))
    op = broken(vjp=lambda g, y, x: ops.sum(g))
    with pytest.raises(GradientError, match=r"Expected: \(2,\).*Received: \(\)"):
        grad(lambda x: ops.sum(op(x)))(*double([1.0, 2.0]))


def test_a_gradient_of_the_wrong_count_says_how_many() -> None:
    op = broken(vjp=lambda g, y, a, b: (g,))
    with pytest.raises(GradientError, match=r"one entry per input \(2\). Received: 1"):
        grad(lambda x: ops.sum(op(x, x)))(*double([1.0]))


def test_an_op_declared_without_a_gradient_stops_it() -> None:
    assert float(grad(lambda x: broken(vjp=no_gradient)(x) + 3 * x)(*double(2.0))) == 3


def test_an_op_that_does_not_say_its_gradient_raises_where_it_is_needed() -> None:
    op = broken()
    for run in (lambda f: f, function):
        with pytest.raises(GradientError, match=r"'test_broken'.*vjp=no_gradient.*Received"):
            run(grad(lambda x: op(x) + 3 * x))(*double(2.0))
        through = run(grad(lambda x: op(stop_gradient(x)) + 3 * x))
        assert float(through(*double(2.0))) == 3
        assert float(run(grad(lambda x: 3 * x + op(2.0)))(*double(2.0))) == 3


def test_wrong_arguments_say_what_to_do() -> None:
    (x,) = double([1.0, 2.0])
    with pytest.raises(GradientError, match=r"shape \(2,\). Reduce it with kerasish.ops.sum"):
        grad(lambda t: t)(x)
    with pytest.raises(GradientError, match=r"int32\[1\]. Cast it"):
        grad(lambda t: ops.sum(t * 1.0))(convert_to_tensor([1]))
    with pytest.raises(GradientError, match="variables, or tensors that the tape watched"):
        GradientTape().gradient(x, [1.0])
    spec = TensorSpec((2,), "float64")
    assert function(grad(ops.sum)).plan_for(spec).graph.outputs[0].spec == spec
