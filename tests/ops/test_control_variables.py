"""Control flow and variables: no rounds at all, values of other variables, failing bodies."""

from __future__ import annotations

from typing import Any

import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.graph import GradientTape, Variable, convert_to_tensor
from kerasish.ops.control.remat import remat


@pytest.mark.parametrize("how", [lambda f: f, function], ids=["eager", "compiled"])
def test_a_loop_of_no_rounds_changes_nothing(how: Any) -> None:
    v = Variable(1.0)

    def step(carry: Any, x: Any) -> Any:
        v.assign(v + 1)
        return carry * 2, {"twice": ops.stack([x, x]), "none": None}

    def program(x: Any) -> Any:
        last, rows = ops.scan(step, x, ops.zeros((0, 3)))
        done = ops.fori_loop(3, 3, lambda i, s: step(s, s)[0], last)
        held = ops.while_loop(lambda s: s < 0, lambda s: (step(s, s)[0],), (done,))[0]
        return held, rows["twice"], ops.map(lambda r: r * 2, ops.zeros((0, 2)))

    value, rows, mapped = how(program)(convert_to_tensor(3.0))
    assert (float(value), float(v.numpy())) == (3, 1)
    assert (rows.shape, mapped.shape, rows.dtype) == ((0, 2, 3), (0, 2), "float32")


def test_a_loop_of_no_rounds_does_not_call_its_body_eagerly() -> None:
    assert int(ops.fori_loop(2, 1, lambda i, s: 1 / 0, 7)) == 7


def _hard_update(a: Variable, b: Variable, c: Variable, x: Any) -> None:
    ops.cond(x > 0, lambda: (b.assign(a), x)[1], lambda: x)


def _swap(a: Variable, b: Variable, c: Variable, x: Any) -> None:
    def body(i: Any) -> Any:
        first, second = a.value, b.value
        a.assign(second)
        b.assign(first)
        return (i + 1,)

    ops.while_loop(lambda i: i < 1, body, (convert_to_tensor(0),), maximum_iterations=3)


def _shift(a: Variable, b: Variable, c: Variable, x: Any) -> None:
    ops.fori_loop(0, 2, lambda i, s: (c.assign(b), b.assign(a), a.assign(s), s + 1)[3], x)


def _switch(a: Variable, b: Variable, c: Variable, x: Any) -> None:
    def both() -> Any:
        c.assign(a)
        return ops.cond(x > 1, lambda: (a.assign(b), x)[1], lambda: (a.assign(c), x)[1])

    ops.switch(ops.cast(x, "int32"), [lambda: x, both])


def _scan(a: Variable, b: Variable, c: Variable, x: Any) -> None:
    ops.scan(lambda s, r: ((b.assign(a), a.assign(r), s)[2], c.value), x, ops.arange(3.0))


@pytest.mark.parametrize("program", [_hard_update, _swap, _shift, _switch, _scan])
@pytest.mark.parametrize("start", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("read_first", [False, True])
def test_bodies_give_variables_the_values_of_others(
    program: Any, start: float, read_first: bool
) -> None:
    found = []
    for how in (lambda f: f, function):
        held = [Variable(float(i + 1)) for i in range(3)]

        def step(x: Any, held: Any = held) -> Any:
            before = held[0] * 1000 if read_first else 0.0
            with GradientTape() as tape:
                program(*held, x)
                total = held[0] + 10 * held[1] * held[1] + 100 * held[2]
            grads = [g * 1 if g is not None else 0.0 for g in tape.gradient(total, held)]
            return total + before, grads

        value, grads = how(step)(convert_to_tensor(start))
        found.append([float(value), *map(float, grads), *(float(v.numpy()) for v in held)])
    assert found[0] == found[1]


def test_an_exception_in_a_body_leaves_variables_as_they_were() -> None:
    v, w = Variable(1.0), Variable(2.0)

    def fails(*_: Any) -> Any:
        v.assign(w)
        raise RuntimeError("in the body")

    def program(x: Any) -> Any:
        for part in (
            lambda: ops.cond(x > 0, fails, fails),
            lambda: ops.fori_loop(0, 3, fails, x),
            lambda: ops.vectorized_map(fails, ops.ones((3,))),
            lambda: remat(fails)(x),
        ):
            with pytest.raises(RuntimeError, match="in the body"):
                part()
        return v * x

    assert float(function(program)(convert_to_tensor(5.0))) == 5
    assert float(v.numpy()) == 1
