"""One cache of steps per model: what is set holds from the next step on, and memory is bounded."""

import gc
import weakref

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.data.batch import Batch
from kerasish.training import plans

X = np.ones((8, 3), "float32")
Y = np.zeros((8, 2), "float32")


class Headed(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = layers.Dense(2, kernel_initializer="ones")
        self.scale = 1.0
        self.blocks = [layers.Dense(3, kernel_initializer="identity")]
        self.traces = 0

    def call(self, inputs):
        self.traces += 1
        return self.head(self.blocks[0](inputs)) * self.scale


def made() -> Headed:
    model = Headed()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


def answers(model: keras.Model, size: int = 32) -> list[float]:
    """What all ways of asking a model give."""
    return [
        float(np.abs(np.asarray(model(X))).sum()),
        float(np.abs(model.predict(X, batch_size=size, verbose=0)).sum()),
        float(np.abs(model.predict_on_batch(X)).sum()),
        float(model.evaluate(X, Y, batch_size=size, verbose=0)),
        float(model.test_on_batch(X, Y)),
        float(model.train_on_batch(X, Y)),
        float(model.fit(X, Y, batch_size=size, verbose=0).history["loss"][0]),
    ]


def replace_head(model):
    model.head = layers.Dense(2, kernel_initializer="zeros")


def replace_weight(model):
    model.head.kernel = keras.Variable(np.zeros((3, 2), "float32"))


def replace_in_list(model):
    model.blocks[0] = layers.Dense(3, kernel_initializer="zeros")


def replace_attribute(model):
    model.scale = 0.0


def replace_deep_attribute(model):
    model.head.activation = keras.activations.get(lambda x: 0 * x)


CHANGES = [replace_head, replace_weight, replace_in_list, replace_attribute, replace_deep_attribute]


@pytest.mark.parametrize("size", [32, 3])
@pytest.mark.parametrize("change", CHANGES)
def test_all_ways_see_what_was_replaced(change, size: int):
    model = made()
    assert min(answers(model, size)) > 0
    change(model)
    model.compile(keras.optimizers.SGD(0.0), "mse")  # for the new weights
    assert answers(model, size) == [0.0] * 7


@pytest.mark.parametrize("change", CHANGES)
def test_predictions_see_it_at_once(change):
    model = made()
    model.predict(X, verbose=0)
    model.predict(X, batch_size=3, verbose=0)
    model.evaluate(X, Y, verbose=0)
    change(model)
    assert not model.predict_on_batch(X).any()
    assert not model.predict(X, verbose=0).any()
    assert not model.predict(X, batch_size=3, verbose=0).any()
    assert model.evaluate(X, Y, verbose=0) == 0.0


class Listed(keras.Model):
    """Two layers in a list inside a dict; the first one decides."""

    def __init__(self):
        super().__init__()
        self.stages = {"all": [layers.Dense(2, None, False, how) for how in ("ones", "zeros")]}

    def call(self, inputs):
        first, second = self.stages["all"]
        return first(inputs) + 0.0 * second(inputs)


WAYS = {
    "predict": lambda m: np.abs(m.predict(X, verbose=0)).sum(),
    "predict in batches": lambda m: np.abs(m.predict(X, batch_size=3, verbose=0)).sum(),
    "predict_on_batch": lambda m: np.abs(m.predict_on_batch(X)).sum(),
    "evaluate": lambda m: m.evaluate(X, Y, verbose=0),
    "test_on_batch": lambda m: m.test_on_batch(X, Y),
    "train_on_batch": lambda m: m.train_on_batch(X, Y),
    "fit": lambda m: m.fit(X, Y, verbose=0).history["loss"][0],
}


def listed() -> keras.Model:
    model = Listed()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


@pytest.mark.parametrize("way", WAYS)
def test_a_list_of_layers_changes_without_a_word(way: str):
    model = listed()
    assert WAYS[way](model) > 0
    assert WAYS[way](model) > 0
    model.stages["all"].reverse()
    assert WAYS[way](model) == 0


def test_a_list_of_layers_changed_in_a_callback():
    model = listed()
    swap = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: model.stages["all"].reverse()
    )
    losses = model.fit(X, Y, epochs=4, verbose=0, callbacks=[swap]).history["loss"]
    assert [loss > 0 for loss in losses] == [True, False, True, False]


def test_a_change_inside_a_model_inside():
    inner = made()
    outer = keras.Sequential([keras.Input((3,)), inner, layers.Dense(1, kernel_initializer="ones")])
    assert outer.predict(X, verbose=0).any()
    inner.scale = 0.0
    assert not outer.predict(X, verbose=0).any()


def linear(rate: float = 0.0) -> keras.Model:
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


ONE, ZERO = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
TRAIN = {
    "batch": lambda m: m.train_on_batch(ONE, ZERO),
    "fit": lambda m: m.fit(ONE, ZERO, verbose=0),
}


@pytest.mark.parametrize("way", TRAIN)
def test_a_schedule_or_optimizer_set_later_holds(way: str):
    train = TRAIN[way]

    def schedule(model):
        model.optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(0.25, 100, 0.9)

    def optimizer(model):
        model.optimizer = keras.optimizers.SGD(0.25)

    def rate(model):
        model.optimizer.learning_rate = 0.25

    for change in (schedule, optimizer, rate):
        model = linear()
        train(model)
        change(model)
        train(model)
        np.testing.assert_allclose(model.get_weights()[0], 0.5, atol=2e-3)


def test_an_option_of_the_optimizer_set_later_holds():
    model = linear(0.25)
    model.train_on_batch(ONE * 0, ZERO)
    model.optimizer.clipvalue = 0.4
    model.train_on_batch(ONE, ZERO)
    np.testing.assert_allclose(model.get_weights()[0], 0.9, rtol=1e-6)


@pytest.mark.parametrize("hook", ["epoch_begin", "train_batch_begin", "train_batch_end"])
def test_a_change_in_a_hook_holds_from_the_next_batch(hook: str):
    model = linear(0.25)
    callback = keras.callbacks.Callback()

    def freeze(*args, **kwargs):
        model.layers[-1].trainable = False

    setattr(callback, f"on_{hook}", freeze)
    model.fit(ONE, ZERO, epochs=2, verbose=0, callbacks=[callback])
    assert model.get_weights()[0] == (0.5 if hook == "train_batch_end" else 1.0)


@pytest.mark.parametrize("hook", ["train_batch_begin", "train_batch_end"])
def test_a_change_in_the_middle_of_a_pass_holds_from_the_next_batch(hook: str):
    model = linear(0.25)
    callback = keras.callbacks.Callback()

    def freeze(batch, logs=None):
        model.layers[-1].trainable = batch < 1

    setattr(callback, f"on_{hook}", freeze)
    many = np.ones((4, 1), "float32")
    model.fit(many, 0 * many, batch_size=1, shuffle=False, verbose=0, callbacks=[callback])
    assert model.get_weights()[0] == (0.25 if hook == "train_batch_end" else 0.5)


def test_freezing_in_turns_traces_twice():
    model = made()
    extra = layers.Dense(1)
    extra.build((None, 1))
    model.train_on_batch(X, Y)
    for trainable in (False, True) * 3:
        model.head.trainable = trainable
        model.train_on_batch(X, Y)
        traces = model.traces if trainable else None
    model.head.trainable = False
    model.train_on_batch(X, Y)
    model.head.trainable = True
    model.train_on_batch(X, Y)
    assert model.traces == traces


def test_frozen_layers_do_not_train_and_thawed_ones_do():
    model = made()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(X, Y)
    before = model.head.get_weights()
    model.head.trainable = False
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(model.head.get_weights()[0], before[0])
    model.head.trainable = True
    model.train_on_batch(X, Y)
    assert not np.array_equal(model.head.get_weights()[0], before[0])


def test_settings_are_part_of_the_key():
    model = linear()
    made = model.plans.for_batch("train", Batch(ONE, ZERO))
    assert made.compiled is not None
    model.run_eagerly = True
    assert model.plans.for_batch("train", Batch(ONE, ZERO)).compiled is None
    model.run_eagerly = False
    epsilon = keras.config.epsilon()
    held = model.plans.for_batch("train", Batch(ONE, ZERO))
    keras.config.set_epsilon(0.5)
    assert model.plans.for_batch("train", Batch(ONE, ZERO)) is not held
    keras.config.set_epsilon(epsilon)
    assert model.plans.for_batch("train", Batch(ONE, ZERO)) is held


def test_attributes_set_while_a_step_runs_trace_nothing_anew():
    model = made()
    for rows in (8, 3, 8, 3, 8, 3):
        model.predict(X[:rows], verbose=0)
    assert model.traces <= 3  # one of them builds


def test_what_was_replaced_is_freed():
    model = made()
    model.fit(X, Y, verbose=0)
    model.predict(X, verbose=0)
    old = weakref.ref(model.head)
    kernel = weakref.ref(model.head.kernel)
    model.head = layers.Dense(2)
    model.predict(X, verbose=0)
    gc.collect()
    assert old() is None
    model.compile("sgd", "mse")
    gc.collect()
    assert kernel() is None


def test_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plans, "LIMIT", 4)
    model = keras.Sequential([keras.Input((None,)), layers.Lambda(lambda x: x * 2)])
    arrays = [np.ones((1, n), "float32") for n in range(1, 8)]
    for array in arrays:
        model.predict(array, verbose=0)
        model.predict(arrays[0], verbose=0)  # is used all the time
    assert len(model.plans) == 4
    kept = model.plans.for_batch("predict", Batch(arrays[0]))
    for array in arrays:
        model.predict_on_batch(array)
    again = model.plans.for_batch("predict", Batch(arrays[0]))
    assert again is not kept
    gone = weakref.ref(kept.compiled.plan)
    del kept
    gc.collect()
    assert gone() is None


def test_a_model_goes_with_its_plans():
    model = made()
    model.fit(X, Y, verbose=0)
    model.predict(X, verbose=0)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_weights_frozen_by_themselves():
    model = linear(0.1)
    (kernel,) = model.weights
    seen = []
    for trainable in (True, False, True, False):
        kernel.trainable = trainable
        before = kernel.numpy()
        model.fit(X[:, :1], Y[:, :1], verbose=0)
        seen.append(not np.array_equal(before, kernel.numpy()))
    assert seen == [True, False, True, False]


def test_a_weight_in_a_list_is_replaced():
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__()
            self.scales = [keras.Variable(1.0)]

        def call(self, inputs):
            return inputs * self.scales[0]

    model = Scaled()
    assert model.predict(X, verbose=0).any()
    model.scales[0] = keras.Variable(0.0)
    assert not model.predict(X, verbose=0).any()


def test_plans_of_what_was_replaced_are_dropped():
    model = made()
    for _ in range(3):
        model.predict(X, verbose=0)
        model.head = layers.Dense(2)
    model.predict(X, verbose=0)
    assert len(model.plans) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_predictions_after_another_step_has_looked(change):
    model = made()
    assert model.predict(X, verbose=0).any()
    change(model)
    assert model.evaluate(X, Y, verbose=0) == 0.0
    assert not model.predict(X, verbose=0).any()


def test_an_option_of_an_inner_optimizer_set_later_holds():
    model = linear()
    inner = keras.optimizers.SGD(0.1)
    model.compile(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0), "mse")
    (kernel,) = model.weights
    x, y = X[:, :1], Y[:, :1]
    model.train_on_batch(x, y)
    assert kernel.numpy() != 1.0
    inner.clipvalue = 1e-12
    before = kernel.numpy()
    model.train_on_batch(x, y)
    assert kernel.numpy() == before


def test_metrics_that_come_later_are_listed_and_begin_anew():
    class Counts(layers.Dense):
        def call(self, inputs):
            if hasattr(self, "rows"):
                self.rows.update_state(keras.ops.ones_like(inputs[:, 0]))
            return super().call(inputs)

    model = keras.Sequential([keras.Input((3,)), Counts(2)])
    model.compile("sgd", "mse")
    assert np.ndim(model.test_on_batch(X, Y)) == 0
    model.layers[0].rows = keras.metrics.Sum(name="rows")
    for _ in range(2):
        assert model.test_on_batch(X, Y, return_dict=True)["rows"] == len(X)


def test_predictions_are_the_callers():
    model = made()
    first = model.predict(X, verbose=0)
    first = model.predict(X, verbose=0)
    kept = first.copy()
    model.predict(2 * X, verbose=0)
    np.testing.assert_array_equal(first, kept)


def test_a_second_prediction_of_a_shape_looks_for_no_plan(monkeypatch: pytest.MonkeyPatch):
    model = listed()
    first = model.predict_on_batch(X)
    looked: list[str] = []
    for_batch = plans.Plans.for_batch

    def seen(self, mode, *rest, **options):
        looked.append(mode)
        return for_batch(self, mode, *rest, **options)

    monkeypatch.setattr(plans.Plans, "for_batch", seen)
    second = model.predict_on_batch(X * 2)
    assert looked == []
    np.testing.assert_allclose(second, first * 2)
    np.testing.assert_allclose(model.predict_on_batch(X), first)
    np.testing.assert_allclose(second, first * 2)  # each result is an array of its own
    model.predict_on_batch(X[:3])
    assert looked == ["predict"]


def test_a_forgotten_plan_is_not_at_hand_either(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plans, "LIMIT", 2)
    model = listed()
    for size in (8, 4, 3):
        model.predict_on_batch(X[:size])
    ready = {shape[0] for shape, _ in model.plans._quick}
    assert ready == {4, 3}


def test_a_step_that_makes_no_weights_is_traced_once():
    model = made()
    model.train_on_batch(X, Y)
    before = model.traces
    model.train_on_batch(X[:5], Y[:5])
    assert model.traces == before + 1


def test_predictions_of_what_is_no_array():
    model = listed()
    wanted = model.predict_on_batch(X)
    for same in (X.tolist(), keras.ops.convert_to_tensor(X), X):
        np.testing.assert_array_equal(model.predict_on_batch(same), wanted)
