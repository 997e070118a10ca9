"""Programs whose names and paths are compared with Keras's: functions of the package `keras`.

Each gives plain data. Automatic names count over the program, so every case begins a new session
and the order within it matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

CASES: dict[str, Callable[[Any], Any]] = {}
X = np.ones((2, 4), "float32")


def case(func: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Enter a case under its name."""
    CASES[func.__name__] = func
    return func


def paths(thing: Any) -> list[str]:
    """The paths of all variables but seeds, whose number differs with what a layer needs."""
    return [v.path for v in thing.variables if "seed_generator" not in v.path]


def names(model: Any) -> list[str]:
    """The names of a model and its layers."""
    return [model.name, *(layer.name for layer in model.layers)]


@case
def sequential(keras: Any) -> Any:
    L = keras.layers
    first = keras.Sequential([keras.Input((4,)), L.Dense(3), L.BatchNormalization()])
    later = keras.Sequential([L.Dense(3), L.Dense(2, name="mine")])
    later.build((None, 4))
    grown = keras.Sequential(name="grown")
    for layer in (keras.Input((3,)), L.Dense(2), L.Dense(2)):
        grown.add(layer)
    return [[names(m), paths(m)] for m in (first, later, grown)]


@case
def functional(keras: Any) -> Any:
    L = keras.layers
    x = keras.Input((4,))
    y = L.Dense(3)(x)
    model = keras.Model(x, L.Dense(3, name="mine")(y) + y)
    x = keras.Input((4,))
    outer = keras.Model(x, L.Dense(2)(model(x)))
    inside = keras.Sequential([keras.Input((4,)), model, L.Dense(2)])
    ops = [op.name for op in outer.operations]
    return [[names(m), paths(m)] for m in (model, outer, inside)] + [ops, model.output_names]


@case
def nested_sequential(keras: Any) -> Any:
    L = keras.layers
    model = keras.Sequential([keras.Sequential([L.Dense(2)]), L.Dense(1)])
    model.build((None, 4))
    shared = L.Dense(4)
    one = keras.Sequential([keras.Input((4,)), shared])
    two = keras.Sequential([keras.Input((4,)), shared, L.Dense(1)])
    return [[names(m), paths(m)] for m in (model, one, two)]


@case
def subclass(keras: Any) -> Any:
    L = keras.layers

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = L.Dense(4)
            self.rest = [L.Dense(4), L.Dense(4)]
            self.inner = keras.Sequential([L.Dense(4), L.BatchNormalization()])
            self.scale = self.add_weight(shape=(1,), name="scale")
            self.raw = keras.Variable(np.ones(1, "float32"))

        def call(self, x: Any) -> Any:
            for layer in (self.first, *self.rest, self.inner):
                x = layer(x)
            return x * self.scale

    found = []
    for _ in range(2):
        model = Net()
        model(X)
        found.append([names(model), sorted(paths(model))])
    return found


@case
def layer_in_layer(keras: Any) -> Any:
    L = keras.layers

    class Block(L.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = L.Dense(2)
            self.early = self.add_weight(shape=(1,), name="early")

        def build(self, shape: Any) -> None:
            self.late = self.add_weight(shape=(1,))
            self.inner.build(shape)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    class Outer(L.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.block = Block()

        def call(self, x: Any) -> Any:
            return self.block(x)

    x = keras.Input((4,))
    block, outer = Block(), Outer(name="outer")
    model = keras.Model(x, outer(block(x)))
    return [names(model), sorted(paths(model)), block.path, Outer().path]


@case
def recurrent(keras: Any) -> Any:
    L = keras.layers
    x = keras.Input((5, 4))
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    y = L.Bidirectional(L.GRU(3, name="enc", return_sequences=True), name="both")(y)
    y = L.RNN([L.GRUCell(2), L.SimpleRNNCell(2)], return_sequences=True)(y)
    y = L.GRU(2, return_sequences=True)(y)
    return [names(model := keras.Model(x, L.LSTM(3)(y))), paths(model)]


@case
def wrapped(keras: Any) -> Any:
    L = keras.layers
    x = keras.Input((5, 4))
    y = L.TimeDistributed(L.Dense(2))(x)
    y = L.SpectralNormalization(L.Dense(2))(y)
    y = L.MultiHeadAttention(2, 2)(y, y)
    y = L.SeparableConv1D(2, 2)(L.LayerNormalization()(y))
    return [names(model := keras.Model(x, y)), sorted(paths(model))]


@case
def scopes(keras: Any) -> Any:
    L = keras.layers
    layer, called = L.Dense(2), L.Dense(2)
    with keras.name_scope("outer"):
        raw = keras.Variable(1.0, name="raw")
        called(X)
        with keras.name_scope("inner"):
            layer.build((None, 4))
    called.name = "other"
    return [raw.path, layer.path, called.path, paths(called)]


@case
def classes(keras: Any) -> Any:
    L = keras.layers
    made = [type(name, (L.Layer,), {})() for name in ("Foo_Bar2D", "LSTMThing", "_Own", "ABC")]
    made += [L.Conv2DTranspose(1, 1), L.ReLU(), L.PReLU(), L.GlobalAveragePooling1D()]
    made += [L.Conv2DTranspose(1, 1), L.ELU(), L.MaxPool2D(), L.Activation("relu")]
    return [layer.name for layer in made]


@case
def metrics_losses_optimizers(keras: Any) -> Any:
    M, opt = keras.metrics, keras.optimizers
    made = [m() for m in (M.Recall, M.AUC, M.Mean, M.MeanSquaredError, M.F1Score) for _ in "ab"]
    made += [M.MeanIoU(2), M.MeanIoU(2), keras.losses.MeanSquaredError(), M.Recall(name="recall")]
    own = type("MyLoss", (keras.losses.Loss,), {"call": lambda self, a, b: a})
    made += [own(), own(), opt.Adam(), opt.Adam(), opt.RMSprop(), opt.SGD(name="mine")]
    made.append(opt.get("adam"))
    return [[m.name, [v.path for v in getattr(m, "variables", [])]] for m in made]


@case
def slots(keras: Any) -> Any:
    opt = keras.optimizers
    makers = [
        lambda: opt.Adam(amsgrad=True, use_ema=True),
        lambda: opt.SGD(momentum=0.9, gradient_accumulation_steps=2),
        lambda: opt.RMSprop(centered=True, momentum=0.1),
        *(opt.Adagrad, opt.Adadelta, opt.Ftrl, opt.Lion, opt.Lamb, opt.AdamW, opt.Adamax),
        lambda: opt.LossScaleOptimizer(opt.Adam()),
    ]
    found = []
    for make in makers:
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
        optimizer = make()
        optimizer.build(layer.trainable_variables)
        found.append([optimizer.name, [[v.path, v.name] for v in optimizer.variables]])
    return found


@case
def counters(keras: Any) -> Any:
    L = keras.layers
    found = [L.Dense(1).name, L.Dense(1).name, keras.backend.get_uid("dense"), L.Dense(1).name]
    keras.utils.clear_session()
    found += [L.Dense(1).name, L.Dense(1, name="dense_1").name, L.Dense(1).name]
    copied = L.Dense.from_config(L.Dense(1).get_config())
    return [*found, copied.name, L.Dense(1).name]


@case
def copies(keras: Any) -> Any:
    L = keras.layers
    model = keras.Sequential([keras.Input((4,)), L.Dense(2), L.Dense(2)])
    clone = keras.models.clone_model(model)
    read = keras.models.model_from_json(model.to_json())
    return [names(model), names(clone), paths(clone), names(read), L.Dense(1).name]
