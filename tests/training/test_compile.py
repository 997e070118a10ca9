"""What `compile` is given: how losses, weights and metrics belong to outputs, and their names."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, losses, metrics, ops
from kerasish.errors import ArgumentError
from kerasish.training.compile_loss import of_labels
from kerasish.training.trainer import Trainer

X = np.ones((4, 2), "float32")
Y = np.zeros((4, 1), "float32")


def one(units: int = 1, activation: str | None = "sigmoid") -> keras.Model:
    keras.utils.clear_session()
    return keras.Sequential([keras.Input((2,)), layers.Dense(units, activation, name="o")])


def two() -> keras.Model:
    keras.utils.clear_session()
    i = keras.Input((2,))
    return keras.Model(i, [layers.Dense(1, name="a")(i), layers.Dense(1, name="b")(i)])


def logs(model: keras.Model, y, **given) -> list[str]:
    model.compile("sgd", **{"loss": "mse", **given})
    return list(model.fit(X, y, verbose=0).history)


class Called:
    def __call__(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


class Steps(metrics.Metric):
    def __init__(self):
        super().__init__()
        self.steps = self.add_variable((), name="steps")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.steps.assign(self.steps + 1.0)

    def result(self):
        return self.steps.value


def test_functions_and_objects_are_named_in_logs():
    given = [Called(), losses.Huber(), losses.huber, lambda t, p: t, lambda t, p: p, "mae", "MAE"]
    names = ["call", "huber_loss", "huber", "lambda", "lambda_1", "mae", "MAE"]
    names[0] = "called"
    assert logs(one(), Y, metrics=given) == ["loss", *names]


def test_equal_names_are_numbered():
    given = {"metrics": ["mae", "mae"], "weighted_metrics": ["mae", "mae"]}
    names = ["loss", "mae", "mae_1", "weighted_mae", "weighted_mae_1"]
    assert logs(one(), Y, **given) == names
    assert logs(two(), [Y, Y], metrics=[[Steps()], [Steps()]])[1:3] == ["a_steps", "b_steps_1"]


def test_equal_names_of_losses_are_numbered():
    class Three(keras.Model):
        def call(self, x):
            return [x, x * 2, x * 3]

    names = ["loss", "mse_loss", "mse_loss_1", "mse_loss_2"]
    model = Three()
    model.compile("sgd", "mse")
    assert list(model.evaluate(X, [X] * 3, verbose=0, return_dict=True)) == names


def test_a_loss_of_any_dtype_is_added_up_in_floatx():
    model = one()
    model.compile("sgd", losses.MeanSquaredError(dtype="float64"))
    assert model.compute_loss(X, Y, model(X)).dtype == "float32"


def test_one_output_takes_a_dict_of_one_entry():
    for name in ("o", "another"):
        assert logs(one(), Y, metrics={name: ["mae", "mse"]}) == ["loss", "mae", "mse"]
        assert logs(one(), Y, loss={name: "mse"}, loss_weights={name: 0.5}) == ["loss"]
    i = keras.Input((2,))
    named = keras.Model(i, layers.Dense(1, name="out")(i))
    with pytest.raises(ArgumentError, match="Did you mean 'out'"):
        logs(named, Y, metrics={"oot": ["mae"]})


@pytest.mark.parametrize(
    ("model", "y", "loss", "weights"),
    [
        (one, Y, "mse", [1.0, 0.5]),
        (one, Y, ["mse", "mae"], [1.0, 0.5, 2.0]),
        (two, [Y, Y], ["mse", "mae"], [1.0, 0.5, 2.0]),
        (two, [Y, Y], {"a": "mse"}, {"a": 1.0, "b": 0.5}),
        (two, [Y, Y], "mse", {"a": 1.0, "c": 0.5}),
    ],
)
def test_loss_weights_beyond_the_losses_are_refused(model, y, loss, weights):
    with pytest.raises(ArgumentError, match="loss_weights"):
        logs(model(), y, loss=loss, loss_weights=weights)


def test_metrics_in_the_place_of_loss_weights():
    with pytest.raises(ArgumentError, match=r"metrics=\['mae'\]"):
        one().compile("sgd", "mse", ["mae"])


def test_weights_reach_their_losses():
    def total(**given):
        model = one()
        model.set_weights([np.ones((2, 1)), np.zeros(1)])
        model.compile("sgd", **given)
        return model.evaluate(X, Y, verbose=0, return_dict=True)["loss"]

    plain = total(loss="mse")
    assert total(loss="mse", loss_weights=[0.5]) == pytest.approx(plain / 2)
    assert total(loss="mse", loss_weights=2) == pytest.approx(plain * 2)
    both = total(loss=["mse", "mae"])
    weighed = total(loss=["mse", "mae"], loss_weights=[3.0, 0.0])
    assert both > plain
    assert weighed == pytest.approx(3 * plain)


def test_a_loss_that_is_one_number_takes_weights():
    def share(w):
        model = one()
        model.set_weights([np.ones((2, 1)), np.zeros(1)])
        model.compile("sgd", lambda t, p: ops.mean(ops.square(t - p)))
        return model.evaluate(X, Y, sample_weight=w, verbose=0)

    assert share(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(2.5 * share(None))


# --- class weights ----------------------------------------------------------------------------


def steps_model(loss):
    i = keras.Input((3, 2))
    model = keras.Model(i, layers.Softmax()(i))
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    "loss",
    ["sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy(), "crossentropy"],
)
def test_class_weights_of_labels_per_step(loss):
    x, y = np.zeros((2, 3, 2)), np.array([[0, 1, 1], [1, 0, 0]])
    loss = steps_model(loss).fit(x, y, class_weight={0: 0.0, 1: 1.0}, verbose=0).history["loss"]
    assert loss[0] == pytest.approx(np.log(2) * 3 / 6)


def test_class_weights_of_rows_of_classes_per_step():
    x, y = np.zeros((2, 3, 2)), np.eye(2)[[[0, 1, 1], [1, 1, 0]]]
    model = steps_model("categorical_crossentropy")
    loss = model.fit(x, y, class_weight=[0.0, 1.0], verbose=0).history["loss"]
    assert loss[0] == pytest.approx(np.log(2) * 4 / 6)


@pytest.mark.parametrize(
    ("loss", "units", "beyond"),
    [("binary_crossentropy", 1, 2), ("sparse_categorical_crossentropy", 3, 3)],
)
def test_class_weights_of_no_class_are_refused(loss, units, beyond):
    for built in (True, False):
        model = one(units, "softmax" if units > 1 else "sigmoid")
        if not built:
            model = keras.Sequential([layers.Dense(units, "softmax" if units > 1 else "sigmoid")])
        model.compile("sgd", loss)
        y = np.array([0, 1, 1, 0])
        for method in (model.fit, model.train_on_batch):
            with pytest.raises(ArgumentError, match=f"class_weight.*Received: {beyond}"):
                method(X, y, class_weight={0: 1.0, beyond: 2.0})
        model.fit(X, y, class_weight={0: 1.0, beyond - 1: 2.0}, verbose=0)


def test_misspelt_arguments_get_the_nearest():
    model = one()
    with pytest.raises(ArgumentError, match="Did you mean 'metrics'"):
        model.compile("sgd", "mse", metric=["mae"])
    model.compile("sgd", "mse")
    for method in (model.fit, model.train_on_batch):
        with pytest.raises(ArgumentError, match="Did you mean 'sample_weight'"):
            method(X, Y, sample_weights=np.ones(4))
    with pytest.raises(ArgumentError, match="Did you mean 'epochs'"):
        model.fit(X, Y, epoch=3)


def test_an_output_without_a_loss_needs_no_targets():
    x = keras.Input((2,))
    model = keras.Model(x, [layers.Dense(1, trainable=False)(x), layers.Dense(1)(x)])
    model.compile("sgd", [None, "mse"])
    inputs, targets = np.ones((4, 2)), [None, np.ones((4, 1))]
    alone = model.evaluate(inputs, [np.zeros((4, 1)), targets[1]], verbose=0)
    assert model.evaluate(inputs, targets, verbose=0) == alone
    assert model.test_on_batch(inputs, targets, sample_weight=[None, np.full(4, 2.0)]) == 2 * alone
    history = model.fit(inputs, targets, validation_split=0.5, verbose=0).history
    assert history.keys() == {"loss", "val_loss"}


def test_what_compile_was_given_as_plain_data():
    model = one()
    assert model.get_compile_config() == {}
    model.compile(keras.optimizers.SGD(0.25), "mse", metrics=["mae"], loss_weights=[2.0])
    config = model.get_compile_config()
    assert (config["loss"], config["metrics"], config["loss_weights"]) == ("mse", ["mae"], [2.0])
    other = one()
    other.compile_from_config(config)
    assert other.optimizer.built
    assert float(other.optimizer.learning_rate) == 0.25
    other.set_weights(model.get_weights())
    assert other.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_a_compile_of_ones_own_is_not_guessed():
    class Own(keras.Model):
        def compile(self, rate):
            super().compile(keras.optimizers.SGD(rate), "mse")

    model = Own()
    with pytest.warns(UserWarning, match=r"Own has its own compile\(\)") as seen:
        model.compile_from_config({"optimizer": "sgd", "loss": "mse"})
    assert not model.compiled
    assert seen[0].filename == __file__


def test_before_compile_steps_are_compiled() -> None:
    model = one()
    assert model.run_eagerly is False
    assert model.metrics == []
    assert model.get_metrics_result() == {}


@pytest.mark.parametrize(
    ("loss", "labels"),
    [
        ("sparse_categorical_crossentropy", True),
        (["sparse_categorical_crossentropy"], True),
        (losses.SparseCategoricalCrossentropy(from_logits=True), True),
        ("mse", False),
        (losses.MeanSquaredError(), False),
        (lambda y, p: y, None),
        ("CE", None),
        (None, None),
        (["mse", "mse"], None),
        ({"a": "sparse_categorical_crossentropy", "b": "mse"}, None),
    ],
)
def test_whether_targets_are_labels(loss, labels):
    assert of_labels(loss) is labels


def test_a_metric_as_plain_data_for_one_of_several_outputs():
    model = two()
    metric = metrics.serialize(metrics.MeanAbsoluteError(name="off"))
    found = logs(model, [Y, Y], metrics={"a": metric})
    assert sorted(found) == ["a_loss", "a_off", "b_loss", "loss"]


def test_the_mean_of_each_loss_is_over_samples():
    model = two()
    model.compile("sgd", "mse")
    x = np.arange(10, dtype="float32").reshape(5, 2)
    y = [np.zeros((5, 1)), np.ones((5, 1))]
    found = model.evaluate(x, y, batch_size=2, verbose=0, return_dict=True)
    a, b = model.predict(x, verbose=0)
    np.testing.assert_allclose(found["a_loss"], (a**2).mean(), rtol=1e-5)
    np.testing.assert_allclose(found["b_loss"], ((b - 1) ** 2).mean(), rtol=1e-5)
    np.testing.assert_allclose(found["loss"], found["a_loss"] + found["b_loss"], rtol=1e-5)


def test_the_only_output_without_a_name_is_called_anything():
    class Plain(keras.Model):
        def call(self, x):
            return x

    for loss in ({"anything": "mse"}, ["mse"], "mse"):
        model = Plain()
        model.compile("sgd", loss)
        np.testing.assert_allclose(model.evaluate(X, X + 2, verbose=0), 4.0)


def test_evaluation_is_not_training():
    class Flagged(keras.Model):
        def call(self, x, training=True):
            return x * (2.0 if training else 1.0)

    model = Flagged()
    model.compile("sgd", "mse")
    assert model.evaluate(X, X, verbose=0) == 0.0
    assert model.test_on_batch(X, X) == 0.0
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)


def test_objects_of_a_compile_config_come_back():
    model = one()
    model.compile("sgd", losses.Huber(delta=0.5), metrics=[metrics.MeanAbsoluteError(name="off")])
    other = one()
    other.set_weights(model.get_weights())
    other.compile_from_config(model.get_compile_config())
    assert isinstance(other.loss, losses.Huber)
    assert other.evaluate(X, Y, verbose=0, return_dict=True).keys() == {"loss", "off"}
    assert other.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_what_is_no_layer_can_be_compiled():
    class Bare(Trainer):
        pass

    bare = Bare()
    bare.compile("sgd", "mse")
    assert bare.compiled
    assert not isinstance(bare.optimizer, keras.optimizers.LossScaleOptimizer)


def test_a_metric_of_an_output_needs_its_targets():
    model = two()
    model.compile("sgd", {"a": "mse"}, metrics={"b": "mae"})
    with pytest.raises(ArgumentError, match=r"targets y for the output b.*Received: none"):
        model.evaluate(X, {"a": Y}, verbose=0)


def test_weights_of_classes_are_weights_of_their_samples():
    found = []
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    for given in (
        {"class_weight": {0: 3.0, 1: 0.5}},
        {"sample_weight": np.array([3.0, 0.5, 0.5, 3.0])},
        {},
    ):
        keras.utils.set_random_seed(0)
        model = one()
        model.compile(keras.optimizers.SGD(0.1), "bce")
        found.append([model.train_on_batch(X, y, **given), *model.get_weights()])
    for weighted, sampled in zip(*found[:2], strict=True):
        np.testing.assert_allclose(weighted, sampled, rtol=1e-6)
    assert abs(found[0][0] - found[2][0]) > 0.1


def test_the_metrics_of_a_compiled_model_inside_are_its_own():
    inner = one()
    inner.compile("sgd", "mse", metrics=["mae"])
    outer = keras.Sequential([keras.Input((2,)), inner])
    outer.compile("sgd", "mse")
    assert list(outer.fit(X, Y, verbose=0).history) == ["loss"]
