"""The models of the zoo are built, and give a finite loss."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))
try:
    from zoo_models import MODELS
finally:
    sys.path.remove(str(FOLDER))


def first(x: Any, rows: int) -> Any:
    return [a[:rows] for a in x] if isinstance(x, list) else x[:rows]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_zoo(name: str) -> None:
    model, x, y, loss = MODELS[name](keras)
    model.compile(optimizer="adam", loss=loss)
    assert len({len(a) for a in (x if isinstance(x, list) else [x])} | {len(y)}) == 1
    assert np.isfinite(model.test_on_batch(first(x, 2), y[:2]))
