"""Text as Keras on TensorFlow has it, every value of `scripts/make_text_golden.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from tests.golden import text_cases

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "text.json").read_text(encoding="utf-8")
)


def same(found: Any, wanted: Any, where: str) -> None:
    """Compare what `text_cases.plain` made, bit for bit but for a mean."""
    if "values" not in wanted:
        assert found.keys() == wanted.keys()
        for key, part in wanted.items():
            same(found[key], part, f"{where}, {key}")
        return
    assert found["dtype"] == wanted["dtype"], where
    assert found["shape"] == wanted["shape"], where
    if "tf_idf" in where:  # TensorFlow adds the weights up in another order for their mean
        a, b = (np.array(part["values"], "float32") for part in (found, wanted))
        np.testing.assert_array_max_ulp(a, b, 1)
    else:
        assert found["values"] == wanted["values"], where


@pytest.mark.parametrize("label", text_cases.LOOKUPS)
def test_lookups(label: str) -> None:
    found = text_cases.lookup(keras, label)
    assert found["vocabulary"] == GOLDEN[label]["vocabulary"]
    for part in GOLDEN[label].keys() - {"vocabulary"}:
        same(found[part], GOLDEN[label][part], f"{label}, {part}")


@pytest.mark.parametrize("label", text_cases.HASHING)
def test_bins(label: str) -> None:
    same(text_cases.hashing(keras, label), GOLDEN[label], label)


@pytest.mark.parametrize("label", text_cases.CROSSINGS)
def test_crossed_bins(label: str) -> None:
    same(text_cases.crossing(keras, label), GOLDEN[f"HashedCrossing {label}"], label)


@pytest.mark.parametrize("mode", text_cases.MODES)
def test_vectors(mode: str) -> None:
    same(text_cases.vectors(keras, mode), GOLDEN[f"vectors {mode}"], f"vectors {mode}")


@pytest.mark.parametrize("label", text_cases.VECTORIZATIONS)
def test_vectorized_texts(label: str) -> None:
    found = text_cases.vectorization(keras, label)
    assert found["vocabulary"] == GOLDEN[label]["vocabulary"]
    for part in GOLDEN[label].keys() - {"vocabulary"}:
        same(found[part], GOLDEN[label][part], f"{label}, {part}")


@pytest.mark.parametrize("label", text_cases.SPACES)
def test_feature_spaces(label: str) -> None:
    same(text_cases.space(keras, label), GOLDEN[f"FeatureSpace {label}"], label)
