"""One step of training, evaluation or prediction as a compiled function of flat arrays.

A step is traced whole: forward, loss, metrics, gradients, update, state. What it leaves behind
is in variables; it returns nothing unless someone reads the logs of every batch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish import tree
from kerasish.compiler import Function
from kerasish.config import settings
from kerasish.data.batch import Batch, pack_x_y_sample_weight
from kerasish.data.checks import working_dtype
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.graph.trace import Slot
from kerasish.spec import TensorSpec, dtype_name, known, np_dtype

Form = tuple[Any, ...]  # the paths of a batch's arrays: its structure as a hashable


def form_of(batch: Batch) -> Form:
    """The structure of a batch, without its arrays."""
    return tuple(path for path, leaf in tree.flatten_with_path(batch) if leaf is not None)


def specs_of(leaves: Sequence[np.ndarray]) -> tuple[TensorSpec, ...]:
    """The specs that arrays have in a step: floats in floatx."""
    return tuple(
        TensorSpec(tuple(leaf.shape), dtype_name(working_dtype(leaf.dtype))) for leaf in leaves
    )


# Signatures (shapes of batches) that one step keeps compiled.
SIGNATURES = 32


class Bound(NamedTuple):
    """A step bound to buffers: fill `inputs`, call `run()`, read its result with `read()`."""

    inputs: list[Any]
    run: Callable[[], None]
    read: Callable[[], Any]
    fixed: bool  # whether what `read` gives lies in the same arrays after every run


class Step:
    """The step `func` of a model for batches of one structure.

    Args:
        func: takes a batch as the user's `train_step` does, returns logs or predictions.
        example: a batch of this structure; only its form is used.
        keep: what of the result is wanted: `keep(result)` is traced with the step.
        eager: whether to run op by op instead of compiling.
    """

    def __init__(
        self,
        func: Callable[[Any], Any],
        example: Batch,
        keep: Callable[[Any], Any],
        eager: bool = False,
    ) -> None:
        self.func = func
        self.keep = keep
        self.eager = eager
        self.form = tree.map_structure(lambda leaf: None if leaf is None else True, example)
        self.function = Function(self._traced, SIGNATURES)
        self.lock = self.function.lock
        self._bound: OrderedDict[Any, Bound] = OrderedDict()

    def _traced(self, *leaves: Tensor) -> Any:
        remaining = iter(leaves)
        batch = tree.map_structure(
            lambda leaf: None if leaf is None else next(remaining), self.form
        )
        return self.keep(self.func(pack_x_y_sample_weight(*batch)))

    def is_bound(self, specs: tuple[TensorSpec, ...]) -> bool:
        """Whether the step for arrays of these specs is compiled, under the settings at hand."""
        return (specs, settings.generation) in self._bound

    def bind(self, specs: tuple[TensorSpec, ...]) -> Bound:
        """The step for arrays of these specs, compiled at the first request."""
        key = (specs, settings.generation)
        found = self._bound.get(key)
        if found is None:
            found = self._bound[key] = self._bind_eager(specs) if self.eager else self._plan(specs)
            if len(self._bound) > SIGNATURES:
                self._bound.popitem(last=False)
        return found

    def _plan(self, specs: tuple[TensorSpec, ...]) -> Bound:
        compiled = self.function.compiled(*specs)
        plan = compiled.plan

        def fetch(leaf: Any) -> Any:
            return plan.device.to_numpy(plan.outputs[leaf]) if isinstance(leaf, Slot) else leaf

        def read() -> Any:
            return tree.map_structure(fetch, compiled.structure)

        if plan.device.host:
            return Bound(plan.inputs, plan.run, read, True)
        hosts = [np.empty(known(s.shape), np_dtype(s.dtype)) for s in specs]

        def run() -> None:
            for buffer, host in zip(plan.inputs, hosts, strict=True):
                plan.device.fill(buffer, host)
            plan.run()

        return Bound(hosts, run, read, False)

    def _bind_eager(self, specs: tuple[TensorSpec, ...]) -> Bound:
        buffers = [np.empty(known(spec.shape), np_dtype(spec.dtype)) for spec in specs]
        last: list[Any] = [None]

        def run() -> None:
            last[0] = self._traced(*(convert_to_tensor(b.copy()) for b in buffers))

        def read() -> Any:
            return tree.map_structure(lambda t: t.numpy() if isinstance(t, Tensor) else t, last[0])

        return Bound(buffers, run, read, False)

    def __call__(self, leaves: Sequence[np.ndarray]) -> Any:
        """Run once on these arrays; the result is a copy."""
        with self.lock:
            bound = self.bind(specs_of(leaves))
            for buffer, leaf in zip(bound.inputs, leaves, strict=True):
                buffer[...] = leaf
            bound.run()
            return tree.map_structure(_copied, bound.read())


def _copied(leaf: Any) -> Any:
    return np.array(leaf) if isinstance(leaf, np.ndarray) else leaf


def nothing(result: Any) -> tuple[()]:
    """Keep no result: the graph of a step then ends in its variables."""
    return ()


def everything(result: Any) -> Any:
    """Keep the result as it is."""
    return result


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
