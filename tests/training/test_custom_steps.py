"""Steps of one's own, written as one would for Keras, compiled like the built-in ones."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from tests.golden import fit_cases
from tests.tolerances import assert_close

X, Y = fit_cases.X, fit_cases.Y


class Based(keras.Model):
    """The layers of `fit_cases.plain`."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(5, activation="tanh")
        self.head = layers.Dense(1)

    def call(self, inputs):
        return self.head(self.hidden(inputs))


class TapeStep(Based):
    traced = 0

    def train_step(self, data):
        TapeStep.traced += 1
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class OwnTracker(Based):
    def __init__(self):
        super().__init__()
        self.total = keras.metrics.Mean(name="total")
        self.error = keras.metrics.MeanAbsoluteError(name="error")

    @property
    def metrics(self):
        return [self.total, self.error]

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = ops.mean(keras.losses.mean_squared_error(y, y_pred))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self.total.update_state(loss)
        self.error.update_state(y, y_pred)
        return {"total": self.total.result(), "error": self.error.result()}

    def test_step(self, data):
        x, y = data
        self.error.update_state(y, self(x, training=False))
        return {"error": self.error.result()}


class LastBatch(Based):
    def train_step(self, data):
        super().train_step(data)
        x, _ = data
        return {"largest": ops.max(x), "rows": ops.cast(x.shape[0], "float32")}


class OwnLoss(Based):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return 2.0 * ops.mean(ops.square(y - y_pred))


class OwnPrediction(Based):
    def predict_step(self, data):
        return {"sign": ops.sign(self(data, training=False))}


def built(cls, **compiled):
    model = cls()
    model.build((None, 4))
    fit_cases.fill(model)
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


@pytest.mark.parametrize("eager", [False, True])
def test_a_step_with_a_tape_equals_the_built_in_one(eager: bool):
    reference = fit_cases.plain(keras)
    reference.compile("sgd", "mse", metrics=["mae"])
    options = {"batch_size": 13, "epochs": 3, "verbose": 0}
    expected = reference.fit(X, Y, **options).history
    model = built(TapeStep, metrics=["mae"], run_eagerly=eager)
    found = model.fit(X, Y, **options).history
    assert found.keys() == expected.keys()
    for name, values in found.items():
        assert_close(np.array(values, "float32"), np.array(expected[name], "float32"))


def test_a_compiled_step_is_traced_once_per_shape():
    model = built(TapeStep)
    TapeStep.traced = 0
    model.fit(X, Y, batch_size=5, epochs=4, verbose=0)
    assert TapeStep.traced == 2  # full batches, and the last one


def test_metrics_of_ones_own_are_averaged_over_the_epoch():
    model = built(OwnTracker)
    history = model.fit(X, Y, batch_size=5, epochs=2, verbose=0, validation_data=(X, Y)).history
    assert history.keys() == {"total", "error", "val_total", "val_error"} - {"val_total"} | {
        "val_error"
    }
    expected = np.abs(model.predict(X, verbose=0) - Y).mean()
    np.testing.assert_allclose(history["val_error"][-1], expected, rtol=1e-5)


def test_logs_that_are_no_metrics_are_those_of_the_last_batch():
    model = built(LastBatch)
    history = model.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    assert history == {"largest": [pytest.approx(float(X[10:].max()))] * 2, "rows": [3.0, 3.0]}


def test_logs_may_be_arrays():
    class Columns(Based):
        def train_step(self, data):
            return {"columns": ops.max(data[0], axis=0)}

    history = built(Columns).fit(X, Y, batch_size=len(X), verbose=0).history
    np.testing.assert_array_equal(history["columns"], [X.max(axis=0)])


def test_a_loss_of_ones_own():
    model = built(OwnLoss, optimizer=keras.optimizers.SGD(0.0))
    loss = model.fit(X, Y, batch_size=13, verbose=0).history["loss"][0]
    expected = 2 * np.mean((model.predict(X, verbose=0) - Y) ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)


def test_a_prediction_of_ones_own():
    model = built(OwnPrediction)
    found = model.predict(X, batch_size=5, verbose=0)
    np.testing.assert_array_equal(found["sign"], np.sign(model(X).numpy()))
    np.testing.assert_array_equal(model.predict_on_batch(X)["sign"], found["sign"])


def test_a_step_on_inputs_alone():
    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(4)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(data) - data))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    model = Autoencoder()
    model.compile(keras.optimizers.Adam(0.1))
    history = model.fit(X, epochs=20, batch_size=13, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


def test_two_optimizers_in_one_step():
    class Adversarial(Based):
        def compile(self, second, **kwargs):
            super().compile(**kwargs)
            self.second = second

        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x) - y))
            hidden, head = self.hidden.trainable_variables, self.head.trainable_variables
            grads = tape.gradient(loss, [*hidden, *head])
            self.optimizer.apply(grads[: len(hidden)], hidden)
            self.second.apply(grads[len(hidden) :], head)
            return {"loss": loss}

    model = Adversarial()
    model.compile(second=keras.optimizers.SGD(0.0), optimizer=keras.optimizers.SGD(0.1))
    model.fit(X, Y, verbose=0)
    head = model.head.get_weights()
    hidden = model.hidden.get_weights()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.head.get_weights()[0], head[0])
    assert not np.array_equal(model.hidden.get_weights()[0], hidden[0])


def test_fit_trains_in_training_mode_where_call_takes_no_training():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.norm = keras.layers.BatchNormalization(momentum=0.0)

        def call(self, x):
            return self.norm(x)

    x = np.arange(12.0).reshape(4, 3)
    for eager in (False, True):
        model = Net()
        model.compile("sgd", "mse", run_eagerly=eager)
        model.fit(x, x, verbose=0)
        np.testing.assert_allclose(model.norm.moving_mean.numpy(), x.mean(0), rtol=1e-6)
