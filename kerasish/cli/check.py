"""Commands that look at one config or run: check, summary, show."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from kerasish.cli.configs import options, project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.full import full
from kerasish.cli.models import model_of
from kerasish.cli.options import CHANGES, CONFIG, SOURCE
from kerasish.cli.text import amount, model_lines, size
from kerasish.declarative.api import Project
from kerasish.declarative.building.learning import learning_layers
from kerasish.declarative.building.planned import (
    of_batch,
    planned,
    planned_inputs,
    planned_targets,
)
from kerasish.declarative.check.specification import DataSection, TrainSection
from kerasish.declarative.resolve.document import read_document
from kerasish.declarative.sections.monitors import logs
from kerasish.declarative.sections.validate import output_names
from kerasish.declarative.text.emit import emit, flow
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mapping, Scalar, Sequence, Value, plain
from kerasish.errors import KerasishError
from kerasish.inspect.models import cost
from kerasish.models import Model
from kerasish.spec import TensorSpec

_COUNTS = frozenset({"steps", "rows"})  # facts of the data that no shape of a model follows from
_BATCH = 32


@command(
    "check",
    "check a config without reading its data",
    CONFIG,
    argument("--data", action="store_true", help="read the data too"),
    *CHANGES,
    example="kerasish check model.yaml",
)
def check(arguments: Namespace) -> None:
    """Names, arguments, shapes, losses and columns of a config; all that is wrong at once.

    No row of data is read: of the files that are here the headers are, and what their columns say.
    Where a model needs to know more, such as the size of a vocabulary, it is not built; --data
    reads the rows. Then what a step of training takes in memory and operations is worked out."""
    project = project_of(arguments, arguments.config)
    config = project.config
    lines, inputs = _data(project, arguments)
    model, why = _model(project, arguments, inputs)
    print(f"{arguments.config}: no findings")
    for line in lines:
        _tell("data", line)
    if model is None:
        _tell("model", f"not built: {why}")
    else:
        held = sum(variable.spec.nbytes for variable in model.weights)
        layers = f"{len(model.layers)} layer{'s' if len(model.layers) != 1 else ''}"
        count = f"{layers}, {model.count_params():,} parameters, {size(held)}"
        _tell("model", f"{model.name}: {count}")
    if config.train is not None:
        for name, line in _training(project, config.train):
            _tell(name, line)
        if model is not None:
            _tell("step", _step(model, config.data))


def _tell(name: str, line: str) -> None:
    print(f"  {name:10}{line}", flush=True)


def _data(project: Project, arguments: Namespace) -> tuple[list[str], dict[str, TensorSpec] | None]:
    """Lines on the data, and what the model will get of them where that is known."""
    section = project.config.data
    if section is None:
        return [], None
    if arguments.data:
        data = project.data()
        parts = [f"{name} {len(data.part(name)):,}" for name in data.parts.given()]
        return [f"{section.source_name}: rows of {', '.join(parts)}"], data.specs
    found = planned(section, project.folder, project.diagnostics)
    project.diagnostics.raise_if_any()
    return found.lines, planned_inputs(section, found)


def _model(
    project: Project, arguments: Namespace, inputs: dict[str, TensorSpec] | None
) -> tuple[Model | None, str]:
    """The model; else None, and what is not known yet."""
    config, later = project.config, "once the data are read (check --data, fit --dry-run)"
    if not arguments.data and config.data is not None and learning_layers(config.model):
        return None, f"its layers learn from the data: it is known {later}"
    if not project.needs_data:
        return project.build(arguments.max_params), ""
    unknown = sorted(config.facts_used - _COUNTS)
    if not unknown and inputs is not None:
        return project.build(arguments.max_params, inputs), ""
    if unknown:
        named = ", ".join(f"$data.{one}" for one in unknown)
        what = f"{named} {'is' if len(unknown) == 1 else 'are'}"
    else:
        what = "its inputs follow from the data and are"
    return None, f"{what} known {later}"


def _training(project: Project, train: TrainSection) -> Iterator[tuple[str, str]]:
    """Lines on the optimizer, the epochs, the logs and the callbacks."""
    config, data = project.config, project.config.data
    epochs = train.fitted["epochs"]
    told_epochs = f"{epochs} epoch{'s' if epochs != 1 else ''}"
    batches = "" if data is None else f", batches of {data.batch_size}"
    yield "train", f"{train.compiled['optimizer'].name}, {told_epochs}{batches}"
    callbacks = [one for one in train.fitted.get("callbacks") or () if one is not None]
    names = logs(train, output_names(config.model), callbacks)
    if names is not None:
        validated = data is not None and "validation" in data.parts
        more = [f"val_{name}" for name in names if name != "learning_rate"] if validated else []
        yield "logged", ", ".join([*names, *more])
    if callbacks:
        yield "callbacks", ", ".join(one.name for one in callbacks)


def _step(model: Model, data: DataSection | None) -> str:
    """What a step of training takes, worked out from its graph; nothing is run."""
    batch = _BATCH if data is None else data.batch_size
    names = [str(name) for name in model.input_names]
    specs = [TensorSpec(tuple(one.shape), one.dtype) for one in model.inputs]
    open_sizes = [name for name, one in zip(names, specs, strict=True) if None in one.shape[1:]]
    if open_sizes:
        return f"not worked out: the length of {open_sizes[0]} is open"
    x: Any = dict(zip(names, specs, strict=True)) if len(specs) > 1 else specs[0]
    y = planned_targets(model)
    weighted = data is not None and data.sample_weight is not None
    weight = TensorSpec((batch,), "float32") if weighted else None
    try:
        memory, flops = cost(model, (of_batch(x, batch), of_batch(y, batch), weight), "train")
    except KerasishError as error:
        return f"not worked out: {' '.join(str(error).split())}"
    needed = f"{size(memory.total)} of memory, {amount(flops)} floating-point operations"
    return f"{needed} for a batch of {batch}"


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
