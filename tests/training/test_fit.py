"""Whole runs: against Keras's recorded ones, against themselves, with data of every kind."""

import threading
import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.backend.base import current
from kerasish.layers.base import tracking
from tests.golden import fit_cases
from tests.golden_values import FOLDER, recorded
from tests.tolerances import assert_close

X, Y, LABELS = fit_cases.X, fit_cases.Y, fit_cases.LABELS


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # one output has no loss
@pytest.mark.parametrize("label", fit_cases.CASES)
def test_runs_equal_those_of_keras(label: str):
    found = fit_cases.run_fit(keras, fit_cases.CASES[label](keras))
    expected = {
        name.split("/", 1)[1]: value
        for name, value in recorded("fit").items()
        if name.split("/", 1)[0] == label
    }
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert_close(np.asarray(value, "float32"), expected[name].astype("float32"), "trajectory")


@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn", "transformer"])
def test_saved_models_train_on_as_in_keras(name: str):
    """Six full batches from a file that Keras wrote: losses, weights and predictions."""
    model = keras.saving.load_model(FOLDER / name / "model.keras")
    with np.load(FOLDER / name / "golden.npz") as golden:
        x, y = golden["x0"], golden["y0"]
        assert_close(model.predict(x, verbose=0), golden["out0"], "trajectory")
        fitted = model.fit(x, y, epochs=6, batch_size=len(x), shuffle=False, verbose=0)
        assert_close(np.array(fitted.history["loss"], "float32"), golden["hist"].astype("float32"))
        for i, weight in enumerate(model.get_weights()):
            np.testing.assert_allclose(weight, golden[f"v{i}"], rtol=1e-3, atol=1e-5)
        assert_close(model.predict(x, verbose=0), golden["after0"], "trajectory")


def small(units: int = 1, **compiled) -> keras.Model:
    model = fit_cases.plain(keras, units)
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiled})
    return model


def noisy() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def end(model: keras.Model) -> list[np.ndarray]:
    return [v.numpy() for v in [*model.variables, *model.optimizer.variables]]


def assert_bit_equal(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_seed_gives_one_run_bit_for_bit():
    ends, histories = [], []
    for _ in range(2):
        keras.random.set_random_seed(7)
        model = noisy()
        history = model.fit(X, Y, batch_size=4, epochs=3, validation_split=0.2, verbose=0)
        ends.append(end(model))
        histories.append(history.history)
    assert_bit_equal(*ends)
    assert histories[0] == histories[1]
    keras.random.set_random_seed(8)
    other = noisy()
    other.fit(X, Y, batch_size=4, epochs=3, verbose=0)
    assert not np.array_equal(end(other)[0], ends[0][0])


def test_eager_runs_equal_compiled_ones():
    ends = []
    for eager in (False, True):
        keras.random.set_random_seed(1)
        model = noisy()
        model.compile("adam", "mse", metrics=["mae"], run_eagerly=eager)
        history = model.fit(X, Y, batch_size=5, epochs=2, verbose=0).history
        ends.append([*end(model), np.array(history["loss"]), np.array(history["mae"])])
        assert_close(model.predict(X, verbose=0), model(X).numpy())
    for compiled, eager in zip(*ends, strict=True):
        assert_close(np.asarray(eager, "float64"), np.asarray(compiled, "float64"), "trajectory")


def test_every_epoch_has_a_new_order_unless_shuffle_is_off():
    seen: list[np.ndarray] = []

    class Seeing(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            seen.append(data[0].numpy())
            return super().train_step(data)

    x = np.arange(6, dtype="float32")[:, None]
    orders = []
    for shuffle in (True, False):
        model = Seeing()
        model.compile("sgd", "mse", run_eagerly=True)
        seen.clear()
        model.fit(x, x, batch_size=2, epochs=2, shuffle=shuffle, verbose=0)
        orders.append(np.concatenate(seen).reshape(2, 6))
    for order in orders[0]:
        assert sorted(order) == list(range(6))
    assert not np.array_equal(orders[0][0], orders[0][1])
    np.testing.assert_array_equal(orders[1], [range(6)] * 2)


# --- data of every kind -----------------------------------------------------------------------


class Batches(keras.data.PyDataset):
    def __init__(self, size=5):
        super().__init__()
        self.size = size

    @property
    def num_batches(self):
        return -(-len(X) // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        return X[rows], Y[rows]


def generator(epochs: int):
    for _ in range(epochs):
        for begin in range(0, len(X), 5):
            yield X[begin : begin + 5], Y[begin : begin + 5]


@pytest.mark.parametrize(
    "given",
    [
        lambda: {"x": X.astype("float64"), "y": Y.tolist(), "batch_size": 5},
        lambda: {"x": Batches()},
        lambda: {"x": generator(2), "steps_per_epoch": 3},
        lambda: {"x": list(generator(1))[0:0] or Batches()},
    ],
)
def test_data_of_every_kind_give_one_run(given):
    reference = small()
    expected = reference.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    model = small()
    found = model.fit(**given(), epochs=2, shuffle=False, verbose=0).history
    assert_close(np.array(found["loss"]), np.array(expected["loss"]))
    assert_bit_equal(model.get_weights(), reference.get_weights())


def test_validation_data_of_every_kind():
    losses = []
    for data in ((X, Y), Batches(), (X, Y, np.ones(len(X), "float32"))):
        model = small()
        found = model.fit(X, Y, epochs=1, shuffle=False, verbose=0, validation_data=data)
        losses.append(found.history["val_loss"][0])
    np.testing.assert_allclose(losses, losses[0], rtol=1e-6)


def test_predictions_have_the_form_of_the_outputs():
    forked = fit_cases.forked(keras, "list")
    size, kind = forked.predict(X, batch_size=5, verbose=0)
    assert (size.shape, kind.shape) == ((13, 1), (13, 3))
    model = fit_cases.forked(keras, "dict")
    named = model.predict(X, batch_size=5, verbose=0)
    assert named.keys() == {"size", "kind"}
    assert_close(named["kind"], model(X)["kind"].numpy())
    from_batches = fit_cases.forked(keras, "list").predict(Batches(), verbose=0)
    assert_close(from_batches[0], size)


def test_predictions_do_not_change_afterwards():
    model = small()
    first = model.predict(X, verbose=0)
    kept = first.copy()
    model.predict(-X, verbose=0)
    np.testing.assert_array_equal(first, kept)
    one = model.predict_on_batch(X[:2])
    again = model.predict_on_batch(-X[:2])
    np.testing.assert_array_equal(one, first[:2])
    assert not np.array_equal(one, again)


def test_predict_on_batch_follows_the_weights():
    model = small()
    row = X[:1]
    before = [model.predict_on_batch(row) for _ in range(3)][-1]
    model.set_weights([w * 0 for w in model.get_weights()])
    np.testing.assert_array_equal(model.predict_on_batch(row), before * 0)


def test_evaluate_and_fit_agree_on_the_same_weights():
    model = small(metrics=["mae"], optimizer=keras.optimizers.SGD(0.0))
    fitted = model.fit(X, Y, batch_size=4, epochs=1, verbose=0).history
    loss, mae = model.evaluate(X, Y, batch_size=6, verbose=0)
    np.testing.assert_allclose([fitted["loss"][0], fitted["mae"][0]], [loss, mae], rtol=1e-5)
    logs = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs.keys() == {"loss", "mae"}
    assert isinstance(small().evaluate(X, Y, verbose=0), float)


# --- single batches -----------------------------------------------------------------------------


def test_single_batches_make_up_an_epoch():
    """Their logs are of one batch each, so those of the epoch are their means."""
    whole, parts = small(metrics=["mae"]), small(metrics=["mae"])
    history = whole.fit(X, Y, batch_size=5, epochs=1, shuffle=False, verbose=0).history
    logs = [
        (len(x), *parts.train_on_batch(x, y, return_dict=True).values()) for x, y in generator(1)
    ]
    assert_bit_equal(parts.get_weights(), whole.get_weights())
    sizes, *columns = map(np.array, zip(*logs, strict=True))
    means = [np.average(column, weights=sizes) for column in columns]
    np.testing.assert_allclose(means, [history["loss"][0], history["mae"][0]], rtol=1e-6)
    for _ in range(2):
        found = parts.test_on_batch(X, Y)
        np.testing.assert_allclose(found, whole.evaluate(X, Y, verbose=0), rtol=1e-6)


def test_single_batches_begin_metrics_anew_where_a_model_has_its_own_way():
    class Counts(keras.Sequential):
        calls = 0

        def reset_metrics(self) -> None:
            self.calls += 1
            super().reset_metrics()

    model = Counts([keras.Input(X.shape[1:]), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    for _ in range(3):
        model.train_on_batch(X, Y)
    assert model.calls == 3
    model.compile("sgd", "mse", run_eagerly=True)
    losses = [model.test_on_batch(X, Y) for _ in range(3)]
    np.testing.assert_allclose(losses, losses[0])


def test_a_single_batch_walks_only_a_model_that_was_changed(monkeypatch: pytest.MonkeyPatch):
    model = small()
    model.train_on_batch(X, Y)
    walks = []
    collect = tracking.collect
    monkeypatch.setattr(tracking, "collect", lambda *args: walks.append(1) or collect(*args))
    model.train_on_batch(X, Y)
    assert not walks
    model.layers[-1].trainable = False
    walks.clear()
    model.train_on_batch(X, Y)
    assert walks


def test_class_weights_on_a_batch():
    weights = {0: 2.0, 1: 0.0}
    a, b = (fit_cases.plain(keras, 3) for _ in range(2))
    for model in (a, b):
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    a.train_on_batch(X, LABELS, class_weight=weights)
    b.train_on_batch(X, LABELS, sample_weight=np.array([weights.get(c, 1.0) for c in LABELS]))
    assert_bit_equal(a.get_weights(), b.get_weights())


# --- trainability, recompiling, unbuilt models ----------------------------------------------------


def test_frozen_layers_stay_even_when_frozen_after_compile():
    model = small()
    model.fit(X, Y, epochs=1, verbose=0)
    model.layers[0].trainable = False
    kept = model.layers[0].get_weights()
    moved = model.layers[1].get_weights()
    model.fit(X, Y, epochs=1, verbose=0)
    assert_bit_equal(model.layers[0].get_weights(), kept)
    assert not np.array_equal(model.layers[1].get_weights()[0], moved[0])


def test_models_without_an_input_shape_are_built_by_their_data():
    model = keras.Sequential([layers.Dense(3, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse")
    assert not model.built
    model.fit(X, Y, epochs=1, verbose=0)
    assert model.built
    assert [w.shape for w in model.get_weights()] == [(4, 3), (3,), (3, 1), (1,)]


def test_compile_again_starts_a_new_optimizer():
    model = small()
    model.fit(X, Y, epochs=2, verbose=0)
    assert int(model.optimizer.iterations.numpy()) == 2
    model.compile("sgd", "mae")
    history = model.fit(X, Y, epochs=1, verbose=0).history
    assert int(model.optimizer.iterations.numpy()) == 1
    assert list(history) == ["loss"]


def test_initial_epoch_counts_from_there():
    model = small()
    history = model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]


def test_an_empty_run_trains_nothing():
    model = small()
    before = model.get_weights()
    model.fit(X, Y, epochs=0, verbose=0)
    assert_bit_equal(model.get_weights(), before)


def test_add_loss_counts():
    class Shrinking(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs)))
            return inputs

    model = keras.Sequential([keras.Input((4,)), Shrinking(), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    loss = model.fit(X, Y, epochs=1, batch_size=len(X), verbose=0).history["loss"][0]
    plain = float(np.mean((model.predict(X, verbose=0) - Y) ** 2))
    np.testing.assert_allclose(loss, plain + np.mean(X**2), rtol=1e-5)


def test_mixed_precision_scales_the_loss():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dense(1)])
    finally:
        keras.mixed_precision.set_global_policy("float32")
    fit_cases.fill(model)
    model.compile("sgd", "mse")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    history = model.fit(4 * X, Y, epochs=12, verbose=0).history["loss"]
    # The first steps overflow, change nothing, and lower the scale until gradients are finite.
    assert history[1] == pytest.approx(history[0], rel=1e-3)
    assert float(model.optimizer.dynamic_scale.numpy()) < 2.0**15
    assert 0 < int(model.optimizer.iterations.numpy()) < 12
    assert np.isfinite(history).all()
    assert {v.dtype for v in model.trainable_variables} == {"float32"}


def test_predictions_from_several_threads():
    model = small()
    inputs = [fit_cases.given(i, 3, 4) for i in range(8)]
    expected = [model.predict_on_batch(x) for x in inputs]
    wrong: list[int] = []

    def ask(i: int) -> None:
        for _ in range(200):
            if not np.array_equal(model.predict_on_batch(inputs[i]), expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_outputs_without_names_are_numbered():
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = layers.Dense(1), layers.Dense(1)

        def call(self, inputs):
            return [self.a(inputs), self.b(inputs)]

    model = Two()
    model.compile("sgd", "mse", metrics=[["mae"], ["mae"]])
    history = model.fit(X, [Y, Y], verbose=0).history
    assert list(history) == ["loss", "mae", "mae_1", "mse_loss", "mse_loss_1"]


def test_a_generator_for_several_validations_needs_steps():
    with pytest.warns(UserWarning, match="validation_steps batches for every epoch"):
        history = small().fit(X, Y, epochs=2, validation_data=generator(2), verbose=0)
    assert len(history.history["val_loss"]) == 1
    history = small().fit(
        X, Y, epochs=2, validation_data=generator(2), validation_steps=3, verbose=0
    )
    assert len(history.history["val_loss"]) == 2


def test_layers_added_after_training_count():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    before = model.predict_on_batch(X)
    model.add(layers.Dense(2))
    assert model.predict_on_batch(X).shape == (13, 2)
    model.pop()
    np.testing.assert_array_equal(model.predict_on_batch(X), before)


def test_nothing_warns_without_reason():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = small(metrics=["mae"])
        model.fit(X, Y, epochs=1, verbose=0, validation_split=0.2)
        model.evaluate(X, Y, verbose=0)
        model.predict(X, verbose=0)


def test_arrays_on_a_device_are_fed_through_the_host(monkeypatch):
    """Stands in for a GPU: the buffers of a plan may not be filled from the host directly."""
    reference, model = small(metrics=["mae"]), small(metrics=["mae"])
    expected = reference.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    predicted = reference.predict(X, batch_size=4, verbose=0)
    monkeypatch.setattr(type(current()), "host", False)
    found = model.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    assert_close(np.array(found["loss"]), np.array(expected["loss"]), "trajectory")
    assert_close(model.predict(X, batch_size=4, verbose=0), predicted, "trajectory")
    assert_close(model.predict_on_batch(X[:3]), predicted[:3], "trajectory")
