"""Hold LLVM's float32 functions to float64 references over all 2**32 inputs, or 300 million pairs.

Run from the root of the repository: python -m scripts.sweep_llvm_math sin power --part 0/2
"""

from __future__ import annotations

import argparse

import numpy as np

from tests.compiler.codegen.test_llvm_math import (
    BINARY,
    UNARY,
    compiled,
    exact,
    largest_error,
    pairs,
)

CHUNK = 1 << 20
PAIRS = 300_000_000


def batches(name: str, part: int, parts: int) -> list[int]:
    """The chunks of this part."""
    total = PAIRS // (4 * CHUNK) if name in BINARY else 2**32 // CHUNK
    return list(range(part, total, parts))


def main() -> None:
    """Print the largest error of every function."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", default=[*UNARY, *BINARY])
    parser.add_argument("--part", default="0/1", help="k/n: every n-th chunk from the k-th on")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    for name in options.names:
        worst, place = 0.0, "everywhere"
        for chunk in batches(name, part, parts):
            if name in BINARY:
                sets = pairs(name, CHUNK, np.random.default_rng(chunk))
            else:
                first = chunk * CHUNK
                bits = np.arange(first, first + CHUNK, dtype=np.uint64).astype(np.uint32)
                sets = [[bits.view(np.float32)]]
            for inputs in sets:
                ulps, at = largest_error(compiled(name, *inputs), exact(name, inputs))
                if ulps > worst:
                    worst, place = ulps, " ".join(repr(float(x[at])) for x in inputs)
        print(f"{name:12s} {worst:.3f} ulp at {place}", flush=True)


if __name__ == "__main__":
    main()
