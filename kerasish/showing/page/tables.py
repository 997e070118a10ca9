"""Tables: numbers to the right, sorted by a click on a heading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.showing.page.numbers import number


class Cell(NamedTuple):
    """What stands in a cell, and what it is sorted by where that is not what stands there."""

    shown: Any
    key: Any = None
    class_: str | None = None


def table(
    head: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    caption: Any = None,
    sortable: bool = True,
    most: int | None = None,
) -> Markup:
    """A table in a frame that scrolls where it is wider than the page.

    Args:
        head: headings.
        rows: of cells: numbers (aligned to the right), texts, `Markup`, or a `Cell`.
        caption: stands above.
        sortable: whether a click on a heading sorts.
        most: rows that are shown; how many are left out is said below.
    """
    kept = rows if most is None else rows[:most]
    right = [
        bool(kept) and all(_is_number(row[i]) or _plain(row[i]) in (None, "") for row in kept)
        for i in range(len(head))
    ]
    sorts = sortable and len(kept) > 1
    headings = [
        tag("th", tag("button", one, type="button") if sorts and one != "" else one,
            scope="col", class_="n" if right[i] else None)
        for i, one in enumerate(head)
    ]  # fmt: skip
    body = [tag("tr", *(_cell(one) for one in row)) for row in kept]
    made = tag(
        "table",
        None if caption is None else tag("caption", caption),
        tag("thead", tag("tr", *headings)),
        tag("tbody", *body),
        class_="sorts" if sorts else None,
    )
    left = len(rows) - len(kept)
    note = tag("p", f"{left:,} more rows are not shown.", class_="note") if left else None
    return joined([tag("div", made, class_="wide", tabindex="0"), note])


def _plain(cell: Any) -> Any:
    return cell.shown if isinstance(cell, Cell) else cell


def _is_number(cell: Any) -> bool:
    value = cell.key if isinstance(cell, Cell) and cell.key is not None else _plain(cell)
    if isinstance(cell, Cell) and isinstance(cell.shown, Markup):
        return False
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cell(cell: Any) -> Markup:
    key = cell.key if isinstance(cell, Cell) else None
    class_ = cell.class_ if isinstance(cell, Cell) else None
    value = _plain(cell)
    if _is_number(cell):
        key = value if key is None else key
        class_ = f"n {class_}" if class_ else "n"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = number(value)
    if isinstance(key, float) and not math.isfinite(key):
        key = None
    return tag("td", value, data_key=key, class_=class_)


def facts(pairs: Sequence[tuple[Any, Any]]) -> Markup:
    """Names and values below each other; pairs without a value are left out."""
    rows = [
        joined([tag("dt", name), tag("dd", value)])
        for name, value in pairs
        if value not in (None, "")
    ]
    return tag("dl", *rows, class_="facts")
