"""The numpy renderer: blocks, scratch memory, steps in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.compiler import function
from kerasish.compiler.codegen import blocks
from kerasish.compiler.codegen.blocks import BLOCK, inplace_pairs, render
from kerasish.errors import BackendError
from kerasish.graph import Graph, trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.op import Op, get
from kerasish.graph.tensor import promoted, wrap
from kerasish.ops.declare import elementwise
from kerasish.spec import TensorSpec
from kerasish.testing.samples import sample_inputs

RNG = np.random.default_rng(3)


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


def body_of(func: Callable[..., Any], *arrays: np.ndarray) -> Graph:
    return trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])[0]


def run(body: Graph, *arrays: np.ndarray) -> list[np.ndarray]:
    outputs = [np.full(n.shape, 77, n.dtype) for n in body.outputs]
    with np.errstate(all="ignore"):
        render(body, arrays, outputs)()
    return outputs


def check(func: Callable[..., Any], *arrays: np.ndarray) -> None:
    body = body_of(func, *arrays)
    for got, want in zip(run(body, *arrays), run_graph(body, map(wrap, arrays)), strict=True):
        np.testing.assert_array_equal(got, want.numpy())


REGIONS: dict[str, tuple[Callable[..., Any], list[np.ndarray]]] = {
    "one block": (lambda a: ops.tanh(a * 2), [floats(10, 10)]),
    "many blocks": (lambda a, b: ops.exp(-a * a) + b, [floats(300, 200), floats(200)]),
    "long rows": (lambda a: ops.square(a) - 1, [floats(3, 3 * BLOCK + 5)]),
    "0-d": (lambda a, b: ops.sin(a) * b, [floats(1)[0].reshape(()), floats(1)[0].reshape(())]),
    "0-d operand": (
        lambda a, s: a * s + s,
        [floats(300, 200), np.float32(2.5)[None][0].reshape(())],
    ),
    "empty": (lambda a: a + 1, [floats(0, 4)]),
    "strided": (lambda a, b: a * b, [floats(200, 300).T, floats(300, 200)]),
    "broadcast middle": (lambda a, b: a + b, [floats(30, 50, 40), floats(30, 1, 40)]),
    "select": (lambda a, b: ops.where(a > b, a, b), [floats(300, 200), floats(300, 200)]),
    "select of numbers": (
        lambda c, a, b: ops.where(c > 0, a, b),
        [floats(300, 200), floats(1)[:, None], floats(200)],
    ),
    "select of 0-d": (lambda c, a: ops.where(c > a, a, c), [np.array(1.0), np.array(2.0)]),
    "nested selects": (
        lambda a, b: ops.where(a > 0, ops.where(b > 0, a, b), ops.where(a > b, b, a * b)),
        [floats(300, 200), floats(300, 200)],
    ),
    "casts": (lambda a: ops.cast(ops.cast(a * 9, "int32"), "float32") / 2, [floats(300, 200)]),
    "several outputs": (lambda a: (ops.exp(a), a > 0, -a), [floats(300, 200)]),
    "an output that is read": (lambda a: [y := ops.exp(a), y * y + 1], [floats(300, 200)]),
    "many temporaries": (
        lambda a: sum((ops.sin(a * i) * ops.cos(a + i) for i in range(9)), a),
        [floats(100, 200)],
    ),
}


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_equals_op_by_op(name: str) -> None:
    func, arrays = REGIONS[name]
    check(func, *arrays)


def test_scratch_is_shared_between_temporaries_that_do_not_live_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    empty = np.empty

    def counted(shape: Any, dtype: Any) -> np.ndarray:
        made.append(int(np.prod(shape)) > 0)
        return empty(shape, dtype)

    x = floats(300, 200)

    def chain(a: Any) -> Any:
        for i in range(10):
            a = ops.sin(a) + i
        return a

    body = body_of(chain, x)
    out = np.empty(x.shape, "float32")
    monkeypatch.setattr(blocks.np, "empty", counted)
    render(body, [x], [out])
    assert sum(made) == 1


def inplace_case(func: Callable[..., Any], *arrays: np.ndarray) -> list[tuple[int, int]]:
    """The declared pairs; each is tried, alone and with the others."""
    body = body_of(func, *arrays)
    pairs = inplace_pairs(body)
    want = [t.numpy() for t in run_graph(body, map(wrap, arrays))]
    for out, source in pairs:
        inputs = [a.copy() for a in arrays]
        outputs = [np.empty(n.shape, n.dtype) for n in body.outputs]
        outputs[out] = inputs[source]
        with np.errstate(all="ignore"):
            render(body, inputs, outputs)()
        for got, exact in zip(outputs, want, strict=True):
            np.testing.assert_array_equal(got, exact)
    return pairs


def test_in_place_where_the_input_is_read_before_the_output_is_written() -> None:
    a, b, big = floats(300, 200), floats(300, 200), floats(200)
    assert inplace_case(lambda x, y: ops.exp(x) * y, a, b) == [(0, 0), (0, 1)]
    assert inplace_case(lambda x, y: x * y, a, big) == [(0, 0)]
    assert inplace_case(lambda x: x > 0, a) == []
    # The first output is written while the second still needs x; y is not read after it.
    assert inplace_case(lambda x, y: (x * y, ops.sin(x)), a, b) == [(0, 1), (1, 0), (1, 1)]
    assert inplace_case(lambda x, y: ops.where(x > y, x, y), a, b) == [(0, 0), (0, 1)]
    inplace_case(lambda x, y: ops.where(x > y, x * 2, y), a, b)


def test_select_keeps_bits() -> None:
    a = np.array([np.nan, np.inf, -0.0, 0.0, -np.inf, 1.0], np.float32)
    for dtype in ("float16", "float32", "float64", "complex64", "complex128", "int8", "bool"):
        with np.errstate(all="ignore"):
            x = a.astype(dtype)
        y = x[::-1].copy()
        at = np.array([1, 0, 1, 1, 0, 0], bool)
        for other in (y, np.zeros((), dtype), np.negative(np.zeros((), "float32")).astype(dtype)):
            body = body_of(ops.where, at, x, other)
            (got,) = run(body, at, x, other)
            assert got.tobytes() == np.where(at, x, other).tobytes()
        body = body_of(lambda c, v: ops.where(c, v, ops.zeros_like(v)), at, x)
        assert run(body, at, x)[0].tobytes() == np.where(at, x, x.dtype.type(0)).tobytes()


ELEMENTWISE = [
    n for n in registry.names("op") if get(n).elementwise and get(n).out and not get(n).ufunc
]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kernels_of_elementwise_ops_may_write_over_their_inputs(name: str) -> None:
    """The renderer hands a dead input's memory to the output."""
    op = get(name)
    for case in op.cases:
        for dtype in ("float32", "float64"):
            arrays = sample_inputs(case, op.domain, dtype)
            specs = [TensorSpec(a.shape, a.dtype.name) for a in arrays]
            spec = op.infer(*specs, **case.attrs)
            want = op.kernel(np, *arrays, **case.attrs)
            for i, source in enumerate(arrays):
                if specs[i] == spec:
                    given_arrays = [a.copy() for a in arrays]
                    out = given_arrays[i]
                    op.kernel(np, *given_arrays, out=out, **case.attrs)
                    np.testing.assert_array_equal(out, want, err_msg=f"input {i} of {source.shape}")


@pytest.fixture
def own() -> Iterator[Callable[[Any], Op]]:
    """A function that declares an op of one's own by its kernel, for one test."""
    yield lambda kernel: elementwise("own_op", kernel, None, arity=1, promote="float")
    registry._entries["op"].pop("own_op")


def test_a_kernel_of_ones_own_may_write_out_before_its_last_read(own: Callable[[Any], Op]) -> None:
    def kernel(xp: Any, x: Any, out: Any = None) -> Any:
        r = xp.multiply(x, x, out=out)
        r = xp.sqrt(r + 4.0)
        return xp.multiply(xp.add(x, r), 0.5, out=out)

    op, x = own(kernel), floats(300, 200)
    check(lambda x: op(x * 1.5) + 1, x)
    check(lambda x: op(op(x) * op(x * 2)), x)
    last = body_of(lambda x: op(x + 1), x)
    assert inplace_pairs(last) == [(0, 0)]  # the input is read before
    assert inplace_pairs(body_of(op, x)) == []


def test_a_kernel_of_ones_own_that_leaves_out_is_told_in_its_words(own: Any) -> None:
    op = own(lambda xp, x, out=None: x * 2)
    with pytest.raises(BackendError, match=r"kernel of op 'own_op'.*hand `out` to its last funct"):
        run(body_of(lambda x: op(x) + 1, floats(3)), floats(3))
    with pytest.raises(BackendError, match=r"kernel of op 'own_op'.*hand `out` to its last funct"):
        function(lambda x: op(x) + 1)(floats(3))


def test_a_kernel_of_ones_own_cannot_write_to_its_input_in_a_region(own: Any) -> None:
    def kernel(xp: Any, x: Any, out: Any = None) -> Any:
        return xp.negative(xp.add(x, 1, out=x), out=out)

    op = own(kernel)
    with pytest.raises(ValueError, match="read-only"):
        run(body_of(lambda x: op(x * 2) + 1, floats(3)), floats(3))


@pytest.mark.parametrize("name", [n for n in registry.names("op") if get(n).elementwise])
def test_kernels_of_the_package_read_before_they_write(name: str) -> None:
    op = get(name)
    for call in op.cases if op.out else ():
        given = map(wrap, sample_inputs(call, op.domain))
        arrays = [t.value for t in promoted(tuple(given), op.promote or "same")]
        want = op.kernel(np, *arrays, **call.attrs)
        for i, x in enumerate(arrays):
            if (x.shape, x.dtype) == (want.shape, want.dtype):
                copies = [a.copy() for a in arrays]
                op.kernel(np, *copies, out=copies[i], **call.attrs)
                np.testing.assert_array_equal(copies[i], want)
