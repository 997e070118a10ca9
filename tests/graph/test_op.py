"""Ops: declaration, registry, gradients registered and replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.compiler import function
from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.graph import (
    Op,
    Tensor,
    case,
    convert_to_tensor,
    grad,
    op,
    overridden_gradient,
    register_gradient,
)
from kerasish.graph.op import get
from kerasish.spec import TensorSpec


@pytest.fixture
def declared() -> Iterator[Callable[..., Op]]:
    """Declares ops that are forgotten after the test."""
    names = []

    def declare(name: str, kernel: Callable[..., Any], **fields: Any) -> Op:
        names.append(name)
        return op(name, infer=lambda x: x, **fields)(kernel)

    yield declare
    for name in names:
        registry._entries["op"].pop(name)


def cube(xp: Any, x: Any) -> Any:
    """x cubed."""
    return x * x * x


def test_an_op_of_ones_own_runs_eagerly_traced_and_backwards(declared: Callable[..., Op]) -> None:
    made = declared("cube", cube, vjp=lambda g, y, x: g * 3 * x * x, elementwise=True)
    assert made is get("cube")
    assert made.doc == "x cubed."
    x = convert_to_tensor([1.0, 2.0])
    np.testing.assert_array_equal(made(x).numpy(), [1, 8])
    np.testing.assert_array_equal(function(made)(x).numpy(), [1, 8])
    first = grad(lambda t: ops.sum(made(t)))
    np.testing.assert_array_equal(first(x).numpy(), [3, 12])
    np.testing.assert_array_equal(function(first)(x).numpy(), [3, 12])


def test_a_name_is_given_once(declared: Callable[..., Op]) -> None:
    declared("cube", cube)
    with pytest.raises(ArgumentError, match="'cube' is taken"):
        op("cube", infer=lambda x: x)(cube)


def test_unknown_names_suggest_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'multiply'"):
        get("multply")


def test_case_collects_inputs_and_attributes() -> None:
    made = case((3, 4), (4,), axis=1, domain=(0.0, 1.0), differentiate=(0,))
    assert made.inputs == ((3, 4), (4,))
    assert made.attrs == {"axis": 1}
    assert made.domain == (0.0, 1.0)
    assert made.differentiate == (0,)


def test_a_gradient_is_registered_once_unless_overridden(declared: Callable[..., Op]) -> None:
    made = declared("cube", cube)

    @register_gradient("cube")
    def first(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
        return g * 3 * x * x

    assert made.vjp is first
    with pytest.raises(ArgumentError, match="override=True"):
        register_gradient("cube")

    @register_gradient("cube", override=True)
    def second(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
        return g * 100

    assert float(grad(made)(convert_to_tensor(2.0))) == 100
    with pytest.raises(UnknownNameError):
        register_gradient("no_such_op")


def test_a_gradient_is_overridden_for_a_while() -> None:
    def doubled(t: Tensor) -> Tensor:
        return ops.tanh(t) * 2

    x = convert_to_tensor(0.5)
    true = float(grad(doubled)(x))
    with overridden_gradient("tanh", lambda g, y, x: g * 10):
        assert float(grad(doubled)(x)) == 20
        assert float(function(grad(doubled))(x)) == 20
    assert float(grad(doubled)(x)) == true
    with pytest.raises(ZeroDivisionError), overridden_gradient("tanh", lambda g, y, x: g):
        raise ZeroDivisionError
    assert float(grad(doubled)(x)) == true


def test_infer_raises_before_a_kernel_can_misread(declared: Callable[..., Op]) -> None:
    ran = []
    made = Op("never", lambda *specs: specs[3], lambda xp, *a: ran.append(a))
    with pytest.raises(IndexError):
        made(convert_to_tensor(1.0))
    assert ran == []


def test_inputs_are_promoted_as_declared() -> None:
    assert (convert_to_tensor([1]) + convert_to_tensor([1.5])).dtype == "float32"
    assert ops.sqrt(convert_to_tensor([4])).dtype == "float32"
    assert (convert_to_tensor([1], "int8") + 1).dtype == "int8"
    assert (convert_to_tensor([1.0], "float16") + 1.0).dtype == "float16"


def test_reprs() -> None:
    assert repr(get("add")) == "<op add>"
    assert str(TensorSpec((2, None), "int32")) == "int32[2, ?]"
