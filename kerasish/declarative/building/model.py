"""A checked `model:` section -> a model. Layers are called on symbols one by one, so that a shape
that does not fit is reported where the layer is written, with the shapes and where they come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from kerasish import budget, tree
from kerasish.config import floatx
from kerasish.declarative.building.construct import construct, one_line
from kerasish.declarative.building.load import Loader
from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.ops import contract
from kerasish.declarative.resolve.document import Options, read_document
from kerasish.declarative.sections.steps import LOAD
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mark
from kerasish.declarative.text.words import said_in_yaml
from kerasish.errors import KerasishError, LimitError
from kerasish.layers import Input
from kerasish.models import Model, Sequential
from kerasish.ops.operation import record
from kerasish.ops.symbolic import STAND_INS
from kerasish.signatures import ours
from kerasish.spec import np_dtype

MAX_PARAMS = 2_000_000_000
Learn = Callable[[Item, Any, Any], None]


@dataclass(frozen=True, slots=True)
class _Made:
    """A symbol, and what made it."""

    tensor: Any
    label: str
    mark: Mark


class _Builder:
    """Calls layers on symbols and records what does not fit."""

    def __init__(
        self,
        diagnostics: Diagnostics,
        max_params: int,
        loader: Loader,
        learn: Learn | None = None,
    ) -> None:
        self.diagnostics = diagnostics
        self.learn = learn
        self.max_params = max_params
        self.loader = loader
        self.places: dict[str, str] = {}

    @contextmanager
    def account(self, name: str) -> Generator[None, None, None]:
        """Context manager: what is built inside may have this many parameters."""
        with budget.opened(name) as account:
            account.allow("variables", self.max_params * np_dtype(floatx()).itemsize)
            yield

    def input(self, declared: checked.InputDeclaration) -> _Made:
        """The symbol of an input."""
        label = f"input '{declared.name}'" if declared.name else "the input"
        symbol = Input(shape=declared.shape, name=declared.name, dtype=declared.dtype)
        return _Made(symbol, label, declared.mark)

    def output(self, reference: checked.Reference, made: Mapping[str, _Made]) -> Any:
        """The tensor, or the one of several, that a reference names; None where there is none."""
        tensor = made[reference.name].tensor
        if reference.output is None:
            return tensor
        outputs = tree.flatten(tensor)
        if reference.output < len(outputs):
            return outputs[reference.output]
        message = f"'{reference.name}' has {len(outputs)} outputs, counted from 0"
        self.diagnostics.add("K401", message, reference.mark)
        return None

    def make(self, item: Item) -> Any:
        """What an item calls: a layer or a model; an op stays the item that it is."""
        if item.kind == "op":
            return item
        made = self.loader.load(item) if item.kind == LOAD else construct(item, self.diagnostics)
        self.places[str(getattr(made, "name", ""))] = f"{item.mark.source.name}:{item.mark.line}"
        return made

    def filled(self, value: Any, made: Mapping[str, _Made]) -> Any:
        """What `from` holds with tensors for the names; one that is None is recorded."""
        if isinstance(value, checked.Reference):
            return self.output(value, made)
        if isinstance(value, checked.Constant):
            return value.value
        if isinstance(value, dict):
            return {key: self.filled(one, made) for key, one in value.items()}
        return [self.filled(one, made) for one in value] if isinstance(value, list) else value

    def call(
        self,
        item: Item,
        layer: Any,
        inputs: Any,
        made_from: Mapping[str, _Made],
        mark: Mark,
        more: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> _Made | None:
        """The layer or op called on the inputs; None where they do not fit, which is recorded.

        Args:
            item: what was written.
            layer: what `make` gave for it.
            inputs: a tensor, a list of them, or arguments by name.
            made_from: where the inputs come from, by name.
            mark: where a misfit is reported.
            more: further arguments of the call.
            name: the name of an op in the model.
        """
        if self.learn is not None:
            self.learn(item, layer, inputs)
        try:
            if isinstance(layer, Item):
                tensor = op_on(layer, inputs, more, name)
            elif isinstance(inputs, dict):
                tensor = layer(**inputs, **(more or {}))
            else:
                tensor = layer(inputs, **(more or {}))
        except LimitError as error:
            if error.kind != "variables":
                self.diagnostics.stop("K105", one_line(error), mark)
            message = f"{item.label} takes the model over {self.max_params:,} parameters"
            raise_it = self.diagnostics.told("build(max_params=...)", "--max-params")
            self.diagnostics.add("K601", message, mark, f"raise the budget with {raise_it}")
            return None
        except _refusals(item, inputs) as error:
            several = "inputs" if len(made_from) > 1 else "input"
            message = f"{item.label} does not fit its {several}"
            if not made_from:
                message = f"{item.label} refuses its arguments"
            reason = one_line(error)
            if item.kind == "layer" and not isinstance(error, KerasishError) and ours(item.factory):
                reason = f"{item.name} takes one input, received {len(tree.flatten(inputs))}"
            details = [*_shapes(made_from), _unknown_batch(reason)]
            self.diagnostics.add("K410", message, mark, misfit_hint(made_from, reason), details)
            return None
        return _Made(tensor, item.label, mark)


def op_on(
    item: Item, inputs: Any, more: Mapping[str, Any] | None = None, name: str | None = None
) -> Any:
    """The symbols of an op called on tensors; a constant where there are none."""
    op = contract(item.name)
    if op is None:
        raise KeyError(item.name)
    args, named = op.bound(inputs, {**item.arguments, **(more or {})})
    return record(item.name, op.function, tuple(args), named, name)


def _unknown_batch(text: str) -> str:
    """A layer's message with null for the batch size that stood in while shapes were found."""
    return re.sub(rf"([(\[])({'|'.join(map(str, STAND_INS))})(?=[,)\]])", r"\1null", text)


def _refusals(item: Item, inputs: Any) -> tuple[type[Exception], ...]:
    """What says that an item does not take its inputs; any other exception is a fault.

    Layers of the package refuse one tensor by errors of the package. Ops check theirs by what
    Python raises, users' layers too, and a list in the place of a tensor is met by no check.
    """
    if item.kind == "op" or item.kind == LOAD:
        return (KerasishError, ValueError, TypeError, LookupError)
    if not ours(item.factory):
        return (KerasishError, ValueError, TypeError)
    if isinstance(inputs, (list, tuple)):
        return (KerasishError, ValueError, TypeError, LookupError, AttributeError)
    return (KerasishError,)


_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")


def misfit_hint(made_from: Mapping[str, _Made], reason: str) -> str:
    """How inputs are brought to what a layer takes, where their shapes tell it."""
    several = [name for name, made in made_from.items() if tree.is_nested(made.tensor)]
    if several:
        count = len(tree.flatten(made_from[several[0]].tensor))
        return f"'{several[0]}' gives {count} outputs: read one, such as {several[0]}.0"
    if len(made_from) != 1:
        return _rank_hint(made_from)
    (made,) = made_from.values()
    sizes = tuple(made.tensor.shape)[1:]
    wanted = re.search(r"rank (?:at least )?(\d)|(\d) axes", reason)
    rank = int(wanted[1] or wanted[2]) if wanted else len(sizes) + 1
    if rank == 3 and len(sizes) == 1 and made.label.startswith(_RECURRENT):
        return f"write return_sequences: true in the {made.label} before"
    if rank == 3 and len(sizes) == 1:
        return "it reads steps: window: {history: ...} in data makes them, or Reshape"
    if rank == 4 and len(sizes) == 2 and None not in sizes:
        return f"give pictures their channel: Reshape: {[*sizes, 1]} before it"
    if rank == 4 and len(sizes) == 1:
        return "it reads pictures: Reshape: [height, width, channels] before it"
    if rank == 4 and len(sizes) == 4:
        return f"the shape of an input is that of one sample, without the batch: {list(sizes[1:])}"
    return ""


def _rank_hint(made_from: Mapping[str, _Made]) -> str:
    """For inputs of different ranks: which one to flatten."""
    ranks = {
        name: len(made.tensor.shape)
        for name, made in made_from.items()
        if not tree.is_nested(made.tensor)
    }
    low, high = min(ranks.values(), default=0), max(ranks.values(), default=0)
    if low == high:
        return ""
    name = next(one for one, rank in ranks.items() if rank == high)
    return f"ranks differ ({low} and {high}): a Flatten on '{name}' would do"


def _shapes(made_from: Mapping[str, _Made]) -> list[str]:
    """Every input with its shape and origin."""
    lines = []
    width = max((len(name) for name in made_from), default=0)
    for name, made in made_from.items():
        shapes = ", ".join(str(tuple(one.shape)) for one in tree.flatten(made.tensor))
        place = f"{made.mark.source.name}:{made.mark.line}"
        shapes = said_in_yaml(shapes)
        lines.append(f"{name + ':':{width + 1}} {shapes}   from {made.label}   {place}")
    return lines


class InputSpec(Protocol):
    """What the data say of one input: its shape without the batch, and its dtype."""

    @property
    def shape(self) -> Sequence[int | None]: ...

    @property
    def dtype(self) -> str | None: ...


def build_model(
    section: checked.ModelSection,
    diagnostics: Diagnostics,
    name: str | None = None,
    max_params: int = MAX_PARAMS,
    inputs: Mapping[str, InputSpec] | None = None,
    folder: Path | None = None,
    learn: Learn | None = None,
    places: dict[str, str] | None = None,
) -> Model:
    """The model of a checked section.

    Args:
        section: what `validate` gives.
        diagnostics: receives K106, K202, K204, K401, K410 and K601.
        name: the model's name where the section has none.
        max_params: the largest number of parameters allowed.
        inputs: what the data give as x, by name, for inputs that the section leaves out.
        folder: the config's, below which the files that it loads stand; the working folder where
            None.
        learn: called with item, layer and inputs before each call, for layers that learn from data.
        places: filled with where each layer stands, "file:line", by its name.

    Raises:
        ConfigError: layers refuse their arguments or their inputs; all findings at once.
    """
    loader = Loader(diagnostics, folder, _of_config)
    builder = _Builder(diagnostics, max_params, loader, learn)
    builder.places = {} if places is None else places
    return _build(section, builder, name, inputs)


def _of_config(path: Path, mark: Mark, loader: Loader) -> Model:
    """The model of another config, not trained."""
    document = read_document(path, loader.diagnostics, Options(project=loader.folder))
    config = validate(document, loader.diagnostics, name=path.stem)
    return _build(config.model, _Builder(loader.diagnostics, MAX_PARAMS, loader), config.name, None)


def _build(
    section: checked.ModelSection,
    builder: _Builder,
    name: str | None,
    inputs: Mapping[str, InputSpec] | None,
) -> Model:
    if isinstance(section, checked.SequentialSection):
        names = () if section.input is not None else tuple(inputs or ())[:1] or ("x",)
        declared = _declared(section, [section.input], names, inputs, builder)[0]
        return _sequential(section, declared, builder, section.name or name)
    with builder.account(name or section.mark.source.name):
        found = _declared(section, section.inputs, section.entries, inputs, builder)
        return _functional(section, found, builder, section.name or name)


def _declared(
    section: checked.ModelSection,
    written: Sequence[checked.InputDeclaration | None],
    entries: Sequence[str],
    inputs: Mapping[str, InputSpec] | None,
    builder: _Builder,
) -> list[checked.InputDeclaration]:
    """The inputs as they are written, else as the data give them."""
    if not entries:
        return [one for one in written if one is not None]
    missing = [name for name in entries if inputs is None or name not in inputs]
    if inputs is None or missing:
        message = "the model's inputs follow from the data, which are not read here"
        if inputs is not None:
            message = f"the data give no {', '.join(missing)}"
        hint = "write model.input: {shape: [...]}, or model.inputs for a graph"
        builder.diagnostics.stop("K202", message, section.mark, hint)
    given = ((name, inputs[name]) for name in entries)
    return [
        checked.InputDeclaration(name, tuple(one.shape), one.dtype, section.mark)
        for name, one in given
    ]


def _sequential(
    section: checked.SequentialSection,
    declared: checked.InputDeclaration,
    builder: _Builder,
    name: str | None,
) -> Model:
    """A sequential model; a chain of calls where ops are among the layers."""
    layers = [builder.make(item) for item in section.layers]
    builder.diagnostics.raise_if_any()
    if any(item.kind == "op" for item in section.layers):
        with builder.account(name or section.mark.source.name):
            entry = builder.input(declared)
            made = _chain(section, layers, entry, builder)
        builder.diagnostics.raise_if_any()
        return Model(inputs=entry.tensor, outputs=made and made.tensor, name=name)
    if builder.learn is not None and any(hasattr(layer, "adapt") for layer in layers):
        last = max(place for place, layer in enumerate(layers) if hasattr(layer, "adapt"))
        with builder.account(name or section.mark.source.name):
            first = replace(section, layers=section.layers[: last + 1])
            _chain(first, layers[: last + 1], builder.input(declared), builder)
        builder.diagnostics.raise_if_any()
    try:
        with builder.account(name or section.mark.source.name):
            return Sequential([builder.input(declared).tensor, *layers], name=name)
    except (KerasishError, ValueError, TypeError) as error:
        if isinstance(error, LimitError) and error.kind != "variables":
            builder.diagnostics.stop("K105", one_line(error), section.mark)
        # Build once more, layer by layer, and raise at the one that cannot be built.
        with builder.account(section.mark.source.name):
            again = [builder.make(item) for item in section.layers]
            _chain(section, again, builder.input(declared), builder)
        builder.diagnostics.raise_if_any()
        builder.diagnostics.stop("K410", one_line(error), section.mark)


def _chain(
    section: checked.SequentialSection, layers: Sequence[Any], entry: _Made, builder: _Builder
) -> _Made | None:
    """The layers called in turn; None where one does not fit, which is recorded."""
    made: _Made | None = entry
    for item, layer in zip(section.layers, layers, strict=True):
        if made is not None:
            made = builder.call(item, layer, made.tensor, {"input": made}, item.mark)
    return made


def _functional(
    section: checked.FunctionalSection,
    declared: Sequence[checked.InputDeclaration],
    builder: _Builder,
    name: str | None,
) -> Model:
    shared = {key: builder.make(item) for key, item in section.shared.items()}
    own = {node.name: [builder.make(item) for item in node.items] for node in section.nodes}
    builder.diagnostics.raise_if_any()
    made = {str(one.name): builder.input(one) for one in declared}
    inputs = [one.tensor for one in made.values()]
    for node in _in_order(section.nodes):
        steps = list(zip(node.items, own[node.name], strict=True))
        if node.shared is not None:
            steps = [(section.shared[node.shared.name], shared[node.shared.name])]
        result = _node(node, steps, made, builder)
        if result is not None:
            made[node.name] = result
    builder.diagnostics.raise_if_any()
    outputs = [builder.output(one, made) for one in section.outputs]
    builder.diagnostics.raise_if_any()
    single = section.single_output or len(outputs) == 1
    return Model(
        inputs=inputs[0] if len(inputs) == 1 else inputs,
        outputs=outputs[0] if single else outputs,
        name=name,
    )


def _in_order(nodes: Sequence[checked.Node]) -> list[checked.Node]:
    """The nodes, each after those it reads; there is no cycle any more."""
    by_name = {node.name: node for node in nodes}
    done: set[str] = set()
    order = []
    for start in nodes:
        stack = [start]
        while stack:
            node = stack[-1]
            left = [r.name for r in node.references() if r.name in by_name and r.name not in done]
            if node.name in done or left:
                stack.extend(by_name[name] for name in left)
                if not left:
                    stack.pop()
                continue
            done.add(node.name)
            order.append(stack.pop())
    return order


def _node(
    node: checked.Node,
    steps: list[tuple[Item, Any]],
    made: Mapping[str, _Made],
    builder: _Builder,
) -> _Made | None:
    names = list(dict.fromkeys(one.name for one in node.references()))
    if any(one not in made for one in names):
        return None  # an input has failed, which is recorded there
    before = len(builder.diagnostics)
    inputs = builder.filled(node.sources, made)
    if len(builder.diagnostics) > before:
        return None
    made_from = {one: made[one] for one in names}
    more: Mapping[str, Any] = node.call
    result: _Made | None = None
    for item, layer in steps:
        mark = node.mark if len(steps) == 1 else item.mark
        name = node.name if item is steps[-1][0] else None
        result = builder.call(item, layer, inputs, made_from, mark, more, name)
        if result is None:
            return None
        inputs, made_from, more = result.tensor, {"input": result}, {}
    return result
