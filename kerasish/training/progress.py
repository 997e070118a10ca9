"""`FitState`: where a training run stands, as something a checkpoint can hold."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.callbacks import CallbackList
from kerasish.data.source import DataSource
from kerasish.errors import FileFormatError


class FitState:
    """The position of a run and everything random about its data.

    Attributes:
        epoch: the epoch being run, counted from 0.
        step: batches of it that are done.
    """

    def __init__(
        self,
        run: Any,
        rng: np.random.Generator,
        epoch: int,
    ) -> None:
        self._run: Callable[[], Any] = weakref.ref(run)  # which holds this
        self.source: DataSource = run.source
        self.rng = rng
        self.epoch = epoch
        self.step = 0
        self.callbacks: CallbackList = run.callbacks
        self._at_epoch: dict[str, Any] = {}
        self.begin_epoch(epoch)

    @property
    def run(self) -> Any:
        """The run."""
        return self._run()

    def begin_epoch(self, epoch: int, step: int = 0) -> None:
        """Enter an epoch; what its order will be drawn from is kept until the next."""
        self.epoch = epoch
        self.step = step
        self._at_epoch = {
            "rng": self.rng.bit_generator.state,
            "source": dict(self.source.state_dict()),
        }

    def state_dict(self) -> dict[str, Any]:
        """The position as plain data: one inside an epoch has the state from its beginning."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "stopped": bool(self.run.stopped),
            "data": self._at_epoch,
            "callbacks": {
                f"{i}:{type(c).__name__}": c.state_dict() for i, c in enumerate(self.callbacks)
            },
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a position.

        Raises:
            FileFormatError: another generator, or callbacks that the state does not know.
        """
        rng = state["data"]["rng"]
        if rng["bit_generator"] != self.rng.bit_generator.state["bit_generator"]:
            raise FileFormatError(
                "The state of a training run",
                expected=f"the random generator {self.rng.bit_generator.state['bit_generator']}",
                received=rng["bit_generator"],
            )
        self.rng.bit_generator.state = rng
        self.source.load_state_dict(dict(state["data"]["source"]))
        self.run.stopped = bool(state["stopped"])
        self.begin_epoch(int(state["epoch"]), int(state["step"]))
        known = dict(state["callbacks"])
        for callback in self.callbacks:
            name = type(callback).__name__
            key = next((k for k in known if k.split(":", 1)[1] == name), None)
            if key is not None:
                callback.load_state_dict(known.pop(key))
