"""`CallbackList`: the callbacks of a run, and which of their hooks anyone overrides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kerasish.callbacks.callback import Callback
from kerasish.callbacks.history import History
from kerasish.callbacks.progress import ProgbarLogger
from kerasish.errors import ArgumentError
from kerasish.hints import called, label
from kerasish.refusals import refusing
from kerasish.signatures import ours, signature

_OLD_NAMES = {
    "on_train_batch_begin": "on_batch_begin",
    "on_train_batch_end": "on_batch_end",
}


def overrides(callback: Callback, hook: str) -> bool:
    """Whether a callback answers `hook` itself: by its class, on itself, or dynamically."""
    for name in (hook, _OLD_NAMES.get(hook, hook)):
        found = getattr(callback, name, None)
        found = getattr(found, "__func__", found)
        if found is not getattr(Callback, name) and not (name in callback.idle and ours(found)):
            return True
    return False


class Answering(Callback):
    """An object that answers hooks without being a `Callback`, as one.

    Args:
        answers: has `set_model`, `set_params` and any hooks, maybe through `__getattr__`.
    """

    def __init__(self, answers: Any) -> None:
        super().__init__()
        self.answers = answers
        for name in vars(Callback):
            if name.startswith("on_") and name != "on_tick":
                found = getattr(answers, name, None)
                if callable(found):
                    setattr(self, name, found)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.answers.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.answers.set_model(model)


def _as_callback(given: Any) -> Callback:
    if isinstance(given, Callback):
        return given
    told = not isinstance(given, type) and callable(getattr(given, "set_model", None))
    if told and callable(getattr(given, "set_params", None)):
        return Answering(given)
    raise ArgumentError(
        "callbacks",
        expected="instances of Callback, or objects with set_model, set_params and hooks",
        received=repr(given),
    )


class BatchHooks:
    """The batch hooks of one mode that somebody overrides, and who wants to see progress."""

    def __init__(self, callbacks: list[Callback], mode: str) -> None:
        self.on_begin = _methods(callbacks, f"on_{mode}_batch_begin")
        self.on_end = _methods(callbacks, f"on_{mode}_batch_end")
        self._tickers = [c for c in callbacks if c.tick_seconds is not None]
        self.tick_seconds = min((c.tick_seconds or 0.0 for c in self._tickers), default=0.0)

    def tick(self, step: int, logs: Callable[[], dict[str, Any]]) -> None:
        """Show progress to those who asked."""
        found = logs()
        for callback in self._tickers:
            callback.on_tick(step, found)

    def refuse_misfits(self) -> None:
        """Raise where a hook does not take what it is called with.

        Raises:
            ArgumentError: one does not.
        """
        for hook in (*self.on_begin, *self.on_end):
            try:
                signature(hook).bind(0, {})
            except TypeError as error:
                form = f"{hook.__name__}(batch, logs)"
                raise ArgumentError(label(hook), expected=form, received=error) from None


def _of_run(hook: str) -> Callable[..., None]:
    def call(self: CallbackList, logs: Any = None) -> None:
        """See `Callback`."""
        self._call(hook, logs)

    return call


def _of_epoch(hook: str) -> Callable[..., None]:
    def call(self: CallbackList, epoch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call(hook, epoch, logs)

    return call


def _of_batch(hook: str) -> Callable[..., None]:
    def call(self: CallbackList, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call(hook, batch, logs)

    return call


class CallbackList:
    """Callbacks called one after the other.

    Args:
        callbacks: a callback or a list of them.
        add_history: whether to add a `History` unless there is one.
        add_progbar: whether to add a `ProgbarLogger` unless there is one.
        model: the model that runs.
        params: "epochs", "steps", "verbose" of the run.
    """

    @refusing
    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        listed = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        given = [_as_callback(c) for c in _flat(listed) if c is not None]
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in given):
            given.append(ProgbarLogger())
        if add_history and not any(isinstance(c, History) for c in given):
            given.append(History())
        # A stable sort: checkpoints see what all the others have made of an epoch.
        self.callbacks: list[Callback] = sorted(given, key=lambda c: c.runs_last)
        self.params: dict[str, Any] = {}
        self.model: Any = None
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def __repr__(self) -> str:
        return f"CallbackList({self.callbacks})"

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def append(self, callback: Callback) -> None:
        """Add a callback."""
        self.callbacks.append(callback)
        callback.set_params(self.params)
        callback.set_model(self.model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Tell all callbacks about the run."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tell all callbacks which model runs."""
        self.model = model
        for callback in self.callbacks:
            if isinstance(callback, History):
                model.history = callback
            callback.set_model(model)

    def hooks(self, mode: str) -> BatchHooks:
        """The batch hooks for "train", "test" or "predict"."""
        return BatchHooks(self.callbacks, mode)

    def _call(self, hook: str, *args: Any) -> None:
        """Call a hook of all; the last argument, the logs, is one dict that all of them see."""
        *first, logs = args
        logs = {} if logs is None else logs
        for method in _methods(self.callbacks, hook):
            called("", f"{hook}({'number, ' if first else ''}logs)", method, *first, logs)

    on_train_begin = _of_run("on_train_begin")
    on_train_end = _of_run("on_train_end")
    on_test_begin = _of_run("on_test_begin")
    on_test_end = _of_run("on_test_end")
    on_predict_begin = _of_run("on_predict_begin")
    on_predict_end = _of_run("on_predict_end")
    on_epoch_begin = _of_epoch("on_epoch_begin")
    on_epoch_end = _of_epoch("on_epoch_end")
    on_batch_begin = _of_batch("on_train_batch_begin")
    on_batch_end = _of_batch("on_train_batch_end")
    on_train_batch_begin = _of_batch("on_train_batch_begin")
    on_train_batch_end = _of_batch("on_train_batch_end")
    on_test_batch_begin = _of_batch("on_test_batch_begin")
    on_test_batch_end = _of_batch("on_test_batch_end")
    on_predict_batch_begin = _of_batch("on_predict_batch_begin")
    on_predict_batch_end = _of_batch("on_predict_batch_end")


def _methods(callbacks: list[Callback], hook: str) -> list[Callable[..., None]]:
    return [getattr(c, hook) for c in callbacks if overrides(c, hook)]


def _flat(callbacks: Any) -> Iterator[Any]:
    for callback in callbacks:
        if isinstance(callback, (list, tuple)):
            yield from _flat(callback)
        elif isinstance(callback, CallbackList):
            yield from callback.callbacks
        else:
            yield callback
