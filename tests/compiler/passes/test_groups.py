"""Groups: growing, merging and ordering without cycles."""

from __future__ import annotations

import random

import pytest

from kerasish.compiler.passes.groups import LIMIT, Groups
from kerasish.graph.node import Node, make_node, placeholder
from kerasish.graph.op import get
from kerasish.spec import TensorSpec

SHAPE = (3,)
SPEC = TensorSpec(SHAPE, "float32")


def unary(source: Node) -> Node:
    return make_node(get("exp"), (source,), {})


def binary(a: Node, b: Node) -> Node:
    return make_node(get("add"), (a, b), {})


@pytest.fixture
def x() -> Node:
    return placeholder(SPEC)


def test_a_node_joins_the_group_of_its_input(x: Node) -> None:
    groups, a = Groups(), unary(x)
    groups.new(a, SHAPE)
    b = unary(a)
    assert groups.near(b) == [0]
    assert groups.accepts(b, 0)
    groups.add(b, 0, element=True)
    assert groups.members == [[a, b]]
    assert groups.of == {a: 0, b: 0}


def test_readers_of_one_node_are_near(x: Node) -> None:
    groups, a = Groups(), unary(x)
    groups.new(a, SHAPE)
    assert groups.near(make_node(get("sin"), (x,), {})) == [0]
    other = Groups()
    other.new(a)  # a group that cannot be fused is near to nothing
    assert other.near(unary(a)) == []


def test_a_node_may_not_join_what_one_of_its_inputs_comes_after(x: Node) -> None:
    groups = Groups()
    a = unary(x)
    groups.new(a, SHAPE)
    barrier = unary(a)
    groups.new(barrier)
    last = binary(a, barrier)
    assert not groups.accepts(last, 0)
    groups.new(last, SHAPE)
    assert groups.order() == [0, 1, 2]


def test_groups_with_a_path_between_them_are_not_merged(x: Node) -> None:
    groups = Groups()
    a = unary(x)
    groups.new(a, SHAPE)
    groups.new(unary(a))
    c = unary(groups.members[1][0])
    groups.new(c, SHAPE)
    assert not groups.merge(0, 2)
    assert not groups.merge(2, 0)


def test_merged_groups_inherit_what_both_depend_on(x: Node) -> None:
    groups = Groups()
    a, b = unary(x), make_node(get("sin"), (x,), {})
    groups.new(a, SHAPE)
    groups.new(b, SHAPE)
    after = unary(b)
    groups.new(after)
    assert groups.merge(0, 1)
    assert groups.members == [[a, b], [], [after]]
    assert not groups.accepts(binary(a, after), 0)
    assert groups.order() == [0, 2]


def test_reductions_that_differ_forbid_a_merge(x: Node) -> None:
    groups = Groups()
    groups.new(unary(x), SHAPE, (0,))
    groups.new(make_node(get("sin"), (x,), {}), SHAPE, (1,))
    assert not groups.merge(0, 1)
    groups.new(make_node(get("cos"), (x,), {}), SHAPE)
    assert groups.merge(2, 0)
    assert groups.axes[2] == (0,)


def test_a_full_group_accepts_no_more(x: Node) -> None:
    groups, node = Groups(), unary(x)
    groups.new(node, SHAPE)
    for _ in range(LIMIT - 1):
        node = unary(node)
        groups.add(node, 0, element=True)
    assert not groups.accepts(unary(node), 0)


@pytest.mark.parametrize("seed", range(30))
def test_order_respects_dependencies_whatever_was_joined(seed: int, x: Node) -> None:
    r = random.Random(seed)
    groups, nodes = Groups(), [x]
    for _ in range(60):
        node = binary(r.choice(nodes), r.choice(nodes[-5:]))
        near = [g for g in groups.near(node) if groups.accepts(node, g)]
        if near and r.random() < 0.7:
            groups.add(node, r.choice(near), element=True)
        else:
            groups.new(node, SHAPE if r.random() < 0.8 else None)
        nodes.append(node)
        live = [g for g, m in enumerate(groups.members) if m and groups.domain[g] is not None]
        if len(live) > 1 and r.random() < 0.3:
            groups.merge(*r.sample(live, 2))
    place = {g: i for i, g in enumerate(groups.order())}
    assert sorted(place) == [g for g, m in enumerate(groups.members) if m]
    assert sum(len(m) for m in groups.members) == len(groups.of)
    for node, g in groups.of.items():
        for source in node.inputs:
            if source in groups.of:
                assert place[groups.of[source]] <= place[g]
