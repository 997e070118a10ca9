"""`kerasish explore`: a page on which a model is seen at every stage."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from kerasish.cli.configs import prepare_for, project_of
from kerasish.cli.declare import argument, command, count
from kerasish.cli.models import CONFIGS, kind_of, model_of
from kerasish.cli.options import BACKEND, CHANGES
from kerasish.errors import ArgumentError
from kerasish.inspect import trials
from kerasish.inspect.explorer.explore import explore as written
from kerasish.models import Model
from kerasish.spec import TensorSpec
from kerasish.training.plans import MODES

PAGE = "explore.html"


@command(
    "study",
    "write a page on how a model computes",
    argument(
        "source", metavar="SOURCE", complete="run", help="a .yaml file, or the folder of a run"
    ),
    argument("-o", "--output", metavar="OUT.html", help="where it goes; NAME-explore.html"),
    argument("--mode", choices=tuple(MODES), help="train, where there are targets, or predict"),
    argument("--rows", type=count, metavar="N", help="rows of the batch; those of the config"),
    BACKEND,
    *CHANGES,
    example="kerasish explore configs/digits_cnn.yaml",
    opening="loading",
)
def explore(arguments: Namespace) -> None:
    """One HTML file, which loads nothing from elsewhere: the layers, the traced graph with its
    gradient, what each pass changed, the plan with times and code, memory, and the values of a
    batch of the training part.

    Of a config the model is new, of a run it has its weights. Without data the inputs are random.
    """
    folder = Path(arguments.source)
    if not folder.is_dir() and kind_of(arguments.source) not in CONFIGS:
        raise ArgumentError(
            "explore", expected="a .yaml file, or the folder of a run", received=arguments.source
        )
    project = project_of(arguments, arguments.source)
    prepare_for(arguments, project)
    data = None if project.config.data is None else project.data()
    model = model_of(arguments.source, arguments) if folder.is_dir() else None
    model = project.build(arguments.max_params) if model is None else model
    x, y = _random(model, arguments.rows or 32), None
    if data is not None:
        if project.config.train is not None and not folder.is_dir():
            project.fit_arguments(model, data)
        x, y = trials.rows_of(data, "train", arguments.rows or data.batch_size)
    mode = arguments.mode or ("train" if y is not None and model.compiled else "predict")
    if mode == "predict":
        y = None
    inside = folder / PAGE if folder.is_dir() else Path(f"{project.config.name}-{PAGE}")
    lines = {f"{model.name}/{name}": place for name, place in project.places.items()}
    path = written(model, arguments.output or inside, (x, y, None), mode, lines=lines)
    print(f"{path}: open it in a browser")


def _random(model: Model, rows: int) -> Any:
    """Stands for inputs of the shapes that a model has."""
    specs = [TensorSpec((rows, *one.shape[1:]), one.dtype) for one in model.inputs]
    if any(None in spec.shape for spec in specs):
        raise ArgumentError(
            "explore", expected="a data section, or inputs of known shape", received=str(specs)
        )
    return (
        dict(zip(map(str, model.input_names), specs, strict=True)) if len(specs) > 1 else specs[0]
    )
