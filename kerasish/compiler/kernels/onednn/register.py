"""Connects the bindings to the ops they run: one `supports` and one `bind` per op.

`supports` asks oneDNN itself, by building the descriptor that `bind` then uses, so a node that is
taken is never given back.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.compiler.kernels.geometry import ROLES, pool_windows, problem_of, specs_of
from kerasish.compiler.kernels.onednn import conv, library, matmul, pool
from kerasish.compiler.kernels.onednn.api import Alg, UnsupportedError
from kerasish.compiler.providers import Arrays, BoundKernel, in_order, kernel, provider
from kerasish.graph.node import Node
from kerasish.spec import inverse, known

NAME = library.NAME

SMALL_PRODUCT = 64**3
"""Multiply-adds up to which OpenBLAS runs a product in one thread, faster than we could."""

_LOWEST = np.finfo(np.float32).min

provider(NAME, library.unavailable, "convolution, pooling and matrix products by oneDNN")


def _supported(describe: Callable[[Node], object], integers: int = 0) -> Callable[[Node], bool]:
    """`supports` of an op: floats of one dtype, nothing is empty, and oneDNN can describe it."""

    def supports(node: Node) -> bool:
        specs = specs_of(node)
        dtypes = [s.dtype for s in specs]
        floats = dtypes.count(_float(node))
        if dtypes.count("int32") != integers or floats + integers != len(dtypes):
            return False
        if any(None in s.shape or 0 in s.shape for s in specs):
            return False
        try:
            describe(node)
        except UnsupportedError:
            return False
        return True

    return supports


def _float(node: Node) -> str:
    """The dtype of a node's floats: bfloat16 if its first input is, else float32."""
    return "bfloat16" if node.inputs[0].spec.dtype == "bfloat16" else "float32"


# --- convolution ----------------------------------------------------------------------------------


def _bind_conv(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    *given, result = ROLES[node.op]
    named = dict(zip(given, inputs, strict=True))
    return conv.bind_conv(problem_of(node), result, named, outputs[0])


_convolves = _supported(lambda node: conv.primitive(problem_of(node), ROLES[node.op][-1]))
for _op in ROLES:
    kernel(_op, provider=NAME, supports=_convolves)(_bind_conv)


# --- pooling --------------------------------------------------------------------------------------

MAX, MEAN = Alg.POOLING_MAX, Alg.POOLING_AVG_EXCLUDE_PADDING


def _pools(alg: Alg, backward: bool = False) -> Callable[[Node], bool]:
    def describe(node: Node) -> object:
        first, made = (known(s.shape) for s in (node.inputs[0].spec, node.specs[0]))
        if backward:
            return pool.backward(alg, made, first, pool_windows(node), _float(node))
        return pool.forward(alg, first, made, pool_windows(node), alg is MAX, _float(node))

    return _supported(describe, integers=int(alg is MAX))


def _passed_over(x: Any, y: Any) -> bool:
    """Whether x holds NaN, or y what oneDNN gives where a window holds nothing but -inf."""
    if x.dtype == np.float32:
        return bool(np.isnan(x.max()) or y.min() <= _LOWEST)
    # bfloat16 by its bits, which numpy compares much faster than its values.
    magnitude, low = x.view(np.uint16) & 0x7FFF, y.view(np.uint16)
    return bool(magnitude.max() > 0x7F80 or ((low == 0xFF7F) | (low == 0xFF80)).any())


@kernel("max_pool", provider=NAME, supports=_pools(MAX))
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    (x,), (y, index) = inputs, outputs
    y = np.empty(index.shape, x.dtype) if y is None else y
    run = pool.bind_pool(MAX, x, y, pool_windows(node), index)

    def step() -> None:
        run()
        # oneDNN passes over NaN and -inf; two sweeps, cheap beside the pooling, find them.
        if _passed_over(x, y):
            for target, value in zip((y, index), node.op.kernel(np, x, **node.attrs), strict=True):
                if target is not None:
                    target[...] = value

    return step


@kernel("max_pool_scatter", provider=NAME, supports=_pools(MAX, backward=True))
def _max_pool_scatter(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return pool.bind_pool_grad(MAX, inputs[0], outputs[0], pool_windows(node), inputs[1])


@kernel("avg_pool", provider=NAME, supports=_pools(MEAN))
def _avg_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return pool.bind_pool(MEAN, inputs[0], outputs[0], pool_windows(node))


@kernel("avg_pool_grad", provider=NAME, supports=_pools(MEAN, backward=True))
def _avg_pool_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return pool.bind_pool_grad(MEAN, inputs[0], outputs[0], pool_windows(node))


# --- products -------------------------------------------------------------------------------------


def _describe_matmul(node: Node) -> object:
    a, b = (known(i.spec.shape) for i in node.inputs[:2])
    axes = node.attrs.get("axes")
    y = known(node.spec.shape)
    y = y if axes is None else tuple(y[i] for i in inverse(axes))
    if min(y[-2:]) == 1 or math.prod(y) * a[-1] <= SMALL_PRODUCT:
        raise UnsupportedError("OpenBLAS is faster at small products and at single rows.")
    return matmul.forward(a, b, y, axes, _float(node))


@kernel("matmul", provider=NAME, supports=_supported(_describe_matmul))
@kernel("product", provider=NAME, supports=_supported(_describe_matmul), inplace=(2,))
def _product(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    a, b, *c = inputs
    y = outputs[0].transpose(inverse(node.attrs.get("axes", range(outputs[0].ndim))))
    if not c:
        return matmul.bind_matmul(a, b, y)
    if c[0].ndim == 1:
        return matmul.bind_matmul(a, b, y, bias=c[0])
    run = matmul.bind_matmul(a, b, y, accumulate=True)
    if c[0].ctypes.data == y.ctypes.data and c[0].strides == y.strides:
        return run
    return in_order(functools.partial(np.copyto, y, c[0]), run)
