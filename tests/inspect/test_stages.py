import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.errors import UnknownNameError
from kerasish.inspect import graphs, show, stage_names
from kerasish.spec import TensorSpec

X = TensorSpec((3, 4), "float32")


@pytest.fixture
def call():
    return function(lambda x: ops.tanh(x * 1.0) + 2.0)


def test_all_stages_in_order(call):
    text = show(call, X)
    assert [line[4:-4] for line in text.splitlines() if line.startswith("---")] == stage_names()
    assert stage_names()[0] == "traced"
    assert stage_names()[-1] == "plan"


def test_a_stage_shows_what_its_pass_did(call):
    assert "x0 * 1" in show(call, X, stage="traced")
    assert "x0 * 1" not in show(call, X, stage="simplify")
    assert "fused" in show(call, X, stage="fuse")
    assert "arena" in show(call, X, stage="plan")
    assert list(graphs(call, X)) == stage_names()[:-1]


def test_an_unknown_stage_is_named(call):
    with pytest.raises(UnknownNameError, match="'fusion'"):
        show(call, X, stage="fusion")
