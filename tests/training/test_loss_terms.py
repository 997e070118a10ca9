"""Losses on structures of outputs: which outputs each takes, its weight, and its name in the logs.

The names are those that Keras 3.15 gives for the same models.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops, tree
from kerasish.errors import ArgumentError

Pair = namedtuple("Pair", ["left", "right"])
X = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
FORMS: dict[str, Any] = {
    "tuple": lambda p, q: (p, q),
    "list": lambda p, q: [p, q],
    "named tuple": Pair,
    "dict": lambda p, q: {"left": p, "right": q},
}


def model_of(form: Any) -> keras.Model:
    """A model with two outputs: the sum of its inputs, and 10 times the first."""
    keras.utils.clear_session()
    x = keras.Input((2,))
    p = layers.Lambda(lambda x: ops.sum(x, axis=-1, keepdims=True), name="p")(x)
    q = layers.Lambda(lambda x: 10 * x[:, :1], name="q")(x)
    return keras.Model(x, form(p, q))


def whole(seen: list[Any]) -> Any:
    """The loss mean |p - q| of a whole structure; what it was given goes into `seen`."""

    def difference(y_true: Any, y_pred: Any) -> Any:
        seen.append((y_true, y_pred))
        p, q = tree.flatten(y_pred)
        return ops.mean(ops.abs(p - q), axis=-1)

    return difference


def first(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(y_pred, axis=-1)


def logs(model: keras.Model, y: Any, **given: Any) -> dict[str, float]:
    model.compile(None, **given)
    return model.evaluate(X, y, return_dict=True, verbose=0)


# |3 - 10| and |7 - 30|; the means of p and of q
WHOLE, P, Q = 15.0, 5.0, 20.0


@pytest.mark.parametrize("name", FORMS)
def test_a_loss_takes_all_outputs_and_others_one_each(name: str) -> None:
    form = FORMS[name]
    # A list beside a list goes by position, so that the whole needs another sequence around it.
    around = tuple if name == "list" else list
    seen: list[Any] = []
    found = logs(
        model_of(form),
        form(X[:, :1], X[:, :1]),
        loss=around([whole(seen), form(first, first)]),
        loss_weights=around([2.0, form(3.0, 4.0)]),
    )
    keys = ("left", "right") if name == "dict" else ("p", "q")
    assert found == {
        "loss": 2 * WHOLE + 3 * P + 4 * Q,
        f"{keys[0]}_{keys[1]}_loss": WHOLE,
        f"{keys[0]}_loss": P,
        f"{keys[1]}_loss": Q,
    }
    for given in seen[0]:
        assert type(given) is type(form(0, 0))
        assert len(tree.flatten(given)) == 2


def test_losses_deep_inside_are_named_by_their_paths() -> None:
    model = model_of(lambda p, q: {"a": (p, q), "b": {"c": [p, q], "d": q}})
    y = X[:, :1]
    found = logs(
        model,
        {"a": (y, y), "b": {"c": [y, y], "d": y}},
        loss={
            "a": [whole([]), (None, first)],
            "b": [lambda t, p: ops.mean(p["d"], axis=-1), {"c": whole([])}],
        },
    )
    assert found == {
        "loss": WHOLE + Q + Q + WHOLE,
        "a_loss": WHOLE,
        "a/q_loss": Q,
        "b_loss": Q,
        "b/c_loss": WHOLE,
    }


def test_metrics_in_the_structure_of_outputs() -> None:
    y = X[:, :1]
    model = model_of(lambda p, q: [(p, q), q])
    found = logs(model, [(y, y), y], loss=first, metrics=[(["mae"], None), ["mse", first]])
    names = [name for name in found if not name.endswith("loss")]
    assert names == ["p_mae", "q_mse", "q_first"]
    with pytest.raises(ArgumentError, match="structure of the outputs"):
        logs(model, [(y, y), y], loss=first, metrics=[["mae"], ["mse"]])


def test_weights_are_one_per_loss() -> None:
    model, y = model_of(FORMS["tuple"]), (X[:, :1], X[:, :1])
    for weights in ([1.0], [1.0, (2.0,)], [1.0, (2.0, 3.0), 4.0]):
        with pytest.raises(ArgumentError, match="one per loss"):
            logs(model, y, loss=[whole([]), (first, first)], loss_weights=weights)
    # As in Keras, numbers in another form are taken in the order of the losses.
    found = logs(model, y, loss=[whole([]), (first, first)], loss_weights=[2.0, 3.0, 4.0])
    assert found["loss"] == 2 * WHOLE + 3 * P + 4 * Q


def test_sample_weights_of_a_loss_on_several_outputs() -> None:
    model, y = model_of(FORMS["tuple"]), (X[:, :1], X[:, :1])
    model.compile(None, loss=[whole([]), whole([])][:1] * 3)
    weight = np.array([1.0, 0.0], "float32")
    assert model.evaluate(X, y, sample_weight=weight, verbose=0)[0] == 3 * 3.5
    with pytest.raises(ArgumentError, match="one array for all outputs"):
        model.evaluate(X, y, sample_weight=(weight, weight), verbose=0)


def test_one_loss_for_outputs_in_a_dict_of_one() -> None:
    keras.utils.clear_session()
    x = keras.Input((2,))
    model = keras.Model(x, {"only": layers.Dense(1)(x)})
    model.compile("sgd", "mse")
    assert list(model.fit(X, {"only": X[:, :1]}, verbose=0).history) == ["loss"]


def test_an_optional_input_may_be_missing_in_data() -> None:
    class Sum(layers.Layer):
        def call(self, x: Any, other: Any = None) -> Any:
            return x if other is None else x + other

    a, b = keras.Input((2,), name="a", optional=True), keras.Input((2,), name="b")
    model = keras.Model({"a": a, "b": b}, layers.Dense(1, kernel_initializer="ones")(Sum()(b, a)))
    model.compile("sgd", "mse")
    without, y = {"a": None, "b": X}, X[:, :1]
    assert model.evaluate(without, y, verbose=0) == pytest.approx(10.0)
    assert model.evaluate(iter([(without, y)] * 2), verbose=0) == pytest.approx(10.0)
    assert model.evaluate({"a": X, "b": X}, y, verbose=0) == pytest.approx(73.0)
    model.fit(without, y, verbose=0)
    with pytest.raises(ArgumentError, match="'b'"):
        model.predict({"a": X, "b": None}, verbose=0)


def test_a_loss_by_the_path_of_an_output() -> None:
    """A key deep inside is looked up where its dict stands; the terms keep the outputs' order."""
    model = model_of(lambda p, q: {"a": [p, q], "b": q})
    y = X[:, :1]
    given = {"a": [y, y], "b": y}
    found = logs(model, given, loss={"b": first, "a": {"q": first, "p": first}})
    assert found == {"loss": Q + Q + P, "b_loss": Q, "a/p_loss": P, "a/q_loss": Q}
    with pytest.raises(ArgumentError, match="r"):
        logs(model, given, loss={"a": {"r": first}})


def test_the_only_output_of_a_model_with_its_own_call_has_any_name() -> None:
    class Tenfold(keras.Model):
        def call(self, x: Any) -> Any:
            return 10 * x[:, :1]

    assert logs(Tenfold(), X[:, :1], loss={"whatever": first})["loss"] == Q
    assert logs(Tenfold(), X[:, :1], loss=[first], loss_weights=[3.0])["loss"] == 3 * Q
    keras.utils.clear_session()
    x = keras.Input((2,))
    named = keras.Model(x, layers.Lambda(lambda x: 10 * x[:, :1], name="q")(x))
    assert logs(named, X[:, :1], loss={"q": first})["loss"] == Q
    with pytest.raises(ArgumentError, match=r"\['q'\].*whatever"):
        logs(named, X[:, :1], loss={"whatever": first})


def test_how_many_losses_there_must_be() -> None:
    model, y = model_of(FORMS["list"]), [X[:, :1], X[:, :1]]
    with pytest.raises(ArgumentError, match=r"one entry per output \(2.*a list of 3"):
        logs(model, y, loss=[first, first, first])
    with pytest.raises(ArgumentError, match=r"one entry per output.*a list of 1"):
        logs(model, y, loss=[[first]])
    nested = model_of(lambda p, q: [(p, q), q])
    with pytest.raises(ArgumentError, match=r"a list of 3"):
        logs(nested, [(y[0], y[0]), y[0]], loss=[[first, first], first, None])


def test_weights_by_name() -> None:
    model, y = model_of(FORMS["list"]), [X[:, :1], X[:, :1]]
    assert logs(model, y, loss=[first, first], loss_weights={"q": 2.0, "p": 3.0})["loss"] == (
        3 * P + 2 * Q
    )
    by_name = {"p": first, "q": first}
    assert logs(model, y, loss=by_name, loss_weights={"q": 2.0})["loss"] == P + 2 * Q
    assert logs(model, y, loss=by_name, loss_weights=[4.0, 2.0])["loss"] == 4 * P + 2 * Q
    with pytest.raises(ArgumentError, match="one per loss"):
        logs(model, y, loss={"p": first, "q": None}, loss_weights={"q": 2.0})
    with pytest.raises(ArgumentError, match="one per loss"):
        logs(model, y, loss={"p": first}, loss_weights={"p": 1.0, "q": 2.0})
    with pytest.raises(ArgumentError, match="loss_weights"):
        logs(model, y, loss=[first, first], loss_weights=[[1.0, 2.0], 3.0])
