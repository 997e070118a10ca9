"""InputSpec: what a layer asks of the shape and dtype of an input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kerasish import budget, tree
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.hints import is_whole, whole
from kerasish.spec import Shape, input_dtype


@dataclass(eq=False, repr=False)
class InputSpec:
    """Rank, shape, axes and dtype that a layer expects of one input; None leaves it open.

    Args:
        dtype: name of the dtype.
        shape: the shape, None for any size.
        ndim: exact rank.
        max_ndim: highest rank.
        min_ndim: lowest rank.
        axes: dict of axis -> size.
        allow_last_axis_squeeze: let rank n + 1 with a last axis of 1 stand for rank n, and back.
        name: the key of the input in a dict.
        optional: whether None may be passed.
    """

    dtype: str | None = None
    shape: Shape | None = None
    ndim: int | None = None
    max_ndim: int | None = None
    min_ndim: int | None = None
    axes: dict[int, int | None] | None = None
    allow_last_axis_squeeze: bool = False
    name: str | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        if self.dtype is not None:
            try:
                self.dtype = input_dtype(self.dtype)
            except DTypeError as error:
                error.begin("InputSpec, dtype: ")
                raise
        if self.shape is not None:
            self.shape = as_sizes("InputSpec, shape", self.shape)
            self.ndim = len(self.shape)
        given: Any = self.axes
        if given is not None and not isinstance(given, Mapping):
            wanted = "a dict of axes and their sizes, such as {-1: 3}"
            raise ArgumentError("InputSpec, axes", expected=wanted, received=repr(self.axes))
        self.axes = {int(axis): size for axis, size in (self.axes or {}).items()}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(vars(self))

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The spec of a `get_config`."""
        return cls(**config)

    def __repr__(self) -> str:
        shown = [f"{k}={v!r}" for k, v in vars(self).items() if v not in (None, {}, False)]
        return f"InputSpec({', '.join(shown)})"


def as_sizes(what: str, shape: Any) -> Shape:
    """A shape as a tuple of sizes, None for any.

    Raises:
        ArgumentError: it is no list or tuple of them.
    """
    try:
        return tuple(None if size is None else whole(what, size) for size in tuple(shape))
    except (ArgumentError, TypeError):
        raise ArgumentError(
            what,
            expected="a shape of ints and None",
            received=repr(shape),
            fix=f"Write ({shape},) for one axis." if is_whole(shape) else "",
        ) from None


def check_inputs(spec: Any, inputs: Any, owner: str) -> None:
    """Raise unless `inputs` fit `spec`, one InputSpec or a structure of them.

    Raises:
        ShapeError: rank or shape differ.
        DTypeError: the dtype differs.
        ArgumentError: another number of inputs.
    """
    specs = tree.flatten(spec)
    named = all(s is not None and s.name is not None for s in specs)
    if tree.is_nested(inputs) and hasattr(inputs, "get") and named:
        tensors = [inputs.get(s.name) for s in specs]
    else:
        tensors = tree.flatten(inputs)
    if len(specs) != len(tensors):
        raise ArgumentError(owner, expected=f"{len(specs)} inputs", received=len(tensors))
    for one, tensor in zip(specs, tensors, strict=True):
        if one is None:
            continue
        if tensor is None and not one.optional:
            raise ArgumentError(owner, expected=f"a tensor for {one.name!r}", received="None")
        if isinstance(tensor, Tensor):
            _check(one, tensor, owner)


def _check(spec: InputSpec, x: Tensor, owner: str) -> None:
    def fail(expected: str) -> None:
        raise ShapeError(owner, expected=f"an input of {expected}", received=f"shape {x.shape}")

    shape = x.shape
    if spec.dtype is not None and x.dtype != spec.dtype:
        raise DTypeError(owner, expected=f"dtype {spec.dtype}", received=x.dtype)
    if spec.shape is not None and spec.allow_last_axis_squeeze:
        if len(shape) == len(spec.shape) + 1 and shape[-1] == 1:
            shape = shape[:-1]
        elif len(shape) + 1 == len(spec.shape) and spec.shape[-1] == 1:
            shape = (*shape, 1)
    if spec.ndim is not None and len(shape) != spec.ndim:
        fail(f"shape {spec.shape}" if spec.shape is not None else f"rank {spec.ndim}")
    if spec.max_ndim is not None and len(shape) > spec.max_ndim:
        fail(f"rank at most {spec.max_ndim}")
    if spec.min_ndim is not None and len(shape) < spec.min_ndim:
        fail(f"rank at least {spec.min_ndim}")
    for axis, size in (spec.axes or {}).items():
        if size is not None and shape[axis] not in (size, None):
            fail(f"size {size} on axis {axis}")
    for wanted, found in zip(spec.shape or (), shape, strict=False):
        if wanted is not None and found is not None and wanted != found:
            fail(f"shape {spec.shape}")
