"""Cross-entropies: on logits and on probabilities, against distributions and class indices.

Each is one op with its own gradient op, so that a fused kernel can take either whole. On logits
the gradient is (softmax - target) * g.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.config import epsilon as default_epsilon
from kerasish.errors import ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import expand_dims, reshape
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, log, maximum, minimum, where
from kerasish.ops.basic.reduction import sum_
from kerasish.ops.declare import composite, ints, primitive
from kerasish.ops.nn.activation import log_sigmoid, log_softmax_, softmax_
from kerasish.ops.nn.encoding import class_mask
from kerasish.spec import TensorSpec, alike, is_int, normalize_axis, promote

_LABELS = ints((3,), 4)


# --- on logits ----------------------------------------------------------------------------------


def _softmax_cross_entropy(logits: Any, target: Any, *, axis: int) -> Any:
    """-sum(target * log_softmax(logits)) along `axis`."""
    return -sum_(target * log_softmax_(logits, axis=(axis,)), axis=(axis,), keepdims=False)


def _softmax_cross_entropy_grad(logits: Any, target: Any, g: Any, *, axis: int) -> Any:
    """(softmax(logits) * sum(target) - target) * g."""
    total = sum_(target, axis=(axis,), keepdims=True)
    difference = softmax_(logits, axis=(axis,)) * total - target
    return difference * expand_dims(g, axis=axis)


softmax_cross_entropy_grad = primitive(
    "softmax_cross_entropy_grad",
    _softmax_cross_entropy_grad,
    cases=(case((3, 4), (3, 4), (3,), axis=1), case((2, 3, 4), (2, 3, 4), (2, 4), axis=1)),
)


def _softmax_cross_entropy_vjp(g: Any, y: Any, logits: Any, target: Any, *, axis: int) -> Any:
    by_target = -log_softmax_(logits, axis=(axis,)) * expand_dims(g, axis=axis)
    return softmax_cross_entropy_grad(logits, target, g, axis=axis), by_target


softmax_cross_entropy = primitive(
    "softmax_cross_entropy",
    _softmax_cross_entropy,
    cases=(case((3, 4), (3, 4), axis=1), case((2, 3, 4), (2, 3, 4), axis=1)),
    vjp=_softmax_cross_entropy_vjp,
    promote="float",
)


def _sparse_softmax_cross_entropy(logits: Any, labels: Any, *, axis: int) -> Any:
    """-log_softmax(logits) at the class that `labels` names; 0 for a label that is no class."""
    chosen = where(
        class_mask(labels, logits.shape[axis], axis), log_softmax_(logits, axis=(axis,)), 0
    )
    return -sum_(chosen, axis=(axis,), keepdims=False)


def _sparse_softmax_cross_entropy_grad(logits: Any, labels: Any, g: Any, *, axis: int) -> Any:
    """(softmax(logits) - one_hot(labels)) * g; 0 for a label that is no class."""
    hit = class_mask(labels, logits.shape[axis], axis)
    found = (labels >= 0) & (labels < (logits.shape[axis] or 1))
    difference = softmax_(logits, axis=(axis,)) - cast_like(hit, logits)
    return difference * expand_dims(where(found, g, 0), axis=axis)


sparse_softmax_cross_entropy_grad = primitive(
    "sparse_softmax_cross_entropy_grad",
    _sparse_softmax_cross_entropy_grad,
    cases=(
        case((3, 4), _LABELS, (3,), axis=1),
        case((3, 4), np.array([0, -1, 4], np.int32), (3,), axis=1),
        case((2, 3, 4), ints((2, 4), 3), (2, 4), axis=1),
    ),
)


sparse_softmax_cross_entropy = primitive(
    "sparse_softmax_cross_entropy",
    _sparse_softmax_cross_entropy,
    cases=(
        case((3, 4), _LABELS, axis=1),
        case((3, 4), np.array([0, -1, 4], np.int32), axis=1),
        case((2, 3, 4), ints((2, 4), 3), axis=1),
    ),
    vjp=lambda g, y, logits, labels, **attrs: (
        sparse_softmax_cross_entropy_grad(logits, labels, g, **attrs),
        None,
    ),
)


# --- on probabilities ---------------------------------------------------------------------------


def _clipped(p: Any, epsilon: float) -> Any:
    return minimum(maximum(p, epsilon), 1 - epsilon)


def _log_probabilities(p: Any, axis: int, epsilon: float) -> Any:
    """log of p, scaled to sum 1 and kept within [epsilon, 1 - epsilon]."""
    return log(_clipped(p / sum_(p, axis=(axis,), keepdims=True), epsilon))


def _cross_entropy(p: Any, target: Any, *, axis: int, epsilon: float) -> Any:
    """-sum(target * log(p)), p scaled to sum 1 and kept within [epsilon, 1 - epsilon]."""
    return -sum_(target * _log_probabilities(p, axis, epsilon), axis=(axis,), keepdims=False)


cross_entropy = primitive(
    "cross_entropy",
    _cross_entropy,
    cases=(
        case((3, 4), (3, 4), domain=(0.1, 0.9), axis=1, epsilon=1e-7),
        case((2, 3, 4), (2, 3, 4), domain=(0.1, 0.9), axis=1, epsilon=1e-7),
    ),
    promote="float",
)


def _sparse_cross_entropy(p: Any, labels: Any, *, axis: int, epsilon: float) -> Any:
    """-log(p) at the class that `labels` names, p treated as in cross_entropy."""
    chosen = where(class_mask(labels, p.shape[axis], axis), _log_probabilities(p, axis, epsilon), 0)
    return -sum_(chosen, axis=(axis,), keepdims=False)


sparse_cross_entropy = primitive(
    "sparse_cross_entropy",
    _sparse_cross_entropy,
    cases=(
        case((3, 4), _LABELS, domain=(0.1, 0.9), axis=1, epsilon=1e-7),
        case((2, 3, 4), ints((2, 4), 3), domain=(0.1, 0.9), axis=1, epsilon=1e-7),
    ),
)


# --- the public functions -----------------------------------------------------------------------


def _same_shape(target: Any, output: Any, what: str) -> None:
    if not alike(target.shape, output.shape):
        raise ShapeError(
            what,
            expected="target and output of one shape",
            received=f"target {target.shape}, output {output.shape}",
        )


def _class_axis(what: str, output: Any, axis: int) -> int:
    if output.ndim < 1:
        raise ShapeError(what, expected="rank 1 at least", received="()")
    return normalize_axis(axis, output.ndim)


@composite(
    case((3, 4), (3, 4), domain=(0.1, 0.9)),
    case((3, 4), (3, 4), from_logits=True),
    case((3, 4), (3, 4), from_logits=True, axis=0),
)
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-sum(target * log(output)) along `axis`.

    Args:
        target: probabilities of the classes, shaped like `output`.
        output: probabilities (scaled to sum 1, then kept within [epsilon, 1 - epsilon]), or
            logits.
        from_logits: whether `output` holds logits.
        axis: that of the classes.

    Raises:
        ShapeError: the shapes differ, or are ().
    """
    target, output = convert_to_tensor(target), as_float(output)
    _same_shape(target, output, "categorical_crossentropy")
    at = _class_axis("categorical_crossentropy", output, axis)
    if from_logits:
        return softmax_cross_entropy(output, target, axis=at)
    return cross_entropy(output, target, axis=at, epsilon=default_epsilon())


@composite(
    case(ints((3,), 4), (3, 4), domain=(0.1, 0.9)),
    case(ints((3, 1), 4), (3, 4), from_logits=True),
    case(ints((2, 3), 4), (2, 3, 4), from_logits=True),
)
def sparse_categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-log(output) at the class that `target` names.

    Args:
        target: class indices, shaped like `output` without its last axis (which may also be
            there with size 1).
        output: probabilities or logits, as in `categorical_crossentropy`.
        from_logits: whether `output` holds logits.
        axis: that of the classes.

    Raises:
        ShapeError: the shapes do not fit.
    """
    labels, output = convert_to_tensor(target), as_float(output)
    labels = labels if is_int(labels.dtype) else cast(labels, "int32")
    at = _class_axis("sparse_categorical_crossentropy", output, axis)
    if labels.ndim == output.ndim and labels.shape[-1] == 1:
        labels = reshape(labels, shape=labels.shape[:-1])
    wanted = tuple(d for i, d in enumerate(output.shape) if i != at)
    _same_shape(labels, TensorSpec(wanted, ""), "sparse_categorical_crossentropy")
    if from_logits:
        return sparse_softmax_cross_entropy(output, labels, axis=at)
    return sparse_cross_entropy(output, labels, axis=at, epsilon=default_epsilon())


@composite(case((3, 4), (3, 4), domain=(0.1, 0.9)), case((3, 4), (3, 4), from_logits=True))
def binary_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False
) -> Tensor:
    """-target * log(output) - (1 - target) * log(1 - output), elementwise.

    Args:
        target: in [0, 1], shaped like `output`.
        output: probabilities (kept within [epsilon, 1 - epsilon]) or logits.
        from_logits: whether `output` holds logits.

    Raises:
        ShapeError: the shapes differ.
    """
    target, output = convert_to_tensor(target), as_float(output)
    _same_shape(target, output, "binary_crossentropy")
    target = cast(target, promote(target.dtype, output.dtype))
    if from_logits:
        return -target * log_sigmoid(output) - (1 - target) * log_sigmoid(-output)
    p = _clipped(output, default_epsilon())
    return -(target * log(p) + (1 - target) * log(1 - p))
