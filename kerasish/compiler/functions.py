"""Function: Python traced once per signature, kept as plans."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish import tree
from kerasish.backend.base import current
from kerasish.collector import resting
from kerasish.compiler.arena import Arena
from kerasish.compiler.passes import optimize
from kerasish.compiler.plan import Plan
from kerasish.config import settings
from kerasish.errors import ArgumentError
from kerasish.graph.node import Graph, frozen
from kerasish.graph.recording import recording
from kerasish.graph.tensor import Tensor, borrowed, wrap
from kerasish.graph.trace import Slot, current_trace, trace
from kerasish.graph.variable import Variable
from kerasish.portable import PortableFunction
from kerasish.spec import TensorSpec

CACHE_SIZE = 32


@dataclass(eq=False, repr=False)
class Compiled:
    """One signature of a Function: its graph, its plan and the form of its result."""

    traced: Graph
    plan: Plan
    structure: Any

    def results(self) -> Any:
        """The results of the last run, copied out of the plan's buffers."""

        def fetch(leaf: Any) -> Any:
            if isinstance(leaf, Slot):
                array = self.plan.outputs[leaf]
                return wrap(array.copy(), self.plan.graph.outputs[leaf].spec.dtype)
            return leaf

        return tree.map_structure(fetch, self.structure)


class Function(PortableFunction):
    """A Python function of tensors, traced once per input signature and run as a plan.

    Args:
        func: takes and returns structures of tensors. It runs only while it is traced: prints and
            other side effects happen then. Variables assigned in it are assigned by every call.
        cache_size: how many signatures are kept; the longest unused goes first.

    Calls inside another traced function, or under a GradientTape, run `func` inline.
    """

    def __init__(self, func: Callable[..., Any], cache_size: int = CACHE_SIZE) -> None:
        functools.update_wrapper(self, func)
        self.func = func
        self.cache_size = cache_size
        self.lock = threading.RLock()
        self._cache: OrderedDict[Any, Compiled] = OrderedDict()
        self._arena = Arena()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if settings.run_eagerly or current_trace() is not None or recording.tapes:
            return self.func(*args, **kwargs)
        leaves = tree.flatten((args, kwargs))
        if any(isinstance(leaf, Tensor) and leaf.is_symbolic for leaf in leaves):
            return self.func(*args, **kwargs)
        arrays, key, rebuild = _signature(args, kwargs, leaves)
        with self.lock:
            made = self._compiled(key, [a.spec for a in arrays], rebuild)
            for buffer, tensor in zip(made.plan.inputs, arrays, strict=True):
                buffer[...] = tensor.value
            made.plan.run()
            for variable, _ in made.traced.updates if recording.live else ():
                recording.forget(variable)
            return made.results()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def prepared(self, *args: Any, **kwargs: Any) -> tuple[Compiled, list[Tensor]]:
        """What a call with these arguments would run, and the tensors that fill its inputs."""
        arrays, key, rebuild = _signature(args, kwargs, tree.flatten((args, kwargs)))
        with self.lock:
            return self._compiled(key, [a.spec for a in arrays], rebuild), arrays

    def compiled(self, *specs: TensorSpec) -> Compiled:
        """The compiled form for tensor arguments of these specs."""
        with self.lock:
            key = _key([(0, i) for i in range(len(specs))], [_FILLED] * len(specs), specs)
            return self._compiled(key, list(specs), lambda tensors: (tuple(tensors), {}))

    def plan_for(self, *specs: TensorSpec) -> Plan:
        """The plan for tensor arguments of these specs; built at the first request."""
        return self.compiled(*specs).plan

    def graph(self, *specs: TensorSpec, until: str | None = None) -> Graph:
        """The graph at a stage: as traced (`until=None`), or after the pass of that name."""
        made = self.compiled(*specs)
        return made.traced if until is None else optimize(made.traced, current(), until)

    def clear(self) -> None:
        """Forget all plans and their memory."""
        with self.lock:
            self._cache.clear()
            self._arena.clear()

    def _compiled(self, key: Any, specs: list[TensorSpec], rebuild: Callable[..., Any]) -> Compiled:
        full = (key, settings.backend, settings.generation, settings.floatx)
        try:
            held = self._cache.get(full)
        except TypeError as error:
            raise ArgumentError(
                f"The function {self.func!r}",
                expected="tensors, and plain values that can be told apart by a hash",
                received=f"an argument with {error}",
            ) from None
        if held is not None:
            self._cache.move_to_end(full)
            return held

        def flat(*tensors: Tensor) -> Any:
            args, kwargs = rebuild(tensors)
            return self.func(*args, **kwargs)

        made = self._cache[full] = compiled(flat, specs, self._arena)
        while len(self._cache) > self.cache_size:
            self._cache.popitem(last=False)
        return made


def compiled(func: Callable[..., Any], specs: Sequence[TensorSpec], arena: Arena) -> Compiled:
    """`func` of tensors of these specs, traced and bound to memory of `arena`."""
    with resting():
        traced, structure = trace(func, specs)
        graph = optimize(traced, current())
        try:
            plan = Plan(graph, arena.take)
        finally:
            arena.settle()
    return Compiled(traced, plan, structure)


_FILLED = object()  # stands for a tensor among the plain values of a signature


def _signature(args: Any, kwargs: Any, leaves: list[Any]) -> tuple[list[Tensor], Any, Any]:
    """Split leaves into tensors and plain values: (tensors, cache key, rebuilding function)."""
    tensors: list[Tensor] = []
    marks: list[Any] = []
    for leaf in leaves:
        if _is_array(leaf):
            marks.append(_FILLED)
            tensors.append(borrowed(leaf))  # copied into a plan's inputs before anything else runs
        else:
            marks.append(leaf)
    paths = [path for path, _ in tree.flatten_with_path((args, kwargs))]
    key = _key(paths, marks, [t.spec for t in tensors])

    def rebuild(values: Any) -> Any:
        given = iter(values)
        filled = [next(given) if mark is _FILLED else mark for mark in marks]
        return tree.pack_sequence_as((args, kwargs), filled)

    return tensors, key, rebuild


def _key(paths: list[Any], marks: list[Any], specs: Sequence[TensorSpec]) -> Any:
    """What calls have in common that one plan serves."""
    return tuple(paths), tuple(map(frozen, marks)), tuple(specs)


def _is_array(leaf: Any) -> bool:
    """Whether an argument's value is filled in at every call; a variable is used as itself."""
    if isinstance(leaf, Variable):
        return False
    return isinstance(leaf, Tensor) or hasattr(leaf, "__array__") or hasattr(leaf, "__dlpack__")


def function(func: Callable[..., Any] | None = None, *, cache_size: int = CACHE_SIZE) -> Any:
    """Compile a function of tensors; usable as a decorator, with or without arguments.

    Example:
        >>> import kerasish as keras
        >>> @keras.function
        ... def norm(x):
        ...     return keras.ops.sqrt(keras.ops.sum(x * x))
        >>> float(norm(keras.ops.convert_to_tensor([3.0, 4.0])))
        5.0
    """
    if func is None:
        return functools.partial(Function, cache_size=cache_size)
    return Function(func, cache_size)
