"""What a random layer of tests/layers/random_layers.py does, found alike in both packages."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import kerasish
from tests.beside import jax, keras
from tests.layers.random_layers import LAYERS
from tests.layers.random_windows import Case

Found = dict[str, Any]


def flat(package: Any, value: Any) -> list[Any]:
    return package.tree.flatten(value)


def arrays(package: Any, value: Any) -> list[np.ndarray]:
    """The leaves of a structure of tensors as arrays, bfloat16 as float32."""
    return [array(x) for x in flat(package, value)]


def array(x: Any) -> np.ndarray:
    found = np.asarray(x)
    return found.astype("float32") if found.dtype.name == "bfloat16" else found


def text(value: Any) -> Any:
    """Configs as plain data: tuples are lists, numbers of numpy Python's."""
    if isinstance(value, dict) and value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    if isinstance(value, dict):
        # Keras reads these, and writes them for some layers only.
        return {str(k): text(v) for k, v in value.items() if k not in ("flash_attention", "seed")}
    if isinstance(value, (list, tuple)):
        return [text(v) for v in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, float):
        return float(f"{value:.6g}")  # Keras rounds some to float32
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


def given(layer: Any, rng: np.random.Generator) -> list[np.ndarray]:
    """Weights for a built layer; seeds and counts keep their own."""
    values = []
    for w in layer.weights:
        x = rng.normal(size=tuple(w.shape)) * 0.5
        if "variance" in w.path:
            x = np.abs(x) + 0.5
        floats = "float" in str(w.dtype)
        values.append(x.astype("float32") if floats else np.asarray(w))
    return values


def fresh(one: Any) -> Any:
    """An unbuilt layer of the same config, which Keras takes things out of."""
    return type(one).from_config(one.get_config())


class Caller:
    """A layer with the arguments of its call."""

    def __init__(self, package: Any, case: Case, draw: Any) -> None:
        self.package, self.case = package, case
        self.many = isinstance(case.inputs, list)
        self.inputs = case.inputs if self.many else [case.inputs]
        self.inputs = [draw.moved(x) for x in self.inputs]
        self.call = dict(case.call)
        if case.training is not None:
            self.call["training"] = case.training

    def __call__(self, layer: Any, tensors: list[Any], plain: bool = False) -> Any:
        mask, call = self.case.mask, {} if plain else self.call
        if mask is not None and not plain:
            for one in tensors:
                if one.ndim >= mask.ndim:
                    set_mask(self.package, one, mask)
        if self.case.spread:
            return layer(*tensors, **call)
        return layer(tensors if self.many else tensors[0], **call)


def dtype_of(package: Any, x: Any) -> str:
    return str(package.backend.standardize_dtype(x.dtype))


def set_mask(package: Any, tensor: Any, mask: np.ndarray) -> None:
    if package is keras:
        keras.src.backend.set_keras_mask(tensor, keras.ops.convert_to_tensor(mask))
    else:
        tensor.mask = package.ops.convert_to_tensor(mask)


def mask_of(package: Any, tensor: Any) -> Any:
    found = keras.src.backend.get_keras_mask(tensor) if package is keras else tensor.mask
    return None if found is None else np.asarray(found).tolist()


def attempt(name: str, found: Found, get: Any) -> None:
    """Note what `get` returns; that it raises."""
    try:
        found[name] = get()
    except Exception as error:  # noqa: BLE001 - a refusal is an answer too
        found[name] = "refused"
        found.setdefault("_errors", {})[name] = f"{type(error).__name__}: {error}"


def layer(package: Any, draw: Any, only: list[str] | None = None) -> Found:
    """Everything that can be asked of one layer."""
    package.utils.clear_session(free_memory=False)
    name = draw.pick(*(only or LAYERS))
    case: Case = LAYERS[name](package, draw)
    one, caller = case.layer, Caller(package, case, draw)
    rng = np.random.default_rng(draw.number(0, 10**6))
    found: Found = {}
    config = one.get_config()
    shown = text(config)
    draw.say(f"{name} { ({k: v for k, v in shown.items() if not k.endswith('initializer')}) }")
    shapes = [f"{x.dtype}{x.shape}" for x in caller.inputs]
    draw.say(f"inputs {shapes}, mask {case.mask is not None}, call {sorted(caller.call)}")
    found["config"], found["_half"] = shown, "float16" in str(draw.said)
    whole = [tuple(x.shape) for x in caller.inputs]
    open_ = [(None, *s[1:]) for s in whole]
    for label, given_shapes in (("shape", whole), ("open shape", open_)):
        copy = fresh(one)
        got = given_shapes if case.spread or not caller.many else [given_shapes]
        attempt(label, found, lambda c=copy, g=got: text(c.compute_output_shape(*g)))
    symbols(package, found, fresh(one), caller)
    values(package, found, one, caller, rng)
    if case.mask is None and all(x.dtype.kind in "fiub" for x in caller.inputs):
        attempt("file", found, lambda: file(package, fresh(one), caller, found))
    return found


def symbols(package: Any, found: Found, copy: Any, caller: Caller) -> None:
    """Shapes and dtypes of a call on symbols."""
    stateful = getattr(copy, "stateful", False)

    def get() -> Any:
        inputs = [
            package.Input(x.shape[1:], batch_size=len(x) if stateful else None, dtype=str(x.dtype))
            for x in caller.inputs
        ]
        y = caller(copy, inputs, plain=True)
        # Of integers, and of layers in wrappers, Keras promises dtypes that it does not give.
        open_ = any(x.dtype.kind != "f" for x in caller.inputs) or found["_half"]
        return [(text(s.shape), "" if open_ else str(s.dtype)) for s in flat(package, y)]

    attempt("symbols", found, get)
    found["symbol weights"] = [w.path for w in copy.weights]


def values(package: Any, found: Found, one: Any, caller: Caller, rng: Any) -> None:
    """Outputs, masks, losses, gradients and the state of calls."""
    convert = package.ops.convert_to_tensor
    caller(one, [convert(x) for x in caller.inputs])
    reset(one)
    one.set_weights(given(one, rng))
    found["weights"] = [(w.name, w.path, tuple(w.shape), str(w.dtype)) for w in one.weights]
    # Shapes are found by building here, so that numbers of seeds run ahead.
    found["variables"] = [re.sub(r"(seed_generator)_\d+", r"\1", v.path) for v in one.variables]
    found["trainable"] = [v.path for v in one.trainable_weights]
    found["frozen"] = [v.path for v in one.non_trainable_weights]
    for n in range(caller.case.calls):
        y = caller(one, [convert(x) for x in caller.inputs])
        found[f"structure {n}"] = [type(y).__name__ if isinstance(y, (list, dict)) else "one"]
        found[f"dtypes {n}"] = [dtype_of(package, t) for t in flat(package, y)]
        for i, x in enumerate(arrays(package, y)):
            found[f"output {n} {i}"] = x
        found[f"masks {n}"] = [mask_of(package, t) for t in flat(package, y)]
        if all("float" in d for d in found[f"dtypes {n}"]):  # Keras cuts penalties to integers
            found[f"losses {n}"] = np.array([float(np.asarray(x)) for x in one.losses])
        for i, v in enumerate(one.variables):
            if "seed" not in v.path:
                found[f"variable {n} {i}"] = array(v)
    reset(one)
    if keras.backend.backend() == "jax":
        gradients(package, found, one, caller, rng)


def reset(one: Any) -> None:
    if getattr(one, "stateful", False) and hasattr(one, "reset_state"):
        one.reset_state()


def gradients(package: Any, found: Found, one: Any, caller: Caller, rng: Any) -> None:
    """Gradients of a weighted sum of the outputs by inputs and weights."""
    floats = [i for i, x in enumerate(caller.inputs) if x.dtype.kind == "f"]
    outputs = [
        (i, rng.normal(size=found[f"output 0 {i}"].shape).astype("float32"))
        for i, d in enumerate(found["dtypes 0"])
        if "float" in d
    ]
    ops = package.ops
    cast, convert = ops.cast, ops.convert_to_tensor

    def total(y: Any) -> Any:
        y = flat(package, y)
        return sum((ops.sum(cast(y[i], "float32") * c) for i, c in outputs), start=ops.zeros(()))

    if package is keras:
        fixed = [v.value for v in one.non_trainable_variables]

        def value(weights: Any, given: Any) -> Any:
            tensors = [convert(x) for x in caller.inputs]
            for i, x in zip(floats, given, strict=True):
                tensors[i] = x
            with keras.StatelessScope(
                [
                    *zip(one.trainable_variables, weights, strict=True),
                    *zip(one.non_trainable_variables, fixed, strict=True),
                ]
            ):
                return total(caller(one, tensors))

        weights = [v.value for v in one.trainable_variables]
        inputs = [convert(caller.inputs[i]) for i in floats]
        by_weights, by_inputs = jax.jit(jax.grad(value, (0, 1)))(weights, inputs)
    else:
        tensors = [convert(x) for x in caller.inputs]
        with package.GradientTape() as tape:
            for i in floats:
                tape.watch(tensors[i])
            result = total(caller(one, tensors))
        watched = [*one.trainable_variables, *(tensors[i] for i in floats)]
        every = tape.gradient(result, watched)
        every = [
            ops.zeros(w.shape) if g is None else g for g, w in zip(every, watched, strict=True)
        ]
        count = len(every) - len(floats)
        by_weights, by_inputs = every[:count], every[count:]
    for i, g in enumerate(by_weights):
        found[f"gradient of weight {i}"] = array(g)
    for i, g in zip(floats, by_inputs, strict=True):
        found[f"gradient of input {i}"] = array(g)


def file(package: Any, copy: Any, caller: Caller, found: Found) -> Any:
    """Predictions of a model with the layer, and those of its file in the other package."""
    other = kerasish if package is keras else keras
    package.utils.clear_session(free_memory=False)
    stateful = getattr(copy, "stateful", False)
    inputs = [
        package.Input(x.shape[1:], batch_size=len(x) if stateful else None, dtype=str(x.dtype))
        for x in caller.inputs
    ]
    y = caller(copy, inputs, plain=True)
    model = package.Model(inputs, y)
    rng = np.random.default_rng(0)
    model.set_weights(given(model, rng))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.keras")
        model.save(path)
        read = other.saving.load_model(path)
    for made, pack in ((model, package), (read, other)):
        tensors = [pack.ops.convert_to_tensor(x) for x in caller.inputs]
        for i, x in enumerate(arrays(pack, made(tensors))):
            found[f"model {i} {'' if (pack is keras) else 'ish'}"] = x
        found[f"model shape {'keras' if pack is keras else 'ish'}"] = text(made.output_shape)
    return "read"
