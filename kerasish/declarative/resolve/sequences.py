"""Sequences written out: blocks, repetitions and conditions replaced by the layers they stand for.

Layers in a block bear the name of the use as a prefix: `stem_conv2d`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kerasish.declarative.resolve.blocks import Blocks, Use
from kerasish.declarative.resolve.names import Scope
from kerasish.declarative.resolve.naming import Namer, base_name, given_name, with_name
from kerasish.declarative.resolve.variables import Resolver
from kerasish.declarative.text.errors import Failed
from kerasish.declarative.text.source import Scalar, Sequence, Value


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a sequence; its name is the one to bear, its own or one made for it."""

    value: Value
    name: str = ""
    is_given: bool = False

    def written(self, named: bool = True) -> Value:
        return with_name(self.value, self.name) if self.name and named else self.value


@dataclass(frozen=True, slots=True)
class Graph:
    """A use of a block with nodes, in a sequence."""

    use: Use
    name: str


Pieces = list[Layer | Use]
Flat = list[Layer | Graph]


class Sequences:
    """Writes out lists of layers.

    Args:
        resolver: replaces the variables.
        blocks: the blocks of the document.
    """

    def __init__(self, resolver: Resolver, blocks: Blocks) -> None:
        self.resolver = resolver
        self.blocks = blocks
        self.diagnostics = resolver.diagnostics

    def pieces(self, layers: Sequence, scope: Scope) -> Pieces:
        """The layers and uses of a list, with `repeat`, `for` and `when` written out."""
        pieces: Pieces = []
        for item, inner in self.resolver.unrolled(layers.items, scope):
            try:
                pieces.append(self._piece(item, inner))
            except Failed:
                continue
        return pieces

    def _piece(self, item: Value, scope: Scope) -> Layer | Use:
        head = self.blocks.head(item)
        if head is None:
            self.blocks.suggest(item)
            return Layer(self.resolver.resolve(item, scope))
        return self.opened(self.blocks.use(head, scope))

    def opened(self, use: Use) -> Use:
        """A use with the pieces of its block, where it has layers."""
        layers = use.block.layers
        if layers is not None:
            with self.blocks.inside(use):
                body = use.body(layers)
                use.pieces = self.pieces(body, use.scope)
        return use

    def flat(self, pieces: Pieces, prefix: str, named: bool = False) -> Flat:
        """The layers and graphs of pieces, those of blocks with their names.

        Args:
            pieces: what stands in a list.
            prefix: of names in it.
            named: whether the layers of the list itself are named too.
        """
        namer = Namer(name for one in pieces if (name := _given(one)))
        flat: Flat = []
        for piece in pieces:
            given = _given(piece)
            if isinstance(piece, Layer):
                if named or (prefix and given):
                    own = given or namer.fresh(base_name(piece.value))
                    piece = replace(piece, name=prefix + own, is_given=bool(given))
                elif given:
                    piece = replace(piece, name=given, is_given=True)
                flat.append(piece)
                continue
            full = prefix + (given or namer.fresh(piece.block.name))
            if piece.pieces is None:
                flat.append(Graph(piece, full))
            else:
                flat += self.flat(piece.pieces, f"{full}_", True)
        return flat

    def refuse_graphs(self, flat: Flat, where: str) -> None:
        for one in flat:
            if isinstance(one, Graph):
                message = f"block '{one.use.block.name}' has nodes, and {where} takes layers only"
                self.diagnostics.add("K206", message, one.use.mark)

    def of_use(self, use: Use, name: str) -> Flat:
        if use.pieces is None:
            return [Graph(use, name)]
        return self.flat(use.pieces, f"{name}_", True)


def _given(piece: Layer | Use) -> str:
    """The name that a layer or a use was given."""
    name = piece.name if isinstance(piece, Use) else given_name(piece.value)
    return str(name.value) if isinstance(name, Scalar) else ""
