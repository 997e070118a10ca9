"""Many small models (zoo_models.py), to find what is slow: kerasish beside Keras on its backends.

    python benchmarks/zoo.py                                # all models, beside Keras on JAX
    python benchmarks/zoo.py encoder volumes --implementations kerasish,keras-tensorflow
    KERASISH_DISABLE=llvm,onednn python benchmarks/zoo.py   # numpy alone

Implementations take turns, model by model within a round; the tables are those of run.py.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import peers
import report
from measure import summary, timed
from peers import HERE, IMPLEMENTATIONS, ROOT
from zoo_models import MODELS

STEPS, REPEATS = 6, 4  # batches of an epoch, epochs


def repeated(x: Any) -> Any:
    """An epoch of one batch, or of every array in a list of them."""
    np = importlib.import_module("numpy")
    return [repeated(a) for a in x] if isinstance(x, list) else np.concatenate([x] * STEPS)


def measured(keras: Any, name: str) -> dict[str, Any]:
    """Train and predict steps, and the first step, of one model in this process."""
    keras.utils.set_random_seed(0)
    model, x, y, loss = MODELS[name](keras)
    model.compile(optimizer="adam", loss=loss)
    many, labels, batch = repeated(x), repeated(y), len(y)

    def fit() -> None:
        model.fit(many, labels, batch_size=batch, verbose=0, shuffle=False)

    def predict() -> None:
        model.predict(many, batch_size=batch, verbose=0)

    first_s = timed(lambda: model.fit(x, y, batch_size=batch, verbose=0))
    found: dict[str, Any] = {"first_s": first_s}
    for metric, run in (("step_ms", fit), ("predict_ms", predict)):
        run()
        found[metric] = summary([timed(run) for _ in range(REPEATS)], STEPS)
    return found


def serve(implementation: str) -> None:
    """Measure the models named on standard input, one line of JSON each on standard output."""
    family, _, backend = implementation.partition("-")
    os.environ["KERAS_BACKEND"] = backend
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    keras = importlib.import_module(family)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        name = line.strip()
        try:
            found = measured(keras, name)
        except Exception as error:  # noqa: BLE001 (a row of the table)
            found = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        row = {"workload": name, "implementation": implementation, **found}
        print(json.dumps(row), file=answers, flush=True)


def start(python: Path, implementation: str) -> subprocess.Popen[str]:
    """A process that measures models of one implementation, once it has imported it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [str(python), str(HERE / "zoo.py"), "--serve", implementation]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, env=env, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def ask(process: subprocess.Popen[str], name: str, implementation: str) -> dict[str, Any]:
    """One model's figures from such a process."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        print(name, file=process.stdin, flush=True)
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    row = {"workload": name, "implementation": implementation}
    return json.loads(line) if line else {**row, "error": "its process has ended"}


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("models", nargs="*", metavar="model", help=f"of {', '.join(MODELS)}; default: all")
    add("--implementations", default="kerasish,keras-jax", help="of kerasish and keras-*")
    add("--rounds", type=int, default=2, help="processes per implementation")
    add("--venv", action="append", default=[], metavar="NAME=PATH",
        help="use this environment for 'peers' or 'tensorflow' instead of making one")  # fmt: skip
    add("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    models, names = given.models or list(MODELS), given.implementations.split(",")
    known = [n for n in IMPLEMENTATIONS if IMPLEMENTATIONS[n].imports != "torch"]
    for what, asked, expected in (("model", models, MODELS), ("implementation", names, known)):
        for name in asked:
            if name not in expected:
                parser.error(f"unknown {what}: {name!r}; expected one of {', '.join(expected)}")
    existing = {k: Path(v) for k, v in (item.split("=", 1) for item in given.venv)}
    pythons = {n: peers.prepare(IMPLEMENTATIONS[n].env, existing) for n in names}
    rows = []
    for round_ in range(given.rounds):
        processes = {n: start(pythons[n], n) for n in names}
        for model in models:
            rows += [ask(processes[n], model, n) for n in names]
            print(f"round {round_ + 1} of {given.rounds}: {model}", file=sys.stderr)
        for process in processes.values():
            process.communicate()
    print(report.tables(rows))


if __name__ == "__main__":
    main()
