"""One call of a layer: which arguments it takes, the training flag, masks, input conversion."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import ArgumentError, DTypeError, told
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.ops.symbolic import known_shape
from kerasish.registry import hint
from kerasish.signatures import Parameter, kept, parameters, signature
from kerasish.spec import TEXT, is_float
from kerasish.texts import is_text

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_FILLED = ("training", "mask")
_NAMED = (*_POSITIONAL, Parameter.KEYWORD_ONLY)


class Signature:
    """The arguments of a `call` method, without self."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.itself, *self.names = parameters(func)
        self.parameters = {name: parameters(func)[name] for name in self.names}
        kinds = [p.kind for p in self.parameters.values()]
        self.first = self.names[0] if self.names else ""
        self.open = Parameter.VAR_KEYWORD in kinds
        self.plain = bool(kinds) and kinds[0] in _POSITIONAL
        rest = [self.parameters[name] for name in self.names[1:]]
        self.needed = [  # what no call gives by itself, as it does the flag and masks
            p.name
            for p in rest
            if p.default is p.empty and p.kind in _NAMED and not p.name.endswith(_FILLED)
        ]
        self.training = "training" in self.parameters
        self.mask = "mask" in self.parameters
        self.signature = signature(func).replace(parameters=list(self.parameters.values()))

    def default(self, name: str) -> Any:
        """The default of an argument, None where it has none."""
        found = self.parameters[name].default
        return None if found is Parameter.empty else found

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any], owner: str) -> dict[str, Any]:
        """The given arguments by name; those gathered by *args or **kwargs as one entry."""
        if len(args) == 1 and not kwargs and self.plain:
            if self.needed:
                raise ArgumentError(
                    f"{owner}.call",
                    expected=f"tensors for {', '.join(self.needed)} too",
                    received=self.first,
                )
            return {self.first: args[0]}
        try:
            return dict(self.signature.bind(*args, **kwargs).arguments)
        except TypeError as error:
            raise TypeError(
                told(
                    f"{owner}.call{self.signature}: {error}",
                    received=f"{len(args)} positional arguments and "
                    f"{', '.join(map(repr, kwargs)) or 'no keywords'}",
                    fix=" ".join(hint(k, self.names) for k in kwargs if k not in self.names)
                    if self.itself == "self"
                    else f"Write def call(self, {self.itself}, ...): what is called comes first.",
                ),
            ) from None

    def unbind(self, values: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments by name as (args, kwargs) for the call."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for name, value in values.items():
            kind = self.parameters[name].kind
            if kind is Parameter.VAR_KEYWORD:
                kwargs.update(value)
            elif kind is Parameter.VAR_POSITIONAL:
                args.extend(value)
            elif kind is Parameter.KEYWORD_ONLY or len(args) < self.names.index(name):
                kwargs[name] = value
            else:
                args.append(value)
        return tuple(args), kwargs


@kept
def signature_of(func: Callable[..., Any]) -> Signature:
    """The `Signature` of an unbound `call` method."""
    return Signature(func)


# --- the context of nested calls ------------------------------------------------------------------


class _Calls(threading.local):
    def __init__(self) -> None:
        # The flags of the calls around, the innermost last. Set and put back by plain assignments
        # under `finally`, between which no interrupt can come.
        self.training: tuple[bool | None, ...] = ()
        self.lent: tuple[Any, Any] = (None, None)
        self.made: list[Any] | None = None  # layers with weights that were first called inside


calls = _Calls()


@contextmanager
def lending(policy: Any, layer: Any) -> Generator[None]:
    """Context manager: `layer` computes by the dtype policy of the layer that it is a part of."""
    before, calls.lent = calls.lent, (layer, policy)
    try:
        yield
    finally:
        calls.lent = before


def lent(layer: Any) -> Any:
    """The policy that a layer was lent for this call, or None."""
    return calls.lent[1] if calls.lent[0] is layer else None


def read_dtype(layer: Any, own: str | None) -> str | None:
    """The dtype in which variables are read: as lent, where computing differs from keeping."""
    policy = lent(layer)
    if policy is None:
        return own
    return policy.compute_dtype if policy.compute_dtype != policy.variable_dtype else None


def find_training(
    signature: Signature, values: dict[str, Any], training: bool | None
) -> bool | None:
    """The training flag of a call, entered into its values where `call` takes one."""
    if not signature.training:
        return inherited_training() if training is None else training
    found = values.get("training")
    if found is None:
        found = inherited_training()
    if found is None:
        found = signature.default("training")
    if found is not None:
        values["training"] = found
    return found


def inherited_training() -> bool | None:
    """The training flag of the calling layer; None at the top."""
    return calls.training[-1] if calls.training else None


# --- tensors among the arguments ------------------------------------------------------------------


def is_tensor_like(x: Any) -> bool:
    """Whether `x` is a tensor, a variable or an array."""
    return isinstance(x, (Tensor, np.ndarray)) or (
        hasattr(x, "__kerasish_tensor__") or hasattr(x, "__dlpack__") or hasattr(x, "__array__")
    )


def convert_input(x: Any, dtype: str | None, whole: str | None = None) -> Any:
    """A tensor in the layer's compute dtype.

    What is no tensor or array is returned untouched.

    Args:
        dtype: for floats; None leaves them as they are.
        whole: for integers and bool; None leaves them as they are.
    """
    if not isinstance(x, Tensor):
        if not is_tensor_like(x):
            return x
        texts = isinstance(x, np.ndarray) and is_text(x)
        x = convert_to_tensor(x, TEXT if texts else None)
    wanted = dtype if is_float(x.dtype) else whole
    if wanted is None or x.dtype in (wanted, TEXT) or x.dtype.startswith("complex"):
        return x
    y = convert_to_tensor(x, wanted)
    y.mask = x.mask
    return y


def convert_structure(value: Any, dtype: str | None, whole: str | None = None) -> Any:
    """`convert_input` on the leaves of a structure; a nested list of numbers is one tensor."""
    if not isinstance(value, (list, tuple, dict)):
        return convert_input(value, dtype, whole)
    leaves = tree.flatten(value)
    if leaves and isinstance(value, list) and all(type(x) in (int, float, bool) for x in leaves):
        return convert_input(convert_to_tensor(value), dtype, whole)

    def convert(leaf: Any) -> Any:
        return convert_input(leaf, dtype, whole)

    return tree.map_structure(convert, value)


def as_given(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments as tensors of the dtypes they have: ids above 256 are none of bfloat16's."""
    return {name: convert_structure(value, None) for name, value in values.items()}


def has_tensor(value: Any) -> bool:
    """Whether `value` is a tensor or array, or a structure of tensors and None."""
    if isinstance(value, (Tensor, np.ndarray)):
        return True
    if isinstance(value, (list, tuple, dict)) and value:
        leaves = tree.flatten(value)
        return any(isinstance(x, Tensor) for x in leaves) and all(
            x is None or isinstance(x, Tensor) for x in leaves
        )
    return False


def shapes(value: Any) -> Any:
    """The shapes of a structure of tensors."""

    def shape(leaf: Any) -> Any:
        return None if leaf is None else known_shape(leaf.shape)

    return tree.map_structure(shape, value)


def _mask(leaf: Any) -> Any:
    return getattr(leaf, "mask", None)


def masks(value: Any) -> Any:
    """The masks of a structure of tensors; None if none has one."""
    if isinstance(value, Tensor):
        return value.mask
    found = tree.map_structure(_mask, value)
    return found if any(m is not None for m in tree.flatten(found)) else None


def set_masks(outputs: Any, mask: Any) -> None:
    """Attach masks, as `compute_mask` returned them, to the outputs that have none."""
    flat = tree.flatten(outputs)
    given = tree.flatten(mask) if isinstance(mask, (list, tuple, dict)) else [mask] * len(flat)
    for tensor, one in zip(flat, given, strict=False):
        if one is not None and isinstance(tensor, Tensor) and tensor.mask is None:
            tensor.mask = one


def fill_masks(signature: Signature, values: dict[str, Any]) -> Any:
    """Put the inputs' masks where `call` takes them; returns that of the first argument."""
    tensors = [k for k, v in values.items() if not k.endswith("mask") and has_tensor(v)]
    if len(tensors) == 1 and signature.mask and values.get("mask") is None:
        values["mask"] = masks(values[tensors[0]])
    elif len(tensors) > 1:
        for name in tensors:
            taken = f"{name}_mask"
            if taken in signature.parameters and values.get(taken) is None:
                values[taken] = masks(values[name])
    if values.get("mask") is not None:
        return values["mask"]
    return masks(values[signature.first]) if signature.first in tensors else None


def check_positional(first: Any, args: tuple[Any, ...], owner: str) -> None:
    """Raise unless the first argument holds a tensor, and others given by position nothing else."""
    for value in args[1:]:
        if not (value is None or is_tensor_like(value) or tree.is_nested(value)):
            raise ArgumentError(
                owner,
                expected="tensors only without a name",
                received=repr(value),
                fix="Give other arguments by name.",
            )
    if not has_tensor(first):
        raise ArgumentError(
            f"{owner} was called without a tensor",
            expected="a tensor or a structure of tensors as the first argument",
            received=f"{first!r} of type {type(first).__name__}",
            fix="Let what gives it end with `return`." if first is None else "",
        )


def given(value: Any, owner: str) -> Any:
    """What a call on symbols gives, numbers and arrays as tensors.

    Raises:
        ArgumentError: None, or something else that is no tensor.
    """

    def tensor(leaf: Any) -> Any:
        if leaf is not None and not isinstance(leaf, (Tensor, str)):
            try:
                return convert_to_tensor(leaf)
            except (DTypeError, TypeError, ValueError):
                pass
        if isinstance(leaf, Tensor):
            return leaf
        raise ArgumentError(
            f"{owner}.call",
            expected="tensors, or lists, tuples and dicts of them, returned",
            received=repr(leaf) if leaf is value else f"{leaf!r} among them",
            fix="Let it end with `return`." if value is None else "",
        )

    return tree.map_structure(tensor, value)


def note(error: Exception, label: str, doing: str) -> None:
    """Say once, on the error itself, in which layer it happened, and what was done with it."""
    if not any("In layer" in note for note in getattr(error, "__notes__", ())):
        error.add_note(f"In layer {label}, {doing}.")


def called_with(values: dict[str, Any]) -> str:
    """How a layer was called, for a note: the shapes of its arguments."""
    held = {k: shapes(v) for k, v in values.items() if has_tensor(v)}
    shown = ", ".join(f"{name} {shape}" for name, shape in held.items())
    return f"called with {shown or 'no tensors'}"
