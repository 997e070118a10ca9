"""Copies and pickles: the state goes along, what the process made for it does not."""

import copy
import pickle

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 6)).astype("float32")
Y = rng.normal(size=(12, 1)).astype("float32")

WAYS = pytest.mark.parametrize(
    "again", [lambda o: pickle.loads(pickle.dumps(o)), copy.deepcopy], ids=["pickle", "deepcopy"]
)


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4, activation="tanh"), layers.Dropout(0.5)]
        self.head = layers.Dense(1)
        self.scale = keras.Variable(2.0, trainable=False)
        self.constant = keras.ops.ones((1,))

    def call(self, inputs, training=None):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs) * self.scale * self.constant


def functional() -> keras.Model:
    x = keras.Input((6,), name="x")
    shared = layers.Dense(6, activation="relu")
    h = shared(shared(x)) + 2.0 * x
    h = keras.ops.concatenate([h, x[:, 1:3]], axis=-1)
    h = layers.BatchNormalization()(h)
    return keras.Model(x, layers.Dense(1)(layers.Dropout(0.2)(h)))


def sequential() -> keras.Model:
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(4), layers.GaussianNoise(0.1), layers.Dense(1)]
    )


def deferred() -> keras.Model:
    return keras.Sequential([layers.Dense(4), layers.Dense(1)])


def nested() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), functional(), layers.Dense(1)])


MODELS = pytest.mark.parametrize("build", [Own, functional, sequential, deferred, nested])
OPTIONS = {"batch_size": 4, "verbose": 0, "shuffle": False}


def used(build) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = build()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, **OPTIONS)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.predict(X, batch_size=5, verbose=0)
    return model


def state(model: keras.Model) -> list[np.ndarray]:
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


def assert_equal(a, b):
    assert len(a) == len(b)
    for left, right in zip(a, b, strict=True):
        np.testing.assert_array_equal(left, right)


@WAYS
@MODELS
def test_a_used_model_goes_along_whole(build, again):
    model = used(build)
    made = again(model)
    assert type(made) is type(model)
    assert_equal(state(made), state(model))
    assert [v.path for v in made.variables] == [v.path for v in model.variables]
    np.testing.assert_array_equal(made.predict(X, verbose=0), model.predict(X, verbose=0))
    assert made.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    first = model.fit(X, Y, epochs=2, **OPTIONS).history  # random streams go along too
    assert made.fit(X, Y, epochs=2, **OPTIONS).history == first
    assert_equal(state(made), state(model))


@WAYS
@MODELS
def test_copies_train_on_their_own(build, again):
    model = used(build)
    made = again(model)
    before = state(model)
    made.fit(X, Y + 1, **OPTIONS)
    assert_equal(state(model), before)
    assert not any(v is w for v in made.variables for w in model.variables)
    made.set_weights(model.get_weights())
    assert_equal(made.get_weights(), model.get_weights())


@WAYS
def test_frozen_parts_stay_frozen(again):
    model = used(sequential)
    model.layers[0].trainable = False
    made = again(model)
    assert len(made.trainable_variables) == 2
    made.trainable = True
    model.trainable = True
    assert len(made.trainable_variables) == len(model.trainable_variables) == 4
    normal = layers.BatchNormalization()
    normal.build((None, 3))
    made = again(normal)
    assert len(made.trainable_variables) == 2
    made.trainable = False
    made.trainable = True
    assert len(made.trainable_variables) == 2  # statistics are not thawed


@WAYS
def test_a_history_goes_along_without_its_model(again):
    model = used(sequential)
    history = model.history
    made = again(history)
    assert made.history == history.history
    assert made.epoch == history.epoch
    assert made.params == history.params
    assert made.model is None


@WAYS
def test_a_copy_inside_a_run(again):
    copies = []

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            copies.append(again(self.model))

    model = used(sequential)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[Keep()])
    for one in copies:
        assert not one.runs.active
        one.fit(X, Y, verbose=0)


@WAYS
def test_deep_networks(again):
    x = h = keras.Input((2,))
    for _ in range(200):
        h = keras.ops.relu(layers.Activation("relu")(h)) + 0.5
    model = keras.Model(x, h)
    ones = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(again(model)(ones), model(ones))


@WAYS
def test_symbols_of_a_copied_network_are_its_own(again):
    model = functional()
    made = again(model)
    assert made.input_shape == model.input_shape
    assert made.output_names == model.output_names
    assert [layer.name for layer in made.layers] == [layer.name for layer in model.layers]
    inner = keras.Model(made.input, made.layers[1].output)
    expected = keras.Model(model.input, model.layers[1].output)
    np.testing.assert_array_equal(inner(X), expected(X))
    assert made.get_config() == model.get_config()
    masked = keras.Sequential(
        [keras.Input((3,), dtype="int32"), layers.Embedding(4, 2, mask_zero=True), layers.LSTM(2)]
    )
    ids = np.array([[1, 2, 0]])
    np.testing.assert_array_equal(again(masked)(ids), masked(ids))


OBJECTS = {
    "variable": lambda: keras.Variable([1.0, 2.0], trainable=False, name="mine"),
    "tensor": lambda: keras.ops.ones((2, 3)),
    "seed": lambda: keras.random.SeedGenerator(3),
    "symbol": lambda: keras.Input((3,)),
    "policy": lambda: keras.DTypePolicy("mixed_bfloat16"),
    "metric": lambda: keras.metrics.AUC(),
    "loss": lambda: keras.losses.Huber(0.5),
    "optimizer": lambda: keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(0.1, 10), weight_decay=0.1
    ),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
    "callbacks": lambda: [
        keras.callbacks.EarlyStopping(),
        keras.callbacks.ReduceLROnPlateau(),
        keras.callbacks.CSVLogger("log.csv"),
        keras.callbacks.Checkpoint("folder", save_freq=3),
        keras.callbacks.ModelCheckpoint("a.keras"),
        keras.callbacks.ProgbarLogger(),
    ],
    "layer": lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
    "attention": lambda: layers.MultiHeadAttention(2, 3),
}


@WAYS
@pytest.mark.parametrize("name", OBJECTS)
def test_other_objects(name: str, again):
    made = OBJECTS[name]()
    found = again(made)
    assert type(found) is type(made)
    if hasattr(made, "get_config"):
        assert found.get_config() == made.get_config()
    if name in ("variable", "tensor"):
        np.testing.assert_array_equal(found, made)
    if name == "variable":
        assert (found.trainable, found.name, found.path) == (False, "mine", made.path)
        found.assign([5.0, 6.0])
        np.testing.assert_array_equal(made.numpy(), [1.0, 2.0])
    if name == "seed":
        draw = [keras.random.normal((3,), seed=one).numpy() for one in (made, found)]
        np.testing.assert_array_equal(*draw)


@keras.function
def doubled(x):
    return x * 2


@WAYS
def test_compiled_functions(again):
    assert again(doubled) is doubled
    model = used(sequential)
    model.extra = doubled
    assert float(again(model).extra(3.0)) == 6.0
    local = copy.deepcopy(keras.function(lambda x: -x))
    assert float(local(keras.ops.ones(()))) == -1.0


def test_a_changed_copy_does_not_share_plans():
    model = used(Own)
    made = copy.deepcopy(model)
    made.head = layers.Dense(1, kernel_initializer="zeros")
    assert not made.predict(X, verbose=0).any()
    assert model.predict(X, verbose=0).any()
