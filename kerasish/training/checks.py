"""What is checked on the host before it reaches a compiled step, where it could not be reported."""

from __future__ import annotations

from typing import Any

from kerasish.data.batch import Batch
from kerasish.training.compile_loss import CompileLoss, arrange_weights
from kerasish.training.label_rules import check
from kerasish.training.output_hints import warn_of_outputs
from kerasish.training.outputs import Outputs


def check_labels(batch: Batch, model: Any) -> None:
    """Targets are what the losses of `compile` ask for, and the outputs what these take.

    Args:
        batch: a batch, or a whole data set in the form of one.

    Raises:
        DataError: with the target, its place and what was expected.
    """
    compiled: CompileLoss | None = model._compile_loss
    if compiled is None or not compiled.built:
        return
    if not compiled.hinted:
        compiled.hinted = True
        warn_of_outputs(model, compiled.terms)
    if batch.y is None or not compiled.label_rules:
        return
    outputs: Outputs = compiled.outputs
    targets = outputs.arrange(batch.y, "y", compiled.wanted)
    weights = arrange_weights(outputs, batch.sample_weight, compiled.wanted)
    for rule in compiled.label_rules:
        y = targets[rule.output]
        if y is not None:
            check(rule, y, weights[rule.output], outputs.names[rule.output])
