"""Cutting shapes into stretches."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.spec import cut


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=4), st.sampled_from([1, 4, 30, 1000]))
def test_stretches_cover_a_shape_exactly_once(shape: list[int], limit: int) -> None:
    count = np.zeros(shape, int)
    sizes = []
    for index in cut(tuple(shape), limit):
        part = count[..., *index]
        part += 1
        assert part.size <= limit
        assert part.flags.c_contiguous
        sizes.append(part.size)
    assert (count == 1).all()
    assert max(sizes) == sizes[0]
