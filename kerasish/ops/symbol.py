"""KerasTensor: the symbolic tensor of functional models, and what happens to it in public ops.

A functional model is put together by calling layers and public functions on symbols. Which call
made a symbol is kept in `history`, so that the model can repeat the calls on other inputs. The
layers library puts its recorder into `recorder`; until then a symbol only carries shapes.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.graph.node import placeholder
from kerasish.graph.op import Op
from kerasish.graph.tensor import Tensor
from kerasish.ops.subscript import get_item
from kerasish.spec import TensorSpec, dtype_name

# recorder[0](name, func, args, kwargs) records one call of the public function `name`.
recorder: list[Callable[[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]] = []


class KerasTensor(Tensor):
    """A symbol outside any trace: shape (None where unknown), dtype, and the call that made it.

    Args:
        shape: with the batch dimension; None for what is not known.
        dtype: name of the dtype.
        name: the name of the input, or "".
    """

    __slots__ = ()

    def __init__(self, shape: Iterable[int | None], dtype: Any = None, name: str = "") -> None:
        spec = TensorSpec(tuple(shape), dtype_name(dtype))
        super().__init__(spec, node=placeholder(spec, name), name=name)

    def __repr__(self) -> str:
        label = f", name={self.name}" if self.name else ""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}{label}>"

    def __getitem__(self, key: Any) -> Any:
        # A list of positions is an array; files keep lists for the tuple of a key.
        key = np.asarray(key) if isinstance(key, list) else key
        return recorded("get_item", get_item, (self, key), {})

    __hash__ = object.__hash__


def recorded(name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """The result of a public function, entered into the history of symbols if any takes part."""
    if recorder and has_symbol(args, kwargs):
        return recorder[0](name, func, args, kwargs)
    return func(*args, **kwargs)


def has_symbol(args: Any, kwargs: Any) -> bool:
    """Whether a KerasTensor is among the arguments."""
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, KerasTensor):
            return True
        if isinstance(value, (list, tuple, dict)):
            if any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(value)):
                return True
    return False


def _operator(name: str, flip: bool = False) -> Callable[..., Any]:
    plain = getattr(Tensor, f"__{'r' if flip else ''}{name}__")
    public = _OPERATORS[name]

    def method(self: KerasTensor, *other: Any) -> Any:
        def apply(*args: Any) -> Any:
            return plain(*reversed(args)) if flip else plain(*args)

        return recorded(public, apply, (*other, self) if flip else (self, *other), {})

    return method


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
    "floordiv": "floor_divide", "mod": "mod", "pow": "power", "matmul": "matmul",
    "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "eq": "equal", "ne": "not_equal", "neg": "negative", "abs": "absolute",
    "invert": "logical_not",
}  # fmt: skip
for _name in _OPERATORS:
    setattr(KerasTensor, f"__{_name}__", _operator(_name))
    if hasattr(Tensor, f"__r{_name}__"):
        setattr(KerasTensor, f"__r{_name}__", _operator(_name, flip=True))


def publish(module: ModuleType) -> None:
    """Make the public functions of `module` record their calls on symbols."""
    for name, func in list(vars(module).items()):
        plain = inspect.isfunction(func) and not hasattr(func, "records")
        if not name.startswith("_") and (plain or isinstance(func, Op)):
            setattr(module, name, _public(name, func))


def _public(name: str, func: Any) -> Callable[..., Any]:
    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return recorded(name, func, args, kwargs)

    if isinstance(func, Op):
        call.__doc__ = func.doc
    call.__name__ = name
    vars(call)["records"] = True
    return call
