"""What is made of the columns of a file: entries of `x`, and what is left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerasish.cli.drafting.page import entry
from kerasish.cli.drafting.reading import is_text
from kerasish.layers import DateFeatures
from kerasish.preparation import Table
from kerasish.preparation.auto import choose
from kerasish.preparation.prepared import missing

_SKEWED = 3.0
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = ("numbers", "skewed", "kinds", "all", "hidden", "rest", "from", "x", "y")


@dataclass
class Inputs:
    """What is made of the columns: entries of `x` by name, and what was left out and why."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    texts: dict[str, int] = field(default_factory=dict[str, int])  # entry: terms of a text
    arrays: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    left: dict[str, str] = field(default_factory=dict[str, str])
    width: int = 0
    amounts: int = 0  # of these, columns of numbers


def is_free(name: str) -> bool:
    """Whether a column's name may be that of an entry."""
    return _NAME.fullmatch(name) is not None and name not in _TAKEN


def inputs_of(table: Table, reserved: list[str]) -> Inputs:
    """The entries of `x` for the columns that are not reserved."""
    found = Inputs()
    numbers: list[str] = []
    skewed: list[str] = []
    kinds: list[str] = []
    many: dict[str, dict[str, Any]] = {}
    dates: dict[tuple[str, ...], list[str]] = {}  # by the parts that they have
    names = [name for name in table.names if name not in reserved]
    for name in names:
        if len(table.spec(name).shape) > 1:
            key = name if is_free(name) else f"array_{len(found.arrays)}"
            found.arrays[key] = entry(name, {"Normalization": {"axis": None}})
            found.width += table.values(name)[:1].size
            continue
        if table.spec(name).shape not in ((), (1,)):
            numbers.append(name)
            found.width += table.values(name)[:1].size
            continue
        chosen = choose(table, name)
        if chosen.kind == "TextVectorization" or (len(names) == 1 and _reads(table, name)):
            found.texts[_entry_name(name, found)] = 0
            _text(table, name, found)
        elif not chosen.kind:
            found.left[name] = chosen.why
        elif chosen.kind == "DateFeatures":
            layer = DateFeatures(**chosen.arguments)
            dates.setdefault(tuple(layer.parts), []).append(name)
            found.width += layer.width
        elif chosen.kind == "string_categorical":
            if "max_tokens" in chosen.arguments:
                many[name] = {"max_tokens": chosen.arguments["max_tokens"]}
                found.width += int(chosen.arguments["max_tokens"])
            else:
                kinds.append(name)
                found.width += len(set(table.values(name).tolist())) + 1
        else:
            (skewed if is_skewed(table, name) else numbers).append(name)
            found.width += 1
    found.amounts = len(numbers) + len(skewed)
    entries: dict[str, dict[str, Any]] = {}
    if numbers:
        entries["numbers"] = _numeric(table, numbers)
    if skewed:
        steps = [{"fill": "median"}, {"log1p": {}}, {"float_normalized": {}}]
        entries["skewed"] = entry(_one(skewed), *steps)
    if kinds:
        entries["kinds"] = entry(_one(kinds), {"string_categorical": {}})
    for number, (parts, held) in enumerate(dates.items()):
        key = "dates" if not number else f"dates_{number + 1}"
        entries[key] = entry(_one(held), {"DateFeatures": {"parts": list(parts)}})
    for name, arguments in many.items():
        key = name if is_free(name) else f"kinds_{len(entries)}"
        entries[key] = entry(name, {"string_categorical": arguments})
    found.entries = entries | found.arrays | found.entries
    return found


def _numeric(table: Table, names: list[str]) -> dict[str, Any]:
    if any(table.spec(name).shape not in ((), (1,)) for name in names):
        return entry(_one(names), {"float_normalized": {}})
    return entry(_one(names), {"fill": "median"}, {"float_normalized": {}})


def _one(names: list[str]) -> Any:
    return names[0] if len(names) == 1 else names


def _entry_name(name: str, found: Inputs) -> str:
    """The name of an entry for a text."""
    free = is_free(name)
    base = "words" if name in ("text", "x") or not free else name
    return base if base not in found.texts else f"{base}_{len(found.texts) + 1}"


def _reads(table: Table, name: str) -> bool:
    """Whether a column that stands alone is read as words."""
    if not is_text(table, name):
        return False
    held = table.values(name)[:1000].tolist()
    return float(np.mean([len(text.split()) for text in held])) >= 1.5


def _text(table: Table, name: str, found: Inputs) -> None:
    """The entry of a text: words and pairs of words."""
    key = next(reversed(found.texts))
    counts = np.array([len(text.split()) for text in table.values(name).tolist()])
    most = 2 * int(np.percentile(counts, 98)) if len(counts) else 20
    length = int(min(max(-(-most // 10) * 10, 10), 400))
    found.texts[key] = length
    how = {"max_tokens": 60000, "ngrams": 2, "output_sequence_length": length}
    found.entries[key] = entry(name, {"TextVectorization": how})


def is_skewed(table: Table, name: str, most: float = _SKEWED) -> bool:
    """Whether numbers from 0 on have few that are far larger than the others."""
    values = table.values(name)
    held = values.reshape(len(values))[~missing(table, name).reshape(len(values))].astype(float)
    if not len(held) or held.min() < 0 or len(np.unique(held)) == 2:
        return False
    deviation = held.std()
    return bool(deviation and ((held - held.mean()) ** 3).mean() / deviation**3 > most)
