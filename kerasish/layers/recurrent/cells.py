"""Cells of recurrent networks: SimpleRNN, LSTM, GRU. One step each.

A cell splits its step into `project`, which needs the input only and so can be done for a whole
sequence at once, and `advance`, which needs the states. Dropout masks are drawn once for all
steps (Gal and Ghahramani, A Theoretically Grounded Application of Dropout in RNNs, 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasish import ops, random
from kerasish.arguments.fields import Deferred, placed, weights
from kerasish.arguments.rules import Activation, PositiveInt, Rate
from kerasish.graph.tensor import Tensor
from kerasish.initializers import Ones
from kerasish.layers.base.layer import Layer
from kerasish.random import SeedGenerator
from kerasish.spec import Shape


class Cell(Layer):
    """What the cells share: weights, states, dropout masks."""

    floats_only = True
    gates = 1
    _axis = -1  # of the features
    outputs_state = True  # the output of a step is its first new state
    activation: Activation = "tanh"
    use_bias: bool = True
    learned = weights(kernel="glorot_uniform", recurrent="orthogonal", bias="zeros")
    dropout: Rate = 0.0
    recurrent_dropout: Rate = 0.0
    seed: int | None = None
    if TYPE_CHECKING:
        units = Deferred[int]()
        bias_initializer = Deferred[Any]()

    ignored = {"implementation": 2}

    def __post_init__(self) -> None:
        self.seed_generator = SeedGenerator(self.seed)
        self._masks: tuple[Any, Any] | None = None

    @property
    def state_size(self) -> Any:
        """The size of the state, or of the states."""
        return self.units

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def build(self, input_shape: Shape) -> None:
        size = input_shape[-1]
        if size is None:
            raise self._misfit("a known number of features", input_shape)
        width = self.units * self.gates
        self.kernel = self._declared_weight("kernel", (size, width))
        self.recurrent_kernel = self._declared_weight(
            "recurrent", (self.units, width), name="recurrent_kernel"
        )
        self.bias = self._make_bias((width,)) if self.use_bias else None

    def _make_bias(self, shape: tuple[int, ...]) -> Any:
        return self._declared_weight("bias", shape)

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        """Zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, d), self.compute_dtype) for d in sizes]

    # --- dropout ----------------------------------------------------------------------------------

    def prepare(self, inputs: Tensor, training: bool | None) -> None:
        """Draw the masks that all steps of a loop share; `inputs` is one step's."""
        self._masks = self._draw(inputs, training)

    def release(self) -> None:
        """Forget the masks of `prepare`."""
        self._masks = None

    def _draw(self, inputs: Tensor, training: bool | None) -> tuple[Any, Any]:
        """Masks of inputs and of states: None, one, or with recurrent dropout one per gate."""
        if not training:
            return None, None
        count = self.gates if self.recurrent_dropout > 0 else 1
        state = ops.ones((inputs.shape[0], self.units), inputs.dtype)

        def some(like: Tensor, rate: float, number: int) -> Any:
            if rate == 0:
                return None
            ones = ops.ones_like(like)
            return [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(number)]

        return (
            some(inputs, self.dropout, count),
            some(state, self.recurrent_dropout, self.gates),
        )

    def _dropped(self, x: Tensor, masks: Any, weights: Any) -> Tensor:
        """x @ weights, with x dropped out by one mask, or for each gate by its own."""
        if masks is None:
            return ops.matmul(x, weights)

        def dropped(mask: Tensor) -> Tensor:
            return x * (ops.expand_dims(mask, 1) if x.ndim == 3 else mask)

        if len(masks) == 1:
            return ops.matmul(dropped(masks[0]), weights)
        parts = ops.split(weights, self.gates, axis=-1)
        products = [ops.matmul(dropped(m), w) for m, w in zip(masks, parts, strict=True)]
        return ops.concatenate(products, axis=-1)

    # --- the step ---------------------------------------------------------------------------------

    def call(self, inputs: Tensor, states: Any, training: bool | None = False) -> tuple[Any, Any]:
        outside = self._masks is None
        if outside:
            self.prepare(inputs, training)
        single = not isinstance(states, (list, tuple))
        y, new = self.advance(self.project(inputs), [states] if single else list(states))
        if outside:
            self.release()
        return y, new[0] if single else new

    def project(self, inputs: Tensor) -> Tensor:
        """What a step, or all steps (batch, time, features), take from the input."""
        masks = self._masks or (None, None)
        x = self._dropped(inputs, masks[0], self.kernel)
        return x if self.bias is None else x + self._input_bias

    @property
    def _input_bias(self) -> Any:
        return self.bias

    def _recurrent(self, h: Tensor) -> Tensor:
        """h @ recurrent_kernel, h dropped out."""
        masks = self._masks or (None, None)
        return self._dropped(h, masks[1], self.recurrent_kernel)

    def advance(self, z: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """The output and the new states of a step, from what `project` gave for it."""
        raise NotImplementedError


class SimpleRNNCell(Cell):
    """h' = activation(x kernel + h recurrent_kernel + bias).

    Args:
        units: size of state and output.
        activation: name or function.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.
    """

    units: PositiveInt = placed()

    def advance(self, z: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        h = self.activation(z + self._recurrent(states[0]))
        return h, [h]


class LSTMCell(Cell):
    """c' = f c + i activation(z_c), h' = o activation(c'), gates i, f, o of x and h.

    Args:
        units: size of states and output.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        seed: int, for the same draws every time.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory (1997); Jozefowicz et al. (2015).
    """

    gates = 4

    units: PositiveInt = placed()
    recurrent_activation: Activation = placed(behind="activation", default="sigmoid")
    unit_forget_bias: bool = placed(behind="bias_initializer", default=True)

    @property
    def state_size(self) -> list[int]:
        """The sizes of h and c."""
        return [self.units, self.units]

    def _make_bias(self, shape: tuple[int, ...]) -> Any:
        if not self.unit_forget_bias:
            return super()._make_bias(shape)

        def initializer(_: Any, dtype: Any = None) -> Tensor:
            size = shape[0] // self.gates
            one, rest = (size,), (size * 2,)
            draw = self.bias_initializer
            return ops.concatenate([draw(one, dtype), Ones()(one, dtype), draw(rest, dtype)])

        return self._declared_weight("bias", shape, initializer=initializer)

    def advance(self, z: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        i, f, g, o = ops.split(z + self._recurrent(h), 4, axis=self._axis)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]


class GRUCell(Cell):
    """h' = z h + (1 - z) activation(x_h + r * recurrent_h), gates z, r of x and h.

    Args:
        units: size of state and output.
        activation: of the candidate.
        recurrent_activation: of the gates.
        use_bias: whether there are biases.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of inputs that are zero while training.
        recurrent_dropout: share of states that are zero while training.
        reset_after: whether the reset gate acts after the product with the state, or before.
        seed: int, for the same draws every time.

    Source: Cho et al., Learning Phrase Representations (2014).
    """

    gates = 3

    units: PositiveInt = placed()
    recurrent_activation: Activation = placed(behind="activation", default="sigmoid")
    reset_after: bool = placed(behind="recurrent_dropout", default=True)

    def _make_bias(self, shape: tuple[int, ...]) -> Any:
        return super()._make_bias((2, *shape) if self.reset_after else shape)

    @property
    def _input_bias(self) -> Any:
        bias: Any = self.bias
        return bias[0] if self.reset_after else bias

    def advance(self, z: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        h = states[0]
        x_z, x_r, x_h = ops.split(z, 3, axis=-1)
        gate, masks = self.recurrent_activation, (self._masks or (None, None))[1]
        if self.reset_after:
            inner = self._recurrent(h)
            inner = inner if self.bias is None else inner + self.bias[1]
            h_z, h_r, h_h = ops.split(inner, 3, axis=-1)
            update, reset = gate(x_z + h_z), gate(x_r + h_r)
            candidate = self.activation(x_h + reset * h_h)
        else:
            parts = ops.split(self.recurrent_kernel, 3, axis=-1)
            held = [h, h, h] if masks is None else [h * m for m in masks]
            update = gate(x_z + ops.matmul(held[0], parts[0]))
            reset = gate(x_r + ops.matmul(held[1], parts[1]))
            candidate = self.activation(x_h + ops.matmul(reset * held[2], parts[2]))
        h = update * h + (1 - update) * candidate
        return h, [h]
