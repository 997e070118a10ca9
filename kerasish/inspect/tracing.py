"""`Model.trace`: what layers and nodes hold for one batch, and the gradients that reach them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerasish.data.batch import Batch, Prepared
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.graph import interpret
from kerasish.graph.autodiff import backward
from kerasish.graph.node import CONSTANT, LEAVES, PICK, Graph, Node, interning
from kerasish.graph.tensor import Tensor, filled_like, node_of, tensor_of, wrap
from kerasish.graph.trace import eagerly
from kerasish.graph.trace import trace as traced
from kerasish.inspect.explorer.book import place_of
from kerasish.models import Model
from kerasish.models.inside import fits
from kerasish.spec import TensorSpec, is_differentiable
from kerasish.training.step import specs_of


@dataclass
class Record:
    """What a layer, or a node, did with a batch.

    Attributes:
        name: path of the layer below the model, or what the node is called.
        outputs: what it gives to others, arrays (rows, ...).
        gradients: the derivative of the loss by each output; None where none flows, or without y.
        seconds: the time of its ops, run one by one; those inside it too.
        source: the line "file:line" that called it.
        ops: how many.
    """

    name: str
    outputs: list[np.ndarray] = field(default_factory=list[np.ndarray])
    gradients: list[np.ndarray | None] = field(default_factory=list[np.ndarray | None])
    seconds: float = 0.0
    source: str = ""
    ops: int = 0

    @property
    def output(self) -> np.ndarray:
        """The output, of what has one.

        Raises:
            ArgumentError: it has several, or none.
        """
        return self._one("output", self.outputs)

    @property
    def gradient(self) -> np.ndarray | None:
        """The gradient of the output, of what has one."""
        return self._one("gradient", self.gradients)

    def _one(self, what: str, held: list[Any]) -> Any:
        if len(held) != 1:
            raise ArgumentError(
                f"{what} of {self.name!r}", expected="one", received=f"{len(held)}: ask {what}s"
            )
        return held[0]

    def __repr__(self) -> str:
        gradients = [*self.gradients, *[None] * len(self.outputs)]
        said = [_said(a, g) for a, g in zip(self.outputs, gradients, strict=False)]
        return f"<{self.name}: {'; '.join(said) or 'nothing for others'}>"


def _said(array: np.ndarray, gradient: np.ndarray | None) -> str:
    text = f"{array.dtype}{list(array.shape)}"
    if array.size and array.dtype.kind == "f":
        text += f" mean {array.mean():.3g}, deviation {array.std():.3g}"
        wrong = array.size - int(np.isfinite(array).sum())
        text += f", {wrong} not finite" if wrong else ""
    if gradient is not None:
        text += f", gradient of norm {np.linalg.norm(gradient.ravel()):.3g}"
    return text


class Trace:
    """What layers and nodes held, by name; print it for a line per layer.

    Attributes:
        layers: a `Record` by path of layer, in the order of running.
        nodes: a `Record` by "layer/op", such as "dense/matmul"; a second one is "dense/matmul_1".
        loss: the loss of the batch; None without y.
    """

    def __init__(
        self, layers: Mapping[str, Record], nodes: Mapping[str, Record], loss: float | None
    ) -> None:
        self.layers, self.nodes, self.loss = dict(layers), dict(nodes), loss

    def __getitem__(self, pattern: str) -> Any:
        """The record of a layer or node by path or name; a list for a pattern with `*` or `?`.

        Raises:
            UnknownNameError: there is none.
        """
        held = self.layers | self.nodes
        if pattern in held:
            return held[pattern]
        several = any(c in pattern for c in "*?[")
        for records in (self.layers, self.nodes):
            found = [record for path, record in records.items() if fits(path, pattern)]
            if found:
                return found if several or len(found) > 1 else found[0]
        raise UnknownNameError(
            "trace", expected=f"a layer or node: {', '.join(self.layers)}", received=repr(pattern)
        )

    def __iter__(self) -> Iterator[Record]:
        return iter(self.layers.values())

    def __str__(self) -> str:
        width = max((len(name) for name in self.layers), default=0)
        lines = [
            f"{r.name:<{width}}  {r.seconds * 1e3:8.3f} ms  {repr(r)[len(r.name) + 3 : -1]}"
            for r in self.layers.values()
        ]
        return "\n".join([*lines, *([] if self.loss is None else [f"loss {self.loss:.6g}"])])


def trace(model: Model, given: tuple[Any, Any, Any], training: bool) -> Trace:
    """`Model.trace`."""
    ready = isinstance(given[0], Prepared)  # texts have been read
    batch = Batch(*given) if ready else standardize_batch(given)
    batch = batch if ready else model.with_head(batch, "train" if training else "test")
    with_loss = batch.y is not None
    if with_loss and not model.compiled:
        raise ArgumentError(
            "trace with targets", expected="a model after compile()", received=repr(model.name),
            fix="Call compile, or trace x alone.",
        )  # fmt: skip

    def step(*leaves: Tensor) -> Any:
        now = batch.filled(leaves)
        said = model(now.x, training=training)
        if not with_loss:
            return said
        loss = model.compute_loss(
            x=now.x, y=now.y, y_pred=said, sample_weight=now.sample_weight, training=training
        )
        return said, loss

    specs = specs_of(batch.leaves)
    graph, _ = traced(step, specs)
    handed = _handed_on(graph)
    gradients: dict[Node, Node] = {}
    with interning():
        if with_loss:
            loss = graph.outputs[-1]
            floats = [n for n in handed if is_differentiable(n.dtype)]
            found = backward([loss], [filled_like(tensor_of(loss), 1)], floats)
            gradients = {n: node_of(g) for n, g in zip(floats, found, strict=True) if g is not None}
    return _read(graph, handed, gradients, batch.leaves, specs, with_loss)


def _handed_on(graph: Graph) -> dict[Node, list[str]]:
    """The nodes that layers give to others, with the paths of all layers that they leave."""
    outside: dict[Node, set[str]] = {}
    for node in graph.nodes:
        for given in node.inputs:
            outside.setdefault(given, set()).add(node.scope)
    found: dict[Node, list[str]] = {}
    ends = set(graph.outputs)
    for node in graph.nodes:
        if node.op in LEAVES or not isinstance(node.spec, TensorSpec) or not node.scope:
            continue
        if node.op is PICK and node.inputs[0].op.definition is None and node not in outside:
            continue
        parts = node.scope.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            readers = outside.get(node, set())
            if node in ends or any(not _inside(r, path) for r in readers):
                found.setdefault(node, []).append(path)
    return found


def _inside(scope: str, path: str) -> bool:
    return scope == path or scope.startswith(f"{path}/")


def _read(
    graph: Graph,
    handed: Mapping[Node, list[str]],
    gradients: Mapping[Node, Node],
    leaves: Any,
    specs: Any,
    with_loss: bool,
) -> Trace:
    layers: dict[str, Record] = {}
    nodes: dict[str, Record] = {}
    arrays: dict[Node, np.ndarray] = {}
    clock = [time.perf_counter()]
    forward = set(graph.nodes)

    def below(path: str) -> str:
        """A path without the model's own name."""
        return path.partition("/")[2]

    def seen(node: Node, value: Any) -> None:
        now = time.perf_counter()
        spent, clock[0] = now - clock[0], now
        if node.op is CONSTANT or node not in forward:
            return
        path = place_of(node.scope)[0]
        parts = path.split("/") if path else []
        for depth in range(2, len(parts) + 1):
            record = layers.setdefault("/".join(parts[1:depth]), Record("/".join(parts[1:depth])))
            record.seconds += spent
            record.ops += 1
            record.source = record.source or node.source
        if isinstance(value, Tensor):
            arrays[node] = value.numpy()
        if node.op not in LEAVES and node.op is not PICK:
            name = _free(f"{below(path)}/{node.op.name}".strip("/"), nodes)
            given = value if isinstance(value, tuple) else (value,)
            nodes[name] = Record(name, [t.numpy() for t in given], [], spent, node.source, 1)
        clock[0] = time.perf_counter()

    known = {
        n: wrap(np.asarray(a).astype(s.dtype))
        for n, a, s in zip(graph.inputs, leaves, specs, strict=True)
    }
    with eagerly(), np.errstate(all="ignore"):
        wanted = [*graph.outputs, *handed, *gradients.values()]
        values = dict(zip(wanted, interpret.run(wanted, known, seen), strict=True))
    for node, paths in handed.items():
        for path in filter(None, map(below, paths)):
            record = layers.setdefault(path, Record(path, source=node.source))
            record.outputs.append(values[node].numpy())
            if with_loss:
                by = gradients.get(node)
                record.gradients.append(None if by is None else values[by].numpy())
    loss = float(np.sum(values[graph.outputs[-1]].numpy())) if with_loss else None
    return Trace(layers, nodes, loss)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
