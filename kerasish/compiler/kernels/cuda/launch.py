"""Compiling one kernel from its text, and launching it over a number of elements."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.compiler.codegen.cuda_jit import blocks, raw_module
from kerasish.compiler.codegen.cuda_kernel import THREADS
from kerasish.compiler.codegen.cuda_prelude import PRELUDE

LIMIT = 1 << 31
"""Elements from which indices would overflow."""

HEAD = """
extern "C" __global__ void %s(%s, int count) {
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < count;
       at += (long long)gridDim.x * blockDim.x) {
    const int t = (int)at;
"""
"""The loop that gives each element `t` to one thread; the text of a kernel closes both braces."""


@functools.cache
def compiled(name: str, source: str) -> Any:
    """The function of a module."""
    return raw_module(PRELUDE + source).get_function(name)


def launcher(name: str, arguments: str, body: str, count: int, *arrays: Any) -> Callable[[], Any]:
    """A step that runs `body` for every element.

    Args:
        name: of the kernel.
        arguments: declarations, in the order of the arrays.
        body: statements over `t`.
        count: elements.
        arrays: what the kernel works on.
    """
    function = compiled(name, HEAD % (name, arguments) + body + "  }\n}\n")
    return functools.partial(function, (blocks(count),), (THREADS,), (*arrays, np.int32(count)))
