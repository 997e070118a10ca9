"""Classes as vectors: one_hot, multi_hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import expand_dims
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import whole
from kerasish.ops.basic.elementwise import cast
from kerasish.ops.basic.reduction import max
from kerasish.ops.declare import composite, ints
from kerasish.spec import dtype_name, is_int, normalize_axis


def class_mask(labels: Any, classes: int | None, axis: int) -> Any:
    """A new axis along which exactly the place that `labels` names is True.

    A label outside of [0, classes) is nowhere.
    """
    shape = tuple(-1 if i == axis else 1 for i in range(labels.ndim + 1))
    # With an unknown number of classes only the spec of the result matters.
    places = tables.arange(1 if classes is None else classes, dtype=np.int32).reshape(shape)
    return expand_dims(labels, axis=axis) == convert_to_tensor(places, labels.dtype)


def _dense(sparse: bool, what: str) -> None:
    if sparse:
        raise ArgumentError(what, expected="sparse=False; tensors are dense", received="True")


@composite(case(ints((3, 4), 5, -1), num_classes=5), case(ints((3,), 5), num_classes=4, axis=0))
def one_hot(
    x: TensorLike, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Ones where a new axis stands at the class that `x` names, zeros elsewhere.

    Args:
        x: integers; one outside of [0, num_classes) gives zeros only.
        num_classes: size of the new axis.
        axis: where the new axis goes, counted in the result.
        dtype: of the result; floatx by default.
        sparse: must be False.

    Raises:
        ArgumentError: `num_classes` is None, such as an unknown size of a symbol.
    """
    _dense(sparse, "one_hot")
    if num_classes is None:
        raise ArgumentError("one_hot", expected="the number of classes", received="None")
    num_classes = whole("one_hot, num_classes", num_classes)
    labels = convert_to_tensor(x)
    labels = labels if is_int(labels.dtype) else cast(labels, "int32")
    at = normalize_axis(axis, labels.ndim + 1)
    return cast(class_mask(labels, num_classes, at), dtype_name(dtype))


@composite(case(ints((3, 4), 5), num_classes=5), case(ints((3,), 5), num_classes=5))
def multi_hot(
    inputs: TensorLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Ones at all classes that a row of `inputs` names, zeros elsewhere.

    Args:
        inputs: integers, (batch, count) or (count,).
        num_classes: number of classes (also under its old name num_tokens).
        axis: where the classes' axis goes, as in `one_hot`.
        dtype: of the result; floatx by default.
        sparse: must be False.
    """
    _dense(sparse, "multi_hot")
    count = kwargs.pop("num_tokens", num_classes)
    if kwargs or count is None:
        raise ArgumentError(
            "multi_hot",
            expected="num_classes, and nothing unknown",
            received=f"num_classes={count}, {sorted(kwargs)}",
        )
    labels = convert_to_tensor(inputs)
    if labels.ndim == 0:
        raise ShapeError("multi_hot", expected="rank 1 at least", received="shape ()")
    hits = one_hot(labels, count, axis=axis, dtype=dtype)
    return max(hits, axis=1 if labels.ndim > 1 else 0)
