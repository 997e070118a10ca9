from __future__ import annotations

import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, BackendError


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "CPU:3"])
def test_the_host(name):
    with keras.device(name):
        assert keras.ops.ones(2).numpy().tolist() == [1, 1]
    assert keras.config.backend() == "numpy"


@pytest.mark.parametrize("name", ["gpu:1", "tpu", "cpu:", "cpu:x", 3, None])
def test_other_names(name):
    with pytest.raises(ArgumentError, match="device"), keras.device(name):
        pass


def test_a_gpu_that_is_not_there(monkeypatch):
    def nothing(name):
        raise BackendError("no GPU")

    monkeypatch.setattr("kerasish.backend.placing.set_backend", nothing)
    with pytest.raises(BackendError), keras.device("gpu:0"):
        pass


def test_what_was_before_comes_back(monkeypatch):
    chosen = []
    monkeypatch.setattr("kerasish.backend.placing.set_backend", chosen.append)
    with pytest.raises(ZeroDivisionError), keras.device("cuda:0"):
        chosen.append(1 / 0)
    assert chosen == ["cupy", "numpy"]
