from __future__ import annotations

import functools
import gc
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import kerasish as keras
from kerasish.signatures import (
    constructor,
    kept,
    meaning,
    ours,
    parameters,
    signature,
    takes,
)

if TYPE_CHECKING:
    from decimal import Decimal


class Base:
    def __init__(self, *, name: str | None = None, size: int = 3) -> None:
        pass


class Derived(Base):
    def __init__(self, width: float, size: str = "x", *rest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Open(Base):
    def __init__(self, depth: Decimal, **options: Any) -> None:
        super().__init__(**options)


class Last:
    def __init__(self, **kwargs: Any) -> None:
        pass


def test_a_constructor_adds_up_what_keywords_go_on_to() -> None:
    found = constructor(Derived)
    assert list(found.parameters) == ["width", "size", "name"]
    assert found.parameters["size"].default == "x"
    assert found.functions == [Derived.__init__, Base.__init__]
    assert found.hints == {"width": float, "size": str, "name": str | None}


def test_whether_a_constructor_takes_any_keyword() -> None:
    assert [constructor(c).is_open for c in (Base, Derived, Last)] == [False, False, True]
    assert [constructor(c).is_known for c in (Base, Derived, Last)] == [True, False, False]
    assert not constructor(keras.layers.Dense).is_open
    assert constructor(keras.optimizers.Adam).is_known


def test_hints_that_only_type_checkers_know_are_left_out() -> None:
    assert "depth" not in constructor(Open).hints
    assert constructor(Open).hints["size"] is int


def test_a_class_without_a_constructor_takes_nothing() -> None:
    class Empty:
        pass

    assert not constructor(Empty).parameters
    assert not constructor(Empty).is_open


def test_reading_functions() -> None:
    def f(a: int, *, training: bool = False) -> None:
        pass

    assert list(parameters(f)) == ["a", "training"]
    assert takes(f, "training")
    assert not takes(f, "mask")
    assert signature(f) is signature(f)
    assert list(parameters(Derived("x").__init__)) == ["width", "size", "rest", "kwargs"]  # type: ignore[arg-type]
    assert takes(functools.partial(f, 1), "training")
    with pytest.raises(ValueError, match="signature"):
        signature(type)


def test_ours() -> None:
    assert ours(keras.layers.Dense)
    assert not ours(Derived)
    assert not ours(object())


def test_annotations_mean_what_their_class_statement_sees() -> None:
    class Local:
        pass

    class Made:
        pass

    assert meaning(Made, "x", "Callable | None") == Callable | None
    assert meaning(Made, "x", "Local") is Local
    assert meaning(Made, "x", "Made") is Made
    with pytest.raises(NameError, match=r"Made\.x"):
        meaning(Made, "x", "Nowhere")


def test_what_a_wrapper_copied_is_read_anew() -> None:
    def plain(a: int) -> None:
        pass

    assert list(parameters(plain)) == ["a"]

    @functools.wraps(plain)
    def wrapper(b: int) -> None:
        pass

    del wrapper.__wrapped__
    assert list(parameters(wrapper)) == ["b"]
    assert list(parameters(plain)) == ["a"]


def test_each_is_read_once() -> None:
    read: list[Any] = []

    @kept
    def name(of: Any) -> str:
        read.append(of)
        return of.__name__

    class Child(Base):
        pass

    @keras.function
    def traced(x: Any) -> Any:
        return x

    for of in (Base, Child, test_ours, traced) * 2:
        assert name(of) == of.__name__
    assert read == [Base, Child, test_ours, traced]
    assert [name(int), name(int)] == ["int", "int"]  # of which nothing can be kept


def test_nothing_that_was_read_keeps_a_class_or_function_alive() -> None:
    def made() -> list[weakref.ref[Any]]:
        class Layer(keras.layers.Layer):
            def __init__(self, units: int, parent: Layer | None = None, **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.units = units

            def call(self, x: Any, f: Any = lambda: Layer) -> Any:
                return x * f().scale

            scale = 2.0

        class Loss(keras.losses.Loss):
            def __init__(self, other: Loss | None = None) -> None:
                super().__init__()
                self.other = other

            def call(self, y_true: Any, y_pred: Any) -> Any:
                return (y_true - y_pred) ** 2

        layer = Layer(3)
        layer(keras.ops.ones((2, 3)))
        layer.get_config()
        Loss(Loss()).get_config()
        assert constructor(Layer).hints
        assert constructor(Loss).parameters
        signature(Layer.call)
        return [weakref.ref(of) for of in (Layer, Loss, Layer.call, Loss.call)]

    held = made()
    gc.collect()
    assert [one() for one in held] == [None] * 4
