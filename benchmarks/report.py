"""Markdown tables of a file of measurements."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

OURS = "kerasish"
Cells = dict[tuple[str, str], list[dict[str, Any]]]  # (workload, implementation) -> rounds

METRICS = (
    ("step_ms", "Train step, ms"),
    ("predict_ms", "Predict, ms a batch"),
    ("one_ms", "Predict one row, ms"),
    ("first_s", "First trained step, s"),
    ("peak_mb", "Peak memory, MB"),
    ("import_s", "Import, s"),
    ("ready_s", "From nothing to a trained step, s"),
)


def read(path: Path) -> list[dict[str, Any]]:
    """The measurements of a file."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def by_cell(rows: list[dict[str, Any]]) -> Cells:
    """Measurements that went well, by workload and implementation, in order of appearance."""
    cells: Cells = defaultdict(list)
    for row in rows:
        if "error" not in row:
            cells[row["workload"], row["implementation"]].append(row)
    return cells


def value(rounds: list[dict[str, Any]], metric: str, least: bool) -> float | None:
    """The median of the rounds' medians, or the minimum of their minima."""
    found = [r[metric] for r in rounds if metric in r]
    if not found:
        return None
    if least:
        return min(f["min"] if isinstance(f, dict) else f for f in found)
    return statistics.median(f["median"] if isinstance(f, dict) else f for f in found)


def shown(number: float | None) -> str:
    """Three significant digits."""
    if number is None:
        return "-"
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.3g}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def metric_table(
    cells: Cells, workloads: list[str], names: list[str], metric: str, title: str
) -> str:
    """One metric: a column per implementation, then how the best peer compares with us."""
    rows = []
    for workload in workloads:
        medians = {n: value(cells.get((workload, n), []), metric, least=False) for n in names}
        minima = {n: value(cells.get((workload, n), []), metric, least=True) for n in names}
        if all(m is None for m in medians.values()):
            continue
        line = [workload]
        for name in names:
            low = minima[name]
            line.append(shown(medians[name]) + (f" ({shown(low)})" if low is not None else ""))
        rows.append([*line, *(_ratio(found) for found in (medians, minima))])
    header = [title, *names, "best peer / kerasish", "of minima"]
    return table(header, rows) if rows else ""


def _ratio(found: dict[str, float | None]) -> str:
    ours = found.get(OURS)
    peers = [v for n, v in found.items() if n != OURS and v is not None]
    return f"{min(peers) / ours:.2f}" if ours and peers else "-"


def speed_table(cells: Cells, workloads: list[str], names: list[str]) -> str:
    """What share of the speed of a matrix product each train step reaches."""
    products = [r["gflops"] for (w, _), rounds in cells.items() if w == "gemm" for r in rounds]
    if not products:
        return ""
    peak = max(products)
    rows = []
    for workload in workloads:
        counts = [r["flops"] for n in names for r in cells.get((workload, n), []) if "flops" in r]
        if not counts:
            continue
        line = [workload, shown(counts[0] / 1e9), shown(counts[0] / peak / 1e6)]
        for name in names:
            step = value(cells.get((workload, name), []), "step_ms", least=True)
            line.append("-" if step is None else f"{counts[0] / step / 1e6 / peak:.0%}")
        rows.append(line)
    header = [f"Share of {peak:.0f} GFLOP/s", "GFLOP a step", "ms at that speed", *names]
    return table(header, rows) if rows else ""


def tables(measured: list[dict[str, Any]]) -> str:
    """All tables: figures are medians of rounds, minima in parentheses."""
    cells = by_cell(measured)
    names = list(dict.fromkeys(r["implementation"] for r in measured))
    names.sort(key=lambda n: n != OURS)
    workloads = [w for w in dict.fromkeys(r["workload"] for r in measured) if w != "gemm"]
    parts = [metric_table(cells, workloads, names, m, title) for m, title in METRICS]
    parts.append(speed_table(cells, workloads, names))
    errors = {(r["workload"], r["implementation"]): r["error"] for r in measured if "error" in r}
    parts.append("\n".join(f"- {w}, {n}: {text}" for (w, n), text in errors.items()))
    return "\n\n".join(part for part in parts if part)
