"""`Plans`: the one cache of a model's compiled steps."""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.changes import Versioned, clock, unnoticed
from kerasish.compiler.arena import Arena
from kerasish.config import settings
from kerasish.data.batch import Batch
from kerasish.data.checks import as_arrays
from kerasish.graph import convert_to_tensor
from kerasish.graph.node import outermost, scope
from kerasish.layers.base import tracking
from kerasish.spec import TEXT
from kerasish.training.label_rules import check_labels
from kerasish.training.prepare import prepare
from kerasish.training.step import (
    Bound,
    Specs,
    as_logs,
    bind_compiled,
    bind_eager,
    copied,
    flat_step,
    form_of,
    specs_of,
)

MODES = {"train": "train_step", "test": "test_step", "predict": "predict_step"}
LIMIT = 64  # plans that one model keeps; the longest unused goes first


class State:
    """What of a model and of the settings decides which plan serves it.

    Attributes:
        structure: versions of all parts, and which variables there are; one that is gone never
            comes back.
        flags: what is trainable, and the settings; these go to and fro.
        lists: lists and dicts that may change without a word, with what is in them; for `Plans`.
    """

    __slots__ = ("_hash", "_variables", "flags", "lists", "structure")

    def __init__(self, model: Any) -> None:
        parts, variables = tracking.deciding(model)
        self.lists = tracking.containers(parts)
        parts += _nested(model.optimizer)
        self._variables = variables  # held, so that their ids mean nothing else
        self.structure = (*(part._version for part in parts), 0, *map(id, variables))
        self.flags = (
            *(getattr(part, "_trainable", None) for part in parts),
            *(variable.trainable for variable in variables),
            *vars(settings).values(),
        )
        self._hash = hash((self.structure, self.flags))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, State)
            and self._hash == other._hash
            and self.structure == other.structure
            and self.flags == other.flags
        )


def _nested(optimizer: Any) -> list[Versioned]:
    """An optimizer and those inside it."""
    if not isinstance(optimizer, Versioned):
        return []
    held = vars(optimizer).values()
    inner = [part for value in held for part in (value if isinstance(value, list) else [value])]
    return [optimizer, *(one for part in inner for one in _nested(part))]


class Plans:
    """A step per mode, structure and specs of batches, wish for logs, and state of the model.

    While `changes.clock` stands still, a look-up looks at nothing but the batch, and at the lists
    that layers of the user's hold. When something has moved, the model is walked once: plans for
    parts that were replaced are dropped with all that they hold; those for other flags wait for
    these to come back.

    Args:
        model: what is trained; its `train_step`, `test_step` and `predict_step` are traced.

    Attributes:
        lock: held by whoever fills, runs and reads a step.
    """

    def __init__(self, model: Any) -> None:
        self._model: Callable[[], Any] = weakref.ref(model)  # which holds these plans
        self.lock = threading.RLock()
        self._made: dict[Any, Bound] = {}
        # One array in, one out: what a batch of this shape and dtype needs, at hand.
        self._quick: dict[Any, tuple[Bound, Any, Any]] = {}
        self._arenas = {mode: Arena() for mode in MODES}
        self._turn = 0
        self._seen = -1  # what the clock showed when the model was walked
        self._state: State | None = None
        self._lists: list[tuple[Any, list[Any]]] = []  # with what was in them then
        self._metrics: list[Any] | None = None  # all of the model's, once they were looked for

    @property
    def model(self) -> Any:
        """The model."""
        return self._model()

    @property
    def metrics(self) -> list[Any]:
        """The model's metrics, looked for once per state."""
        if self._metrics is None:
            self._metrics = list(self.model.metrics)
        return self._metrics

    def __len__(self) -> int:
        return len(self._made)

    # --- which plan ---------------------------------------------------------------------------

    def refresh(self) -> State:
        """Look at the whole model, and drop what no longer fits it."""
        state = State(self.model)
        self._seen = clock.now
        self._lists, state.lists = state.lists, []
        held = self._state
        if held is not None and state == held:
            return held
        self._state = state
        self._metrics = None
        self._quick.clear()
        if held is not None and held.structure != state.structure:
            gone = [k for k in self._made if k[-1].structure != state.structure]
            for key in gone:
                del self._made[key]
        return state

    def _stands(self) -> bool:
        """Whether nothing has changed since the model was walked."""
        return self._seen == clock.now and (not self._lists or all(map(_as_it_was, self._lists)))

    def bind(
        self, mode: str, example: Batch, specs: Specs, logs: bool = False, own: Any = None
    ) -> Bound:
        """The step for batches of this structure and these specs, made at the first request.

        Args:
            mode: "train", "test" or "predict".
            example: a batch; only its structure is used.
            specs: of its arrays.
            logs: whether the logs of every batch are wanted.
            own: what stands in the place of the mode's function, see `StepFunctions`.
        """
        with self.lock:
            held = self._state
            state = held if held is not None and self._stands() else self.refresh()
            key = (mode, logs, own, form_of(example), specs)
            found = self._made.get((*key, state))
            made = found or self._make(mode, example, specs, logs, own)
            self._turn = made.turn = self._turn + 1
            if found is None:
                # What was built meanwhile belongs to the state that the step is for.
                self._made[*key, self.refresh()] = made
                self._forget_oldest()
            return made

    def for_batch(
        self, mode: str, batch: Batch, logs: bool = False, own: Any = None, anew: bool = False
    ) -> Bound:
        """The step for such a batch; see `bind`.

        Args:
            anew: whether one is made that is not kept.
        """
        specs = specs_of(batch.leaves)
        if anew:
            return self._make(mode, batch, specs, logs, own)
        return self.bind(mode, batch, specs, logs, own)

    def _forget_oldest(self) -> None:
        while len(self._made) > LIMIT:
            oldest = min(self._made, key=lambda key: self._made[key].turn)
            gone = self._made.pop(oldest)
            self._quick = {k: ready for k, ready in self._quick.items() if ready[0] is not gone}

    # --- making one ---------------------------------------------------------------------------

    def _make(self, mode: str, example: Batch, specs: Specs, logs: bool, own: Any) -> Bound:
        model, told = self.model, [False]
        step = self._kept(mode, logs, told, own)
        with unnoticed():
            # What no head has read, a model of one's own reads in its `call`: on values.
            texts = any(spec.dtype == TEXT for spec in specs)
            eager = bool(own or texts or model.runs_op_by_op)
            prepare(model, mode, example, specs, eager)
            flat = flat_step(step, example)
            if eager:
                made = bind_eager(_unnoticed(flat), specs)
            else:
                before = _trainable(model)
                made = bind_compiled(flat, specs, self._arenas[mode])
                if mode == "train" and _trainable(model) != before:
                    # The step made weights that its first lines could not know of.
                    made = bind_compiled(flat, specs, self._arenas[mode])
            for held in filter(None, (model.optimizer, *model.metrics)):
                held.variables  # noqa: B018 - an error where it kept a tensor of the trace
        made.told = told
        return made

    def _kept(self, mode: str, logs: bool, told: list[bool], own: Any) -> Callable[[Any], Any]:
        """A mode's step with what is wanted of its result.

        That is nothing where the metrics' variables tell it all, so that the graph of a step ends
        in its variables; otherwise the step's own logs.
        """
        get, name = self._model, MODES[mode]

        def step(data: Any) -> Any:
            model = get()
            before = outermost(name)
            try:
                result = own(iter((data,))) if own else getattr(model, name)(data)
            finally:
                outermost(before)
            if mode == "predict":
                return result
            with scope("metrics"):
                metrics = model.get_metrics_result()
            told[0] = isinstance(result, dict) and not _same(_flat(result), _flat(metrics))
            if told[0]:
                return result
            return metrics if logs else ()

        return step

    # --- single batches -----------------------------------------------------------------------

    def run(self, mode: str, batch: Batch, alone: bool = True) -> dict[str, Any]:
        """One step on one batch, with its logs.

        Args:
            alone: whether these are of this batch alone, and the mode's own function may run it.
        """
        with self.lock:
            own = self.model.own_function(mode) if alone else None
            batch = self.model.with_head(batch, mode)
            bound = self.for_batch(mode, batch, logs=True, own=own)
            if alone:
                self._reset_metrics(bound)
            check_labels(batch, self.model)
            bound.fill(batch.leaves)
            bound.run()
            return as_logs(bound.read())

    def _reset_metrics(self, bound: Bound) -> None:
        """Begin all metrics anew, as `reset_metrics` does, but look for them only once."""
        model = self.model
        if bound.compiled is None or model.reads_metrics_itself:
            model.reset_metrics()
            return
        for metric in self.metrics:
            metric.reset_state()

    def predict(self, x: Any, own: bool = True) -> Any:
        """The predictions for one batch, with as little around them as possible.

        Args:
            own: whether the mode's own function may run it.
        """
        with self.lock:
            if type(x) is np.ndarray:
                ready = self._quick.get((x.shape, x.dtype))
                if ready is not None and self._stands():
                    bound, buffer, output = ready
                    self._turn = bound.turn = self._turn + 1
                    buffer[...] = x
                    bound.run()
                    return output.copy()
            batch = given = Batch(as_arrays(x, "x"))
            batch = self.model.with_head(given, "predict")
            function = self.model.own_function("predict") if own else None
            bound = self.for_batch("predict", batch, own=function)
            bound.fill(batch.leaves)
            bound.run()
            result = bound.read()
            if type(x) is np.ndarray and isinstance(result, np.ndarray):
                if bound.fixed and own and batch is given:
                    self._quick[x.shape, x.dtype] = (bound, bound.inputs[0], result)
                else:
                    self._quick.pop((x.shape, x.dtype), None)
            return copied(result)


def _as_it_was(held: tuple[Any, list[Any]]) -> bool:
    now, before = tracking.inside(held[0]), held[1]
    return len(now) == len(before) and all(map(operator.is_, now, before))


def _unnoticed(func: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        with unnoticed():
            return func(*args)

    return call


def _trainable(model: Any) -> list[int]:
    return [id(variable) for variable in model.trainable_variables]


def _flat(logs: dict[str, Any]) -> dict[str, Any]:
    """Logs with those of inner dicts under their own names."""
    flat: dict[str, Any] = {}
    for name, value in logs.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat


def _same(logs: dict[str, Any], metrics: dict[str, Any]) -> bool:
    """Whether a step returned just what its metrics hold after it."""
    if logs.keys() != metrics.keys():
        return False
    return all(_equal(logs[name], metrics[name]) for name in logs)


def _equal(a: Any, b: Any) -> bool:
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    if a.is_symbolic or b.is_symbolic:
        return a.node is b.node  # equal expressions of one trace are one node
    return bool(np.array_equal(a.numpy(), b.numpy(), equal_nan=True))
