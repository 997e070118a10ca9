"""Measure one workload on one implementation, in this process; prints one line of JSON.

    python measure.py kerasish mlp          # also: keras-jax, keras-torch, keras-tensorflow
    python measure.py torch mlp             # also: torch-compile

Not meant to be run by hand: run.py does, once per workload, implementation and round.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import math
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

LATENCY_CALLS = 20


def timed(func: Callable[[], Any]) -> float:
    """Seconds one call takes."""
    start = time.perf_counter()
    func()
    return time.perf_counter() - start


def summary(seconds: list[float], count: int) -> dict[str, float]:
    """Median and minimum, in milliseconds per one of `count`."""
    each = sorted(s / count * 1e3 for s in seconds)
    middle = len(each) // 2
    median = each[middle] if len(each) % 2 else (each[middle - 1] + each[middle]) / 2
    return {"median": median, "min": each[0]}


def training_flops(model: Any, batch: int) -> int:
    """Floating-point operations of the matrix products and convolutions of one train step.

    Each kernel multiplies once per output position (input position for recurrent and transposed
    layers) and row; attention adds its two products. The backward pass costs twice the forward,
    without the first layer's input gradient.
    """
    costs = [c for c in (_forward_flops(layer) for layer in model.layers) if c]
    embeds = any(type(layer).__name__ == "Embedding" for layer in model.layers)
    total = 3 * sum(costs) - (0 if embeds else costs[0])
    return total * batch


def _forward_flops(layer: Any) -> int:
    kind = type(layer).__name__
    if kind == "Embedding" or not layer.weights:
        return 0
    kernels = sum(math.prod(w.shape) for w in layer.weights if len(w.shape) > 1)
    by_input = kind in ("Bidirectional", "LSTM", "GRU") or "Transpose" in kind
    shape = (layer.input if by_input else layer.output).shape
    flops = 2 * kernels * math.prod(shape[1:-1])
    if kind == "MultiHeadAttention":
        flops += 4 * shape[1] * shape[1] * shape[2]
    return flops


def measure_keras(module: str, name: str, rounds: int) -> dict[str, Any]:
    """Measure `model.fit`, `predict` and `predict_on_batch` of a Keras-like package."""
    begin = time.perf_counter()
    keras: Any = importlib.import_module(module)
    import_s = time.perf_counter() - begin
    np = importlib.import_module("numpy")
    work = importlib.import_module("workloads").WORKLOADS[name]
    keras.utils.set_random_seed(0)
    model, x, y, loss = work.make(keras, np.random.default_rng(0))
    batch, steps = len(x), work.steps
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    many, labels = np.concatenate([x] * steps), np.concatenate([y] * steps)

    def fit() -> None:
        model.fit(many, labels, batch_size=batch, verbose=0, shuffle=False)

    first_s = timed(lambda: model.fit(x, y, batch_size=batch, verbose=0))
    ready_s = time.perf_counter() - begin
    fit()
    train = [timed(fit) for _ in range(rounds)]
    model.predict(many, batch_size=batch, verbose=0)
    predict = [
        timed(lambda: model.predict(many, batch_size=batch, verbose=0)) for _ in range(rounds)
    ]
    row = x[:1]
    model.predict_on_batch(row)
    one = [timed(lambda: model.predict_on_batch(row)) for _ in range(LATENCY_CALLS)]
    return {
        "import_s": import_s,
        "first_s": first_s,
        "ready_s": ready_s,
        "step_ms": summary(train, steps),
        "predict_ms": summary(predict, steps),
        "one_ms": summary(one, 1),
        "flops": training_flops(model, batch),
    }


def measure_torch(name: str, rounds: int, compiled: bool) -> dict[str, Any]:
    """Measure a plain PyTorch training loop and forward passes."""
    begin = time.perf_counter()
    torch: Any = importlib.import_module("torch")
    import_s = time.perf_counter() - begin
    steps = importlib.import_module("workloads").WORKLOADS[name].steps
    torch.manual_seed(0)
    model, x, y, loss = importlib.import_module("torch_workloads").TORCH[name]()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    forward = torch.compile(model) if compiled else model

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        value = loss(forward(x), y)
        value.backward()
        optimizer.step()
        return value.item()

    def repeat(func: Callable[[], Any]) -> None:
        for _ in range(steps):
            func()

    first_s = timed(step)
    ready_s = time.perf_counter() - begin
    repeat(step)
    train = [timed(lambda: repeat(step)) for _ in range(rounds)]
    model.eval()
    row = x[:1].clone()
    with torch.inference_mode():
        forward(x)
        predict = [timed(lambda: repeat(lambda: forward(x))) for _ in range(rounds)]
        forward(row)
        one = [timed(lambda: forward(row)) for _ in range(LATENCY_CALLS)]
    return {
        "import_s": import_s,
        "first_s": first_s,
        "ready_s": ready_s,
        "step_ms": summary(train, steps),
        "predict_ms": summary(predict, steps),
        "one_ms": summary(one, 1),
    }


def measure_gemm(module: str) -> dict[str, Any]:
    """The speed of a float32 matrix product of this process's library, in GFLOP/s."""
    size, best = 1024, math.inf
    if module == "torch":
        torch: Any = importlib.import_module("torch")
        call = functools.partial(torch.matmul, torch.randn(size, size), torch.randn(size, size))
    else:
        np = importlib.import_module("numpy")
        rng = np.random.default_rng(0)
        a, b = (rng.normal(size=(size, size)).astype("float32") for _ in range(2))
        call = functools.partial(np.matmul, a, b, out=np.empty_like(a))
    for _ in range(20):
        best = min(best, timed(call))
    return {"gflops": 2 * size**3 / best / 1e9}


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("implementation")
    parser.add_argument("workload", help="a workload's name, or 'gemm'")
    parser.add_argument("--rounds", type=int, default=5, help="timed repetitions (default: 5)")
    given = parser.parse_args()
    family, _, variant = given.implementation.partition("-")
    if family == "keras":
        os.environ["KERAS_BACKEND"] = variant
    if given.workload == "gemm":
        found = measure_gemm(family)
    elif family == "torch":
        found = measure_torch(given.workload, given.rounds, compiled=variant == "compile")
    else:
        found = measure_keras(family, given.workload, given.rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found["peak_mb"] = peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
