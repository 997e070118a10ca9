"""Commands that look at one config or run: check, summary, show."""

from __future__ import annotations

from argparse import Namespace

from kerasish.cli.configs import options, project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.full import full
from kerasish.cli.models import model_of
from kerasish.cli.options import CHANGES, CONFIG, SOURCE
from kerasish.cli.text import model_lines, size
from kerasish.declarative.resolve.document import read_document
from kerasish.declarative.text.emit import emit, flow
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mapping, Scalar, Sequence, Value, plain


@command(
    "check",
    "check a config: everything but the data",
    CONFIG,
    *CHANGES,
    example="kerasish check model.yaml",
)
def check(arguments: Namespace) -> None:
    """Everything but the data: names, arguments, shapes, losses, parameters."""
    project = project_of(arguments, arguments.config)
    model = project.build(arguments.max_params)
    count = model.count_params()
    held = sum(variable.spec.nbytes for variable in model.weights)
    print(f"{arguments.config}: no findings")
    print(f"  model   {model.name}: {len(model.layers)} layers, {count:,} parameters, {size(held)}")
    train, data = project.config.train, project.config.data
    if train is not None:
        print(f"  train   {train.compiled['optimizer'].name}, {train.fitted['epochs']} epochs")
    if data is not None:
        print(f"  data    {data.source_name} (not read), batches of {data.batch_size}")


@command(
    "check",
    "print the layers of a config or a run",
    SOURCE,
    *CHANGES,
    example="kerasish summary configs/digits_cnn.yaml",
)
def summary(arguments: Namespace) -> None:
    """The layers of a model with their shapes and parameters."""
    model = model_of(arguments.source, arguments)
    print("\n".join(model_lines(model)))


@command(
    "check",
    "print a config after bases, --set and variables",
    CONFIG,
    argument("--resolved", action="store_true", help="as YAML (the default)"),
    argument("--origins", action="store_true", help="every value with where it is set"),
    argument("--full", action="store_true", help="with every default of every object"),
    *CHANGES,
    example="kerasish show model.yaml --set vars.width=8 --origins",
)
def show(arguments: Namespace) -> None:
    """The document after bases, overrides and variables."""
    document = read_document(arguments.config, Diagnostics(command=True), options(arguments))
    if arguments.full or arguments.resolved or not arguments.origins:
        shown = plain(document)
        print(emit(full(shown) if arguments.full else shown), end="")
    if arguments.origins:
        rows = list(_origins(document, ""))
        width = min(60, max((len(path) + len(value) + 3 for path, value, _ in rows), default=0))
        for path, value, origin in rows:
            print(f"{f'{path} = {value}':{width}}  # {origin}")


def _origins(value: Value, path: str) -> list[tuple[str, str, str]]:
    """Path, value and place of every scalar and every empty collection."""
    rows: list[tuple[str, str, str]] = []
    if isinstance(value, Mapping) and len(value):
        for entry in value:
            rows += _origins(entry.value, f"{path}.{entry.key}" if path else entry.key)
    elif isinstance(value, Sequence) and value.items:
        for index, item in enumerate(value.items):
            rows += _origins(item, f"{path}[{index}]")
    else:
        via = f" from {value.via}" if isinstance(value, Scalar) and value.via else ""
        rows.append((path, flow(plain(value)), f"{value.mark}{via}"))
    return rows
