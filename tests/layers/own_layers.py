"""Layers as users write them, in both styles, and what they are called on."""

from __future__ import annotations

from typing import Any

import numpy as np

import kerasish as keras
from kerasish.arguments.rules import Initializer

layers = keras.layers


class Scale(layers.Layer):
    """A layer in Keras's style."""

    def __init__(self, factor: float, start: str = "ones", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer=self.start)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.factor * self.gain * inputs * (2.0 if training else 1.0)


class Declared(layers.Layer):
    """The same with declared fields."""

    factor: float
    start: Initializer = "ones"

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight((input_shape[-1],), self.start)

    def call(self, inputs: Any) -> Any:
        return self.factor * self.gain * inputs


ROWS = np.arange(6, dtype="float32").reshape(2, 3)
