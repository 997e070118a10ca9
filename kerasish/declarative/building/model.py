"""A checked `model:` section -> a model. Layers are called on symbols one by one, so that a shape
that does not fit is reported where the layer is written, with the shapes and where they come from.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kerasish import budget, tree
from kerasish.config import floatx
from kerasish.declarative.building.construct import construct, one_line
from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.items import Item
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mark
from kerasish.errors import KerasishError, LimitError
from kerasish.layers import Input, Layer
from kerasish.models import Model, Sequential
from kerasish.ops.symbolic import STAND_INS
from kerasish.spec import np_dtype

MAX_PARAMS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class _Made:
    """A symbol, and what made it."""

    tensor: Any
    label: str
    mark: Mark


class _Builder:
    """Calls layers on symbols and records what does not fit."""

    def __init__(self, diagnostics: Diagnostics, max_params: int) -> None:
        self.diagnostics = diagnostics
        self.max_params = max_params

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

    def call(
        self, item: Item, layer: Layer, inputs: Any, made_from: Mapping[str, _Made], mark: Mark
    ) -> _Made | None:
        """The layer called on the inputs; None where they do not fit, which is recorded."""
        try:
            if isinstance(inputs, dict):
                tensor = layer(**inputs)
            else:
                tensor = layer(inputs)
        except LimitError as error:
            if error.kind != "variables":
                self.diagnostics.stop("K105", one_line(error), mark)
            message = f"{item.label} takes the model over {self.max_params:,} parameters"
            raise_it = self.diagnostics.told("build(max_params=...)", "--max-params")
            self.diagnostics.add("K601", message, mark, f"raise the budget with {raise_it}")
            return None
        except (KerasishError, ValueError, TypeError) as error:
            several = "inputs" if len(made_from) > 1 else "input"
            message = f"{item.label} does not fit its {several}"
            details = [*_shapes(made_from), _unknown_batch(one_line(error))]
            self.diagnostics.add("K410", message, mark, _rank_hint(made_from), details)
            return None
        return _Made(tensor, item.label, mark)


def _unknown_batch(text: str) -> str:
    """A layer's message with None for the batch size that stood in while shapes were found."""
    return re.sub(rf"\(({'|'.join(map(str, STAND_INS))})(?=[,)])", "(None", text)


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
        lines.append(f"{name + ':':{width + 1}} {shapes}   from {made.label}   {place}")
    return lines


def build_model(
    section: checked.ModelSection,
    diagnostics: Diagnostics,
    name: str | None = None,
    max_params: int = MAX_PARAMS,
) -> Model:
    """The model of a checked section.

    Args:
        section: what `validate` gives.
        diagnostics: receives K204, K410 and K601.
        name: the model's name where the section has none.
        max_params: the largest number of parameters allowed.

    Raises:
        ConfigError: layers refuse their arguments or their inputs; all findings at once.
    """
    builder = _Builder(diagnostics, max_params)
    chosen = section.name or name
    if isinstance(section, checked.SequentialSection):
        return _sequential(section, builder, chosen)
    with builder.account(name or section.mark.source.name):
        return _functional(section, builder, chosen)


def _sequential(section: checked.SequentialSection, builder: _Builder, name: str | None) -> Model:
    layers = [construct(item, builder.diagnostics) for item in section.layers]
    builder.diagnostics.raise_if_any()
    if section.input is None:
        raise builder.diagnostics.error()
    try:
        with builder.account(name or section.mark.source.name):
            return Sequential([builder.input(section.input).tensor, *layers], name=name)
    except (KerasishError, ValueError, TypeError) as error:
        if isinstance(error, LimitError) and error.kind != "variables":
            builder.diagnostics.stop("K105", one_line(error), section.mark)
        _locate(section, builder)
        builder.diagnostics.stop("K410", one_line(error), section.mark)


def _locate(section: checked.SequentialSection, builder: _Builder) -> None:
    """Build once more, layer by layer, and raise at the one that cannot be built."""
    if section.input is None:
        return
    made: _Made | None = builder.input(section.input)
    with builder.account(section.mark.source.name):
        for item in section.layers:
            if made is not None:
                layer = construct(item, builder.diagnostics)
                made = builder.call(item, layer, made.tensor, {"input": made}, item.mark)
    builder.diagnostics.raise_if_any()


def _functional(section: checked.FunctionalSection, builder: _Builder, name: str | None) -> Model:
    shared = {key: construct(item, builder.diagnostics) for key, item in section.shared.items()}
    own = {
        node.name: [construct(item, builder.diagnostics) for item in node.items]
        for node in section.nodes
    }
    builder.diagnostics.raise_if_any()
    made = {str(one.name): builder.input(one) for one in section.inputs}
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
    steps: list[tuple[Item, Layer]],
    made: Mapping[str, _Made],
    builder: _Builder,
) -> _Made | None:
    names = list(dict.fromkeys(one.name for one in node.references()))
    if any(one not in made for one in names):
        return None  # an input has failed, which is recorded there
    sources = node.sources
    if isinstance(sources, dict):
        inputs: Any = {key: builder.output(one, made) for key, one in sources.items()}
    elif isinstance(sources, list):
        inputs = [builder.output(one, made) for one in sources]
    else:
        inputs = builder.output(sources, made)
    if any(one is None for one in tree.flatten(inputs)):
        return None
    made_from = {one: made[one] for one in names}
    result: _Made | None = None
    for item, layer in steps:
        mark = node.mark if len(steps) == 1 else item.mark
        result = builder.call(item, layer, inputs, made_from, mark)
        if result is None:
            return None
        inputs, made_from = result.tensor, {"input": result}
    return result
