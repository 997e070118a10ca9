"""`train:` and the model -> a compiled model and the arguments of `fit`; labels held against it."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasish.declarative.building.construct import construct, one_line
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.specification import (
    FunctionalSection,
    ModelSection,
    TrainSection,
)
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.errors import KerasishError
from kerasish.layers.base.policy import dtype_policy, set_dtype_policy
from kerasish.layers.base.tracking import weight_paths
from kerasish.models import Model
from kerasish.optimizers.rates import unfit
from kerasish.preparation import Prepared
from kerasish.signatures import ours
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


def check_labels(
    model: Model, section: TrainSection, data: Prepared, diagnostics: Diagnostics
) -> None:
    """Hold the labels against the outputs before the first step.

    Raises:
        ConfigError: K420 where the loss cannot take the labels, K421 where labels and predictions
            would broadcast.
    """
    outputs, loss = model.outputs, section.compiled["loss"]
    names = [str(name) for name in model.output_names]
    targets = list(data.targets)
    if len(targets) == 1 and len(names) == 1:
        targets = names
    for part in data.parts.given():
        labels = dict(zip(targets, data.part(part).y.values(), strict=True))
        for name, output in zip(names, outputs, strict=False):
            one = loss.get(name, "") if isinstance(loss, dict) else loss
            if name in labels and not _of_a_user(one):
                word = one if isinstance(one, str) else getattr(one, "name", "")
                word, place = word.lower().replace("_", ""), section.loss_mark
                own = name if name in data.targets else next(iter(data.targets))
                shape = data.shape(own) if data.window else labels[name].shape[1:]
                _check_label(word, labels[name], shape, tuple(output.shape), place, diagnostics)
    diagnostics.raise_if_any()


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


def _of_a_user(loss: Any) -> bool:
    """Whether a loss is not the package's: then it takes what labels it likes."""
    if isinstance(loss, str):
        loss = vocabulary.lookup("loss", loss) if vocabulary.contains("loss", loss) else None
    made = getattr(loss, "factory", loss)
    return callable(made) and not ours(made)


def _check_label(
    loss: str,
    label: np.ndarray,
    sample: tuple[int, ...],
    output: tuple[int | None, ...],
    mark: Mark,
    found: Diagnostics,
) -> None:
    shape = (None, *sample)
    gives = f"the model gives {output}, the labels are {shape} {label.dtype}"
    classes = output[-1] if len(output) > 1 else None
    if loss.startswith("sparse"):
        if not alike(shape, output[:-1]) and not alike(shape, (*output[:-1], 1)):
            message = f"the loss cannot take the labels: {gives}"
            found.add("K420", message, mark, "sparse losses need one class number for each output")
        elif label.size and classes is not None and not 0 <= label.min() <= label.max() < classes:
            low, high = label.min(), label.max()
            message = f"labels run from {low} to {high}, but the model gives {classes} classes"
            found.add("K420", message, mark, f"give the last layer {int(high) + 1} units")
    elif alike(shape, output) or alike((*shape, 1), output) or alike(shape, (*output, 1)):
        return
    elif alike(shape, output[:-1]) and np.issubdtype(label.dtype, np.integer):
        message = f"the loss cannot take the labels: {gives}"
        found.add("K420", message, mark, "use sparse_categorical_crossentropy?")
    else:
        message = f"labels and predictions would broadcast: {gives}"
        found.add("K421", message, mark, "give the last layer as many units as there are labels")
