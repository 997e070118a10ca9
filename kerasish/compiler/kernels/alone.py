"""Single ops run eagerly by the providers that would run them in a plan."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from kerasish.compiler.functions import Function
from kerasish.compiler.providers import REFERENCE
from kerasish.graph.op import Op
from kerasish.graph.tensor import Tensor

KEPT = 1 << 26  # bytes that the plans of one op may keep between calls

_functions: OrderedDict[str, Function] = OrderedDict()
_lock = threading.Lock()


def planned(op: Op, tensors: Sequence[Tensor], attrs: dict[str, Any]) -> Sequence[Any] | None:
    """The arrays of an op's results, run as a plan; None where no provider takes part in it."""
    with _lock:
        if op.name not in _functions or _functions[op.name].func is not op:
            _functions[op.name] = Function(op, cache_size=16)
    function = _functions[op.name]
    with function.lock:
        made, given = function.prepared(*tensors, **attrs)
        plan = made.plan
        if all(step.provider == REFERENCE for step in plan.steps):
            return None
        for buffer, tensor in zip(plan.inputs, given, strict=True):
            buffer[...] = tensor.value
        plan.run()
        arrays = [array.copy() for array in plan.outputs]
        if plan.memory.size > KEPT:
            function.clear()
    return arrays
