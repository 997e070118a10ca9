"""`train_function` and its like: what runs a batch, and how one's own takes its place."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.changes import tick
from kerasish.data.batch import unpack_x_y_sample_weight
from kerasish.data.streams import standardize_batch


class StepFunction:
    """The compiled step of a mode, as a function of an iterator of batches.

    Args:
        model: whose step it is.
        mode: "train", "test" or "predict".
    """

    def __init__(self, model: Any, mode: str) -> None:
        self._model: Callable[[], Any] = weakref.ref(model)  # which holds this
        self.mode = mode

    def __call__(self, iterator: Iterator[Any]) -> Any:
        """Run the next batch: its logs, metrics going on; for "predict", its predictions."""
        plans, data = self._model().plans, next(iterator)
        if self.mode == "predict":
            return plans.predict(unpack_x_y_sample_weight(data)[0], own=False)
        return plans.run(self.mode, standardize_batch(data), alone=False)


def _function(mode: str) -> Any:
    def held(self: Any) -> Any:
        return (self._functions or {}).get(mode)

    def put(self: Any, function: Any) -> None:
        if function is not held(self):
            object.__setattr__(self, "_functions", {**(self._functions or {}), mode: function})
            tick()

    text = f"What runs a batch in {mode!r}: takes an iterator of batches; None until it is made."
    return property(held, put, doc=text)


class StepFunctions:
    """The part of `Trainer` that holds the functions of its modes.

    `fit`, `evaluate`, `predict` and their one-batch forms ask `make_train_function()` and its
    like before they run, as Keras does, and call what it leaves in `train_function`. Where that
    is the package's own, they run its plan without the way through the function.

        class Counted(keras.Model):
            def make_train_function(self, force=False):
                step = super().make_train_function(force)

                def counted(iterator):
                    self.batches += 1
                    return step(iterator)

                self.train_function = counted
                return counted
    """

    _functions: dict[str, Any] | None = None
    train_function = _function("train")
    test_function = _function("test")
    predict_function = _function("predict")

    def reset_functions(self) -> None:
        """Forget the functions; `Compiling` forgets the compiled steps."""
        object.__setattr__(self, "_functions", None)

    def make_train_function(self, force: bool = False) -> Any:
        """Make `train_function` unless it is there; `force` makes it, and traces, anew."""
        return self._made("train", force)

    def make_test_function(self, force: bool = False) -> Any:
        """Make `test_function` unless it is there; `force` makes it, and traces, anew."""
        return self._made("test", force)

    def make_predict_function(self, force: bool = False) -> Any:
        """Make `predict_function` unless it is there; `force` makes it, and traces, anew."""
        return self._made("predict", force)

    def _made(self, mode: str, force: bool) -> Any:
        if force:
            self.reset_functions()
        held = self._functions or {}
        if held.get(mode) is None:
            held = {**held, mode: StepFunction(self, mode)}
            object.__setattr__(self, "_functions", held)
        return held[mode]

    def own_function(self, mode: str) -> Any:
        """What a subclass or a user put in the place of a mode's function; None if nobody did."""
        getattr(self, f"make_{mode}_function")()
        held = (self._functions or {}).get(mode)
        return None if isinstance(held, StepFunction) else held
