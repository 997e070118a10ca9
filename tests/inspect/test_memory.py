import numpy as np

from kerasish import ops
from kerasish.compiler import function
from kerasish.graph.variable import Variable
from kerasish.inspect import memory
from kerasish.spec import TensorSpec

X = TensorSpec((8, 4), "float32")


def make():
    w = Variable(np.ones((4, 16), "float32"), name="w")
    count = Variable(np.zeros((), "int32"), trainable=False, name="count")

    @function
    def call(x):
        count.assign_add(1)
        y = ops.matmul(x, w.value)
        return ops.matmul(ops.tanh(y), ops.transpose(w.value))

    return call, w, count


def test_what_a_call_takes():
    call, *_ = make()
    made = memory(call, X)
    plan = call.prepared(np.zeros((8, 4), "float32"))[0].plan
    assert made.groups == {"parameters": 4 * 16 * 4, "state": 4}
    assert made.arena == plan.memory.size
    assert made.loops == 0
    assert made.total == sum(made.groups.values()) + made.constants + made.arena
    # x and y are needed for the first product; tanh then works in place.
    assert made.live == 8 * 4 * 4 + 8 * 16 * 4
    assert made.live <= made.arena
    assert made.peak_step == "matmul"
    assert [h.nbytes for h in made.held] == [8 * 16 * 4, 8 * 4 * 4]
    assert {h.name for h in made.held} == {"matmul", "input"}


def test_groups_of_the_callers_choice():
    call, w, _ = make()
    made = memory(call, X, groups={"weights": [w]})
    assert made.groups == {"weights": 256, "other variables": 4}
    assert "weights" in str(made)
    assert f"{made.total:,} bytes" in str(made)


def test_memory_does_not_run_the_function():
    call, _, count = make()
    memory(call, X)
    assert int(count) == 0
