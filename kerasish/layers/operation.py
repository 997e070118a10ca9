"""Operation: a public function called on a symbol, as a member of a functional model.

In files it has the form that Keras gives its own operations: arguments that are tensors (or stand
where one may) go into the call, the others into the config.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self

from kerasish import ops
from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.graph.node import scope
from kerasish.layers.symbolic import record_call
from kerasish.ops import symbol
from kerasish.ops.subscript import get_item
from kerasish.registry import nearest
from kerasish.serialization import snake_case

# Parameters of public functions through which tensors come.
_TENSORS = frozenset(
    "x x1 x2 xs inputs a b y condition indices values key value query updates start_indices "
    "target output logits operands tensor tensors kernel bias on_value".split()
)
# Keras's classes whose names do not follow from the function's.
_CLASSES = {
    "allclose": "AllClose",
    "isin": "IsIn",
    "searchsorted": "SearchSorted",
    "cdist": "CDist",
    "batch_normalization": "BatchNorm",
    "rms_normalization": "RMSNorm",
    "layer_normalization": "LayerNorm",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "hsv_to_rgb": "HSVToRGB",
    "ssim": "SSIM",
}
_FUNCTIONS = {cls: name for name, cls in _CLASSES.items()}
_CORE = frozenset(
    "associative_scan cast cond convert_to_tensor fori_loop map saturate_cast scan scatter "
    "scatter_update slice slice_update stop_gradient switch unstack vectorized_map while_loop "
    "true_divide_no_nan".split()
)
_MATH = frozenset(
    "cdist erf erfc erfinv extract_sequences fft fft2 ifft2 in_top_k irfft istft logdet logsumexp "
    "rfft rsqrt segment_max segment_min segment_prod segment_sum stft top_k view_as_complex "
    "view_as_real".split()
)
# The namespaces inside `ops` whose functions Keras keeps in modules of their own.
_NAMESPACES = ("nn", "linalg", "image")


class Operation:
    """A public function with its fixed arguments, called on symbols.

    Args:
        func_name: name of the public function.
        func: the function.
        fixed: keyword arguments that are no tensors.
        name: name in the model.
    """

    def __init__(
        self, func_name: str, func: Callable[..., Any], fixed: dict[str, Any], name: str | None
    ) -> None:
        self.func_name = func_name
        self.func = func
        self.fixed = fixed
        self.name = name or func_name
        self._base_name = func_name
        self._auto_named = name is None
        self._calls: list[Any] = []

    def _rename(self, name: str) -> None:
        self.name = name

    def __getstate__(self) -> dict[str, Any]:
        # A public function goes by its name, as in files.
        func = None if _public_function(self.func_name) else self.func
        return {**vars(self), "func": func, "_calls": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        func = state["func"] or _public_function(state["func_name"])
        vars(self).update({**state, "func": func})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if symbol.has_symbol(args, kwargs):
            return record_call(self, self._run, args, kwargs)
        return self._run(*args, **kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        with scope(self.name):
            return self.func(*args, **kwargs, **self.fixed)

    @property
    def output(self) -> Any:
        """The symbol or symbols of the first call."""
        return self._calls[0].outputs

    def get_config(self) -> dict[str, Any]:
        """The name and the fixed arguments, as Keras names them."""
        return {"name": self.name, **self.fixed}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Raises: which function it is stands outside the config."""
        raise ArgumentError("An operation is read by operation_from_config.")

    @property
    def keras_class(self) -> str:
        """The name of Keras's class for this function."""
        spelled = "".join(part.capitalize() for part in self.func_name.split("_"))
        return _CLASSES.get(self.func_name, spelled)

    @property
    def keras_module(self) -> str:
        """The module of Keras's class for this function."""
        for name, members in (("core", _CORE), ("math", _MATH)):
            if self.func_name in members:
                return f"keras.src.ops.{name}"
        held = (n for n in _NAMESPACES if hasattr(getattr(ops, n, None), self.func_name))
        return f"keras.src.ops.{next(held, 'numpy')}"

    def __repr__(self) -> str:
        return f"<Operation {self.func_name} name={self.name}>"


def operation_from_config(class_name: str, config: Mapping[str, Any]) -> Operation:
    """The operation that a file describes.

    Raises:
        UnknownNameError: no public function has that name.
    """
    name = _FUNCTIONS.get(class_name) or snake_case(class_name)
    func = _public_function(name)
    if func is None:
        near = nearest(name, [n for n, f in vars(ops).items() if inspect.isfunction(f)])
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UnknownNameError(
            f"Unknown operation. Expected: the name of a function of kerasish.ops. Received: "
            f"{class_name!r}.{hint}"
        )
    fixed = dict(config)
    label = fixed.pop("name", None)
    known = inspect.signature(func).parameters
    for extra in [k for k in fixed if k not in known and fixed[k] is None]:
        del fixed[extra]
    return Operation(name, func, fixed, label)


def _public_function(name: str) -> Callable[..., Any] | None:
    """The function behind a public name of `ops`, or of one of the namespaces in it."""
    if name == "get_item":
        return _get_item
    for module in (ops, *(getattr(ops, n, None) for n in _NAMESPACES)):
        found = getattr(module, name, None)
        if inspect.isfunction(found) and hasattr(found, "records"):
            return getattr(found, "__wrapped__", found)
    return None


def _get_item(x: Any, key: Any) -> Any:
    """x[key]; a file holds the tuple of a key as a list."""
    return get_item(x, tuple(key) if isinstance(key, list) else key)


def _record(name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """Make an operation of one call of a public function on symbols."""
    fixed = dict(kwargs)
    passed: dict[str, Any] = {}
    positional = list(args)
    parameters = _parameters(func)
    for key in [k for k, v in fixed.items() if symbol.has_symbol((v,), {}) or k in _TENSORS]:
        passed[key] = fixed.pop(key)
    if len(parameters) >= len(args):
        # Trailing positional arguments that are no tensors belong to the config: sum(x, 1).
        while len(positional) > 1:
            key = parameters[len(positional) - 1]
            if key in _TENSORS or symbol.has_symbol((positional[-1],), {}):
                break
            fixed[key] = positional.pop()
    return Operation(name, func, fixed, None)(*positional, **passed)


def _parameters(func: Callable[..., Any]) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in kinds]


symbol.recorder[:] = [_record]
for _module in (ops, *(getattr(ops, _name, None) for _name in _NAMESPACES)):
    if _module is not None:
        symbol.publish(_module)
