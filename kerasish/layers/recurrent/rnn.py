"""RNN: a cell applied to every timestep of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasish import ops, tree
from kerasish.arguments.fields import Deferred, placed
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.graph.variable import Variable
from kerasish.layers.base.layer import Layer
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import infer
from kerasish.serialization import deserialize_keras_object, serialize_keras_object
from kerasish.spec import Shape


class StackedRNNCells(Layer):
    """Cells on top of each other, as one cell.

    Args:
        cells: the cells, the first one seeing the input.
    """

    cells: Any

    def __post_init__(self) -> None:
        revived = [deserialize_keras_object(c) if isinstance(c, dict) else c for c in self.cells]
        for cell in revived:
            if not callable(cell) or not hasattr(cell, "state_size"):
                raise self._refusal("cells, layers with a state_size", repr(cell))
        self.cells = revived

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The output size of the last cell."""
        return _output_size(self.cells[-1])

    def build(self, input_shape: Shape) -> None:
        shape = tuple(input_shape)
        for cell in self.cells:
            _build_cell(cell, shape)
            shape = (shape[0], _output_size(cell))

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """What every cell begins with: its list of states, or the one of a cell that only says
        `state_size=units`."""
        held = [initial_state(cell, batch_size) for cell in self.cells]
        return [h[0] if _has_one_state(c) else h for c, h in zip(self.cells, held, strict=True)]

    def call(self, inputs: Tensor, states: Any, training: bool | None = False) -> tuple[Any, Any]:
        new = []
        for cell, held in zip(self.cells, states, strict=True):
            several = isinstance(held, (list, tuple))
            inputs, after = cell(
                inputs, list(held) if several else [held], **_training(cell, training)
            )
            after = list(after) if isinstance(after, (list, tuple)) else [after]
            new.append(after if several or len(after) > 1 else after[0])
        return inputs, new

    def prepare(self, inputs: Tensor, training: bool | None) -> None:
        """Let the first cells draw their dropout masks before a loop."""
        for cell in self.cells:
            if hasattr(cell, "prepare"):
                cell.prepare(inputs, training)
            inputs = ops.zeros((inputs.shape[0], _output_size(cell)), inputs.dtype)

    def release(self) -> None:
        """Forget the masks of `prepare`."""
        for cell in self.cells:
            if hasattr(cell, "release"):
                cell.release()


def _build_cell(cell: Any, shape: Shape) -> None:
    """Build a cell for one step's shape; one without `build` has nothing to build before a call."""
    if isinstance(cell, Layer) and not (cell.built or cell.builds_by_calling):
        cell.build(shape)


def _output_size(cell: Any) -> int:
    size = getattr(cell, "output_size", None)
    return tree.flatten(cell.state_size)[0] if size is None else size


def initial_state(cell: Any, batch_size: int | None) -> list[Any]:
    """The state a cell starts with, as a list."""
    if hasattr(cell, "get_initial_state"):
        held = cell.get_initial_state(batch_size=batch_size)
        return list(held) if isinstance(held, (list, tuple)) else [held]
    sizes = cell.state_size if isinstance(cell.state_size, (list, tuple)) else [cell.state_size]
    dtype = getattr(cell, "compute_dtype", None)
    return [ops.zeros((batch_size, d), dtype) for d in sizes]


def _has_one_state(cell: Any) -> bool:
    return not (hasattr(cell, "get_initial_state") or isinstance(cell.state_size, (list, tuple)))


def _typed(cell: Any, states: list[Any], otherwise: str) -> list[Any]:
    """States in the compute dtype of the cell that takes them."""
    if isinstance(cell, StackedRNNCells) and len(states) == len(cell.cells):
        pairs = zip(cell.cells, states, strict=True)
        return [_typed(one, held, otherwise) for one, held in pairs]
    dtype = getattr(cell, "compute_dtype", otherwise)
    return tree.map_structure(lambda s: convert_to_tensor(s, dtype), states)


def _training(cell: Any, training: bool | None) -> dict[str, Any]:
    takes = isinstance(cell, Layer) and cell._call_takes("training")
    return {"training": training} if takes else {}


class Recurrent(Layer):
    """What all layers over timesteps share: masks, direction, states, and the loop."""

    supports_masking = True
    untracked = Layer.untracked | {"states"}
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    zero_output_for_mask: bool = False
    if TYPE_CHECKING:
        cell = Deferred[Any]()
        states = Deferred[list[Variable] | None]()
    else:
        states = None  # until a stateful layer is built

    @property
    def single_state(self) -> bool:
        """Whether the cell has one state, and not a list of them."""
        return not isinstance(self.cell.state_size, (list, tuple))

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Any, training: bool | None = False
    ) -> tuple[Tensor, Tensor, list[Any]]:
        """(output of the last step, outputs of all steps, states after it)."""
        nested = isinstance(initial_state, (list, tuple))
        states = list(initial_state) if nested else [initial_state]
        outputs, last, states = self._over_time(sequences, states, mask, training)
        return last, outputs, states

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states."""
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        shape = (sequences_shape[0], *sequences_shape[2:])
        _build_cell(self.cell, shape)
        self.states = None
        if self.stateful:
            batch = sequences_shape[0]
            if batch is None:
                raise self._misfit(
                    "a known batch size",
                    sequences_shape,
                    fix="Give Input a batch_size.",
                    of="stateful",
                )
            self.states = tree.map_structure(
                lambda zero: Variable(
                    zero, trainable=False, name="rnn_state", dtype=self.variable_dtype
                ),
                initial_state(self.cell, batch),
            )

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        """The shape (or shapes) of the output, found without states that last."""
        one: Any = self
        if self.stateful and not self.built:
            one = type(self).from_config(self.get_config())
            one.stateful = False
        return Layer.compute_output_shape(one, sequences_shape)

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The state a batch starts with."""
        return initial_state(self.cell, batch_size)

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        for state in tree.flatten(self.states or []):
            state.assign(ops.zeros(state.shape, state.dtype))

    reset_states = reset_state

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool | None = False,
    ) -> Any:
        if sequences.shape[1] == 0:
            raise self._misfit("one timestep or more", sequences.shape)
        states = self._first_states(initial_state, sequences)
        if hasattr(self.cell, "prepare"):
            self.cell.prepare(sequences[:, 0], training)
        outputs, last, states = self._over_time(sequences, states, mask, training)
        outputs, last, states = tree.map_structure(
            lambda x: ops.cast(x, self.compute_dtype), (outputs, last, states)
        )
        if hasattr(self.cell, "release"):
            self.cell.release()
        if self.stateful:
            held = tree.flatten(self.states)
            for variable, state in zip(held, tree.flatten(states), strict=True):
                variable.assign(state)
        y = outputs if self.return_sequences else last
        return (y, *states) if self.return_state else y

    def _first_states(self, given: Any, sequences: Tensor) -> list[Any]:
        if given is None and self.stateful:
            given = tree.map_structure(lambda v: v.value, self.states)
        if given is None:
            given = self.get_initial_state(batch_size=sequences.shape[0])
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        states = _typed(self.cell, given, self.compute_dtype)
        self._check_states(tree.flatten(states), sequences.shape[0])
        return states

    def _check_states(self, states: list[Tensor], batch: int | None) -> None:
        """Raise unless there is a state per state of the cell, with a row per sequence."""
        count = len(tree.flatten(self.state_size))
        if len(states) != count:
            raise self._refusal(f"{count} states", len(states), of="initial_state")
        for state in states:
            rows = state.shape[0] if state.ndim else None
            if state.ndim == 0 or (None not in (rows, batch) and rows != batch):
                whose = "initial_state"
                hint = "Give a state for every sequence."
                if self.stateful:
                    whose = "stateful"
                    hint = (
                        "A stateful layer takes batches of the size that it was built for: leave "
                        "the last, smaller batch out, or build the layer for another batch size."
                    )
                raise self._refusal(
                    f"{batch} sequences and as many rows in each state",
                    f"a state of shape {state.shape}",
                    fix=hint,
                    of=whose,
                    kind=ShapeError,
                )

    def _over_time(
        self, x: Tensor, states: list[Any], mask: Tensor | None, training: bool | None
    ) -> tuple[Tensor, Tensor, list[Any]]:
        """(outputs of all steps, output of the last, states after it), one step after another."""
        xs = ops.moveaxis(x, 1, 0)
        marks = None if mask is None else ops.transpose(ops.cast(mask, "bool"))
        if self.go_backwards:
            xs = ops.flip(xs, axis=0)
            marks = None if marks is None else ops.flip(marks, axis=0)
        step = self._step(training)
        if marks is None:

            def body(carry: Any, now: Any) -> Any:
                y, new = step(now, carry)
                return new, y

            states, ys = ops.scan(body, states, xs, unroll=self.unroll or 1)
            return ops.moveaxis(ys, 0, 1), ys[-1], states

        def masked(carry: Any, given: Any) -> Any:
            (now, counts), (held, before) = given, carry
            y, new = step(now, held)
            instead = ops.zeros_like(y) if self.zero_output_for_mask else before
            y = ops.where(_beside(counts, y), y, instead)
            return (_held(counts, new, held), y), y

        start = (states, self._output_before(step, xs[0], states))
        (states, _), ys = ops.scan(masked, start, (xs, marks), unroll=self.unroll or 1)
        return ops.moveaxis(ys, 0, 1), ys[-1], states

    def _output_before(self, step: Any, x: Tensor, states: list[Any]) -> Tensor:
        """What a masked first step repeats: the output that left `states`, zeros if unknown."""
        cell, held = self.cell, states
        if isinstance(cell, StackedRNNCells):
            cell, held = cell.cells[-1], states[-1]
        if getattr(cell, "outputs_state", False):
            return tree.flatten(held)[0]
        given = tree.map_structure(lambda t: KerasTensor(t.shape, t.dtype), (x, states))
        y = tree.flatten(infer(step, given, {})[0])[0]
        return ops.zeros(y.shape, y.dtype)

    def _step(self, training: bool | None) -> Any:
        """The function (input, states) -> (output, states) of one timestep."""
        options = _training(self.cell, training)

        def step(x: Tensor, states: Any) -> tuple[Tensor, Any]:
            y, new = self.cell(x, states, **options)
            return y, list(new) if isinstance(new, (list, tuple)) else [new]

        return step

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The input's mask for sequences, none for a last output or states."""
        mask = tree.flatten(previous_mask)[0] if previous_mask is not None else None
        kept = mask if self.return_sequences else None
        return [kept, *(None for _ in self.state_size)] if self.return_state else kept


def _beside(counts: Tensor, like: Tensor) -> Tensor:
    """(batch,) booleans with the rank of `like`."""
    return ops.reshape(counts, (like.shape[0], *(1,) * (like.ndim - 1)))


def _held(counts: Tensor, new: Any, old: Any) -> Any:
    """New states where the step counts, the old ones elsewhere."""
    return tree.map_structure(lambda n, o: ops.where(_beside(counts, n), n, o), new, old)


class RNN(Recurrent):
    """A cell applied to every timestep, each step seeing the states that the one before left.

    Args:
        cell: a layer with `state_size` and `call(inputs, states) -> (output, new_states)`, or a
            list of them, stacked.
        return_sequences: whether all outputs are returned, or the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether the sequence is run through from its end.
        stateful: whether a batch goes on from the states that the one before left.
        unroll: whether the graph repeats the cell for every step.
        zero_output_for_mask: whether masked steps give zeros, or the output before.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.RNN(keras.layers.SimpleRNNCell(4))
        >>> layer(keras.ops.ones((2, 5, 3))).shape
        (2, 4)
    """

    cell: Any = placed()

    def __post_init__(self) -> None:
        if isinstance(self.cell, dict):
            self.cell = deserialize_keras_object(self.cell, kind="layer")
        if isinstance(self.cell, (list, tuple)):
            self.cell = StackedRNNCells(list(self.cell))
        if not callable(self.cell) or not hasattr(self.cell, "state_size"):
            wanted = "a layer with a state_size attribute and call(inputs, states)"
            raise self._refusal(wanted, repr(self.cell), of="cell")

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal layer, as plain data."""
        return {**super().get_config(), "cell": serialize_keras_object(self.cell)}
