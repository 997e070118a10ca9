"""Batching rules: what they are given, what they may return, and who does without one."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.errors import ShapeError
from kerasish.graph import batching, trace
from kerasish.graph.node import interning, placeholder
from kerasish.graph.op import get
from kerasish.graph.tensor import input_tensor, node_of, tensor_of, wrap
from kerasish.spec import TensorSpec, dtype_name
from kerasish.testing.samples import sample_inputs

SPEC = TensorSpec((3,), "float64")
# What runs row by row: draws with a key per row, and searches on the host.
LOOPED = {
    "ctc_beam_search", "random_binomial_draw", "random_bits", "random_permutation",
    "searchsorted", "unique",
}  # fmt: skip
CONTROL = {"scan", "switch", "while_loop", "remat", "placeholder", "constant", "variable", "pick"}


def looped(name):
    """Whether some case of an op, all its inputs stacked, becomes a loop over that op."""
    op = get(name)
    for call in op.cases:
        arrays = sample_inputs(call, op.domain)
        specs = [TensorSpec((7, *a.shape), dtype_name(a.dtype)) for a in arrays]

        def mapped(*x, op=op, call=call):
            return ops.vectorized_map(lambda r: op(*r, **call.attrs), x)

        graph, _ = trace(mapped, specs)
        for node in graph.nodes:
            body = node.attrs.get("body")
            if body is not None and any(n.op is op for n in body.nodes):
                return True
    return False


def test_which_ops_have_no_rule():
    names = [n for n in set(registry.names("op")) - CONTROL if get(n).cases]
    # Ops that passes of the compiler make come after batching.
    names = [n for n in names if not get(n).kernel.__module__.startswith("kerasish.compiler.")]
    assert {name for name in names if looped(name)} == LOOPED


def rule_of(returned):
    """An op whose batching rule returns what it is told to."""
    made = get("sin").__class__("told", lambda x: x, lambda xp, x: x, batch=lambda b, x: returned)
    with interning():
        mark = placeholder(SPEC)
        node = node_of(made(tensor_of(mark)))
    return node, mark


@pytest.mark.parametrize("spec", [TensorSpec((4, 3), "float64"), TensorSpec((5, 3), "float32"),
                                  TensorSpec((5, 3, 1), "float64")])  # fmt: skip
def test_a_rule_with_a_wrong_result_is_named(spec):
    node, mark = rule_of(input_tensor(spec))
    with pytest.raises(ShapeError, match="batching rule of op 'told'"):
        batching.lift([node], {mark: (wrap(np.ones((5, 3))), True)}, 5)


def test_a_result_may_be_the_same_for_all_rows():
    node, mark = rule_of(wrap(np.ones(3)))
    ((found, stacked),) = batching.lift([node], {mark: (wrap(np.ones((5, 3))), True)}, 5)
    assert (found.shape, stacked) == ((3,), False)


def test_what_no_row_changes_is_left_alone():
    with interning():
        mark, other = placeholder(SPEC), placeholder(SPEC)
        alone = node_of(ops.sin(tensor_of(other)))
        node = node_of(tensor_of(mark) * tensor_of(alone))
        rows = input_tensor(TensorSpec((5, 3), "float64"))
        found = batching.lift([node, alone], {mark: (rows, True)}, 5)
    assert found[1][0].node is alone
    assert node_of(found[0][0]).inputs == (rows.node, alone)


def test_a_graph_for_all_rows():
    graph, _ = trace(lambda a, b: (a * b, b + 1), [SPEC, SPEC])
    lifted, stacked = batching.lift_graph(graph, (True, False), 5)
    assert stacked == [True, False]
    assert [n.spec.shape for n in lifted.inputs] == [(5, 3), (3,)]
    assert [n.spec.shape for n in lifted.outputs] == [(5, 3), (3,)]
    lifted, stacked = batching.lift_graph(graph, (True, False), 5, (True, True))
    assert stacked == [True, True]
    assert lifted.outputs[1].spec.shape == (5, 3)
