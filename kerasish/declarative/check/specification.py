"""A checked configuration: plain records between the document and the objects it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kerasish.arguments.contract import Converted
from kerasish.declarative.check.items import Item
from kerasish.declarative.text.source import Mapping, Mark


@dataclass(frozen=True, slots=True)
class Reference:
    """A name used where a node, an input or an array is meant.

    `output` is which of several outputs of the node: `lstm.1` is the second of `lstm`.
    """

    name: str
    mark: Mark
    output: int | None = None


@dataclass(frozen=True, slots=True)
class InputDeclaration:
    """One input of a model; `shape` is without the batch, None for an unknown length."""

    name: str | None
    shape: tuple[int | None, ...]
    dtype: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Constant:
    """An argument of a call that is no node but itself: `training: true`."""

    value: Any


# What `from:` holds: one node, a list of nodes, or call arguments by name, each a node, a list or
# mapping of them (None where an item is null), or a `Constant`; None where nothing is read.
Sources = Reference | list[Reference] | dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a functional model: inputs, and the layers called on them in turn.

    `call` are arguments of the call that are no nodes, texts among them.
    """

    name: str
    mark: Mark
    sources: Sources
    items: tuple[Item, ...] = ()
    shared: Reference | None = None
    call: dict[str, Any] = field(default_factory=dict[str, Any])

    def references(self) -> list[Reference]:
        """The nodes that this one reads."""
        return _references(self.sources)


def _references(value: Any) -> list[Reference]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [one for item in value for one in _references(item)]
    return [value] if isinstance(value, Reference) else []


@dataclass(frozen=True, slots=True)
class SequentialSection:
    """`type: sequential`: an input (None where it follows from the data) and a list of layers."""

    name: str | None
    mark: Mark
    input: InputDeclaration | None
    layers: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class FunctionalSection:
    """`type: functional`: named inputs, shared layers, nodes and outputs.

    `entries` are the inputs by name where they follow from the data; `inputs` is empty then.
    """

    name: str | None
    mark: Mark
    inputs: tuple[InputDeclaration, ...]
    shared: dict[str, Item]
    nodes: tuple[Node, ...]
    outputs: tuple[Reference, ...]
    single_output: bool
    entries: tuple[str, ...] = ()


ModelSection = SequentialSection | FunctionalSection


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one format with their options, in plain values; `marks` say where each stands, as
    `marks_in` does."""

    values: dict[str, Any]
    mark: Mark
    marks: dict[str, Mark] = field(default_factory=dict)

    def read_as(self, usual: Source | None) -> dict[str, Any]:
        """The values, the format first; options that they leave open are those of another source
        of the same format, but for the digest of its file."""
        name = next(iter(self.values))
        if usual is None or name not in usual.values:
            return dict(self.values)
        return self.values | {
            key: value
            for key, value in usual.values.items()
            if key != "sha256" and key not in self.values
        }


@dataclass(frozen=True, slots=True)
class PartChoice:
    """One part of the data: sources of its own, or a choice of rows in plain values, and where
    these stand."""

    mark: Mark
    sources: tuple[Source, ...] = ()
    choice: dict[str, Any] | None = None
    marks: dict[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What only data have in the place of a layer: `pad`, `auto`; `value` is plain."""

    name: str
    value: Any
    mark: Mark


# Layers of which each column of an entry gets its own.
BY_COLUMN = ("StringLookup", "IntegerLookup", "Hashing", "TextVectorization")


@dataclass(frozen=True, slots=True)
class DataEntry:
    """One input or target: columns (None for all the rest), and what is done to them in turn."""

    name: str
    mark: Mark
    sources: tuple[Reference, ...] | None
    steps: tuple[Item | Step, ...] = ()
    shared: Reference | None = None
    offsets: tuple[int, int] | None = None
    alone: bool = False  # whether `from` is one name and no list

    @property
    def by_column(self) -> bool:
        """Whether the first layer takes each column by itself: those that number kinds."""
        first = self.steps[0] if self.steps else None
        return isinstance(first, Item) and first.name in BY_COLUMN and not self.alone

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that the entry gives: one, or one for each column that becomes indices."""
        first = self.steps[0] if self.steps else None
        if not self.by_column or not isinstance(first, Item) or self.sources is None:
            return (self.name,)
        mode = first.arguments.get("output_mode", "int")
        mode = mode.value if isinstance(mode, Converted) else mode
        if len(self.steps) > 1 or mode != "int":
            return (self.name,)
        return tuple(f"{self.name}.{one.name}" for one in self.sources)


@dataclass(frozen=True, slots=True)
class DataSection:
    """`data:`: sources, parts, windows, inputs and targets, and the batches.

    `read` are the texts in `from` of the model's nodes: what they name is an input, whoever else
    reads it.
    """

    mark: Mark
    dataset: Reference | None = None
    sources: tuple[Source, ...] = ()
    parts: dict[str, PartChoice] = field(default_factory=dict)
    window: dict[str, int] | None = None
    window_mark: Mark | None = None
    x: tuple[DataEntry, ...] | None = None
    y: tuple[DataEntry, ...] | None = None
    sample_weight: Reference | None = None
    augment: tuple[Item, ...] = ()
    batch_size: int = 32
    shuffle: bool = True
    cache: bool | str = False
    read: frozenset[str] = frozenset()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that the data give; `x` where the file names none."""
        if self.x is None:
            return ("x",)
        return tuple(name for one in self.x if not self.is_inner(one) for name in one.inputs)

    def is_inner(self, entry: DataEntry) -> bool:
        """Whether an entry of x is read by other entries and by no node of the model, so that it
        is no input itself.

        An entry that reads a column of its own name stands for itself: others that read this name
        mean the column.
        """
        if any(one.name == entry.name for one in entry.sources or ()):
            return False
        if self.read & {entry.name, *entry.inputs}:
            return False
        others = [one for one in (*(self.x or ()), *(self.y or ())) if one is not entry]
        return any(one.name == entry.name for other in others for one in other.sources or ())

    @property
    def usual(self) -> tuple[Source, ...]:
        """The sources as which those of other parts are read, place by place."""
        train = self.parts.get("train")
        return self.sources or (train.sources if train else ())

    @property
    def source_name(self) -> str:
        """Where the rows come from: the name of a dataset, or files."""
        if self.dataset is not None:
            return self.dataset.name
        return ", ".join(_files(next(iter(source.values.values()))) for source in self.usual)


def _files(named: Any) -> str:
    """Files of a source, of which there may be several, or one for each column, in one line."""
    if isinstance(named, dict):
        return ", ".join(map(_files, named.values()))
    return ", ".join(map(_files, named)) if isinstance(named, (list, tuple)) else str(named)


@dataclass(frozen=True, slots=True)
class TrainSection:
    """`train:`: what `compile` and `fit` get by name; objects are items still.

    `rates` are factors of the learning rate by patterns of layers, `class_weight` weights by class
    number or label or "balanced"; `marks` say where a pattern or a class is written.
    """

    mark: Mark
    loss_mark: Mark
    compiled: dict[str, Any]
    fitted: dict[str, Any]
    rates: dict[str, float] = field(default_factory=dict[str, float])
    class_weight: dict[str, float] | str | None = None
    mixed_precision: str | None = None
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])


@dataclass(frozen=True, slots=True)
class Config:
    """A whole checked file; `facts_used` names the facts of the data that it needs."""

    document: Mapping
    name: str
    model: ModelSection
    seed: int | None = None
    backend: str | None = None
    data: DataSection | None = None
    train: TrainSection | None = None
    plugins: tuple[str, ...] = field(default=())
    facts_used: frozenset[str] = frozenset()
