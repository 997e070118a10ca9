"""Train the configs of `configs/` from YAML alone, and hold what they reach to the table below.

    KERASISH_DATA=... python scripts/train_configs.py [NAME ...]

Each is trained in a folder that is removed afterwards, and measured as `kerasish evaluate` does:
the best weights on the test part, on the validation part where there is no other. Seconds are
those of `kerasish fit`. The exit code is 1 where a number is missed, or a config does not train.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kerasish.errors import ArgumentError

ROOT = Path(__file__).resolve().parents[1]
CLI = "import sys; from kerasish.cli.main import main; sys.exit(main())"

# By config: the metric, as trained or in the units of the file, and what it must reach.
LIMITS = {
    "adult_census": "accuracy >= 0.857",
    "beijing_pm25": "in_units.rmse <= 21.4",
    "california_housing": "RootMeanSquaredError <= 0.52",  # of 100,000 USD
    "clinc150": "accuracy >= 0.90",
    "digits_autoencoder": "loss <= 0.025",
    "digits_cnn": "accuracy >= 0.97",
    "digits_even": "accuracy >= 0.97",
    "digits_functional": "accuracy >= 0.94",
    "digits_two_inputs": "accuracy >= 0.88",
    "digits_two_outputs": "digit_accuracy >= 0.88",
    "etth1": "loss <= 0.39",
    "fashion_mnist_cnn": "accuracy >= 0.93",
    "fashion_mnist_mlp": "accuracy >= 0.885",
    "fashion_mnist_resnet": "accuracy >= 0.925",
    "fsdd": "accuracy >= 0.97",
    "linear_regression": "RootMeanSquaredError <= 0.73",
    "logistic_regression": "accuracy >= 0.85",
    "mnist": "accuracy >= 0.99",
    "sentence_polarity": "accuracy >= 0.755",
    "sms_spam": "accuracy >= 0.98",
    "tiny_shakespeare_gpt": "loss <= 1.7",
    "tiny_shakespeare_lstm": "loss <= 1.6",
    "transformer_encoder": "accuracy >= 0.87",
}
NEEDS = {"digits_even": "digits_cnn"}  # the run that a config loads


def command(arguments: list[str], folder: str) -> str:
    """What a command of the tree prints, run in `folder`."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-c", CLI, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def train(name: str, folder: str) -> tuple[float, float]:
    """Train a config in `folder`: seconds on the clock and of all processors."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command(["fit", str(ROOT / "configs" / f"{name}.yaml"), "--quiet"], folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, computed


def reached(name: str, metric: str, folder: str) -> float:
    """The metric of a run in `folder`, by the command that measures runs."""
    found = json.loads(command(["evaluate", f"runs/{name}", "--json"], folder))
    group, _, key = metric.rpartition(".")
    return found[group or "as_trained"][key]


def row(name: str, folder: str) -> bool:
    """Train and measure a config, and print its row: whether it reached its number."""
    metric, sign, limit = LIMITS[name].split()
    print(f"{name:23}{metric:21}", end="", flush=True)
    try:
        wall, computed = train(name, folder)
        value = reached(name, metric, folder)
    except subprocess.CalledProcessError as error:
        print(f"failed with exit code {error.returncode}", flush=True)
        return False
    good = value >= float(limit) if sign == ">=" else value <= float(limit)
    said = "ok" if good else "missed"
    print(f"{value:9.4f}  {sign} {limit:7}{said:7}{wall:8.0f}{computed:9.0f}", flush=True)
    return good


def main(arguments: list[str]) -> int:
    """Train the configs that are named, or all; 1 where a number is missed."""
    names = [Path(one).stem for one in arguments] or list(LIMITS)
    for one in names:
        if one not in LIMITS:
            raise ArgumentError("NAME", expected=f"one of {', '.join(LIMITS)}", received=one)
    order = dict.fromkeys(one for name in names for one in (NEEDS.get(name, name), name))
    print(f"{'config':23}{'metric':21}{'value':>9}  {'limit':10}{'':7}{'seconds':>8}{'CPU':>9}")
    with tempfile.TemporaryDirectory() as folder:
        good = [row(one, folder) for one in order]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
