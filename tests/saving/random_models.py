"""Random models of every way to put them together, the same in this package and in Keras.

`build(keras, seed)` makes the model of a number with either package: chains, graphs, models inside
models, shared layers, wrappers and cells, parts that are frozen before or after compile, and
optimizers with a step made. Inputs are (batch, 4, 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np

SHAPE = (4, 3)
OPTIMIZERS = ("adam", "sgd", "rmsprop", "adagrad", "adamw", "nadam", "lion", "adamax", "ftrl")


def data(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(8, *SHAPE)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")


class Maker:
    """Makes the parts of one model; draws depend on the seed alone."""

    def __init__(self, keras: Any, seed: int) -> None:
        self.keras = keras
        self.rng = np.random.default_rng(seed)
        self.layers = keras.layers

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def options(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.chance(0.2):
            found["trainable"] = False
        if self.chance(0.2):
            found["name"] = f"given_{int(self.rng.integers(10**6))}"
        return found

    def keeper(self, depth: int) -> Any:
        """A layer from (4, 3) to (4, 3)."""
        L, o = self.layers, self.options()
        kind = int(self.rng.integers(16 if depth < 2 else 13))
        if kind == 0:
            return L.Dense(3, activation=self.pick(None, "relu", "tanh"), **o)
        if kind == 1:
            return L.BatchNormalization(momentum=0.9, **o)
        if kind == 2:
            return L.LayerNormalization(**o)
        if kind == 3:
            return L.Conv1D(3, 2, padding="same", kernel_regularizer=self.pick(None, "l2"), **o)
        if kind == 4:
            return L.LSTM(3, return_sequences=True, go_backwards=self.chance(0.3), **o)
        if kind == 5:
            return L.GRU(3, return_sequences=True, reset_after=self.chance(0.5), **o)
        if kind == 6:
            mode = self.pick("sum", "ave", "mul")
            inner = self.pick(L.SimpleRNN, L.GRU)(3, return_sequences=True, **self.options())
            return L.Bidirectional(inner, merge_mode=mode, **o)
        if kind == 7:
            return L.TimeDistributed(L.Dense(3, **self.options()), **o)
        if kind == 8:
            cell = [L.GRUCell(2), L.LSTMCell(3)] if self.chance(0.5) else L.SimpleRNNCell(3)
            return L.RNN(cell, return_sequences=True, **o)
        if kind == 9:
            return L.Dropout(0.3, seed=self.pick(None, 3), name=o.get("name"))
        if kind == 10:
            return L.SeparableConv1D(3, 3, padding="same", depth_multiplier=2, **o)
        if kind == 11:
            return L.EinsumDense("abc,cd->abd", (4, 3), bias_axes="d", **o)
        if kind == 12:
            return L.PReLU(shared_axes=[1], **o)
        if kind == 13:
            return self.chain(depth + 1)
        if kind == 14:
            return self.graph(depth + 1)
        return L.TimeDistributed(self.keras.Sequential([L.Dense(3), L.LayerNormalization()]), **o)

    def chain(self, depth: int) -> Any:
        """A Sequential from (4, 3) to (4, 3)."""
        parts = [self.keeper(depth) for _ in range(int(self.rng.integers(1, 4)))]
        start = [self.keras.Input(SHAPE)] if self.chance(0.7) else []
        made = self.keras.Sequential([*start, *parts], name=self.options().get("name"))
        made.build((None, *SHAPE))
        return made

    def graph(self, depth: int) -> Any:
        """A Functional from (4, 3) to (4, 3), with a layer that is called twice at times."""
        x = self.keras.Input(SHAPE)
        one = self.keeper(depth)(x)
        shared = self.keeper(depth)
        two = shared(one)
        if self.chance(0.5):
            two = self.layers.Add()([two, shared(x)])
        if self.chance(0.3):
            one = one * 2.0
        joined = self.layers.Concatenate()([one, two])
        return self.keras.Model(x, self.layers.Dense(3)(joined), name=self.options().get("name"))

    def freeze(self, model: Any) -> None:
        """Freeze a layer somewhere, or a model inside."""
        every = [la for la in model._flatten_layers() if la is not model and la.weights]
        # No config says that the cell of an LSTM alone is frozen.
        every = [la for la in every if "Cell" not in type(la).__name__]
        if every and self.chance(0.6):
            every[int(self.rng.integers(len(every)))].trainable = False

    def bare(self) -> Any:
        """A model that is not compiled, a part of it frozen at times."""
        L = self.layers
        base = self.pick(self.chain, self.graph)(0)
        head = [L.Flatten(), L.Dense(2)]
        if self.chance(0.5):
            made = self.keras.Sequential([self.keras.Input(SHAPE), base, *head])
        else:
            x = self.keras.Input(SHAPE)
            made = self.keras.Model(x, head[1](head[0](base(x))))
        self.freeze(made)
        return made

    def model(self) -> Any:
        """A compiled model that has made a step."""
        made = self.bare()
        name, steps = self.pick(*OPTIMIZERS), int(self.rng.integers(1, 3))
        made.compile(name, "mse", metrics=self.pick(None, ["mae"]))
        for _ in range(steps):
            made.fit(*data(int(self.rng.integers(1000))), batch_size=4, verbose=0)
        if self.chance(0.3):
            self.freeze(made)
        return made


def build(keras: Any, seed: int) -> Any:
    """The model of a number."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    return Maker(keras, seed).model()


def flags(model: Any) -> list[bool]:
    """Which weights are trained, in their order."""
    return [any(w is v for v in model.trainable_weights) for w in model.weights]


def optimizer_state(model: Any) -> list[np.ndarray]:
    """The values of the optimizer's variables."""
    return [np.asarray(v.numpy()) for v in model.optimizer.variables]


def difference(one: Any, other: Any, optimizer: bool = True, flagged: bool = True) -> str:
    """What distinguishes two models of this file; "" where nothing does."""
    a, b = one.get_weights(), other.get_weights()
    if [w.shape for w in a] != [w.shape for w in b]:
        return "other weights"
    if not all(np.array_equal(np.asarray(x), np.asarray(y)) for x, y in zip(a, b, strict=True)):
        return "values of weights"
    if flagged and flags(one) != flags(other):
        return f"frozen parts {flags(one)} {flags(other)}"
    trained = sum(flags(one)) if optimizer else 0
    if trained and trained == len(one.optimizer._trainable_variables):
        a, b = optimizer_state(one), optimizer_state(other)
        if [w.shape for w in a] != [w.shape for w in b]:
            return f"other optimizer state: {len(a)} {len(b)} arrays"
        if not all(np.array_equal(x, y) for x, y in zip(a, b, strict=True)):
            return "values of optimizer state"
    x, _ = data(0)
    p, q = np.asarray(one.predict(x, verbose=0)), np.asarray(other.predict(x, verbose=0))
    return "" if np.allclose(p, q, atol=2e-5, rtol=1e-4) else "predictions"
