"""One step of training, evaluation or prediction as a compiled function of flat arrays.

A step is traced whole: forward, loss, metrics, gradients, update, state. What it leaves behind
is in variables; it returns nothing unless someone reads the logs of every batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.compiler.arena import Arena
from kerasish.compiler.functions import Compiled, compiled
from kerasish.data.batch import Batch, pack_x_y_sample_weight
from kerasish.data.checks import working_dtype
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.graph.trace import Slot
from kerasish.spec import TensorSpec, input_dtype, known, np_dtype

Form = tuple[Any, ...]  # the paths of a batch's arrays: its structure as a hashable
Specs = tuple[TensorSpec, ...]


def form_of(batch: Batch) -> Form:
    """The structure of a batch, without its arrays."""
    return tuple(path for path, leaf in tree.flatten_with_path(batch) if leaf is not None)


def specs_of(leaves: Sequence[np.ndarray]) -> Specs:
    """The specs that arrays have in a step: floats in floatx."""
    return tuple(
        TensorSpec(tuple(leaf.shape), input_dtype(working_dtype(leaf.dtype))) for leaf in leaves
    )


class Bound:
    """A step bound to buffers: fill `inputs`, call `run()`, read its result with `read()`.

    All three are done under the lock of the plans it came from: the buffers serve every run.

    Attributes:
        inputs: arrays to fill.
        run: runs the step once.
        read: the result of the last run; its arrays are the step's own.
        fixed: whether what `read` gives lies in the same arrays after every run.
        compiled: graph and plan; None where the step runs op by op.
        turn: when it was used last, for whoever keeps it.
    """

    __slots__ = ("compiled", "fixed", "inputs", "read", "run", "told", "turn")

    def __init__(
        self,
        inputs: list[Any],
        run: Callable[[], None],
        read: Callable[[], Any],
        made: Compiled | None = None,
        fixed: bool = False,
    ) -> None:
        self.inputs = inputs
        self.run = run
        self.read = read
        self.compiled = made
        self.fixed = fixed
        self.turn = 0
        self.told = [False]  # by the step itself

    @property
    def own_logs(self) -> bool:
        """Whether a step of one's own returns other logs than those of the metrics."""
        return self.told[0]

    def fill(self, leaves: Sequence[np.ndarray]) -> None:
        """Put the arrays of a batch into the buffers."""
        for buffer, leaf in zip(self.inputs, leaves, strict=True):
            np.copyto(buffer, leaf, casting="unsafe")


def flat_step(func: Callable[[Any], Any], example: Batch) -> Callable[..., Any]:
    """`func`, which takes a batch as users do, as a function of the batch's arrays.

    Args:
        func: takes `x`, `(x, y)` or `(x, y, sample_weight)`.
        example: a batch of this structure; only its form is used.
    """
    form = example.filled([True] * len(example.leaves))

    def flat(*leaves: Tensor) -> Any:
        return func(pack_x_y_sample_weight(*form.filled(leaves)))

    return flat


def bind_compiled(flat: Callable[..., Any], specs: Specs, arena: Arena) -> Bound:
    """The step for arrays of these specs as a plan."""
    made = compiled(flat, specs, arena)
    plan = made.plan

    def fetch(leaf: Any) -> Any:
        return plan.device.to_numpy(plan.outputs[leaf]) if isinstance(leaf, Slot) else leaf

    def read() -> Any:
        return tree.map_structure(fetch, made.structure)

    if plan.device.host:
        return Bound(plan.inputs, plan.run, read, made, True)
    hosts = _buffers(specs)

    def run() -> None:
        for buffer, host in zip(plan.inputs, hosts, strict=True):
            plan.device.fill(buffer, host)
        plan.run()

    return Bound(hosts, run, read, made)


def bind_eager(flat: Callable[..., Any], specs: Specs) -> Bound:
    """The step for arrays of these specs, op by op."""
    buffers = _buffers(specs)
    last: list[Any] = [None]

    def run() -> None:
        last[0] = flat(
            *(convert_to_tensor(b.copy(), s.dtype) for b, s in zip(buffers, specs, strict=True))
        )

    def read() -> Any:
        return tree.map_structure(lambda t: t.numpy() if isinstance(t, Tensor) else t, last[0])

    return Bound(buffers, run, read)


def _buffers(specs: Specs) -> list[np.ndarray]:
    return [np.empty(known(spec.shape), np_dtype(spec.dtype)) for spec in specs]


def copied(result: Any) -> Any:
    """A result whose arrays are the caller's."""
    return tree.map_structure(
        lambda leaf: np.array(leaf) if isinstance(leaf, np.ndarray) else leaf, result
    )


def as_number(value: Any) -> Any:
    """A scalar array or tensor as a Python number; anything else as a numpy array."""
    if isinstance(value, (int, float, str)) or value is None:
        return value
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else np.array(array)


def as_logs(result: Any) -> dict[str, Any]:
    """Logs as Python numbers; those in an inner dict come under their own names."""
    logs: dict[str, Any] = {}
    for name, value in result.items():
        logs |= as_logs(value) if isinstance(value, dict) else {name: as_number(value)}
    return logs
