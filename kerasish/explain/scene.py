"""A model's prediction as a graph: where its inputs become floats, and the number explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.explain.flat import active, depending, replaced
from kerasish.graph.autodiff import backward, carries
from kerasish.graph.node import PICK, Node, toposort
from kerasish.graph.primitives import multiply, reshape, sum_
from kerasish.graph.tensor import Tensor, filled_like, node_of, tensor_of
from kerasish.models import Model
from kerasish.spec import is_differentiable

LAST = frozenset({"softmax", "sigmoid"})  # activations that turn scores into probabilities


@dataclass(frozen=True)
class Scene:
    """What is explained: the output of a model, as a graph on the inputs of one batch.

    Attributes:
        inputs: the inputs, symbols.
        entries: for every input the nodes where it becomes floats: itself, or of whole numbers
            what is looked up for them.
        output: the output that is explained.
        final: the model's output: behind a last softmax or sigmoid that `output` leaves out.
        seed: what each of its elements counts: (rows, ...) like the output.
    """

    inputs: tuple[Tensor, ...]
    entries: tuple[tuple[Node, ...], ...]
    output: Node
    final: Node
    seed: Tensor

    @property
    def every(self) -> list[Node]:
        """All entries of all inputs, each once."""
        return list(dict.fromkeys(node for nodes in self.entries for node in nodes))

    def score(self, output: Node | None = None) -> Tensor:
        """(rows,): the number that is explained of each row."""
        chosen = multiply(self.seed, tensor_of(output or self.output))
        return sum_(chosen, axis=tuple(range(1, chosen.ndim)), keepdims=False)

    def at(self, values: dict[Node, Node]) -> Node:
        """The output with other values in the place of entries."""
        return replaced(self.output, (), lambda *_: None, dict(values))

    def references(self, held: Sequence[Tensor]) -> list[Node]:
        """The entries where the inputs are `held`; zeros where nothing is."""
        if not held:
            return [node_of(filled_like(tensor_of(n), 0)) for n in self.every]
        given = zip(map(node_of, self.inputs), map(node_of, held), strict=True)
        values = dict(given)
        return [replaced(n, (), lambda *_: None, dict(values)) for n in self.every]

    def gradients(self, values: dict[Node, Node] | None = None) -> list[Tensor]:
        """The derivative of the score by every entry, at other values of these."""
        return self.gradients_by(self.every if values is None else [*values.values()], values)

    def gradients_by(self, nodes: Sequence[Node], values: dict[Node, Node] | None) -> list[Tensor]:
        """The derivative of the score by nodes, where entries hold other values."""
        output = self.output if values is None else self.at(values)
        stop = set(nodes)
        ways = {n: () if n in stop and n.op is not PICK else n.inputs for n in toposort([output])}
        found = backward([output], [self.seed], nodes, ways)
        return [
            filled_like(tensor_of(node), 0) if g is None else g
            for node, g in zip(nodes, found, strict=True)
        ]

    def by_input(self, values: Sequence[Tensor]) -> list[Tensor]:
        """What belongs to each input, in its shape, of what belongs to every entry."""
        each = dict(zip(self.every, values, strict=True))
        found: list[Tensor] = []
        for given, nodes in zip(self.inputs, self.entries, strict=True):
            total: Any = None
            for node in nodes:
                one = _like_input(each[node], given)
                total = one if total is None else total + one
            found.append(filled_like(given, 0) if total is None else total)
        return found


def _like_input(values: Tensor, given: Tensor) -> Tensor:
    """Values of an entry summed over what each element of an input became."""
    shape = given.shape
    if values.shape == shape:
        return values
    if values.shape[: len(shape)] == shape:
        return sum_(values, axis=tuple(range(len(shape), values.ndim)), keepdims=False)
    if values.size % max(given.size, 1) == 0 and values.shape[0] == given.size:
        return reshape(sum_(values, axis=tuple(range(1, values.ndim)), keepdims=False), shape=shape)
    raise ArgumentError(
        "An explanation by elements of the input",
        expected=f"an input of which each element {shape} becomes floats by itself",
        received=f"floats {values.shape} that come from all elements of a row",
        fix="Explain the layers behind: keras.Model(layer.output, model.output).",
    )


def scene(model: Model, x: Any, seed: Tensor, output: int | str | None, before: bool) -> Scene:
    """The scene of a model called on symbols; in a trace.

    Args:
        x: the inputs in the model's structure, symbols.
        seed: what each element of the output counts.
        output: which of several outputs.
        before: whether scores before a last softmax or sigmoid are explained.
    """
    inputs = tuple(t for t in tree.flatten(x) if isinstance(t, Tensor))
    final = node_of(chosen_output(model(x, training=False), output))
    node = final.inputs[0] if before and final.op.name in LAST else final
    entries = tuple(tuple(_entries(node, node_of(t))) for t in inputs)
    return Scene(inputs, entries, node, final, seed)


def chosen_output(outputs: Any, output: int | str | None) -> Any:
    """One of a model's outputs.

    Raises:
        ArgumentError: there are several and none was named, or not that one.
    """
    if isinstance(outputs, dict):
        names: list[Any] = list(outputs)
    elif isinstance(outputs, (list, tuple)):
        names, outputs = list(range(len(outputs))), dict(enumerate(outputs))
    else:
        return outputs
    if output is None and len(names) == 1:
        output = names[0]
    if output not in names:
        raise ArgumentError(
            "output", expected=f"one of {', '.join(map(repr, names))}", received=repr(output)
        )
    return outputs[output]


def _entries(output: Node, given: Node) -> list[Node]:
    """Where an input becomes floats that the output depends on."""
    if is_differentiable(given.spec.dtype):
        return [given] if given in set(toposort([output])) else []
    moving = depending([output], [given])
    first = [
        n
        for n in toposort([output])
        if n in moving and n is not given and _becomes_floats(n, moving)
    ]
    reaching = [n for n in first if output in active([output], [n])]
    plain = [n for n in reaching if not _from_flags(n, given, moving)]
    return plain or reaching  # masks are no part of a value where there is one


def _becomes_floats(node: Node, moving: set[Node]) -> bool:
    floats = any(is_differentiable(s.dtype) for s in node.specs)
    before = [i for i in node.inputs if i in moving]
    return (
        floats
        and carries(node)
        and not any(is_differentiable(s.dtype) for i in before for s in i.specs)
    )


def _from_flags(node: Node, given: Node, moving: set[Node]) -> bool:
    """Whether every way from an input to a node leads through truth values."""
    open_ = {given}
    for n in toposort([node]):
        if any(i in open_ for i in n.inputs) and n.specs[0].dtype != "bool":
            open_.add(n)
    return node not in open_
