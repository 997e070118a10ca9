"""Which values have one key in a cache of elements, and which have another."""

import functools
import math
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.data.fingerprint import fingerprint


def key(value):
    """The key of a preparation with a function that uses a value."""
    return fingerprint(Dataset.range(3).map(lambda n: value and n).node)


class Scale:
    def __init__(self, by):
        self.by = by

    def apply(self, n):
        return n * self.by

    def other(self, n):
        return n * self.by


def power(n, by):
    return n**by


@pytest.mark.parametrize(
    ("make", "others"),
    [
        (lambda: {"a", "b", "c"}, [lambda: {"a", "b"}, lambda: {"a", "b", "d"}]),
        (lambda: Path("a"), [lambda: Path("b"), lambda: "a"]),
        (lambda: Scale(2).apply, [lambda: Scale(3).apply, lambda: Scale(2).other]),
        (
            lambda: functools.partial(power, by=2),
            [
                lambda: functools.partial(power, by=3),
                lambda: functools.partial(power, 2),
                lambda: functools.partial(max, by=2),
            ],
        ),
        (lambda: math.sin, [lambda: math.cos]),
        (lambda: np.add, [lambda: np.multiply]),
        (lambda: [1].index, [lambda: [2].index, lambda: [1].count]),
        (lambda: keras.ops.ones(2), [lambda: keras.ops.zeros(2), lambda: keras.ops.ones(3)]),
        (lambda: keras.Variable([1.0]), [lambda: keras.Variable([2.0])]),
        (lambda: Dataset.range(3), [lambda: Dataset.range(4), lambda: Dataset.range(3).batch(2)]),
        (lambda: (1, 2), [lambda: [1, 2], lambda: (1,), lambda: (12,), lambda: (2, 1)]),
        (lambda: {"a": 1}, [lambda: {"a": 2}, lambda: {"b": 1}, lambda: {}]),
        (lambda: 1, [lambda: 1.0, lambda: True, lambda: "1", lambda: b"1", lambda: None]),
        (
            lambda: np.array([1, 0], "int32"),
            [
                lambda: np.array([1], "int64"),
                lambda: np.array([[1, 0]], "int32"),
                lambda: np.array([1, 0], "uint32"),
            ],
        ),
        (lambda: np.array(["a", "b"], object), [lambda: np.array(["a", "c"], object)]),
    ],
)
def test_values(make, others):
    keys = [key(made()) for made in (make, *others)]
    assert key(make()) == keys[0]
    assert len(set(keys)) == len(keys)


def test_values_that_hold_themselves():
    def ring(number):
        one = Scale(number)
        one.by = [one, number]
        return one

    assert key(ring(1).apply) == key(ring(1).apply) != key(ring(2).apply)


def test_vocabularies_and_idf_weights():
    def learned(texts, **options):
        layer = keras.layers.TextVectorization(**options)
        layer.adapt(texts)
        return key(layer)

    assert learned(["a b", "b"]) == learned(["a b", "b"]) != learned(["a c", "c"])
    weighted = {"output_mode": "tf_idf"}
    one, other = learned(["a b", "b"], **weighted), learned(["a b", "b", "b"], **weighted)
    assert one != other  # the same tokens, other weights
