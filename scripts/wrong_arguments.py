"""Calls every public function with each argument replaced by what it cannot be.

    python scripts/wrong_arguments.py --count 2 --only "linalg|fft"

Calls are made op by op, traced and on symbols (tests/ops/wrong_calls.py). What raises an error
that is not typed or lacks the function's name is printed, and with `--keras`,
where Keras is installed, what gives a result that Keras refuses.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KERAS_BACKEND", "jax")

from tests.beside import keras
from tests.ops.wrong_calls import (
    SECONDS,
    TOO_MUCH,
    WAYS,
    Wrong,
    applied,
    function,
    limited,
    outcome,
    told,
    wrong_calls,
)

MEMORY = 8 << 30  # bytes that the process may take


def refusal(wrong: Wrong) -> str:
    """How Keras refuses a call, or ""."""
    try:
        with limited(SECONDS):
            applied(function(wrong.call.name, keras), wrong.arguments())
    except Exception as error:  # noqa: BLE001  (what it is, is printed)
        return f"{type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''}"
    return ""


def main() -> int:
    """Print what was found; the exit status says whether an error was raw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1, help="right calls of each function")
    parser.add_argument("--only", default="", help="names of functions, a regular expression")
    parser.add_argument("--keras", action="store_true", help="ask Keras about results, too")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    seen: Counter[str] = Counter()
    for wrong in wrong_calls(given.count):
        if not re.search(given.only, wrong.call.name):
            continue
        errors = {way: outcome(wrong.call, wrong.arguments(), way) for way in WAYS}
        for way, error in errors.items():
            seen["calls"] += 1
            if error is not None and not told(wrong, error) and not isinstance(error, TOO_MUCH):
                seen["raw"] += 1
                print(f"raw    {way:6} {wrong}: {type(error).__name__}: {error}"[:300], flush=True)
            elif isinstance(error, TimeoutError):
                print(f"slow   {way:6} {wrong}", flush=True)
        if given.keras and errors["eager"] is None and (said := refusal(wrong)):
            seen["silent"] += 1
            print(f"silent        {wrong}: Keras: {said}", flush=True)
    print(dict(seen))
    return min(seen["raw"], 1)


if __name__ == "__main__":
    sys.exit(main())
