"""A checked config -> a Python program that does the same, number for number.

Objects are made in the order in which a run makes them, since each may draw a seed.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from kerasish.arguments.contract import Converted
from kerasish.config import floatx
from kerasish.declarative.building.expressions import Call, Text, shown
from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.ops import contract, index
from kerasish.declarative.sections.steps import LOAD
from kerasish.errors import ArgumentError
from kerasish.names import load
from kerasish.serialization import serialize_keras_object

# Where a program finds the objects of a kind.
_HOMES = {
    "layer": "layers",
    "activation": "activations",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "schedule": "optimizers.schedules",
    "callback": "callbacks",
}
_TAKEN = frozenset(
    {"keras", "np", "prep", "model", "history", "data", "columns", "parts", "table", "train",
     "test", "train_table", "validation_table", "test_table", *keyword.kwlist}
)  # fmt: skip


@dataclass(frozen=True)
class Variable:
    """A variable where a value is expected."""

    name: str


class Program:
    """Writes the statements of a program.

    Args:
        folder: what the paths of a config start from, as the program is to name it.
        file_of: the file of an item that loads a model, as the program is to name it.
        learns: whether a layer learns from the data before it is called.
    """

    def __init__(
        self,
        folder: str = "",
        file_of: Callable[[Item], str] | None = None,
        learns: Callable[[Item], bool] = lambda _: False,
    ) -> None:
        self.folder = folder
        self.file_of = file_of
        self.learns = learns
        self.lines: list[str] = []
        self.imports = {"import kerasish as keras"}
        self._names: dict[str, str] = {}

    def text(self) -> str:
        """The whole program."""
        order = sorted(
            self.imports, key=lambda line: (not line.endswith(" as np"), line[0] == "f", line)
        )
        body = "\n".join(self.lines).strip("\n")
        return "\n".join(order).replace("np\n", "np\n\n") + f"\n\n{body}\n"

    def say(self, line: str = "") -> None:
        """A line as it is."""
        self.lines.append(line)

    def set(self, name: str, value: Text) -> None:
        """An assignment; without a name, a statement."""
        self.lines.append(shown(value, f"{name} = " if name else ""))

    def name(self, wanted: str) -> str:
        """A variable for something that a config calls so: always the same one."""
        if wanted not in self._names:
            plain = re.sub(r"\W", "_", wanted) or "x"
            plain = f"_{plain}" if plain[0].isdigit() else plain
            used = {*self._names.values(), *_TAKEN}
            number, found = 1, plain
            while found in used:
                number, found = number + 1, f"{plain}_{number + 1}"
            self._names[wanted] = found
        return self._names[wanted]

    # --- values -----------------------------------------------------------------------------------

    def value(self, value: Any) -> Text:
        """A value, a checked item or a list or mapping of them as an expression.

        Raises:
            ArgumentError: there is no text for it.
        """
        if isinstance(value, Variable):
            return value.name
        if isinstance(value, Converted):
            return self.value(value.value)
        if isinstance(value, Item):
            return self.object(value)
        if isinstance(value, checked.Constant):
            return self.value(value.value)
        if isinstance(value, Enum):
            return self.value(value.value)
        if isinstance(value, dict):
            return Call("{", "}", [(f"{self.value(k)}: ", self.value(v)) for k, v in value.items()])
        if isinstance(value, list):
            return Call("[", "]", [("", self.value(one)) for one in value])
        if isinstance(value, tuple):
            end = ",)" if len(value) == 1 else ")"
            return Call("(", end, [("", self.value(one)) for one in value])
        if isinstance(value, float) and not np.isfinite(value):
            return f'float("{value}")'
        if value is Ellipsis:
            return "..."
        if isinstance(value, np.generic):
            return self.value(value.item())
        if value is None or isinstance(value, bool | int | float | slice):
            return repr(value)
        if isinstance(value, str):
            return quoted(value)
        if isinstance(value, np.ndarray):
            self.imports.add("import numpy as np")
            dtype = ("dtype=", quoted(str(value.dtype)))
            return Call("np.array(", ")", [("", self.value(value.tolist())), dtype])
        config = serialize_keras_object(value)
        if isinstance(config, str):
            return quoted(config)
        if isinstance(config, dict):
            return Call("keras.saving.deserialize_keras_object(", ")", [("", self.value(config))])
        raise ArgumentError("to_python", expected="what a config holds", received=repr(value))

    def object(self, item: Item) -> Text:
        """An object made, or a function named."""
        made = item.factory
        path = _HOMES.get(item.kind, "")
        home = load(f"kerasish.{path}") if path else None
        own = str(getattr(made, "__name__", ""))
        public = f"keras.{path}.{own}" if getattr(home, own, None) is made else ""
        if not isinstance(made, type):
            return quoted(item.name) if public else self._registered(item)
        given = [(f"{key}=", self.value(one)) for key, one in item.arguments.items()]
        return Call(f"{public or self._registered(item)}(", ")", given)

    def _registered(self, item: Item) -> str:
        return f"keras.registry.lookup({quoted(item.kind)}, {quoted(item.name)})"

    # --- models -----------------------------------------------------------------------------------

    def model(self, section: checked.ModelSection, name: str, inputs: Sequence[Any] = ()) -> None:
        """The statements that make `model`.

        Args:
            section: what `validate` gives.
            name: the model's name where the section has none.
            inputs: declarations for the inputs that the section leaves out.
        """
        if isinstance(section, checked.FunctionalSection):
            self._functional(section, section.name or name, inputs)
        else:
            self._sequential(section, section.name or name, inputs)

    def input(self, declared: checked.InputDeclaration) -> Text:
        """An `Input`."""
        given: dict[str, Any] = {"shape": declared.shape}
        if declared.name is not None:
            given["name"] = declared.name
        if declared.dtype is not None and declared.dtype != floatx():
            given["dtype"] = declared.dtype
        return Call("keras.Input(", ")", [(f"{k}=", self.value(v)) for k, v in given.items()])

    def _sequential(
        self, section: checked.SequentialSection, name: str, inputs: Sequence[Any]
    ) -> None:
        declared = section.input or next(iter(inputs), None)
        if declared is None:
            raise ArgumentError("to_python", expected="a model with an input")
        if any(item.kind in ("op", LOAD) for item in section.layers):
            made = [self.make(item, f"layer {i}") for i, item in enumerate(section.layers)]
            self.say()
            entry = self.name("inputs")
            self.set(entry, self.input(declared))
            last = entry
            for item, layer in zip(section.layers, made, strict=True):
                self.set("x", self.call(item, layer, last, {}))
                last = "x"
            self._model(entry, last, name)
            return
        entry: Text = self.input(declared)
        layers: list[Text] = [self.object(item) for item in section.layers]
        if any(map(self.learns, section.layers)):
            entry = self._learned(entry, section.layers, layers)
        held = Call("[", "]", [("", one) for one in (entry, *layers)])
        parts: list[tuple[str, Text]] = [("", held), ("name=", quoted(name))]
        self.set("model", Call("keras.Sequential(", ")", parts))

    def _learned(self, entry: Text, items: Sequence[Item], layers: list[Text]) -> str:
        """The statements by which layers learn, in turn; these are variables then."""
        last = max(place for place, item in enumerate(items) if self.learns(item))
        made = [self.name(f"layer {place}") for place in range(last + 1)]
        for place, name in enumerate(made):
            self.set(name, layers[place])
        layers[: last + 1] = made
        first = taken = self.name("inputs")
        self.set(first, entry)
        for place, name in enumerate(made):
            call = self.call(items[place], name, taken, {})
            taken = "x"
            if place < last:
                self.set(taken, call)
        return first

    def _model(self, inputs: Text, outputs: Text, name: str) -> None:
        parts = [("inputs=", inputs), ("outputs=", outputs), ("name=", quoted(name))]
        self.set("model", Call("keras.Model(", ")", parts))

    def _functional(
        self, section: checked.FunctionalSection, name: str, inputs: Sequence[Any]
    ) -> None:
        # Nodes may have the names of entries of the data, which are other variables.
        self._names = {f"data {key}": name for key, name in self._names.items()}
        for key in [*(str(one.name) for one in section.inputs), *(n.name for n in section.nodes)]:
            self.name(key)
        shared = {key: self.make(item, f"{key} layer") for key, item in section.shared.items()}
        made = {
            node.name: [
                self.make(item, f"{node.name} {i}" if len(node.items) > 1 else f"{node.name} layer")
                for i, item in enumerate(node.items, start=1)
            ]
            for node in section.nodes
        }
        self.say()
        given = {str(one.name): one for one in inputs}
        entries = section.inputs or tuple(given[name] for name in section.entries)
        for declared in entries:
            self.set(self.name(str(declared.name)), self.input(declared))
        for node in ordered(section.nodes):
            steps = list(zip(node.items, made[node.name], strict=True))
            if node.shared is not None:
                steps = [(section.shared[node.shared.name], shared[node.shared.name])]
            taken, more = self.sources(node.sources), node.call
            for item, layer in steps:
                self.set(self.name(node.name), self.call(item, layer, taken, more))
                taken, more = self.name(node.name), {}
        names = [self.name(str(one.name)) for one in entries]
        outputs = [self.reference(one) for one in section.outputs]
        self._model(_one(names), _one(outputs, section.single_output), name)

    def make(self, item: Item, wanted: str) -> str:
        """The statement that makes what an item calls; the variable that holds it."""
        if item.kind == "op":
            return f"keras.ops.{item.name}"
        name = self.name(wanted)
        if item.kind != LOAD:
            self.set(name, self.object(item))
            return name
        given = item.arguments
        path = quoted(self.file_of(item) if self.file_of is not None else "")
        if "config" in given:
            self.set(name, Call("keras.declarative.load_config(", ").build()", [("", path)]))
        else:
            self.imports.add("from kerasish import preparation as prep")
            self.set(name, Call("prep.network_of(", ")", [("", path)]))
        how = [(f"{key}=", quoted(given[key])) for key in ("until", "name") if given.get(key)]
        self.set(name, Call("keras.declarative.cut(", ")", [("", name), *how]))
        if not given.get("trainable", True):
            self.say(f"{name}.trainable = False")
        return name

    def reference(self, one: checked.Reference) -> str:
        """A node, or one of its several outputs."""
        return self.name(one.name) + ("" if one.output is None else f"[{one.output}]")

    def sources(self, value: Any) -> Any:
        """What `from` holds, with expressions for nodes; lists and mappings stay such."""
        if isinstance(value, checked.Reference):
            return self.reference(value)
        if isinstance(value, dict):
            return {key: self.sources(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.sources(one) for one in value]
        return None if value is None else self.value(value)

    def call(self, item: Item, made: str, taken: Any, more: Mapping[str, Any]) -> Text:
        """A layer or an op called on what `sources` gave; it learns first where it has to."""
        extra = {key: self.value(one) for key, one in more.items()}
        if isinstance(taken, str) and self.learns(item):
            self.say(f"{made}.adapt(data.learning({taken}))")
        if item.kind == "op":
            op = contract(item.name)
            if op is None:
                raise ArgumentError("to_python", expected="an op", received=item.name)
            given = {
                key: _Raw(self.value(index(one) if item.name == "get_item" else one))
                for key, one in item.arguments.items()
            }
            args, named = op.bound(taken, {**given, **{k: _Raw(v) for k, v in extra.items()}})
            if taken is None:  # a constant, which the model is to hold
                self.imports.add("from kerasish.ops.operation import record")
                held = Call(
                    "{", "}", [(f"{quoted(key)}: ", _written(v)) for key, v in named.items()]
                )
                given = [("", quoted(item.name)), ("", made)]
                return Call("record(", ")", [*given, ("", _written(tuple(args))), ("", held)])
            parts = [("", _written(one)) for one in args]
            parts += [(f"{key}=", _written(one)) for key, one in named.items()]
            return Call(f"{made}(", ")", parts)
        if isinstance(taken, dict):
            parts = [(f"{key}=", _written(one)) for key, one in taken.items()]
        else:
            parts = [("", _written(taken))]
        return Call(f"{made}(", ")", [*parts, *((f"{key}=", one) for key, one in extra.items())])


class _Raw:
    """An expression where a value is expected, which passes through as it is."""

    def __init__(self, text: Text) -> None:
        self.text = text


def _written(value: Any) -> Text:
    """An expression of what `sources` and `bound` give."""
    if isinstance(value, _Raw):
        return value.text
    if isinstance(value, list):
        return Call("[", "]", [("", _written(one)) for one in value])
    if isinstance(value, tuple):
        end = ",)" if len(value) == 1 else ")"
        return Call("(", end, [("", _written(one)) for one in value])
    if isinstance(value, dict):
        return Call("{", "}", [(f"{quoted(key)}: ", _written(one)) for key, one in value.items()])
    return value if isinstance(value, str | Call) else repr(value)


def _one(texts: Sequence[str], single: bool = False) -> Text:
    """One expression as itself, several as a list."""
    if len(texts) == 1 or single:
        return texts[0]
    return Call("[", "]", [("", text) for text in texts])


def quoted(text: Any) -> str:
    """A text in double quotes where it can be."""
    plain = repr(str(text))
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def ordered(nodes: Iterable[checked.Node]) -> list[checked.Node]:
    """The nodes, each after those that it reads."""
    left = {node.name: node for node in nodes}
    order: list[checked.Node] = []
    while left:
        name = next(iter(left))
        waiting = [name]
        while waiting:
            node = left.get(waiting[-1])
            more = [] if node is None else [r.name for r in node.references() if r.name in left]
            if node is None or not more:
                waiting.pop()
                if node is not None:
                    order.append(left.pop(node.name))
            else:
                waiting += reversed(more)
    return order
