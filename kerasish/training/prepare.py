"""`prepare`: model, metrics and optimizer are there before a step is traced or run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kerasish.data.batch import Batch
from kerasish.graph.tensor import input_tensor
from kerasish.graph.trace import tracing
from kerasish.training.step import Specs


def prepare(model: Any, mode: str, example: Batch, specs: Specs, eager: bool) -> None:
    """Build what is not built yet: the model, then losses and metrics, then the optimizer.

    The model is called on symbols in the shapes of a batch, so that whatever a step asks first
    (its trainable variables, its metrics, the optimizer's slots) is there. A step of one's own may
    call the model, or its parts, on something else: where the model does not take `x` as it is,
    building is left to the step, and so is the error where there is one.

    Args:
        mode: "train", "test" or "predict".
        example: a batch; only its structure is used.
        specs: of its arrays.
        eager: whether the step runs op by op.
    """
    built = _built(model)
    late = [part for part in _wanted(model, mode, eager) if part is not None and not part.built]
    if (not built and model._can_be_called()) or late:
        with suppress(Exception):  # the step itself raises what is wrong
            _build(model, late, example, specs)
        built = _built(model)
    optimizer = model.optimizer
    if mode == "train" and built and optimizer is not None and not optimizer.built:
        model._build_optimizer()


def _wanted(model: Any, mode: str, eager: bool) -> list[Any]:
    """What of `compile` must be there; our own steps build it while they are traced."""
    if mode == "predict":
        return []
    if model.steps_itself(mode):
        return [model._compile_metrics]  # it need not use the loss of `compile`
    return [model._compile_loss, model._compile_metrics] if eager else []


def _built(model: Any) -> bool:
    layers = model._flatten_layers()
    return all(layer.built for layer in (layers if model._can_be_called() else layers[1:]))


def _build(model: Any, late: list[Any], example: Batch, specs: Specs) -> None:
    with tracing():
        x, y, sample_weight = example.filled(map(input_tensor, specs))
        y_pred = model(x, training=False)
        if model._compile_loss in late:
            model._loss_of(x, y, y_pred, sample_weight, False)
        if model._compile_metrics in late:
            model.compute_metrics(x, y, y_pred, sample_weight)
