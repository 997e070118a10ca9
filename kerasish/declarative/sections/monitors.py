"""What callbacks watch, held against what will be logged: `EarlyStopping: {monitor: val_acc}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from kerasish.arguments.contract import contract_of
from kerasish.callbacks.monitor import Monitor
from kerasish.callbacks.rates import LearningRateScheduler, ReduceLROnPlateau
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import TrainSection
from kerasish.declarative.text.errors import Diagnostics, clip
from kerasish.naming import object_name, snake_case
from kerasish.registry import hint
from kerasish.signatures import ours

_VALIDATION = "val_"


def check_monitors(
    train: TrainSection, outputs: Sequence[str], validates: bool | None, diagnostics: Diagnostics
) -> None:
    """Record K401 for every log that a callback watches and that nothing writes.

    Args:
        train: the checked section.
        outputs: the names of the model's outputs.
        validates: whether the data have a validation part; None where nobody knows.
        diagnostics: receives the findings.
    """
    callbacks: list[Item] = [one for one in train.fitted.get("callbacks", ()) if one is not None]
    known = logs(train, outputs, callbacks)
    if known is None:
        return
    parts = [known, [f"{_VALIDATION}{one}" for one in known] if validates is not False else []]
    written = [name for part in parts for name in part]
    for item in callbacks:
        watched = _watched(item)
        # A second metric of one name is numbered.
        if watched is None or re.sub(r"_\d+$", "", watched) in written or watched in written:
            continue
        mark = item.marks.get("monitor", item.mark)
        message = f"{item.name} watches '{clip(watched, 60)}', which nothing logs"
        if watched.removeprefix(_VALIDATION) in known:
            near = "there is no validation part: write data: {validation: {split: 0.1}}"
        else:
            found = hint(clip(watched, 60), written, 3)
            near = f"{found[:1].lower()}{found[1:]}  " if found else ""
            near += f"logged will be {', '.join(written[:12])}"
        diagnostics.add("K401", message, mark, near)


def _watched(item: Item) -> str | None:
    """The log that a callback needs; None where it needs none."""
    factory = item.factory
    if not isinstance(factory, type) or not issubclass(factory, Monitor):
        return None
    fields = contract_of(factory).fields
    if "save_best_only" in fields and not _argument(item, "save_best_only"):
        return None
    found = _argument(item, "monitor") if "monitor" in fields else None
    return found if isinstance(found, str) else None


def _argument(item: Item, name: str) -> Any:
    found = item.arguments.get(name, contract_of(item.factory).fields[name].default)
    return getattr(found, "value", found)


def logs(
    train: TrainSection, outputs: Sequence[str], callbacks: Sequence[Item] = ()
) -> list[str] | None:
    """The names in the logs of training, without those of validation; None where a metric of
    one's own decides."""
    found = ["loss"]
    loss = train.compiled.get("loss")
    if len(outputs) > 1:
        found += [f"{name}_loss" for name in outputs]
    if isinstance(loss, dict):
        found += [f"{name}_loss" for name in loss]
    for output, metric in _metrics(train.compiled.get("metrics"), outputs):
        name = metric_name(metric)
        if name is None:
            return None
        found.append(f"{output}_{name}" if output and len(outputs) > 1 else name)
    rates = (LearningRateScheduler, ReduceLROnPlateau)
    if any(isinstance(one.factory, type) and issubclass(one.factory, rates) for one in callbacks):
        found.append("learning_rate")
    return list(dict.fromkeys(found))


def _metrics(given: Any, outputs: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Every metric with the name of its output; "" where there is one output."""
    if isinstance(given, dict):
        by_output: dict[str, Any] = given
        for output, metrics in by_output.items():
            for one in metrics if isinstance(metrics, list) else [metrics]:
                yield output, one
        return
    several: list[Any] = given or []
    for place, one in enumerate(several):
        if isinstance(one, list):
            name = outputs[place] if place < len(outputs) else ""
            for inner in one:
                yield name, inner
        elif len(outputs) > 1:
            for output in outputs:
                yield output, one
        else:
            yield "", one


def metric_name(metric: Any) -> str | None:
    """The name of a metric in the logs; None where its class decides what it logs."""
    if isinstance(metric, str):
        factory = vocabulary.lookup("metric", metric)
        return metric if ours(factory) or not isinstance(factory, type) else None
    if metric is None:
        return None  # a wrong one, which is recorded
    if not isinstance(metric, Item):
        return object_name(metric)
    if not isinstance(metric.factory, type):
        return object_name(metric.factory)
    if not ours(metric.factory):
        return None
    name = metric.arguments.get("name")
    if isinstance(name, str):
        return name
    default = contract_of(metric.factory).fields["name"].default
    return default if isinstance(default, str) else snake_case(metric.factory.__name__)
