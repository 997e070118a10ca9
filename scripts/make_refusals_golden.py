"""Write tests/golden/refusals.json: what installed Keras refuses when objects are made.

    KERAS_BACKEND=jax python scripts/make_refusals_golden.py

"alone": values refused -> class -> arguments; what was tried is in tests/golden/refusal_cases.py.
"pairs": "made" or "called" (refused when it is made, or when it is first called) or "" for each
row of `PAIRS`. What needs TensorFlow here is left out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import keras

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.golden import refusal_cases as cases  # noqa: E402

OUT = ROOT / "tests" / "golden" / "refusals.json"


def main() -> None:
    alone: dict[str, dict[str, list[str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # callbacks make files
        for name, cls in cases.classes(keras):
            if not cases.can_be_made(keras, name, cls):
                continue
            names = cases.arguments(cls)
            refused: dict[str, list[str]] = {one: [] for one in names}
            for argument, key, error in cases.refusals(keras, name, cls, names):
                if error is not None:
                    refused[argument].append(key)
            for argument, keys in refused.items():
                alone.setdefault(" ".join(keys), {}).setdefault(name, []).append(argument)
        pairs = [cases.pair(keras, *row) for row in cases.PAIRS]
    lines = [
        f"{json.dumps(keys)}: {json.dumps({n: ' '.join(a) for n, a in found.items()})}"
        for keys, found in sorted(alone.items())
    ]
    text = ",\n".join(lines)
    OUT.write_text(f'{{"alone": {{\n{text}\n}},\n"pairs": {json.dumps(pairs)}}}\n')


if __name__ == "__main__":
    main()
