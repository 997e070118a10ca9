"""The keys of `model:` and of what stands in it: inputs, nodes, items among layers, blocks."""

from __future__ import annotations

from kerasish.declarative.language.forms import (
    anything,
    choice,
    either,
    listed,
    mapped,
    name,
    named,
    nothing,
    text,
    whole,
)
from kerasish.declarative.language.keys import Key, Keys, mapping
from kerasish.spec import DTYPES, TEXT

_LAYERS = named("layers", "a list of layers", "array")
_SIZES = listed(either(whole(1), nothing()), "integers ≥ 1 (null where it varies)")
_NODE_NAMES = either(text("a node"), listed(text("a node"), "nodes"))

INPUT = Keys(
    "input",
    "An input of the model: what shape one sample has, and which dtype.",
    Key("shape", _SIZES, "the sizes of one sample, without the batch", required=True,
        example="[28, 28, 1]"),
    Key("dtype", choice(*DTYPES, TEXT), "the dtype, `string` for texts", example="float32"),
    Key("name", name(), "its name; among `inputs` the key is the name", example="image"),
)  # fmt: skip
REPEAT = Keys(
    "repeat",
    "Layers several times: written out with the turn as `$i`.",
    Key("repeat", whole(0, 1000), "how often", required=True, example="3"),
    Key("index", text("a name"), "what the turn is called", "i", example="k"),
    Key("layers", _LAYERS, "what is repeated", required=True, example="[Dense: 8]"),
)
FOR = Keys(
    "for",
    "Layers for each of some values.",
    Key("for", mapped(anything(), "a mapping from names to lists"), "the name of a value, and the "
        "list that it goes through", required=True, example="{width: [64, 32]}"),
    Key("index", text("a name"), "what the turn is called", example="k"),
    Key("layers", _LAYERS, "what is written out for each value", required=True,
        example="[Dense: $width]"),
)  # fmt: skip
WHEN = Keys(
    "when",
    "Layers that are there only where a value holds.",
    Key("when", anything(), "true, a value that is neither false, null, 0 nor empty, or an "
        "expression", required=True, example='"${i > 0}"'),
    Key("layers", _LAYERS, "what is there then", required=True, example="[Dropout: 0.2]"),
)  # fmt: skip
NODE = Keys(
    "node",
    "A node of a graph: what it reads, and one body: a layer, a block, an op of `keras.ops`, "
    "`load`, `seq` or `use`.",
    Key("from", either(text("a node"), listed(anything(), "nodes"),
        mapped(anything(), "arguments of the call by name")),
        "a node, a list of nodes, or the arguments of the call: each a node, a list of nodes or "
        "any other value as itself", example="{query: x, value: y}"),
    Key("call", mapped(anything(), "a mapping"), "arguments of the call that are texts and no "
        "nodes", example="{mode: fast}"),
    Key("seq", _LAYERS, "layers called in turn", example="[Flatten, Dense: 3]"),
    Key("use", text("a shared layer"), "a layer of the table `layers`", example="encoder"),
    Key("for", mapped(anything(), "a mapping from names to lists"), "makes the node a list of "
        "nodes, one for each value", example="{k: [3, 5]}"),
    Key("index", text("a name"), "what the turn of `for` is called", example="i"),
    Key("when", anything(), "whether the node is there", example="$deep"),
    open=anything("a layer, a block or an op with its arguments"),
)  # fmt: skip
BODIES = ("seq", "use")  # the keys of a node that are its body; the others stand beside one
BESIDE = tuple(key for key in NODE if key not in BODIES)
MODEL = Keys(
    "model",
    "The network: a list of layers (`input`, `layers`), or a graph (`inputs`, `nodes`, `outputs`). "
    "Inputs may be left out where there is a data section: they are the entries of `x`.",
    Key("type", choice("sequential", "functional"), "which of both, where the keys do not say",
        example="sequential"),
    Key("name", name(), "the model's name", example="small"),
    Key("input", either(mapping(INPUT), _SIZES), "the input of a list of layers",
        example="{shape: [28, 28, 1]}"),
    Key("inputs", mapped(either(mapping(INPUT), _SIZES), "inputs by name"),
        "the inputs of a graph", example="{image: {shape: [28, 28, 1]}, age: [1]}"),
    Key("layers", either(_LAYERS, mapped(named("layer", "a layer"), "shared layers by name")),
        "the layers in order; in a graph, layers that several nodes `use`",
        example="[Flatten, Dense: 10]"),
    Key("nodes", mapped(either(mapping(NODE), nothing()), "nodes by name"), "the nodes of a graph",
        example="{flat: {from: image, Flatten: {}}, out: {from: flat, Dense: 10}}"),
    Key("outputs", _NODE_NAMES, "the nodes that the model gives", example="[out]"),
)  # fmt: skip
BLOCK = Keys(
    "block",
    "Layers or nodes under a name, with arguments, used like a layer.",
    Key("args", mapped(anything(), "arguments with defaults"), "the arguments; null must be given",
        example="{filters: , kernel: 3}"),
    Key("layers", _LAYERS, "the block as a list of layers", example="[Dense: $units]"),
    Key("input", either(text("a name"), listed(text("a name"), "names")),
        "what a graph of nodes calls its input, or inputs", example="x"),
    Key("nodes", mapped(mapping(NODE), "nodes by name"), "the block as a graph",
        example="{a: {from: x, Dense: 8}, sum: {from: [x, a], Add: {}}}"),
    Key("output", text("a node"), "the node that a graph gives", example="sum"),
)  # fmt: skip
