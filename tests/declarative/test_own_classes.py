"""Files that name classes of one's own: what works, what comes back, and what an error says."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.arguments.rules import Rule
from kerasish.declarative import Options, from_yaml, load_config, to_yaml
from kerasish.declarative.check import vocabulary
from kerasish.errors import ArgumentError
from tests.declarative.helpers import error_text

converted: list[Any] = []


def even(value: Any) -> int:
    converted.append(value)
    if value % 2:
        raise ValueError
    return value // 2


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


class Unregistered(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes and functions of one's own, in every way to register them."""
    entries = {kind: dict(table) for kind, table in registry._entries.items()}
    monkeypatch.setattr(registry, "_entries", entries)

    @keras.register("layer")
    class Gate(keras.layers.Layer):
        half: Annotated[int, Rule("an even number", even)] = 0
        mode: Mode = Mode.FAST
        table: np.ndarray | None = None
        sizes: dict[str, int] | None = None
        inner: keras.layers.Layer | None = None
        many: Sequence[keras.layers.Layer] = ()
        named: dict[str, keras.layers.Layer] | None = None
        loss: str = "none"
        held: Any = None

        def call(self, inputs: Any) -> Any:
            return inputs

    @keras.saving.register_keras_serializable("acme")
    class Shift(keras.layers.Layer):
        def __init__(self, by: float, inner: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.by, self.inner = by, inner

        def call(self, inputs: Any) -> Any:
            return inputs + self.by

    @keras.register("loss")
    def soft(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(abs(y_true - y_pred), axis=-1)

    @keras.saving.register_keras_serializable("acme")
    def softer(y_true: Any, y_pred: Any) -> Any:
        return soft(y_true, y_pred) / 2

    @keras.register("optimizer")
    class Sign(keras.optimizers.SGD):
        pass


def text_of(item: str, train: str = "") -> str:
    text = f"kerasish: 1\nname: m\nmodel:\n  input: [4]\n  layers:\n    - {item}\n"
    return text + (f"train: {train}\n" if train else "")


def made(item: str) -> Any:
    return from_yaml(text_of(item)).layers[-1]


def wrong(item: str, train: str = "") -> str:
    return error_text(lambda: from_yaml(text_of(item, train)))


def test_a_value_is_converted_once() -> None:
    converted.clear()
    project = load_config(text_of("Gate: {half: 6}"))
    assert project.build().layers[-1].half == 3
    assert converted == [6]
    assert project.build().layers[-1].half == 3
    assert converted == [6]
    assert "K204 half must be an even number, received 3" in wrong("Gate: {half: 3}")


def test_what_is_built_twice_shares_no_mapping() -> None:
    project = load_config(text_of("Gate: {sizes: {a: 1}}"))
    first, second = (project.build().layers[-1] for _ in range(2))
    assert first.sizes == second.sizes == {"a": 1}
    assert first.sizes is not second.sizes


def test_the_fields_of_a_layer() -> None:
    layer = made("Gate: {mode: slow, table: [[1, 2]], sizes: {a: 1}, loss: any word}")
    assert (layer.mode, layer.sizes, layer.loss) == (Mode.SLOW, {"a": 1}, "any word")
    assert layer.table.tolist() == [[1, 2]]
    assert made("Gate: {table: {value: [1.5], dtype: float32}}").table.dtype == np.float32
    layer = made("Gate: {inner: {Dense: 3}, many: [Flatten, {Dense: 2}], named: {a: {Dense: 1}}}")
    assert (layer.inner.units, layer.many[1].units, layer.named["a"].units) == (3, 2, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        "mode: slow",
        "table: [[1, 2], [3, 4]]",
        "table: {value: [1.5], dtype: float32}",
        "inner: {Dense: 3}",
        "many: [Flatten, {Dense: 3}]",
        "named: {a: {Dense: 3}, b: {acme>Shift: 2.0}}",
        "inner: {Gate: {named: {a: {Gate: {mode: slow}}}}}",
    ],
)
def test_fields_come_back(arguments: str) -> None:
    layer = made(f"Gate: {{half: 4, {arguments}}}")
    layer.half = 4
    text = to_yaml(keras.Sequential([keras.Input((4,)), layer], name="m"))
    assert arguments.replace("acme>", "") in text
    assert to_yaml(from_yaml(text.replace("half: 2", "half: 4"))) == text


@pytest.mark.parametrize("held", [keras.layers.Flatten(), np.ones(2), {"a": [np.tanh]}])
def test_what_no_annotation_tells_of_is_not_written(held: Any) -> None:
    layer = registry.lookup("layer", "Gate")(held=held)
    with pytest.raises(ArgumentError, match=r"Gate\.held.*Annotate it, such as held: keras\.la"):
        to_yaml(keras.Sequential([keras.Input((4,)), layer]))


def test_a_model_inside_is_not_written() -> None:
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    layer = registry.lookup("layer", "Gate")(inner=inner)
    with pytest.raises(ArgumentError, match=r"'Sequential'\. Save as \.keras.*models inside"):
        to_yaml(keras.Sequential([keras.Input((4,)), layer]))


def test_a_class_goes_by_its_own_name() -> None:
    assert made("Shift: 2.0").by == made("acme>Shift: 2.0").by == 2.0
    text = to_yaml(from_yaml(text_of("acme>Shift: 2.0")))
    assert "layers: [Shift: 2.0]" in text or "- Shift: 2.0" in text
    with keras.saving.custom_object_scope({"Unregistered": Unregistered}):
        assert type(made("Unregistered")) is Unregistered
    keras.saving.register_keras_serializable("other", "Shift")(Unregistered)
    assert "K201 unknown layer 'Shift'" in wrong("Shift: 2.0")  # which of the two?
    assert made("acme>Shift: 2.0").by == 2.0


def test_what_is_offered() -> None:
    names = {kind: set(vocabulary.names(kind)) for kind in vocabulary.KINDS}
    assert {"Gate", "Shift"} <= names["layer"]
    assert not names["layer"] & {"gate", "acme>Shift", "Custom>Gate", "soft", "Sign"}
    assert [kind for kind in names if "soft" in names[kind]] == ["loss"]
    assert {"Sign", "sign"} <= names["optimizer"]
    assert not [n for found in names.values() for n in found if ">" in n]


@pytest.mark.parametrize("loss", ["soft", "softer", "acme>softer", "{softer: {}}", "{mse: null}"])
def test_a_function_is_named_and_not_called(loss: str) -> None:
    model = from_yaml(text_of("Dense: 1", f"{{optimizer: sgd, loss: {loss}}}"))
    assert np.isfinite(model.evaluate(np.ones((2, 4)), np.ones((2, 1)), verbose=0))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("Gate: {mode: fasst}", "6:20: K204 mode must be a Mode: one of FAST, SLOW, received"),
        ("Gate: {table: [[1], [2, 3]]}", "6:21: K204 table must be numbers in lists of one length"),
        ("Gate: {table: {value: [1], dtype: int9}}", "6:21: K204 table must be numbers in lists"),
        ("Gate: {table: abc}", "6:21: K204 table must be numbers in lists of one length"),
        ("Gate: {sizes: {a: x}}", "6:21: K204 sizes must be a mapping of integers or null"),
        ("Gate: {inner: 3}", "6:21: K204 inner must be a Layer or null, received 3"),
        ("Gate: {inner: {Dense: {}}}", "6:22: K202 Dense needs 'units'"),
        ("Gate: {many: {Dense: 3}}", "6:20: K204 many must be a list of which each is a Layer"),
        ("Gate: {many: [Dens]}", "6:21: K201 unknown layer 'Dens'"),
        ("Gate: {named: [Flatten]}", "6:21: K204 named must be a mapping of which each is a Lay"),
        ("Gate: {named: {Dense: 3}}", "6:29: K204 named must be a Layer, received 3 (integer)"),
        (
            "Gat",
            "6:7: K201 unknown layer 'Gat'\n   |     - Gat\n   |       ^^^      did you mean 'Ga",
        ),
        ("Gate(half=2)", "write Gate: {half: 2}"),
        ("{type: Gate, half: 2}", "write Gate: {half: 2}"),
        ("Unregistered", "write @kerasish.register('layer') above the class Unregistered"),
        ("Sign", "it is a name of another kind: optimizer"),
        ("Zzyzx", "write @kerasish.register('layer') above it, and import its module first"),
    ],
)
def test_what_is_wrong_with_a_layer(item: str, message: str) -> None:
    found = wrong(item)
    assert message in found
    assert "--allow" not in found


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ("loss: {Unknown: {}}", "7:32: K205 unknown loss 'Unknown'"),
        ("loss: {Unknown: }", "7:32: K205 unknown loss 'Unknown'"),
        ("loss: {Unknown: {delta: 2}}", "7:32: K205 unknown loss 'Unknown'"),
        ("loss: []", "7:31: K206 expected one loss: 'Name' or 'Name: {arguments}', received a li"),
        ("loss: {}", "7:31: K206 expected one loss"),
        ("loss: {out: []}", "7:37: K206 expected one loss"),
        ("loss: softr", "did you mean 'softer' or 'soft'?"),
        ("loss: mse, metrics: {Zzyzx: {}}", "7:46: K205 unknown metric 'Zzyzx'"),
        ("loss: mse, metrics: [sof]", "7:46: K205 unknown metric 'sof'"),
    ],
)
def test_what_is_wrong_with_a_loss(train: str, message: str) -> None:
    found = wrong("Dense: 1", f"{{optimizer: sgd, {train}}}")
    assert message in found
    assert "Custom" not in found
    assert "acme" not in found


def test_an_output_still_has_its_own_loss() -> None:
    text = text_of("Dense: {units: 1, name: out}", "{optimizer: sgd, loss: {out: {Huber: 2.0}}}")
    assert from_yaml(text).loss["out"].get_config()["delta"] == 2.0


def test_hints_speak_to_their_reader() -> None:
    # A name that no class of another test has: such a class would be told of.
    text = text_of("AcmePart").replace("name: m", "name: m\nplugins: [acme_parts]")
    assert "import acme_parts first" in error_text(lambda: from_yaml(text))
    told = error_text(lambda: from_yaml(text, Options(command=True)))
    assert "pass --allow acme_parts" in told
    named = error_text(lambda: from_yaml(text_of("Zzyzx"), Options(command=True)))
    assert "name its module: --allow MODULE" in named
    for options, hint in (
        (None, "Options(allow_env=True)"),
        (Options(command=True), "--allow-env"),
    ):
        assert hint in error_text(lambda: from_yaml(text_of("Dense: $env.HOME"), options))  # noqa: B023


def test_what_a_model_does_not_hold_is_said() -> None:
    train = "{optimizer: sgd, loss: mse, epochs: 3, callbacks: [TerminateOnNaN]}"
    with pytest.warns(UserWarning, match=r"file's epochs, callbacks\. project = load_config"):
        from_yaml(text_of("Dense: 1", train))
    project = load_config(text_of("Dense: 1", train))
    model = project.build()
    given = project.fit_arguments(model)
    assert given["epochs"] == 3
    history = model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0, **given).history
    assert len(history["loss"]) == 3
