"""The table of a model: layers, output shapes, numbers of parameters, connections."""

from __future__ import annotations

import math
import re
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.graph.variable import Variable
from kerasish.layers.base.layer import Layer
from kerasish.ops.symbolic import symbols as shape_symbols

_WIDTH, _WIDTH_CONNECTED, _WIDTH_TRAINABLE = 88, 108, 12


def memory_text(nbytes: int) -> str:
    """Bytes in the unit that reads best: 40 -> "40.00 B"."""
    step = min(int(math.log(nbytes, 1024)), 5) if nbytes else 0
    return f"{nbytes / 1024**step:.2f} {('B', 'KB', 'MB', 'GB', 'TB', 'PB')[step]}"


def summary_text(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """The summary of a model as text; arguments as in `Model.summary`."""
    members = model.layers if model.network is None else model.network.operations
    chain = model.network is None or _is_chain(model.network)
    header = ["Layer (type)", "Output Shape", "Param #"]
    places = list(positions or ((0.45, 0.80, 1.0) if chain else (0.3, 0.56, 0.74, 1.0)))
    width = _WIDTH if chain else _WIDTH_CONNECTED
    if not chain:
        header.append("Connected to")
    if show_trainable:
        header.append("Trainable")
        places = [*(p * 0.9 for p in places), 1.0]
        width += _WIDTH_TRAINABLE
    rows: list[list[str]] = []
    for member in _between(members, layer_range):
        rows += _rows(member, None if chain else model.network, expand_nested, show_trainable)
    width = line_length or min(width, shutil.get_terminal_size().columns - 4)
    table = _table([header, *rows], places, width)
    return "\n".join([f'Model: "{model.name}"', *table, *_totals(model)])


def _is_chain(network: Any) -> bool:
    """Whether every operation is called once, on the result of the one before."""
    joined = any(len(record.inputs) > 1 for record in network.records)
    repeated = len({id(r.operation) for r in network.records}) < len(network.records)
    used = [id(s) for record in network.records for s in record.inputs]
    return not (joined or repeated or len(set(used)) < len(used) or len(network.inputs) > 1)


def _between(members: Sequence[Any], bounds: Sequence[str] | None) -> Sequence[Any]:
    if bounds is None:
        return members
    names = [member.name for member in members]
    first = [i for i, name in enumerate(names) if re.match(bounds[0], name)]
    last = [i for i, name in enumerate(names) if re.match(bounds[1], name)]
    if not first or not last:
        raise ArgumentError(
            "summary, layer_range", expected=f"names out of {names}", received=list(bounds)
        )
    start, stop = sorted((first[0], last[-1]))
    return members[start : stop + 1]


def _rows(
    member: Any, network: Any, nested: bool, trainable: bool, level: int = 0
) -> list[list[str]]:
    prefix = f"{'   ' * level}└ " if level else ""
    cls = getattr(member, "keras_class", type(member).__name__)
    row = [f"{prefix}{member.name} ({cls})", _shape_text(member, network), _count_text(member)]
    if network is not None:
        row.append(_connections(member, network) if not level else "-")
    if trainable:
        weighted = isinstance(member, Layer) and bool(member.weights)
        row.append(("Y" if member.trainable else "N") if weighted else "-")
    rows = [row]
    if nested:
        for inner in getattr(member, "layers", ()):
            rows += _rows(inner, network, nested, trainable, level + 1)
    return rows


def _count_text(member: Any) -> str:
    if not isinstance(member, Layer):
        return "0"
    return f"{member.count_params():,}" if member.built else "0 (unbuilt)"


def _shape_text(member: Any, network: Any) -> str:
    calls = [c for c in member._calls if network is None or c in network.records] or member._calls
    if calls:
        symbols = calls[-1].outputs
    else:
        built = (member._build_shapes or {}) if isinstance(member, Layer) else {}
        if list(built) != ["input_shape"]:
            return "?"
        given = shape_symbols(built["input_shape"], member.input_dtype)
        try:
            symbols = member.compute_output_spec(given)
        except Exception:  # noqa: BLE001 - built from other dtypes, or from more than shapes say
            return "?"
    shapes = [str(s.shape) for s in tree.flatten(symbols)]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _connections(member: Any, network: Any) -> str:
    found = [
        f"{s.history.operation.name}[{s.history.node_index}][{s.history.tensor_index}]"
        for record in network.records
        if record.operation is member
        for s in record.inputs
    ]
    return ", ".join(found) or "-"


def _totals(model: Any) -> list[str]:
    def line(label: str, variables: Sequence[Variable]) -> str:
        count = sum(math.prod(v.shape) for v in variables)
        return f" {label}: {count:,} ({memory_text(sum(v.spec.nbytes for v in variables))})"

    optimizer = getattr(model, "optimizer", None)
    slots = list(getattr(optimizer, "variables", ())) if getattr(optimizer, "built", False) else []
    lines = [
        line("Total params", [*model.weights, *slots]),
        line("Trainable params", model.trainable_weights),
        line("Non-trainable params", model.non_trainable_weights),
    ]
    return [*lines, line("Optimizer params", slots)] if slots else lines


# --- drawing ------------------------------------------------------------------------------------


def _table(rows: list[list[str]], places: Sequence[float], width: int) -> list[str]:
    room = width - len(places) - 1
    ends = [int(p * room) for p in places]
    widths = [b - a for a, b in zip([0, *ends], ends, strict=False)]
    if min(widths) < 4:
        raise ArgumentError("summary", expected="a wider line", received=f"line_length={width}")
    right = rows[0].index("Param #")

    def rule(left: str, fill: str, middle: str, end: str) -> str:
        return left + middle.join(fill * w for w in widths) + end

    def cells(row: list[str], bar: str) -> list[str]:
        columns = [_wrapped(text, w - 2) for text, w in zip(row, widths, strict=True)]
        height = max(map(len, columns))
        lines = []
        for i in range(height):
            parts = [column[i] if i < len(column) else "" for column in columns]
            padded = [
                f" {p.rjust(w - 2) if k == right else p.ljust(w - 2)} "
                for k, (p, w) in enumerate(zip(parts, widths, strict=True))
            ]
            lines.append(bar + bar.join(padded) + bar)
        return lines

    out = [rule("┏", "━", "┳", "┓"), *cells(rows[0], "┃"), rule("┡", "━", "╇", "┩")]
    for number, row in enumerate(rows[1:]):
        if number:
            out.append(rule("├", "─", "┼", "┤"))
        out += cells(row, "│")
    return [*out, rule("└", "─", "┴", "┘")]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, drop_whitespace=True, break_on_hyphens=False) or [""]
