"""A small registry of stand-ins, so that the error texts do not change as real layers are added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest

from kerasish import registry
from kerasish.declarative.check import ops


class Layer:
    def __init__(
        self, *, name: str | None = None, trainable: bool = True, dtype: str | None = None
    ) -> None:
        self.name, self.trainable, self.dtype = name, trainable, dtype


class Conv2D(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = 1,
        padding: Literal["valid", "same"] = "valid",
        activation: Any = None,
        use_bias: bool = True,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size


class Dense(Layer):
    def __init__(self, units: int, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units


class Dropout(Layer):
    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Flatten(Layer):
    pass


class Reshape(Layer):
    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Bidirectional(Layer):
    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Concatenate(Layer):
    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class L2:
    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = l2


class Adam:
    def __init__(self, learning_rate: Any = 0.001, clipnorm: float | None = None) -> None:
        self.learning_rate = learning_rate


class CosineDecay:
    def __init__(self, initial_learning_rate: float, decay_steps: int) -> None:
        pass


class CSVLogger:
    def __init__(self, filename: str) -> None:
        pass


def identity(x: Any) -> Any:
    return x


def loss(y_true: Any, y_pred: Any) -> Any:
    return y_pred


@pytest.fixture
def fake_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ops.contract.cache_clear()
    monkeypatch.setattr(registry, "_entries", {})
    monkeypatch.setattr(registry, "_homes", {})
    for layer in (Conv2D, Dense, Dropout, Flatten, Reshape, Bidirectional, Concatenate):
        registry.entry("layer")(layer)
    registry.add("activation", identity, "relu", "softmax", "sigmoid")
    registry.add("regularizer", L2, "L2")
    registry.add("optimizer", Adam, "adam", "Adam")
    registry.add("schedule", CosineDecay, "CosineDecay")
    registry.add("loss", loss, "mse", "sparse_categorical_crossentropy")
    registry.add("metric", loss, "accuracy")
    registry.add("callback", CSVLogger, "CSVLogger")
    registry.add("dataset", identity, "digits", "mnist")
    yield
    ops.contract.cache_clear()
