"""A run owns what is its own: runs inside callbacks leave the outer one as it was."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3)).astype("float32")
Y = rng.normal(size=(20, 1)).astype("float32")
HOOKS = ("train_begin", "epoch_begin", "train_batch_begin", "train_batch_end", "epoch_end")
VALIDATION_HOOKS = ("test_begin", "test_batch_begin", "test_batch_end", "test_end")
RATE = 0.1


def made(rate: float = RATE, **compiled) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse", metrics=["mae"], **compiled)
    return model


class At(keras.callbacks.Callback):
    """Does something in one hook."""

    def __init__(self, hook: str, action):
        super().__init__()
        self.count = 0
        setattr(self, f"on_{hook}", lambda *args, **kwargs: self.act(action))

    def act(self, action):
        self.count += 1
        action(self.model)


INNER = {
    "evaluate": lambda m: m.evaluate(X[:7], Y[:7] + 5, batch_size=3, verbose=0),
    "same shapes": lambda m: m.evaluate(X + 1, Y, batch_size=4, verbose=0),
    "predict": lambda m: m.predict(X + 3, batch_size=4, verbose=0),
    "one batch": lambda m: m.predict(X[:4] + 3, verbose=0),
    "call": lambda m: m(X + 3),
    "test_on_batch": lambda m: m.test_on_batch(X[:4] * 3, Y[:4]),
}


@pytest.mark.parametrize("hook", [*HOOKS, *VALIDATION_HOOKS])
@pytest.mark.parametrize(
    ("inner", "eager"), [*((inner, False) for inner in INNER), ("same shapes", True)]
)
def test_what_looks_changes_nothing(inner: str, hook: str, eager: bool):
    options = {
        "batch_size": 4,
        "epochs": 2,
        "verbose": 0,
        "validation_data": (X[:10], Y[:10]),
        "validation_batch_size": 4,
        "shuffle": False,
    }
    quiet, asked = made(run_eagerly=eager), made(run_eagerly=eager)
    looked = At(hook, INNER[inner])
    expected = quiet.fit(X, Y, callbacks=[At(hook, lambda m: None)], **options)
    found = asked.fit(X, Y, callbacks=[looked], **options)
    assert looked.count
    assert found.history == expected.history
    for a, b in zip(asked.get_weights(), quiet.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_fit_inside_a_fit_ends_itself_only(hook: str):
    model = made(rate=0.0)

    def inner(model):
        if not calls:
            calls.append(1)
            stop = At("epoch_end", lambda m: setattr(m, "stop_training", True))
            history = model.fit(X + 1, Y, batch_size=4, epochs=5, verbose=0, callbacks=[stop])
            assert history.epoch == [0]

    calls: list[int] = []
    history = model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[At(hook, inner)])
    assert calls
    assert history.epoch == [0, 1, 2]
    assert model.history is history
    assert len(set(history.history["loss"])) == 1 or np.ptp(history.history["loss"]) < 1e-6
    assert not model.stop_training


@pytest.mark.parametrize("hook", ["train_batch_begin", "train_batch_end"])
def test_a_training_batch_inside_leaves_the_batch_at_hand(hook: str):
    model = made(rate=0.0)
    expected = made(rate=0.0).fit(X, Y, batch_size=4, verbose=0, shuffle=False).history
    inner = At(hook, lambda m: m.train_on_batch(X[:4] * 9, Y[:4]))
    found = model.fit(X, Y, batch_size=4, verbose=0, shuffle=False, callbacks=[inner]).history
    assert found == expected


@pytest.mark.parametrize("inner", ["evaluate", "predict"])
def test_a_stop_is_not_cancelled(inner: str):
    model = made(rate=0.0)
    callbacks = [
        keras.callbacks.EarlyStopping("loss", patience=2),
        At("epoch_end", INNER[inner]),
    ]
    assert len(model.fit(X, Y, epochs=9, verbose=0, callbacks=callbacks).epoch) == 3
    assert model.stop_training


def test_a_stop_in_mid_epoch_does_not_cut_validation():
    model = made()
    batches = []
    callbacks = [
        At("train_batch_end", lambda m: setattr(m, "stop_training", True)),
        At("test_batch_end", lambda m: batches.append(1)),
    ]
    options = {"validation_data": (X, Y), "validation_batch_size": 4, "verbose": 0}
    history = model.fit(X, Y, batch_size=4, epochs=4, callbacks=callbacks, **options)
    assert history.epoch == [0]
    assert len(batches) == 5
    assert history.history["val_loss"][0] == pytest.approx(
        model.evaluate(X, Y, batch_size=4, verbose=0)[0]
    )


def test_each_kind_of_run_has_its_flag():
    model = made()
    batches = []
    for kind, run in (
        ("evaluating", lambda c: model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=c)),
        ("predicting", lambda c: model.predict(X, batch_size=4, verbose=0, callbacks=c)),
    ):
        hook = {"evaluating": "test_batch_end", "predicting": "predict_batch_end"}[kind]
        batches.clear()

        def stop(m, kind=kind):
            batches.append(1)
            setattr(m, f"stop_{kind}", True)

        run([At(hook, stop)])
        assert len(batches) == 1
        assert getattr(model, f"stop_{kind}")
    # Stopping training does not stop what is no training.
    batches.clear()

    def stop_training(m):
        batches.append(1)
        m.stop_training = True

    model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[At("test_batch_end", stop_training)])
    assert len(batches) == 5
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2  # a run begins with its own flag


def test_a_run_that_fails_is_over():
    model = made()

    def fail(model):
        raise RuntimeError("here")

    for run in (
        lambda c: model.fit(X, Y, verbose=0, callbacks=c),
        lambda c: model.evaluate(X, Y, verbose=0, callbacks=c),
        lambda c: model.predict(X, verbose=0, callbacks=c),
    ):
        hooks = ("train_begin", "test_begin", "predict_begin")
        with pytest.raises(RuntimeError, match="here"):
            run([At(hook, fail) for hook in hooks])
        assert not model.runs.active
        assert model.fit_state is None


def test_outputs_shown_to_callbacks_are_their_own():
    model = made()
    seen = []

    class Keep(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            seen.append(logs["outputs"])
            self.model.predict(X * 7, batch_size=8, verbose=0)

    whole = model.predict(X, batch_size=8, verbose=0, callbacks=[Keep()])
    np.testing.assert_array_equal(np.concatenate(seen), whole)
    np.testing.assert_array_equal(whole, model.predict(X, batch_size=8, verbose=0))


def test_hooks_are_called_once_per_execution():
    model = made(steps_per_execution=3)
    calls = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            calls.append(("begin", batch))

        def on_train_batch_end(self, batch, logs=None):
            calls.append(("end", batch))

        def on_predict_batch_end(self, batch, logs=None):
            calls.append((batch, len(logs["outputs"])))

    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[Look()])
    assert calls == [("begin", 0), ("end", 2), ("begin", 3), ("end", 5)]  # Keras's numbers
    calls.clear()
    model.predict(X, batch_size=4, verbose=0, callbacks=[Look()])
    assert calls == [(2, 12), (5, 8)]


def test_a_validation_that_was_stopped_begins_anew_in_the_next_epoch():
    model = made()
    stops = At("test_batch_end", lambda m: setattr(m, "stop_evaluating", True))
    data = {"validation_data": (X, Y), "validation_batch_size": 4}
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[stops], **data)
    assert stops.count == 3
    begins = At("test_batch_begin", lambda m: None)
    once = At("epoch_begin", lambda m: None)

    def stop_first(m):
        m.stop_evaluating = once.count == 1

    model.fit(
        X,
        Y,
        epochs=2,
        verbose=0,
        callbacks=[once, begins, At("test_batch_end", stop_first)],
        **data,
    )
    assert begins.count == 1 + 5
