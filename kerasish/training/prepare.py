"""`prepare`: model, metrics and optimizer are there before a step is traced or run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kerasish import tree
from kerasish.data.batch import Batch
from kerasish.graph.tensor import input_tensor
from kerasish.graph.trace import tracing
from kerasish.training.step import Specs


def prepare(model: Any, mode: str, example: Batch, specs: Specs) -> None:
    """Build what is not built yet: the model, then losses and metrics, then the optimizer.

    The model is called on symbols in the shapes of a batch, so that whatever a step asks first
    (its trainable variables, its metrics, the optimizer's slots) is there. A step of one's own may
    call the model, or its parts, on something else: where the model does not take `x` as it is,
    building is left to the step, and so is the error where there is one.

    Args:
        mode: "train", "test" or "predict".
        example: a batch; only its structure is used.
        specs: of its arrays.
    """
    built = _built(model)
    wanted = [] if mode == "predict" else [model._compile_metrics]
    if mode != "predict" and not model.steps_itself(mode):
        wanted.append(model._compile_loss)  # a step of one's own need not use it
    late = [part for part in wanted if part is not None and not part.built]
    if (not built and model._can_be_called()) or late:
        with suppress(Exception):  # the step itself raises what is wrong
            _build(model, late, example, specs)
        built = _built(model)
    optimizer = model.optimizer
    if mode == "train" and built and optimizer is not None and not optimizer.built:
        optimizer.build(list(model.trainable_variables))


def _built(model: Any) -> bool:
    layers = model._flatten_layers()
    return all(layer.built for layer in (layers if model._can_be_called() else layers[1:]))


def _build(model: Any, late: list[Any], example: Batch, specs: Specs) -> None:
    remaining = iter(specs)

    def symbol(leaf: Any) -> Any:
        return None if leaf is None else input_tensor(next(remaining))

    with tracing():
        x, y, sample_weight = tree.map_structure(symbol, example)
        y_pred = model(x, training=False)
        if model._compile_loss in late:
            model._loss_of(x, y, y_pred, sample_weight, False)
        if model._compile_metrics in late:
            model.compute_metrics(x, y, y_pred, sample_weight)
