"""SimpleRNN, LSTM and GRU: their cells over whole sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kerasish import activations, ops
from kerasish.arguments.fields import Deferred, placed
from kerasish.arguments.remembered import ANY
from kerasish.arguments.rules import OrAuto, Regularizer
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.recurrent.cells import Cell, GRUCell, LSTMCell, SimpleRNNCell
from kerasish.layers.recurrent.rnn import Recurrent
from kerasish.naming import snake_case
from kerasish.ops.nn.recurrent import gru, lstm
from kerasish.spec import Shape

_COMMON = """
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.
        return_sequences: whether all outputs are returned, or the last one.
        return_state: whether the last states are returned too.
        go_backwards: whether the sequence is run through from its end.
        stateful: whether a batch goes on from the states that the one before left.
        unroll: whether the graph repeats the cell for every step.
        zero_output_for_mask: whether masked steps give zeros, or the output before.
"""


class OverCell(Recurrent):
    """A layer with the arguments of its cell and those of a loop."""

    floats_only = True
    written = ("activity_regularizer",)
    cell_class: ClassVar[type[Cell]]
    rank: ClassVar[int] = 0  # of what a step sees, beside batch and features
    activity_regularizer: Regularizer = placed(behind="bias_regularizer", default=None)
    ignored = {"implementation": ANY, "time_major": False}
    if TYPE_CHECKING:
        units = Deferred[int]()
        dropout = Deferred[float]()
        recurrent_dropout = Deferred[float]()

    def __init_subclass__(cls, of: type[Cell] | None = None, **options: Any) -> None:
        """Args: of: the class of the cell, whose arguments come first."""
        if of is not None:
            cls.cell_class, options["lent"] = of, of.fields
        super().__init_subclass__(**options)

    def __post_init__(self) -> None:
        self.cell: Any = self.cell_class(
            **{name: getattr(self, name) for name in self.cell_class.fields},
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name=snake_case(self.cell_class.__name__),
        )
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        if not self.rank:
            self.input_spec = InputSpec(ndim=3, axes={-1: sequences_shape[-1]})

    def _over_time(
        self, x: Tensor, states: list[Any], mask: Tensor | None, training: bool | None
    ) -> tuple[Tensor, Tensor, list[Any]]:
        recurrent = bool(training) and self.recurrent_dropout > 0
        if recurrent or self.unroll or not self._is_standard():
            projected = self.cell.project(x)
            return super()._over_time(projected, states, mask, training)
        masks = (self.cell._masks or (None, None))[0]
        if masks is not None:
            x = x * ops.expand_dims(masks[0], 1)
        counts = () if mask is None else (ops.cast(mask, "bool"),)
        y, *states = self._whole(x, states, counts)
        last = states[0]
        if counts and self.zero_output_for_mask:
            y = ops.where(ops.expand_dims(counts[0], -1), y, 0)
            last = y[:, 0 if self.go_backwards else -1]
        return ops.flip(y, axis=1) if self.go_backwards else y, last, states

    def _step(self, training: bool | None) -> Any:
        return self.cell.advance

    def _is_standard(self) -> bool:
        """Whether the activations are those that the whole-sequence op has."""
        return False

    def _whole(self, x: Tensor, states: list[Any], counts: tuple[Tensor, ...]) -> tuple[Any, ...]:
        """(outputs in the order of x, *last states) of the whole sequence at once.

        Args:
            counts: which steps count, (batch, time); nothing where all do.
        """
        raise NotImplementedError

    def _bias(self, shape: tuple[int, ...], dtype: str) -> Any:
        bias = self.cell.bias
        return ops.zeros(shape, dtype) if bias is None else convert_to_tensor(bias, dtype)

    @property
    def kernel(self) -> Any:
        """The cell's kernel."""
        return self.cell.kernel

    @property
    def recurrent_kernel(self) -> Any:
        """The cell's recurrent kernel."""
        return self.cell.recurrent_kernel


def _is_tanh_sigmoid(cell: Any) -> bool:
    return cell.activation is activations.tanh and cell.recurrent_activation is activations.sigmoid


class SimpleRNN(OverCell, of=SimpleRNNCell):
    __doc__ = f"""h' = activation(x kernel + h recurrent_kernel + bias), over a sequence.

    Args:
        units: size of state and output.
        activation: name or function.{_COMMON}
    """

    seed: int | None = placed(behind="unroll", default=None)


class LSTM(OverCell, of=LSTMCell):
    __doc__ = f"""Long short-term memory over a sequence.

    Args:
        units: size of states and output.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        use_cudnn: kept for compatibility; the compiler chooses the kernel.{_COMMON}
    Source: Hochreiter and Schmidhuber (1997).
    """

    use_cudnn: OrAuto = placed(behind="unroll", default="auto")
    unwritten = ("use_cudnn",)

    def _is_standard(self) -> bool:
        return _is_tanh_sigmoid(self.cell)

    def _whole(self, x: Tensor, states: list[Any], counts: tuple[Tensor, ...]) -> tuple[Any, ...]:
        kernel = convert_to_tensor(self.cell.kernel, x.dtype)
        recurrent = convert_to_tensor(self.cell.recurrent_kernel, x.dtype)
        bias = self._bias((4 * self.units,), x.dtype)
        weights = kernel, recurrent, bias
        return lstm(x, *states, *weights, *counts, reverse=self.go_backwards)


class GRU(OverCell, of=GRUCell):
    __doc__ = f"""Gated recurrent unit over a sequence.

    Args:
        units: size of state and output.
        activation: of the candidate.
        recurrent_activation: of the gates.
        reset_after: whether the reset gate acts after the product with the state.
        use_cudnn: kept for compatibility; the compiler chooses the kernel.{_COMMON}
    Source: Cho et al. (2014).
    """

    reset_after: bool = placed(behind="unroll", default=True)
    use_cudnn: OrAuto = placed(behind="reset_after", default="auto")
    unwritten = ("use_cudnn",)

    def _is_standard(self) -> bool:
        return self.cell.reset_after and _is_tanh_sigmoid(self.cell)

    def _whole(self, x: Tensor, states: list[Any], counts: tuple[Tensor, ...]) -> tuple[Any, ...]:
        kernel = convert_to_tensor(self.cell.kernel, x.dtype)
        recurrent = convert_to_tensor(self.cell.recurrent_kernel, x.dtype)
        bias = self._bias((2, 3 * self.units), x.dtype)
        return gru(x, *states, kernel, recurrent, bias, *counts, reverse=self.go_backwards)
