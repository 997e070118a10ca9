"""Connects the bindings to the ops they run: one `supports` and one `bind` per op.

`supports` asks oneDNN itself, by building the descriptor that `bind` then uses, so a node that is
taken is never given back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.compiler.kernels.onednn import conv, library, matmul, pool
from kerasish.compiler.kernels.onednn.api import UnsupportedError
from kerasish.compiler.kernels.onednn.constants import Alg
from kerasish.compiler.kernels.onednn.conv import Geometry, Shapes
from kerasish.compiler.providers import BoundKernel, kernel, provider
from kerasish.graph.node import Node
from kerasish.spec import TensorSpec, inverse, known, window_padding

NAME = library.NAME
Arrays = Sequence[Any]

SMALL_PRODUCT = 64**3
"""Multiply-adds up to which OpenBLAS runs a product in one thread, faster than we could."""

_LOWEST = np.finfo(np.float32).min

provider(NAME, library.unavailable, "convolution, pooling and matrix products by oneDNN")


def _specs(node: Node) -> tuple[TensorSpec, ...]:
    outputs = (node.spec,) if isinstance(node.spec, TensorSpec) else node.spec
    return (*(i.spec for i in node.inputs), *outputs)


def _shape(node: Node) -> tuple[int, ...]:
    return known(node.spec.shape)


def _supported(describe: Callable[[Node], object], integers: int = 0) -> Callable[[Node], bool]:
    """`supports` of an op: floats of one dtype, nothing is empty, and oneDNN can describe it."""

    def supports(node: Node) -> bool:
        specs = _specs(node)
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


def _conv_window(node: Node, shapes: Shapes) -> Geometry:
    a = node.attrs
    padding = window_padding(
        shapes.x[1:-1], shapes.w[:-2], a["strides"], a["dilation"], a["padding"]
    )
    return Geometry(tuple(a["strides"]), tuple(padding), tuple(a["dilation"]), a["groups"])


def _conv_shapes(node: Node) -> Shapes:
    """The shapes of the forward convolution behind any of the three ops."""
    first, second = (known(i.spec.shape) for i in node.inputs)
    if node.op.name == "conv":
        return Shapes(first, second, _shape(node), _float(node))
    if node.op.name == "conv_input_grad":
        return Shapes(_shape(node), second, first, _float(node))
    return Shapes(first, _shape(node), second, _float(node))


def _describe_conv(node: Node) -> object:
    shapes = _conv_shapes(node)
    window = _conv_window(node, shapes)
    if node.op.name == "conv":
        return conv.forward(shapes, window)
    return conv.backward(shapes, window, "data" if node.op.name == "conv_input_grad" else "weights")


@kernel("conv", provider=NAME, supports=_supported(_describe_conv))
def _conv(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return conv.bind_conv(inputs[0], inputs[1], outputs[0], _conv_window(node, _conv_shapes(node)))


@kernel("conv_input_grad", provider=NAME, supports=_supported(_describe_conv))
def _conv_input_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return conv.bind_conv_input_grad(
        inputs[0], inputs[1], outputs[0], _conv_window(node, _conv_shapes(node))
    )


@kernel("conv_weight_grad", provider=NAME, supports=_supported(_describe_conv))
def _conv_weight_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return conv.bind_conv_weight_grad(
        inputs[0], inputs[1], outputs[0], _conv_window(node, _conv_shapes(node))
    )


# --- pooling --------------------------------------------------------------------------------------

_POOLING = {
    "max_pool": Alg.POOLING_MAX,
    "max_pool_scatter": Alg.POOLING_MAX,
    "avg_pool": Alg.POOLING_AVG_EXCLUDE_PADDING,
    "avg_pool_grad": Alg.POOLING_AVG_EXCLUDE_PADDING,
}


def _pool_window(node: Node, x: tuple[int, ...]) -> tuple[Geometry, tuple[int, ...]]:
    """The window's geometry and its size."""
    size, strides = tuple(node.attrs["window"]), tuple(node.attrs["strides"])
    ones = (1,) * len(size)
    padding = window_padding(x[1:-1], size, strides, ones, node.attrs["padding"])
    return Geometry(strides, tuple(padding), ones), size


def _describe_pool(node: Node) -> object:
    alg = _POOLING[node.op.name]
    first = known(node.inputs[0].spec.shape)
    if node.op.name in ("max_pool", "avg_pool"):
        y = _specs(node)[1].shape
        window = _pool_window(node, first)
        return pool.forward(alg, first, known(y), *window, alg is Alg.POOLING_MAX, _float(node))
    window = _pool_window(node, _shape(node))
    return pool.backward(alg, _shape(node), first, *window, _float(node))


def _passed_over(x: Any, y: Any) -> bool:
    """Whether x holds NaN, or y what oneDNN gives where a window holds nothing but -inf."""
    if x.dtype == np.float32:
        return bool(np.isnan(x.max()) or y.min() <= _LOWEST)
    # bfloat16 by its bits, which numpy compares much faster than its values.
    magnitude, low = x.view(np.uint16) & 0x7FFF, y.view(np.uint16)
    return bool(magnitude.max() > 0x7F80 or ((low == 0xFF7F) | (low == 0xFF80)).any())


@kernel("max_pool", provider=NAME, supports=_supported(_describe_pool, integers=1))
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    (x,), (y, index) = inputs, outputs
    y = np.empty(index.shape, x.dtype) if y is None else y
    run = pool.bind_max_pool(x, y, index, *_pool_window(node, x.shape))

    def step() -> None:
        run()
        # oneDNN passes over NaN and -inf; two sweeps, cheap beside the pooling, find them.
        if _passed_over(x, y):
            for target, value in zip((y, index), node.op.kernel(np, x, **node.attrs), strict=True):
                if target is not None:
                    target[...] = value

    return step


@kernel("max_pool_scatter", provider=NAME, supports=_supported(_describe_pool, integers=1))
def _max_pool_scatter(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return pool.bind_max_pool_scatter(
        inputs[0], inputs[1], outputs[0], *_pool_window(node, outputs[0].shape)
    )


@kernel("avg_pool", provider=NAME, supports=_supported(_describe_pool))
def _avg_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return pool.bind_avg_pool(inputs[0], outputs[0], *_pool_window(node, inputs[0].shape))


@kernel("avg_pool_grad", provider=NAME, supports=_supported(_describe_pool))
def _avg_pool_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return pool.bind_avg_pool_grad(inputs[0], outputs[0], *_pool_window(node, outputs[0].shape))


# --- products -------------------------------------------------------------------------------------


def _describe_matmul(node: Node) -> object:
    a, b = (known(i.spec.shape) for i in node.inputs[:2])
    axes = node.attrs.get("axes")
    y = _shape(node) if axes is None else tuple(_shape(node)[i] for i in inverse(axes))
    if min(y[-2:]) == 1 or math.prod(y) * a[-1] <= SMALL_PRODUCT:
        raise UnsupportedError("OpenBLAS is faster at small products and at single rows.")
    return matmul.forward(a, b, y, axes, _float(node))


@kernel("matmul", provider=NAME, supports=_supported(_describe_matmul))
def _matmul(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return matmul.bind_matmul(inputs[0], inputs[1], outputs[0])


@kernel("product", provider=NAME, supports=_supported(_describe_matmul), inplace=(2,))
def _product(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    a, b, *c = inputs
    y = outputs[0].transpose(inverse(node.attrs["axes"]))
    if not c:
        return matmul.bind_matmul(a, b, y)
    if c[0].ndim == 1:
        return matmul.bind_matmul(a, b, y, bias=c[0])
    run = matmul.bind_matmul(a, b, y, accumulate=True)
    if c[0].ctypes.data == y.ctypes.data and c[0].strides == y.strides:
        return run

    def step() -> None:
        np.copyto(y, c[0])
        run()

    return step
