"""`kerasish evaluate`: loss and metrics of a run."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from kerasish.cli import run_folder
from kerasish.cli.configs import prepare_for, project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.options import ALLOW_NETWORK, BACKEND, PERMISSIONS, RUN, VERBOSE
from kerasish.cli.text import numbers
from kerasish.errors import DataError
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.saving.whole_model import load_model


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
    prepare_for(arguments, project)
    data = project.data()
    name = _part(data, arguments.part)
    model = load_model(folder / run_folder.MODEL_FILE, allowance=arguments.allowance)
    print(f"{name}: {numbers(measure(model, data, name))}")


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


def measure(model: Model, data: Prepared, part: str) -> dict[str, float]:
    """Loss and metrics of a model on a part of the data."""
    batches = data.batches(part)
    given = batches if isinstance(batches, tuple) else (batches,)
    named: dict[str, Any] = dict(zip(("x", "y", "sample_weight"), given, strict=False))
    if len(given) > 1:
        named["batch_size"] = data.batch_size
    found = model.evaluate(**named, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}
