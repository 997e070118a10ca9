"""Models trained, evaluated and used on datasets; training that is cut off goes on bit for bit."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks, layers
from kerasish.data import Dataset
from kerasish.data.dataset_source import DatasetRows, DatasetSource, source_of
from kerasish.errors import DataError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
Y = RNG.normal(size=(40, 1)).astype("float32")
EPOCHS = 6


class Interrupted(Exception):
    """What stands for a power cut."""


class Cut(callbacks.Callback):
    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise Interrupted


def model():
    made = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(1)])
    made.compile("adam", "mse", metrics=["mae"])
    return made


def end(made):
    return [v.numpy() for v in [*made.variables, *made.optimizer.variables]]


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def pairs():
    return Dataset.from_tensor_slices((X, Y))


def test_fit_evaluate_and_predict_as_with_arrays():
    made, other = model(), model()
    other.set_weights(made.get_weights())
    made.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    other.fit(pairs().batch(8), epochs=2, verbose=0)
    assert_same(end(made), end(other))
    assert made.evaluate(X, Y, batch_size=8, verbose=0) == other.evaluate(
        pairs().batch(8), verbose=0
    )
    np.testing.assert_array_equal(
        made.predict(X, batch_size=8, verbose=0), other.predict(pairs().batch(8), verbose=0)
    )
    only_x = Dataset.from_tensor_slices(X).batch(8)
    np.testing.assert_array_equal(
        made.predict(X, batch_size=8, verbose=0), other.predict(only_x, verbose=0)
    )


def test_weights_and_class_weights():
    labels = np.arange(40) % 2
    made, other = model(), model()
    other.set_weights(made.get_weights())
    weights = {0: 1.0, 1: 3.0}
    made.fit(X, labels, batch_size=8, class_weight=weights, shuffle=False, verbose=0)
    data = Dataset.from_tensor_slices((X, labels)).batch(8)
    other.fit(data, class_weight=weights, verbose=0)
    assert_same(end(made), end(other))


def jitter(x, y):
    return x + keras.random.normal(x.shape, stddev=0.1), y


def given():
    return Dataset.from_generator(lambda: zip(X, Y, strict=True))


MAKES = {
    "map and shuffle": lambda: pairs().map(jitter, num_parallel_calls=2).shuffle(40).batch(6),
    "seeded": lambda: pairs().shuffle(7, seed=3).map(jitter).batch(6).prefetch(2),
    "after batches": lambda: pairs().batch(6).shuffle(3).map(jitter, num_parallel_calls=2),
    "kept": lambda: pairs().map(jitter).cache().shuffle(9).batch(6).map(jitter),
    "generator": lambda: Dataset.from_generator(lambda: zip(X, Y, strict=True)).shuffle(9).batch(6),
    "generator kept": lambda: (
        Dataset.from_generator(lambda: zip(X, Y, strict=True))
        .map(jitter)
        .cache()
        .shuffle(9)
        .batch(6)
    ),
    "filtered": lambda: pairs().shuffle(9).filter(lambda x, y: x[0] < 1).batch(5),
    "skips": lambda: pairs().map(broken, errors="skip").shuffle(40).batch(1),
}


def broken(x, y):
    if x[0] > 1:
        raise ValueError
    return jitter(x, y)


def fit(made, data, *extra, **options):
    return made.fit(
        data,
        epochs=EPOCHS,
        validation_data=pairs().shuffle(40).take(20).batch(7),
        callbacks=list(extra),
        verbose=0,
        **options,
    )


@pytest.mark.filterwarnings("ignore:The data ended after")
@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 5}], ids=["epochs", "steps"])
@pytest.mark.parametrize("name", MAKES)
def test_cut_off_in_an_epoch_and_resumed(tmp_path, name, options):
    make = MAKES[name]
    keras.random.set_random_seed(3)
    whole = model()
    expected = fit(whole, make(), **options)
    for seed, after in ((3, 10), (50, 5)):
        keras.random.set_random_seed(seed)
        saving = callbacks.Checkpoint(tmp_path, save_freq=2)
        with pytest.raises(Interrupted):
            fit(model(), make(), saving, Cut(after), **options)
    keras.random.set_random_seed(77)
    resumed = model()
    history = fit(resumed, make(), callbacks.Checkpoint(tmp_path, save_freq=2), **options)
    assert history.history == expected.history
    assert_same(end(resumed), end(whole))


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("cut", [(0, -1), (3, 35)])
@pytest.mark.parametrize("shuffles", [(), (40,), (7, 30)])
def test_arrays_in_memory_are_gathered_in_the_same_order(cut, shuffles, drop):
    data = pairs().skip(cut[0]).take(cut[1]).shard(2, 1)
    for size in shuffles:
        data = data.prefetch(2).shuffle(size)
    data = data.batch(8, drop).prefetch(1)
    fast, plain = source_of(data), DatasetSource(data)
    assert isinstance(fast, DatasetRows)
    assert fast.num_batches == plain.num_batches
    for rng in (None, 5):
        given = [None if rng is None else np.random.default_rng(rng) for _ in range(2)]
        data.passes = 2
        one = list(fast.batches(rng=given[0], start=1))
        data.passes = 2
        two = list(plain.batches(rng=given[1], start=1))
        assert len(one) == len(two) > 0
        for a, b in zip(one, two, strict=True):
            assert_same(a[:2], b[:2])
            assert a.x.dtype == b.x.dtype


def test_labels_that_are_left_out_are_not_looked_at():
    made = keras.Sequential([keras.Input((4,)), layers.Dense(2, "softmax")])
    made.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.array([0, 1] * 10 + [9] * 20)
    data = Dataset.from_tensor_slices((X, labels))
    made.fit(data.take(20).shuffle(20).batch(4), verbose=0)
    with pytest.raises(DataError, match="9"):
        made.fit(data.shuffle(20).batch(4), verbose=0)


def test_epochs_have_other_orders():
    seen = []
    data = pairs().map(lambda x, y: (x, y)).shuffle(40, seed=1).batch(40)
    made = model()
    watch = data.map(lambda x, y: (seen.append(x[:, 0].tolist()), (x, y))[1])
    made.fit(watch, epochs=3, verbose=0)
    orders = {tuple(order) for order in seen[1:]}  # the first was looked at for its shapes
    assert len(orders) >= 3
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(X[:, 0].tolist()))}


def test_evaluate_is_the_same_every_time():
    made = model()
    data = pairs().map(jitter).shuffle(40).take(13).batch(4)
    assert made.evaluate(data, verbose=0) == made.evaluate(data, verbose=0)


def test_adapt():
    layer, other = layers.Normalization(), layers.Normalization()
    layer.adapt(X)
    other.adapt(Dataset.from_tensor_slices((X, Y)).shuffle(10).batch(7))
    np.testing.assert_allclose(layer.mean, other.mean, atol=1e-6)
    lookup = layers.StringLookup()
    lookup.adapt(Dataset.from_tensor_slices(["a", "b", "a"]).batch(2))
    assert lookup.get_vocabulary() == ["[UNK]", "a", "b"]


def test_single_samples_are_refused():
    for data in (pairs(), pairs().map(lambda x, y: (x, y)), Dataset.from_tensor_slices(X)):
        with pytest.raises(DataError, match=r"\.batch\(32\)"):
            model().fit(data, verbose=0)
    model().fit(pairs().map(lambda x, y: (x[None], y[None])), verbose=0)  # batches of one


def test_what_does_not_go_with_a_dataset():
    with pytest.raises(DataError, match="Dataset"):
        model().fit(pairs().batch(4), Y, verbose=0)
    with pytest.raises(DataError, match="steps_per_epoch"):
        model().fit(pairs().repeat().batch(4), verbose=0)
    model().fit(pairs().repeat().batch(4), steps_per_epoch=3, epochs=2, verbose=0)
