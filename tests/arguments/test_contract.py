from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, registry
from kerasish.arguments.annotations import alternatives, marked
from kerasish.arguments.contract import Contract, Field, Raising, bind, contract_of
from kerasish.arguments.rules import LayerField, PositiveInt, Rule
from kerasish.declarative import from_yaml
from kerasish.errors import ArgumentError, KindError


class Base:
    def __init__(self, *, name: str | None = None, size: int = 3) -> None:
        pass


class Derived(Base):
    """A derived thing
    over two lines.

    More.

    Args:
        width: how wide, in pixels,
            at most.
        size, name: of it.

    Raises:
        ValueError: never: this is no argument.
    """

    def __init__(self, width: float, size: str = "x", **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Open:
    def __init__(self, **kwargs: Any) -> None:
        pass


class KeywordOnly:
    def __init__(self, *, width: int = 1) -> None:
        pass


def test_keywords_reach_the_base() -> None:
    found = contract_of(Derived)
    assert list(found.fields) == ["width", "size", "name"]
    assert found.fields["width"].required
    assert found.fields["width"].hint is float
    assert found.fields["size"].default == "x"
    assert found.first is not None
    assert found.first.name == "width"
    assert not found.is_open
    assert str(found) == "(width, size, name)"


def test_open_and_keyword_only() -> None:
    assert contract_of(Open).is_open
    assert contract_of(KeywordOnly).first is None


def test_functions_take_nothing_from_a_file() -> None:
    assert contract_of(len).fields == {}


def test_a_real_layer() -> None:
    found = contract_of(layers.Dense)
    assert list(found.fields)[:3] == ["units", "activation", "use_bias"]
    assert {"name", "trainable", "dtype"} < set(found.fields)
    assert not found.is_open
    assert found.fields["kernel_initializer"].kind == "initializer"
    assert found.fields["activation"].kind == "activation"
    assert found.fields["units"].kind is None


def test_alternatives() -> None:
    assert alternatives(int | None) == (int, type(None))
    assert alternatives(Annotated[int | str, "note"]) == (int, str)
    assert alternatives(int) == (int,)


def test_kinds() -> None:
    rule = marked(LayerField)
    assert rule is not None
    fields = [Field("x", LayerField, rule), Field("x"), Field("bias_regularizer")]
    assert [field.kind for field in fields] == ["layer", None, "regularizer"]


class Collecting:
    """A report that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def value(self, field: Field, value: Any) -> Any:
        return field.name, value

    def unknown(self, name: str, value: Any) -> None:
        self.heard.append(("unknown", name, value))

    def missing(self, field: Field, given: Mapping[str, Any]) -> None:
        self.heard.append(("missing", field.name, list(given)))


def test_what_does_not_fit_goes_to_the_report() -> None:
    report = Collecting()
    bound = bind(contract_of(Derived), {"size": 3, "depth": 4}, report)
    assert bound == {"size": ("size", 3)}
    assert report.heard == [("missing", "width", ["size", "depth"]), ("unknown", "depth", 4)]


def test_an_open_contract_takes_any_name() -> None:
    report = Collecting()
    assert bind(contract_of(Open), {"more": 1}, report) == {"more": ("more", 1)}
    assert report.heard == []


def test_the_report_of_a_constructor_raises() -> None:
    rule = marked(PositiveInt)
    assert rule is not None
    contract = Contract(
        {"units": Field("units", PositiveInt, rule), "rate": Field("rate", default=0.5)}
    )
    raising = Raising("Mine", contract)
    kwargs = {"units": np.int64(3), "name": "a"}
    assert raising.given((), kwargs) == {"units": 3, "rate": 0.5}
    assert kwargs == {"name": "a"}
    bound = bind(contract, {"units": np.int64(3)}, raising)
    assert bound == {"units": 3}
    assert type(bound["units"]) is int
    for wrong in (0, 3.0, "3", True, None):
        with pytest.raises(
            KindError, match=rf"Mine\.units must be a positive int.*units={wrong!r}"
        ):
            bind(contract, {"units": wrong}, raising)
    with pytest.raises(ArgumentError, match=r"the argument 'units' \(a positive int\).*nothing"):
        bind(contract, {"rate": 0.5}, Raising("Mine", contract))
    with pytest.raises(ArgumentError, match=r"Mine.*'depth'"):
        bind(contract, {"units": 1, "depth": 2}, raising)
    with pytest.raises(ArgumentError, match="twice"):
        raising.given((3,), {"units": 3})
    with pytest.raises(ArgumentError, match="at most 2"):
        raising.given((1, 2, 3), {})


def test_a_constructor_converts_a_value_once() -> None:
    converted: list[Any] = []

    def convert(value: Any) -> Any:
        converted.append(value)
        return value

    rule = Rule("a size", convert)

    class Counted(keras.layers.Layer):
        size: Annotated[int, rule]
        other: Annotated[int, rule] = 4

    Counted(3)
    assert converted == [3, 4]
    Counted(1, other=2).size = 5
    assert converted == [3, 4, 1, 2, 5]


def test_an_assignment_of_ones_own_sees_every_field() -> None:
    seen: list[str] = []

    class Watched(keras.layers.Layer):
        size: int = 3

        def __setattr__(self, name: str, value: Any) -> None:
            seen.append(name)
            super().__setattr__(name, value)

    assert Watched(size=np.int64(4)).size == 4
    assert "size" in seen


def test_the_kind_of_a_field_is_that_of_the_class_it_names():
    @keras.register("layer", "by_annotation")
    class ByAnnotation(keras.layers.Layer):
        init: keras.Initializer | None = None
        inner: keras.layers.Layer | None = None

        def call(self, inputs):
            return inputs

    try:
        text = "kerasish: 1\nmodel:\n  input: [3]\n  layers:\n"
        text += "    - by_annotation: {init: ones, inner: {Dense: {units: 2}}}\n"
        made = from_yaml(text).layers[-1]
        assert isinstance(made.init, keras.initializers.Ones)
        assert made.inner.units == 2
    finally:
        registry._entries["layer"].pop("by_annotation")
