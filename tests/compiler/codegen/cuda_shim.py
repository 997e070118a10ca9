"""Runs generated CUDA kernels on the CPU: g++ compiles them behind a small shim.

The threads of a block are fibers that take turns; at a barrier each hands over to the next, so a
block runs as on a device, only in one fixed order of its threads. It does not find races.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEAD = r"""
#include <cmath>
#include <csetjmp>
#include <cstring>
#include <ucontext.h>
using namespace std;
#define __global__
#define __device__ static
#define __shared__ static
struct Index { unsigned x; };
static Index threadIdx, blockIdx, blockDim, gridDim;
static float __int_as_float(int i) { float f; memcpy(&f, &i, 4); return f; }
static int __float_as_int(float f) { int i; memcpy(&i, &f, 4); return i; }
static float from_float16(unsigned short h) { _Float16 f; memcpy(&f, &h, 2); return f; }
static unsigned short to_float16(float f) {
  _Float16 g = f; unsigned short h; memcpy(&h, &g, 2); return h;
}

static ucontext_t fresh[1024], back;
static jmp_buf home, fiber[1024];  // unlike swapcontext, _longjmp makes no system call
static char stacks[1024][65536];
static bool started[1024], done[1024];
static void (*entry)(void**);
static void** given;
static double slots[1024];
static unsigned turn, left;
static void start() { entry(given); done[turn] = true; _longjmp(home, 1); }
static void __syncthreads() {
  if (!_setjmp(fiber[threadIdx.x])) _longjmp(home, 1);
}
static void __syncwarp() { __syncthreads(); }
template <class T> T __shfl_xor_sync(unsigned, T v, int o) {
  memcpy(&slots[threadIdx.x], &v, sizeof(T));
  __syncthreads();
  T w; memcpy(&w, &slots[threadIdx.x ^ o], sizeof(T));
  __syncthreads();
  return w;
}
static void take_turn() {
  threadIdx.x = turn;
  if (_setjmp(home)) return;
  if (started[turn]) _longjmp(fiber[turn], 1);
  started[turn] = true;
  getcontext(&fresh[turn]);
  fresh[turn].uc_stack.ss_sp = stacks[turn];
  fresh[turn].uc_stack.ss_size = sizeof(stacks[turn]);
  fresh[turn].uc_link = &back;
  makecontext(&fresh[turn], start, 0);
  setcontext(&fresh[turn]);
}
static void launch(void (*f)(void**), void** args, unsigned grid, unsigned block) {
  entry = f; given = args; gridDim.x = grid; blockDim.x = block;
  for (blockIdx.x = 0; blockIdx.x < grid; blockIdx.x++) {
    memset(started, 0, sizeof started);
    memset(done, 0, sizeof done);
    do {
      left = 0;
      for (turn = 0; turn < block; turn++) {
        if (!done[turn]) take_turn();
        left += !done[turn];
      }
    } while (left);
  }
}
"""

_FOLDER = tempfile.TemporaryDirectory(prefix="kerasish-shim-")


def unavailable() -> str | None:
    """Why nothing can be run here, or None."""
    return None if shutil.which("g++") else "needs g++"


def entries(source: str) -> Iterator[str]:
    """C functions that launch each kernel of a module."""
    for name, arguments in re.findall(r'extern "C" __global__ void (\w+)\((.*)\)', source):
        kinds = [a.rsplit(" ", 1)[0] for a in arguments.split(", ")]
        casts = [
            f"({k})given[{i}]" if k.endswith("*") else f"*({k}*)given[{i}]"
            for i, k in enumerate(kinds)
        ]
        yield f"static void call_{name}(void**) {{ {name}({', '.join(casts)}); }}"
        yield f'extern "C" void launch_{name}(void** args, unsigned grid, unsigned block) {{'
        yield f"  launch(call_{name}, args, grid, block);\n}}"


def compiled(source: str) -> ctypes.CDLL:
    """The shared library of a module."""
    text = "\n".join([HEAD, source, *entries(source)])
    path = Path(_FOLDER.name) / hashlib.sha256(text.encode()).hexdigest()
    library = path.with_suffix(".so")
    if not library.exists():
        path.with_suffix(".cpp").write_text(text)
        flags = ["-std=c++17", "-O1", "-fwrapv", "-w", "-shared", "-fPIC"]
        subprocess.run(
            ["g++", *flags, str(path.with_suffix(".cpp")), "-o", str(library)], check=True
        )
    return ctypes.CDLL(str(library))


class RawModule:
    """What `cupy.RawModule` is on a device: a module whose kernels are called with arrays."""

    def __init__(self, code: str, options: Sequence[str] = ()) -> None:
        self.library = compiled(code)

    def get_function(self, name: str) -> Callable[..., None]:
        run = getattr(self.library, f"launch_{name}")

        def call(grid: tuple[int], block: tuple[int], arguments: Sequence[Any]) -> None:
            hosts = [getattr(a, "held", a) for a in arguments]  # of a DeviceArray
            holders = [a if isinstance(a, np.ndarray) else np.array(a) for a in hosts]
            places = (ctypes.c_void_p * len(holders))(*(a.ctypes.data for a in holders))
            run(places, ctypes.c_uint(grid[0]), ctypes.c_uint(block[0]))

        return call
