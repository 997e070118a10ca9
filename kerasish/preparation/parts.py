"""Which rows train, validate and test: fractions, ranges, every so many, values of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, DataError
from kerasish.layers.preprocessing.dates import as_date
from kerasish.preparation.clock import clock
from kerasish.preparation.formats import about
from kerasish.preparation.table import Table
from kerasish.registry import hint
from kerasish.spec import TEXT

PARTS = ("train", "validation", "test")
CHOICES = ("split", "rows", "every", "where")


@dataclass(frozen=True)
class Parts:
    """The parts of data, each a table; `notes` say what a person should know of them."""

    train: Table
    validation: Table | None = None
    test: Table | None = None
    notes: list[str] = field(default_factory=list)

    def get(self, name: str) -> Table | None:
        """The part of that name."""
        return getattr(self, name)

    def given(self) -> dict[str, Table]:
        """The parts that there are, by name."""
        found = {name: self.get(name) for name in PARTS}
        return {name: table for name, table in found.items() if table is not None}


def split(
    table: Table | None,
    parts: Mapping[str, Mapping[str, Any] | Table],
    seed: int = 0,
    ordered: bool | None = None,
    fold: tuple[int, int] | None = None,
) -> Parts:
    """Cut a table into parts.

    Args:
        table: all rows; None where every part is a table of its own.
        parts: for "train", "validation" and "test" a table, or a choice of rows, one of
            {"split": fraction} of the rows that no other part names,
            {"rows": [from, to]} with `to` excluded, {"every": n, "from": k} rows k, k + n, ...,
            {"where": {column: value, list of values or {"from": a, "to": b}}}. Beside "split" may
            stand "stratify": column (each value in the same share) and "group": column (rows
            of one value stay together), or both. What no part takes is trained on, unless "train"
            says which.
        seed: of the order in which fractions are drawn.
        ordered: whether fractions are the latest rows instead, as of a series: by the time of the
            table, else the last of the file, or of every group; by default where there is a time.
        fold: (k, n) for part k of n, from 0, of all rows that are not test rows, to validate on in
            the place of what "validation" says; its "stratify" or "group" stays. Parts are
            drawn, or, in order, part k + 1 of n + 1 is validated on after training on those before.

    Raises:
        ArgumentError: no such choice, or no such fold.
        DataError: a column is not there, parts overlap, or one is empty.
    """
    if fold is not None:
        return _folded(table, parts, seed, ordered, fold)
    own = {name: part for name, part in parts.items() if isinstance(part, Table)}
    chosen = {name: part for name, part in parts.items() if not isinstance(part, Table)}
    base = table if table is not None else own.get("train")
    if base is None:
        raise ArgumentError("split", expected="a table, or one for 'train'", received="none")
    rows: dict[str, np.ndarray] = {}
    taken = np.zeros(len(base), bool)
    for name, choice in chosen.items():
        if "split" not in choice:
            rows[name] = _chosen(base, name, choice)
            both = taken[rows[name]]
            if both.any():
                where = base.where(int(rows[name][both.argmax()]))
                raise DataError(
                    f"The part {name!r}",
                    expected="rows that no other part has",
                    received=f"{int(both.sum())} that one has, the first in {where}",
                    about=name,
                )
            taken[rows[name]] = True
    in_order = bool(base.time) if ordered is None else ordered
    fractions = {name: choice for name, choice in chosen.items() if "split" in choice}
    pool = rows.pop("train") if "train" in rows else np.flatnonzero(~taken)
    pool, drawn = _fractions(base, pool, fractions, seed, in_order)
    rows |= drawn
    if "train" not in own or (base is own["train"] and rows):
        rows["train"] = pool  # what other parts took of a source of its own is no training row
    _check_rows(base, rows, chosen)
    tables = own | {name: base.choose(held) for name, held in rows.items()}
    return Parts(tables["train"], tables.get("validation"), tables.get("test"))


def _check_rows(
    base: Table, rows: Mapping[str, np.ndarray], chosen: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse parts without rows, and say which choice leaves them none."""
    for name, held in rows.items():
        if len(held):
            continue
        # What leaves nothing to train on is what the largest other part takes.
        others = sorted(chosen, key=lambda one: len(rows.get(one, ())))
        at = name if name in chosen else others[-1]
        choice = chosen[at]
        form = next((key for key in CHOICES if key in choice), "")
        fix = f"The other parts take all {len(base)} rows: make them smaller."
        if name in chosen:
            fix = f"There are {len(base)} rows: choose others, or more of them."
        if choice.get("stratify") and name in chosen:
            fix = f"Each value of {choice['stratify']!r} has too few rows for a share of them."
        elif choice.get("group"):
            fix = f"All rows of one {choice['group']!r} stay together, and there are too few."
            form = "group"
        raise DataError(
            f"The part {name!r}", expected="rows", received="none", fix=fix, about=f"{at}.{form}="
        )


def _chosen(table: Table, part: str, choice: Mapping[str, Any]) -> np.ndarray:
    """The rows that `rows`, `every` or `where` name."""
    forms = [key for key in CHOICES if key in choice]
    if len(forms) != 1:
        raise ArgumentError(
            f"The part {part!r}", expected=f"one of {', '.join(CHOICES)}", received=list(choice)
        )
    total = len(table)
    if "rows" in choice:
        first, last = choice["rows"]
        last = total if last is None else last
        if not 0 <= first < last <= total:
            raise DataError(
                f"The part {part!r}, rows",
                expected=f"0 <= from < to <= {total}, the number of rows",
                received=f"[{first}, {last}]",
                fix=f"null is the end: rows: [{first}, null]." if 0 <= first < total else "",
                about=f"{part}.rows=",
            )
        return np.arange(first, last)
    if "every" in choice:
        return np.arange(choice.get("from", choice["every"] - 1), total, choice["every"])
    wanted = np.ones(total, bool)
    for name, value in choice["where"].items():
        with about(f"{part}.where.{name}"):
            table.check([name])
        with about(f"{part}.where.{name}="):
            wanted &= _holds(table, name, value, part)
    return np.flatnonzero(wanted)


def _holds(table: Table, name: str, value: Any, part: str) -> np.ndarray:
    """Where a column has a value, one of several, or one in a range."""
    values = table.values(name)
    if isinstance(value, Mapping):
        return _in_range(table, name, values, value, part)
    several = list(value) if isinstance(value, (list, tuple)) else [value]
    known = set(values.tolist())
    for one in several:
        if one not in known:
            shown = sorted(map(str, known))
            told = ", ".join(shown[:12]) + ", ..." * (len(shown) > 12)
            ranges = isinstance(one, str) and one[:1] in "<>"
            raise DataError(
                f"The part {part!r}, where {name!r}",
                expected=f"a value of the column: {told}",
                received=repr(one),
                fix=f"Write {{from: {one.lstrip('<>= ')}}} or {{to: ...}} for a range."
                if ranges
                else f"Write {one} without quotes."
                if isinstance(one, str) and one in shown
                else hint(str(one), shown[:1000]),
            )
    return np.isin(values, np.array(several, dtype=values.dtype))


def _in_range(
    table: Table, name: str, values: np.ndarray, bounds: Mapping[str, Any], part: str
) -> np.ndarray:
    """Where values are at least `from` and less than `to`; dates are compared as dates."""
    unknown = [key for key in bounds if key not in ("from", "to")]
    if unknown or not bounds:
        raise ArgumentError(
            f"The part {part!r}, where {name!r}",
            expected="'from', 'to' or both",
            received=repr(unknown[0]) if unknown else "neither",
            fix=f"Write {{from: {next(iter(bounds.values()))}}}: it is among them, `to` is not."
            if unknown
            else "",
        )
    given = {key: bound for key, bound in bounds.items() if bound is not None}
    is_text = table.spec(name).dtype == TEXT
    for key, bound in given.items():
        if is_text != isinstance(bound, str) or isinstance(bound, bool):
            raise DataError(
                f"The part {part!r}, where {name!r}, {key}",
                expected="a text, as the column holds texts" if is_text else "a number",
                received=repr(bound),
            )
    if is_text:
        try:
            values = np.array([as_date(text) for text in values.tolist()])
        except ValueError:  # no dates: the order of texts
            pass
        else:
            given = {key: _bound(bound, key, name, part) for key, bound in given.items()}
    if len(given) == 2 and not given["from"] < given["to"]:
        raise DataError(
            f"The part {part!r}, where {name!r}", expected="a range, `from` before `to`",
            received=f"from {bounds['from']} to {bounds['to']}",
            fix="`to` is not among the values that are meant.",
        )  # fmt: skip
    found = np.ones(len(values), bool)
    if "from" in given:
        found &= values >= given["from"]
    if "to" in given:
        found &= values < given["to"]
    return found


def _bound(text: str, key: str, name: str, part: str) -> np.datetime64:
    """A bound of a column of dates."""
    try:
        return as_date(text)
    except ValueError:
        raise DataError(
            f"The part {part!r}, where {name!r}, {key}",
            expected="a date such as 2016-07-01 or 2016-07-01 13:00:00, as the column holds dates",
            received=repr(text),
            about=f"{part}.where.{name}.{key}=",
        ) from None


def _fractions(
    table: Table,
    pool: np.ndarray,
    fractions: Mapping[str, Mapping[str, Any]],
    seed: int,
    ordered: bool,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The rest of a pool of rows, and the fractions of it."""
    total = sum(choice["split"] for choice in fractions.values())
    if total >= 1:
        raise DataError(
            "The parts' fractions", expected="less than 1 in all",
            received=" + ".join(f"{choice['split']:g}" for choice in fractions.values()),
            fix="What is left is trained on.", about=f"{list(fractions)[-1]}.split=",
        )  # fmt: skip
    if not fractions:
        return pool, {}
    rest, drawn = pool, dict[str, np.ndarray]()
    rng = np.random.default_rng(seed)
    for name, choice in fractions.items():
        for key in ("stratify", "group"):
            with about(f"{name}.{key}="):
                table.check([choice[key]] if choice.get(key) else [])
        if ordered and "group" not in choice:
            _refuse_stratified(name, choice)
            continue
        count = round(choice["split"] * len(pool))
        classes = _keys(table, rest, choice.get("stratify"))
        if "group" in choice:
            picked = _drawn_groups(_keys(table, rest, choice["group"]), classes, count, rng)
        else:
            picked = _drawn(classes, count, rng)
        drawn[name], rest = rest[picked], rest[~picked]
    if ordered:
        sizes = {n: round(c["split"] * len(pool)) for n, c in fractions.items() if n not in drawn}
        rest, latest = _from_the_end(table, rest, sizes)
        drawn |= latest
    return rest, drawn


def _refuse_stratified(part: str, choice: Mapping[str, Any]) -> None:
    if "stratify" in choice:
        raise DataError(
            f"The part {part!r}, stratify",
            expected="rows without a time or a window",
            received="a series, of which the latest rows are held out",
            fix="Leave stratify out.", about=f"{part}.stratify",
        )  # fmt: skip


def _from_the_end(
    table: Table, pool: np.ndarray, sizes: Mapping[str, int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    order, when = _in_order(table, pool)
    found, end = dict[str, np.ndarray](), len(pool)
    for name in ("test", "validation"):
        if name in sizes:
            begin = _before(when, max(end - sizes[name], 0))
            found[name], end = np.sort(pool[order[begin:end]]), begin
    return np.sort(pool[order[:end]]), found


def _in_order(table: Table, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of rows in the order of their time, and the times in that order. Without a time
    it is the place in the file, or where there are groups how far a row is in its own."""
    if table.time:
        when = clock(table)[rows]
    elif table.group is not None:
        _, codes = np.unique(table.values(table.group)[rows], return_inverse=True)
        order = np.argsort(codes, kind="stable")
        sizes = np.bincount(codes)
        when = np.empty(len(rows))
        begins = np.repeat(np.cumsum(sizes) - sizes, sizes)
        when[order] = (np.arange(len(rows)) - begins) / np.repeat(sizes, sizes)
    else:
        when = np.arange(len(rows))
    order = np.argsort(when, kind="stable")
    return order, when[order]


def _before(when: np.ndarray, place: int) -> int:
    """A place in ascending times, moved before the rows of the same time."""
    if not 0 < place < len(when):
        return place
    return int(np.searchsorted(when, when[place])) or place


def _keys(table: Table, rows: np.ndarray, name: str | None) -> np.ndarray:
    """A number for each value of a column in these rows; 0 where there is no column."""
    if name is None:
        return np.zeros(len(rows), np.int64)
    values = table.values(name)[rows]
    if table.spec(name).dtype == TEXT:
        values = values.astype(str)
    return np.unique(values, return_inverse=True)[1]


def _drawn(classes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """A mask of about `count` rows, the same share of every class."""
    picked = np.zeros(len(classes), bool)
    order = rng.permutation(len(classes))
    for key, size in enumerate(np.bincount(classes)):
        own = order[classes[order] == key]
        picked[own[: round(count * size / len(classes))]] = True
    return picked


def _drawn_groups(
    groups: np.ndarray, classes: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """A mask of about `count` rows that are whole groups, with about the share of every class."""
    held = _table_of(groups, classes)
    order = rng.permutation(len(held))
    if held.shape[1] == 1:
        most = max(1, len(held) - 1)
        near = np.abs(np.cumsum(held[order, 0])[:most] - count).argmin()
        return np.isin(groups, order[: near + 1])
    wanted = held.sum(0) * count / len(groups)
    taken: list[int] = []
    for group in order.tolist():
        now = held[taken].sum(0)
        if _far(now + held[group], wanted) < _far(now, wanted) and len(taken) < len(held) - 1:
            taken.append(group)
    return np.isin(groups, taken or [int(_far(held, wanted).argmin())])


def _table_of(groups: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How many rows of each class every group has, (groups, classes)."""
    found = np.zeros((groups.max(initial=0) + 1, classes.max(initial=0) + 1))
    np.add.at(found, (groups, classes), 1)
    return found


def _far(counts: np.ndarray, wanted: np.ndarray) -> Any:
    """How far counts (..., classes) are from those wanted, relative to them, (...)."""
    return np.square(counts / np.maximum(wanted, 1e-9) - 1).sum(-1)


# --- folds --------------------------------------------------------------------------------------


def _folded(
    table: Table | None,
    parts: Mapping[str, Mapping[str, Any] | Table],
    seed: int,
    ordered: bool | None,
    fold: tuple[int, int],
) -> Parts:
    """The parts where one fold of what is not test data is validated on."""
    number, count = fold
    if not 0 <= number < count or count < 2:
        raise ArgumentError(
            "fold", expected="(k, n), 0 <= k < n and n at least 2", received=repr(fold)
        )
    choice = parts.get("validation", {})
    held = {name: part for name, part in parts.items() if name != "validation"}
    whole = split(table, held, seed, ordered)
    pool, choice = whole.train, {} if isinstance(choice, Table) else choice
    if table is not None and not isinstance(parts.get("train", {}), Table):
        if "train" in parts and choice and "split" not in choice:
            both = [pool.rows, _chosen(table, "validation", choice)]
            pool = table.choose(np.unique(np.concatenate([r for r in both if r is not None])))
    if len(pool) <= count:
        raise DataError(
            f"{count} folds", expected=f"more than {count} rows", received=str(len(pool))
        )
    in_order = bool(pool.time) if ordered is None else ordered
    if in_order and "group" not in choice:
        _refuse_stratified("validation", choice)
        rows, when = _in_order(pool, np.arange(len(pool)))
        ends = np.linspace(0, len(pool), count + 2).round().astype(int).tolist()
        first, last = (_before(when, ends[number + 1 + step]) for step in (0, 1))
        trained, validated = np.sort(rows[:first]), np.sort(rows[first:last])
    else:
        rows = np.arange(len(pool))
        classes = _keys(pool, rows, choice.get("stratify"))
        if "group" in choice:
            own = _fold_of_groups(_keys(pool, rows, choice["group"]), classes, count, seed)
        else:
            own = _fold_of(classes, count, seed)
        trained, validated = np.flatnonzero(own != number), np.flatnonzero(own == number)
    if not len(trained) or not len(validated):
        raise DataError(
            f"Fold {number + 1} of {count}", expected="rows", received="none: too few groups"
        )
    return Parts(pool.choose(trained), pool.choose(validated), whole.test)


def _fold_of(classes: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The fold of each row: rows of a class are spread over all folds."""
    found = np.zeros(len(classes), np.int64)
    order = np.random.default_rng(seed).permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    found[order] = np.arange(len(classes)) % count
    return found


def _fold_of_groups(groups: np.ndarray, classes: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The fold of each row: a group is in one, the largest first where it brings the fold's classes
    nearest to their share."""
    found, held = np.zeros(len(groups), np.int64), _table_of(groups, classes)
    filled, wanted = np.zeros((count, held.shape[1])), held.sum(0) / count
    order = np.random.default_rng(seed).permutation(len(held))
    for group in order[np.argsort(-held[order].sum(1), kind="stable")]:
        gain = _far(filled + held[group], wanted) - _far(filled, wanted)
        best = int(gain.argmin())
        found[groups == group], filled[best] = best, filled[best] + held[group]
    return found
