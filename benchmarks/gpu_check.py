"""Every op and composite on a device against numpy: values and gradients, eager and compiled.

    python benchmarks/gpu_check.py                    # all, on cupy, in eight processes
    python benchmarks/gpu_check.py conv matmul        # some
    python benchmarks/gpu_check.py --jobs 1 --backend numpy

Prints one line per failure and a closing line of counts. Each process is started again where a
failure leaves the device unusable to it.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

Found = list[tuple[str, str]]  # (what differs, how)
SKIPPED = {"fused", "remat", "pick", "constant", "input", "variable", "while_loop"}
UP_TO_SIGN = {"svd", "qr", "eigh", "eig"}  # whose vectors may be turned round
TOLERANCE = {"value": (2e-5, 2e-6), "gradient": (2e-4, 2e-5)}  # relative, of the largest element


def difference(name: str, kind: str, got: Any, want: Any) -> str | None:
    """How an array differs from what it should be, or None."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{got.dtype}{got.shape}, expected {want.dtype}{want.shape}"
    if got.dtype.kind not in "fcV":
        wrong = int(np.sum(got != want))
        return f"{wrong} of {got.size} differ" if wrong else None
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    a, b = got.astype(wide), want.astype(wide)
    if name in UP_TO_SIGN:
        a, b = abs(a), abs(b)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return "NaN in other places"
    same = (a == b) | np.isnan(a)
    a, b = a[~same], b[~same]
    if not a.size:
        return None
    relative, absolute = TOLERANCE[kind]
    error = abs(a - b)
    finite = b[np.isfinite(b)]
    allowed = relative * abs(b) + absolute * max(1.0, float(abs(finite).max(initial=0)))
    if np.all(error <= allowed):
        return None
    return f"{int(np.sum(~(error <= allowed)))} differ, by up to {np.nanmax(error):.3g}"


def on(backend: str, func: Callable[[], Any]) -> Any:
    """What a function gives, on a backend, as numpy arrays."""
    import kerasish as keras

    keras.config.set_backend(backend)
    try:
        return [np.array(t.numpy()) for t in func()]
    finally:
        keras.config.set_backend("numpy")


def check(kind: str, name: str, backend: str) -> Found:
    """Compare one op or composite, over its cases."""
    import kerasish as keras
    import kerasish.ops
    from kerasish import registry, tree
    from kerasish.compiler import function
    from kerasish.spec import is_differentiable
    from kerasish.testing.gradients import differentiable, weighted
    from kerasish.testing.operators import callable_of, is_random
    from kerasish.testing.samples import described, sample_inputs

    op = registry.lookup(kind, name)
    tensors = keras.ops.convert_to_tensor
    func = callable_of(op)
    found: Found = []
    for case in op.cases:
        inputs = sample_inputs(case, op.domain, "float32")

        def values(*xs: Any, case: Any = case) -> list[Any]:
            return [tensors(t) for t in tree.flatten(func(*xs, **case.attrs))]

        chosen = differentiable(inputs) if case.differentiate is None else case.differentiate
        outputs = values(*map(tensors, inputs))
        # Vectors may be turned round, and gradients that flow through them with them.
        if (
            name in UP_TO_SIGN
            or is_random(op)
            or not any(is_differentiable(t.dtype) for t in outputs)
        ):
            chosen = ()

        def gradients(*xs: Any, case: Any = case, chosen: Any = chosen) -> list[Any]:
            scalar = weighted(functools.partial(func, **case.attrs), 0)
            return list(keras.grad(scalar, chosen)(*xs)) if chosen else []

        for what, compute in (("value", values), ("gradient", gradients)):
            want = on("numpy", lambda: compute(*map(tensors, inputs)))  # noqa: B023
            for how in ("eager", "compiled"):
                run = compute if how == "eager" else function(compute)
                try:
                    got = on(backend, lambda: run(*map(tensors, inputs)))  # noqa: B023
                except Exception as error:  # noqa: BLE001
                    where = f"{what}, {how}, {described(case)[:60]}"
                    found.append((where, f"{type(error).__name__}: {error}".split("\n")[0]))
                    if "CUDARuntimeError" in type(error).__name__ or "illegal" in str(error):
                        return found
                    continue
                for a, b in zip(got, want, strict=True):
                    differs = difference(name, what, a, b)
                    if differs:
                        found.append((f"{what}, {how}, {described(case)[:60]}", differs))
    return found


def work(tasks: Sequence[tuple[str, str]], backend: str, pipe: Connection) -> None:
    """Check tasks one after the other; the results go into the pipe."""
    import kerasish as keras

    keras.config.set_backend(backend)  # an error here ends the process
    keras.config.set_backend("numpy")
    for kind, name in tasks:
        try:
            found = check(kind, name, backend)
        except Exception as error:  # noqa: BLE001
            found = [("itself", f"{type(error).__name__}: {error}".split("\n")[0])]
        pipe.send(((kind, name), found))
        if any("CUDARuntimeError" in text or "illegal" in text for _, text in found):
            os._exit(3)  # the device's context is lost to this process


def run(tasks: Sequence[tuple[str, str]], backend: str, jobs: int, seconds: float) -> int:
    """Check all tasks in several processes and print what fails."""
    context = multiprocessing.get_context("spawn")
    end = time.monotonic() + seconds
    shares = {i: list(tasks[i::jobs]) for i in range(jobs)}
    pipes: dict[Connection, int] = {}
    processes: dict[int, Any] = {}

    def start(i: int) -> None:
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(shares[i], backend, theirs), daemon=True)
        process.start()
        theirs.close()
        pipes[mine], processes[i] = i, process

    for i in range(jobs):
        start(i)
    counts = {"passed": 0, "failed": 0}
    while pipes and time.monotonic() < end:
        for pipe in wait(list(pipes), timeout=1.0):
            i = pipes[pipe]  # type: ignore[index]
            try:
                task, found = pipe.recv()  # type: ignore[union-attr]
            except EOFError:
                del pipes[pipe]  # type: ignore[arg-type]
                processes[i].join(5)
                if processes[i].exitcode and shares[i]:
                    if processes[i].exitcode != 3:  # died without a word: on its next task
                        lost = shares[i].pop(0)
                        print(f"{lost[1]:<28} the process died: {processes[i].exitcode}")
                        counts["failed"] += 1
                    if shares[i]:
                        start(i)
                continue
            shares[i].remove(task)
            counts["failed" if found else "passed"] += 1
            for where, text in found[:3]:
                print(f"{task[1]:<28} {where}: {text[:220]}", flush=True)
            if len(found) > 3:
                print(f"{task[1]:<28} and {len(found) - 3} more")
    left = sum(map(len, shares.values()))
    print(f"{counts['passed']} passed, {counts['failed']} failed, {left} not reached")
    return int(bool(counts["failed"] or left))


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="ops and composites; all by default")
    parser.add_argument("--backend", default="cupy")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120.0)
    given = parser.parse_args()
    import kerasish.ops  # noqa: F401
    from kerasish import registry

    tasks = [(kind, name) for kind in ("op", "composite") for name in registry.names(kind)]
    tasks = [t for t in tasks if t[1] not in SKIPPED and (not given.names or t[1] in given.names)]
    return run(tasks, given.backend, given.jobs, given.seconds)


if __name__ == "__main__":
    sys.exit(main())
