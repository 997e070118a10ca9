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
# Where Keras's class takes another name than the function's parameter.
_RENAMED = {("reshape", "shape"): "newshape", ("broadcast_to", "shape"): "shape"}
_NN = frozenset(
    "relu relu6 sigmoid softmax log_softmax softplus softsign silu gelu elu selu leaky_relu "
    "hard_sigmoid hard_silu hard_tanh tanh_shrink soft_shrink hard_shrink celu glu log_sigmoid "
    "one_hot max_pool average_pool conv depthwise_conv separable_conv conv_transpose mish "
    "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy squareplus "
    "sparse_plus sparse_sigmoid threshold batch_normalization layer_normalization moments "
    "normalize dot_product_attention rms_normalization".split()
)
_CORE = frozenset("cast scatter scatter_update slice slice_update stop_gradient cond scan".split())


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
        renamed = {_RENAMED.get((self.func_name, k), k): v for k, v in self.fixed.items()}
        return {"name": self.name, **renamed}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Raises: which function it is stands outside the config."""
        raise ArgumentError("An operation is read by operation_from_config.")

    @property
    def keras_class(self) -> str:
        """The name of Keras's class for this function."""
        return "".join(part.capitalize() for part in self.func_name.split("_"))

    @property
    def keras_module(self) -> str:
        """The module of Keras's class for this function."""
        if self.func_name in _NN:
            return "keras.src.ops.nn"
        return f"keras.src.ops.{'core' if self.func_name in _CORE else 'numpy'}"

    def __repr__(self) -> str:
        return f"<Operation {self.func_name} name={self.name}>"


def operation_from_config(class_name: str, config: Mapping[str, Any]) -> Operation:
    """The operation that a file describes.

    Raises:
        UnknownNameError: no public function has that name.
    """
    name = snake_case(class_name)
    func = get_item if name == "get_item" else getattr(ops, name, None)
    if func is None or name.startswith("_") or not callable(func):
        near = nearest(name, [n for n in vars(ops) if not n.startswith("_")])
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UnknownNameError(
            f"Unknown operation. Expected: the name of a function of kerasish.ops. Received: "
            f"{class_name!r}.{hint}"
        )
    fixed = dict(config)
    label = fixed.pop("name", None)
    for (owner, own), theirs in _RENAMED.items():
        if owner == name and theirs in fixed:
            fixed[own] = fixed.pop(theirs)
    known = inspect.signature(func).parameters
    for extra in [k for k in fixed if k not in known and fixed[k] is None]:
        del fixed[extra]
    return Operation(name, getattr(func, "__wrapped__", func), fixed, label)


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
symbol.publish(ops)
