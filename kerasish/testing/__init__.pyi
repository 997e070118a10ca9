# Written by scripts/make_names.py.
from kerasish.graph.verify import verify as verify
from kerasish.testing.arrays import check_arrays as check_arrays
from kerasish.testing.batched import check_batched as check_batched
from kerasish.testing.compiled import check_compiled as check_compiled
from kerasish.testing.everything import check as check
from kerasish.testing.gradients import check_grads as check_grads
from kerasish.testing.gradients import numeric_grad as numeric_grad
from kerasish.testing.lowered import check_lowered as check_lowered
from kerasish.testing.operators import check_op as check_op
from kerasish.testing.passes import check_pass as check_pass
from kerasish.testing.samples import sample_inputs as sample_inputs

__all__: list[str]
