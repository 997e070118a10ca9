"""Nested structures: the functions of keras.tree, by example and against Keras where it is."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest

from kerasish import tree
from kerasish.errors import ArgumentError
from tests.beside import keras

Pair = namedtuple("Pair", "a b")
STRUCTURES = [
    1, None, "abc", [], (), {}, [1, 2], (1, [2, 3]), {"b": 1, "a": [2, None]}, Pair(1, (2, 3)),
    OrderedDict([("b", 1), ("a", 2)]), [[], {}], {"x": {"z": 1, "y": ()}}, [None, None],
    defaultdict(list, {"q": 1}), [1.5, np.float32(2)], {2: 1, 1: 3}, [(1, None), [3]],
    deque([1, (2, None)]), [deque()],
]  # fmt: skip


def test_dicts_are_walked_in_the_order_of_their_keys_and_ordered_ones_in_their_own():
    assert tree.flatten({"b": 1, "a": 2}) == [2, 1]
    assert tree.flatten(OrderedDict([("b", 1), ("a", 2)])) == [1, 2]
    mixed = tree.map_structure(lambda x, y: (x, y), OrderedDict(b=1, a=2), {"a": 3, "b": 4})
    assert mixed == OrderedDict(b=(1, 4), a=(2, 3))


def test_a_mapped_structure_keeps_its_types():
    made = tree.map_structure(lambda x: x + 1, [Pair(1, (2,)), defaultdict(list, q=3)])
    assert type(made[0]) is Pair
    assert made == [Pair(2, (3,)), {"q": 4}]
    assert made[1].default_factory is list
    assert tree.pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3]) == {"b": 3, "a": (1, 2)}


def test_deques_are_walked():
    structure = {"a": deque([1, [2, 3]])}
    assert tree.flatten(structure) == [1, 2, 3]
    made = tree.map_structure(lambda x: x + 1, structure)
    assert type(made["a"]) is deque
    assert made == {"a": deque([2, [3, 4]])}


def test_none_may_be_no_leaf():
    assert tree.map_structure(lambda x: [x], [1, None], none_is_leaf=False) == [[1], None]
    assert tree.map_structure(lambda x: [x], [1, None]) == [[1], [None]]


def test_a_function_may_stop_at_a_shallower_structure():
    made = tree.map_structure_up_to({"a": 0}, lambda x, y: (x, y), {"a": [1, 2]}, {"a": (3,)})
    assert made == {"a": ([1, 2], (3,))}
    assert tree.map_shape_structure(len, [(1, None), {"a": [3]}]) == [2, {"a": 1}]
    assert tree.lists_to_tuples([1, {"a": [2, []]}]) == (1, {"a": (2, ())})


def test_traverse_visits_every_part():
    seen: list = []
    tree.traverse(seen.append, [(1, 2), {"a": 4}])
    assert seen == [[(1, 2), {"a": 4}], (1, 2), 1, 2, {"a": 4}, 4]
    seen.clear()
    tree.traverse(seen.append, [(1, 2), {"a": 4}], top_down=False)
    assert seen == [1, 2, (1, 2), 4, {"a": 4}, [(1, 2), {"a": 4}]]
    made = tree.traverse(lambda x: tree.MAP_TO_NONE if isinstance(x, tuple) else None, [(1,), 2])
    assert made == [None, 2]


@pytest.mark.parametrize(
    ("a", "b"), [([1], [1, 2]), ({"a": 1}, {"b": 1}), (1, [1]), ([1], {"a": 1}), ([[1]], [1])]
)
def test_other_forms_are_refused(a, b):
    with pytest.raises(ArgumentError, match="Structures differ"):
        tree.assert_same_structure(a, b)
    with pytest.raises(ArgumentError, match="Structures differ"):
        tree.map_structure(lambda x, y: x, a, b)
    with pytest.raises(ArgumentError, match="different paths"):
        tree.assert_same_paths(a, b)


@pytest.mark.parametrize("leaves", [[1], [1, 2, 3]])
def test_leaves_must_fill_a_structure(leaves):
    with pytest.raises(ArgumentError, match="leaves"):
        tree.pack_sequence_as([0, 0], leaves)


CALLS = {
    "flatten": lambda t, s: t.flatten(s),
    "flatten_with_path": lambda t, s: t.flatten_with_path(s),
    "is_nested": lambda t, s: t.is_nested(s),
    "lists_to_tuples": lambda t, s: t.lists_to_tuples(s),
    "map_structure": lambda t, s: t.map_structure(lambda x: [x], s),
    "map_structure, no None": lambda t, s: t.map_structure(lambda x: [x], s, none_is_leaf=False),
    "map_shape_structure": lambda t, s: t.map_shape_structure(lambda x: [x], s),
    "pack_sequence_as": lambda t, s: t.pack_sequence_as(s, [7] * len(t.flatten(s))),
    "traverse": lambda t, s: t.traverse(lambda x: x + 1 if type(x) is int else None, s),
    "traverse up": lambda t, s: t.traverse(
        lambda x: tuple(x) if isinstance(x, list) else None, s, top_down=False
    ),
    "traverse to None": lambda t, s: t.traverse(
        lambda x: t.MAP_TO_NONE if type(x) is int else None, s
    ),
}


@pytest.mark.conformance
@pytest.mark.parametrize("name", CALLS)
def test_as_in_keras(name):
    for structure in STRUCTURES:
        assert repr(CALLS[name](tree, structure)) == repr(CALLS[name](keras.tree, structure))
