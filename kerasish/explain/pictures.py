"""Pictures of explanations: rows below each other, as SVG, PNG, or a page that stands alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasish import tree
from kerasish.explain.names import name_of
from kerasish.explain.panels import (
    WIDTH,
    Part,
    alone,
    heads,
    kind_of,
    matrix,
    panel,
    table,
    words_of,
)
from kerasish.hints import one_of
from kerasish.saving.files.atomic import replacing
from kerasish.showing.drawing.letters import width_of
from kerasish.showing.page.bars import Bar, bars
from kerasish.showing.page.document import Section, document
from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.showing.page.numbers import short
from kerasish.showing.page.sheet import INK, RULE, SOFT, Sheet

ROWS = 12  # that are drawn
_SAID = 6  # elements of an output that are told
_CHANGES = 20  # columns that are drawn
_MAPS = 12  # layers of attention that are drawn, of all rows
_MARGIN = 24.0
FORMATS = (".svg", ".png", ".html")


class Block(NamedTuple):
    """What is drawn of one row: its heading, what is to know of it, the drawing."""

    title: str
    told: Sequence[tuple[str, str]]
    drawing: Sheet


class Picture(NamedTuple):
    """Everything that is drawn of an explanation.

    Attributes:
        title: what it is.
        about: a sentence below.
        blocks: a row each.
        left: how many rows are not drawn.
    """

    title: str
    about: str
    blocks: Sequence[Block]
    left: int = 0

    @property
    def note(self) -> str:
        """What is said of rows that are not drawn."""
        return f"{self.left:,} more rows are not drawn." if self.left else ""

    def sheet(self) -> Sheet:
        """One drawing of all."""
        made = Sheet(WIDTH + 2 * _MARGIN, name=self.title)
        made.text(_MARGIN, 36, self.title, 18, INK, bold=True, room=WIDTH)
        made.text(_MARGIN, 56, self.about, 12, SOFT, room=WIDTH)
        y = 70.0
        for block in self.blocks:
            made.line([(_MARGIN, y), (_MARGIN + WIDTH, y)], RULE)
            made.text(_MARGIN, y + 24, block.title, 14, INK, bold=True, room=WIDTH)
            facts_ = "   ".join(f"{name} {value}" for name, value in block.told)
            made.text(_MARGIN, y + 42, facts_, 12, SOFT, room=WIDTH)
            made.place(block.drawing, _MARGIN, y + (56 if facts_ else 40))
            y = made.height + 16
        if self.note:
            made.text(_MARGIN, y + 12, self.note, 12, SOFT)
            y += 20
        made.height = y
        return made

    def page(self) -> str:
        """A page that stands alone."""
        sections = [
            Section(f"row-{number_}", block.title,
                    joined([_told(block), tag("div", block.drawing.svg(), class_="drawn")]))
            for number_, block in enumerate(self.blocks)
        ]  # fmt: skip
        return document(self.title, [self.about], None, sections, self.note or None)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write a file of the format that its name ends in; returns its path.

        Raises:
            ArgumentError: another ending.
            MissingPackageError: a PNG without Pillow.
        """
        path = Path(path)
        kind = one_of("save, the end of the name", path.suffix.lower(), FORMATS)
        if kind == ".png":
            made = self.sheet().png()
        else:
            made = (f"{self.sheet().svg()}\n" if kind == ".svg" else self.page()).encode()
        with replacing(path) as aside:
            aside.write_bytes(made)
        return path

    def html(self) -> str:
        """What a notebook shows."""
        return tag("div", self.sheet().svg(), style="max-width:100%;overflow-x:auto")


def _told(block: Block) -> Markup:
    """What is to know of a row, in a line."""
    parts = [tag("span", f"{name} ", tag("b", value)) for name, value in block.told]
    return tag("p", joined(parts, " · "), class_="about")


# --- attributions -------------------------------------------------------------------------------


def attribution(found: Any) -> Picture:
    """The picture of an `Attribution`."""
    parts = _parts(found)
    rows = range(min(len(found), ROWS))
    signed = any(bool((part.values < 0).any()) for part in parts)
    about = "What each element of the input counts for the output"
    about += ": vermillion speaks for it, blue against it." if signed else "."
    title = found.method[:1].upper() + found.method[1:]
    return Picture(
        title, about, [_block(found, parts, row) for row in rows], len(found) - len(rows)
    )


def _parts(found: Any) -> list[Part]:
    """The inputs that count something."""
    names = found.names
    pairs = [(p, v) for p, v in tree.flatten_with_path(found.x) if v is not None]
    values = [v for p, v in tree.flatten_with_path(found.values)]
    whole = [v for p, v in tree.flatten_with_path(found.x)]
    kept = [v for v, x in zip(values, whole, strict=True) if x is not None]
    errors = {} if found.error is None else dict(tree.flatten_with_path(found.error))
    only = len(pairs) == 1
    parts: list[Part] = []
    for (path, x), value in zip(pairs, kept, strict=True):
        if value is None:
            continue
        name = name_of(path)
        features, tokens = names.of("features", name, only), names.of("tokens", name, only)
        vocabulary = names.of("vocabulary", name, only)
        x, value = np.asarray(x), np.asarray(value)
        kind = names.of("kind", name, only)
        if kind is None and tokens is not None:
            kind = "text"
        if kind is None and features is not None and x.ndim == 2:
            kind = "table"
        kind = kind_of(value, x) if kind is None else kind
        error = None if found.error is None else np.asarray(errors[path])
        parts.append(Part(name, value, x, kind, features, tokens, vocabulary, error))
    return parts


def _block(found: Any, parts: Sequence[Part], row: int) -> Block:
    target = found.names.target(found.target[row])
    told = [("score", short(found.score[row]))]
    if found.residual is not None:
        told.append(("sum", short(sum(part.values[row].sum() for part in parts))))
        told.append(("residual", short(found.residual[row])))
    told += [("layer", path) for path, of in found.layers.items() if of.ndim > 1]
    word = "class" if found.names.classes is not None else "output"
    title = f"Row {row}: {word} {target}" if target else f"Row {row}"
    tables = [part for part in parts if part.kind == "table"]
    others = [part for part in parts if part.kind != "table"]
    drawing = Sheet(WIDTH)
    for part in others:
        if len(parts) > 1:
            _heading(drawing, part.name, part.values[row].sum())
        drawing.place(panel(part, row), 0, drawing.height)
        drawing.height += 14 if part is not parts[-1] or tables else 0
    if tables:
        if others:
            total = sum(part.values[row].sum() for part in tables)
            _heading(drawing, ", ".join(part.name for part in tables), total)
        drawing.place(table(tables, row), 0, drawing.height)
    return Block(title, told, drawing)


def _heading(drawing: Sheet, name: str, total: Any) -> None:
    """The name of an input with what all of it counts."""
    drawing.text(0, drawing.height + 12, name, 13, INK, bold=True, room=WIDTH / 2)
    x = min(width_of(name, True, 13), WIDTH / 2) + 12
    drawing.text(x, drawing.height + 12, f"sum {short(total)}", 12, SOFT)
    drawing.height += 22


# --- attention ----------------------------------------------------------------------------------


def attended(found: Any) -> Picture:
    """The picture of an `Attended`."""
    rows = range(min(len(found), ROWS))
    blocks = [Block(f"Row {r}", [], matrix(found.values[r], _tokens(found, r))) for r in rows]
    about = "How much of each position of the input is in each position above, over all layers."
    title = found.method[:1].upper() + found.method[1:]
    return Picture(title, about, blocks, len(found) - len(rows))


def attention(found: Any) -> Picture:
    """The picture of `AttentionMaps`: of a row all layers, of a layer all heads."""
    count = len(next(iter(found.values())))
    rows = range(min(count, max(1, _MAPS // len(found))))
    blocks = [_layers(found, row) for row in rows]
    about = "How much each position, down, attends to each other, across."
    return Picture("Attention", about, blocks, count - len(rows))


def _layers(found: Any, row: int) -> Block:
    drawing, tokens = Sheet(WIDTH), _tokens(found, row)
    for path, maps in found.items():
        drawing.text(0, drawing.height + 12, path, 13, INK, bold=True, room=WIDTH)
        drawing.height += 24
        one = maps[row]
        half = (one.ndim - 1) // 2
        flat = one.reshape(len(one), int(np.prod(one.shape[1 : 1 + half])), -1)
        made = heads(flat) if len(flat) > 1 else matrix(flat[0], tokens)
        drawing.place(made, 0, drawing.height)
        drawing.height += 12
    text = "   ".join(tokens) if tokens is not None else ""
    return Block(f"Row {row}", [("tokens", text)] if text else [], drawing)


def _tokens(found: Any, row: int) -> list[str] | None:
    """The words of a row, where the input is one of words."""
    leaves = [(p, np.asarray(v)) for p, v in tree.flatten_with_path(found.x) if v is not None]
    names, only = found.names, len(leaves) == 1
    for path, x in leaves:
        name = name_of(path)
        tokens = names.of("tokens", name, only)
        if x.ndim == 2 and (tokens is not None or kind_of(x, x) == "text"):
            part = Part(name, np.ones(x.shape), x, "text", None, tokens,
                        names.of("vocabulary", name, only))  # fmt: skip
            return words_of(part, row)
    return None


# --- others -------------------------------------------------------------------------------------


def importance(found: Any) -> Picture:
    """The picture of an `Importance`."""
    order = np.argsort(-found.mean, kind="stable")
    drawn = [
        Bar(found.names[i], float(found.mean[i]), "", float(found.deviation[i])) for i in order
    ]
    about = f"How much worse {found.metric} gets where a column is shuffled, the mean and the "
    about += f"deviation of {found.every.shape[1]} times."
    block = Block(f"{found.metric} {short(found.score)}", [], bars(drawn, WIDTH))
    return Picture("Permutation importance", about, [block])


def sanity(found: Any) -> Picture:
    """The picture of a `SanityCheck`."""
    drawn = [
        Bar(name, float(one.mean()), "", float(one.std()))
        for name, one in zip(found.layers, found.correlation, strict=True)
    ]
    verdict = "passed" if found.passed else "failed: it hardly depends on the parameters"
    about = (
        "What is left of the explanation, as rank correlation, with the layers down to each one "
    )
    about += "randomised."
    told = [("at the last", short(found.correlation[-1].mean())),
            ("at most", short(found.threshold))]  # fmt: skip
    return Picture(
        f"Sanity check of {found.method}", about, [Block(verdict, told, bars(drawn, WIDTH, False))]
    )


def maximised(found: Any) -> Picture:
    """The picture of a `Maximised`."""
    rows = range(min(len(found), ROWS))
    parts = [
        Part(name_of(path), x, x, kind_of(x, x))
        for path, x in tree.flatten_with_path(found.values)
        if x is not None
    ]
    blocks: list[Block] = []
    for row in rows:
        drawing = Sheet(WIDTH)
        for part in parts:
            if len(parts) > 1:
                drawing.text(0, drawing.height + 12, part.name, 13, INK, bold=True, room=WIDTH)
                drawing.height += 22
            drawing.place(alone(part, row), 0, drawing.height)
        told = [("score", short(found.score[row])), ("at the start", short(found.history[0, row]))]
        blocks.append(Block(f"Row {row}", told, drawing))
    about = "What the unit answers most to."
    return Picture("Activation maximisation", about, blocks, len(found) - len(rows))


def counterfactual(found: Any) -> Picture:
    """The picture of a `Counterfactual`: what changes, and of pictures where."""
    rows = range(min(len(found), ROWS))
    pairs = zip(tree.flatten_with_path(found.x), tree.flatten(found.values), strict=True)
    parts = [
        Part(
            name_of(path),
            np.asarray(after, np.float64) - x,
            x,
            kind_of(x, x),
            ends=("more", "less"),
        )
        for (path, x), after in pairs
        if x is not None
    ]
    blocks: list[Block] = []
    for row in rows:
        drawing = Sheet(WIDTH)
        for part in parts:
            if part.kind != "table" and found.found[row]:
                drawing.place(panel(part, row), 0, drawing.height)
                drawing.height += 10
        changes = found.changes[row] if not drawing.height else ()
        moved = [
            Bar(c.name, c.after - c.before, f"{c.before:.6g} → {c.after:.6g}")
            for c in sorted(changes, key=lambda c: -abs(c.after - c.before))[:_CHANGES]
        ]
        if moved:
            drawing.place(bars(moved, WIDTH), 0, drawing.height)
        title = f"Row {row}" if found.found[row] else f"Row {row}: none found"
        count = str(len(found.changes[row]))
        told = [("changes", count), ("distance", short(found.distance[row]))]
        if found.before[row].size <= _SAID:
            before, after = (
                ", ".join(map(short, said[row].reshape(-1))) for said in (found.before, found.after)
            )
            told.append(("the model says", f"{before} → {after}"))
        blocks.append(Block(title, told, drawing))
    about = "The least change with which the model decides otherwise: vermillion more, blue less."
    return Picture("Counterfactual", about, blocks, len(found) - len(rows))
