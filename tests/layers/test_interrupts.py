"""An interrupt in the middle of a call leaves nothing of the call behind."""

from __future__ import annotations

import random
import signal

import numpy as np
import pytest

from kerasish import layers
from kerasish.graph.node import making
from kerasish.graph.variable import reading
from kerasish.layers.base.call import calls
from kerasish.naming import scopes


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
def test_flags_dtypes_and_names_end_with_an_interrupted_call() -> None:
    layer, x = layers.Dense(3, activation="relu", dtype="mixed_bfloat16"), np.ones((2, 4))
    layer(x)
    draws, left = random.Random(0), 0

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(4000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 2e-5 + 3e-4 * draws.random())
                while True:
                    layer(x, training=True)
            except KeyboardInterrupt:
                left += bool(calls.training or reading.dtype or making.scopes or scopes.open)
                calls.training, reading.dtype, making.scopes, scopes.open = (), None, (), ()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert left == 0
