"""Providers: libraries whose kernels replace reference kernels, tried in order per node."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish.backend.base import BACKENDS, locked, on_host
from kerasish.config import settings
from kerasish.errors import ArgumentError, BackendError, UnknownNameError
from kerasish.graph.node import Node
from kerasish.graph.op import Op, Specs, get
from kerasish.hints import function, noted, one_of
from kerasish.names import load
from kerasish.registry import hint
from kerasish.signatures import ours
from kerasish.spec import TensorSpec

Array = Any
Arrays = Sequence[Array]
BoundKernel = Callable[[], None]
Inplace = tuple[int, ...] | Callable[[Node], Sequence[tuple[int, int]]]
Bind = Callable[[Node, Sequence[Array], Sequence[Array | None]], BoundKernel]

PROVIDERS: dict[str, Callable[[], str | None]] = {}  # name -> why it cannot run here, or None
ADDS: dict[str, str] = {}  # name -> what it brings, in words
REFERENCE = "reference"  # what plans call an op's own kernel
_kernels: dict[str, list[Kernel]] = {}
_available: dict[str, bool] = {}


@dataclass(frozen=True)
class Kernel:
    """One way to run one op.

    Attributes:
        provider: the library's name, as settings and printed plans show it.
        supports: whether it can run this node, judged by specs and attributes alone.
        bind: `bind(node, inputs, outputs) -> step`, called once per plan with fixed arrays
            (inputs may be strided views; an output that nobody reads is None).
        backend: the backend whose arrays it takes; None for all.
        inplace: the inputs whose buffer output 0 may share, where they die at this node; or
            `inplace(node)`, the (output, input) pairs that may share one.
    """

    provider: str
    supports: Callable[[Node], bool]
    bind: Bind
    backend: str | None = "numpy"
    inplace: Inplace = ()

    def takes(self, node: Node) -> bool:
        """Whether it supports a node."""
        where = f"In supports(node) of the kernel of {self.provider}"
        return bool(noted(lambda: f"{where} for {node}.", self.supports, node))

    def step(self, node: Node, inputs: Sequence[Array], outputs: Sequence[Any]) -> BoundKernel:
        """The step that `bind` gives; a user's is held to what it must do."""
        name = f"the kernel of {self.provider} for {node.op.name!r}"
        if ours(self.bind):
            return function(f"The step that {name} returns", self.bind(node, inputs, outputs))
        inputs, outputs = tuple(map(locked, inputs)), tuple(outputs)
        where = f"In {name}, called as bind(node, inputs, outputs). {_RULE}"
        made = noted(lambda: where, self.bind, node, inputs, outputs)
        return Trial(name, function(f"The step that {name} returns", made), inputs, outputs)


_RULE = "It gives a step() that sets outputs[0][...], and so on; `inputs` are never written to."
_OUT = "It writes into `out`: hand `out` to its last function, or end with out[...] = y."
_STAIN = 0xA5


class Trial:
    """A step of a user's that is watched at its first run.

    Args:
        name: of the kernel that gave it.
        step: what a plan runs from then on.
        inputs, outputs: its arrays.
        before: is called before the first run.
        rule: what it does, for errors.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Any],
        inputs: Sequence[Array],
        outputs: Sequence[Any],
        before: Callable[[], Any] | None = None,
        rule: str = _RULE,
    ) -> None:
        self.name, self.step, self.before, self.first = name, step, before, True
        self.rule = rule
        self._bytes = [
            array.reshape(-1).view(np.uint8)
            for array in outputs
            if on_host(array)
            and array.size
            and array.flags.c_contiguous
            and array.dtype.name not in ("int8", "uint8")  # which may well give this number
            and not any(np.may_share_memory(array, x) for x in inputs)
        ]

    def __call__(self) -> None:
        """Run it.

        Raises:
            BackendError: it left an output as it was.
        """
        if not self.first:
            self.step()
            return
        if self.before is not None:
            self.before()
        for array in self._bytes:
            array[...] = _STAIN
        given = noted(lambda: f"In the step of {self.name}. {self.rule}", self.step)
        if any((array == _STAIN).all() for array in self._bytes):
            raise BackendError(
                f"The step of {self.name}",
                expected="values written into every array that it is given for them",
                received="none" if given is None else f"none; it returns a {type(given).__name__}",
                fix=self.rule,
            )
        self.first = False


def tried(call: Callable[[], Any]) -> Callable[[], Any]:
    """What to run once a step has run: of one that was on trial the step itself."""
    return call.step if isinstance(call, Trial) else call


def provider(
    name: str, unavailable: Callable[[], str | None], adds: str, *, replace: bool = False
) -> None:
    """Announce a provider.

    Args:
        name: as settings and printed plans show it.
        unavailable: gives the reason why it cannot run on this machine, or None where it can.
        adds: what it brings, in words, for `kerasish info`.
        replace: whether it takes the place of another of its name, which is not the package's.

    Raises:
        ArgumentError: the name is taken, or one of them is of another kind.
    """
    what = f"provider({name!r})"
    if {type(name), type(adds)} != {str}:
        raise ArgumentError(what, expected="name and adds as texts", received=f"{name!r}, {adds!r}")
    held = PROVIDERS.get(name)
    if name == REFERENCE or (held is not None and (ours(held) or not replace)):
        own = held is not None and not ours(held)
        fix = "provider(..., replace=True) replaces it." if own else "It is the package's."
        raise ArgumentError(what, expected="a new name", received="one that is taken", fix=fix)
    PROVIDERS[name] = function(f"{what}, unavailable", unavailable)
    ADDS[name] = adds
    ask_again(name)


def kernel(
    op_name: str | Op,
    *,
    provider: str,
    supports: Callable[[Node], bool] = lambda node: True,
    backend: str | None = "numpy",
    inplace: Inplace = (),
    first: bool = False,
    replace: bool = False,
) -> Callable[[Bind], Bind]:
    """Decorator: register `bind(node, inputs, outputs) -> step` for an op.

    Kernels registered first are tried first. What was compiled before is compiled anew.

    Args:
        op_name: the op, or its name.
        provider, supports, backend, inplace: see `Kernel`.
        first: whether this one is tried before those that are there already.
        replace: whether it takes the place of the kernel that its provider has for this op.

    Raises:
        UnknownNameError: no such op, or no such provider.
        ArgumentError: the provider has a kernel for this op, or an argument is of another kind.
    """
    op_name = get(op_name).name
    what = f"A kernel for {op_name!r}"
    function(f"{what}, supports", supports)
    one_of(f"{what}, backend", backend, (None, *BACKENDS))
    if not (callable(inplace) or (type(inplace) is tuple and all(map(_is_place, inplace)))):
        expected = "a tuple of places of inputs, or a function of the node"
        raise ArgumentError(f"{what}, inplace", expected=expected, received=repr(inplace))
    if provider not in PROVIDERS:
        raise UnknownNameError(
            what,
            expected=f"a provider that was announced with provider(): {', '.join(PROVIDERS)}",
            received=repr(provider),
            fix=hint(provider, PROVIDERS),
        )

    held = _kernels.setdefault(op_name, [])
    same = [k for k in held if (k.provider, k.backend) == (provider, backend)]
    if same and not replace:
        raise ArgumentError(
            f"{what} of {provider}",
            expected="one from a provider",
            received="a second one",
            fix="kernel(..., replace=True) puts it in the place of the first.",
        )

    def decorate(bind: Bind) -> Bind:
        made = Kernel(provider, supports, function(what, bind), backend, inplace)
        held[:] = [k for k in held if k not in same]
        held.insert(0 if first else len(held), made)
        settings.generation += 1
        return bind

    return decorate


def _is_place(place: Any) -> bool:
    return type(place) is int and place >= 0


def announced(name: str) -> str:
    """`name`, if a provider has it.

    Raises:
        ArgumentError: none has.
    """
    load("kerasish.compiler")  # whose modules announce those of the package
    return one_of("A provider of kernels", name, PROVIDERS)


def in_order(*calls: BoundKernel) -> BoundKernel:
    """One step that runs others one after the other."""

    def step() -> None:
        for call in calls:
            call()

    return calls[0] if len(calls) == 1 else step


def reference(
    node: Node, xp: Any, inputs: Sequence[Array], outputs: Sequence[Array]
) -> Callable[[], Any]:
    """A step that runs the op's reference kernel into `outputs`."""
    op, attrs = node.op, node.attrs
    if op.ufunc:
        return functools.partial(getattr(xp, op.ufunc), *inputs, out=outputs[0])
    if op.out and len(outputs) == 1 and math.prod(outputs[0].shape):
        return functools.partial(op.kernel, xp, *inputs, out=outputs[0], **attrs)
    call = functools.partial(op.kernel, xp, *inputs, **attrs)
    if isinstance(node.spec, TensorSpec):
        return functools.partial(_store_one, call, outputs[0])
    return functools.partial(_store_all, call, outputs)


def watched(
    node: Node, xp: Any, inputs: Arrays, outputs: Arrays, specs: Specs | None = None
) -> Callable[[], Any]:
    """`reference`; of an op from outside on trial, with inputs that it cannot write to.

    Args:
        specs: what its kernel is held to before the first run.
    """
    if not node.op.own:
        return reference(node, xp, inputs, outputs)
    inputs = [*map(locked, inputs)]
    call = reference(node, xp, inputs, outputs)
    held = functools.partial(node.op.run, xp, inputs, node.attrs, specs) if specs else None
    return Trial(f"the kernel of op {node.op.name!r}", call, inputs, outputs, held, _OUT)


def _store_one(call: Callable[[], Any], out: Array) -> None:
    out[...] = call()


def _store_all(call: Callable[[], Any], outputs: Sequence[Array]) -> None:
    for out, array in zip(outputs, call(), strict=True):
        out[...] = array


def active(name: str) -> bool:
    """Whether a provider can run here and is not switched off."""
    if name in settings.disabled_providers or name not in PROVIDERS:
        return False
    if name not in _available:
        _available[name] = reason(name) is None
    return _available[name]


def reason(name: str) -> str | None:
    """Why a provider cannot run here, or None.

    Raises:
        ArgumentError: its function gives something else than a text or None.
    """
    what = f"provider({name!r}), unavailable()"
    found: Any = noted(lambda: f"In {what}, which returns why it cannot run.", PROVIDERS[name])
    if found is not None and not isinstance(found, str):
        expected = "the reason why it cannot run here, or None where it can"
        raise ArgumentError(what, expected=expected, received=repr(found))
    return found


def ask_again(name: str) -> None:
    """Forget whether a provider can run here, and the plans that were built on it."""
    _available.pop(name, None)
    settings.generation += 1


def kernels_of(op_name: str) -> Sequence[Kernel]:
    """The kernels that are registered for an op, in the order in which they are tried."""
    return tuple(_kernels.get(op_name, ()))


def find(node: Node, backend: str) -> Kernel | None:
    """The first kernel of an active provider that supports `node`, or None."""
    for candidate in _kernels.get(node.op.name, ()):
        here = candidate.backend is None or candidate.backend == backend
        if here and active(candidate.provider) and candidate.takes(node):
            return candidate
    return None


def describe() -> list[tuple[str, str]]:
    """Pairs (provider, "active: what it does", or why not and what it would add)."""
    rows: list[tuple[str, str]] = []
    for name in PROVIDERS:
        why = "switched off" if name in settings.disabled_providers else reason(name)
        state = "active" if why is None else f"{why.rstrip('.')}; it would add"
        rows.append((name, f"{state}: {ADDS[name]}"))
    return rows
