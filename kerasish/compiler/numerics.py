"""Where a value that is no number begins: every step of a plan looked at, or every op in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.backend.base import Backend
from kerasish.compiler.region import FUSED
from kerasish.config import settings
from kerasish.errors import NumericsError
from kerasish.graph import interpret
from kerasish.graph.node import LEAVES, Graph, Node, toposort
from kerasish.graph.tensor import Tensor, wrap
from kerasish.graph.trace import eagerly
from kerasish.spec import is_float

GRADIENT = "grad"  # the scope of nodes that differentiation made
BATCH_FILE = "numerics_batch.npz"
_MOST = 8  # rows that are named


def looked_at(
    step: Any, inputs: Sequence[Any], device: Backend, batch: Sequence[np.ndarray], every_op: bool
) -> None:
    """Run a step and look at what it wrote.

    Args:
        step: a `plan.Step`.
        inputs: the arrays that it reads.
        batch: the arrays that the plan was given.
        every_op: whether the ops inside a fused step are looked at one by one, which costs a copy
            of what it reads: it may write over that.

    Raises:
        NumericsError: a float is NaN or infinite.
    """
    fused = every_op and step.node.op is FUSED
    held = [np.array(device.to_numpy(array)) for array in inputs] if fused else []
    step.call()
    for spec, array in zip(step.node.specs, step.outputs, strict=False):
        if array is None or not is_float(spec.dtype):
            continue
        host = device.to_numpy(array)
        if not np.isfinite(host).all():
            node, found = _inside(step.node, held) if fused else (step.node, host)
            raise _saved(_error(node, found, batch, step.node.scope))


def _inside(node: Node, inputs: Sequence[np.ndarray]) -> tuple[Node, np.ndarray]:
    """The first op in a region that gave a value which is not finite and went on to a result."""
    body: Graph = node.attrs["body"]
    values: dict[Node, np.ndarray] = {}

    def seen(one: Node, value: Any) -> None:
        if isinstance(value, Tensor) and is_float(value.dtype):
            values[one] = value.numpy()

    known: Mapping[Node, Any] = dict(zip(body.inputs, map(wrap, inputs), strict=True))
    with eagerly(), np.errstate(all="ignore"):
        interpret.run(body.outputs, dict(known), seen)
    bad = [n for n in body.outputs if n in values and not np.isfinite(values[n]).all()]
    for one in toposort(bad):
        if one.op not in LEAVES and one in values and not np.isfinite(values[one]).all():
            return one, values[one]
    return node, np.full((), np.nan)


def _error(node: Node, host: np.ndarray, batch: Sequence[np.ndarray], scope: str) -> NumericsError:
    wrong = ~np.isfinite(host)
    scope = node.scope or scope
    parts = [part for part in scope.split("/") if part and part != GRADIENT]
    backward = GRADIENT in scope.split("/")
    rows: tuple[int, ...] = ()
    if host.ndim and batch and batch[0].shape[:1] == host.shape[:1]:
        rows = tuple(np.flatnonzero(wrong.reshape(len(host), -1).any(axis=1)).tolist())
    named = ", ".join(map(str, rows[:_MOST])) + ", ..." * (len(rows) > _MOST)
    where = f"in op {node.op.name!r} of {'/'.join(parts) or 'the graph'}"
    where += ", on the way back" * backward
    where += f", made at {node.source or '?'}"
    where += f", in rows {named} of the batch" if rows and len(rows) < len(host) else ""
    error = NumericsError(
        f"check_numerics: {int(wrong.sum())} of {host.size} values are NaN or infinite",
        expected="finite values",
        received=f"them {where}",
    )
    error.op, error.layer, error.source = node.op.name, "/".join(parts), node.source
    error.backward, error.rows, error.batch = backward, rows, tuple(batch)
    return error


def _saved(error: NumericsError) -> NumericsError:
    """The error, with its batch in a file where a folder for it was named."""
    if settings.numerics_folder is not None and error.batch:
        path = Path(settings.numerics_folder, BATCH_FILE)
        np.savez(path, *error.batch)
        error.add_note(f"The batch is in {path}, arr_0, arr_1, ... in the order of x, y, weights.")
    return error
