"""Which hooks are called, on whom, and with what."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.callbacks.callback_list import overrides
from kerasish.errors import ArgumentError

X, Y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
HOOKS = [name for name in vars(keras.callbacks.Callback) if name.startswith("on_")]


def made() -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def run(model: keras.Model, callback) -> None:
    model.fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[callback])
    model.predict(X, verbose=0, callbacks=[callback])


class Answers:
    """No `Callback`, but answers whatever it is asked."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.told.append((name, args, kwargs))


class Intercepts(keras.callbacks.Callback):
    """A `Callback` whose hooks are found by `__getattribute__`."""

    def __init__(self):
        super().__init__()
        self.told = []

    def __getattribute__(self, name):
        if name.startswith("on_") and name != "on_tick":
            return lambda *args, **kwargs: self.told.append((name, args, kwargs))
        return super().__getattribute__(name)


@pytest.mark.parametrize("kind", [Answers, Intercepts])
def test_hooks_may_be_answered_dynamically(kind):
    callback = kind()
    run(made(), callback)
    called = {name for name, _, _ in callback.told}
    assert set(HOOKS) - {"on_batch_begin", "on_batch_end", "on_tick"} <= called


def test_logs_are_always_a_dict():
    callback = Answers()
    run(made(), callback)
    hooks = [(name, args) for name, args, _ in callback.told if name.startswith("on_")]
    assert hooks
    for name, args in hooks:
        assert isinstance(args[-1], dict), name


def test_all_callbacks_see_one_dict():
    class Writes(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = 1.5

    history = made().fit(X, Y, verbose=0, callbacks=[Writes()])
    assert history.history["mine"] == [1.5]


def test_what_answers_nothing_is_refused():
    for wrong in (object(), 3, keras.callbacks.Callback):
        with pytest.raises(ArgumentError, match="callbacks"):
            made().fit(X, Y, verbose=0, callbacks=[wrong])


def test_overrides_sees_classes_instances_and_old_names():
    class Old(keras.callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            pass

    plain, old = keras.callbacks.Callback(), Old()
    assert overrides(old, "on_train_batch_end")
    assert not overrides(old, "on_train_batch_begin")
    assert not any(overrides(plain, hook) for hook in HOOKS)
    plain.on_epoch_end = lambda epoch, logs=None: None
    assert overrides(plain, "on_epoch_end")


def test_what_callbacks_enter_into_an_epochs_logs_is_for_each_other():
    ends = []
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.25)
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(sorted(logs)),
        on_train_end=lambda logs: ends.append(sorted(logs)),
    )
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 2))
    history = model.fit(x, x[:, :1], verbose=0, callbacks=[schedule, watch]).history
    assert ends == [["learning_rate", "loss"], ["loss"]]
    assert history["learning_rate"] == [0.25]
