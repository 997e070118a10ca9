"""`kerasish fit`: train a model and write its run folder."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish import backend
from kerasish.cli import run_folder
from kerasish.cli.configs import prepare_for, project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.evaluate import measure
from kerasish.cli.options import (
    BACKEND,
    CHANGES,
    CONFIG,
    VERBOSE,
)
from kerasish.cli.text import duration, model_lines, numbers
from kerasish.declarative.api import Project
from kerasish.errors import ArgumentError
from kerasish.models import Model
from kerasish.saving.whole_model import save_model
from kerasish.version import __version__

# What fits on one screen beside the results.
_MAX_LAYER_LINES = 28


@command(
    "train",
    "train a model and write a run folder",
    CONFIG,
    argument("--run", metavar="DIR", help="the run folder; by default a new runs/NAME"),
    BACKEND,
    VERBOSE,
    *CHANGES,
    example="kerasish fit configs/digits_cnn.yaml --set train.epochs=5",
)
def fit(arguments: Namespace) -> None:
    """Train, evaluate on the test data where there are any, and write the run folder."""
    project = project_of(arguments, arguments.config)
    if project.config.train is None or project.config.data is None:
        raise ArgumentError(arguments.config, expected="sections 'data' and 'train'")
    prepare_for(arguments, project)
    data = project.data()
    model = project.build(arguments.max_params)
    keywords = project.fit_arguments(model, data)
    # Made before the first epoch, so that a folder that cannot be written costs no training.
    folder = run_folder.new_folder(arguments.run, project.config.name)
    run_folder.write_config(folder, project)
    start = time.perf_counter()
    verbose = "auto" if arguments.verbose is None else arguments.verbose
    stopped = _train(model, keywords, verbose)
    history, seconds = model.history.history, time.perf_counter() - start
    folder.mkdir(parents=True, exist_ok=True)  # someone may have tidied up meanwhile
    save_model(model, folder / run_folder.MODEL_FILE)
    run_folder.write_history(folder, history)
    test = None if data.parts.test is None else measure(model, data, "test")
    lines = _report(project, model, history, seconds, test)
    run_folder.write_summary(folder, [*lines, "", *_layer_lines(model)])
    print("\n".join(lines))
    print(f"wrote {folder}/")
    if stopped is not None:
        raise stopped


def _train(
    model: Model, keywords: Mapping[str, Any], verbose: int | str
) -> KeyboardInterrupt | None:
    """Fit; an interrupt after the first epoch ends it there, with what was learnt kept."""
    try:
        model.fit(**keywords, verbose=verbose)
    except KeyboardInterrupt as interrupt:
        if not getattr(model.history, "epoch", None):
            raise
        return interrupt
    return None


def _report(
    project: Project,
    model: Model,
    history: Mapping[str, Sequence[float]],
    seconds: float,
    test: Mapping[str, float] | None,
) -> list[str]:
    epochs = len(next(iter(history.values()), ()))
    last = {name: values[-1] for name, values in history.items() if len(values)}
    lines = [
        f"{project.config.name}: {epochs} epochs in {duration(seconds)}, "
        f"{model.count_params():,} parameters",
        f"  last epoch  {numbers(last)}",
    ]
    if not np.isfinite(last.get("loss", 0.0)):
        wrong = next(i for i, loss in enumerate(history["loss"]) if not np.isfinite(loss))
        lines.append(
            f"  the loss is {last['loss']} (not finite from epoch {wrong + 1} on): what was learnt "
            "is of no use; lower the learning rate, or scale the data"
        )
    if "val_loss" in history and epochs:
        best = min(range(epochs), key=lambda epoch: history["val_loss"][epoch])
        held_out = {k: v[best] for k, v in history.items() if k.startswith("val_")}
        lines.append(f"  best epoch  {best + 1}: {numbers(held_out)}")
    if test is not None:
        lines.append(f"  test        {numbers(test)}")
    lines.append(f"  kerasish {__version__}, {backend.backend()} backend")
    return lines


def _layer_lines(model: Model) -> list[str]:
    lines = model_lines(model)
    if len(lines) <= _MAX_LAYER_LINES:
        return lines
    left_out = len(lines) - _MAX_LAYER_LINES
    return [*lines[: _MAX_LAYER_LINES - 6], f"... {left_out} lines left out ...", *lines[-6:]]
