"""Configs of Keras 1 and 2 in the words of Keras 3: data to data, nothing is built here."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from kerasish import ops, registry
from kerasish.naming import snake_case
from kerasish.saving.files.text import is_list, is_mapping, is_object
from kerasish.serialization import MODULES, get_registered_object
from kerasish.signatures import constructor

# Arguments that chose an implementation or wrote down a default; they change no result.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "implementation": (0, 1, 2),
    "time_major": (False,),
    "ragged": (False,),
    "sparse": (False,),
    "optional": (False,),
    "is_legacy_optimizer": (False, True),
    "jit_compile": (False, True, "auto"),
    "use_gate": (False,),
    "renorm": (False,),
    "renorm_momentum": (0.99,),
    "synchronized": (False,),
    "fused": (True, False),
    "expects_training_arg": (False, True),
    "groups": (1,),
    "rms_scaling": (False,),
}
# Keras 2 let these two take what only Conv2D has.
_NO_GROUPS = ("DepthwiseConv1D", "DepthwiseConv2D", "Conv2DTranspose", "Conv1DTranspose",
              "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D")  # fmt: skip
_RENAMED = {"TFDIdentity": "Identity"}  # a class that Keras's FeatureSpace keeps to itself
_MODELS = ("Sequential", "Functional", "Model")
_POLICIES = ("Policy", "PolicyV1")
_REDUCTIONS = {"auto": "sum_over_batch_size", "none": "none"}


def modernize(config: Any) -> Any:
    """A copy of `config` in Keras 3's form; Keras 3's own configs come back equal."""
    if is_list(config):
        return [modernize(item) for item in config]
    if not is_object(config):
        return config
    name = config.get("class_name")
    if name in ("__tuple__", "TensorShape") and "items" in config:
        return modernize(config["items"])
    found = {key: modernize(value) for key, value in config.items()}
    if isinstance(name, str) and name in _RENAMED:
        name = _RENAMED[name]
        found.update(module="keras.layers", class_name=name, registered_name=None)
    inner = found.get("config")
    if name in _POLICIES and is_object(inner):
        return inner.get("name")
    if is_list(inner) and name in ("Sequential", "Model"):
        inner = found["config"] = {"layers": inner}  # Keras 1 wrote the bare list
    if isinstance(name, str) and is_object(inner):
        found["config"] = _arguments(name, inner)
        if "inbound_nodes" in found and not found.get("module") and _is_operation(name, found):
            found["module"] = "keras.src.ops.numpy"  # legacy files of Keras 3 leave it out
    return found


def _is_operation(name: str, item: Mapping[str, Any]) -> bool:
    """Whether a member of a graph is a public function called on symbols.

    Multiply is a layer and a function; the config of a layer says whether it is trainable, and
    functions came only with the calls in the form of Keras 3.
    """
    if get_registered_object(name) is not None or "trainable" in item["config"]:
        return False
    nodes = item["inbound_nodes"]
    if not is_list(nodes) or not nodes or not is_object(nodes[0]):
        return False
    return name == "GetItem" or callable(getattr(ops, snake_case(name), None))


def _arguments(name: str, config: dict[str, Any]) -> dict[str, Any]:
    config = dict(config)
    shape = config.pop("batch_input_shape", None)
    if shape is not None:
        config["batch_shape" if name == "InputLayer" else "batch_input_shape"] = shape
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        config["axis"] = config["axis"][0] if len(config["axis"]) == 1 else config["axis"]
    if name in _NO_GROUPS and config.get("groups") == 1:
        del config["groups"]
    if "lr" in config and "learning_rate" not in config:
        config["learning_rate"] = config.pop("lr")
    if "decay" in config and "learning_rate" in config:
        config["learning_rate"] = _decayed(config["learning_rate"], config.pop("decay"))
    if isinstance(config.get("reduction"), str):
        config["reduction"] = _REDUCTIONS.get(config["reduction"], config["reduction"])
    return _sequential(config) if name == "Sequential" else config


def _decayed(rate: Any, decay: Any) -> Any:
    """Keras 2's `decay` is the schedule rate / (1 + decay * step)."""
    if not decay or is_object(rate):
        return rate
    schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
    return {
        "module": "keras.optimizers.schedules",
        "class_name": "InverseTimeDecay",
        "config": schedule,
        "registered_name": None,
    }


def _sequential(config: dict[str, Any]) -> dict[str, Any]:
    """The input's shape as a layer of its own, where Keras 1 and 2 gave it to the first layer."""
    layers = config.get("layers")
    if not is_list(layers) or not layers or not is_mapping(layers[0]):
        return config
    first = layers[0].get("config")
    if is_object(first) and "batch_input_shape" in first:
        rest = dict(first)
        inputs: dict[str, Any] = {"batch_shape": rest.pop("batch_input_shape"), "name": None}
        # An Embedding's "dtype" is the one of its weights, while its inputs are integers.
        inputs["dtype"] = "int32" if layers[0].get("class_name") == "Embedding" else "float32"
        entry = {"class_name": "InputLayer", "config": inputs}
        config["layers"] = [entry, {**layers[0], "config": rest}, *layers[1:]]
    return config


def fit(config: Any) -> Any:
    """A copy of `config` without arguments that a built-in class does not have and that say
    nothing: None, or a value that changes no result.

    An argument that is unknown and says something stays, so that the class refuses it by name.
    """
    if is_list(config):
        return [fit(item) for item in config]
    if not is_object(config):
        return config
    found = {key: fit(value) for key, value in config.items()}
    name, inner = found.get("class_name"), found.get("config")
    if isinstance(name, str) and is_object(inner):
        known = _known(name)
        if known:
            found["config"] = {
                key: value
                for key, value in inner.items()
                if key in known or not (value is None or _says_nothing(key, value))
            }
    return found


def _says_nothing(key: str, value: Any) -> bool:
    return not isinstance(value, (dict, list)) and value in _NEUTRAL.get(key, ())


def _known(name: str) -> set[str]:
    """The parameters of the built-in classes of a name; empty for what is no built-in."""
    if get_registered_object(name) is not None or name in _MODELS:
        return set()
    classes = [registry.lookup(k, name) for k in MODULES if registry.contains(k, name)]
    known: set[str] = set()
    for cls in filter(inspect.isclass, classes):
        known |= set(constructor(cls).parameters) | set(getattr(cls, "ignored", ()))
    return known
