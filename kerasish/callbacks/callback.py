"""`Callback`: what can be told of a run, and what a checkpoint keeps of it; `LambdaCallback`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any, ClassVar, Self

from kerasish.arguments.configured import Declared, check_keywords
from kerasish.errors import ArgumentError, KerasishError, told
from kerasish.registry import hint
from kerasish.signatures import ours
from kerasish.tracebacks import shorten

Logs = dict[str, Any] | None
# Words that others have for parts of a run.
_WORDS = {
    "start": "begin",
    "finish": "end",
    "finished": "end",
    "step": "batch",
    "fit": "train",
    "training": "train",
    "validation": "test",
    "evaluate": "test",
}
_ALIKE = 0.8  # from here on a name that is no hook is taken for a misspelt one


class Callback(Declared):
    """Base of callbacks: a subclass overrides the hooks it needs; the others cost nothing.

    Attributes:
        model: the model that runs.
        params: "epochs", "steps" and "verbose" of the run.
        tick_seconds: how often `on_tick` wants to be called during an epoch; None for never.
        runs_last: whether it comes after the callbacks that do not ask for it.
        idle: hooks of this package's own classes that have nothing to do as the object was made,
            so that no run need call them; what a subclass of a user's overrides is called.
        opens_network: whether it opens connections to other machines: a YAML file may name it
            only where the caller allows that.
    """

    _order = "*"
    tick_seconds: float | None = None
    runs_last: bool = False
    idle: frozenset[str] = frozenset()
    opens_network: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in () if ours(cls) else vars(cls):
            meant = _meant(name)
            if meant:
                what = f"{cls.__name__}.{name} is no hook, so no run calls it"
                warnings.warn(told(what, fix=meant), stacklevel=2)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        try:
            check_keywords(cls, kwargs)
        except KerasishError as error:
            shorten(error)
            raise
        return super().__new__(cls)

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Callable[[], Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_model": None}  # whoever runs it next says so

    @property
    def model(self) -> Any:
        """The model that runs."""
        return None if self._model is None else self._model()

    def set_params(self, params: dict[str, Any]) -> None:
        """Told before a run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Told before a run."""
        self._model = None if model is None else lambda: model

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: plain values, arrays, lists, and dicts with texts as keys."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` gave."""

    # --- a run --------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """After the last epoch, with its logs."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Before an evaluation or validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """After an evaluation or validation, with its logs."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """After a prediction."""

    # --- an epoch -----------------------------------------------------------------------------

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Before epoch number `epoch`, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """After an epoch, with its logs and those of its validation ("val_...")."""

    # --- a batch ------------------------------------------------------------------------------

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """`on_train_batch_begin` under its older name."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """`on_train_batch_end` under its older name."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a step of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a step of training, with the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a step of evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a step of evaluation, with the metrics so far."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a step of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a step of prediction; `logs["outputs"]` are its results."""

    def on_tick(self, step: int, logs: dict[str, Any]) -> None:
        """Every `tick_seconds` within an epoch, with the steps done and the metrics so far."""


def _meant(name: str) -> str:
    """A hint at the hook that a name looks like without being one; "" for all others."""
    if not name.startswith("on_") or hasattr(Callback, name):
        return ""
    words = "_".join(_WORDS.get(word, word) for word in name.split("_"))
    hooks = [hook for hook in vars(Callback) if hook.startswith("on_")]
    alike = [hook for hook in hooks if SequenceMatcher(None, words, hook).ratio() >= _ALIKE]
    return hint(words, alike)


class LambdaCallback(Callback):
    """A callback from functions, one per hook.

    Args:
        on_epoch_begin: called as `on_epoch_begin(epoch, logs)`.
        on_epoch_end: called as `on_epoch_end(epoch, logs)`.
        on_train_begin: called as `on_train_begin(logs)`.
        on_train_end: called as `on_train_end(logs)`.
        on_train_batch_begin: called as `on_train_batch_begin(batch, logs)`.
        on_train_batch_end: called as `on_train_batch_end(batch, logs)`.
        kwargs: any other hook of `Callback`; what is no `on_...` becomes an attribute.
    """

    hands_on = True

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any],
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for hook, function in given.items():
            if hook.startswith("on_") and not hasattr(Callback, hook):
                hooks = [name for name in dir(Callback) if name.startswith("on_")]
                raise ArgumentError(
                    "LambdaCallback",
                    expected="names of hooks such as on_epoch_end",
                    received=repr(hook),
                    fix=hint(hook, hooks),
                )
            if function is not None:
                setattr(self, hook, function)
