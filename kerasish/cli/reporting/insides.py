"""The inside of a model: its graph, its layers, and where the time of a step goes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from kerasish.cli.reporting.gathered import Gathered, first_batch
from kerasish.errors import KerasishError
from kerasish.inspect.pictures import model_to_dot
from kerasish.models import Model
from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.showing.page.numbers import number, share
from kerasish.showing.page.tables import Cell, table

_BOXES = 150  # layers of which a graph is drawn
_LAYERS = 400
_RUNS = 5


def layers(run: Gathered) -> Markup:
    """Every layer with its parameters and the time that it takes of a step of training."""
    times, total, told = _times(run)
    rows = []
    for path, layer in _all(run.network, ""):
        ahead, back, flops = _of(times, str(layer.name), path)
        spent = ahead + back
        rows.append([
            path, type(layer).__name__, Cell(_shape(layer), None, "whole"),
            layer.count_params() if layer.built else 0,
            *([_ms(ahead), _ms(back), _part(spent, total), _mega(flops)] if total else []),
        ])  # fmt: skip
    head = ["layer", "class", "output shape", "parameters"]
    head += ["forward ms", "backward ms", "share of the step", "MFLOP"] if total else []
    network = run.network
    whole = network.count_params()
    trained = sum(math.prod(w.shape) for w in network.trainable_weights)
    counts = f"{whole:,} parameters, of which {trained:,} are trained. "
    return joined([tag("p", counts, told), table(head, rows, most=_LAYERS)])


def _all(model: Model, before: str) -> Iterable[tuple[str, Any]]:
    """Layers by path, those of models inside too."""
    for layer in model.layers:
        path = f"{before}{layer.name}"
        if isinstance(layer, Model):
            yield from _all(layer, f"{path}/")
        else:
            yield path, layer


def _shape(layer: Any) -> str:
    try:
        output = layer.output
        shape = getattr(output, "shape", None)
    except (KerasishError, AttributeError):
        return "?"
    return "several" if shape is None else str(tuple(shape))


def _times(run: Gathered) -> tuple[dict[str, list[float]], float, str]:
    """By layer's path [forward, backward, FLOPs]; seconds of a step; how it was measured."""
    if run.read is None:
        return {}, 0.0, "Times were not measured: the data are not here."
    x, y = first_batch(run)
    size = min(run.data.batch_size, len(run.part))
    try:
        train = y is not None and run.network.compiled
        made = run.network.profile(x, y if train else None, runs=_RUNS, warmup=1)
    except KerasishError as error:
        return {}, 0.0, f"Times were not measured: {str(error).splitlines()[0]}"
    found: dict[str, list[float]] = {}
    for entry in made.by_layer():
        path = entry.layer.split("/", 1)[1] if "/" in entry.layer else entry.layer
        held = found.setdefault(path, [0.0, 0.0, 0.0])
        held[1 if entry.backward else 0] += entry.median
        held[2] += entry.flops
    what = "training" if train else "prediction"
    told = (
        f"A step of {what} on {size:,} rows takes {number(made.total * 1e3, 3)} ms and "
        f"{number(made.flops / 1e6, 3)} MFLOP, the median of {_RUNS} runs where this page "
        "was written; optimizer, loss and metrics are part of the step and of no layer."
    )
    return found, made.total, told


def _of(times: dict[str, list[float]], name: str, path: str) -> tuple[float, float, float]:
    """What a layer took: the entries of its path, and of what is inside it."""
    ahead = back = flops = 0.0
    for key, (a, b, c) in times.items():
        if key == path or key.startswith(f"{path}/") or (key == name and "/" in path):
            ahead, back, flops = ahead + a, back + b, flops + c
    return ahead, back, flops


def _ms(seconds: float) -> Cell:
    return Cell(f"{seconds * 1e3:.3f}" if seconds else "–", seconds, "n")


def _mega(flops: float) -> Cell:
    return Cell(f"{flops / 1e6:,.2f}" if flops else "–", flops, "n")


def _part(spent: float, total: float) -> Cell:
    part = min(spent / total, 1.0) if total else 0.0
    bar = tag("span", tag("i", style=f"width:{100 * part:.1f}%"), class_="meter")
    return Cell(joined([bar, " ", share(part)]), part, "n")


def graph(run: Gathered) -> Markup:
    """The model as a drawing."""
    count = sum(1 for _ in _all(run.network, ""))
    if count > _BOXES:
        return tag("p", f"{count} layers are too many to be drawn here.", class_="note")
    try:
        made = model_to_dot(run.network, show_shapes=True, expand_nested=True, dpi=170)
    except KerasishError as error:
        return tag("p", f"Not drawn: {str(error).splitlines()[0]}", class_="note")
    text = made.to_svg().replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)
    return tag("div", Markup(text), class_="model", tabindex="0")
