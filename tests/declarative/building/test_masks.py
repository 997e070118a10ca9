"""Masks of padded rows reach the layers of a model: more padding changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish.declarative import load_config
from tests.declarative.helpers import block

ROWS = [np.arange(1, 2 + n % 5, dtype="float32") / 5 for n in range(12)]
WORDS = [" ".join("red green blue black white".split()[: 1 + n % 5]) for n in range(12)]
ENDS = {
    "lstm": "{from: steps, LSTM: 3}",
    "both ways": "{from: steps, Bidirectional: {layer: {GRU: 2}}}",
    "mean": "{from: steps, GlobalAveragePooling1D: {}}",
    "attention": "{from: {query: steps, value: steps}, MultiHeadAttention: "
    "{num_heads: 1, key_dim: 2}}",
}
CONFIG = block("""
    kerasish: 1
    seed: 1
    data:
      source: {npz: d.npz, ragged: {values: offsets}}
      x: {x: INPUT}
      y: y
      batch_size: 4
    model:
      nodes:
        steps: {from: x, STEPS}
        end: END
        last: {from: end, LAST}
      outputs: last
    """)
INPUTS = {
    "numbers": (
        "{from: values, pad: {length: LENGTH, at: SIDE}}",
        "seq: [Reshape: [-1, 1], Masking: 0.0]",
    ),
    "words": (
        "{from: words, TextVectorization: {output_sequence_length: LENGTH}}",
        "Embedding: {input_dim: $data.x.size, output_dim: 3, mask_zero: true}",
    ),
}


# Words are padded at the end.
SIDES = [
    (one, side) for one in INPUTS for side in ("end", "start") if (one, side) != ("words", "start")
]


@pytest.mark.parametrize(("source", "side"), SIDES)
@pytest.mark.parametrize("end", ENDS)
def test_more_padding_changes_nothing(end: str, source: str, side: str, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "d.npz",
        values=np.concatenate(ROWS),
        offsets=np.cumsum([0, *map(len, ROWS)]),
        words=np.array(WORDS),
        y=np.arange(12) % 2,
    )
    said: list[np.ndarray] = []
    weights: list[Any] | None = None
    for length in (5, 9):
        held, steps = INPUTS[source]
        last = "GlobalAveragePooling1D: {}" if end == "attention" else "identity: {}"
        text = CONFIG.replace("INPUT", held).replace("STEPS", steps).replace("END", ENDS[end])
        text = text.replace("LAST", last).replace("LENGTH", str(length)).replace("SIDE", side)
        (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
        project = load_config(tmp_path / "m.yaml")
        data, model = project.data(), project.build()
        weights = model.get_weights() if weights is None else weights
        model.set_weights(weights)
        x = data.part("train").x
        said.append(np.asarray(model.predict({n: x[n] for n in model.input_names}, verbose=0)))
    np.testing.assert_allclose(said[0], said[1], rtol=1e-5, atol=1e-6)
    assert np.ptp(said[0]) > 0
