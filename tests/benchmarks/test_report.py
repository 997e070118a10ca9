"""The tables of measurements, and that every workload exists for every implementation."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import report as module

    yield module
    sys.modules.pop("report")


def row(implementation, median, low, **more):
    step = {"median": median, "min": low}
    return {"workload": "mlp", "implementation": implementation, "step_ms": step, **more}


ROWS = [
    {"workload": "gemm", "implementation": "torch", "gflops": 100.0},
    row("torch", 6.0, 5.0),
    row("kerasish", 2.0, 1.5),
    row("kerasish", 4.0, 2.0),
    row("keras-jax", 4.0, 3.0, flops=200e6),
    {"workload": "lstm", "implementation": "torch", "error": "out of luck"},
]


def test_ratio_is_of_best_peer_to_ours_and_ours_comes_first(report):
    step = report.tables(ROWS).split("\n\n")[0].splitlines()
    header, cells = ([c.strip() for c in line.split("|")[1:-1]] for line in (step[0], step[2]))
    assert header[:2] == ["Train step, ms", "kerasish"]
    found = dict(zip(header, cells, strict=True))
    assert found["kerasish"] == "3 (1.5)"  # median of the rounds' medians, least minimum
    assert found["best peer / kerasish"] == "1.33"  # 4 / 3
    assert found["of minima"] == "2.00"  # 3 / 1.5


def test_share_of_the_speed_of_products(report):
    # 200 MFLOP at 100 GFLOP/s take 2 ms; kerasish's best step takes 1.5 ms.
    speed = next(t for t in report.tables(ROWS).split("\n\n") if t.startswith("| Share of 100"))
    header, cells = ([c.strip() for c in speed.splitlines()[i].split("|")[1:-1]] for i in (0, 2))
    found = dict(zip(header, cells, strict=True))
    assert found["ms at that speed"] == "2"
    assert (found["kerasish"], found["torch"], found["keras-jax"]) == ("133%", "40%", "67%")


def test_errors_are_reported_not_hidden(report):
    assert "- lstm, torch: out of luck" in report.tables(ROWS)


def decorated(name):
    """The functions of a module of benchmarks/ under the decorator `workload`."""
    tree = ast.parse((FOLDER / name).read_text())
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                called = mark.func if isinstance(mark, ast.Call) else mark
                if isinstance(called, ast.Name) and called.id == "workload":
                    found[node.name] = node
    return set(found)


def test_every_workload_is_written_for_torch_too():
    assert decorated("workloads.py") == decorated("torch_workloads.py") != set()
