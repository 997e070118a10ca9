"""`train:` and the model -> a compiled model and the arguments of `fit`; labels held against it."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasish.declarative.building.construct import construct, one_line
from kerasish.declarative.check.specification import (
    FunctionalSection,
    ModelSection,
    TrainSection,
)
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.errors import KerasishError
from kerasish.layers.base.policy import dtype_policy, set_dtype_policy
from kerasish.layers.base.tracking import weight_paths
from kerasish.models import Model
from kerasish.optimizers.rates import unfit
from kerasish.preparation import Prepared
from kerasish.spec import alike


@contextmanager
def precision(section: TrainSection | None) -> Generator[None, None, None]:
    """Context manager: layers made inside compute as `train.mixed_precision` says."""
    if section is None or section.mixed_precision is None:
        yield
        return
    held = dtype_policy()
    set_dtype_policy(section.mixed_precision)
    try:
        yield
    finally:
        set_dtype_policy(held)


def compile_model(model: Model, section: TrainSection, diagnostics: Diagnostics) -> None:
    """Give the model its optimizer, losses and metrics.

    Raises:
        ConfigError: one of them refuses its arguments or does not fit the outputs, or a pattern of
            `rates` fits no layer.
    """
    parts = construct(section.compiled, diagnostics)
    _check_rates(model, section, diagnostics)
    diagnostics.raise_if_any()
    try:
        if section.rates:
            parts["optimizer"].rates = section.rates
        model.compile(**parts)
    except (KerasishError, ValueError, TypeError, AttributeError) as error:
        diagnostics.stop("K204", one_line(error), section.mark)


def _check_rates(model: Model, section: TrainSection, diagnostics: Diagnostics) -> None:
    """Every pattern of `rates` must fit a weight that is trained."""
    paths = weight_paths(model) if section.rates else {}
    trained = [path for weight, path in paths.items() if weight.trainable]
    kept = [path for weight, path in paths.items() if not weight.trainable]
    for pattern in unfit(section.rates, trained):
        names = list(dict.fromkeys(path.rpartition("/")[0] for path in trained))
        message = f"no layer fits '{clip(pattern, 60)}'"
        near = did_you_mean(pattern, names)
        if not unfit([pattern], kept):
            message = f"the layers that fit '{clip(pattern, 60)}' are not trained"
            near = "leave the line out, or trainable: false"
        diagnostics.add("K401", message, section.marks[pattern], near)


def training_arguments(
    train: TrainSection,
    diagnostics: Diagnostics,
    targets: Any = None,
    classes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """What `fit` is called with beside the data, callbacks included.

    Args:
        train: the checked section.
        diagnostics: receives K204 and K401.
        targets: the training part's, class numbers or a column for each class, which
            `class_weight: balanced` counts.
        classes: the labels in the order of their numbers, by which classes may be named.

    Raises:
        ConfigError: a callback refuses its arguments, or a class is unknown.
    """
    found: dict[str, Any] = construct(train.fitted, diagnostics)
    if train.class_weight is not None:
        found["class_weight"] = _class_weight(train, diagnostics, targets, classes)
    diagnostics.raise_if_any()
    return found


def _class_weight(
    train: TrainSection, diagnostics: Diagnostics, targets: Any, classes: Sequence[str] | None
) -> dict[int, float] | None:
    given, labels = train.class_weight, list(classes or ())
    if _of_labels(targets, labels):
        message = "class_weight is for rows of one class; of these labels a row has any number"
        hint = "loss: {BinaryFocalCrossentropy: {apply_class_balancing: true}} weighs labels"
        diagnostics.add("K204", message, train.mark, hint)
        return None
    if isinstance(given, dict):
        weights: dict[int, float] = {}
        for name, weight in given.items():
            if name in labels:
                weights[labels.index(name)] = weight
            elif re.fullmatch(r"[0-9]{1,9}", name) and (not labels or int(name) < len(labels)):
                weights[int(name)] = weight
            else:
                message = f"class_weight names the class '{clip(name, 60)}', which there is not"
                near = did_you_mean(name, labels) if labels else "write its number"
                diagnostics.add("K401", message, train.marks[name], near)
        return weights
    if targets is None or isinstance(targets, dict):
        message = "class_weight: balanced counts the training targets of one output"
        message += ", there are several" if targets else ", which are not given"
        diagnostics.add("K204", message, train.mark, "write weights: class_weight: {0: 1.0, 1: 2}")
        return None
    return balanced(np.asarray(targets))


def _of_labels(targets: Any, labels: Sequence[str]) -> bool:
    """Whether rows hold any number of labels, a column of 0 and 1 for each."""
    if targets is None or isinstance(targets, dict):
        return False
    held = np.asarray(targets)
    if held.ndim != 2 or not 1 < held.shape[1] == len(labels) or not np.isin(held, (0, 1)).all():
        return False
    return bool((held.sum(1) != 1).any())


def balanced(targets: np.ndarray) -> dict[int, float]:
    """n / (k count) for each of the k classes among n targets: all classes count the same.

    Args:
        targets: class numbers (n,) or (n, 1), or a column for each class (n, k).
    """
    columns = targets.ndim > 1 and targets.shape[-1] > 1
    numbers = targets.argmax(-1) if columns else targets.reshape(-1)
    found, counts = np.unique(numbers.astype("int64"), return_counts=True)
    total = counts.sum()
    pairs = zip(found, counts, strict=True)
    return {int(one): float(total / (len(found) * count)) for one, count in pairs}


def check_inputs(model: ModelSection, data: Prepared, diagnostics: Diagnostics) -> None:
    """Hold the data against the shapes of the inputs that the file declares.

    Raises:
        ConfigError: K410 where they differ.
    """
    inputs = model.inputs if isinstance(model, FunctionalSection) else (model.input,)
    declared = [one for one in inputs if one is not None]
    for one in declared:
        name = one.name if one.name in data.x else None
        if name is None and len(declared) == len(data.x) == 1:
            name = next(iter(data.x))
        if name is not None and not alike(one.shape, data.shape(name)):
            message = f"input.shape is {list(one.shape)}, the data have {list(data.shape(name))}"
            diagnostics.add("K410", message, one.mark, "write the shape of the data")
    diagnostics.raise_if_any()
