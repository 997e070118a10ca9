"""`CallbackList`: the callbacks of a run, and which of their hooks anyone overrides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kerasish.callbacks.callback import Callback
from kerasish.callbacks.history import History
from kerasish.callbacks.progress import ProgbarLogger
from kerasish.errors import ArgumentError

_OLD_NAMES = {
    "on_train_batch_begin": "on_batch_begin",
    "on_train_batch_end": "on_batch_end",
}


def overrides(callback: Callback, hook: str) -> bool:
    """Whether a callback defines `hook`, in its class or on itself."""
    names = [hook] + ([_OLD_NAMES[hook]] if hook in _OLD_NAMES else [])
    return any(
        name in vars(callback) or getattr(type(callback), name, None) is not getattr(Callback, name)
        for name in names
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


class CallbackList:
    """Callbacks called one after the other.

    Args:
        callbacks: a callback or a list of them.
        add_history: whether to add a `History` unless there is one.
        add_progbar: whether to add a `ProgbarLogger` unless there is one.
        model: the model that runs.
        params: "epochs", "steps", "verbose" of the run.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        listed = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        given = [c for c in _flat(listed) if c is not None]
        for callback in given:
            if not isinstance(callback, Callback):
                raise ArgumentError(
                    f"callbacks. Expected: instances of Callback. Received: {callback!r}."
                )
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
        for method in _methods(self.callbacks, hook):
            method(*args)

    def on_train_begin(self, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_train_end", logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_test_end", logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_predict_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_epoch_begin", epoch, {} if logs is None else logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_epoch_end", epoch, {} if logs is None else logs)

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self.on_train_batch_end(batch, logs)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """See `Callback`."""
        self._call("on_predict_batch_end", batch, logs)


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
