"""A step's floor: the longer of its operations and of its bytes, at the rate of its size."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def floors(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import floors as module

    yield module
    for name in ("floors", "workloads"):
        sys.modules.pop(name, None)


def step(flops: int, nbytes: int, calls: int = 1) -> SimpleNamespace:
    return SimpleNamespace(flops=flops, nbytes=nbytes, calls=calls)


def test_the_longer_one_counts(floors) -> None:
    rates = {1000: 100.0, 1000000: 10.0}
    assert floors.floor(step(400, 1000), 20.0, rates) == 20.0
    assert floors.floor(step(100, 1000), 20.0, rates) == 10.0


def test_the_rate_is_that_of_arrays_of_its_size(floors) -> None:
    rates = {1000: 100.0, 1000000: 10.0}
    assert floors.floor(step(0, 900000), 1.0, rates) == 90000.0
    assert floors.floor(step(0, 900000, calls=900), 1.0, rates) == 9000.0
