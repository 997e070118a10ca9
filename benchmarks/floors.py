"""Each step of a plan beside the time that its arithmetic and its bytes alone would take here.

    python benchmarks/floors.py gpt                  # a train step of a workload
    python benchmarks/floors.py cnn --mode predict

The machine is measured first: the rate of a large matrix product, and the rate at which an
elementwise kernel reads and writes arrays of several sizes, from the cache and from memory. A
step's floor is the longer of its operations at the one rate and its bytes at the other (that of
arrays as large as its own). Steps the furthest above their floor come first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import WORKLOADS

import kerasish as keras
from kerasish.spec import TensorSpec

SIZES = [1 << n for n in range(14, 27, 2)]  # elements of float32


def best(run: Callable[[], Any], seconds: float = 0.3) -> float:
    """The shortest of as many calls as fit the time."""
    run()
    least, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - begin)
    return least


def plan_of(func: Callable[..., Any], *shapes: tuple[int, ...]) -> Any:
    """A plan with its inputs filled."""
    plan = keras.function(func).plan_for(*(TensorSpec(s, "float32") for s in shapes))
    for room in plan.inputs:
        room[...] = 1.0
    return plan


def product_rate() -> float:
    """Operations a second of a 2048x2048 product."""
    plan = plan_of(keras.ops.matmul, (2048, 2048), (2048, 2048))
    return 2 * 2048**3 / best(plan.run)


def byte_rates() -> dict[int, float]:
    """Bytes a second of y = x + 1, by the bytes moved."""
    rates = {}
    for size in SIZES:
        plan = plan_of(lambda x: x + 1.0, (size,))
        rates[8 * size] = 8 * size / best(plan.run)
    return rates


def floor(entry: Any, product: float, rates: dict[int, float]) -> float:
    """Seconds that a step's operations and bytes would take at the machine's rates."""
    calls = max(entry.calls, 1)
    size = min(rates, key=lambda held: abs(np.log(held / max(entry.nbytes / calls, 1))))
    return max(entry.flops / product, entry.nbytes / rates[size])


def main() -> None:
    """Measure, profile, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", choices=sorted(WORKLOADS))
    parser.add_argument("--mode", choices=["train", "test", "predict"], default="train")
    parser.add_argument("--steps", type=int, default=25, help="how many steps to list")
    given = parser.parse_args()
    product, rates = product_rate(), byte_rates()
    print(f"products: {product / 1e9:.0f} GFLOP/s; bytes moved by y = x + 1:", end=" ")
    print(", ".join(f"{b >> 10} KB {r / 1e9:.0f} GB/s" for b, r in rates.items()))
    model, x, y, loss = WORKLOADS[given.workload].make(keras, np.random.default_rng(0))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    found = model.profile(x, None if given.mode == "predict" else y, mode=given.mode)
    rows = [(e, floor(e, product, rates)) for e in found.entries]
    rows.sort(key=lambda row: row[1] - row[0].least)
    print(f"\n{'ms':>8} {'floor':>8} {'above':>8}  provider   what")
    for entry, least in rows[: given.steps]:
        above = (entry.least - least) * 1e3
        where = f"{entry.name}  {entry.layer}{' backward' if entry.backward else ''}"
        print(
            f"{entry.least * 1e3:8.3f} {least * 1e3:8.3f} {above:8.3f}  {entry.provider:9}  {where}"
        )
    total, bound = sum(e.least for e, _ in rows), sum(f for _, f in rows)
    print(
        f"\n{len(rows)} steps: {total * 1e3:.2f} ms, floor {bound * 1e3:.2f} ms, "
        f"{bound / total:.0%} of what this machine can do"
    )


if __name__ == "__main__":
    main()
