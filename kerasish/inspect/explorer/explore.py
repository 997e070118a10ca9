"""`Model.explore`: a step at every stage, written into one page."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasish.graph.watching import gradients
from kerasish.inspect.explorer.book import read
from kerasish.inspect.explorer.document import document
from kerasish.inspect.explorer.page import page
from kerasish.inspect.models import Batch, step_of
from kerasish.models import Model
from kerasish.saving.files.atomic import replacing


def explore(
    model: Model,
    path: str | os.PathLike[str],
    given: Batch,
    mode: str | None = None,
    runs: int = 5,
    lines: Mapping[str, str] | None = None,
) -> Path:
    """`Model.explore`.

    Args:
        lines: where layers stand in a config, by path.
    """
    with gradients() as pulled:
        made, leaves, lock = step_of(model, given, mode, anew=True)
    with lock:
        book = read(made.traced, pulled)
        data = document(str(model.name), book, leaves, dict(_classes(model)), lines or {}, runs)
    path = Path(path)
    with replacing(path) as aside:
        aside.write_text(page(data), encoding="utf-8")
    return path


def _classes(layer: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """(path, class) of a layer and of all inside it."""
    path = f"{above}/{layer.name}".strip("/")
    yield path, type(layer).__name__
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        yield from _classes(inner, path)
