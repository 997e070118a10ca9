"""Single ops called eagerly: large ones run as in a plan, small ones by their reference kernel."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops, registry
from kerasish.compiler.kernels import alone as plans
from kerasish.compiler.providers import PROVIDERS, active
from kerasish.config import disable_provider, enable_provider
from kerasish.ops import alone

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 20, 20, 16)).astype("float32")
W = RNG.normal(size=(3, 3, 16, 16)).astype("float32")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ops that were run as plans."""
    met: list[str] = []

    def counted(op, tensors, attrs):
        arrays = plans.planned(op, tensors, attrs)
        if arrays is not None:
            met.append(op.name)
        return arrays

    monkeypatch.setattr(alone, "_met", OrderedDict())
    monkeypatch.setitem(registry._above, "compiler.planned", lambda: counted)
    return met


def convolve(x, w=W):
    return ops.conv(x, w, 1, padding="same")


@pytest.mark.skipif(not active("onednn"), reason="needs oneDNN")
def test_the_second_call_of_middling_size_runs_as_in_a_plan(calls: list[str]) -> None:
    x = RNG.normal(size=(5, 21, 20, 16)).astype("float32")
    first = np.asarray(convolve(x))
    assert calls == []
    second = np.asarray(convolve(x))
    assert calls == ["conv"]
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(second, keras.function(convolve)(x))


@pytest.mark.skipif(not active("onednn"), reason="needs oneDNN")
def test_large_calls_and_their_gradients_run_so_at_once(calls: list[str]) -> None:
    x = RNG.normal(size=(24, 40, 40, 16)).astype("float32")
    loss = lambda x, w: ops.sum(convolve(x, w) ** 2)  # noqa: E731
    keras.grad(loss, argnums=(0, 1))(x, W)
    assert sorted(calls) == ["conv", "conv_input_grad", "conv_weight_grad"]


def test_small_calls_do_not(calls: list[str]) -> None:
    for _ in range(3):
        convolve(X[:, :4, :4])
    assert calls == []


def test_results_are_values_of_their_own() -> None:
    kept = [convolve(X * i) for i in range(1, 5)]
    for i, one in enumerate(kept, 1):
        np.testing.assert_allclose(one, np.asarray(kept[0]) * i, rtol=1e-3, atol=1e-3)


def test_without_providers_the_reference_kernel_serves(calls: list[str]) -> None:
    expected = np.asarray(convolve(X))
    assert calls == []
    for name in PROVIDERS:
        disable_provider(name)
    try:
        for _ in range(2):
            found = convolve(X)
    finally:
        for name in PROVIDERS:
            enable_provider(name)
    assert calls == []
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_recurrent_loops(calls: list[str]) -> None:
    layer = keras.layers.LSTM(64, return_sequences=True)
    x = RNG.normal(size=(16, 60, 64)).astype("float32")
    first = np.asarray(layer(x))
    np.testing.assert_allclose(layer(x), first, rtol=1e-4, atol=1e-5)
    if active("llvm"):
        assert "lstm_loop" in calls


def test_threads_do_not_meet() -> None:
    wrong: list[int] = []

    def work(factor: int) -> None:
        for _ in range(10):
            if not np.allclose(convolve(X * factor), expected * factor, rtol=1e-3, atol=1e-3):
                wrong.append(factor)

    convolve(X)
    expected = np.asarray(convolve(X))
    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_memory_of_huge_calls_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "KEPT", 1)
    convolve(X), convolve(X)
    assert not plans._functions["conv"]._cache
