"""What parts of the data should not share, what should not be among the inputs, and balance."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from kerasish.cli.doctoring.finding import Finding
from kerasish.preparation import Prepared, Table
from kerasish.preparation.audit import Audit, at_hand, continues, is_kind, roles
from kerasish.preparation.prepared import missing
from kerasish.spec import TEXT

_SHARED = 0.15  # of a part's rows
_RARE = 0.2  # of the rows that a class would have if all had the same
_LOOKED_AT = 20_000
_PERSONS = re.compile(
    r"(?i)(.*[_\W])?(patient|subject|user|customer|person|client|household|session|group|family)"
    r"([_\W]?(id|no|nr|number|name|key))?"
)


def check_balance(data: Prepared, found: Audit, weighted: bool) -> Iterator[Finding]:
    """Findings about classes with few rows, or none in a part."""
    for name, parts in found.classes.items():
        if continues(data, name):
            continue  # a language has its frequent and its rare letters
        train = parts["train"]
        total, many = sum(train.values()), len(train)
        held = {one: count for one, count in train.items() if count}
        rare = min(held, key=lambda one: held[one], default="")
        if len(held) > 1 and held[rare] < _RARE * total / many and not weighted:
            most = max(held.values()) / total
            text = (
                f"class '{rare}' of '{name}' has {held[rare]:,} of {total:,} rows "
                f"({held[rare] / total:.1%}); saying the most frequent class is {most:.1%} right"
            )
            mend = "class_weight: balanced in train, and a metric that sees it: AUC, F1Score"
            yield Finding("balance", text, ("data", "y", name), mend)
        for part, counts in parts.items():
            there = [one for one, count in counts.items() if count]
            if part != "train" and len(there) < 2 <= len(held) and sum(counts.values()) > 1:
                text = f"the {part} part holds one class of '{name}' alone: {there}"
                mend = f"stratify: {name} beside split, or other rows"
                yield Finding("balance", text, ("data", part), mend)


def check_leakage(data: Prepared, found: Audit) -> Iterator[Finding]:
    """Findings about rows and groups in two parts, and columns that are the target."""
    for both, shared in found.duplicates.items():
        second, _, first = both.partition(" in ")
        share = shared / max(found.rows[second], 1)
        if share > _SHARED and shared > 2:
            text = (
                f"{shared:,} of the {found.rows[second]:,} rows of {second} ({share:.0%}) have "
                f"the same inputs as rows of {first}"
            )
            mend = "drop the copies, or keep them together with group: in the split"
            yield Finding("leakage", text, ("data", second), mend)
    if data.window is None:
        yield from _groups(data)
        yield from _targets(data)


def _groups(data: Prepared) -> Iterator[Finding]:
    """Columns that name persons, whose rows lie in two parts."""
    tables = data.parts.given()
    train = tables["train"]
    read = roles(data)
    for name in train.names:
        said = name == train.group
        if not said and (name in read or not _PERSONS.fullmatch(name)):
            continue
        if not at_hand(train, name) or train.spec(name).shape not in ((), (1,)):
            continue
        known = train.values(name).reshape(-1).tolist()
        if len(set(known)) > len(known) / 1.5 or len(set(known)) < 5:
            continue
        for part, table in tables.items():
            if part == "train" or name not in table.names:
                continue
            other = set(table.values(name).reshape(-1).tolist())
            shared = len(other & set(known))
            if shared:
                text = f"{shared:,} of the {len(other):,} values of '{name}' in {part} are in "
                text += "train too: what is learned of one there is known here"
                mend = f"{part}: {{split: 0.1, group: {name}}}"
                yield Finding("leakage", text, ("data", part), mend)


def _targets(data: Prepared) -> Iterator[Finding]:
    """Columns among the inputs that are the target, or say it alone."""
    table = data.parts.train
    if len(table) > _LOOKED_AT:
        rng = np.random.default_rng(0)
        table = table.choose(np.sort(rng.choice(len(table), _LOOKED_AT, replace=False)))
    read = roles(data)
    goals = [name for name, role in read.items() if "y" in role and _single(table, name)]
    mirrored = sum(role == "x and y" for role in read.values())
    inputs = [name for name, role in read.items() if role in ("x", "x and y")]
    if mirrored and mirrored == len(inputs):
        return  # an autoencoder gives its inputs back
    for goal in goals:
        if read[goal] == "x and y":
            text, mend = f"the target '{goal}' is among the inputs", f"leave '{goal}' out of x"
            yield Finding("leakage", text, ("data", "x"), mend)
            continue
        kinds = table.spec(goal).dtype == TEXT or any(
            is_kind(data, name) and goal in target.columns for name, target in data.targets.items()
        )
        for name in inputs:
            if not _single(table, name):
                continue
            share = _said(table, name, goal, kinds)
            if share is not None:
                text = f"column '{name}' alone says '{goal}' in {share:.1%} of the rows"
                mend = f"leave '{name}' out of x if it is not known before '{goal}' is"
                yield Finding("leakage", text, ("data", "x"), mend)


def _single(table: Table, name: str) -> bool:
    fits = name in table.names and at_hand(table, name)
    return fits and table.spec(name).shape in ((), (1,))


def _said(table: Table, name: str, goal: str, kinds: bool) -> float | None:
    """The share of rows in which a column alone says the target, where that is nearly all."""
    gone = missing(table, name) | missing(table, goal)
    keep = ~gone.reshape(len(table))
    values = np.asarray(table.values(name)).reshape(len(table))[keep]
    target = np.asarray(table.values(goal)).reshape(len(table))[keep]
    if len(values) < 50:
        return None
    _, numbers = np.unique(target, return_inverse=True)
    if not kinds:
        if values.dtype.kind == "O" or values.dtype.kind == "b" or target.dtype.kind == "O":
            return None
        ranks = [np.argsort(np.argsort(one, kind="stable")) for one in (values, target)]
        spread = min(one.astype(float).std() for one in (values, target))
        alike = spread > 0 and abs(np.corrcoef(values, target)[0, 1]) > 0.9995
        alike = alike or (spread > 0 and abs(np.corrcoef(ranks[0], ranks[1])[0, 1]) > 0.9999)
        return 1.0 if alike else None
    usual = np.bincount(numbers).max() / len(numbers)
    found, places = np.unique(values, return_inverse=True)
    classes = int(numbers.max()) + 1
    if classes < 2:
        return None
    if len(found) <= max(len(values) / 10, 2):
        cells = np.zeros((len(found), classes), np.int64)
        np.add.at(cells, (places, numbers), 1)
        right = float(cells.max(1).sum() / len(values))
    elif values.dtype.kind == "O":
        return None
    else:
        order = numbers[np.argsort(values, kind="stable")]
        changes = int((np.diff(order) != 0).sum())
        right = 1 - max(changes - (classes - 1), 0) / len(values)
    return right if right > 0.99 and (1 - right) < 0.1 * (1 - usual) else None
