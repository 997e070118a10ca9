import numpy as np
import pytest

import kerasish as keras
from kerasish import losses, metrics, ops
from kerasish.compiler import Function
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from tests.built_in import classes
from tests.golden import cases
from tests.golden_values import check_case
from tests.tolerances import assert_close


@pytest.mark.parametrize("label", cases.METRICS)
def test_results_equal_those_of_keras(label: str):
    check_case("metric", label)


def make(label: str) -> metrics.Metric:
    name, options, _ = cases.METRICS[label]
    return getattr(metrics, name)(**options)


@pytest.mark.parametrize("label", cases.METRICS)
def test_compiled_updates_equal_eager_ones(label: str):
    y_true, y_pred = cases.data(cases.METRICS[label][2])
    eager, traced = make(label), make(label)

    def update(y, p):
        traced.update_state(y, p)
        return ()

    compiled = Function(update)
    for rows in (slice(0, 6), slice(1, 4)):
        eager.update_state(y_true[rows], y_pred[rows])
        compiled(y_true[rows], y_pred[rows])
    assert_close(np.asarray(traced.result()), np.asarray(eager.result()))


@pytest.mark.parametrize("label", cases.METRICS)
def test_reset_forgets_everything(label: str):
    y_true, y_pred = cases.data(cases.METRICS[label][2])
    metric = make(label)
    metric.update_state(y_true, y_pred)
    first = np.asarray(metric.result())
    metric.reset_state()
    assert all(not v.numpy().any() for v in metric.variables)
    metric.update_state(y_true, y_pred)
    np.testing.assert_array_equal(np.asarray(metric.result()), first)


@pytest.mark.parametrize("label", cases.METRICS)
def test_config_builds_an_equal_metric(label: str):
    metric = make(label)
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    y_true, y_pred = cases.data(cases.METRICS[label][2])
    results = []
    for one in (metric, again):
        one.update_state(y_true, y_pred)
        results.append(np.asarray(one.result()))
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("cls", classes(metrics, "Metric"))
def test_classes_are_found_by_both_names(cls):
    snake = keras.serialization.snake_case(cls.__name__)
    needs = cls in (metrics.MeanMetricWrapper,) or "IoU" in cls.__name__ or "At" in cls.__name__
    for name in (cls.__name__, snake):
        if needs and cls is not metrics.BinaryIoU:
            with pytest.raises(ArgumentError, match=r"without arguments.*required positional"):
                metrics.get(name)
        else:
            assert isinstance(metrics.get(name), cls)


def test_short_names_and_errors():
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert metrics.get(None) is None
    with pytest.raises(ValueError, match="Did you mean"):
        metrics.get("acuracy")


# --- reductions -------------------------------------------------------------------------------


def test_mean_weighs_samples():
    metric = metrics.Mean()
    metric.update_state([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0])
    assert float(metric.result()) == 2.0
    metric.update_state(8.0, sample_weight=2.0)
    assert float(metric.result()) == 5.0
    assert float(metrics.Mean().result()) == 0.0


def test_sum():
    metric = metrics.Sum()
    metric.update_state([[1.0, 2.0], [3.0, 4.0]], sample_weight=[1.0, 0.5])
    assert float(metric.result()) == 6.5


def test_values_of_higher_rank_are_averaged_per_sample_first():
    values = np.arange(12, dtype="float32").reshape(2, 3, 2)
    weight = np.array([1.0, 3.0], "float32")
    metric = metrics.Mean()
    metric.update_state(values, sample_weight=weight)
    expected = (values.mean((1, 2)) * weight).sum() / weight.sum()
    assert_close(float(metric.result()), float(expected))


def test_masked_positions_do_not_count():
    p = keras.convert_to_tensor(np.array([[0.9, 0.9], [0.1, 0.9]], "float32"))
    p.mask = keras.convert_to_tensor(np.array([[True, True], [True, False]]))
    metric = metrics.BinaryAccuracy()
    metric.update_state(np.ones((2, 2), "float32"), p)
    assert_close(float(metric.result()), 2 / 3)


def test_calling_updates_and_reads():
    assert float(metrics.MeanAbsoluteError()([0.0, 0.0], [1.0, 3.0])) == 2.0


def test_a_function_as_a_metric():
    def worst(y_true, y_pred):
        return ops.max(ops.abs(y_true - y_pred), axis=-1)

    metric = metrics.MeanMetricWrapper(worst)
    metric.update_state(np.zeros((2, 2), "float32"), np.array([[1.0, -3.0], [2.0, 0.0]], "float32"))
    assert metric.name.startswith("mean_metric_wrapper")
    assert float(metric.result()) == 2.5
    huber = metrics.MeanMetricWrapper(losses.huber, name="h", delta=0.5)
    again = metrics.deserialize(metrics.serialize(huber))
    assert (again.name, again.fn, again.fn_kwargs) == ("h", losses.huber, {"delta": 0.5})


class Furthest(metrics.Metric):
    """A user's metric, written as one would for Keras."""

    def __init__(self, name="furthest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.largest = self.add_variable(shape=(), initializer="zeros", name="largest")

    def update_state(self, y_true, y_pred, sample_weight=None):
        error = ops.max(ops.abs(ops.cast(y_true, self.dtype) - y_pred))
        self.largest.assign(ops.maximum(self.largest, error))

    def result(self):
        return self.largest


def test_a_metric_of_ones_own():
    metric = Furthest()
    metric.update_state(np.array([0, 1]), np.array([0.5, 0.0], "float32"))
    metric.update_state(np.array([0]), np.array([0.25], "float32"))
    assert float(metric.result()) == 1.0
    assert [v.path for v in metric.variables] == ["furthest/largest"]
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_metrics_inside_metrics_count():
    class Pair(metrics.Metric):
        def __init__(self):
            super().__init__(name="pair")
            self.low, self.high = metrics.Mean("low"), metrics.Mean("high")

    assert [v.path for v in Pair().variables] == [
        "low/total",
        "low/count",
        "high/total",
        "high/count",
    ]


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make_wrong",
    [
        lambda: metrics.Precision(thresholds=[0.2, 1.5]),
        lambda: metrics.AUC(num_thresholds=1),
        lambda: metrics.AUC(curve="XY"),
        lambda: metrics.AUC(num_labels=3),
        lambda: metrics.F1Score(average="most"),
        lambda: metrics.FBetaScore(beta=-1.0),
        lambda: metrics.FBetaScore(beta=1),  # as Keras: a float
        lambda: metrics.F1Score(threshold=True),
        lambda: metrics.IoU(2, [3]),
        lambda: metrics.IoU(2, []),
        lambda: metrics.AUC(label_weights="much"),
        lambda: metrics.Mean(name=3),
        lambda: metrics.Accuracy(name=["a"]),
        lambda: metrics.Mean(dtype=0.5),
        lambda: metrics.MeanMetricWrapper([1, 2]),
        lambda: metrics.PrecisionAtRecall(1.5),
        lambda: metrics.R2Score(class_aggregation="all"),
    ],
)
def test_wrong_arguments_are_refused(make_wrong):
    with pytest.raises((ArgumentError, DTypeError), match=r"Expected: .* Received: "):
        make_wrong()


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred"),
    [
        (metrics.BinaryAccuracy(), (8, 3), (8, 1)),
        (metrics.CategoricalAccuracy(), (8,), (8, 3)),
        (metrics.SparseCategoricalAccuracy(), (8, 3), (8, 3)),
        (metrics.MeanSquaredError(), (8, 3), (8, 1)),
        (metrics.Precision(), (8, 3), (8, 1)),
        (metrics.F1Score(), (8,), (8,)),
        (metrics.R2Score(), (8,), (8,)),
        (metrics.AUC(multi_label=True), (8,), (8,)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(metric, y_true, y_pred):
    with pytest.raises(ShapeError, match="Expected"):
        metric.update_state(np.zeros(y_true, "float32"), np.zeros(y_pred, "float32"))


def test_top_k_counts_ties_as_keras_does():
    scores = np.array([[0.3, 0.3, 0.4], [0.1, 0.8, 0.1]], "float32")
    metric = metrics.SparseTopKCategoricalAccuracy(k=2)
    metric.update_state(np.array([1, 0]), scores)
    assert float(metric.result()) == 1.0
    ids = metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)
    ids.update_state(np.array([2, 5]), np.array([[2, 1, 0], [1, 2, 5]]))
    assert float(ids.result()) == 0.5


def test_auc_equals_the_share_of_ordered_pairs():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    p = np.clip(0.5 + 0.2 * (y - 0.5) + rng.normal(size=400) * 0.2, 0, 1)
    pairs = p[y == 1][:, None] - p[y == 0][None]
    expected = (pairs > 0).mean() + 0.5 * (pairs == 0).mean()
    metric = metrics.AUC(num_thresholds=2000)
    metric.update_state(y, p.astype("float32"))
    np.testing.assert_allclose(float(metric.result()), expected, atol=2e-3)


def test_automatic_names_count_over_the_program():
    keras.utils.clear_session()
    names = [metrics.Recall().name, metrics.Recall().name, metrics.Recall(name="r").name]
    assert names == ["recall", "recall_1", "r"]
    keras.utils.clear_session()
    assert metrics.Recall().name == "recall"


# --- integers do not wrap around --------------------------------------------------------------

INTEGERS = [label for label, case in cases.METRICS.items() if case[2] not in ("maps",)]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "bool"])
@pytest.mark.parametrize("label", INTEGERS)
def test_integers_give_what_equal_floats_give(label: str, dtype: str):
    targets, scores = cases.data(cases.METRICS[label][2])
    # Labels stay as they are: what is scaled are scores.
    whole = [np.abs(targets), np.rint(np.abs(scores) * (1 if dtype == "bool" else 3))]
    whole = [a.astype(dtype) for a in whole]
    results = []
    for arrays in (whole, [a.astype("float32") for a in whole]):
        metric = make(label)
        metric.update_state(*arrays)
        results.append(np.asarray(metric.result()))
    np.testing.assert_array_equal(*results)


def test_labels_of_few_bits_name_no_class_beyond_them():
    scores = np.eye(300, dtype="float32")[[257, 1]]
    labels = np.array([1, 1], "uint8")
    for name in ("sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"):
        hits = getattr(metrics, name)(labels, scores, **({"k": 1} if "top" in name else {}))
        np.testing.assert_array_equal(hits.numpy(), [0, 1])


def test_large_integers_are_told_apart():
    assert float(metrics.Accuracy()(np.array([2**24 + 1]), np.array([2**24]))) == 0.0


# --- counts do not stand still ----------------------------------------------------------------

COUNTING = {
    "mean": (metrics.Mean, lambda m: m.update_state(np.ones(1)), 1.0),
    "sum": (metrics.Sum, lambda m: m.update_state(np.ones(1)), 2.0**24 + 2),
    "true_positives": (metrics.TruePositives, lambda m: m.update_state([1], [0.9]), 2.0**24 + 2),
}


@pytest.mark.parametrize("name", COUNTING)
def test_counts_go_on_beyond_what_float32_counts(name: str):
    cls, update, expected = COUNTING[name]
    metric = cls()
    for variable in metric.variables:
        variable.assign(np.full(variable.shape, 2.0**24))
    update(metric)
    update(metric)
    assert all((v.numpy() == 2**24 + 2).all() for v in metric.variables)
    result = metric.result()
    assert (float(result), result.dtype) == (expected, "float32")


def test_one_value_for_all_samples_takes_their_weights():
    metric = metrics.MeanMetricWrapper(losses.dice)
    metric.update_state([1.0, 0.0], [0.5, 0.5], sample_weight=[1.0, 3.0])
    assert float(metric.result()) == float(losses.dice([1.0, 0.0], [0.5, 0.5]))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_means_of_few_bits_count_on(dtype: str):
    metric = metrics.Mean(dtype=dtype)
    for _ in range(3):
        metric.update_state(np.full(3000, 2.0))
    result = metric.result()
    assert (float(result), result.dtype) == (2.0, dtype)


@pytest.mark.parametrize("label", cases.METRICS)
def test_results_have_the_dtype_of_the_metric(label: str):
    name, options, kind = cases.METRICS[label]
    plain = getattr(metrics, name)(**options)
    plain.update_state(*cases.data(kind))
    assert plain.result().dtype == "float32"
    for dtype in ("float16", "int32"):
        other = getattr(metrics, name)(**options, dtype=dtype)
        other.update_state(*cases.data(kind))
        own = dtype == "float16" and not other.in_floatx and "IoU" not in name
        assert other.result().dtype == ("float16" if own else "float32")
        np.testing.assert_allclose(other.result().numpy(), plain.result().numpy(), rtol=5e-3)


def test_state_in_lists_and_dicts_belongs_to_the_metric():
    class Several(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.own = self.add_variable((), name="own")
            self.listed = [metrics.Mean(), metrics.Sum()]
            self.named = {"a": metrics.Sum(), "b": keras.Variable(1.0), "again": self.own}

    metric = Several()
    assert len(metric.variables) == 1 + 2 + 1 + 1 + 1
    metric.listed[0].update_state([3.0])
    metric.reset_state()
    assert float(metric.listed[0].result()) == 0.0


def test_a_policy_says_the_dtype_of_the_computation():
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    for dtype in ("mixed_float16", policy, "float16"):
        assert metrics.Mean(dtype=dtype).dtype == "float16"
        assert losses.MeanSquaredError(dtype=dtype).dtype == "float16"


def test_fractions_weigh_in_intersections():
    whole, half = metrics.MeanIoU(2), metrics.MeanIoU(2)
    y, p = [0, 0, 1, 1], [0, 1, 1, 1]
    whole.update_state(y, p, [1, 2, 1, 3])
    half.update_state(y, p, [0.5, 1.0, 0.5, 1.5])
    assert_close(float(half.result()), float(whole.result()))
    assert half.result().dtype == "float32"


def test_thresholds_are_told_and_kept():
    metric = metrics.Precision([0.2, 0.6])
    assert metric.thresholds == metric.get_config()["thresholds"] == [0.2, 0.6]
    assert (metrics.Recall().thresholds, metrics.Recall().get_config()["thresholds"]) == (
        [0.5],
        None,
    )


def test_a_counter_of_ones_own_does_not_stand_still():
    class Seen(keras.metrics.Metric):
        def __init__(self):
            super().__init__()
            self.seen = self.add_variable((), "zeros", name="seen")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen.assign_add(keras.ops.cast(keras.ops.size(y_true), self.seen.dtype))

        def result(self):
            return self.seen.value

    metric = Seen()
    metric.seen.assign(2**24)
    metric.update_state(np.ones(1), np.ones(1))
    assert int(metric.result()) == 2**24 + 1
