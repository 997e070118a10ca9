"""Node: one call of an op in a graph. Equal nodes of one trace are one node."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from operator import attrgetter
from typing import Any

from kerasish import naming
from kerasish.errors import ArgumentError, GraphError
from kerasish.graph.op import Op, declare
from kerasish.graph.watching import Replaced, watch
from kerasish.spec import TensorSpec
from kerasish.tree import as_tuple

_INSIDE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_serial = itertools.count()


class Node:
    """An op, its inputs (nodes) and attributes, and the spec of its result. Immutable.

    `spec` is a tuple for an op with several outputs; a node of the op `pick` takes one of them.
    `value` holds the array of a constant, or of a node that eager execution left on a tape.
    `source` is the user's line "file:line"; `scope` the path of the layer that made the node.
    `serial` numbers nodes in the order of their making, the order in which they run.
    """

    __slots__ = (
        "__weakref__", "attrs", "inputs", "key", "op", "scope", "serial", "source", "spec", "value",
    )  # fmt: skip

    def __init__(
        self,
        op: Op,
        inputs: tuple[Node, ...],
        attrs: dict[str, Any],
        spec: Any,
        value: Any = None,
        source: str = "",
        scope: str = "",
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.spec = spec
        self.value = value
        self.source = source
        self.scope = scope
        self.key: tuple[Any, ...] | None = None  # `attr_key(attrs)`, once it was asked for
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"<node {self.op.name} {self.spec}>"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a single-output node whose dimensions are all known."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        return self.spec.dtype

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        """The spec of every output."""
        return (self.spec,) if isinstance(self.spec, TensorSpec) else self.spec


def mark() -> int:
    """A number between the serials of the nodes made before and after."""
    return next(_serial)


class _Local(threading.local):
    def __init__(self) -> None:
        self.tables: list[dict[Any, Node]] = []
        self.scopes: tuple[str, ...] = ()
        self.outermost = ""  # the scope of what none of these holds
        self.source: str | None = None  # overrides the caller's line, see `inherit`
        self.apart = False


making = _local = _Local()


def keep_apart(apart: bool) -> None:
    """Whether every node made from here on is its own, whatever it equals: a tape tells them apart
    by when they were made."""
    _local.apart = apart


def frozen(value: Any) -> tuple[Any, Any]:
    """A hashable key of a plain value that keeps 1, 1.0, True and -0.0 apart, and NaN equal."""
    kind = value.__class__
    if kind is float:
        return kind, repr(value)
    return kind, tuple(map(frozen, value)) if kind is tuple else value


def attr_key(attrs: dict[str, Any]) -> tuple[Any, ...]:
    """A hashable key of attributes."""
    return tuple((k, frozen(v)) for k, v in sorted(attrs.items())) if attrs else ()


def make_node(
    op: Op,
    inputs: tuple[Node, ...],
    attrs: dict[str, Any],
    spec: Any = None,
    like: Node | None = None,
) -> Node:
    """A node of the current trace: the one that already stands there, if an equal one does.

    Args:
        spec: skips `op.infer` when the caller knows the result.
        like: take source line and scope from this node.
    """
    table = _local.tables[-1] if _local.tables else None
    key: Any = None
    mine: Any = None
    if table is not None and not _local.apart:
        mine = like.key if like is not None and like.attrs is attrs else None
        mine = attr_key(attrs) if mine is None else mine
        key = (op, tuple(map(id, inputs)), mine)
        try:
            held = table.get(key)
        except TypeError:
            raise ArgumentError(
                f"op {op.name!r}",
                expected="attributes that can be hashed, tuples in place of lists",
                received=attrs,
            ) from None
        if held is not None:
            return held
    if spec is None:
        spec = op.infer(*(node.spec for node in inputs), **attrs)
        spec = op.inferred(spec) if op.own else spec
    if like is None:
        node = Node(op, inputs, attrs, spec, source=_line(), scope=here())
    else:
        node = Node(op, inputs, attrs, spec, source=like.source, scope=like.scope)
    if table is not None:
        node.key = mine
        table[node if key is None else key] = node
    return node


@contextmanager
def interning(table: dict[Any, Node] | None = None) -> Generator[dict[Any, Node], None, None]:
    """Context manager: nodes made inside are interned in `table` (a new one by default)."""
    mine: dict[Any, Node] = {} if table is None else table
    _local.tables.append(mine)
    try:
        yield mine
    finally:
        _local.tables.pop()


class scope:
    """Context manager: nodes made inside carry `name` below the enclosing scope."""

    __slots__ = ("absolute", "around", "name")

    def __init__(self, name: str, absolute: bool = False) -> None:
        self.name, self.absolute = name, absolute

    def __enter__(self) -> None:
        self.around = around = _local.scopes
        outer = "" if self.absolute or not around else around[-1]
        _local.scopes = (*around, f"{outer}/{self.name}" if outer else self.name)

    def __exit__(self, *error: object) -> None:
        _local.scopes = self.around


def here() -> str:
    """The scope of what is made now."""
    return _local.scopes[-1] if _local.scopes else _local.outermost


def outermost(name: str) -> str:
    """Set the scope of nodes that no other holds; returns what it was."""
    held, _local.outermost = _local.outermost, name
    return held


@contextmanager
def _named(name: str) -> Generator[None, None, None]:
    with naming.opened(name), scope(name):
        yield


def name_scope(name: str) -> AbstractContextManager[None]:
    """Context manager: variables and nodes made inside carry `name` in their paths.

    Raises:
        ArgumentError: it is no string, or has a "/".
    """
    return _named(naming.part("name_scope", name))


@contextmanager
def inherit(node: Node, prefix: str = "") -> Generator[None, None, None]:
    """Context manager: nodes made inside belong to `node`'s layer and source line."""
    held, _local.source = (_local.source, _local.scopes), node.source
    whole = f"{prefix}/{node.scope}" if prefix and node.scope else prefix or node.scope
    _local.scopes = (*_local.scopes, whole)
    try:
        yield
    finally:
        _local.source, _local.scopes = held


def _line() -> str:
    """The source line of a node made now."""
    return user_line() if _local.source is None else _local.source


def user_line() -> str:
    """ "file:line" of the innermost caller outside this package."""
    frame: Any = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_INSIDE) and file != contextlib.__file__:
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def toposort(outputs: Iterable[Node], stop: Any = ()) -> list[Node]:
    """All nodes that `outputs` need, inputs first, without recursion.

    Args:
        stop: nodes (a set or dict) that are listed but whose inputs are not visited.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        stack.append((node, True))
        if node not in stop:
            stack.extend((child, False) for child in reversed(node.inputs) if child not in seen)
    return order


BY_SERIAL = attrgetter("serial")  # the order of making, in which inputs stand before users


class Graph:
    """A function as data: placeholders in, nodes out, and the variables it reads and writes.

    Args:
        inputs: placeholder nodes, in calling order.
        outputs: result nodes.
        updates: pairs (variable, node): what each assigned variable holds afterwards.
    """

    def __init__(
        self,
        inputs: Iterable[Node],
        outputs: Iterable[Node],
        updates: Iterable[tuple[Any, Node]] = (),
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.updates = tuple(updates)
        self._nodes: list[Node] | None = None

    @property
    def results(self) -> tuple[Node, ...]:
        """Outputs, then the new values of assigned variables."""
        return self.outputs + tuple(node for _, node in self.updates)

    @property
    def nodes(self) -> list[Node]:
        """All nodes, in the order of their making; inputs stand before their users."""
        if self._nodes is None:
            stack = [*self.inputs, *self.results]
            found = set(stack)
            while stack:
                for source in stack.pop().inputs:
                    if source not in found:
                        found.add(source)
                        stack.append(source)
            self._nodes = sorted(found, key=BY_SERIAL)
        return self._nodes

    @property
    def users(self) -> dict[Node, list[Node]]:
        """The nodes that read a node, in order; nodes that none reads are not in it."""
        found: dict[Node, list[Node]] = {}
        for node in self.nodes:
            for source in node.inputs:
                found.setdefault(source, []).append(node)
        return found

    @property
    def variables(self) -> list[Any]:
        """The variables read, in order of first use."""
        return [n.attrs["variable"] for n in self.nodes if n.op is VARIABLE]

    def __len__(self) -> int:
        return len(self.nodes)


def rewrite(graph: Graph, rule: Any) -> Graph:
    """Rebuild a graph bottom-up in a fresh interning table.

    Args:
        rule: `rule(node, inputs)`: what takes the place of `node`, whose inputs have become
            `inputs`: a node, a tuple of nodes for an op with several outputs, or None to keep it.

    Raises:
        GraphError: the rule gives something else, or nodes of other shapes or dtypes.
    """
    done: dict[Node, Any] = {}
    told = watch.replaced
    with interning():
        for node in graph.nodes:
            inputs = tuple([done[i] for i in node.inputs])
            if node.op is PICK and isinstance(inputs[0], tuple):
                done[node] = _fitting(inputs[0][node.attrs["index"]], node)
                continue
            watch.rule = ""
            new = rule(node, inputs)
            done[node] = rebuild(node, inputs) if new is None else _fitting(new, node)
            if told is not None:
                name = "" if new is None else watch.rule or rule.__name__
                told.append(Replaced(node, done[node], name))
    return Graph(
        (done[n] for n in graph.inputs),
        (done[n] for n in graph.outputs),
        ((variable, done[n]) for variable, n in graph.updates),
    )


def _fitting(new: Any, node: Node) -> Any:
    """What a rule gives, if it can take the place of a node."""
    each = as_tuple(new)
    several = each is new
    if not all(isinstance(one, Node) for one in each):
        raise GraphError(
            "What a rule gives",
            expected="a node, a tuple of nodes, or None",
            received=type(new).__name__,
            fix="The node of a tensor is its `.node`.",
            node=node,
        )
    # Of several outputs only those that are read count; each is looked at where it is.
    fits = node.spec == new.spec if not several else len(each) == len(node.spec)
    if not fits or (several and isinstance(node.spec, TensorSpec)):
        received = ", ".join(str(one.spec) for one in each)
        expected = ", ".join(map(str, node.specs))
        raise GraphError("What a rule gives", expected=expected, received=received, node=node)
    return new


def rebuild(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The same call on other inputs of the same specs; a leaf stays itself."""
    if not inputs and node.op in LEAVES:
        return node
    return make_node(node.op, inputs, node.attrs, node.spec, like=node)


def substitute(outputs: Iterable[Node], mapping: dict[Node, Node]) -> list[Node]:
    """The nodes `outputs` with leaves replaced by `mapping`, built in the current trace."""
    done = dict(mapping)
    wanted = list(outputs)
    for node in toposort(wanted, stop=done):
        if node not in done:
            inputs = tuple(done[i] for i in node.inputs)
            done[node] = node if inputs == node.inputs else rebuild(node, inputs)
    return [done[n] for n in wanted]


# --- structural ops: leaves and projections -----------------------------------------------------


def _leaf(*_: Any, **__: Any) -> Any:
    raise GraphError("A leaf of a graph has no kernel: it is bound when a plan is built.")


def _pick_infer(spec: tuple[TensorSpec, ...], *, index: int) -> TensorSpec:
    return spec[index]


def _picked(xp: Any, x: Any, *, index: int) -> Any:
    return x[index]


PLACEHOLDER = declare(Op("placeholder", _leaf, _leaf, doc="An input of the graph."))
CONSTANT = declare(Op("constant", _leaf, _leaf, doc="A fixed array, kept in `value`."))
VARIABLE = declare(Op("variable", _leaf, _leaf, doc="The value a variable holds at the start."))
PICK = declare(Op("pick", _pick_infer, _picked, doc="One output of several."))
LEAVES = (PLACEHOLDER, CONSTANT, VARIABLE)


def placeholder(spec: TensorSpec, name: str = "") -> Node:
    """A new input of a graph; never interned."""
    return Node(PLACEHOLDER, (), {"name": name}, spec, source=_line())


def pick(node: Node, index: int) -> Node:
    """Output `index` of a node with several outputs."""
    return make_node(PICK, (node,), {"index": index}, node.spec[index], like=node)


INTERN_LIMIT = 1 << 16  # bytes; comparing larger arrays costs more than a second copy would


def constant(array: Any, spec: TensorSpec) -> Node:
    """A constant leaf; small equal constants of one trace are one node."""
    table = _local.tables[-1] if _local.tables else None
    if table is None:
        return Node(CONSTANT, (), {}, spec, value=array)
    small = hasattr(array, "tobytes") and array.nbytes <= INTERN_LIMIT
    key = ("constant", spec, array.tobytes() if small else id(array))
    held = table.get(key)
    if held is None:
        held = table[key] = Node(CONSTANT, (), {}, spec, value=array)
    return held
