"""Checks for ops and passes of one's own."""

from kerasish.graph.verify import verify
from kerasish.testing.arrays import check_arrays
from kerasish.testing.batched import check_batched
from kerasish.testing.compiled import check_compiled
from kerasish.testing.everything import check
from kerasish.testing.gradients import check_grads, numeric_grad
from kerasish.testing.lowered import check_lowered
from kerasish.testing.operators import check_op
from kerasish.testing.passes import check_pass
from kerasish.testing.samples import sample_inputs

__all__ = [
    "check",
    "check_arrays",
    "check_batched",
    "check_compiled",
    "check_grads",
    "check_lowered",
    "check_op",
    "check_pass",
    "numeric_grad",
    "sample_inputs",
    "verify",
]
