"""ConvLSTM: an LSTM whose products are convolutions, over sequences of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kerasish import config, ops, random
from kerasish.arguments.fields import Deferred, placed
from kerasish.arguments.rules import DataFormat, IntOrTuple, PaddingMode, PositiveInt, sized
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.layers.convolution import refuse_both
from kerasish.layers.recurrent.cells import LSTMCell
from kerasish.layers.recurrent.sequences import OverCell
from kerasish.spec import Shape, window_output


class ConvLSTMCell(LSTMCell):
    """One step: c' = f c + i activation(z_c), h' = o activation(c'), with convolutions for z."""

    units: ClassVar[Any]
    filters: PositiveInt = placed()
    kernel_size: IntOrTuple = placed(behind="filters")
    strides: IntOrTuple = placed(behind="kernel_size", default=1)
    padding: PaddingMode = placed(behind="strides", default="valid")
    data_format: DataFormat = placed(behind="padding", default=None)
    dilation_rate: IntOrTuple = placed(behind="data_format", default=1)

    @property
    def state_size(self) -> list[int]:
        """The channels of h and c."""
        return [self.filters, self.filters]

    @property
    def _last(self) -> bool:
        return self.data_format == "channels_last"

    @property
    def _axis(self) -> int:
        return -1 if self._last else 1

    def build(self, input_shape: Shape) -> None:
        spatial = input_shape[1:-1] if self._last else input_shape[2:]
        size = input_shape[self._axis]
        if size is None or None in spatial:
            raise self._refusal(
                "known sizes but for batch and time",
                f"one step of shape {input_shape}",
                kind=ShapeError,
            )
        self._out: Any = window_output(
            spatial, self.kernel_size, self.strides, self.dilation_rate, self.padding
        )
        width = 4 * self.filters
        self.kernel = self._declared_weight("kernel", (*self.kernel_size, size, width))
        self.recurrent_kernel = self._declared_weight(
            "recurrent", (*self.kernel_size, self.filters, width), name="recurrent_kernel"
        )
        self.bias = self._make_bias((width,)) if self.use_bias else None

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        """Zeros."""
        shape = (*self._out, self.filters) if self._last else (self.filters, *self._out)
        return [ops.zeros((batch_size, *shape), self.compute_dtype) for _ in range(2)]

    def _draw(self, inputs: Tensor, training: bool | None) -> tuple[Any, Any]:
        if not training:
            return None, None

        def some(ones: Tensor, rate: float) -> Any:
            draws = range(4) if rate else ()
            return [random.dropout(ones, rate, seed=self.seed_generator) for _ in draws] or None

        state = ops.ones_like(self.get_initial_state(inputs.shape[0])[0])
        return some(ops.ones_like(inputs), self.dropout), some(state, self.recurrent_dropout)

    def _convolved(self, x: Tensor, masks: Any, weights: Any, **window: Any) -> Tensor:
        """The convolution, its input dropped out for each gate by a mask of its own."""
        window["data_format"] = self.data_format
        if masks is None:
            return ops.conv(x, weights, **window)
        parts = zip(masks, ops.split(weights, 4, axis=-1), strict=True)
        return ops.concatenate([ops.conv(x * m, w, **window) for m, w in parts], axis=self._axis)

    def project(self, inputs: Tensor) -> Tensor:
        """The convolution of a step, or of all steps (batch, time, ...), with the kernel."""
        masks = (self._masks or (None, None))[0]
        lead = inputs.shape[: inputs.ndim - len(self.kernel_size) - 1]
        x = inputs
        if len(lead) == 2:
            batch, steps = lead
            if masks is not None:
                masks = [ops.repeat(m, steps, axis=0) for m in masks]
            x = ops.reshape(x, (batch * steps, *x.shape[2:]))
        y = self._convolved(
            x,
            masks,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
        )
        if self.bias is not None:
            ones = (1,) * len(self.kernel_size)
            y = y + (self.bias if self._last else ops.reshape(self.bias, (-1, *ones)))
        return ops.reshape(y, (*lead, *y.shape[1:]))

    def _recurrent(self, h: Tensor) -> Tensor:
        """The convolution of h with the recurrent kernel, h dropped out."""
        masks = (self._masks or (None, None))[1]
        return self._convolved(h, masks, self.recurrent_kernel, padding="same")


class ConvLSTM(OverCell, of=ConvLSTMCell):
    """An LSTM over images (batch, time, ..., channels) whose products are convolutions.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same"; the convolution of the state is always "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: of the candidate and the cell state.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: initial values.
        unit_forget_bias: whether the forget gate's bias starts at 1.
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

    Source: Shi et al., Convolutional LSTM Network (2015).
    """

    floats_only = True
    rank: ClassVar[int]
    unroll: ClassVar[bool] = False
    zero_output_for_mask: ClassVar[bool] = False

    ignored = {"unroll": False, "zero_output_for_mask": False}
    written = ("activity_regularizer", "unroll", "zero_output_for_mask")
    if TYPE_CHECKING:
        cell = Deferred[ConvLSTMCell]()

    def __post_init__(self) -> None:
        for name in ("kernel_size", "strides", "dilation_rate"):
            what = f"{type(self).__name__}.{name}"
            setattr(self, name, sized(getattr(self, name), self.rank, what))
        self.data_format = config.standardize_data_format(self.data_format)
        refuse_both(self)
        super().__post_init__()


class ConvLSTM1D(ConvLSTM):
    rank = 1


class ConvLSTM2D(ConvLSTM):
    rank = 2


class ConvLSTM3D(ConvLSTM):
    rank = 3
