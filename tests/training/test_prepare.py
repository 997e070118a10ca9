"""Model, metrics and optimizer are there before a step runs, compiled or not."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.training.trainer import Trainer

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.fixture(autouse=True)
def seeded():
    """How far a few epochs come depends on the first weights."""
    keras.utils.set_random_seed(3)


MODES = pytest.mark.parametrize("eager", [False, True])


class Own(keras.Model):
    """A step that takes its variables before it calls anything."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.seen = []

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        x, y = data
        variables = self.trainable_variables
        self.seen.append((len(variables), len(self.optimizer.variables), len(self.metrics)))
        with keras.GradientTape() as tape:
            loss = ops.mean(ops.square(self(x) - y))
        grads = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(grads, variables, strict=True))
        return {"loss": loss}

    def test_step(self, data):
        self.seen.append(len(self.weights))
        return super().test_step(data)

    def predict_step(self, data):
        self.seen.append(len(self.weights))
        return super().predict_step(data)


@MODES
def test_a_step_that_takes_its_variables_first_trains(eager: bool):
    model = Own()
    model.compile(keras.optimizers.Adam(0.1), run_eagerly=eager)
    history = model.fit(X, Y, batch_size=8, epochs=4, shuffle=False, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
    assert {variables for variables, _, _ in model.seen} == {2}
    assert {slots for _, slots, _ in model.seen} == {6}  # iteration, rate, two per weight


@MODES
@pytest.mark.parametrize("how", ["fit", "train_on_batch"])
def test_eager_and_compiled_steps_see_the_same(eager: bool, how: str):
    keras.utils.set_random_seed(3)
    model = Own()
    model.compile(keras.optimizers.SGD(0.05), run_eagerly=eager)
    if how == "fit":
        model.fit(X, Y, batch_size=64, epochs=2, verbose=0, shuffle=False)
    else:
        model.train_on_batch(X, Y)
        model.train_on_batch(X, Y)
    keras.utils.set_random_seed(3)
    reference = Own()
    reference.build((None, 4))
    reference.compile(keras.optimizers.SGD(0.05))
    reference.fit(X, Y, batch_size=64, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@MODES
def test_evaluation_and_prediction_find_the_weights(eager: bool):
    model = Own()
    model.compile(loss="mse", run_eagerly=eager)
    model.evaluate(X, Y, verbose=0)
    assert set(model.seen) == {2}
    model = Own()
    model.run_eagerly = eager
    model.predict(X, verbose=0)
    assert set(model.seen) == {2}


@MODES
def test_metrics_are_built_before_the_first_batch(eager: bool):
    model = keras.Sequential([layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=eager)
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            model = self.model
            seen.append([len(m.variables) for m in model.metrics])
            seen.append(len(model.optimizer.variables))

    model.fit(X, Y, verbose=0, callbacks=[Look()])
    assert seen == [[2, 2], 6]


@MODES
def test_a_step_may_call_its_parts_on_something_else(eager: bool):
    class Halves(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = layers.Dense(1)

        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self.part(x[:, :2]) - y))
            variables = self.part.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    keras.utils.set_random_seed(1)
    model = Halves()
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=eager)
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert model.part.kernel.shape == (2, 1)


def test_a_step_that_makes_its_weights_itself_is_traced_again():
    class Late(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = layers.Dense(1)

        def train_step(self, data):
            x, y = data
            variables = self.trainable_variables
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self.part(x) - y))
            for variable, g in zip(variables, tape.gradient(loss, variables), strict=True):
                variable.assign_sub(0.05 * g)
            return {"loss": loss}

    model = Late()
    model.compile()
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


@MODES
def test_the_first_error_is_the_one_of_the_step(eager: bool):
    class Wrong(keras.Model):
        def call(self, inputs):
            raise RuntimeError("mine")

    model = Wrong()
    model.compile("sgd", "mse", run_eagerly=eager)
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y, verbose=0)


@MODES
def test_a_compile_of_ones_own(eager: bool):
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = layers.Dense(3), layers.Dense(1)

        def compile(self, first, second, **kwargs):
            super().compile(**kwargs)
            self.first, self.second = first, second

        def call(self, inputs):
            return self.b(self.a(inputs))

        def train_step(self, data):
            x, y = data
            a, b = self.a.trainable_variables, self.b.trainable_variables
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x) - y))
            grads = tape.gradient(loss, [*a, *b])
            self.first.apply(grads[:2], a)
            self.second.apply(grads[2:], b)
            return {"loss": loss}

    model = Two()
    model.compile(keras.optimizers.SGD(0.05), keras.optimizers.Adam(0.05), run_eagerly=eager)
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]


@MODES
def test_a_layer_that_is_trained_as_it_is(eager):
    """A `Trainer` mixed into a layer, without a `Model`."""

    class Trained(Trainer, layers.Dense):
        pass

    made = Trained(1)
    made.compile("sgd", "mse", run_eagerly=eager)
    before = made.evaluate(X, Y, verbose=0)
    made.fit(X, Y, epochs=3, verbose=0)
    assert made.evaluate(X, Y, verbose=0) < before
    assert made.predict(X, verbose=0).shape == (64, 1)


@MODES
def test_a_model_without_a_call_finds_its_optimizer_built(eager: bool):
    class Parts(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = layers.Dense(1)
            self.part.build((None, 4))
            self.seen = []

        def train_step(self, data):
            self.seen.append(len(self.optimizer.variables))
            x, y = data
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self.part(x) - y))
            variables = self.part.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    model = Parts()
    model.compile(keras.optimizers.Adam(0.1), run_eagerly=eager)
    model.fit(X, Y, verbose=0)
    assert set(model.seen) == {6}


@MODES
def test_a_step_may_call_the_model_on_something_else(eager: bool):
    class Picks(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = layers.Dense(1)

        def call(self, inputs):
            return self.part(inputs * 1.0)  # of a dict: a TypeError

        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x["rows"]) - y))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    model = Picks()
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=eager)
    history = model.fit({"rows": X, "no": X}, Y, batch_size=8, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]


@MODES
def test_evaluation_makes_no_slots(eager: bool):
    model = keras.Sequential([layers.Dense(1)])
    model.compile("adam", "mse", run_eagerly=eager)
    model.evaluate(X, Y, verbose=0)
    assert not model.optimizer.built
