"""One GPU: a training step in kerasish, PyTorch (eager and compiled) and plain JAX, side by side.

    python benchmarks/gpu.py                                # everything that is installed
    python benchmarks/gpu.py --seconds 120 mlp gpt          # some workloads, in a given time
    python benchmarks/gpu.py --only kerasish,torch --precisions float32

Every cell of the table is a process of its own. All of them warm up at once, and those that are not
ready after three quarters of the time are given up; then each is timed alone, in turns, so that a
change of the card's clock meets all. A batch lies in host memory and is copied to the card in every
step. Times are medians of rounds, microseconds a step. `first` is the time of the first step,
compilation included, while the others warm up too; `memory` is what the process's allocator holds
at most.

float32 is exact everywhere here (no TF32); tf32 and bfloat16 are asked for by name.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

NAMES = ("kerasish", "torch", "torch-compile", "jax")
PRECISIONS = ("float32", "tf32", "bfloat16")
PLAIN = ("jax",)  # implementations without a policy of mixed precision
STEPS = {"mlp": 200, "cnn": 100, "resnet": 30, "gpt": 60, "lstm": 10}
Run = Callable[[int], None]  # trains that many steps and waits for the end


def kerasish(precision: str, name: str) -> tuple[Run, Callable[[], int]]:
    from workloads import WORKLOADS

    import kerasish as keras

    keras.config.set_backend("cupy")
    keras.config.enable_tensor_float_32(precision == "tf32")
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    model, x, y, loss = WORKLOADS[name].make(keras, np.random.default_rng(0))
    model.compile("adam", loss)
    many: dict[int, Any] = {}

    def run(steps: int) -> None:
        if steps not in many:
            many[steps] = [np.concatenate([v] * steps) for v in (x, y)]
        model.fit(*many[steps], batch_size=len(x), shuffle=False, verbose=0)

    pool = importlib.import_module("cupy").get_default_memory_pool()
    return run, lambda: pool.total_bytes()


def torch_(precision: str, name: str, compiled: bool) -> tuple[Run, Callable[[], int]]:
    import torch
    from torch_workloads import TORCH

    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    device = torch.device("cuda")
    model, x, y, loss = TORCH[name]()
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def forward(x: Any, y: Any) -> Any:
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
            return loss(model(x), y)

    called: Any = torch.compile(forward, mode="reduce-overhead") if compiled else forward

    def run(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            called(x.to(device), y.to(device)).backward()
            optimizer.step()
        torch.cuda.synchronize()

    return run, torch.cuda.max_memory_reserved


def jax_(precision: str, name: str) -> tuple[Run, Callable[[], int]]:
    import jax
    import jax.numpy as jnp
    from jax_workloads import JAX, step_of

    jax.config.update(
        "jax_default_matmul_precision", "highest" if precision == "float32" else "tensorfloat32"
    )
    params, x, y, loss = JAX[name]()
    step = step_of(loss)
    params = jax.tree.map(jnp.asarray, params)
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = [(params, zeros, jax.tree.map(jnp.copy, zeros), jnp.int32(0))]

    def run(steps: int) -> None:
        for _ in range(steps):
            state[0], value = step(state[0], x, y)
        value.block_until_ready()

    stats = jax.devices()[0].memory_stats
    return run, lambda: (stats() or {}).get("peak_bytes_in_use", 0)


def prepare(implementation: str, precision: str, name: str) -> tuple[Run, Callable[[], int]]:
    """(what trains a number of steps, what tells the bytes held)."""
    if implementation == "kerasish":
        return kerasish(precision, name)
    if implementation == "jax":
        return jax_(precision, name)
    return torch_(precision, name, implementation == "torch-compile")


def child(implementation: str, precision: str, name: str) -> None:
    """Warm up, say so, then time a round for every line that the parent writes."""
    try:
        start = time.perf_counter()
        run, memory = prepare(implementation, precision, name)
        run(1)
        first = time.perf_counter() - start
        run(3)
        say(first=round(first, 2), memory=memory())
    except Exception as error:  # noqa: BLE001
        say(error=f"{type(error).__name__}: {error}".split("\n")[0][:150])
        return
    for _ in sys.stdin:
        start = time.perf_counter()
        run(STEPS[name])
        say(us=(time.perf_counter() - start) / STEPS[name] * 1e6)


def say(**values: Any) -> None:
    """One line for the parent."""
    sys.stdout.write("@" + json.dumps(values) + "\n")
    sys.stdout.flush()


class Child:
    """One process, and what it has said.

    Args:
        title: implementation and precision.
        name: of the workload.
        nice: how much it yields to the others while they warm up.
    """

    def __init__(self, title: tuple[str, str], name: str, nice: int) -> None:
        self.title, self.name = title, name
        self.found: dict[str, Any] = {}
        self.times: list[float] = []
        self.ready = False
        environment = os.environ | {
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false", "TORCHINDUCTOR_COMPILE_THREADS": "2"
        }  # fmt: skip
        command = ["nice", "-n", str(nice), sys.executable, __file__, name]
        command += ["--child", ",".join(title)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, text=True, bufsize=1,
        )  # fmt: skip

        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            if line.startswith("@"):
                self._said.put(json.loads(line[1:]))
        self._said.put(None)

    def hear(self, end: float) -> dict[str, Any] | None:
        """The next thing it says; None at its end, or when it is time to stop."""
        try:
            return self._said.get(timeout=max(end - time.monotonic(), 0.01))
        except queue.Empty:
            return None

    def warm(self, end: float) -> None:
        """Wait until it is ready; what is not by then would disturb the others, and ends."""
        self.found = self.hear(end) or {}
        self.ready = "first" in self.found
        if not self.ready:
            self.process.kill()

    def time(self, end: float) -> None:
        """One round."""
        if self.process.stdin and self.ready:
            self.process.stdin.write("\n")
            said = self.hear(end)
            self.ready = said is not None
            if said is not None:
                self.times.append(said["us"])

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        self._listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def cell(self) -> str:
        """Its part of the table."""
        if not self.times:
            return f"{self.found.get('error', 'no time left')[:25]:>26}"
        us, mb = statistics.median(self.times), self.found["memory"] / 2**20
        return f"{us:>11.1f} {self.found['first']:>8.2f} {mb:>6.0f}"


def table(children: list[Child], names: list[str]) -> str:
    """Rows of implementations, columns of workloads."""
    rows = [f"{'':24}" + "".join(f"{n:>26}" for n in names)]
    rows.append(f"{'':24}" + f"{'us/step  first s     MB':>26}" * len(names))
    for title in dict.fromkeys(one.title for one in children):
        cells = "".join(one.cell() for one in children if one.title == title)
        rows.append(f"{' '.join(title):24}{cells}")
    return "\n".join(rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=["mlp", "cnn", "resnet", "gpt"])
    parser.add_argument("--seconds", type=float, default=180.0, help="for everything")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        implementation, precision = given.child.split(",")
        child(implementation, precision, given.names[0])
        return
    end = time.monotonic() + given.seconds
    children = [
        Child((implementation, precision), name, min(5 * place, 19))
        for place, implementation in enumerate(given.only.split(","))
        for precision in given.precisions.split(",")
        if not (implementation in PLAIN and precision == "bfloat16")
        for name in given.names
    ]
    for one in children:
        one.warm(end - 0.25 * given.seconds)
    for _ in range(given.rounds):
        for name in given.names:
            for one in children:
                if one.name == name and time.monotonic() < end:
                    one.time(end)
    for one in children:
        one.close()
    sys.stdout.write(table(children, given.names) + "\n")


if __name__ == "__main__":
    main()
