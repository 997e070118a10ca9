"""Random models come back from every format as they were; scripts/fuzz_files.py does many more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kerasish as keras
from kerasish import saving
from tests.saving.random_models import build, difference

SEEDS = range(6)


@pytest.fixture(scope="module", params=SEEDS)
def model(request: Any) -> Any:
    return build(keras, request.param)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_whole_models(model: Any, ending: str, tmp_path: Path) -> None:
    model.save(tmp_path / f"m.{ending}")
    assert difference(model, saving.load_model(tmp_path / f"m.{ending}")) == ""


@pytest.mark.parametrize("ending", ["weights.h5", "safetensors", "h5"])
def test_weights_in_a_clone(model: Any, ending: str, tmp_path: Path) -> None:
    model.save_weights(tmp_path / f"m.{ending}")
    again = keras.models.clone_model(model)
    again.load_weights(tmp_path / f"m.{ending}")
    assert difference(model, again, optimizer=False) == ""


def test_configs(model: Any) -> None:
    again = keras.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    assert difference(model, again, optimizer=False) == ""
