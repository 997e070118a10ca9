"""The values Keras gave for `tests/golden/cases.py`, and the check of kerasish's against them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

import kerasish
from tests.golden import cases
from tests.tolerances import assert_close

FOLDER = Path(__file__).resolve().parent / "golden"


@functools.cache
def recorded(kind: str) -> dict[str, np.ndarray]:
    """Everything Keras gave for the cases of a kind."""
    with np.load(FOLDER / f"{kind}_values.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def check_case(kind: str, label: str, tolerance: str = "value") -> None:
    """Run a case and compare every value of it with Keras's."""
    given = cases.CASES[kind][label]
    found: dict[str, Any] = getattr(cases, f"run_{kind}")(kerasish, given)
    expected = {
        name.split("/", 1)[1]: value
        for name, value in recorded(kind).items()
        if name.split("/", 1)[0] == label
    }
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert_close(np.asarray(value, expected[name].dtype), expected[name], tolerance)
