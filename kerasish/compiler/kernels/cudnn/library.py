"""cuDNN 9: its handle, descriptors, and the calls that convolutions need."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

from kerasish.compiler.kernels import nvidia

NAME = "cudnn"
TYPES = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 9}  # cudnnDataType_t
NHWC = 1  # cudnnTensorFormat_t
CORRELATION = 1  # cudnnConvolutionMode_t
DEFAULT_MATH, TENSOR_OPS, FMA = 0, 1, 3  # cudnnMathType_t; the first rounds float32 to TF32
FOUND = 10  # algorithms asked for

KINDS = {
    "y": ("xw", "cudnnConvolutionForward", "cudnnGetConvolutionForwardAlgorithm_v7"),
    "x": ("wy", "cudnnConvolutionBackwardData", "cudnnGetConvolutionBackwardDataAlgorithm_v7"),
    "w": (
        "xy", "cudnnConvolutionBackwardFilter", "cudnnGetConvolutionBackwardFilterAlgorithm_v7"
    ),
}  # fmt: skip
"""By what is computed of x, w, y of the forward convolution: the other two in cuDNN's order, the
function that runs, and the one that ranks algorithms."""

Pointer, Int, Sizes = ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "cudnnCreate": (Pointer,),
    "cudnnSetStream": (Pointer, Pointer),
    "cudnnSetTensorNdDescriptor": (Pointer, Int, Int, Sizes, Sizes),
    "cudnnSetFilterNdDescriptor": (Pointer, Int, Int, Int, Sizes),
    **{
        f"cudnn{way}{kind}Descriptor": (Pointer,)
        for way in ("Create", "Destroy")
        for kind in ("Tensor", "Filter", "Convolution")
    },
    "cudnnSetConvolutionNdDescriptor": (Pointer, Int, Sizes, Sizes, Sizes, Int, Int),
    "cudnnSetConvolutionMathType": (Pointer, Int),
    "cudnnSetConvolutionGroupCount": (Pointer, Int),
}
for _, _run, _rank in KINDS.values():
    # (handle, alpha, first, its array, second, its array, convolution, algorithm, workspace, its
    # size, beta, output, its array); (handle, first, second, convolution, output, count, ...)
    SIGNATURES[_run] = (
        *(Pointer,) * 7, Int, Pointer, ctypes.c_size_t, *(Pointer,) * 3
    )  # fmt: skip
    SIGNATURES[_rank] = (*(Pointer,) * 5, Int, Pointer, Pointer)


class Ranked(ctypes.Structure):
    """cudnnConvolution*AlgoPerf_t."""

    _fields_ = [
        ("algorithm", Int),
        ("status", Int),
        ("time", ctypes.c_float),
        ("memory", ctypes.c_size_t),
        ("deterministic", Int),
        ("math", Int),
        ("reserved", Int * 3),
    ]


def sizes(values: Sequence[int]) -> Any:
    """An array of C ints."""
    return (Int * len(values))(*values)


class Descriptor:
    """A descriptor that is destroyed with its last user.

    Args:
        library: cuDNN.
        kind: "Tensor", "Filter" or "Convolution".
        arguments: what its Nd setter takes.
    """

    def __init__(self, library: nvidia.Library, kind: str, *arguments: Any) -> None:
        self._library, self._kind = library, kind
        self.pointer = Pointer()
        library.call(f"cudnnCreate{kind}Descriptor", ctypes.byref(self.pointer))
        library.call(f"cudnnSet{kind}NdDescriptor", self.pointer, *arguments)

    def __del__(self) -> None:
        self._library.call(f"cudnnDestroy{self._kind}Descriptor", self.pointer)


@functools.cache
def cudnn() -> nvidia.Library:
    """The library with its handle, made at first use."""
    return nvidia.Library(nvidia.load(NAME), SIGNATURES, "cudnnCreate", "cudnnSetStream")
