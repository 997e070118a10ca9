"""`CompileLoss`: what `compile(loss=..., loss_weights=...)` asks for, resolved for the outputs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kerasish import losses, ops, tree
from kerasish.config import floatx
from kerasish.data.weights import ClassWeights
from kerasish.errors import ArgumentError, told
from kerasish.graph import Tensor
from kerasish.graph.tensor import input_tensor
from kerasish.graph.trace import tracing
from kerasish.losses import Loss, LossFunctionWrapper
from kerasish.losses.base import takes_labels
from kerasish.metrics import Mean
from kerasish.naming import object_name
from kerasish.serialization import kind_of
from kerasish.spec import TensorSpec
from kerasish.training.label_rules import LabelRule, label_rules
from kerasish.training.loss_terms import asked_losses
from kerasish.training.outputs import Outputs, numbered


class Term(NamedTuple):
    """One loss on one output, or on a structure of outputs; see `loss_terms.Asked`."""

    part: Any
    loss: Loss
    weight: Any
    name: str

    @property
    def output(self) -> int | None:
        """The number of the output; None for a structure of outputs."""
        return None if tree.is_nested(self.part) else self.part

    def of(self, values: Sequence[Any]) -> Any:
        """What the loss takes of values, one per output."""
        return tree.map_structure(lambda i: values[i], self.part)


def target_kind(y_true: Any, y_pred: Any) -> str:
    """What "accuracy" and "crossentropy" mean here: "binary", "sparse" or "categorical"."""
    if y_pred.shape[-1] == 1:
        return "binary"
    sparse = y_true.ndim < y_pred.ndim or (y_true.shape[-1] == 1 and y_pred.shape[-1] > 1)
    return "sparse" if sparse else "categorical"


_CROSSENTROPY = {
    "binary": losses.binary_crossentropy,
    "sparse": losses.sparse_categorical_crossentropy,
    "categorical": losses.categorical_crossentropy,
}


_OF_CLASSES = (
    losses.sparse_categorical_crossentropy,
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.categorical_generalized_cross_entropy,
)
BY_SHAPE = ("crossentropy", "ce")  # names whose meaning depends on the shapes


def check_names(loss: Any) -> None:
    """Look up every loss that is given by name, so that a wrong name is found at once.

    Raises:
        UnknownNameError: no such loss.
    """
    for identifier in tree.flatten(loss):
        if isinstance(identifier, str) and identifier.lower() not in BY_SHAPE:
            losses.get(identifier)


def as_loss(identifier: Any, y_true: Any, y_pred: Any) -> Loss:
    """The loss that `identifier` stands for, for targets and predictions of these shapes."""
    if isinstance(identifier, str) and identifier.lower() in BY_SHAPE:
        found = _CROSSENTROPY[target_kind(y_true, y_pred)]
    else:
        found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else object_name(found)
    return LossFunctionWrapper(found, name=name)


def warn_of_pairs(name: str, func: Any, y_true: Any, y_pred: Any) -> None:
    """Warn where a loss or metric of one's own sets every target against every prediction.

    That is what subtracting (n,) from (n, 1) does. Whether it happens is tried out with two targets
    and three predictions: where they are brought into one shape first, that fails.
    """
    if {y_true.shape[1:], y_pred.shape[1:]} != {(), (1,)}:
        return
    all_pairs = False
    with suppress(Exception), tracing():
        two, three = (
            input_tensor(TensorSpec((rows, *t.shape[1:]), t.dtype))
            for rows, t in ((2, y_true), (3, y_pred))
        )
        func(two, three)
        all_pairs = True
    if all_pairs:
        warnings.warn(
            told(
                f"{name} sets every target against every prediction",
                expected="y of the shape of the predictions",
                received=f"y of shape {y_true.shape}, predictions of shape {y_pred.shape}",
                fix="Pass y[:, None] or y[:, 0], or reshape it in the function.",
            ),
            stacklevel=2,
        )


def check_weights(loss_weights: Any) -> None:
    """Refuse weights of losses that are no numbers.

    Raises:
        ArgumentError: with a hint where the names of metrics came in their place.
    """
    for weight in tree.flatten(loss_weights):
        if isinstance(weight, (str, bool)) or callable(weight):
            raise ArgumentError(
                "loss_weights",
                expected="numbers, one per output",
                received=repr(loss_weights),
                fix=f"Metrics are given by name: metrics={loss_weights!r}.",
            )


def of_labels(loss: Any) -> bool | None:
    """Whether the targets of a loss for one output are integer labels; None where that is not
    known before the shapes are."""
    entries = tree.flatten(loss)
    if len(entries) != 1 or entries[0] is None:
        return None
    if isinstance(entries[0], str) and entries[0].lower() in BY_SHAPE:
        return None
    found = losses.get(entries[0])
    known = isinstance(found, LossFunctionWrapper) or kind_of(found) == "loss"
    return takes_labels(found) if known else None


NOTHING_RETURNED = told(
    "The model's call()", expected="predictions", received="None", fix="Let it end with `return`."
)


class CompileLoss:
    """The weighted sum of the losses of all outputs.

    Args:
        loss: a loss for all outputs, a list in their order, or a dict by their names.
        loss_weights: a number, list or dict likewise.
        output_names: the model's names of its outputs.
        last_layer: what the only output may be called where it has no name of its own.

    Attributes:
        terms: the losses, each with its output, once `build` has resolved them.
        label_rules: what the losses ask of the targets of their outputs.
        hinted: whether the outputs were looked at for what the losses take.
    """

    def __init__(
        self,
        loss: Any,
        loss_weights: Any = None,
        output_names: Sequence[str] | None = None,
        last_layer: str | None = None,
    ) -> None:
        self.loss = loss
        self.loss_weights = loss_weights
        self.output_names = output_names
        self.last_layer = last_layer
        self.built = False
        self.terms: list[Term] = []
        self.metrics: list[Mean] = []
        self.wanted: list[bool] = []
        self.label_rules: list[LabelRule] = []
        self.hinted = False
        self._class_weights: ClassWeights | None = None
        self._shape: tuple[int, ...] = ()  # of the predictions that the first loss is for

    def class_weights(self, given: Any) -> ClassWeights | None:
        """Class weights for the targets of this loss; their labels are compared with the number
        of classes as soon as that is known.

        Raises:
            ArgumentError: no weights by integer label, or labels that are no class.
        """
        if given is None:
            return None
        weights = ClassWeights(given, of_labels(self.loss))
        self._class_weights = weights
        self._check_classes()
        return weights

    def _check_classes(self) -> None:
        if self._class_weights is not None and self.built and len(self.terms) == 1:
            classes = _classes(self.terms[0].loss, self._shape)
            if classes is not None:
                self._class_weights.check(classes)
            self._class_weights = None

    @property
    def variables(self) -> list[Any]:
        """The state of the means of single losses."""
        return [v for metric in self.metrics for v in metric.variables]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve names and forms for targets and predictions of these structures."""
        outputs = Outputs(y_pred, self.output_names, self.last_layer)
        asked = list(asked_losses(outputs, self.loss, self.loss_weights))
        used = {i for one in asked for i in tree.flatten(one.part)}
        self.wanted = [i in used for i in range(outputs.count)]
        targets = outputs.arrange(y_true, "y", self.wanted)
        predictions = tree.flatten(y_pred)
        self.terms = []
        for part, given, weight, path in asked:
            for i in tree.flatten(part):
                _need_target(targets[i], outputs, i)
            if tree.is_nested(part):
                found = as_loss(given, None, None)
            else:
                found = as_loss(given, targets[part], predictions[part])
                if not isinstance(found, LossFunctionWrapper):
                    warn_of_pairs(found.name, found.call, targets[part], predictions[part])
            name = outputs.name_of(part, path, found.name)
            self.terms.append(Term(part, found, weight, name))
        if not self.terms:
            raise ArgumentError(
                "loss", expected="a loss for at least one output", received=repr(self.loss)
            )
        if len(self.terms) > 1:
            taken: set[str] = set()
            self.metrics = [Mean(name=numbered(f"{t.name}_loss", taken)) for t in self.terms]
        self.outputs = outputs
        single = [(t.output, t.loss) for t in self.terms if t.output is not None]
        self.label_rules = label_rules(single, predictions)
        self.built = True
        first = self.terms[0].output
        self._shape = () if first is None else predictions[first].shape

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The total; with several terms the mean of each, unweighted, is kept as a metric."""
        if y_pred is None:
            raise ArgumentError(NOTHING_RETURNED)
        if not self.built:
            self.build(y_true, y_pred)
        self._check_classes()
        outputs = Outputs(y_pred, self.output_names, self.last_layer)
        targets = outputs.arrange(y_true, "y", self.wanted)
        weights = outputs.arrange_weights(sample_weight, self.wanted)
        predictions = tree.flatten(y_pred)
        total: Any = None
        for number, term in enumerate(self.terms):
            members = tree.flatten(term.part)
            for output in members:
                _need_target(targets[output], outputs, output)
            value = term.loss(
                term.of(targets), term.of(predictions), _weights_of(term.part, weights)
            )
            value = ops.cast(value, floatx())
            if self.metrics:
                rows = float(predictions[members[0]].shape[0])
                self.metrics[number].update_state(value, sample_weight=rows)
            value = value if term.weight is None else value * term.weight
            total = value if total is None else total + value
        return total


def _weights_of(part: Any, weights: Sequence[Any]) -> Any:
    """The sample weights of a part of the outputs.

    Raises:
        ArgumentError: its outputs have different ones.
    """
    first, *rest = [weights[i] for i in tree.flatten(part)]
    if any(other is not first for other in rest):
        raise ArgumentError(
            "sample_weight",
            expected="one array for all outputs, since one loss takes several of them as a whole",
            received="an array for each",
        )
    return first


def _classes(loss: Loss, shape: tuple[int, ...]) -> int | None:
    """The number of classes that predictions of this shape tell apart; None for other losses."""
    if not isinstance(loss, LossFunctionWrapper) or not shape:
        return None
    if loss.fn in (losses.binary_crossentropy, losses.binary_focal_crossentropy):
        return max(shape[-1], 2)
    if loss.fn in _OF_CLASSES:
        return shape[loss.fn_kwargs.get("axis", -1)]
    return None


def _need_target(target: Any, outputs: Outputs, output: int) -> None:
    if target is None:
        name = outputs.names[output] or f"number {output}"
        raise ArgumentError(
            "loss",
            expected=f"targets y for the output {name}, which has a loss",
            received="none",
            fix="Pass y, or set the loss of this output to None.",
        )
