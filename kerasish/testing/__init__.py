"""Checks for operators of one's own: gradients against differences, shapes against kernels."""

from kerasish.graph.verify import verify
from kerasish.testing.batched import check_batched
from kerasish.testing.compiled import check_compiled
from kerasish.testing.everything import check
from kerasish.testing.gradients import check_grads, numeric_grad
from kerasish.testing.lowered import check_lowered
from kerasish.testing.operators import check_op
from kerasish.testing.samples import sample_inputs

__all__ = [
    "check",
    "check_batched",
    "check_compiled",
    "check_grads",
    "check_lowered",
    "check_op",
    "numeric_grad",
    "sample_inputs",
    "verify",
]
