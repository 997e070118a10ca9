"""Convolutions: plain, depthwise, separable and transposed, over 1, 2 and 3 axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kerasish import config, ops
from kerasish.arguments.fields import Deferred, placed, weights
from kerasish.arguments.rules import (
    Activation,
    CausalPaddingMode,
    DataFormat,
    IntOrTuple,
    PaddingMode,
    PositiveInt,
    Regularizer,
    sized,
)
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.graph.variable import Variable
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.layers.core import LORA
from kerasish.spec import Shape


def refuse_both(layer: Any) -> None:
    """Raise where windows are both strided and dilated.

    Raises:
        ArgumentError: they are.
    """
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise layer._refusal(
            "strides of 1 with a dilation_rate above 1",
            f"strides={layer.strides}, dilation_rate={layer.dilation_rate}",
        )


class Windowed(Layer):
    """What all convolutions share: checked window sizes, the channel axis, bias, activation."""

    floats_only = True
    written = ("activity_regularizer",)
    rank: ClassVar[int]
    dilates_strided: ClassVar[bool] = False  # whether windows may be both
    kernel_size: IntOrTuple
    strides: IntOrTuple = 1
    padding: PaddingMode = "valid"
    data_format: DataFormat = None
    dilation_rate: IntOrTuple = 1
    activation: Activation = None
    use_bias: bool = True
    if TYPE_CHECKING:
        bias = Deferred[Variable | None]()
        depthwise_kernel = Deferred[Variable]()
        pointwise_kernel = Deferred[Variable]()

    def __post_init__(self) -> None:
        for name in ("kernel_size", "strides", "dilation_rate"):
            what = f"{type(self).__name__}.{name}"
            setattr(self, name, sized(getattr(self, name), self.rank, what))
        self.data_format = config.standardize_data_format(self.data_format)
        if not self.dilates_strided:
            refuse_both(self)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)

    def channels(self, shape: Shape) -> int:
        """The number of input channels; from here on inputs must have it."""
        axis = -1 if self.data_format == "channels_last" else 1
        size = shape[axis]
        if size is None:
            raise self._misfit(f"a known number of channels on axis {axis}", shape)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: size})
        return size

    def make_bias(self, size: int) -> None:
        """One number per output channel, or None."""
        self.bias = self._declared_weight("bias", (size,)) if self.use_bias else None

    def finish(self, y: Tensor) -> Tensor:
        """Bias and activation."""
        if self.bias is not None:
            first = self.data_format == "channels_first"
            y = y + (ops.reshape(self.bias, (-1,) + (1,) * self.rank) if first else self.bias)
        return self.activation(y)

    @property
    def window(self) -> dict[str, Any]:
        """The arguments that ops take beside the kernel."""
        return {
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }


class BaseConv(Windowed):
    """activation(x * kernel + bias): each output channel sees a window of its group's channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" for windows inside the input, "same" for padding with zeros.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        groups: into how many groups the channels are split.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """

    filters: PositiveInt = placed()
    groups: PositiveInt = placed(behind="dilation_rate", default=1)
    learned = weights(kernel="glorot_uniform", bias="zeros")
    activity_regularizer: Regularizer = None

    ignored = LORA

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filters % self.groups:
            raise self._refusal(
                "filters divisible by groups", f"filters={self.filters}, groups={self.groups}"
            )

    def build(self, input_shape: Shape) -> None:
        size = self.channels(input_shape)
        if size % self.groups:
            raise self._refusal(
                f"channels divisible by groups={self.groups}", f"{size} channels", kind=ShapeError
            )
        shape = (*self.kernel_size, size // self.groups, self.filters)
        self.kernel = self._declared_weight("kernel", shape)
        self.make_bias(self.filters)

    def convolution_op(self, inputs: Tensor, kernel: Any) -> Tensor:
        """The convolution with any kernel, without bias or activation; a hook for subclasses."""
        return ops.conv(inputs, kernel, **self.window)

    def call(self, inputs: Tensor) -> Tensor:
        return self.finish(self.convolution_op(inputs, self.kernel))


class Conv1D(BaseConv):
    __doc__ = f"Convolution over one axis, such as time: {BaseConv.__doc__}"
    rank = 1
    padding: CausalPaddingMode = "valid"


class Conv2D(BaseConv):
    __doc__ = f"Convolution over two axes, such as images: {BaseConv.__doc__}"
    rank = 2
    strides: IntOrTuple = (1, 1)
    dilation_rate: IntOrTuple = (1, 1)


class Conv3D(BaseConv):
    __doc__ = f"Convolution over three axes, such as volumes: {BaseConv.__doc__}"
    rank = 3
    strides: IntOrTuple = (1, 1, 1)
    dilation_rate: IntOrTuple = (1, 1, 1)


class BaseConvTranspose(Windowed):
    """The transpose of a convolution: each input element adds its window to the output.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window in the output.
        padding: "valid" or "same", that of the convolution it transposes.
        output_padding: further elements at the end of the output; None follows from the others.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
    """

    filters: PositiveInt = placed()
    output_padding: IntOrTuple | None = placed(behind="padding", default=None)
    learned = weights(kernel="glorot_uniform", bias="zeros")
    activity_regularizer: Regularizer = None

    ignored = {"groups": 1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_padding is not None:
            self.output_padding = sized(
                self.output_padding, self.rank, f"{type(self).__name__}.output_padding", zero=True
            )
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise self._refusal(
                    "output_padding smaller than strides",
                    f"output_padding={self.output_padding}, strides={self.strides}",
                )

    def build(self, input_shape: Shape) -> None:
        shape = (*self.kernel_size, self.filters, self.channels(input_shape))
        self.kernel = self._declared_weight("kernel", shape)
        self.make_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        y = ops.conv_transpose(
            inputs, self.kernel, output_padding=self.output_padding, **self.window
        )
        return self.finish(y)


class Conv1DTranspose(BaseConvTranspose):
    rank = 1


class Conv2DTranspose(BaseConvTranspose):
    rank = 2
    strides: IntOrTuple = (1, 1)
    dilation_rate: IntOrTuple = (1, 1)


class Conv3DTranspose(BaseConvTranspose):
    rank = 3
    output_padding: IntOrTuple | None = placed(behind="data_format", default=None)
    strides: IntOrTuple = (1, 1, 1)
    dilation_rate: IntOrTuple = (1, 1, 1)


class BaseDepthwiseConv(Windowed):
    """A convolution of every input channel by itself, into `depth_multiplier` output channels.

    Args:
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same".
        depth_multiplier: output channels per input channel.
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        activation: name or function.
        use_bias: whether to add a bias.
        depthwise_initializer, bias_initializer: initial values.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties.
        depthwise_constraint, bias_constraint: applied after each update.
    """

    dilates_strided = True
    depth_multiplier: PositiveInt = placed(behind="padding", default=1)
    learned = weights(depthwise="glorot_uniform", bias="zeros")
    activity_regularizer: Regularizer = None

    ignored = {"groups": 1}

    def build(self, input_shape: Shape) -> None:
        size = self.channels(input_shape)
        shape = (*self.kernel_size, size, self.depth_multiplier)
        self.kernel = self._declared_weight("depthwise", shape, name="kernel")
        self.make_bias(size * self.depth_multiplier)

    def call(self, inputs: Tensor) -> Tensor:
        return self.finish(ops.depthwise_conv(inputs, self.kernel, **self.window))


class DepthwiseConv1D(BaseDepthwiseConv):
    rank = 1


class DepthwiseConv2D(BaseDepthwiseConv):
    rank = 2
    strides: IntOrTuple = (1, 1)
    dilation_rate: IntOrTuple = (1, 1)


class BaseSeparableConv(Windowed):
    """A depthwise convolution, then one of window size 1 that mixes the channels.

    Args:
        filters: number of output channels.
        kernel_size: size of the window.
        strides: step of the window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between the elements of a window.
        depth_multiplier: channels per input channel in between.
        activation: name or function.
        use_bias: whether to add a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: initial values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.

    Source: Chollet, Xception (2017).
    """

    dilates_strided = True
    filters: PositiveInt = placed()
    depth_multiplier: PositiveInt = placed(behind="dilation_rate", default=1)
    learned = weights(depthwise="glorot_uniform", pointwise="glorot_uniform", bias="zeros")
    activity_regularizer: Regularizer = None

    ignored = {"groups": 1}

    def build(self, input_shape: Shape) -> None:
        size = self.channels(input_shape)
        between = size * self.depth_multiplier
        for name, shape in (
            ("depthwise", (*self.kernel_size, size, self.depth_multiplier)),
            ("pointwise", (*(1,) * self.rank, between, self.filters)),
        ):
            own = f"{name}_kernel"
            setattr(self, own, self._declared_weight(name, shape, name=own))
        self.make_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        y = ops.separable_conv(inputs, self.depthwise_kernel, self.pointwise_kernel, **self.window)
        return self.finish(y)


class SeparableConv1D(BaseSeparableConv):
    rank = 1


class SeparableConv2D(BaseSeparableConv):
    rank = 2
    strides: IntOrTuple = (1, 1)
    dilation_rate: IntOrTuple = (1, 1)
