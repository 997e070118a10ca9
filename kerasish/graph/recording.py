"""What tapes see: the tapes open on a thread, and what variables hold to them and to traces."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from kerasish.graph.node import Node, here, keep_apart
from kerasish.graph.primitives import reshape


def alias(node: Node) -> Node:
    """A node of its own, whose gradient is told from that of the node it equals."""
    attrs = {"shape": node.spec.shape}
    return Node(reshape, (node,), attrs, node.spec, value=node.value, scope=here())


class Held:
    """What variables hold: one layer for a function that is traced, or for all that runs eagerly,
    and one for each body of control flow inside, for what the body gives them."""

    def __init__(self) -> None:
        self.layers: list[dict[Any, Node]] = [{}]

    def depth(self, variable: Any) -> int:
        """The layer that says what a variable holds."""
        inner = range(len(self.layers) - 1, 0, -1)
        return next((depth for depth in inner if variable in self.layers[depth]), 0)

    def read(self, variable: Any, start: Callable[[Any], Node]) -> Node:
        """What a variable holds now: at first, what `start` gives.

        The first read after a tape was opened or closed is a node of its own, which nothing older
        uses, and to an open tape the variable's leaf if it has none. A value that the variable got
        in a body is none to a tape that was opened outside of it.
        """
        depth = self.depth(variable)
        node = self.layers[depth].get(variable)
        able = [t for t in recording.tapes if t.automatic and t.depth >= depth]
        new = [t for t in able if variable not in t.reads]
        if node is None:
            node = start(variable)
        elif new:
            node = alias(node)
        elif node.serial < recording.changed:
            return alias(node)
        for tape in new:
            tape.reads[variable] = node
        self.layers[depth][variable] = node
        return node

    @contextmanager
    def body(self, carried: dict[Any, Node]) -> Generator[dict[Any, Node], None, None]:
        """Context manager: a layer that begins with `carried`."""
        self.layers.append(carried)
        try:
            yield carried
        finally:
            self.layers.pop()


class _Recording(threading.local):
    """The tapes open on this thread, and what variables read or assigned eagerly `held` to them.

    Results whose nodes are older than `since`, when the first of these tapes was opened, are
    constants to all of them unless watched, so that a state carried from step to step drags no
    history along.
    """

    def __init__(self) -> None:
        self.tapes: list[Any] = []
        self.held = Held()
        self.since = self.changed = 0
        self.renamed: weakref.WeakSet[Node] = weakref.WeakSet()  # tensors watched later on
        self.live: weakref.WeakSet[Held] = weakref.WeakSet()  # of tapes closed or hidden, too

    def settle(self) -> None:
        """Follow a change of `tapes`."""
        self.since = min((tape.spans[0][0] for tape in self.tapes), default=0)
        if not self.tapes:
            self.held = Held()
        keep_apart(bool(self.tapes))

    def follows(self, t: Any) -> bool:
        """Whether an eager tensor is more than a constant to the open tapes."""
        node = t.node
        if node is None or node.serial >= self.since or not node.inputs:
            return node is not None
        return any(node in tape.watched for tape in self.tapes)

    def forget(self, variable: Any) -> None:
        """Let every tape read a variable anew."""
        for layer in [layer for held in self.live for layer in held.layers]:
            layer.pop(variable, None)


recording = _Recording()


@contextmanager
def unrecorded() -> Generator[None, None, None]:
    """Context manager: what happens inside is hidden from the tapes that are open outside."""
    outside = recording.tapes, recording.held
    recording.tapes = []
    recording.settle()
    try:
        yield
    finally:
        recording.tapes, recording.held = outside
        recording.settle()
