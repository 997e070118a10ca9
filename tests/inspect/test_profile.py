import itertools
import json

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.errors import ArgumentError
from kerasish.graph import GradientTape
from kerasish.graph.node import scope
from kerasish.graph.variable import Variable
from kerasish.inspect import profile
from kerasish.spec import TensorSpec

X = TensorSpec((8, 4), "float32")


def training():
    """(function, variable): one step of gradient descent in two layers' scopes."""
    w = Variable(np.ones((4, 2), "float32"), name="w")

    @function
    def step(x):
        with GradientTape() as tape:
            with scope("dense"):
                y = ops.matmul(x, w.value)
            with scope("head"):
                loss = ops.sum(ops.tanh(y))
        w.assign_sub(0.1 * tape.gradient(loss, w))
        return loss

    return step, w


def test_every_step_is_timed_and_nothing_is_changed():
    step, w = training()
    before = w.numpy()
    made = profile(step, X, runs=4)
    np.testing.assert_array_equal(w.numpy(), before)
    plan = step.prepared(np.zeros((8, 4), "float32"))[0].plan
    assert [e.calls for e in made.entries] == [1] * len(plan.steps)
    assert all(len(e.seconds) == 4 and e.least > 0 for e in made.entries)
    assert sum(e.median for e in made.entries) <= max(made.totals)


def test_groups_add_up_and_know_layers():
    made = profile(training()[0], X, runs=3)
    for groups in (made.by_layer(), made.by_op()):
        assert sum(g.flops for g in groups) == made.flops
        assert sum(g.calls for g in groups) == len(made.entries)
        whole = [sum(run) for run in zip(*(e.seconds for e in made.entries), strict=True)]
        summed = [sum(run) for run in zip(*(g.seconds for g in groups), strict=True)]
        np.testing.assert_allclose(summed, whole)
    layers = {(g.layer, g.name) for g in made.by_layer()}
    assert {("dense", "forward"), ("dense", "backward")} <= layers
    forward = next(g for g in made.by_layer() if (g.layer, g.name) == ("dense", "forward"))
    assert forward.flops == 2 * 8 * 4 * 2


def test_a_table_keeps_the_longest_and_sums_the_rest():
    made = profile(training()[0], X, runs=3)
    lines = made.table(limit=1).splitlines()
    assert len(lines) == 3
    longest = max(made.entries, key=lambda e: e.median)
    assert longest.name in lines[1]
    assert f"{len(made.entries) - 1} more" in lines[2]


def test_trace_is_chromes(tmp_path):
    made = profile(training()[0], X, runs=2)
    made.save_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [e["name"] for e in events] == [e.name for e in made.entries]
    for earlier, later in itertools.pairwise(events):
        assert earlier["ts"] + earlier["dur"] <= later["ts"] + 1e-3
    assert all(e["ph"] == "X" and e["dur"] > 0 for e in events)


def test_arguments_are_used_as_given():
    seen = np.full((8, 4), 3.0, "float32")
    total = Variable(np.zeros((), "float32"), name="total")

    @function
    def add(x):
        total.assign_add(ops.sum(x))
        return ops.sum(x) * 2.0

    profile(add, seen, runs=1, warmup=0)
    assert float(total) == 0  # put back
    assert add.prepared(seen)[0].plan.outputs[0] == 2 * 3.0 * 32  # what the run computed


def test_runs_must_be_positive():
    with pytest.raises(ArgumentError, match="at least 1"):
        profile(training()[0], X, runs=0)
