"""Graphs of layers as data and back: calls, shared layers, operations, old forms, errors."""

from __future__ import annotations

import json

import pytest

from kerasish import layers, models, ops, tree
from kerasish.errors import FileFormatError, KerasishError
from kerasish.models import graph_config
from kerasish.ops.operation import operation_from_config
from kerasish.serialization import deserialize_keras_object

assert models.Sequential  # registers it


def rebuilt(inputs, outputs):
    """The structures of symbols that come out of the config of a graph."""
    config = json.loads(json.dumps(graph_config.graph_config(inputs, outputs)))
    return from_config(config), config


def from_config(config):
    made = {}
    for item in config["layers"]:
        if str(item.get("module")).startswith("keras.src.ops"):
            found = operation_from_config(item["class_name"], item["config"])
        else:
            kind = None if item["class_name"] == "Sequential" else "layer"
            found = deserialize_keras_object(item, kind=kind)
        made[item["name"]] = found
    graph = graph_config.GraphBuilder("f.keras", made)
    graph.run({item["name"]: item["inbound_nodes"] for item in config["layers"]})
    return graph.structure(config["input_layers"]), graph.structure(config["output_layers"])


def test_a_chain_comes_back():
    x = layers.Input((4, 3), name="x")
    y = layers.Activation("relu", name="act")(layers.Reshape((12,), name="r")(x))
    (inputs, outputs), config = rebuilt(x, y)
    assert [item["name"] for item in config["layers"]] == ["x", "r", "act"]
    assert config["input_layers"] == ["x", 0, 0]
    assert config["output_layers"] == ["act", 0, 0]
    assert (inputs.shape, outputs.shape) == ((None, 4, 3), (None, 12))
    assert json.loads(json.dumps(graph_config.graph_config(inputs, outputs))) == config


def test_a_shared_layer_keeps_its_calls_in_order():
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Activation("tanh", name="shared")
    unused = shared(layers.Input((4,)))
    second, first = shared(b), shared(a)
    assert unused.shape == (None, 4)
    (inputs, outputs), config = rebuilt([a, b], [first, second])
    item = next(i for i in config["layers"] if i["name"] == "shared")
    sources = [n["args"][0]["config"]["keras_history"] for n in item["inbound_nodes"]]
    assert sources == [["b", 0, 0], ["a", 0, 0]]
    assert config["output_layers"] == [["shared", 1, 0], ["shared", 0, 0]]
    assert json.loads(json.dumps(graph_config.graph_config(inputs, outputs))) == config


def test_operations_and_what_they_are_given():
    x = layers.Input((6, 4), name="x")
    y = ops.concatenate([x * 2.0 + 1, x], axis=-1)
    y = ops.mean(y, axis=1) - 3
    (inputs, outputs), config = rebuilt(x, y)
    assert outputs.shape == y.shape == (None, 8)
    assert json.loads(json.dumps(graph_config.graph_config(inputs, outputs))) == config
    found = {item["class_name"]: item for item in config["layers"]}
    assert found["Mean"]["config"]["axis"] == 1
    assert found["Multiply"]["inbound_nodes"][0]["args"][1] == 2.0


def test_structures_of_inputs_and_outputs():
    x = {"b": layers.Input((2,), name="b1"), "a": layers.Input((3,), name="a1")}
    y = [layers.Flatten(name="fa")(x["a"]), (layers.Flatten(name="fb")(x["b"]),)]
    (inputs, outputs), config = rebuilt(x, y)
    assert config["input_layers"] == {"b": ["b1", 0, 0], "a": ["a1", 0, 0]}
    assert [s.shape for s in tree.flatten(inputs)] == [(None, 3), (None, 2)]
    assert [s.shape for s in tree.flatten(outputs)] == [(None, 3), (None, 2)]


def layer(class_name, name, nodes, **config):
    item = {"class_name": class_name, "config": {"name": name, **config}, "name": name}
    return {**item, "inbound_nodes": nodes}


def graph(*items, inputs=None, outputs=None):
    return {
        "layers": [layer("InputLayer", "x", [], batch_shape=[None, 4]), *items],
        "input_layers": inputs or [["x", 0, 0]],
        "output_layers": outputs or [["a", 0, 0]],
    }


def tensor(*at):
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(at)}}


def call(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}


def test_calls_in_the_form_of_keras_2():
    config = graph(
        layer("Flatten", "a", [[["x", 0, 0, {}]]]),
        layer("Activation", "b", [[["a", 0, 0, {}]], [["b", 0, 0]]], activation="relu"),
        outputs=[["b", 1, 0]],
    )
    _, outputs = from_config(config)
    assert outputs[0].shape == (None, 4)
    assert outputs[0].history.node_index == 1


def inner(name, *, entry):
    """A Sequential inside a graph, as Keras 2 wrote it."""
    first = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    flat = {"class_name": "Flatten", "config": {"name": f"{name}_flat"}}
    config = {"name": name, "layers": [first, flat] if entry else [flat]}
    return {"class_name": "Sequential", "config": config, "name": name}


@pytest.mark.parametrize("first", [0, 1])
def test_keras_2_counts_the_calls_of_inner_models_from_one(first):
    """Or from zero, where the inner model had no input of its own."""
    model = inner("s", entry=first == 1)
    model["inbound_nodes"] = [[["x", 0, 0, {}]], [["a", 0, 0, {}]]]
    config = graph(
        model,
        layer("Activation", "a", [[["s", first, 0, {}]]], activation="relu"),
        layer("Add", "b", [[["s", first, 0, {}], ["s", first + 1, 0, {}]]]),
        outputs=[["b", 0, 0]],
    )
    record = from_config(config)[1][0].history.record
    assert [s.history.node_index for s in record.inputs] == [0, 1]


def test_calls_may_stand_before_what_they_need():
    config = graph(
        layer("Flatten", "a", [call(tensor("b", 0, 0))]),
        layer("Flatten", "b", [call(tensor("x", 0, 0))]),
    )
    assert from_config(config)[1][0].shape == (None, 4)


def test_what_keras_adds_to_calls():
    """A mask for a layer that takes none, and a training flag that is the default anyway."""
    given = {"mask": None, "training": False}
    config = graph(layer("Dropout", "a", [call(tensor("x", 0, 0), **given)], rate=0.5))
    record = from_config(config)[1][0].history.record
    assert "training" not in record.kwargs
    assert "mask" not in record.kwargs
    config = graph(layer("Dropout", "a", [call(tensor("x", 0, 0), training=True)], rate=0.5))
    assert from_config(config)[1][0].history.record.kwargs == {"training": True}


BROKEN = {
    "a cycle": graph(
        layer("Flatten", "a", [call(tensor("b", 0, 0))]),
        layer("Flatten", "b", [call(tensor("a", 0, 0))]),
    ),
    "itself": graph(layer("Flatten", "a", [call(tensor("a", 0, 0))])),
    "an unknown layer": graph(layer("Flatten", "a", [call(tensor("no", 0, 0))])),
    "a call that is not made": graph(layer("Flatten", "a", [call(tensor("x", 3, 0))])),
    "an output that is not there": graph(layer("Flatten", "a", [call(tensor("x", 0, 7))])),
    "a negative output": graph(layer("Flatten", "a", [call(tensor("x", 0, -1))])),
    "nodes that are no list": graph(layer("Flatten", "a", {"args": []})),
    "a node that is a number": graph(layer("Flatten", "a", [7])),
    "an empty old node": graph(layer("Flatten", "a", [[]])),
    "arguments that are no list": graph(layer("Flatten", "a", [{"args": 3, "kwargs": {}}])),
    "no tensor at all": graph(layer("Flatten", "a", [call()])),
    "outputs of another form": graph(
        layer("Flatten", "a", [call(tensor("x", 0, 0))]), outputs=[["a", "0", 0]]
    ),
    "an output of no layer": graph(
        layer("Flatten", "a", [call(tensor("x", 0, 0))]), outputs=[["z", 0, 0]]
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_graphs(name):
    expected = KerasishError if name == "no tensor at all" else FileFormatError
    with pytest.raises((expected, TypeError)):
        from_config(BROKEN[name])


def test_a_long_chain_written_backwards():
    nodes = [layer("Identity", "l0", [call(tensor("x", 0, 0))])]
    nodes += [layer("Identity", f"l{i}", [call(tensor(f"l{i - 1}", 0, 0))]) for i in range(1, 2000)]
    inputs, outputs = from_config(graph(*reversed(nodes), outputs=[["l1999", 0, 0]]))
    names = [op.name for op in graph_config.operations(inputs, outputs)]
    assert names == ["x", *(f"l{i}" for i in range(2000))]


def test_tuples_of_outputs_stay_tuples_in_a_config() -> None:
    x = layers.Input((2,))
    p, q = layers.Dense(1)(x), layers.Dense(1)(x)
    for form in ((p, q), [p, q], {"a": (p, [q])}):
        made = models.Model.from_config(models.Model(x, form).get_config())
        shown, wanted = (tree.map_structure(lambda _: 0, one) for one in (made.output, form))
        assert str(shown) == str(wanted)
