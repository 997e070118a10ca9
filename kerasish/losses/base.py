"""`Loss`: per-sample losses, their weights and masks, and the reduction to one number."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar

import numpy as np

from kerasish import budget, ops, tree
from kerasish.arguments.configured import Configured
from kerasish.arguments.rules import DTypeOrPolicy, one_of, optional
from kerasish.config import floatx
from kerasish.errors import ArgumentError, told
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.hints import called, hinted
from kerasish.losses.align import as_real, squeeze_or_expand_to_same_rank, weights_like
from kerasish.naming import auto_name
from kerasish.ops.stateful import InSteps, one_tensor
from kerasish.serialization import resolve, serialize_keras_object
from kerasish.signatures import constructor, ours
from kerasish.spec import dtype_name

F = TypeVar("F", bound=Callable[..., Any])
_WAYS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")
REDUCTIONS = (*_WAYS, None)
ReductionName = Annotated[str | None, optional(one_of(*_WAYS))]


def computing_dtype(dtype: Any) -> str:
    """The dtype that a dtype, a policy or the name of one says to compute in; None is floatx."""
    if dtype is None:
        return floatx()
    if isinstance(dtype, str):
        return dtype_name(dtype.removeprefix("mixed_"))
    if isinstance(dtype, (int, float, np.generic)):  # numpy takes a number for its dtype
        raise ArgumentError("dtype", expected="a dtype, a policy or a name", received=repr(dtype))
    return dtype_name(getattr(dtype, "compute_dtype", dtype))


class Loss(InSteps):
    """Base of losses: a subclass defines `call(y_true, y_pred)`, one loss per sample.

    Args:
        name: shown in errors and, with several outputs, in the logs.
        reduction: "sum_over_batch_size" (the mean over all elements), "mean" (the same), "sum",
            "mean_with_sample_weight" (the sum divided by the sum of the weights), or "none".
        dtype: dtype of the computation; floatx by default.

    Example:
        >>> import kerasish as keras
        >>> float(keras.losses.MeanSquaredError()([0.0, 1.0], [0.0, 0.0]))
        0.5
    """

    registry_kind: ClassVar[str] = "loss"
    _order = "* reduction name dtype"
    keeps_targets = False  # whether y_true stays in its own dtype: integer labels
    reads_mask = False  # whether `call` reads the mask of y_pred itself

    @hinted
    def __init__(
        self,
        name: str | None = None,
        reduction: ReductionName = "sum_over_batch_size",
        dtype: DTypeOrPolicy = None,
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ArgumentError(
                "reduction", expected=f"one of {REDUCTIONS}", received=repr(reduction)
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self._dtype = computing_dtype(dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the computation and of the result."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss.

        Args:
            y_true: targets, or a structure of them.
            y_pred: predictions; a mask they carry leaves positions out.
            sample_weight: weights (n,), or of the shape of the losses or its leading axes.
        """
        mask = getattr(y_pred, "mask", None)
        y_pred = tree.map_structure(lambda t: as_real(t, self.dtype, "y_pred"), y_pred)
        if self.reads_mask and mask is not None:
            y_pred.mask, mask = mask, None
        to = None if self.keeps_targets else self.dtype
        y_true = tree.map_structure(lambda t: as_real(t, to, "y_true"), y_true)
        losses = called("", "call(y_true, y_pred)", self.call, y_true, y_pred)
        losses = one_tensor(self.name, "the loss of every sample", losses)
        if isinstance(y_pred, Tensor) and losses.ndim:
            self._warn_of_shape(losses.shape, y_pred.shape)
        if losses.mask is not None:
            mask = losses.mask if mask is None else ops.logical_and(mask, losses.mask)
        return reduce_weighted_values(losses, sample_weight, mask, self.reduction, self.dtype)

    def _warn_of_shape(self, shape: tuple[int, ...], y_pred: tuple[int, ...]) -> None:
        """Warn where a loss of one's own lost the axis of the batch, or sets every target against
        every prediction."""
        lost = shape == y_pred[1:] and shape != y_pred[: len(shape)]
        # A loss that is given whole is tried out before: `CompileLoss`.
        pairs = y_pred[1:] in ((), (1,)) and shape == y_pred[:1] * 2 and hasattr(self, "fn")
        if (lost or pairs) and not ours(getattr(self, "fn", type(self))):
            table = "sets every target against every prediction"
            warnings.warn(
                told(
                    f"{self.name} {'loses the axis of the batch' if lost else table}",
                    expected="the loss of every sample, or one number",
                    received=f"shape {shape} for predictions of shape {y_pred}",
                    fix="Reduce the last axes: axis=-1."
                    if lost
                    else "Reshape both y_true and y_pred, or none of them.",
                ),
                stacklevel=2,
            )

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """The loss of every sample, not reduced over the batch."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred).")

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self._given.get("dtype") is None:
            config.pop("dtype", None)
        return config


_OF_LABELS: list[Callable[..., Any]] = []
_OF_SEQUENCES: list[Callable[..., Any]] = []


def of_labels(func: F) -> F:
    """Decorator: the targets of this loss are integers, which are not cast to floats."""
    _OF_LABELS.append(func)
    return func


def of_sequences(func: F) -> F:
    """Decorator: the mask of the predictions says which steps of a sequence this loss reads; it
    is no weight of the losses, which are one per sequence."""
    _OF_SEQUENCES.append(func)
    return func


def takes_labels(loss: Any) -> bool:
    """Whether the targets of a loss, a function or an instance, are integer labels."""
    return any(getattr(loss, "fn", loss) is labelled for labelled in _OF_LABELS)


class OfFunction(Configured):
    """What makes a loss or a metric of a function `fn(y_true, y_pred, **fn_kwargs)`."""

    fn: Callable[..., Any]
    fn_kwargs: dict[str, Any]

    def _of(self, y_true: Any, y_pred: Any) -> Any:
        return called("", "f(y_true, y_pred)", self.fn, y_true, y_pred, **self.fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if "hands_on" in vars(type(self)):
            return {**config, "fn": serialize_keras_object(self.fn), **self.fn_kwargs}
        named = constructor(type(self)).parameters
        return {**config, **{k: v for k, v in self.fn_kwargs.items() if k in named}}

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        config = dict(config)
        if isinstance(config.get("fn"), (str, Mapping)):
            config["fn"] = resolve("loss", config["fn"])
        return cls(**config)


class LossFunctionWrapper(OfFunction, Loss):
    """The loss that a function `fn(y_true, y_pred, **kwargs)` gives for every sample.

    Args:
        fn: the function; its result is reduced.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
        kwargs: further arguments of `fn`.
    """

    hands_on = True

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: ReductionName = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeOrPolicy = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self.fn_kwargs = kwargs
        self.keeps_targets = takes_labels(fn)
        self.reads_mask = any(fn is marked for marked in _OF_SEQUENCES)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        if not (tree.is_nested(y_true) or tree.is_nested(y_pred)):
            # Else a function of one's own would set every target against every prediction.
            y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        return self._of(y_true, y_pred)


def divide_no_nan(a: Any, b: Any) -> Tensor:
    """a / b, and 0 where b is 0."""
    zero = ops.equal(b, 0)
    return ops.where(zero, 0.0, a / ops.where(zero, 1.0, b))


def weight_of_mask(mask: Any, dtype: str, reduction: str | None) -> Tensor:
    """The weights that a boolean mask stands for.

    Under a mean, what counts gets the weight total / valid, so that the mean over all elements
    becomes the mean over those that count.
    """
    weight = ops.cast(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        weight = weight * divide_no_nan(float(weight.size), ops.sum(weight))
    return weight


def masked_weight(
    sample_weight: Any, mask: Any, dtype: str, reduction: str | None
) -> Tensor | None:
    """`sample_weight` and `mask` as one weight, or None without both."""
    if sample_weight is not None:
        sample_weight = convert_to_tensor(sample_weight, dtype)
    if mask is None:
        return sample_weight
    weight = weight_of_mask(mask, dtype, reduction)
    if sample_weight is None:
        return weight
    if sample_weight.ndim > weight.ndim:
        sample_weight, weight = weights_like(sample_weight, weight)
    else:
        weight, sample_weight = weights_like(weight, sample_weight)
    return weight * sample_weight


def reduce_weighted_values(
    values: Any,
    sample_weight: Any = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: str | None = None,
) -> Tensor:
    """Weigh and reduce values; see `Loss` for the arguments."""
    values = convert_to_tensor(values, dtype)
    weight = masked_weight(sample_weight, mask, values.dtype, reduction)
    if weight is not None:
        values, weight = weights_like(values, weight)
        values = values * weight
    if reduction in (None, "none") or values.shape == ():
        return values
    total = ops.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_no_nan(total, ops.sum(weight))
    return total / max(values.size, 1)
