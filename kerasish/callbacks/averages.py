"""`SwapEMAWeights`: moving averages of weights in the place of the weights."""

from __future__ import annotations

from typing import Any

from kerasish.callbacks.callback import Callback, Logs
from kerasish.errors import ArgumentError


class SwapEMAWeights(Callback):
    """Uses the moving averages of the weights for evaluation and after training.

    The optimizer must keep them: `use_ema=True`.

    Args:
        swap_on_epoch: whether averages also stand in during the end of every epoch, so that
            checkpoints made there hold them.
    """

    swap_on_epoch: bool = False
    _swapped = False

    def _swap(self) -> None:
        for variable, average in _ema(self.model).averages():
            held = variable.numpy()
            variable.assign(average.numpy())
            average.assign(held)
        self._swapped = not self._swapped

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self._swapped:
            self._swap()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if not self.swap_on_epoch or self._swapped:
            return
        self._swap()
        last = epoch == self.params.get("epochs", 0) - 1 or self.model.stop_training
        if last:
            # The optimizer is about to make the averages the weights, which they already are.
            for variable, average in _ema(self.model).averages():
                average.assign(variable.numpy())

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._swapped:
            self._swap()

    def on_test_end(self, logs: Logs = None) -> None:
        if self._swapped:
            self._swap()

    on_predict_begin = on_test_begin
    on_predict_end = on_test_end


def _ema(model: Any) -> Any:
    """The optimizer of a model that keeps moving averages."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not optimizer.keeps_averages:
        raise ArgumentError(
            "SwapEMAWeights", expected="an optimizer with use_ema=True", received=repr(optimizer)
        )
    return optimizer
