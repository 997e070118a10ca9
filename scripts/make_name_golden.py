"""Write the names and paths that Keras gives in the programs of tests/golden/name_cases.py.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_name_golden.py

names.json: name of the case -> what it gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.golden.name_cases import CASES  # noqa: E402


def main() -> None:
    """Run every case with Keras."""
    import keras

    found = {}
    for name, case in CASES.items():
        keras.utils.clear_session()
        found[name] = case(keras)
    path = ROOT / "tests" / "golden" / "names.json"
    path.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{path}: {len(found)} cases")


if __name__ == "__main__":
    main()
