"""Hold LLVM's float32 functions to float64 references over all inputs, or 300 million pairs.

Run from the root of the repository: python -m scripts.sweep_llvm_math sin power --part 0/2
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from tests.compiler.codegen.test_llvm_math import (
    BINARY,
    UNARY,
    bound,
    exact,
    largest_error,
    pairs,
)

CHUNK = 1 << 15  # fits the second cache, in float64 too
PAIRS = 300_000_000
# Odd, even, or not defined below zero: there, every 16th chunk.
HALVED = {
    "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos", "cosh", "erf", "erfinv",
    "log", "log10", "log2", "rsqrt", "sin", "sinh", "tan", "tanh",
}  # fmt: skip


def batches(name: str, part: int, parts: int) -> Iterator[list[np.ndarray]]:
    """The inputs of this part: every `parts`-th chunk from the `part`-th on."""
    if name in BINARY:
        for chunk in range(part, PAIRS // (4 * CHUNK), parts):
            yield from pairs(name, CHUNK, np.random.default_rng(chunk))
        return
    first = np.arange(CHUNK, dtype=np.uint32)
    for chunk in range(part, 2**32 // CHUNK, parts):
        if name in HALVED and chunk * CHUNK >= 2**31 and chunk // parts % 16:
            continue
        yield [(first + np.uint32(chunk * CHUNK)).view(np.float32)]


def sweep(name: str, part: int, parts: int) -> tuple[float, list[float]]:
    """(the largest error in ulps, its inputs)."""
    inputs = [np.empty(CHUNK, np.float32) for _ in range(2 if name in BINARY else 1)]
    step, got = bound(name, *inputs)
    worst, place = 0.0, []
    for batch in batches(name, part, parts):
        for held, given in zip(inputs, batch, strict=True):
            held[...] = given
        step()
        ulps, at = largest_error(got, exact(name, inputs))
        if ulps > worst:
            worst, place = ulps, [float(x[at]) for x in inputs]
    return worst, place


def main() -> None:
    """Print the largest error of every function; 0 where every result is the rounded exact one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=[*UNARY, *BINARY])
    parser.add_argument("--part", default="0/1", help="k/n: every n-th chunk from the k-th on")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    for name in options.names:
        worst, place = sweep(name, part, parts)
        print(f"{name:12s} {worst:.3f} ulp at {place}", flush=True)


if __name__ == "__main__":
    main()
