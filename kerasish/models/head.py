"""Head: what of a network runs on the host when a batch is made; the rest of it is compiled.

Layers with `runs_on_host` and all that they depend on are the head. Models inside are looked
through where they hold such layers, so that their other layers are compiled too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kerasish import ops, tree
from kerasish.data.batch import Prepared
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.layer import Layer
from kerasish.models.fitting import fitted
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord
from kerasish.spec import TEXT, is_float

Values = dict[int, Any]  # by slot: the number of a value in a program


class Entry(NamedTuple):
    """A value that goes into a model inside, in the form of its input."""

    symbol: KerasTensor
    source: int
    target: int
    any_size: bool

    on_host = False

    @property
    def sources(self) -> list[int]:
        return [self.source]

    @property
    def targets(self) -> list[int]:
        return [self.target]

    def run(self, values: Values, training: bool | None) -> None:
        values[self.target] = fitted(values[self.source], self.symbol, self.any_size)


class Call(NamedTuple):
    """A call of the network, or of a model inside, with the slot of every symbol."""

    record: CallRecord
    slots: dict[int, int]  # id of a symbol -> slot
    training: bool | None  # as the model inside was called

    @property
    def on_host(self) -> bool:
        return bool(getattr(self.record.operation, "runs_on_host", False))

    @property
    def sources(self) -> list[int]:
        return [self.slots[id(s)] for s in self.record.inputs]

    @property
    def targets(self) -> list[int]:
        return [self.slots[id(s)] for s in tree.flatten(self.record.outputs)]

    def run(self, values: Values, training: bool | None) -> None:
        operation = self.record.operation
        flag = training if self.training is None else self.training
        more = {} if flag is None or not isinstance(operation, Layer) else {"training": flag}
        more = {} if self.record.kwargs.get("training") is not None else more
        given = {id(s): values[self.slots[id(s)]] for s in self.record.inputs}
        result = self.record.repeat(given, operation, **more)
        values.update(zip(self.targets, tree.flatten(result), strict=True))


class Head:
    """The two parts of a network.

    Args:
        network: the network.

    Attributes:
        gives_text: whether an output is text, which no compiled step gives.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._count = 0
        steps: list[Entry | Call] = []
        self._dtypes: dict[int, str] = {}
        slots = {id(symbol): self._slot(symbol) for symbol in network.inputs}
        self._inputs = [slots[id(symbol)] for symbol in network.inputs]
        self._unroll(network, slots, steps, None)
        self._outputs = tree.map_structure(lambda s: slots[id(s)], network.outputs_struct)
        self.gives_text = any(s.dtype == TEXT for s in network.outputs)
        needed: set[int] = set()
        chosen: list[bool] = []
        for step in reversed(steps):
            chosen.append(step.on_host or not needed.isdisjoint(step.targets))
            if chosen[-1]:
                needed.update(step.sources)
        chosen.reverse()
        self._before = [step for step, first in zip(steps, chosen, strict=True) if first]
        self._after = [step for step, first in zip(steps, chosen, strict=True) if not first]
        made = {slot for step in self._after for slot in step.targets}
        read = {slot for step in self._after for slot in step.sources}
        self._cut = sorted(read.union(tree.flatten(self._outputs)) - made)

    def __bool__(self) -> bool:
        """Whether anything runs on the host."""
        return bool(self._before)

    @property
    def ours(self) -> bool:
        """Whether all that runs on the host is of this package, and looks at nothing else."""
        made = [s.record.operation for s in self._before if isinstance(s, Call)]
        return not any(isinstance(op, Layer) and op._runs_foreign_code() for op in made)

    @property
    def names(self) -> list[str]:
        """What each value of `Prepared` is called: the input that it comes from, by its name; with
        the operation that made it where several come from one, or one from several."""
        named = zip(self._inputs, self._network.inputs, strict=True)
        inputs = {slot: [symbol.name] for slot, symbol in named}
        made = dict.fromkeys(inputs, "")
        for step in self._before:
            roots = dict.fromkeys(name for slot in step.sources for name in inputs.get(slot, ()))
            maker = step.record.operation.name if isinstance(step, Call) else ""
            for slot in step.targets:
                inputs[slot], made[slot] = [*roots], maker or made[step.sources[0]]
        plain = ["/".join(inputs[slot]) for slot in self._cut]
        alone = [plain.count(name) == 1 for name in plain]
        each = zip(self._cut, plain, alone, strict=True)
        return [name if one else f"{name}/{made[slot] or 'input'}" for slot, name, one in each]

    @property
    def passed(self) -> list[bool]:
        """Whether each value of `Prepared` is an input as it was given."""
        return [slot in self._inputs for slot in self._cut]

    def _slot(self, symbol: KerasTensor) -> int:
        self._count += 1
        self._dtypes[self._count] = symbol.dtype
        return self._count

    def _unroll(
        self, network: Any, slots: dict[int, int], steps: list[Entry | Call], training: bool | None
    ) -> None:
        """The calls of a network, those of models inside in their place."""
        for record in network.records:
            inside = getattr(record.operation, "inner_network", None)
            if inside is None or not inside.head:
                slots.update((id(s), self._slot(s)) for s in tree.flatten(record.outputs))
                steps.append(Call(record, slots, training))
                continue
            own: dict[int, int] = {}
            given = record.args[0] if record.args else record.kwargs["inputs"]
            for symbol, outer in zip(inside.inputs, inside.arranged(given), strict=True):
                own[id(symbol)] = self._slot(symbol)
                steps.append(Entry(symbol, slots[id(outer)], own[id(symbol)], inside.any_size))
            flag = record.kwargs.get("training")
            self._unroll(inside, own, steps, training if flag is None else flag)
            outputs = tree.flatten(inside.outputs_struct)
            for outer, inner in zip(tree.flatten(record.outputs), outputs, strict=True):
                slots[id(outer)] = own[id(inner)]

    def __call__(self, x: Any, training: bool = False) -> Prepared:
        """Run the head on a batch; what comes out goes to `rest`."""
        if isinstance(x, Prepared):
            return x
        values: Values = {}
        given = zip(self._inputs, self._network.inputs, self._network.arranged(x), strict=True)
        for slot, symbol, value in given:
            values[slot] = fitted(value, symbol, self._network.any_size)
        for step in self._before:
            step.run(values, training)
        return Prepared(tuple(_array(values[slot]) for slot in self._cut))

    def rest(self, prepared: Prepared) -> Any:
        """The outputs, in their structure."""
        values: Values = {
            slot: _in_dtype(value, self._dtypes[slot])
            for slot, value in zip(self._cut, prepared.values, strict=True)
        }
        for step in self._after:
            step.run(values, None)
        return tree.map_structure(lambda slot: values[slot], self._outputs)


def _in_dtype(value: Any, dtype: str) -> Any:
    """A value in the dtype of its symbol: batches hold floats in floatx."""
    return ops.cast(value, dtype) if is_float(dtype) and value.dtype != dtype else value


def _array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, Tensor) else value
