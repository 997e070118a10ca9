from __future__ import annotations

import kerasish as keras
from kerasish.utils import get_source_inputs


def test_source_inputs():
    a, b, c = (keras.Input((2,), name=name) for name in "abc")
    shared = keras.layers.Dense(2)
    joined = keras.layers.Concatenate()([shared(b), shared(a) + b])
    assert get_source_inputs(joined) == [b, a]
    assert get_source_inputs(c) == [c]
    assert get_source_inputs(3) == 3
