"""check_op and check_compiled by name, on cases of one's own, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import registry
from kerasish.errors import UnknownNameError
from kerasish.graph.op import Op, case, get, no_gradient
from kerasish.ops.declare import Sample, bools, complexes, ints
from kerasish.spec import TensorSpec
from kerasish.testing import check_compiled, check_op, sample_inputs
from kerasish.testing.samples import described


def test_ops_and_composites_by_name():
    check_op("tanh")
    check_op("logsumexp")
    check_compiled("tanh")
    with pytest.raises(UnknownNameError, match="Did you mean"):
        check_op("tanhh")


def test_cases_of_ones_own():
    check_op("power", [case((2,), (2,), domain=(1.0, 2.0))])
    with pytest.raises(AssertionError, match=r"reshape.*shape=\(5,\)"):
        check_op("reshape", [case((2, 3), shape=(5,))])


def test_no_cases():
    with pytest.raises(AssertionError, match="no cases"):
        check_op("tanh", [])


@pytest.fixture
def planted():
    made = []

    def plant(kernel, **fields):
        fields = {"vjp": no_gradient, "cases": (case((3, 4)),)} | fields
        op = Op("planted_compiled", lambda x: x, kernel, **fields)
        made.append(registry.add("op", op, op.name, replace=True))
        return op

    yield plant
    registry._entries["op"].pop("planted_compiled", None)


def test_a_kernel_that_goes_wrong_in_a_plan_is_caught(planted):
    def kernel(xp, x, out=None):
        if out is None:
            return xp.sin(x)
        out[...] = xp.sin(x) + 1e-3
        return out

    with pytest.raises(AssertionError, match="compiled value"):
        check_compiled(planted(kernel, out=True))


def test_a_kernel_that_leaves_old_numbers_is_caught(planted):
    def kernel(xp, x, out=None):
        if out is None:
            return xp.where(x > 0, x, 0)
        np.copyto(out, x, where=x > 0)
        return out

    op = planted(kernel, out=True, vjp=lambda g, y, x: g * get("cast")(x > 0, dtype=x.dtype))
    with pytest.raises(AssertionError, match="compiled"):
        check_compiled(op)


def test_samples():
    made = case((2, 3), ints((4,), 5, low=2), bools((2,)), complexes((2,)), np.ones(2, "float32"))
    wide = sample_inputs(made, (1.0, 2.0))
    assert [str(a.dtype) for a in wide] == ["float64", "int32", "bool", "complex128", "float64"]
    assert wide[0].min() >= 1
    assert set(wide[1]) <= {2, 3, 4}
    narrow = sample_inputs(made, (1.0, 2.0), "float32")
    assert [str(a.dtype) for a in narrow] == ["float32", "int32", "bool", "complex64", "float32"]
    np.testing.assert_allclose(narrow[0], wide[0], rtol=1e-6)
    again = sample_inputs(made, (1.0, 2.0))
    assert all((a == b).all() for a, b in zip(wide, again, strict=True))
    other = sample_inputs(made, (1.0, 2.0), seed=1)
    assert (other[0] != wide[0]).any()
    assert Sample((3,), -1.0, 1.0, "float64").draw(np.random.default_rng(0)).dtype == "float64"


def test_a_domain_of_the_case_wins():
    (x,) = sample_inputs(case((50,), domain=(5.0, 6.0)), (0.0, 1.0))
    assert x.min() >= 5


def test_cases_as_text():
    assert described(case((2, 3), ints((4,)), axis=1)) == "(2,3),(4,),axis=1"


def test_the_spec_of_a_wrong_dtype_is_named(planted):
    op = Op("planted_compiled", lambda x: TensorSpec(x.shape, "int32"), np.sin, cases=(case((2,)),))
    op.kernel = lambda xp, x: xp.sin(x)
    registry.add("op", op, op.name, replace=True)
    with pytest.raises(AssertionError, match=r"int32\[2\].*float64\[2\]"):
        check_op(op)
