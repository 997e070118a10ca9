from __future__ import annotations

import numpy as np
import pytest

from kerasish.data import Batch, pack_x_y_sample_weight, unpack_x_y_sample_weight
from kerasish.errors import DataError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("x", ("x", None, None)),
        (("x",), ("x", None, None)),
        (("x", "y"), ("x", "y", None)),
        (["x", "y"], ("x", "y", None)),
        (("x", "y", "w"), ("x", "y", "w")),
        ({"a": "x"}, ({"a": "x"}, None, None)),
    ],
)
def test_unpack(data, expected):
    assert unpack_x_y_sample_weight(data) == expected


def test_unpack_refuses_four():
    with pytest.raises(DataError, match="a tuple of 4"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


@pytest.mark.parametrize(
    "parts", [("x",), ("x", "y"), ("x", "y", "w"), (("a", "b"),), ("x", None, "w")]
)
def test_pack_is_the_inverse_of_unpack(parts):
    whole = (*parts, None, None)[:3]
    assert unpack_x_y_sample_weight(pack_x_y_sample_weight(*parts)) == whole


def test_an_owned_batch_shares_no_memory():
    batch = Batch({"a": np.zeros(3, "uint8")}, None, np.ones(3))
    owned = batch.owned()
    for leaf, own in zip(batch.leaves, owned.leaves, strict=True):
        assert own.dtype == leaf.dtype
        assert not np.shares_memory(leaf, own)
        np.testing.assert_array_equal(leaf, own)
    assert owned.y is None


def test_leaves_come_in_the_order_of_the_tree_without_absent_parts():
    a, b, w = np.zeros(3), np.ones(3), np.full(3, 2)
    batch = Batch({"b": b, "a": a}, None, w)
    assert [leaf is want for leaf, want in zip(batch.leaves, [a, b, w], strict=True)] == [True] * 3
    assert batch.rows == 3
