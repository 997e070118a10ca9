"""Ops of `keras.ops` in a file: which a file can name, and which arguments take the nodes read.

    {from: x, log: {}}                      log(x)
    {from: [a, b], add: {}}                 add(a, b)
    {from: x, power: 2}                     power(x, 2): a lone value is the next argument
    {from: x, sum: {axis: 1}}               sum(x, axis=1)
    {from: [a, b], concatenate: {axis: 1}}  concatenate([a, b], axis=1)
    {from: {x1: 1, x2: x}, divide: {}}      divide(1, x)
    {arange: {stop: 128}}                   a constant
    {from: x, get_item: [":", -1]}          x[:, -1]

The names of a few ops are those of layers too, which a file may write `in_this_way`. Those in
`LAYERS` mean the layer, the others the op; `InThisWay` always is the layer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kerasish import ops, registry
from kerasish.errors import ArgumentError
from kerasish.signatures import MISSING, Parameter, signature

# What the layer of the same name adds to the op: weights, or the batch that it leaves alone.
LAYERS = frozenset(
    {"batch_normalization", "identity", "layer_normalization", "reshape", "rms_normalization"}
)
RESERVED = frozenset({"repeat"})  # a word of the language
_TENSOR = "TensorLike"
# Arguments that have a default though the op wants them, and the default.
_OPTIONAL = {("arange", "start"): 0}
Taken = int | tuple[str, ...]


def is_op(name: str) -> bool:
    """Whether a name in a file means an op."""
    return contract(name) is not None


def op_names() -> list[str]:
    """The names of all ops that a file can name."""
    return [name for name in dir(ops) if not name.startswith("_") and is_op(name)]


@dataclass(frozen=True)
class OpContract:
    """One op: its function, and its arguments in order."""

    name: str
    function: Callable[..., Any]
    parameters: Mapping[str, Parameter]

    @property
    def rest(self) -> str | None:
        """The argument that gathers any number of tensors."""
        kinds = Parameter.VAR_POSITIONAL
        return next((n for n, p in self.parameters.items() if p.kind is kinds), None)

    @property
    def named(self) -> list[str]:
        """The arguments that can be given by name."""
        kinds = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        return [n for n, p in self.parameters.items() if p.kind not in kinds]

    @property
    def joins(self) -> bool:
        """Whether its first argument is a list of tensors."""
        return self.name == "stack" or self.named[:1] == ["xs"]

    def tensors(self) -> list[str]:
        """The arguments that are tensors, those that must be given before the others."""
        found = [n for n in self.named if str(self.parameters[n].annotation).startswith(_TENSOR)]
        return found or self.named[:1]

    def places(self, taken: Taken, given: Mapping[str, Any]) -> list[str]:
        """The arguments that what `from` gives is for, in order; `given` are in the body."""
        if not isinstance(taken, int):
            return list(taken)
        if taken and self.rest:
            return [self.rest]
        free = [name for name in self.tensors() if name not in given]
        return free[: min(taken, 1) if self.joins else taken]

    def default(self, name: str) -> Any:
        """The default of an argument; MISSING where it must be given."""
        found = self.parameters[name].default
        return _OPTIONAL.get((self.name, name), found)

    def bound(self, sources: Any, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and named arguments of a call.

        Args:
            sources: what `from` gives: a tensor, a list of them, arguments by name, or None.
            given: the arguments in the body.
        """
        named = {key: _value(self.name, key, value) for key, value in given.items()}
        if isinstance(sources, dict):
            return self._whole({**named, **sources}, [])
        if self.joins and sources is not None:
            joined = sources if isinstance(sources, list) else [sources]
            return self._whole({self.places(1, given)[0]: joined, **named}, [])
        several = [] if sources is None else sources if isinstance(sources, list) else [sources]
        if self.rest and several:
            return self._whole(named, several)
        places = self.places(len(several), given)
        return self._whole({**dict(zip(places, several, strict=False)), **named}, [])

    def _whole(self, named: dict[str, Any], rest: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        for name in self.named:
            if (self.name, name) in _OPTIONAL and name not in named:
                named[name] = _OPTIONAL[self.name, name]
        before = [
            named.pop(n)
            for n in list(self.named)
            if rest
            and n in named
            and self.rest
            and list(self.parameters).index(n) < list(self.parameters).index(self.rest)
        ]
        return [*before, *rest], named


@functools.cache
def contract(name: str) -> OpContract | None:
    """The op of that name; None where a file cannot name one: it takes functions, or gives no
    tensor."""
    if name in LAYERS | RESERVED or not name.islower() or not registry.contains("function", name):
        return None
    if getattr(ops, name, None) is None:
        return None
    function = registry.lookup("function", name)
    held = signature(function)
    functions = any(
        p.default is MISSING and "Callable" in str(p.annotation) for p in held.parameters.values()
    )
    if functions or "Tensor" not in str(held.return_annotation):
        return None
    return OpContract(name, function, held.parameters)


# --- keys of get_item -------------------------------------------------------------------------


_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d+))?")


def _value(op: str, argument: str, value: Any) -> Any:
    return index(value) if (op, argument) == ("get_item", "key") else value


def index(value: Any) -> Any:
    """The key of `x[key]`: a number, `"1:3"`, `"..."`, null (a new axis), or a list of these.

    Raises:
        ArgumentError: a text is none of these.
    """
    if isinstance(value, list):
        return tuple(index(one) for one in value)
    if not isinstance(value, str):
        return value
    if "," in value:
        return tuple(index(_read(one.strip())) for one in value.strip("[] ").split(","))
    if value.strip() == "...":
        return Ellipsis
    found = _SLICE.fullmatch(value.strip("[] "))
    if found is None:
        raise ArgumentError(
            "get_item",
            expected='numbers, slices such as "1:3", "..." and null',
            received=repr(value),
        )
    return slice(*(int(one) if one else None for one in found.groups()))


def _read(text: str) -> Any:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return None if text == "null" else text


def written_index(key: Any) -> Any:
    """The key as a file has it: what `index` reads back.

    Raises:
        ArgumentError: the key is none that a file can hold.
    """
    if isinstance(key, list | tuple):
        return [written_index(one) for one in key]
    if isinstance(key, slice):
        parts = ["" if one is None else str(int(one)) for one in (key.start, key.stop)]
        return ":".join([*parts, *([] if key.step is None else [str(int(key.step))])])
    if key is Ellipsis:
        return "..."
    if key is None or type(key) is int:
        return key
    raise ArgumentError("get_item", expected="numbers and slices", received=repr(key))
