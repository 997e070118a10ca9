"""Every public op has the name and the parameters it has in Keras 3.15."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerasish import ops
from tests.ops.numpy_calls import function, parameters

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "op_signatures.json"
SIGNATURES = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name: str):
    assert parameters(function(ops, name)) == SIGNATURES[name]
