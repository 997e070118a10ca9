"""Where the numbers of a run that diverged stopped being finite: the epoch once more, looked at."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import random
from kerasish.callbacks import Checkpoint
from kerasish.callbacks.callback import Callback
from kerasish.config import set_check_numerics, settings
from kerasish.declarative.api import Project
from kerasish.errors import DivergedError, KerasishError, NumericsError
from kerasish.models import Model
from kerasish.preparation import Prepared

_SECONDS = 60.0  # that looking for the place may take
_NEVER = 1 << 60
_LARGE = 100.0  # weights beyond this have grown
_FIX = (
    "Lower the learning rate, clip gradients (clipnorm: 1.0 in the optimizer), or bring inputs and "
    "targets to values around 1 (Normalization, Rescaling)."
)


class _Given(Exception):
    """The place was not found in time."""


class _Watch(Callback):
    """Ends the search after some time."""

    tick_seconds = 1.0

    def __init__(self) -> None:
        super().__init__()
        self._until = time.perf_counter() + _SECONDS

    def on_tick(self, step: int, logs: dict[str, Any]) -> None:
        if time.perf_counter() > self._until:
            raise _Given


def explained(
    error: DivergedError, project: Project, data: Prepared, model: Model, checkpoints: Path | None
) -> DivergedError:
    """The error with the layer in which the first value was not finite, and what to try.

    The epoch is run once more, from the checkpoint before it or from the seed, with every step
    of its plan looked at.

    Args:
        error: what ended the run.
        project, data: what was trained, and on what.
        model: as it was when the loss was not finite.
        checkpoints: the folder with the state after the last good epoch.
    """
    where = _place(project, data, checkpoints) or _weights(model)
    return DivergedError(
        error.what,
        expected="a finite loss",
        received=where or "values that are not finite, in no layer that could be found",
        fix=_FIX,
    )


def _place(project: Project, data: Prepared, checkpoints: Path | None) -> str:
    random.set_random_seed(project.config.seed or 0)
    model = project.build(_NEVER)
    try:
        with _looked_at(checkpoints.parent if checkpoints is not None else None):
            given: dict[str, Any] = project.fit_arguments(model, data)
            callbacks: list[Callback] = [_Watch()]
            if checkpoints is not None:
                callbacks.append(Checkpoint(checkpoints, save_freq=_NEVER, keep=_NEVER))
            given |= {"callbacks": callbacks, "verbose": 0}
            given.pop("validation_data", None)
            model.fit(**given)
    except NumericsError as found:
        return _told(found) + _largest(model)
    except (_Given, KerasishError, MemoryError):
        return ""
    return ""


@contextmanager
def _looked_at(folder: Path | None) -> Iterator[None]:
    before = settings.check_numerics, settings.numerics_folder
    set_check_numerics("full", None if folder is None else str(folder))
    try:
        yield
    finally:
        settings.check_numerics, settings.numerics_folder = before


def _told(found: NumericsError) -> str:
    """The layer of an error, and the rows of the batch."""
    layer = found.layer.partition("/")[2]
    many = re.search(r"\d+ of \d+ values", str(found))
    what = f"{many[0]} that are not finite" if many else "values that are not finite"
    if not layer:
        return f"{what}, first in the loss or in the step of the optimizer"
    where = f"the gradient of the layer {layer!r}" if found.backward else f"the layer {layer!r}"
    rows = f", in rows {', '.join(map(str, found.rows[:8]))} of its batch" if found.rows else ""
    return f"{what}, first in {where}{rows} (op {found.op!r})"


def _largest(model: Model) -> str:
    """The layer with the largest weights, where they are large."""
    sizes = {
        str(layer.name): max(float(np.abs(w).max(initial=0)) for w in layer.get_weights())
        for layer in model.layers
        if layer.get_weights()
    }
    finite = {name: size for name, size in sizes.items() if np.isfinite(size)}
    name = max(finite, key=lambda one: finite[one], default="")
    if not name or finite[name] < _LARGE:
        return ""
    return f"; the weights of the layer {name!r} had grown to {finite[name]:.3g}"


def _weights(model: Model) -> str:
    """The layers whose weights are not finite."""
    named: Callable[[Any], str] = lambda layer: repr(str(layer.name))  # noqa: E731
    found = [
        named(layer)
        for layer in model.layers
        if any(not np.isfinite(np.asarray(w)).all() for w in layer.get_weights())
    ]
    listed = ", ".join(found[:6]) + ", ..." * (len(found) > 6)
    return f"weights that are not finite in {listed}" if found else ""
