"""A model -> the YAML that builds an equal one, with what differs from the defaults only."""

from __future__ import annotations

from typing import Any

from kerasish.declarative.building.written_graph import functional_section, written_input
from kerasish.declarative.building.written_items import layer_item, written
from kerasish.declarative.sections.validate import FORMAT
from kerasish.declarative.text.emit import emit
from kerasish.errors import ArgumentError
from kerasish.layers import InputLayer, Layer
from kerasish.models import Model, Sequential
from kerasish.naming import is_automatic, snake_case
from kerasish.serialization import serialize_keras_object


def to_yaml(model: Model) -> str:
    """The text of a config file for the model, with its `compile` arguments where it has them.

    Weights are not in it. Reading it back gives a model of the same layers, names and shapes.

    Raises:
        ArgumentError: the model holds what a file cannot: code, or operations that are no layers.
    """
    document: dict[str, Any] = {"kerasish": FORMAT, "name": model.name}
    if isinstance(model, Sequential):
        document["model"] = _sequential_section(model)
    else:
        document["model"] = functional_section(model)
    train = _train_section(model)
    if train:
        document["train"] = train
    return emit(document)


def _sequential_section(model: Sequential) -> dict[str, Any]:
    if not model.built or len(model.inputs) != 1:
        raise ArgumentError(
            "to_yaml",
            expected="a model with a known input shape",
            received=f"{model.name!r}, which has none yet",
            fix="Begin it with an Input, or call it once.",
        )
    entry = model.inputs[0].history.operation
    declared = written_input(entry)
    if not is_automatic(entry.name, snake_case(InputLayer.__name__)):
        declared["name"] = entry.name
    used: dict[str, int] = {}
    items = [layer_item(layer, _own_name(layer, used)) for layer in model.layers]
    return {"input": declared, "layers": items}


def _own_name(layer: Layer, used: dict[str, int]) -> str | None:
    """The layer's name, unless nobody gave it or it is the one that it would get anyway."""
    stem = snake_case(type(layer).__name__)
    count = used.get(stem, 0)
    if not layer._auto_named and layer.name != (f"{stem}_{count}" if count else stem):
        return layer.name
    used[stem] = count + 1
    return None


def _train_section(model: Model) -> dict[str, Any]:
    """`optimizer`, `loss` and `metrics` of a compiled model."""
    compiled = model.get_compile_config()
    if not compiled or not compiled.get("optimizer") or not compiled.get("loss"):
        return {}
    kinds = {"optimizer": "optimizer", "loss": "loss", "metrics": "metric"}
    section = {
        key: written(serialize_keras_object(compiled.get(key)), kind) for key, kind in kinds.items()
    }
    section["loss_weights"] = compiled.get("loss_weights")
    section["rates"] = getattr(model.optimizer, "rates", None)
    return {key: value for key, value in section.items() if value not in (None, [], {})}
