"""Write what Keras does with text on TensorFlow to `tests/golden/text.json`.

    pip install keras==3.15.1 tensorflow-cpu
    KERAS_BACKEND=tensorflow python scripts/make_text_golden.py

The cases stand in `tests/golden/text_cases.py`; the tests run the same functions on kerasish.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden"
sys.path.insert(0, str(OUT))


def main() -> None:
    """Write the file."""
    import keras
    import text_cases

    found = text_cases.everything(keras)
    lines = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in found.items())
    (OUT / "text.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(found)} cases of Keras {keras.__version__} on {keras.backend.backend()}.")


if __name__ == "__main__":
    main()
