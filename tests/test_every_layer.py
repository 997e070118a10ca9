"""Every layer, from the table in `tests/golden/layer_cases.py`.

Values against Keras; shapes of symbols; configs; compiled against eager; gradients against
differences; precisions; one step of training.
"""

from __future__ import annotations

import copy
import functools
import json
import pickle
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from kerasish.graph import GradientTape, convert_to_tensor
from tests.golden import layer_cases as cases
from tests.golden_values import FOLDER
from tests.tolerances import assert_close, tolerance

LABELS = sorted(cases.CASES)
FLOATS = [n for n in LABELS if cases.CASES[n].integers is None and cases.CASES[n].differentiable]


@functools.cache
def recorded() -> dict[str, np.ndarray]:
    with np.load(FOLDER / "layers.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def expected(label: str) -> dict[str, np.ndarray]:
    found = recorded().items()
    return {n.split("/", 1)[1]: v for n, v in found if n.split("/", 1)[0] == label}


def made(label: str, policy: str = "float32") -> tuple[Any, tuple, dict]:
    """(layer with drawn weights, positional arguments, keyword arguments)."""
    case = cases.CASES[label]
    dtype = "float64" if policy == "float64" else "float32"
    keras.mixed_precision.set_dtype_policy(policy)  # reaches the layers inside, too
    try:
        layer = cases.make(keras, case)
    finally:
        keras.mixed_precision.set_dtype_policy(None)
    args = cases.arguments(case, cases.inputs_of(case, label, dtype))
    kwargs = cases.keywords(case, label)
    layer(*args, **{k: v for k, v in kwargs.items() if k != "training"})
    layer.set_weights(cases.weights_of(layer, label, dtype))
    return layer, args, kwargs


def flat(result: Any) -> list[np.ndarray]:
    return [np.asarray(value) for value in keras.tree.flatten(result)]


def symbols_like(args: tuple) -> Any:
    def one(array: np.ndarray) -> Any:
        return keras.Input(array.shape[1:], dtype=array.dtype.name)

    return keras.tree.map_structure(one, args)


@pytest.mark.parametrize("label", LABELS)
def test_value(label: str) -> None:
    found, wanted = cases.run_layer(keras, label), expected(label)
    assert list(found["names"]) == list(wanted["names"])
    assert found.keys() == wanted.keys()
    for name in wanted.keys() - {"names"}:
        assert_close(found[name], wanted[name])


@pytest.mark.parametrize("label", LABELS)
def test_symbolic_shape(label: str) -> None:
    layer, args, kwargs = made(label)
    kwargs = {k: v for k, v in kwargs.items() if k != "mask"}
    values = flat(layer(*args, **kwargs))
    symbols = keras.tree.flatten(layer(*symbols_like(args), **kwargs))
    assert len(symbols) == len(values)
    for symbol, value in zip(symbols, values, strict=True):
        assert symbol.dtype == value.dtype.name
        assert symbol.shape[1:] == value.shape[1:]
        assert symbol.shape[0] in (None, value.shape[0])


@pytest.mark.parametrize("label", LABELS)
def test_config(label: str) -> None:
    layer, args, kwargs = made(label)
    config = json.loads(json.dumps(keras.layers.serialize(layer)))
    again = keras.layers.deserialize(config)
    assert type(again) is type(layer)
    assert json.loads(json.dumps(again.get_config())) == config["config"]
    again(*args, **{k: v for k, v in kwargs.items() if k != "training"})
    again.set_weights(layer.get_weights())
    for a, b in zip(flat(again(*args, **kwargs)), flat(layer(*args, **kwargs)), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("label", LABELS)
def test_copies(label: str) -> None:
    layer, args, kwargs = made(label)
    copies = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    wanted = flat(layer(*args, **kwargs))
    for again in copies:
        assert [v.path for v in again.variables] == [v.path for v in layer.variables]
        for a, b in zip(flat(again(*args, **kwargs)), wanted, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("label", LABELS)
def test_compiled_is_eager(label: str) -> None:
    layer, args, kwargs = made(label)
    weights = layer.get_weights()
    eager, after = flat(layer(*args, **kwargs)), layer.get_weights()
    layer.set_weights(weights)
    compiled = function(lambda *a: layer(*a, **kwargs))
    for a, b in zip(flat(compiled(*args)), eager, strict=True):
        assert_close(a, b)
    for a, b in zip(layer.get_weights(), after, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("label", FLOATS)
def test_gradient(label: str) -> None:
    """Along a random direction of inputs and weights, in float64."""
    layer, args, kwargs = made(label, "float64")
    rng = cases.generator(f"{label} direction")
    tensors = keras.tree.map_structure(convert_to_tensor, args)
    leaves = keras.tree.flatten(tensors)
    variables = layer.trainable_variables
    outputs = flat(layer(*tensors, **kwargs))
    seeds = [rng.normal(size=y.shape) for y in outputs]
    points = [np.asarray(t) for t in leaves] + [v.numpy() for v in variables]
    along = [rng.normal(size=p.shape) for p in points]

    with GradientTape() as tape:
        tape.watch(leaves)
        ys = keras.tree.flatten(layer(*tensors, **kwargs))
        loss = sum((keras.ops.sum(y * s) for y, s in zip(ys, seeds, strict=True)), 0.0)
    found = tape.gradient(loss, [*leaves, *variables])
    step = 1e-6

    def moved(sign: int) -> float:
        at = [p + sign * step * d for p, d in zip(points, along, strict=True)]
        given = keras.tree.pack_sequence_as(
            tensors, [convert_to_tensor(a) for a in at[: len(leaves)]]
        )
        for variable, value in zip(variables, at[len(leaves) :], strict=True):
            variable.assign(value)
        ys = flat(layer(*given, **kwargs))
        return float(sum(np.sum(y * s) for y, s in zip(ys, seeds, strict=True)))

    numeric = (moved(1) - moved(-1)) / (2 * step)
    analytic = sum(
        float(np.sum(np.asarray(g) * d)) for g, d in zip(found, along, strict=True) if g is not None
    )
    np.testing.assert_allclose(analytic, numeric, **tolerance("first_gradient", "float64"))


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(label: str, policy: str) -> None:
    pytest.importorskip("ml_dtypes")
    layer, args, kwargs = made(label, policy)
    full, *_ = made(label)
    low = policy.removeprefix("mixed_")
    assert all(v.dtype in ("float32", "int32") for v in layer.weights)
    for y, z in zip(
        keras.tree.flatten(layer(*args, **kwargs)), flat(full(*args, **kwargs)), strict=True
    ):
        if z.dtype.kind == "f":
            # As in Keras, encodings come in the variables' dtype, where no count is rounded.
            kept = isinstance(layer, keras.layers.CategoryEncoding)
            assert y.dtype == ("float32" if kept else low)
            close = np.asarray(y).astype("float32")
            np.testing.assert_allclose(close, z, rtol=0.1, atol=0.1 * max(1.0, np.abs(z).max()))


@pytest.mark.parametrize("label", LABELS)
def test_training_step(label: str) -> None:
    layer, args, kwargs = made(label)
    kwargs.pop("mask", None)
    symbols = symbols_like(args)
    outputs = keras.tree.flatten(layer(*symbols, **kwargs))
    inputs = keras.tree.flatten(symbols)
    rows = [keras.layers.Flatten()(keras.ops.cast(y, "float32")) for y in outputs]
    model = keras.Model(inputs, keras.ops.concatenate(rows, axis=-1))
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    values = keras.tree.flatten(args)
    target = np.ones(flat(model(values))[0].shape, "float32")
    before = [v.numpy() for v in model.trainable_variables]
    loss = float(np.asarray(model.train_on_batch(values, target)))
    assert np.isfinite(loss)
    after = [v.numpy() for v in model.trainable_variables]
    if before:
        assert any(np.any(a != b) for a, b in zip(after, before, strict=True))
    assert all(np.isfinite(a).all() for a in after)
