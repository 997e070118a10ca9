"""Arguments of ops that make no sense: typed errors that name them, never another result."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kerasish import ops, random
from kerasish.errors import ArgumentError, KerasishError, ShapeError

X = np.arange(12, dtype="float32").reshape(3, 4)
V = np.arange(5, dtype="float32")
IDS = np.array([0, 1, 2])
NANS = np.full((3, 3), np.nan)

WRONG: dict[str, tuple[str, Callable[[], Any]]] = {
    "top_k below 0": ("top_k, k", lambda: ops.top_k(X, -1)),
    "top_k fraction": ("top_k, k", lambda: ops.top_k(X, 2.5)),  # type: ignore[arg-type]
    "top_k too large": ("top_k", lambda: ops.top_k(X, 5)),
    "in_top_k": ("in_top_k, k", lambda: ops.in_top_k(IDS, X, -1)),
    "one_hot": ("one_hot, num_classes", lambda: ops.one_hot(IDS, -1)),
    "one_hot axis": ("axis", lambda: ops.one_hot(IDS, 3, axis=7)),
    "multi_hot": ("num_classes", lambda: ops.multi_hot(IDS, -2)),
    "repeat": ("repeat, repeats", lambda: ops.repeat(X, -1)),
    "repeat list": ("repeat, repeats", lambda: ops.repeat(X, [1, -1, 2], axis=0)),
    "repeat fraction": ("repeat, repeats", lambda: ops.repeat(X, 1.5)),
    "repeat text": ("repeat, repeats", lambda: ops.repeat(X, "a")),
    "tile": ("tile, repeats", lambda: ops.tile(X, (2, -1))),
    "tile fraction": ("tile, repeats", lambda: ops.tile(X, 1.5)),
    "split": ("split, the number of parts", lambda: ops.split(X, -1)),
    "split none": ("split, the number of parts", lambda: ops.split(X, 0)),
    "split text": ("split, the number of parts", lambda: ops.split(X, "a")),
    "array_split": ("array_split, the number of parts", lambda: ops.array_split(X, 0)),
    "unstack": ("unstack, num", lambda: ops.unstack(X, num=-1)),
    "linspace": ("linspace, num", lambda: ops.linspace(0, 1, -3)),
    "logspace": ("num", lambda: ops.logspace(0, 1, -3)),
    "geomspace": ("num", lambda: ops.geomspace(1, 2, -3)),
    "arange step": ("step", lambda: ops.arange(0, 5, 0)),
    "arange nan": ("finite", lambda: ops.arange(float("nan"))),
    "zeros": ("shape, a size", lambda: ops.zeros((-1,))),
    "zeros fraction": ("shape, a size", lambda: ops.zeros((2.5,))),
    "full text": ("shape, a size", lambda: ops.full("a", 1.0)),
    "broadcast_to": ("shape, a size", lambda: ops.broadcast_to(X, (-1, 3, 4))),
    "reshape": ("shape, a size", lambda: ops.reshape(X, (-2, 6))),
    "eye": ("eye, N", lambda: ops.eye(-1)),
    "eye columns": ("eye, M", lambda: ops.eye(3, -2)),
    "tri": ("tri, N", lambda: ops.tri(-1)),
    "vander": ("vander, N", lambda: ops.vander(V, -1)),
    "hanning": ("hanning, x", lambda: ops.hanning(-1)),
    "diff": ("diff, n", lambda: ops.diff(X, n=-1)),
    "bincount": ("bincount, minlength", lambda: ops.bincount(IDS, minlength=-1)),
    "extract_sequences": ("sequence_length", lambda: ops.extract_sequences(V, -1, 1)),
    "extract_sequences stride": ("sequence_stride", lambda: ops.extract_sequences(V, 2, 0)),
    "stack": ("stack", lambda: ops.stack([])),
    "stack of a number": ("stack", lambda: ops.stack(5)),
    "concatenate": ("concatenate", lambda: ops.concatenate([])),
    "hstack": ("hstack", lambda: ops.hstack([])),
    "vstack": ("vstack", lambda: ops.vstack([])),
    "dstack": ("dstack", lambda: ops.dstack([])),
    "svd": ("svd", lambda: ops.svd(NANS)),
    "eigh": ("eigh", lambda: ops.eigh(NANS)),
    "eig": ("eig", lambda: ops.eig(NANS)),
    "power": ("Cast to a float dtype", lambda: ops.power(np.array([2]), np.array([-1]))),
    "random shape": ("shape, a size", lambda: random.normal((-1,), seed=1)),
    "categorical": ("num_samples", lambda: random.categorical(X, -1, seed=1)),
    "categorical rank": ("logits", lambda: random.categorical(V, 1, seed=1)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    told, call = WRONG[name]
    with pytest.raises(KerasishError, match=re.escape(told)) as caught:
        call()
    assert isinstance(caught.value, (ArgumentError, ShapeError))


def test_what_is_at_the_edge_stays_right() -> None:
    assert ops.top_k(X, 0)[0].shape == (3, 0)
    assert ops.top_k(X, np.int64(4))[1].shape == (3, 4)
    assert ops.one_hot(IDS, 0).shape == (3, 0)
    assert ops.repeat(X, 0).shape == (0,)
    assert ops.tile(X, (0, 1)).shape == (0, 4)
    assert ops.linspace(0, 1, 0).shape == (0,)
    assert ops.zeros((0, 2)).shape == (0, 2)
    assert ops.zeros(np.array([2, 3])).shape == (2, 3)
    assert ops.reshape(X, -1).shape == (12,)
    assert ops.arange(5, 0).shape == (0,)
    np.testing.assert_array_equal(ops.power(np.array([2]), np.array([3])), [8])
