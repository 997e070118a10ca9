"""Reverse-mode differentiation, graph to graph; GradientTape and the functions built on it.

The method is reverse accumulation (Griewank and Walther, Evaluating Derivatives, ch. 3). Each
vjp is written in ops, so a gradient is a graph like any other and can be differentiated again.
Un-broadcasting and the summing of contributions happen here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import NoneType
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import GradientError
from kerasish.graph.batching import lift, reshaped, spread
from kerasish.graph.node import PICK, PLACEHOLDER, Node, inherit, mark, placeholder, toposort
from kerasish.graph.op import no_gradient
from kerasish.graph.primitives import add, broadcast_to, reshape, sum_, transpose
from kerasish.graph.recording import Held, alias, recording
from kerasish.graph.tensor import (
    Tensor,
    convert_to_tensor,
    filled_like,
    input_tensor,
    node_of,
    tensor_of,
)
from kerasish.graph.trace import depth
from kerasish.graph.variable import Variable
from kerasish.graph.watching import Pulled, watch
from kerasish.signatures import ours
from kerasish.spec import TensorSpec, is_differentiable, known

Pull = Callable[[Node, Any, Sequence[bool]], Any]  # a tensor or None per input


def differentiated(node: Node, g: Any, active: Sequence[bool]) -> Any:
    """The gradient of every input of a node: its op's vjp.

    Raises:
        GradientError: the op was declared without one.
    """
    if node.op.vjp is None:
        raise GradientError(
            f"The gradient of op {node.op.name!r} at {node.source}",
            expected="an op declared with vjp=, or vjp=no_gradient where none flows",
            received="one declared without",
        )
    given = g, tensor_of(node), *map(tensor_of, node.inputs)
    return node.op.calling("vjp", node.op.vjp, *given, **node.attrs)


def backward(
    outputs: Sequence[Node],
    seeds: Sequence[Tensor],
    wrt: Sequence[Node],
    seen: dict[Node, tuple[Node, ...]] | None = None,
    pull: Pull = differentiated,
) -> list[Tensor | None]:
    """The gradients of sum_i <outputs_i, seeds_i> with respect to the nodes `wrt`.

    Args:
        seen: the nodes that gradients flow through, inputs first, and the inputs to which they
            flow from there; all that the outputs need by default.
        pull: `pull(node, g, active)`: what comes to each input of a node, of which `active` says
            whether anything flows on from there. What explains predictions has rules of its own.

    Raises:
        GradientError: the gradient comes to an op that was declared without one.
    """
    ways = {node: node.inputs for node in toposort(outputs)} if seen is None else seen
    active = {n for n in wrt if is_differentiable(n.dtype)}
    for node, sources in ways.items():
        if any(i in active for i in sources) and carries(node):
            active.add(node)
    sums: dict[Node, Any] = {}
    told = watch.pulled
    for node, seed in zip(outputs, seeds, strict=True):
        _accumulate(sums, node, seed)
    for node, sources in reversed(ways.items()):
        if node not in active or node not in sums or not any(i in active for i in sources):
            continue
        g = sums[node]
        if node.op is PICK:
            _accumulate_part(sums, node, g)
            continue
        with inherit(node, "grad"):
            flows = [source in active and source in sources for source in node.inputs]
            first = 0 if told is None else mark()
            parts = _each(pull(node, g, flows), node)
            for source, part, flow in zip(node.inputs, parts, flows, strict=True):
                if part is not None and flow:
                    _accumulate(sums, source, _unbroadcast(part, source, node))
            if told is not None:
                told.append(Pulled(node, first, mark()))
    return [sums.get(node) for node in wrt]


_NOTHING = "The vjp returned None: end it with `return`; no_gradient says that none flows."


def _each(parts: Any, node: Node) -> Sequence[Tensor | None]:
    """What a vjp gave, if it is a tensor or None for every input."""
    nothing = parts is None and not ours(node.op.vjp)
    found: Any = parts if type(parts) in (tuple, list) else (parts,)
    kinds = [type(part).__name__ for part in found if not isinstance(part, (Tensor, NoneType))]
    if nothing or kinds or len(found) != len(node.inputs):
        raise GradientError(
            f"The gradient of op {node.op.name!r}",
            expected=f"tensors or None, one entry per input ({len(node.inputs)})",
            received=f"{len(found)}{': ' * bool(kinds)}{', '.join(kinds)}",
            fix=_NOTHING if nothing else "Write it in ops." * bool(kinds),
            node=node,
        )
    return found


def carries(node: Node) -> bool:
    """Whether a gradient can flow through a node."""
    spec = node.spec
    floats = not isinstance(spec, TensorSpec) or is_differentiable(spec.dtype)
    return floats and node.op.vjp is not no_gradient


def _accumulate(sums: dict[Node, Any], node: Node, part: Tensor) -> None:
    held = sums.get(node)
    sums[node] = part if held is None else add(held, part)


def _accumulate_part(sums: dict[Node, Any], node: Node, g: Tensor) -> None:
    parent, index = node.inputs[0], node.attrs["index"]
    parts: list[Any] = list(sums.get(parent) or (None,) * len(parent.spec))
    parts[index] = g if parts[index] is None else add(parts[index], g)
    sums[parent] = tuple(parts)


def _unbroadcast(g: Tensor, source: Node, node: Node) -> Tensor:
    """Sum a gradient over the axes along which the input was broadcast."""
    shape = source.spec.shape
    if g.dtype != source.spec.dtype:
        raise GradientError(
            f"The gradient of op {node.op.name!r} has the wrong dtype",
            expected=source.spec.dtype,
            received=g.dtype,
            fix="Cast it to the dtype of the input.",
            node=node,
        )
    if g.shape == shape:
        return g
    lead = g.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, d in enumerate(shape) if d == 1 and lead >= 0 and g.shape[lead + i] != 1
    )
    if lead < 0 or any(d not in (1, g.shape[lead + i]) for i, d in enumerate(shape)):
        raise GradientError(
            f"The gradient of op {node.op.name!r} has the wrong shape",
            expected=f"{shape}, or a shape it broadcasts to",
            received=g.shape,
            node=node,
        )
    total = sum_(g, axis=axes, keepdims=False)
    return total if total.shape == shape else reshape(total, shape=shape)


def _seed(given: Any, target: Tensor) -> Tensor:
    """The seed of a target, as the user gave it."""
    seed = convert_to_tensor(given, target.dtype)
    if seed.shape != target.shape:
        raise GradientError(
            "output_gradients, or the tangents of a jvp",
            expected=f"the shape of what they belong to, {target.shape}",
            received=seed.shape,
        )
    return seed


def unit_rows(x: Tensor, shared: int = 0) -> Tensor:
    """For every element of x (of its axes behind the `shared` first) a row with 1 in its place."""
    inner = known(x.shape[shared:])
    count = math.prod(inner)
    rows = np.eye(count).reshape(count, *(1,) * shared, *inner)
    return convert_to_tensor(rows, x.dtype)


class _Unseen:
    """The nodes made outside of the spans in which a tape was open."""

    def __init__(self, spans: list[list[float]]) -> None:
        self.spans = spans

    def __contains__(self, node: Node) -> bool:
        for start, stop in self.spans:
            if start < node.serial < stop:
                return False
        return node not in recording.renamed


class GradientTape:
    """Follows what happens between its opening and its closing, to differentiate it afterwards.

    What it follows is what comes from the tensors it watches, from then on, and from the variables
    read inside, which are watched by themselves. A variable's gradient is that for the value at
    its first read; it flows on through assignments. The same holds for values, inside traced
    functions, and for tapes inside tapes, which give higher derivatives. A tape may be opened
    again, to follow some more.

    Args:
        persistent: accepted for compatibility; every tape may be asked more than once.
        watch_accessed_variables: False watches only those variables given to `watch`.

    Example:
        >>> import kerasish as keras
        >>> x = keras.ops.convert_to_tensor(3.0)
        >>> with keras.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.automatic = watch_accessed_variables
        self.held = Held()
        self.depth = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything; an open tape begins anew."""
        self.reads: dict[Variable, Node] = {}
        self.watched: dict[Node, int] = {}  # and the serial from which on their uses count
        self.spans: list[list[float]] = [[mark(), math.inf]] if self in recording.tapes else []

    def __enter__(self) -> GradientTape:
        if self in recording.tapes:
            raise GradientError("GradientTape", expected="a closed tape", received="an open one")
        if recording.tapes:
            self.held = recording.held
        recording.held = self.held
        recording.live.add(self.held)
        self.depth = depth()
        recording.changed = mark()
        self.spans.append([recording.changed, math.inf])
        recording.tapes.append(self)
        recording.settle()
        return self

    def __exit__(self, *_: Any) -> None:
        if self in recording.tapes:
            recording.tapes.remove(self)
            recording.changed = self.spans[-1][1] = mark()
            recording.settle()

    @contextmanager
    def stop_recording(self) -> Generator[None, None, None]:
        """Context manager: the tape is closed inside.

        Raises:
            GradientError: it is not open here, or was opened outside of the body of control flow
                that this stands in, all of which belongs to one op.
        """
        if self not in recording.tapes or self.depth != depth():
            raise GradientError(
                "stop_recording",
                expected="a tape opened in this function or body of control flow",
                received="one that is closed, or open further out",
            )
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def watch(self, tensors: Any) -> None:
        """Follow these tensors and variables from here on."""
        for t in tree.flatten(tensors):
            if isinstance(t, Variable):
                held, self.automatic = self.automatic, True
                _ = t.value
                self.automatic = held
                continue
            if t.node is None:
                t.node = placeholder(t.spec, "watched")
                t.node.value = t.value
            elif t.is_symbolic and t.node.serial < recording.since and t.node.op is not PLACEHOLDER:
                t.node = alias(t.node)  # results that were equal before are one node
                recording.renamed.add(t.node)
            self.watched.setdefault(t.node, mark())

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables it watches, in the order of their first reads."""
        return tuple(self.reads)

    def _seen(self, outputs: Sequence[Node]) -> dict[Node, tuple[Node, ...]]:
        """What the outputs come from that the tape follows, as `backward` takes it."""
        unseen = _Unseen(self.spans)
        starts = dict.fromkeys(self.reads.values(), 0) | self.watched
        since: dict[Node, int] = {}  # from which serial on the uses of a node count
        seen: dict[Node, tuple[Node, ...]] = {}
        for node in toposort(outputs, stop=unseen):
            inputs = node.inputs if node not in unseen and carries(node) else ()
            sources = tuple(i for i in inputs if i in since and since[i] < node.serial)
            if sources or node in starts:
                seen[node], since[node] = sources, 0 if sources else starts[node]
        return seen

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None) -> Any:
        """The gradient of `target` (summed, where it is no scalar) for each of `sources`.

        Args:
            target: tensor, or a structure of tensors.
            sources: tensors or variables, in any structure; the result has the same.
            output_gradients: weights of the target's elements instead of ones.

        Returns:
            A tensor per source, or None where the target does not depend on it.

        Raises:
            GradientError: a source is no tensor, or `output_gradients` have other shapes.
        """
        targets = [convert_to_tensor(t) for t in tree.flatten(target)]
        wrt = [self._node(s) for s in tree.flatten(sources)]
        followed = [t for t in targets if t.node is not None]
        if output_gradients is None:
            seeds = [filled_like(t, 1) for t in followed]
        else:
            tree.assert_same_structure(target, output_gradients)
            given = zip(tree.flatten(output_gradients), targets, strict=True)
            seeds = [_seed(g, t) for g, t in given if t.node is not None]
        nodes = [node_of(t) for t in followed]
        seen = self._seen(nodes)
        answers = iter(backward(nodes, seeds, [n for n in wrt if n in seen], seen))
        leaves = [next(answers) if n in seen else None for n in wrt]
        return tree.pack_sequence_as(sources, leaves)

    def jacobian(self, target: Any, sources: Any) -> Any:
        """The derivative of every element of `target` by every element of each of `sources`.

        The backward pass is made once, for one seed, and batched over the elements of the target.

        Args:
            target: tensor of known shape.
            sources: as in `gradient`.

        Returns:
            For each source a tensor of shape (*target.shape, *source.shape), or None.
        """
        return self._per_element(target, sources, 0)

    def batch_jacobian(self, target: Any, source: Any) -> Any:
        """The Jacobian of each row of `target` by the same row of `source`: (rows, ..., ...).

        Right only where no row of the target depends on another row of the source.

        Raises:
            GradientError: the leading sizes differ.
        """
        y = convert_to_tensor(target)
        if not y.shape or y.shape[:1] != source.shape[:1]:
            raise GradientError(
                "batch_jacobian",
                expected="a target and a source with one leading size",
                received=f"{y.shape} and {source.shape}",
            )
        found = self._per_element(y, source, 1)
        if found is None:
            return None
        # (*elements, rows, *source) -> (rows, *elements, *source)
        at = y.ndim - 1
        return transpose(found, axes=(at, *(i for i in range(found.ndim) if i != at)))

    def _per_element(self, target: Any, sources: Any, shared: int) -> Any:
        """The gradients for a seed per element of the target; `shared` leading axes share one."""
        y = convert_to_tensor(target)
        inner = known(y.shape[shared:])
        count = math.prod(inner)
        seed = input_tensor(y.spec, "seed")
        found = tree.flatten(self.gradient(y, sources, seed))
        seeds = broadcast_to(unit_rows(y, shared), shape=(count, *y.shape))
        nodes = [node_of(g) for g in found if g is not None]
        rows = iter(lift(nodes, {node_of(seed): (seeds, True)}, count))
        leaves: list[Any] = []
        for g in found:
            if g is None:
                leaves.append(None)
                continue
            each, stacked = next(rows)
            each = each if stacked else spread(each, count)
            leaves.append(reshaped(each, (*inner, *each.shape[1:])))
        return tree.pack_sequence_as(sources, leaves)

    def _node(self, source: Any) -> Node | None:
        if isinstance(source, Variable):
            return self.reads.get(source)
        if not isinstance(source, Tensor):
            raise GradientError(
                "The sources of a gradient",
                expected="variables, or tensors that the tape watched",
                received=type(source).__name__,
            )
        node = source.node
        while node and node in recording.renamed and node not in self.watched:
            node = node.inputs[0]
        return node
