"""Commands that compute: fit, evaluate, predict."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import backend, random
from kerasish.cli import run_folder
from kerasish.cli.configs import allow_plugins, project_of
from kerasish.cli.declare import argument, command, count
from kerasish.cli.options import (
    ALLOW_NETWORK,
    BACKEND,
    CHANGES,
    CONFIG,
    PERMISSIONS,
    RUN,
    VERBOSE,
)
from kerasish.cli.text import duration, model_lines, numbers
from kerasish.data.npz import read_arrays
from kerasish.declarative.api import Project
from kerasish.errors import ArgumentError, DataError
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.saving.files.atomic import replacing
from kerasish.saving.whole_model import load_model, save_model
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
    _prepare(arguments, project)
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
    test = None if data.parts.test is None else _measure(model, data, "test")
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


def _prepare(arguments: Namespace, project: Project) -> None:
    if project.config.seed is not None:
        random.set_random_seed(project.config.seed)
    _use_backend(arguments.backend or project.config.backend)


def _use_backend(name: str | None) -> None:
    """The backend asked for; the one in use where none is."""
    if name is not None:
        backend.set_backend(name)


def _measure(model: Model, data: Prepared, part: str) -> dict[str, float]:
    batches = data.batches(part)
    given = batches if isinstance(batches, tuple) else (batches,)
    named: dict[str, Any] = dict(zip(("x", "y", "sample_weight"), given, strict=False))
    if len(given) > 1:
        named["batch_size"] = data.batch_size
    found = model.evaluate(**named, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}


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


@command(
    "train",
    "measure a trained run on its test data",
    RUN,
    argument(
        "--part",
        choices=("test", "validation", "train"),
        help="which data; test where there is any",
    ),
    BACKEND,
    VERBOSE,
    ALLOW_NETWORK,
    *PERMISSIONS,
    example="kerasish evaluate runs/digits_cnn",
)
def evaluate(arguments: Namespace) -> None:
    """Loss and metrics of a finished run."""
    folder = run_folder.existing_folder(arguments.run)
    project = project_of(arguments, arguments.run)
    _prepare(arguments, project)
    data = project.data()
    name = _part(data, arguments.part)
    model = load_model(folder / run_folder.MODEL_FILE, allowance=arguments.allowance)
    print(f"{name}: {numbers(_measure(model, data, name))}")


def _part(data: Prepared, chosen: str | None) -> str:
    """The part of the data that was asked for, else the best there is to measure on."""
    order = [chosen] if chosen else ["test", "validation"]
    for name in order:
        if data.parts.get(name) is not None:
            return name
    raise DataError(
        "",
        expected=f"a config with {' or '.join(order)} data",
        received="one without",
        fix="Add it under 'data:', or choose with --part.",
    )


@command(
    "train",
    "the outputs of a trained run for an array",
    RUN,
    argument("input", metavar="INPUT.npy", help="an array, or .npz with one per input"),
    argument("-o", "--output", metavar="OUT.npy", help="where the outputs go"),
    argument("--batch-size", type=count, default=256, metavar="N", help="rows at a time"),
    BACKEND,
    *PERMISSIONS,
    example="kerasish predict runs/digits_cnn x.npy -o y.npy",
)
def predict(arguments: Namespace) -> None:
    """The outputs for an array, to a file or the terminal."""
    allow_plugins(arguments.plugins)
    folder = run_folder.existing_folder(arguments.run)
    _use_backend(arguments.backend)
    model = load_model(folder / run_folder.MODEL_FILE, allowance=arguments.allowance)
    outputs = model.predict(
        read_arrays(arguments.input, arguments.allowance),
        batch_size=arguments.batch_size,
        verbose=0,
    )
    if arguments.output is None:
        for output in outputs if isinstance(outputs, list) else [outputs]:
            np.savetxt(sys.stdout, np.reshape(output, (len(output), -1)), fmt="%.6g")
        return
    _write(arguments.output, outputs, [str(name) for name in model.output_names])
    print(f"wrote {arguments.output}")


def _write(path: str, outputs: Any, names: list[str]) -> None:
    """One output as .npy, several as .npz by name; the old file stays until the new is whole."""
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        if isinstance(outputs, list):
            np.savez(file, **dict(zip(names, outputs, strict=True)))
        elif isinstance(outputs, dict):
            np.savez(file, **outputs)
        else:
            np.save(file, outputs)
