"""Targets, outputs, losses and metrics held against each other before the first step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import metrics, tables
from kerasish.config import floatx
from kerasish.declarative.building.construct import construct, one_line
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.specification import DataSection, TrainSection
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.declarative.text.words import said_in_yaml
from kerasish.errors import KerasishError
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.signatures import ours
from kerasish.spec import alike

_PROBABILITIES = ("binary", "categorical")  # losses whose targets are from 0 to 1
CHOSEN = ("accuracy", "acc", "crossentropy", "ce")  # metrics that follow from the loss
_MOST_CLASSES = 100  # whole numbers of which there are more are quantities


@dataclass(frozen=True)
class _Held:
    """One output with its labels in every part.

    Attributes:
        name: the output's.
        output: its shape, batch first.
        sample: the shape of a label.
        labels: by part.
        target: the target's name in the data.
        several: whether the model has more outputs.
    """

    name: str
    output: tuple[int | None, ...]
    sample: tuple[int, ...]
    labels: Mapping[str, np.ndarray]
    target: str
    several: bool

    @property
    def all(self) -> np.ndarray:
        """The labels of all parts that are numbers in an array."""
        return np.concatenate([one.reshape(-1) for one in self.labels.values()])

    @property
    def gives(self) -> str:
        """The shapes in words."""
        who = f"output '{self.name}' gives" if self.several else "the model gives"
        kind = next(iter(self.labels.values())).dtype
        return said_in_yaml(f"{who} {self.output}, the labels are {(None, *self.sample)} {kind}")


def check_labels(
    model: Model,
    section: TrainSection,
    data: Prepared,
    diagnostics: Diagnostics,
    declared: DataSection | None = None,
) -> None:
    """Hold the labels against the outputs before the first step.

    Args:
        model: what is trained.
        section: its losses and metrics.
        data: the labels.
        diagnostics: receives K401, K420 and K421.
        declared: the section of the data, for where its targets are written.

    Raises:
        ConfigError: K401 where targets and outputs have other names, K420 where the loss or a
            metric cannot take the labels, K421 where labels and predictions would broadcast.
    """
    _check_names(model, section, data, diagnostics, declared)
    for held in _held(model, data):
        loss = section.compiled["loss"]
        one = loss.get(held.name, "") if isinstance(loss, dict) else loss
        if isinstance(one, list):
            names = [str(name) for name in model.output_names]
            one = one[names.index(held.name)] if len(one) == len(names) else ""
        if _of_a_user(one):
            continue
        word = one if isinstance(one, str) else getattr(one, "name", "")
        before = len(diagnostics)
        _check_label(word.lower().replace("_", ""), held, section.loss_mark, data, diagnostics)
        if len(diagnostics) == before:
            _check_metrics(section, held, diagnostics)
    diagnostics.raise_if_any()


def _check_names(
    model: Model,
    section: TrainSection,
    data: Prepared,
    diagnostics: Diagnostics,
    declared: DataSection | None,
) -> None:
    """Several targets, or targets of several outputs, have the names of outputs."""
    names, loss = [str(name) for name in model.output_names], section.compiled["loss"]
    if len(names) == 1 and len(data.targets) <= 1:
        return
    places = {entry.name: entry.mark for entry in (declared.y if declared else None) or ()}
    for one in data.targets:
        if one not in names:
            message = f"data.y has '{clip(one, 60)}', which no output of the model is called"
            hint = did_you_mean(one, names)
            diagnostics.add("K401", message, places.get(one, section.loss_mark), hint)
    wanted = loss if isinstance(loss, dict) else names
    if any(one not in names for one in data.targets):
        diagnostics.raise_if_any()
    for one in wanted:
        if one in names and one not in data.targets:
            message = f"output '{clip(one, 60)}' has a loss, and no target in data.y"
            hint = f"write it there by its name: y: {{{one}: column}}, or give it no loss"
            diagnostics.add("K401", message, section.loss_mark, hint)
    diagnostics.raise_if_any()


def _held(model: Model, data: Prepared) -> Iterator[_Held]:
    names = [str(name) for name in model.output_names]
    targets = dict(zip(data.targets, data.targets, strict=True))
    if len(targets) == len(names) == 1:
        targets = {names[0]: next(iter(data.targets))}
    for name, output in zip(names, model.outputs, strict=True):
        target = targets.get(name)
        if target is None:
            continue
        labels = {part: np.asarray(data.part(part).y[target]) for part in data.parts.given()}
        first = next(iter(labels.values()))
        sample = data.shape(target, True) if data.window else first.shape[1:]
        yield _Held(name, tuple(output.shape), sample, labels, target, len(names) > 1)


def _of_a_user(given: Any, kind: str = "loss") -> bool:
    """Whether a loss or metric is not the package's: then it takes what labels it likes."""
    if isinstance(given, str):
        given = vocabulary.lookup(kind, given) if vocabulary.contains(kind, given) else None
    made = getattr(given, "factory", given)
    return callable(made) and not ours(made)


def _check_label(loss: str, held: _Held, mark: Mark, data: Prepared, found: Diagnostics) -> None:
    shape, output = (None, *held.sample), held.output
    dtype = next(iter(held.labels.values())).dtype
    whole = np.issubdtype(dtype, np.integer) or dtype.kind == "b"
    if loss.startswith("sparse"):
        if not alike(shape, output[:-1]) and not alike(shape, (*output[:-1], 1)):
            message = f"the loss cannot take the labels: {held.gives}"
            hint = "sparse losses need one class number for each output"
            if len(output) > len(shape) + 1:
                hint = "put Flatten, or a layer that pools globally, before the last Dense"
            found.add("K420", message, mark, hint)
        else:
            _check_classes(held, mark, found)
    elif alike(shape, output) or alike((*shape, 1), output) or alike(shape, (*output, 1)):
        if loss.startswith(_PROBABILITIES) or loss == "bce":
            _check_range(loss, held, mark, data, found)
    elif whole and loss.startswith(_PROBABILITIES) and _one_number(held):
        message = f"the loss cannot take the labels: {held.gives}"
        hint = "class numbers need sparse_categorical_crossentropy"
        found.add("K420", message, mark, hint)
    elif alike(shape, output[:-1]) and whole:
        message = f"the loss cannot take the labels: {held.gives}"
        found.add("K420", message, mark, "use sparse_categorical_crossentropy?")
    else:
        message = f"labels and predictions would broadcast: {held.gives}"
        hint = "give the last layer as many units as there are labels"
        if len(output) == 2 and len(held.sample) < 2:
            hint += f": {held.sample[0] if held.sample else 1}"
        found.add("K421", message, mark, hint)


def _one_number(held: _Held) -> bool:
    """Whether a label is one number of several that the output has."""
    return held.sample in ((), (1,)) and len(held.output) == 2 and (held.output[-1] or 1) > 1


def _check_classes(held: _Held, mark: Mark, found: Diagnostics) -> None:
    """Class numbers are from 0 to the number of classes, 1 less."""
    classes, labels = held.output[-1] if len(held.output) > 1 else None, held.all
    if not labels.size or classes is None or 0 <= labels.min() <= labels.max() < classes:
        return
    low, high = labels.min(), labels.max()
    hint = f"give the last layer {int(high) + 1} units" if low >= 0 else "number them from 0"
    if not _few_classes(labels):
        hint = "numbers that are no classes need a loss such as mse, and one unit"
    message = f"labels run from {low} to {high}, but the model gives {classes} classes"
    found.add("K420", message, mark, hint)


def _few_classes(labels: np.ndarray) -> bool:
    """Whether numbers may be numbers of classes."""
    whole = bool((np.floor(labels) == labels).all())
    known = np.unique(labels)
    return whole and len(known) <= _MOST_CLASSES and known[-1] - known[0] < 2 * len(known) + 10


def _check_range(loss: str, held: _Held, mark: Mark, data: Prepared, found: Diagnostics) -> None:
    """Probabilities are compared with targets from 0 to 1."""
    for part, labels in held.labels.items():
        wrong = ~((labels >= 0) & (labels <= 1))
        if not wrong.any():
            continue
        row = int(wrong.reshape(len(wrong), -1).any(axis=1).argmax())
        values, table = np.unique(held.all), data.part(part).table
        target = data.targets[held.target]
        value = labels[row].reshape(-1)[wrong[row].reshape(-1).argmax()].item()
        where = table.where(row, target.columns[0]) if data.window is None else ""
        shown = f"{value:.6g}" + (f" in {where}" if where else "")
        message = f"the loss takes targets from 0 to 1, received {shown}"
        if target.classes is not None and 2 < len(values) and _few_classes(values):
            hint = f"{len(target.classes)} classes need sparse_categorical_crossentropy and as "
            hint += f"many units: Dense: {{units: {len(target.classes)}, activation: softmax}}"
        elif len(values) == 2:
            hint = f"say which is which: map: {{{values[0]}: 0, {values[1]}: 1}} in data.y"
        else:
            hint = "numbers need a loss of regression, such as mse, and no activation at the end"
        found.add("K420", message, mark, hint)
        return


# --- metrics --------------------------------------------------------------------------------------


def _check_metrics(section: TrainSection, held: _Held, found: Diagnostics) -> None:
    """Every metric of an output takes its labels and predictions."""
    given, before = section.compiled.get("metrics"), "metrics"
    if isinstance(given, dict):
        given, before = given.get(held.name), f"metrics.{held.name}"
    elif held.several:
        return
    labels = next(iter(held.labels.values()))[:1]
    sizes = [size for size in held.output[1:] if size is not None]
    if len(sizes) < len(held.output) - 1 or labels.shape[1:] != held.sample:
        return
    predictions = tables.full((1, *sizes), 0.5, floatx())
    for place, one in enumerate(given if isinstance(given, list) else [given]):
        name = one if isinstance(one, str) else getattr(one, "name", "")
        if one is None or name in CHOSEN or _of_a_user(one, "metric"):
            continue
        mark = section.marks.get(f"{before}.{place}") or section.marks.get(f"{before}=")
        try:
            metric: Any = metrics.get(construct(one, Diagnostics()))
            update = getattr(metric, "update_state", metric)
            update(labels, predictions)
        except (KerasishError, ValueError, TypeError) as error:
            message = f"{name} cannot take the labels: {held.gives}"
            hint, details = "", [one_line(error)]
            if _one_number(held):
                hint, details = "class numbers need accuracy, or another sparse metric", []
            found.add("K420", message, mark or section.loss_mark, hint, details)
