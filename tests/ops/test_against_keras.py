"""The ops of neural networks give what Keras gave: values and gradients."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from kerasish import tree
from kerasish.graph import GradientTape, convert_to_tensor
from kerasish.ops import nn
from kerasish.ops.basic.reduction import sum
from kerasish.spec import is_float
from tests.ops.keras_calls import CALLS, weights
from tests.tolerances import tolerance

GOLDEN = Path(__file__).parents[1] / "golden" / "nn_ops.npz"


@functools.cache
def golden() -> dict[str, dict[str, np.ndarray]]:
    found: dict[str, dict[str, np.ndarray]] = {}
    with np.load(GOLDEN) as held:
        for name in held.files:
            key, _, part = name.rpartition("/")
            found.setdefault(key, {})[part] = held[name]
    return found


def close(actual, expected, kind):
    assert actual.shape == expected.shape
    limits = tolerance(kind, "float32")
    # Sums of many terms: the absolute part is relative to the largest element.
    limits["atol"] *= max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
    np.testing.assert_allclose(actual, expected, **limits)


@pytest.mark.parametrize("key", CALLS)
def test_call(key):
    call, expected = CALLS[key], golden()[key]
    name = call.func.split(".")[1]
    func = getattr(nn, name)
    tensors = [convert_to_tensor(a) for a in call.arrays()]
    chosen = [tensors[i] for i in call.differentiable()]
    with GradientTape() as tape:
        tape.watch(chosen)
        outputs = tree.flatten(func(*tensors, **call.kwargs))
        total = 0.0
        for y in outputs:
            if is_float(y.dtype):
                total = total + sum(y * weights(y.shape))
    assert len([k for k in expected if k.startswith("out")]) == len(outputs)
    for i, y in enumerate(outputs):
        assert y.dtype == expected[f"out{i}"].dtype.name
        close(y.numpy(), expected[f"out{i}"], "value")
    grads = tape.gradient(total, chosen) if chosen else []
    for i, g in zip(call.differentiable(), grads, strict=True):
        wanted = expected[f"grad{i}"]
        if g is None:
            assert not wanted.any()
        else:
            close(g.numpy(), wanted, "first_gradient")
