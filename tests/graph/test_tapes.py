"""What a tape sees: what happens while it is open, of what it watches; eager and compiled alike."""

from __future__ import annotations

from typing import Any

import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.errors import GradientError
from kerasish.graph import GradientTape, Variable, convert_to_tensor, grad, stop_gradient

EAGER_AND_COMPILED = pytest.mark.parametrize(
    "how", [lambda f: f, function], ids=["eager", "compiled"]
)


def number(x: Any) -> float | None:
    return None if x is None else float(x)


def run(how: Any, func: Any, value: float = 2.0) -> list[float | None]:
    found = how(func)(convert_to_tensor(value))
    return [number(x) for x in found] if isinstance(found, (list, tuple)) else [number(found)]


@EAGER_AND_COMPILED
def test_what_happened_before_the_opening_is_constant(how: Any) -> None:
    v = Variable(1.0)

    def step(x: Any) -> Any:
        v.assign(v + x * x)
        old = x * 3
        with GradientTape() as tape:
            tape.watch(x)
            y = v * x + old
        return tape.gradient(y, [x, v])

    assert run(how, step) == [5, 2]


@EAGER_AND_COMPILED
def test_an_expression_made_before_and_inside_is_two(how: Any) -> None:
    def step(x: Any) -> Any:
        old = x * x
        with GradientTape() as tape:
            tape.watch(x)
            y = x * x
        later = x * x
        return [tape.gradient(t, x) for t in (old, y, later)]

    assert run(how, step) == [None, 4, None]


@EAGER_AND_COMPILED
def test_inner_tapes_see_nothing_older_or_younger_than_themselves(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as outer:
            outer.watch(x)
            old = x * x
            with GradientTape() as inner:
                inner.watch(x)
                y, z = x * x, old * 3
            later = y * 3
            both = later + z
            first = inner.gradient(y, x)
            got = [inner.gradient(z, x), inner.gradient(later, x), first]
        return [*got, outer.gradient(first, x), outer.gradient(both, x)]

    assert run(how, step) == [None, None, 4, 2, 24]


@EAGER_AND_COMPILED
def test_each_tape_watches_for_itself(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                y = x * 3
        return [inner.gradient(y, x), outer.gradient(y, x)]

    assert run(how, step) == [None, 3]


@EAGER_AND_COMPILED
def test_a_tensor_counts_from_when_it_is_watched(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            old = x * x
            tape.watch(x)
            y = old * x
        return tape.gradient(y, x)

    assert run(how, step) == [4]


@EAGER_AND_COMPILED
def test_intermediate_results_are_sources_where_they_come_from_something_watched(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            free = x * 3
            tape.watch(x)
            y = x * 3
            z = y * y + free * free
        return [tape.gradient(z, y), tape.gradient(z, free), tape.gradient(z, x)]

    assert run(how, step) == [12, None, 36]


@EAGER_AND_COMPILED
def test_equal_tensors_are_two(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            a, b = x * 2, x * 2
            y = b * 3
        return [tape.gradient(y, a), tape.gradient(y, b)]

    assert run(how, step) == [None, 3]


@EAGER_AND_COMPILED
def test_a_variable_counts_from_its_first_read_inside(how: Any) -> None:
    v = Variable(2.0)

    def step(x: Any) -> Any:
        old = v.value
        with GradientTape() as outer:
            a = v * x
            with GradientTape() as inner:
                b = a * 3 + v * v + old
        return [inner.gradient(b, v), outer.gradient(b, v)]

    assert run(how, step, 5.0) == [4, 19]


@EAGER_AND_COMPILED
def test_a_gradient_flows_on_through_assignments(how: Any) -> None:
    v, w = Variable(2.0), Variable(3.0)

    def step(x: Any) -> Any:
        v.assign(2.0)
        w.assign(3.0)
        with GradientTape() as tape:
            tape.watch(x)
            y = v * v
            v.assign(v * w * x)
            w.assign(v)
            y = y + w * 10
        return tape.gradient(y, [v, w, x])

    assert run(how, step) == [64, 40, 60]


@EAGER_AND_COMPILED
def test_a_tape_between_two_updates_sees_neither(how: Any) -> None:
    v, w = Variable(2.0), Variable(1.0)

    def step(x: Any) -> Any:
        v.assign(2.0)
        w.assign(1.0)
        grads = []
        for _ in range(2):
            with GradientTape() as tape:
                y = v * w * x
            grads += tape.gradient(y, [v, w])
            v.assign_sub(0.5 * grads[-2])
            w.assign_sub(0.5 * grads[-1])
        return grads

    assert run(how, step) == [2, 4, -2, 2]


@EAGER_AND_COMPILED
def test_a_tape_sees_every_span_in_which_it_is_open(how: Any) -> None:
    v = Variable(3.0)

    def step(x: Any) -> Any:
        v.assign(3.0)
        tape = GradientTape(persistent=True)
        with tape:
            tape.watch(x)
            y = x * v
            with tape.stop_recording():
                hidden = x * v
        shut = x * v
        with tape:
            z = y * v + hidden + shut
        with tape:
            v.assign(v * x)
            u = v * 1
        return [*tape.gradient(z, [x, v]), *tape.gradient(u, [x, v])]

    assert run(how, step) == [9, 12, 3, 2]


def test_a_variable_changed_outside_of_a_tape_is_read_anew() -> None:
    v = Variable(3.0)
    tape = GradientTape()
    with tape:
        y = v * v
    v.assign(5.0)
    with tape:
        z = v * 2
    assert [number(tape.gradient(t, v)) for t in (y, z)] == [6, None]
    with tape, tape.stop_recording():
        function(lambda: v.assign(7.0))()
    with tape:
        z = v * 2
    assert float(z) == 14


@EAGER_AND_COMPILED
def test_reset_begins_anew(how: Any) -> None:
    v = Variable(3.0)

    def step(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = x * v
            tape.reset()
            z = y + v * x
        return [*tape.gradient(z, [x, v]), *tape.gradient(y, [x, v])]

    assert run(how, step) == [None, 2, None, None]


@EAGER_AND_COMPILED
def test_only_chosen_variables_are_watched(how: Any) -> None:
    v, w = Variable(3.0), Variable(5.0)

    def step(x: Any) -> Any:
        with GradientTape(watch_accessed_variables=False) as tape:
            old = v * w
            tape.watch(v)
            y = old + v * w
        assert tape.watched_variables() == (v,)
        return tape.gradient(y, [v, w])

    assert run(how, step) == [5, None]


@EAGER_AND_COMPILED
def test_variables_read_in_bodies_count(how: Any) -> None:
    v, w = Variable(3.0), Variable(5.0)

    def step(x: Any) -> Any:
        _ = v.value
        with GradientTape() as tape:
            y = ops.cond(x > 0, lambda: v * w, lambda: v * 2)
            y = ops.fori_loop(0, 2, lambda i, s: s * v, y) + v
        return tape.gradient(y, [v, w])

    assert run(how, step) == [136, 27]


@EAGER_AND_COMPILED
def test_tapes_inside_bodies(how: Any) -> None:
    v = Variable(3.0)

    def step(x: Any) -> Any:
        def inner(i: Any, s: Any) -> Any:
            with GradientTape() as tape:
                tape.watch(s)
                y = s * s * v
            return tape.gradient(y, s) + ops.stop_gradient(s)

        with GradientTape() as outer:
            outer.watch(x)
            y = ops.fori_loop(0, 2, inner, x * 1)
        return [y, *outer.gradient(y, [x, v])]

    # s -> 6 s + const, twice: 2, 14, 98
    assert run(how, step) == [98, 36, 52]


def test_a_tape_cannot_be_opened_twice_nor_stopped_in_a_body() -> None:
    with GradientTape() as tape:
        with pytest.raises(GradientError, match=r"a closed tape"), tape:
            pass
    with pytest.raises(GradientError, match=r"stop_recording"), tape.stop_recording():
        pass

    def stopped(x: Any) -> Any:
        with GradientTape() as tape:

            def body() -> Any:
                with tape.stop_recording():
                    return x

            return ops.cond(x > 0, body, body)

    with pytest.raises(GradientError, match=r"further out"):
        function(stopped)(convert_to_tensor(1.0))


@EAGER_AND_COMPILED
def test_functions_inside_a_tape_are_seen(how: Any) -> None:
    v = Variable(3.0)
    inside = function(lambda x: v * x * x)

    def step(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = inside(x)
            g = grad(lambda t: stop_gradient(t) * t * x)(x)
        return [*tape.gradient(y, [x, v]), tape.gradient(g, x)]

    assert run(how, step) == [12, 4, 2]


@EAGER_AND_COMPILED
def test_a_read_after_the_closing_is_none_of_the_tapes_business(how: Any) -> None:
    v, w = Variable(3.0), Variable(5.0)

    def step(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            v.assign(w * x)
            inside = v.value
        outside = v.value
        return [tape.gradient(inside, w), tape.gradient(outside, w), tape.gradient(outside, v)]

    assert run(how, step) == [2, None, None]


@EAGER_AND_COMPILED
def test_what_was_equal_before_the_tape_is_told_apart_once_it_is_watched(how: Any) -> None:
    v = Variable(3.0)

    def step(x: Any) -> Any:
        a, b, c = x * 2, x * 2, v.value
        with GradientTape() as first:
            first.watch(b)
            y = b * 5
        with GradientTape() as tape:
            tape.watch([a, c])
            z = b * 3 + a * v
        grads = [tape.gradient(z, t) for t in (a, b, c, v)]
        return [*grads, first.gradient(y, b), first.gradient(y, a)]

    assert run(how, step) == [3, None, None, 4, 5, None]


@EAGER_AND_COMPILED
def test_integers_and_stops_are_not_followed(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            whole = ops.cast(ops.cast(x, "int32"), "float32")
            still = stop_gradient(x)
            z = whole * still * x
        return [tape.gradient(z, t) for t in (whole, still, x)]

    assert run(how, step) == [None, None, 4]


@EAGER_AND_COMPILED
def test_the_result_of_a_body_is_a_tensor_of_its_own(how: Any) -> None:
    def step(x: Any) -> Any:
        results = [
            ops.cond(x > 0, lambda: x, lambda: x * 1),
            ops.fori_loop(0, 0, lambda i, s: s, x),
            ops.while_loop(lambda s: s < 0, lambda s: (s,), (x,))[0],
            ops.scan(lambda s, i: (s, i), x, ops.zeros((0,)))[0],
        ]
        with GradientTape() as tape:
            tape.watch(x)
            total = sum(results) * x
        return tape.gradient(total, x)

    assert run(how, step) == [8]


@EAGER_AND_COMPILED
def test_a_result_of_a_loop_is_differentiated_in_a_branch(how: Any) -> None:
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.fori_loop(0, 2, lambda i, s: s * x, x)
        return ops.cond(x > 0, lambda: tape.gradient(y, x), lambda: x)

    assert run(how, step) == [12]


@EAGER_AND_COMPILED
def test_what_a_variable_was_given_before_the_tape_is_not_what_is_watched(how: Any) -> None:
    v = Variable(0.0)

    def step(x: Any) -> Any:
        v.assign(x)
        with GradientTape() as tape:
            tape.watch(x)
            y = v * 3 + x
        return tape.gradient(y, [x, v])

    assert run(how, step) == [1, 3]


@EAGER_AND_COMPILED
def test_the_value_of_a_loop_is_not_what_it_began_with(how: Any) -> None:
    def step(x: Any) -> Any:
        def body(i: Any, s: Any) -> Any:
            with GradientTape() as tape:
                tape.watch(x)
                y = s * 5 + x * 3
            return tape.gradient(y, x)

        return ops.fori_loop(0, 1, body, x)

    assert run(how, step) == [3]
