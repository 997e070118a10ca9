"""Which ops are worth a plan of their own when they are called eagerly, one by one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from kerasish import registry
from kerasish.graph.node import attr_key
from kerasish.graph.op import Op
from kerasish.graph.tensor import Tensor

SMALL = 1 << 20  # multiplications below which the reference kernel is as fast
LARGE = 1 << 26  # multiplications from which a plan pays off at the first call
EACH = 32  # multiplications per element, for ops that do not count theirs
KNOWN = 1024  # calls that are remembered

_met: OrderedDict[Any, None] = OrderedDict()
_lock = threading.Lock()


def alone(op: Op, tensors: Sequence[Tensor], attrs: dict[str, Any]) -> Sequence[Any] | None:
    """The arrays of an op's results by the providers of a plan, or None where that does not pay.

    Making a plan takes some milliseconds. It pays for large calls, and for middling ones from
    the second time on that the same op meets the same shapes.
    """
    specs = tuple(t.spec for t in tensors)
    work = op.flops(*specs, **attrs) if op.flops else EACH * sum(s.size for s in specs)
    if work < SMALL:
        return None
    if work < LARGE and not _again((op.name, specs, attr_key(attrs))):
        return None
    return registry.above("compiler.planned")(op, tensors, attrs)


def _again(key: Any) -> bool:
    """Whether a call was made before; from now on it was."""
    with _lock:
        known = key in _met
        _met[key] = None
        _met.move_to_end(key)
        if len(_met) > KNOWN:
            _met.popitem(last=False)
    return known
