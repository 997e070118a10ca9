"""File keys of classes, and the order of the layers of a functional model."""

from __future__ import annotations

from pathlib import Path

import pytest

import kerasish as keras
from kerasish.models import graph_config
from kerasish.saving import paths
from kerasish.saving.files import archives

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("MaxPooling2D", "max_pooling2d"),
        ("MultiHeadAttention", "multi_head_attention"),
        ("LSTMCell", "lstm_cell"),
        ("ReLU", "re_lu"),
        ("PReLU", "p_re_lu"),
        ("GRU", "gru"),
        ("RMSprop", "rm_sprop"),
        ("AdamW", "adam_w"),
        ("DepthwiseConv2D", "depthwise_conv2d"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("InputLayer", "input_layer"),
    ],
)
def test_snake_case_is_that_of_keras_files(name, key):
    assert paths.container_keys([name]) == [key]


def test_repeats_are_numbered_in_order():
    assert paths.container_keys(["Dense", "ReLU", "Dense", "Dense"]) == [
        "dense",
        "re_lu",
        "dense_1",
        "dense_2",
    ]


def order(graph, outputs, inputs):
    """`graph`: node -> (operation, parents); the shared operations have several nodes."""
    return paths.operation_order(
        outputs, inputs, lambda node: graph[node][1], lambda node: graph[node][0]
    )


def test_a_chain():
    graph = {1: ("in", []), 2: ("a", [1]), 3: ("b", [2])}
    assert order(graph, [3], [1]) == ["in", "a", "b"]


def test_branches_of_equal_depth_come_in_argument_order():
    graph = {1: ("in", []), 2: ("a", [1]), 3: ("b", [1]), 4: ("add", [3, 2])}
    assert order(graph, [4], [1]) == ["in", "b", "a", "add"]


def test_a_longer_branch_comes_first():
    graph = {1: ("in", []), 2: ("a", [1]), 3: ("b", [1]), 4: ("c", [3]), 5: ("add", [2, 4])}
    assert order(graph, [5], [1]) == ["in", "b", "a", "c", "add"]


def test_a_shared_operation_counts_at_its_deepest():
    # shared(in) -> a -> shared: the second call has depth 0, the first depth 2.
    graph = {1: ("in", []), 2: ("shared", [1]), 3: ("a", [2]), 4: ("shared", [3])}
    assert order(graph, [4], [1]) == ["in", "shared", "a"]


def test_an_unused_input_comes_before_the_outputs():
    graph = {1: ("in", []), 2: ("out", [1]), 3: ("unused", [])}
    assert order(graph, [2], [1, 3]) == ["in", "unused", "out"]


def test_deep_graphs_do_not_recurse():
    graph = {0: ("op0", [])} | {i: (f"op{i}", [i - 1]) for i in range(1, 20_000)}
    assert order(graph, [19_999], [0])[:2] == ["op0", "op1"]


@pytest.mark.parametrize("name", ["cnn", "rnn", "transformer", "nested"])
def test_the_order_of_layers_in_files_of_keras(name):
    """From the calls alone follows the order in which Keras listed the layers."""
    config = archives.read_archive(GOLDEN / name / "model.keras").config["config"]
    calls = {}
    for layer in config["layers"]:
        nodes = layer["inbound_nodes"] or [{"args": [], "kwargs": {}}]
        for index, node in enumerate(nodes):
            found = graph_config._references((node["args"], node["kwargs"]))
            calls[layer["name"], index] = [(at[0], at[1]) for at in found]

    def ends(value):
        if isinstance(value, dict):
            return [end for key in sorted(value) for end in ends(value[key])]
        if isinstance(value[0], str):
            return [(value[0], value[1])]
        return [end for item in value for end in ends(item)]

    found = paths.operation_order(
        ends(config["output_layers"]), ends(config["input_layers"]), calls.get, lambda n: n[0]
    )
    assert found == [layer["name"] for layer in config["layers"]]


def test_a_save_walks_the_model_once_each_way(tmp_path, monkeypatch):
    walks = []
    whole = paths._walk

    def counted(here, path, seen, by_name):
        if not path:
            walks.append(by_name)
        return whole(here, path, seen, by_name)

    monkeypatch.setattr(paths, "_walk", counted)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    assert sorted(walks) == [False, True]
    model.layers[0].name = "another"
    assert "another/kernel" in paths.named_weights(model)
