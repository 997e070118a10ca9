"""`Predictor`: predictions for one batch with as little around them as possible."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.config import settings
from kerasish.data.batch import Batch
from kerasish.data.checks import as_arrays
from kerasish.training.step import SIGNATURES, specs_of


class Predictor:
    """Looks up what a batch of this shape and dtype needs, and runs it.

    Args:
        model: whose `predict_step` is traced.
    """

    def __init__(self, model: Any) -> None:
        self._model: Callable[[], Any] = weakref.ref(model)  # which holds this
        self._ready: dict[Any, Any] = {}

    def __call__(self, x: Any) -> Any:
        if type(x) is np.ndarray:
            ready = self._ready.get((x.shape, x.dtype, settings.generation))
            if ready is not None:
                lock, buffer, run, output = ready
                with lock:
                    buffer[...] = x
                    run()
                    return output.copy()
        return self._general(x)

    def _general(self, x: Any) -> Any:
        batch = Batch(as_arrays(x, "x"))
        step = self._model().steps.get("predict", batch)
        result = step(batch.leaves)
        if type(x) is np.ndarray and isinstance(result, np.ndarray):
            bound = step.bind(specs_of(batch.leaves))
            if bound.fixed:
                key = (x.shape, x.dtype, settings.generation)
                if len(self._ready) == SIGNATURES:
                    self._ready.clear()
                self._ready[key] = (step.lock, bound.inputs[0], bound.run, bound.read())
        return result
