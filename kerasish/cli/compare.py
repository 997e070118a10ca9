"""`kerasish compare`: runs side by side."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasish.cli import run_folder
from kerasish.cli.declare import argument, command
from kerasish.cli.options import JSON
from kerasish.cli.tables import flat, table
from kerasish.cli.text import duration, number
from kerasish.declarative.text.emit import flow
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from kerasish.errors import ArgumentError
from kerasish.saving.files.atomic import write_bytes
from kerasish.showing.drawing.curves import Line, Panel, curves

_FACTS = ("state", "epochs", "best_epoch", "parameters", "seconds", "seed")
_ABSENT = "-"
_ALL = 76  # columns of all folders' names
_WIDTH = 40  # columns of a value in the table of configs


@command(
    "study",
    "runs side by side: metrics, configs, curves",
    argument("runs", metavar="RUN", nargs="+", complete="run", help="the folder of a run"),
    argument("-o", "--output", metavar="FILE.svg", help="draw the curves of all runs"),
    JSON,
    example="kerasish compare runs/small runs/large -o curves.svg",
)
def compare(arguments: Namespace) -> None:
    """The metrics of runs, their sizes and times, and the lines of their configs that differ."""
    folders = [Path(one) for one in arguments.runs]
    records = [_record(folder) for folder in folders]
    metrics = [flat(run_folder.read_json(f / run_folder.METRICS_FILE)) for f in folders]
    configs = [_config(folder) for folder in folders]
    differing = differing_paths(configs)
    if arguments.output is not None:
        histories = {str(f): run_folder.read_history(f) for f in folders}
        write_bytes(arguments.output, drawn(histories).encode())
    if arguments.json:
        told = [
            {
                "run": str(folder),
                **{name: record.get(name) for name in _FACTS},
                "metrics": found,
                "config": {path: config.get(path) for path in differing},
            }
            for folder, record, found, config in zip(
                folders, records, metrics, configs, strict=True
            )
        ]
        print(json.dumps(run_folder.finite(told)))
        return
    names = list(dict.fromkeys(name for found in metrics for name in found))
    labels = _labels(folders)
    if labels != list(map(str, folders)):
        print("\n".join(f"{label} {one}" for label, one in zip(labels, folders, strict=True)))
    head = ("", *labels)
    rows = [head, *(_row(name, [_value(m, name) for m in metrics]) for name in names)]
    rows += [_row(name.replace("_", " "), [_fact(r, name) for r in records]) for name in _FACTS]
    print("\n".join(table(rows)))
    if differing:
        print("\nconfigs differ in")
        lines = [_row(f"  {path}", [_shown(c, path) for c in configs]) for path in differing]
        print("\n".join(table(lines)))
    elif len(folders) > 1:
        print("\nthe configs are the same")
    if arguments.output is not None:
        print(f"wrote {arguments.output}")


def _labels(folders: list[Path]) -> list[str]:
    """The heads of columns: folders, or numbers where these would make the table too wide."""
    names = list(map(str, folders))
    return names if sum(map(len, names)) < _ALL else [f"[{n}]" for n in range(1, len(names) + 1)]


def _record(folder: Path) -> dict[str, Any]:
    record = run_folder.read_json(folder / run_folder.RECORD_FILE)
    if not record:
        raise ArgumentError(
            "", expected=f"a run folder with {run_folder.RECORD_FILE}", received=repr(str(folder))
        )
    return record


def _config(folder: Path) -> dict[str, Any]:
    """The values of a run's resolved config by their paths."""
    path = folder / run_folder.CONFIG_FILE
    if not path.is_file():
        return {}
    diagnostics = Diagnostics(command=True)
    document = plain(load(path.read_bytes(), str(path), diagnostics))
    diagnostics.raise_if_any()
    return dict(_flat(document, ""))


def _flat(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        return [
            one
            for key, held in value.items()
            for one in _flat(held, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(value, list) and value:
        return [one for i, held in enumerate(value) for one in _flat(held, f"{path}[{i}]")]
    return [(path, value)]


def differing_paths(configs: list[dict[str, Any]]) -> list[str]:
    """The paths at which some configs have another value than others, or none."""
    paths = dict.fromkeys(path for config in configs for path in config)
    first = configs[0]
    absent = object()
    return [
        path
        for path in paths
        if any(one.get(path, absent) != first.get(path, absent) for one in configs)
    ]


def drawn(histories: Mapping[str, Mapping[str, list[float]]]) -> str:
    """The curves of runs: a panel for each loss and metric, validation whole, training dashed."""
    names = dict.fromkeys(n.removeprefix("val_") for held in histories.values() for n in held)
    panels: list[Panel] = []
    for name in names:
        lines = [
            Line(f"{run}, {part}", history[log], colour, part == "training")
            for colour, (run, history) in enumerate(histories.items())
            for log, part in ((name, "training"), (f"val_{name}", "validation"))
            if log in history
        ]
        panels.append(Panel(name, lines))
    return curves(panels, "kerasish compare")


def _row(name: str, values: list[str]) -> tuple[str, ...]:
    return (name, *values)


def _value(metrics: Mapping[str, float], name: str) -> str:
    return number(metrics[name]) if name in metrics else _ABSENT


def _fact(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if value is None:
        return _ABSENT
    if name == "seconds":
        return duration(float(value))
    return f"{value:,}" if name == "parameters" else str(value)


def _shown(config: Mapping[str, Any], path: str) -> str:
    text = flow(config[path]) if path in config else _ABSENT
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
