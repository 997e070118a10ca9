import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import losses, ops
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from tests.built_in import classes, functions
from tests.golden import cases
from tests.golden_values import check_case
from tests.tolerances import assert_close


@pytest.mark.parametrize("label", cases.LOSSES)
def test_values_equal_those_of_keras(label: str):
    check_case("loss", label)


def make(label: str, **more: object) -> losses.Loss:
    name, options, _ = cases.LOSSES[label]
    return getattr(losses, name)(**{**options, **more})


@pytest.mark.parametrize("label", cases.LOSSES)
def test_config_builds_an_equal_loss(label: str):
    loss = make(label)
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    for name, value in cases.LOSSES[label][1].items():
        assert loss.get_config()[name] == value


@pytest.mark.parametrize("label", [n for n, case in cases.LOSSES.items() if case[0] != "CTC"])
def test_gradients_are_finite_and_follow_the_loss(label: str):
    """A small step against the gradient lowers the loss by its squared norm."""
    loss = make(label, reduction="sum", dtype="float64")
    y_true, y_pred = cases.data(cases.LOSSES[label][2])
    x = keras.convert_to_tensor(y_pred.astype("float64"))
    with keras.GradientTape() as tape:
        tape.watch(x)
        value = loss(y_true, x)
    g = tape.gradient(value, x).numpy()
    assert np.isfinite(g).all()
    norm = float((g * g).sum())
    step = 1e-6 / max(norm, 1.0) ** 0.5
    after = float(loss(y_true, y_pred.astype("float64") - step * g))
    np.testing.assert_allclose(float(value) - after, step * norm, rtol=1e-2, atol=1e-12)


@pytest.mark.parametrize("cls", classes(losses, "Loss", "LossFunctionWrapper"))
def test_functions_and_classes_are_found_by_name(cls):
    assert isinstance(losses.get(cls.__name__), cls)


@pytest.mark.parametrize("function", functions(losses))
def test_functions_are_found_by_name(function):
    assert losses.get(function.__name__) is function


def test_short_names():
    for name, function in {"mse": "mean_squared_error", "BCE": "binary_crossentropy"}.items():
        assert losses.get(name) is getattr(losses, function)
    assert losses.get(None) is None
    with pytest.raises(ValueError, match="mean_squared_error"):
        losses.get("mean_square_error")


# --- what Keras broadcasts in silence ---------------------------------------------------------

SAME_SHAPE = [
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "log_cosh",
    "poisson",
    "binary_crossentropy",
    "hinge",
    "kl_divergence",
    "dice",
]


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_targets_that_would_broadcast_are_refused(name: str):
    y_true, y_pred = np.full((8, 3), 0.5, "float32"), np.full((8, 1), 0.5, "float32")
    with pytest.raises(ShapeError, match=r"\(8, 1\).*Received: y_true of shape \(8, 3\)"):
        losses.get(name)(y_true, y_pred)


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_a_vector_meets_a_column(name: str):
    y = np.linspace(0.1, 0.9, 4).astype("float32")
    function = losses.get(name)
    column = function(y[:, None], y[::-1, None].copy())
    for a, b in ((y, y[::-1, None].copy()), (y[:, None], y[::-1].copy())):
        assert_close(function(a, b).numpy(), column.numpy())


def test_integer_labels_for_one_hot_losses_are_refused_and_the_other_way_round():
    scores = np.full((4, 3), 1 / 3, "float32")
    with pytest.raises(ShapeError, match="sparse_categorical_crossentropy"):
        losses.categorical_crossentropy(np.zeros(4, "int32"), scores)
    with pytest.raises(ShapeError, match="One-hot targets need categorical_crossentropy"):
        losses.sparse_categorical_crossentropy(np.eye(3, dtype="float32")[[0, 1, 2, 0]], scores)


def test_one_class_is_warned_about():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.categorical_crossentropy(np.ones((2, 1), "float32"), np.ones((2, 1), "float32"))


# --- weights, masks, reductions ---------------------------------------------------------------


def test_sample_weights_of_all_forms():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(2, 4, 3, 2)).astype("float32")
    errors = ((y - p) ** 2).mean(-1)
    loss = losses.MeanSquaredError()
    for shape in ((4,), (4, 1), (4, 3), ()):
        w = rng.uniform(size=shape).astype("float32")
        full = w.reshape(w.shape + (1,) * (2 - w.ndim)) if w.ndim < 2 else w
        assert_close(float(loss(y, p, sample_weight=w)), float((errors * full).mean()))
    with pytest.raises(ShapeError, match=r"sample_weight.*Received: shape \(5,\)"):
        loss(y, p, sample_weight=np.ones(5, "float32"))


def test_weights_per_sample_meet_square_losses_by_rows():
    y, p = np.zeros((3, 3, 2), "float32"), np.ones((3, 3, 2), "float32")
    w = np.array([1.0, 0.0, 0.0], "float32")
    found = losses.MeanSquaredError(reduction=None)(y, p, sample_weight=w).numpy()
    np.testing.assert_array_equal(found, [[1, 1, 1], [0, 0, 0], [0, 0, 0]])


def test_masked_positions_do_not_count():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(2, 2, 5, 3)).astype("float32")
    mask = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], bool)
    prediction = keras.convert_to_tensor(p)
    prediction.mask = keras.convert_to_tensor(mask)
    errors = ((y - p) ** 2).mean(-1)
    assert_close(float(losses.MeanSquaredError()(y, prediction)), float(errors[mask].mean()))
    summed = losses.MeanSquaredError(reduction="sum")(y, prediction)
    assert_close(float(summed), float(errors[mask].sum()))
    weight = np.array([2.0, 0.5], "float32")
    weighted = (errors * weight[:, None])[mask].sum() / mask.sum()
    assert_close(float(losses.MeanSquaredError()(y, prediction, weight)), float(weighted))


def test_reductions():
    y, p = np.zeros((4, 2), "float32"), np.arange(8, dtype="float32").reshape(4, 2)
    each = (p**2).mean(-1)
    for reduction, expected in {
        "sum_over_batch_size": each.mean(),
        "mean": each.mean(),
        "sum": each.sum(),
        "none": each,
    }.items():
        assert_close(losses.MeanSquaredError(reduction=reduction)(y, p).numpy(), expected)
    with pytest.raises(ArgumentError, match="'average'"):
        losses.MeanSquaredError(reduction="average")


def test_label_dtypes_give_one_loss():
    labels, scores = np.array([0, 2, 1]), np.random.default_rng(0).normal(size=(3, 4))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = float(loss(labels.astype("int32"), scores))
    for dtype in ("int64", "uint8", "float32", "int16"):
        assert float(loss(labels.astype(dtype), scores)) == expected
    assert_close(float(loss(labels[:, None], scores)), expected)


def test_targets_keep_their_dtype_only_where_they_are_labels():
    seen = []

    def recording(y_true, y_pred):
        seen.append(y_true.dtype)
        return ops.sum(y_pred, axis=-1)

    losses.LossFunctionWrapper(recording)(np.array([1]), np.zeros((1, 2), "float32"))
    assert seen == ["float32"]
    assert losses.SparseCategoricalCrossentropy().keeps_targets
    assert not losses.MeanSquaredError().keeps_targets


def test_a_loss_of_ones_own():
    class Quartic(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean((y_true - y_pred) ** 4, axis=-1)

    loss = Quartic(name="quartic")
    assert float(loss(np.zeros((2, 2), "float32"), np.full((2, 2), 2.0, "float32"))) == 16.0
    assert loss.get_config() == {"name": "quartic", "reduction": "sum_over_batch_size"}
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()([1.0], [1.0])


def test_wrapped_functions_keep_their_arguments():
    loss = losses.LossFunctionWrapper(losses.huber, delta=0.5)
    again = losses.deserialize(losses.serialize(loss))
    y, p = cases.data("real")
    assert float(again(y, p)) == float(loss(y, p)) == float(losses.Huber(0.5)(y, p))


def test_ignored_labels_may_lie_outside_the_classes():
    labels = np.array([0, -1, 1], "int32")
    scores = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")
    ignoring = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    plain = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert_close(float(ignoring(labels, scores)), float(plain(labels[[0, 2]], scores[[0, 2]])))


def test_nothing_warns_without_reason():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses.CategoricalCrossentropy()(*cases.data("probabilities"))


# --- dtypes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "bool"])
@pytest.mark.parametrize("function", functions(losses))
def test_integers_give_what_equal_floats_give(function, dtype: str):
    rng = np.random.default_rng(1)
    most = 2 if dtype == "bool" else 100
    y_true, y_pred = (rng.integers(0, most, (3, 4)).astype(dtype) for _ in range(2))
    labels = (losses.sparse_categorical_crossentropy, losses.categorical_generalized_cross_entropy)
    options = {"q": 0.5} if function is labels[1] else {}
    if function in labels:
        y_true = y_true[:, 0] % np.array(most, dtype) if dtype == "bool" else y_true[:, 0] % 4
    elif function is losses.circle:
        y_true = y_true[:, 0]
    elif function is losses.ctc:
        y_true, y_pred = y_true[:, :2].astype("int32") % 4, np.stack([y_pred] * 4, 1)
    expected = function(y_true.astype("float32"), y_pred.astype("float32"), **options)
    got = function(y_true, y_pred, **options)
    assert got.dtype == "float32"
    np.testing.assert_array_equal(got.numpy(), expected.numpy())


def test_floating_targets_are_not_cut_to_the_integers_of_the_predictions():
    assert_close(float(losses.mean_absolute_error([0.5, 1.5], np.array([0, 1]))), 0.5)


def test_complex_numbers_are_refused():
    with pytest.raises(DTypeError, match=r"y_true. Expected: real"):
        losses.mean_squared_error(np.array([1j]), np.array([1.0]))
    with pytest.raises(DTypeError, match=r"y_pred. Expected: real"):
        losses.MeanSquaredError()(np.array([1.0]), np.array([1j]))


def test_the_dtype_is_fixed():
    loss = losses.MeanSquaredError(dtype="float16")
    assert (loss.dtype, loss([1.0], [2.0]).dtype) == ("float16", "float16")
    with pytest.raises(AttributeError):
        loss.dtype = "float32"


# --- axes, weights and masks ------------------------------------------------------------------


@pytest.mark.parametrize("axis", [1, -2])
def test_label_smoothing_counts_the_classes_of_the_axis(axis: int):
    hot = np.moveaxis(np.eye(3)[np.zeros((2, 5), int)], -1, 1)
    p = np.full((2, 3, 5), 1 / 3)
    for function in (losses.categorical_crossentropy, losses.categorical_focal_crossentropy):
        plain = function(hot, p, axis=axis).numpy()
        smooth = function(hot, p, label_smoothing=0.3, axis=axis).numpy()
        np.testing.assert_allclose(smooth, plain, rtol=1e-5)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("name", ["Dice", "Tversky", "MeanSquaredError"])
def test_one_loss_for_all_samples_takes_their_weights(name: str, reduction: str):
    y, p = np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.8, 0.4])
    w = np.array([1.0, 3.0, 5.0])
    loss = getattr(losses, name)(reduction=reduction)
    factor = {"sum": w.sum(), "sum_over_batch_size": w.mean()}.get(reduction, 1.0)
    assert_close(float(loss(y, p, w)), float(loss(y, p)) * factor)


@pytest.mark.parametrize("left", [False, True])
def test_a_mask_says_which_steps_ctc_reads(left: bool):
    labels = np.array([[1, 2, 0], [2, 2, 1]])
    scores = np.random.default_rng(2).normal(size=(2, 9, 4)).astype("float32")
    lengths = (5, 7)
    alone = [
        float(losses.CTC()(labels[i : i + 1], scores[i : i + 1, :length]))
        for i, length in enumerate(lengths)
    ]
    mask = np.arange(9) < np.array(lengths)[:, None]
    if left:
        scores = np.stack([np.roll(row, 9 - n, 0) for row, n in zip(scores, lengths, strict=True)])
        mask = mask[:, ::-1]
    padded = ops.convert_to_tensor(scores)
    padded.mask = ops.convert_to_tensor(mask)
    for dtype in ("float32", "float64"):
        got = losses.CTC(reduction="none", dtype=dtype)(labels, padded)
        assert_close(got.numpy(), np.array(alone, dtype))


def test_a_function_of_ones_own_gets_targets_of_the_rank_of_predictions():
    """Else (n,) beside (n, 1) is an n x n table: a loss of every target and every prediction."""
    seen = []

    def squares(y_true, y_pred):
        seen.append((y_true.shape, y_pred.shape))
        return ops.mean(ops.square(y_true - y_pred))

    y, p = np.arange(4.0), np.arange(4.0)[:, None]
    assert float(losses.LossFunctionWrapper(squares)(y, p)) == 0.0
    model = keras.Sequential([keras.Input((1,)), keras.layers.Activation("linear")])
    model.compile("sgd", squares)
    assert model.evaluate(p, y, verbose=0) == 0.0
    assert seen == [((4, 1), (4, 1))] * 2
    steps = np.zeros((2, 3)), np.zeros((2, 3, 1))
    losses.LossFunctionWrapper(squares)(*steps)
    assert seen[-1] == ((2, 3), (2, 3))
