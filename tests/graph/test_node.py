"""Nodes: interning, order, scopes, source lines, rewriting."""

from __future__ import annotations

import linecache

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, GraphError
from kerasish.graph import Graph, Variable, rewrite, scope, toposort, trace
from kerasish.graph.node import (
    CONSTANT,
    attr_key,
    constant,
    frozen,
    inherit,
    interning,
    make_node,
    name_scope,
    placeholder,
    rebuild,
    substitute,
)
from kerasish.graph.op import get
from kerasish.spec import TensorSpec

SPEC = TensorSpec((2, 3), "float32")


def names(graph: Graph) -> list[str]:
    return [n.op.name for n in graph.nodes]


def test_equal_calls_of_one_trace_are_one_node():
    graph, _ = trace(lambda x: (ops.exp(x), ops.exp(x), ops.sin(x)), [SPEC])
    assert names(graph).count("exp") == 1
    assert graph.outputs[0] is graph.outputs[1] is not graph.outputs[2]


def test_calls_of_two_traces_are_two_nodes():
    one, _ = trace(ops.exp, [SPEC])
    two, _ = trace(ops.exp, [SPEC])
    assert one.outputs[0] is not two.outputs[0]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [(1, 1, True), (1, 1.0, False), (1, True, False), (0.0, -0.0, False),
     (float("nan"), float("nan"), True), ((1, 2.0), (1, 2.0), True), ((1,), (1.0,), False)],
)  # fmt: skip
def test_attributes_are_told_apart_by_type(a, b, same):
    assert (frozen(a) == frozen(b)) is same
    assert (attr_key({"k": a}) == attr_key({"k": b})) is same


def test_attributes_do_not_merge_nodes_of_other_attributes():
    graph, _ = trace(lambda x: (ops.sum(x, axis=0), ops.sum(x, axis=1)), [SPEC])
    assert names(graph).count("sum") == 2


def test_equal_small_constants_are_one_node():
    with interning():
        a = constant(np.ones(3), TensorSpec((3,), "float64"))
        b = constant(np.ones(3), TensorSpec((3,), "float64"))
        c = constant(np.zeros(3), TensorSpec((3,), "float64"))
    assert a is b is not c


def test_order_is_that_of_making_and_inputs_come_first():
    graph, _ = trace(lambda x: ops.exp(x) + ops.sin(x), [SPEC])
    assert names(graph) == ["placeholder", "exp", "sin", "add"]
    seen = set()
    for node in graph.nodes:
        assert all(i in seen for i in node.inputs)
        seen.add(node)


def test_long_chains_need_no_recursion():
    def chain(x):
        for _ in range(5000):
            x = x + 1.0
        return x

    graph, _ = trace(chain, [TensorSpec((), "float32")])
    assert len(toposort(graph.outputs)) == 5002


def test_toposort_stops_where_told():
    graph, _ = trace(lambda x: ops.exp(ops.sin(x)), [SPEC])
    last = graph.outputs[0]
    assert toposort([last], stop={last.inputs[0]}) == [last.inputs[0], last]


def test_scopes_nest_and_absolute_ones_do_not():
    def layered(x):
        with scope("outer"), scope("inner"):
            y = ops.exp(x)
            with scope("elsewhere", absolute=True):
                return y, ops.sin(x)

    graph, _ = trace(layered, [SPEC])
    assert [n.scope for n in graph.outputs] == ["outer/inner", "elsewhere"]


def test_a_node_knows_the_line_that_made_it():
    graph, _ = trace(lambda x: ops.exp(x), [SPEC])
    file, _, line = graph.outputs[0].source.rpartition(":")
    assert file == __file__
    assert "ops.exp(x), [SPEC])" in linecache.getline(__file__, int(line))


def test_inherit_takes_line_and_scope_from_a_node():
    with scope("layer"):
        node = make_node(get("exp"), (placeholder(SPEC),), {})
    with inherit(node, "grad"):
        made = make_node(get("sin"), (node,), {})
    assert (made.scope, made.source) == ("grad/layer", node.source)


def test_rewrite_replaces_and_keeps_the_rest():
    graph, _ = trace(lambda x: ops.exp(ops.sin(x)) + 1.0, [SPEC])

    def rule(node, inputs):
        return make_node(get("cos"), inputs, {}, like=node) if node.op.name == "sin" else None

    after = rewrite(graph, rule)
    assert [n for n in names(after) if n != "constant"] == ["placeholder", "cos", "exp", "add"]
    assert "sin" in names(graph)


def test_rewrite_merges_what_became_equal():
    graph, _ = trace(lambda x: ops.sin(x) + ops.cos(x), [SPEC])

    def rule(node, inputs):
        return make_node(get("exp"), inputs, {}, like=node) if node.op.name in "sin cos" else None

    after = rewrite(graph, rule)
    assert names(after).count("exp") == 1


def test_rewrite_may_give_several_outputs():
    graph, _ = trace(lambda x: ops.top_k(x, 2), [SPEC])

    def rule(node, inputs):
        if node.op.name != "top_k":
            return None
        part = make_node(get("slice"), inputs, {"parts": (None, (0, 2, 1))})
        return part, make_node(get("cast"), (part,), {"dtype": "int32"})

    after = rewrite(graph, rule)
    assert [n.op.name for n in after.outputs] == ["slice", "cast"]


def test_what_a_rule_gives_has_the_spec_of_what_it_replaces():
    for func in (lambda x: ops.exp(x), lambda x: ops.top_k(x, 2)):
        graph, _ = trace(func, [SPEC])
        name = graph.nodes[1].op.name
        short = make_node(get("slice"), graph.inputs, {"parts": ((0, 1, 1), None)})
        for given in (short, (short,), (short, short)):

            def rule(node, _, given=given, name=name):
                return given if node.op.name == name else None

            with pytest.raises(GraphError, match=r"a rule gives\. Expected.*\[1, 3\]"):
                rewrite(graph, rule)


def test_rebuild_keeps_leaves():
    leaf = placeholder(SPEC)
    assert rebuild(leaf, ()) is leaf


def test_substitute_replaces_leaves():
    graph, _ = trace(lambda x: ops.exp(x) * 2.0, [SPEC])
    other = placeholder(SPEC)
    (out,) = substitute(graph.outputs, {graph.inputs[0]: other})
    assert other in toposort([out])
    assert graph.inputs[0] not in toposort([out])


def test_variables_in_order_of_first_use():
    a, b = Variable(np.ones(3), name="a"), Variable(np.ones(3), name="b")
    graph, _ = trace(lambda x: (x * b + a, b), [TensorSpec((3,), "float64")])
    assert graph.variables == [b, a]


def test_leaves_do_not_run():
    with pytest.raises(GraphError, match="leaf"):
        CONSTANT.kernel(np)


def test_a_scope_is_named_when_it_is_made() -> None:
    for name in ("a/b", 4):
        with pytest.raises(ArgumentError, match="name_scope"):
            name_scope(name)
