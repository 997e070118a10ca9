from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasish.declarative.building.model import MAX_PARAMS, build_model
from kerasish.declarative.resolve.document import read_text
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.models import Model, Sequential
from tests.declarative.helpers import block, error_text, outcome, well_formed

GOLDEN = sorted((Path(__file__).parents[1] / "golden_build").glob("*.yaml"))


def build(text: str, name: str = "two.yaml", max_params: int = MAX_PARAMS) -> Model:
    diagnostics = Diagnostics()
    config = validate(read_text(block(text), diagnostics, name=name), diagnostics)
    return build_model(config.model, diagnostics, config.name, max_params)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_error_texts(path: Path) -> None:
    found = error_text(lambda: build(path.read_text(encoding="utf-8"), path.name))
    assert found + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 3


def test_sequential() -> None:
    model = build("""
    kerasish: 1
    name: small
    model:
      input: {shape: [4, 4], name: image}
      layers:
        - Flatten
        - repeat: 2
          layers:
            - Dense: {units: "${4 * 2**i}", activation: relu, name: "dense_${i}"}
        - Dense: {units: 3, use_bias: false, kernel_regularizer: {L2: {l2: 1e-3}}}
    """)
    assert isinstance(model, Sequential)
    assert model.name == "small"
    assert [layer.name for layer in model.layers] == ["flatten", "dense_0", "dense_1", "dense"]
    assert model.output_shape == (None, 3)
    assert model.count_params() == 16 * 4 + 4 + 4 * 8 + 8 + 8 * 3
    assert model.input_names == ["image"]
    regularizer: Any = model.layers[-1].kernel_regularizer
    assert float(regularizer.l2) == pytest.approx(1e-3)


def test_functional() -> None:
    model = build("""
    kerasish: 1
    model:
      inputs: {image: [4, 4], meta: {shape: [5], dtype: int32}}
      layers:
        embed: {Dense: {units: 6, activation: relu}}
      nodes:
        out: {from: [ea, eb, codes], Concatenate: {axis: -1}}
        ea: {from: a, use: embed}
        eb: {from: b, use: embed}
        a: {from: image, seq: [Flatten, {Dense: 7}]}
        b: {from: image, seq: [Flatten, {Dense: 7}]}
        codes: {from: meta, seq: [{Embedding: {input_dim: 3, output_dim: 2}}, Flatten]}
      outputs: [out, codes]
    """)
    assert model.output_shape == [(None, 6 + 6 + 10), (None, 10)]
    assert model.output_names == ["out", "codes"]
    assert model.input_names == ["image", "meta"]
    names = [layer.name for layer in model.layers]
    assert names.count("embed") == 1
    assert {"a", "b"} < set(names)
    images, codes = np.ones((2, 4, 4), "float32"), np.zeros((2, 5), "int32")
    joined = np.asarray(model([images, codes])[0])
    assert joined.shape == (2, 22)


def test_a_single_output_is_no_list() -> None:
    text = """
    kerasish: 1
    model:
      inputs: {x: [4]}
      nodes: {y: {from: x, Dense: 3}}
      outputs: OUTPUTS
    """
    assert build(text.replace("OUTPUTS", "y")).output_shape == (None, 3)


def test_call_arguments_by_name() -> None:
    model = build("""
    kerasish: 1
    model:
      inputs: {q: [3, 4], v: [5, 4]}
      nodes:
        y: {from: {query: q, value: v}, MultiHeadAttention: {num_heads: 2, key_dim: 2}}
      outputs: y
    """)
    assert model.output_shape == (None, 3, 4)


def test_one_of_several_outputs() -> None:
    text = """
    kerasish: 1
    model:
      inputs: {x: [5, 4]}
      nodes:
        lstm: {from: x, LSTM: {units: 3, return_state: true}}
        last: {from: lstm.2, Dense: 7}
      outputs: [last, lstm.0]
    """
    assert build(text).output_shape == [(None, 7), (None, 3)]
    wrong = error_text(lambda: build(text.replace("lstm.2", "lstm.3")))
    assert wrong.startswith("two.yaml:6:18: K401 'lstm' has 3 outputs, counted from 0")


def test_nested_layers() -> None:
    model = build("""
    kerasish: 1
    model:
      input: [5, 4]
      layers:
        - Bidirectional: {layer: {LSTM: 3}}
        - Reshape: [2, 3]
        - TimeDistributed: {layer: {Dense: 2}}
    """)
    assert model.output_shape == (None, 2, 2)


def test_a_large_layer_is_refused_without_its_memory() -> None:
    start = time.process_time()
    text = """
    kerasish: 1
    model:
      input: [30000]
      layers:
        - Dense: 30000
    """
    assert "K601 Dense takes the model over 1,000,000 parameters" in error_text(
        lambda: build(text, max_params=1_000_000)
    )
    assert time.process_time() - start < 0.5


CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.yaml"))
JUNK = st.sampled_from(
    ["0", "-1", "1.5", "true", "null", "[]", "{}", "[1, 2]", "x", "{a: 1}", "1e9", "''", "relu",
     "-100", "[[1]]", "Dense", "LSTM", "Concatenate", "adam", "mse", "image", "digit"]
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(CONFIGS), st.lists(st.tuples(st.floats(0, 1), JUNK), min_size=1, max_size=4))
def test_fuzz_words_of_real_configs(path: Path, changes: list[tuple[float, str]]) -> None:
    words = re.split(r"(\b\w+\b)", path.read_text(encoding="utf-8"))
    for place, word in changes:
        words[min(int(place * len(words)) | 1, len(words) - 2)] = word
    assert well_formed(outcome(lambda: build("".join(words), max_params=10_000_000)))


def test_an_empty_from_is_a_finding() -> None:
    text = """
    kerasish: 1
    model: {inputs: {x: [2]}, nodes: {y: {from: {}, Dense: 1}, z: {from: x, Dense: 1}}, outputs: z}
    """
    assert "two.yaml:2:45: K204 from must be names of nodes" in error_text(lambda: build(text))


def test_long_models_are_built_in_reasonable_time() -> None:
    layers = "\n".join("      - Dense: 2" for _ in range(300))
    start = time.process_time()
    model = build(f"    kerasish: 1\n    model:\n      input: [2]\n      layers:\n{layers}")
    assert len(model.layers) == 300
    assert time.process_time() - start < 10
