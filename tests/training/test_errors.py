"""What Keras lets pass or reports late: refused with what, expected, received and the fix."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import ArgumentError, DataError, NumericsError, ShapeError
from tests.golden import fit_cases

X, Y, LABELS = fit_cases.X, fit_cases.Y, fit_cases.LABELS


def model(units: int = 1, loss: str = "mse", activation=None) -> keras.Model:
    made = fit_cases.plain(keras, units, activation)
    made.compile("sgd", loss)
    return made


def test_targets_that_would_be_broadcast():
    with pytest.raises(ShapeError, match=r"mean_squared_error.*\(5, 1\).*\(5, 3\).*3 units"):
        model().fit(X, np.zeros((13, 3), "float32"), batch_size=5, verbose=0)


@pytest.mark.parametrize("run", ["fit", "evaluate", "train_on_batch"])
def test_labels_out_of_range_are_named_before_a_step(run: str):
    made = model(3, "sparse_categorical_crossentropy", "softmax")
    before = made.get_weights()
    labels = LABELS.copy()
    labels[7] = 3
    options = {} if run == "train_on_batch" else {"verbose": 0}
    with pytest.raises(DataError, match=r"labels from 0 to 2.*Received: 3 at index \(7,\)"):
        getattr(made, run)(X, labels, **options)
    for old, new in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_labels_out_of_range_in_a_stream():
    made = model(3, "sparse_categorical_crossentropy", "softmax")
    with pytest.raises(DataError, match="labels from 0 to 2"):
        made.fit(iter([(X, LABELS), (X, LABELS + 1)]), verbose=0)


def test_ignored_labels_are_in_range():
    made = fit_cases.plain(keras, 3)
    made.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    )
    labels = LABELS.copy()
    labels[:4] = -1
    history = made.fit(X, labels, verbose=0).history
    assert np.isfinite(history["loss"][0])
    labels[0] = 5
    with pytest.raises(DataError, match=r"5 at index \(0,\)"):
        made.fit(X, labels, verbose=0)


def test_nan_targets_and_different_lengths():
    wrong = Y.copy()
    wrong[3] = np.nan
    with pytest.raises(DataError, match="NaN"):
        model().fit(X, wrong, verbose=0)
    with pytest.raises(DataError, match="13"):
        model().fit(X, Y[:5], verbose=0)


def test_inputs_of_another_shape():
    with pytest.raises(ValueError, match="4"):
        model().fit(X[:, :3], Y, verbose=0)


def test_an_uncompiled_model():
    made = fit_cases.plain(keras)
    for run in (made.fit, made.evaluate, made.train_on_batch, made.test_on_batch):
        with pytest.raises(ArgumentError, match=r"model\.compile"):
            run(X, Y)
    assert made.predict(X, verbose=0).shape == (13, 1)


def test_no_optimizer():
    made = fit_cases.plain(keras)
    made.compile(None, "mse")
    assert np.isfinite(made.evaluate(X, Y, verbose=0))
    for run in (made.fit, made.train_on_batch):
        with pytest.raises(ArgumentError, match="an optimizer"):
            run(X, Y)


def test_no_loss_and_no_targets():
    made = fit_cases.plain(keras)
    made.compile("sgd")
    with pytest.raises(ArgumentError, match="No loss to compute"):
        made.fit(X, Y, verbose=0)
    with pytest.raises(ArgumentError, match="targets y"):
        model().fit(X, verbose=0)


@pytest.mark.parametrize(
    ("compiled", "y", "match"),
    [
        ({"loss": {"sise": "mse"}}, [Y, LABELS], "Did you mean 'size'"),
        ({"loss": ["mse", "mse", "mse"]}, [Y, LABELS], "list of 3"),
        ({"loss": "mse", "metrics": ["mae"]}, [Y, fit_cases.given(1, 13, 3)], "metrics.*list of 1"),
        ({"loss": "mse", "metrics": "mae"}, [Y, LABELS], r"Write \['mae'\]"),
        ({"loss": ["mse", "mse"]}, [Y], "y.*Received: 1 array"),
        ({"loss": ["mse", "mse"]}, Y, "y.*Received: one array"),
        ({"loss": "meen_squared_error"}, [Y, LABELS], "mean_squared_error"),
    ],
)
def test_what_does_not_fit_the_outputs(compiled, y, match):
    def run() -> None:
        made = fit_cases.forked(keras, "list")
        made.compile("sgd", **compiled)
        made.fit(X, y, verbose=0)

    with pytest.raises(ValueError, match=match):
        run()


def test_weights_that_do_not_fit():
    with pytest.raises((ShapeError, DataError), match="sample_weight"):
        model().fit(X, Y, sample_weight=np.ones((13, 4), "float32"), verbose=0)


def test_nan_is_named_with_the_place_it_came_from():
    made = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Lambda(lambda x: keras.ops.log(x), name="logarithm"),
            layers.Dense(1),
        ]
    )
    made.compile("sgd", "mse")
    keras.config.settings.check_numerics = True
    try:
        with pytest.raises(NumericsError, match="logarithm"):
            made.fit(-np.abs(X), Y, verbose=0)
    finally:
        keras.config.settings.check_numerics = False


def test_weights_for_classes_and_samples_on_one_batch():
    with pytest.raises(ArgumentError, match="class_weight or sample_weight"):
        model().train_on_batch(X, Y, sample_weight=np.ones(13), class_weight={0: 1.0})


def test_unknown_arguments():
    with pytest.raises(ArgumentError, match="Did you mean 'epochs'"):
        model().fit(X, Y, epoch=3)
    with pytest.raises(ArgumentError, match="Did you mean 'metrics'"):
        fit_cases.plain(keras).compile("sgd", "mse", metric=["mae"])
    with pytest.raises(ArgumentError, match="callbacks"):
        model().fit(X, Y, callbacks=["EarlyStopping"], verbose=0)
    with pytest.raises(ArgumentError, match="validation_freq"):
        model().fit(X, Y, validation_data=(X, Y), validation_freq="often", verbose=0)


def test_wrong_keys_of_targets_and_weights():
    named = keras.Sequential([keras.Input((4,)), layers.Dense(1, name="size")])
    named.compile("sgd", "mse")
    named.fit(X, {"size": Y}, verbose=0)
    for y in ({"sise": Y}, {"size": Y, "kind": Y}):
        with pytest.raises(ArgumentError, match=r"^y\. Expected: keys among.*'size'"):
            named.fit(X, y, verbose=0)
    with pytest.raises(ArgumentError, match=r"^sample_weight\. Expected: keys among"):
        named.fit(X, Y, sample_weight={"sise": np.ones(13)}, verbose=0)

    class Nameless(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    nameless = Nameless()
    nameless.compile("sgd", "mse")
    with pytest.raises(DataError, match=r"no names. Received: a dict with the keys \['size'\]"):
        nameless.fit(X, {"size": Y}, verbose=0)


def test_a_call_that_returns_nothing():
    class Silent(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            self.dense(x)

    silent = Silent()
    silent.compile("sgd", "mse")
    for run in (silent.fit, silent.evaluate, silent.train_on_batch, silent.test_on_batch):
        with pytest.raises(ArgumentError, match="end with `return`"):
            run(X, Y)
    for run in (silent.predict, silent.predict_on_batch):
        with pytest.raises(ArgumentError, match="end with `return`"):
            run(X)
