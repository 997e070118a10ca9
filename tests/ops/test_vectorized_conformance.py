"""vectorized_map gives what Keras's gives with JAX; run where Keras is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as ours
from kerasish import tree
from tests.beside import keras as theirs
from tests.tolerances import assert_close

pytestmark = pytest.mark.conformance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3)).astype("float32")
W = RNG.normal(size=(3, 4)).astype("float32")
M = (RNG.normal(size=(5, 3, 3)) + 4 * np.eye(3)).astype("float32")
IMAGES = RNG.normal(size=(5, 6, 6, 2)).astype("float32")
KERNELS = RNG.normal(size=(5, 3, 3, 2, 4)).astype("float32")
INDEX = RNG.integers(0, 3, (5, 2)).astype("int32")


def while_loop(k: Any, e: Any) -> Any:
    n, x = e
    return k.ops.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * 1.5), (0, x))[1]


FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "structure": (lambda k, e: {"a": e["x"] * 2, "b": (e["i"] + 1,)}, {"x": X, "i": INDEX}),
    "matmul": (lambda k, x: k.ops.tanh(k.ops.matmul(x, W)), X),
    "nested": (lambda k, x: k.ops.vectorized_map(lambda t: t * k.ops.sum(x), x), X),
    "take": (lambda k, e: k.ops.take(e[0], e[1]), (X, INDEX)),
    "scatter": (
        lambda k, e: k.ops.scatter_update(e[0], k.ops.expand_dims(e[1], -1), e[0][:2]),
        (X, INDEX),
    ),
    "slice": (lambda k, e: k.ops.slice(e[0], e[1][:1], (2,)), (X, INDEX)),
    "solve": (lambda k, e: k.ops.linalg.solve(e[0], e[1]), (M, X)),
    "svd": (lambda k, m: k.ops.linalg.svd(m)[1], M),
    "conv": (lambda k, e: k.ops.conv(e[0][None], e[1]), (IMAGES, KERNELS)),
    "max_pool": (lambda k, x: k.ops.max_pool(x[None], 2, 2), IMAGES),
    "sort": (lambda k, x: (k.ops.sort(x), k.ops.argsort(x), k.ops.top_k(x, 2)), X),
    "cumsum": (lambda k, x: k.ops.cumsum(x), X),
    "fft": (lambda k, x: k.ops.rfft(x), X),
    "cond": (lambda k, x: k.ops.cond(x[0] > 0, lambda: x * 2, lambda: -x), X),
    "switch": (
        lambda k, e: k.ops.switch(e[1][0], [lambda x: x, lambda x: -x, lambda x: x * 3], e[0]),
        (X, INDEX),
    ),
    "scan": (lambda k, x: k.ops.scan(lambda c, t: (c + t, c * t), x[0], x), X),
    "while_loop": (while_loop, (np.arange(5, dtype="int32"), X)),
    "layer_norm": (lambda k, x: k.ops.layer_normalization(x, W[:, 0], W[:, 1]), X),
    "one": (lambda k, x: 3.0, X),
    "no rows": (lambda k, x: k.ops.softmax(x), X[:0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    func, elements = FUNCTIONS[name]
    results = []
    for keras in (ours, theirs):
        tensors = tree.map_structure(keras.ops.convert_to_tensor, elements)
        found = keras.ops.vectorized_map(lambda e, keras=keras: func(keras, e), tensors)
        results.append([np.asarray(t) for t in tree.flatten(found)])
    for mine, wanted in zip(*results, strict=True):
        assert mine.dtype == wanted.dtype
        assert_close(mine, wanted)


def test_a_draw_is_one_draw_for_all_rows() -> None:
    for keras in (ours, theirs):
        seeds = keras.random.SeedGenerator(3)
        found = keras.ops.vectorized_map(
            lambda x, keras=keras, seeds=seeds: x + keras.random.uniform((2,), seed=seeds),
            np.zeros((3, 2), "float32"),
        )
        assert len(np.unique(np.asarray(found), axis=0)) == 1
        assert np.asarray(seeds.state)[1] == 1
