"""Graphs: inputs that follow from the data, arguments of calls, ops as nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish import ops
from kerasish.declarative import from_yaml
from kerasish.declarative.building.model import build_model
from kerasish.declarative.check.items import Checker
from kerasish.declarative.sections.model import read_model
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.models import Model
from tests.declarative.helpers import block, error_text


@dataclass
class Given:
    shape: tuple[int | None, ...]
    dtype: str | None = None


def from_data(text: str, **inputs: Given) -> Model:
    diagnostics = Diagnostics()
    value = load(block(text), "a.yaml", diagnostics)
    section = read_model(value, Checker(diagnostics), list(inputs))
    diagnostics.raise_if_any()
    return build_model(section, diagnostics, "m", inputs=inputs)


def model(nodes: str, outputs: str = "y") -> Model:
    lines = "\n".join(f"    {line}" for line in block(nodes).splitlines())
    return from_yaml(
        "kerasish: 1\nmodel:\n  inputs: {a: [4], b: [4], s: [6, 3]}\n  nodes:\n"
        f"{lines}\n    rest: {{from: [a, b], Add: }}\n    end: {{from: s, Flatten: }}\n"
        f"  outputs: [{outputs}, rest, end]\n"
    )


def errors(nodes: str) -> str:
    return error_text(lambda: model(nodes))


RNG = np.random.default_rng(0)
A, B, S = RNG.random((5, 4), "float32"), RNG.random((5, 4), "float32"), RNG.random((5, 6, 3))


def value(nodes: str) -> Any:
    found = model(nodes).predict([A, B, S.astype("float32")], verbose=0)
    return found[0]


# --- inputs that are left out ---------------------------------------------------------------------


def test_a_list_of_layers_reads_the_one_entry() -> None:
    made = from_data(
        "layers: [{Embedding: {input_dim: 9, output_dim: 2}}, Flatten]", words=Given((7,), "int32")
    )
    assert made.input_names == ["words"]
    assert (made.input_shape, made.inputs[0].dtype) == ((None, 7), "int32")


def test_a_list_of_layers_cannot_read_two() -> None:
    told = error_text(lambda: from_data("layers: [Flatten]", a=Given((7,)), b=Given((3,))))
    assert "K202 a list of layers has one input, the data give a, b" in told


def test_a_graph_reads_entries_by_name_and_all_of_a_group() -> None:
    text = """
    nodes:
      kinds_: {from: kinds, Concatenate: }
      both: {from: [numbers, kinds], Concatenate: }
      by_name: {from: {inputs: kinds}, Concatenate: }
      all: {from: [kinds_, both, by_name], Concatenate: }
    outputs: all
    """
    inputs = {"numbers": Given((3,)), "kinds.sex": Given((2,)), "kinds.race": Given((4,))}
    made = from_data(text, **inputs)
    assert made.input_names == list(inputs)
    assert made.output_shape == (None, 6 + 9 + 6)
    x = {
        name: np.full((1, *one.shape), i, "float32") for i, (name, one) in enumerate(inputs.items())
    }
    kinds = [1.0] * 2 + [2.0] * 4
    np.testing.assert_array_equal(made.predict(x, verbose=0)[0], [*kinds, 0, 0, 0, *kinds, *kinds])


def test_an_entry_that_nothing_reads_is_told() -> None:
    text = "nodes: {y: {from: a, Flatten: }}\noutputs: y"
    told = error_text(lambda: from_data(text, a=Given((7,)), q=Given((3,))))
    assert "K403 the data give 'q', which no node reads" in told
    told = error_text(lambda: from_data(text.replace("from: a", "from: aa"), a=Given((7,))))
    assert "K401 node 'y' reads 'aa' (undefined)" in told
    assert "did you mean 'a'" in told


def test_without_data_the_inputs_are_needed() -> None:
    told = error_text(lambda: from_yaml("kerasish: 1\nmodel: {layers: [Flatten]}\n"))
    assert "K202 model needs 'input'" in told


# --- arguments of calls ---------------------------------------------------------------------------


def test_a_list_of_nodes_is_passed_whole() -> None:
    made = model("""
        l: {from: s, LSTM: {units: 4, return_state: true}}
        y: {from: {sequences: s, initial_state: [l.1, l.2]}, LSTM: {units: 4}}
    """)
    kept = keras.Model(made.inputs, made.get_layer("l").output)
    inputs = [A, B, S.astype("float32")]
    _, h, c = kept.predict(inputs, verbose=0)
    wanted = made.get_layer("y")(S.astype("float32"), initial_state=[h, c])
    np.testing.assert_allclose(made.predict(inputs, verbose=0)[0], wanted, rtol=1e-5)


def test_numbers_flags_and_null_are_themselves() -> None:
    causal = model("""
        y: {from: {query: s, value: s, use_causal_mask: true, attention_mask: null},
            MultiHeadAttention: {num_heads: 1, key_dim: 2}}
    """)
    x = S.astype("float32")
    changed = x.copy()
    changed[:, -1] += 1
    one, two = (causal.predict([A, B, part], verbose=0)[0] for part in (x, changed))
    np.testing.assert_allclose(one[:, :-1], two[:, :-1], atol=1e-6)
    assert np.abs(one[:, -1] - two[:, -1]).max() > 1e-4
    always = value("y: {from: {inputs: a, training: true}, Dropout: 0.5}")
    assert (always == 0).any()
    assert (value("y: {from: a, call: {training: true}, Dropout: 0.5}") == 0).any()
    np.testing.assert_array_equal(value("y: {from: a, Dropout: 0.5}"), A)


def test_a_mask_is_a_node() -> None:
    found = value("""
        seen: {from: s, get_item: [":", ":", 0]}
        m: {from: seen, greater: 0.5}
        y: {from: {inputs: s, mask: m}, GlobalAveragePooling1D: }
    """)
    mask = (S[:, :, :1] > 0.5).astype(float)
    np.testing.assert_allclose(found, (S * mask).sum(1) / mask.sum(1), rtol=1e-5)


def test_a_text_that_is_no_node_stands_in_call() -> None:
    class Scaled(keras.layers.Layer):
        def call(self, inputs: Any, how: str = "twice") -> Any:
            return inputs * (2 if how == "twice" else 3)

    with keras.saving.custom_object_scope({"Scaled": Scaled}):
        found = value("y: {from: a, call: {how: thrice}, Scaled: }")
        told = errors("y: {from: {inputs: a, how: thrice}, Scaled: }")
    np.testing.assert_allclose(found, 3 * A, rtol=1e-6)
    assert "K401 node 'y' reads 'thrice' (undefined)" in told


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (
            "{from: [s, s], MultiHeadAttention: {num_heads: 1, key_dim: 2}}",
            "write from: {query: s, value: s}",
        ),
        ("{from: {query: s, valeu: s}, Attention: }", "K203 Attention takes no input 'query'"),
        ("{from: {inputs: s, trainng: true}, Dropout: 0.3}", "did you mean 'training'?"),
        ("{from: s, call: {mask: 1}, Dense: 3}", "K203 Dense takes no input 'mask'"),
        ("{from: s, call: 3, Dense: 3}", "K204 call must be a mapping"),
        ("{from: s, call: {training: true}, seq: [Dense: 3, Dense: 3]}", "K206 call gives"),
        ("{from: {inputs: [s, 3]}, Add: }", "K204 from.inputs must be names of nodes"),
    ],
)
def test_wrong_arguments_are_told_without_python(node: str, told: str) -> None:
    text = errors(f"y: {node}")
    assert told in text
    assert not any(word in text for word in ("call(", "self", "'Tensor", "positional"))


def test_output_for_outputs_is_one_finding() -> None:
    text = "kerasish: 1\nmodel: {inputs: {a: [4]}, nodes: {y: {from: a, Dense: 1}}, output: y}"
    told = error_text(lambda: from_yaml(text + "\n"))
    assert "K110 model has no key 'output'" in told
    assert told.count(": K") == 1


# --- ops ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("{from: a, log: }", np.log(A)),
        ("{from: a, power: 2}", A**2),
        ("{from: [a, b], add: }", A + B),
        ("{from: [a, b], subtract: {}}", A - B),
        ("{from: {x1: 1, x2: a}, divide: }", 1 / A),
        ("{from: a, maximum: 0.5}", np.maximum(A, 0.5)),
        ("{from: [b, a], maximum: }", np.maximum(A, B)),
        ("{from: a, clip: {x_min: 0.25, x_max: 0.5}}", np.clip(A, 0.25, 0.5)),
        ("{from: a, sum: {axis: 1, keepdims: true}}", A.sum(1, keepdims=True)),
        ("{from: a, sum: 1}", A.sum(1)),
        ("{from: [a, b], stack: {axis: 2}}", np.stack([A, B], 2)),
        ("{from: [a, b], concatenate: 1}", np.concatenate([A, B], 1)),
        ("{from: a, concatenate: 1}", A),
        ("{from: [a, b], einsum: 'bi,bj->bij'}", A[:, :, None] * B[:, None]),
        ("{from: s, get_item: [':', -1]}", S[:, -1]),
        ("{from: s, get_item: ':, 1:-1:2, ..., null'}", S[:, 1:-1:2, ..., None]),
        ("{from: s, get_item: {key: ['...', '2:0:-1']}}", S[..., 2:0:-1]),
        ("{from: s, transpose: [0, 2, 1]}", S.transpose(0, 2, 1)),
        ("{from: s, transpose: {axes: [0, 2, 1]}}", S.transpose(0, 2, 1)),
        ("{from: a, seq: [log1p, {multiply: 2}, Flatten, {expand_dims: 1}]}",
         2 * np.log1p(A)[:, None]),
    ],
)  # fmt: skip
def test_ops_are_nodes(node: str, wanted: Any) -> None:
    np.testing.assert_allclose(value(f"y: {node}"), wanted, rtol=2e-5)


def test_several_results_are_counted() -> None:
    parts = "p: {from: s, split: {indices_or_sections: 3, axis: 1}}\ny: {from: p.2, mean: 1}"
    np.testing.assert_allclose(value(parts), S[:, 4:].mean(1), rtol=1e-5)


def test_a_constant_is_a_node_whose_layer_learns(tmp_path: Path) -> None:
    made = model("""
        where: {arange: 6}
        learned: {from: where, Embedding: {input_dim: 6, output_dim: 3}}
        y: {from: [s, learned], add: }
    """)
    made.compile("sgd", "mse")
    inputs = [A, B, S.astype("float32")]
    table = np.array(made.get_layer("learned").embeddings)
    np.testing.assert_allclose(made.predict(inputs, verbose=0)[0], S + table, rtol=1e-5)
    made.fit(inputs, [S * 0, A, S.reshape(5, -1)], verbose=0)
    now = np.array(made.get_layer("learned").embeddings)
    assert np.abs(now - table).min() > 0
    made.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        again.predict(inputs, verbose=0)[0], made.predict(inputs, verbose=0)[0]
    )
    assert keras.models.clone_model(made).output_shape == made.output_shape


def test_a_list_of_layers_may_hold_ops() -> None:
    made = from_yaml("kerasish: 1\nmodel: {input: [4], layers: [Dense: 3, tanh, {sum: 1}]}\n")
    kernel, bias = made.get_weights()
    wanted = np.tanh(A @ kernel + bias).sum(1)
    np.testing.assert_allclose(made.predict(A, verbose=0), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ("{from: a, lgo: }", "K201 unknown layer or op 'lgo'"),
        ("{from: a, map: 3}", "unknown layer or op 'map'"),
        ("{from: a, sum: {axes: 1}}", "K203 sum has no argument 'axes'"),
        ("{from: a, sum: {keepdims: 3}}", "K204 keepdims must be true or false, received 3"),
        ("{from: a, one_hot: {num_classes: ten}}", "K204 num_classes must be an integer"),
        ("{from: a, add: }", "K202 add needs 'x2'"),
        ("{from: [a, b, a], add: }", "the layer Add takes any number"),
        ("{from: {x1: a, x3: b}, add: }", "K203 add takes no input 'x3'"),
        ("{from: a, log: 3}", "K203 log takes no arguments beside 'from'"),
        ("{log: }", "K202 log needs 'x'"),
        ("{from: a, call: {dtype: int32}, cast: {dtype: int32}}", "arguments of cast stand in"),
        ("{from: [a, s], add: }", "K410 add does not fit its inputs"),
        ("{from: a, get_item: x}", "numbers, slices such as"),
        ("{from: a, get_item: [':', 9]}", "K410 get_item does not fit"),
    ],
)
def test_wrong_ops_are_told(node: str, told: str) -> None:
    assert told in errors(f"y: {node}")


def test_an_op_is_not_shared() -> None:
    text = "kerasish: 1\nmodel: {inputs: {a: [4]}, layers: {f: log}, nodes: {y: {from: a, use: f}},"
    assert "K206 'log' is an op" in error_text(lambda: from_yaml(text + " outputs: y}\n"))


def test_a_name_of_layer_and_op_goes_by_its_spelling() -> None:
    """In small letters it is the op, but for what the layer adds: weights, the batch."""
    made = model("y: {from: a, softmax: }")
    assert "y" not in [layer.name for layer in made.layers]
    for name in ("Softmax", "layer_normalization", "rms_normalization", "identity"):
        assert model(f"y: {{from: a, {name}: }}").get_layer("y").built
    assert value("y: {from: s, reshape: [18]}").shape == (5, 18)


ELEMENTWISE = ("exp", "tanh", "sigmoid", "square", "negative", "relu")


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(ELEMENTWISE), min_size=1, max_size=4))
def test_any_row_of_ops_is_their_composition(names: list[str]) -> None:
    wanted: Any = A
    for name in names:
        wanted = getattr(ops, name)(wanted)
    found = value(f"y: {{from: a, seq: [{', '.join(names)}]}}")
    np.testing.assert_allclose(found, wanted, rtol=2e-5)
