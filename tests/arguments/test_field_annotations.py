"""What annotations declare: arguments of every kind, state, and errors for what says nothing."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NewType,
    Optional,
    Self,
    TypedDict,
    TypeVar,
    Union,
)

import numpy as np
import pytest

import kerasish as keras
from kerasish.arguments.rules import Rule
from kerasish.errors import ArgumentError, UnknownNameError

Layer = keras.layers.Layer
T = TypeVar("T")
Count = TypeVar("Count", bound=int)
Size = NewType("Size", int)


class Table(TypedDict):
    """A dict of known keys."""

    a: int


class Mode(Enum):
    """Two ways."""

    MEAN = "mean"
    SUM = "sum"


@keras.register_keras_serializable("annotations")
def doubled(x: Any) -> Any:
    return x * 2


def _even(value: Any) -> int:
    if value % 2:
        raise ValueError
    return value


# annotation, a value, what is kept, a value that is refused (or None)
ROWS: list[tuple[Any, Any, Any, Any]] = [
    ("int", 3, 3, "3"),
    ("float", 0.5, 0.5, "a"),
    ("bool", True, True, 2),
    ("str", "a", "a", 1),
    ("Any", [1, "a"], [1, "a"], None),
    ("object", "a", "a", None),
    ("Literal['mean', 'sum']", "sum", "sum", "Sum"),
    ("Literal[1, 2]", 2, 2, True),
    ("Mode", Mode.SUM, Mode.SUM, "other"),
    ("Mode", "sum", Mode.SUM, 3),
    ("Mode", "MEAN", Mode.MEAN, None),
    ("list", [1, "a"], [1, "a"], "ab"),
    ("tuple", (1, "a"), (1, "a"), {"a": 1}),
    ("dict", {"a": 1}, {"a": 1}, [1]),
    ("list[int]", [1, 2], [1, 2], ["a"]),
    ("Sequence[int]", [1, 2], (1, 2), [1.5]),
    ("tuple[int, ...]", [1, 2, 3], (1, 2, 3), 3),
    ("tuple[int, str]", [1, "a"], (1, "a"), [1, "a", 2]),
    ("dict[int, float]", {1: 0.5}, {1: 0.5}, {1: "a"}),
    ("Mapping[str, Sequence[int]]", {"a": [1]}, {"a": (1,)}, {"a": 1}),
    ("list[Mode]", ["sum"], [Mode.SUM], ["other"]),
    ("Callable", doubled, doubled, 3),
    ("Callable[[Any], Any]", doubled, doubled, "doubled"),
    ("np.ndarray", [[1, 2]], np.array([[1, 2]]), None),
    ("np.ndarray | None", None, None, None),
    ("np.ndarray | None", np.ones((2, 2), "float32"), np.ones((2, 2), "float32"), None),
    ("Optional[int]", None, None, "a"),
    ("Union[int, str]", "3", "3", [3]),
    ("int | float", 2.0, 2.0, "a"),
    ("bool | int | None", True, True, 1.5),
    ("list[int] | int", [3], [3], "a"),
    ("Annotated[int, Rule('an even int', _even)]", 4, 4, 3),
    ("Annotated[int, 'no rule']", 4, 4, "a"),
    ("T", [1], [1], None),
    ("Count", 3, 3, "a"),
    ("Size", 3, 3, "a"),
    ("Table", {"a": 1}, {"a": 1}, 3),
    ("Final[int]", 3, 3, None),
]


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    return type(a) is type(b) and a == b


def with_field(hint: Any, **body: Any) -> Any:
    made = type(
        "Held", (Layer,), {"__annotations__": {"value": hint}, "__module__": __name__} | body
    )
    return keras.register_keras_serializable("annotations")(made)


@pytest.mark.parametrize("row", ROWS, ids=[f"{i}-{row[0]}" for i, row in enumerate(ROWS)])
def test_an_argument_is_taken_checked_and_saved(row: Any) -> None:
    hint, given, kept, refused = row
    cls = with_field(hint)
    for layer in (cls(given), cls(value=given)):
        assert equal(layer.value, kept)
        again = cls.from_config(layer.get_config())
        assert equal(again.value, kept)
        text = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        assert equal(text.value, kept)
    if refused is not None:
        with pytest.raises(ArgumentError, match=r"Held\.value"):
            cls(refused)
    with pytest.raises(ArgumentError, match="value"):
        cls()  # without a default it is required
    assert equal(with_field(hint, value=given)().value, kept)


def test_arguments_survive_a_file(tmp_path: Path) -> None:
    @keras.register_keras_serializable("annotations")
    class Kept(Layer):
        how: Mode
        table: np.ndarray
        function: Callable[[Any], Any]
        words: Literal["a", "b"] = "a"

        def call(self, inputs: Any) -> Any:
            return self.function(inputs) * self.table

    model = keras.Sequential([keras.Input((2,)), Kept("sum", [1.0, 2.0], doubled)])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), [[2, 4]])
    assert loaded.layers[-1].how is Mode.SUM


@pytest.mark.parametrize(
    ("hint", "given", "refused"),
    [
        ("keras.Initializer", "zeros", "no_such"),
        ("keras.Regularizer", {"class_name": "L2", "config": {"l2": 0.5}}, "no_such"),
        ("keras.Constraint", "non_neg", 3),
        ("keras.Loss", keras.losses.MeanSquaredError(), "no_such"),
        ("keras.Metric", keras.metrics.Mean(), 3),
        ("keras.Optimizer", "adam", "no_such"),
        ("keras.layers.Layer", keras.layers.Dense(2), 3),
        ("keras.layers.Dense", keras.layers.Dense(2), keras.layers.Dropout(0.1)),
        ("keras.Initializer | None", None, 3),
        ("list[keras.layers.Layer]", [keras.layers.Dense(2)], [3]),
    ],
)
def test_classes_of_the_package(hint: str, given: Any, refused: Any) -> None:
    cls = with_field(hint)
    layer = cls(given)
    again = cls.from_config(layer.get_config())
    assert type(again.value) is type(layer.value)
    assert again.get_config()["value"] == layer.get_config()["value"]
    with pytest.raises((ArgumentError, UnknownNameError)):
        cls(refused)


def test_a_layer_is_a_required_argument_and_a_sublayer() -> None:
    cls = with_field("keras.layers.Layer", call=lambda self, inputs: self.value(inputs))
    with pytest.raises(ArgumentError, match="value"):
        cls()
    made = cls(keras.layers.Dense(2))
    made(np.ones((1, 3), "float32"))
    assert len(made.weights) == 2


@pytest.mark.parametrize(
    "hint",
    [
        "Unheard",
        "keras.NoSuchThing",
        "set[int]",
        "complex",
        "Path",
        "type",
        "Iterator[int]",
        "list[Path]",
        "Path | None",
        "'",
    ],
)
def test_an_annotation_that_says_nothing_is_an_error(hint: str) -> None:
    with pytest.raises(ArgumentError, match=r"Held\.value\. Expected: .*Literal.*Received: "):
        with_field(hint)


def test_what_is_no_argument() -> None:
    class Stateful(Layer):
        total: keras.Variable
        parts: list[keras.Variable]
        last: keras.Tensor | None = None
        dice: keras.random.SeedGenerator
        limit: ClassVar[int] = 3
        unheard: ClassVar[Unheard] = 3  # type: ignore[name-defined]  # noqa: F821
        _private: Unheard = 4  # type: ignore[name-defined]  # noqa: F821
        supports_masking: bool = True
        size: int = 2

    assert list(Stateful.fields) == ["size"]
    assert Stateful(3).size == 3


def test_a_class_with_its_own_constructor_has_no_fields() -> None:
    class Own(Layer):
        table: Unheard  # type: ignore[name-defined]  # noqa: F821
        sizes: set[int]
        units: int = 3

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.sizes = {1, 2}

    assert not Own.fields
    assert Own("x").units == "x"  # type: ignore[arg-type]


def test_a_class_may_name_itself() -> None:
    class Node(Layer):
        size: int
        left: Node | None = None
        right: Node | None = None
        more: Sequence[Node] = ()
        last: Self | None = None

        def call(self, inputs: Any) -> Any:
            return inputs * self.size if self.left is None else self.left(inputs)

    x = np.ones((1, 2), "float32")
    tree = Node(1, Node(2, last=Node(3)), more=[Node(4)])
    np.testing.assert_array_equal(tree(x), x * 2)
    with pytest.raises(ArgumentError, match=r"Node\.left"):
        Node(1, keras.layers.Dense(2))


def test_constants_are_no_arguments() -> None:
    class Scaled(Layer, Generic[T]):
        SCALE: Final = 3
        SIZE: Final[int] = 3
        LIMIT: t.ClassVar[int] = 3
        unheard: t.ClassVar[Unheard] = 3  # type: ignore[name-defined]  # noqa: F821
        size: Final[int]  # type: ignore[misc]

    assert list(Scaled.fields) == ["size"]
    assert Scaled(2).size == 2


def test_a_constructor_that_names_arguments_is_the_constructor_of_subclasses_too() -> None:
    class Own(Layer):
        def __init__(self, units: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.dense = keras.layers.Dense(units)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    class Told(Own):
        units: int
        table: Unheard  # type: ignore[name-defined]  # noqa: F821
        dense: keras.layers.Dense
        note: str = "a"

    made = Told(3)
    assert made(np.ones((1, 2), "float32")).shape == (1, 3)
    assert (made.units, made.note, made.dense.units) == (3, "a", 3)
    assert Told.from_config(made.get_config()).units == 3


def test_what_models_hold_may_be_annotated_again() -> None:
    class Tuned(keras.Model):
        optimizer: keras.Optimizer
        stop_training: bool
        built: bool
        beta: float = 1.0

    x = keras.Input((2,))
    y = keras.layers.Dense(1)(x)
    assert list(Tuned.fields) == ["beta"]
    assert Tuned(x, y).beta == 1.0
    assert Tuned(x, y, beta=2.0).beta == 2.0
    assert Tuned(3.0).beta == 3.0
    model = Tuned(x, y)
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 2), "float32"), np.ones((2, 1), "float32"), verbose=0)


def test_layers_of_a_sequential_model_stay_its_first_argument() -> None:
    class Named(keras.Sequential):
        beta: float = 1.0

    model = Named([keras.layers.Dense(2)], beta=2.0)
    assert (len(model.layers), model.beta) == (1, 2.0)
    assert Named(3.0).beta == 3.0


def test_an_argument_without_a_default_after_one_with_it_is_a_typed_error() -> None:
    with pytest.raises(ArgumentError, match=r"Late\.size\. Expected: a default, as 'rate'"):

        class Late(Layer):
            rate: float = 0.5
            size: int


def test_names_of_the_function_around_are_known() -> None:
    class Shade(Enum):
        LIGHT = 1
        DARK = 2

    class Painted(Layer):
        shade: Shade = Shade.DARK

    assert Painted("LIGHT").shade is Shade.LIGHT
    assert Painted.from_config(Painted(1).get_config()).shade is Shade.LIGHT


def test_defaults_that_can_change_are_not_shared() -> None:
    cls = with_field("list[int]", value=[1])
    a, b = cls(), cls()
    a.value.append(2)
    assert b.value == [1]
    assert cls().value == [1]


def test_the_example_of_contributing_runs_as_written() -> None:
    page = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = [
        code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Layer" in code
    ]
    assert blocks
    for code in blocks:
        names: dict[str, Any] = {"__name__": __name__}
        exec(compile(code, "CONTRIBUTING.md", "exec", dont_inherit=True), names)  # noqa: S102
        (cls,) = (v for v in names.values() if isinstance(v, type) and v.__module__ == __name__)
        model = keras.Sequential([keras.Input((3,)), cls(slope_initializer="zeros")])
        x = np.ones((2, 3), "float32")
        np.testing.assert_array_equal(model.predict(x, verbose=0), x / 2)
        again = keras.models.clone_model(model)
        assert again.layers[-1].get_config() == model.layers[-1].get_config()


_UNUSED = (Annotated, Callable, Iterator, Mapping, Optional, Rule, Sequence, Union)  # of strings
