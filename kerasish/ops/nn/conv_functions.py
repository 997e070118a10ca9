"""Convolutions with Keras's signatures, in terms of the ops of `convolution`."""

from __future__ import annotations

from typing import Any

from kerasish.config import standardize_data_format
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import reshape, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.declare import composite
from kerasish.ops.nn.convolution import conv_, conv_input_grad
from kerasish.ops.nn.windows import Sizes, check_rank, per_axis
from kerasish.ops.operation import public
from kerasish.spec import Padding


def to_channels_last(x: Any, data_format: str) -> Any:
    """`x` with its channels at the end."""
    if data_format == "channels_last":
        return x
    return transpose(x, axes=(0, *range(2, x.ndim), 1))


def from_channels_last(y: Any, data_format: str) -> Any:
    """`y`, whose channels are at the end, in `data_format`."""
    if data_format == "channels_last":
        return y
    return transpose(y, axes=(0, y.ndim - 1, *range(1, y.ndim - 1)))


def _explicit(padding: Any, window: Sizes, dilation: Sizes) -> Padding:
    """`padding` as the ops take it; "causal" pads the past only."""
    if not isinstance(padding, str):
        return tuple((int(lo), int(hi)) for lo, hi in padding)
    name = padding.lower()
    if name == "causal" and len(window) == 1:
        return (((window[0] - 1) * dilation[0], 0),)
    if name not in ("valid", "same"):
        extra = ", or 'causal' in one dimension" if len(window) == 1 else ""
        raise ArgumentError("padding", expected=f"'valid' or 'same'{extra}", received=repr(padding))
    return name


def _operands(inputs: Any, kernel: Any, data_format: str) -> tuple[Any, Any]:
    w = convert_to_tensor(kernel)
    x = convert_to_tensor(inputs, w.dtype)
    check_rank(x.shape, w.ndim - 2, "conv input")
    return to_channels_last(x, data_format), w


@public
def conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Convolution in 1, 2 or 3 dimensions.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial).
        kernel: (*window, channels / groups, filters); the number of groups follows.
        strides: int, or one per spatial axis.
        padding: "valid", "same" (the odd element goes to the high side), "causal" (1-D), or
            explicit pairs (low, high).
        data_format: "channels_last" or "channels_first"; None takes the setting.
        dilation_rate: int, or one per spatial axis.

    Raises:
        ShapeError: kernel and input do not fit, or no window fits the input.
    """
    data_format = standardize_data_format(data_format)
    x, w = _operands(inputs, kernel, data_format)
    rank = w.ndim - 2
    channels, per_group = x.shape[-1], w.shape[-2]
    if not channels or channels % per_group:
        raise ShapeError(
            "conv",
            expected=f"input channels divisible by the kernel's {per_group}",
            received=f"input {convert_to_tensor(inputs).shape}, kernel {w.shape}",
        )
    dilation = per_axis(dilation_rate, rank, "dilation_rate")
    y = conv_(
        x,
        w,
        strides=per_axis(strides, rank, "strides"),
        padding=_explicit(padding, w.shape[:-2], dilation),
        dilation=dilation,
        groups=channels // per_group,
    )
    return from_channels_last(y, data_format)


@public
def depthwise_conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Convolution of every channel with filters of its own.

    Args as in `conv`, but for the kernel: (*window, channels, multiplier). The output has
    channels * multiplier channels, those of one input channel next to each other.
    """
    x, w = convert_to_tensor(inputs), convert_to_tensor(kernel)
    channels = x.shape[-1 if standardize_data_format(data_format) == "channels_last" else 1]
    if None not in (channels, w.shape[-2]) and channels != w.shape[-2]:
        raise ShapeError(
            "depthwise_conv",
            expected="a kernel (*window, channels, multiplier) with the channels of the input, "
            f"{channels}",
            received=w.shape,
        )
    grouped = reshape(w, shape=(*w.shape[:-2], 1, w.shape[-2] * w.shape[-1]))
    return conv(x, grouped, strides, padding, data_format, dilation_rate)


@public
def separable_conv(
    inputs: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """A depthwise convolution, then one with a window of size 1 that mixes the channels."""
    data_format = standardize_data_format(data_format)
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, 1, "valid", data_format)


def transposed_axis(
    kernel: int, stride: int, dilation: int, padding: str, output_padding: int | None
) -> tuple[int, int, int]:
    """Keras's geometry of one axis of conv_transpose, as that of the convolution it transposes.

    Returns:
        (low, high, extent): the padding, and the output size of a one-element input; every
        further element adds `stride`.
    """
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        extra = max(stride - reach, 0) if output_padding is None else output_padding
        low, extent = 0, reach + extra
    else:
        if output_padding is None:
            total = stride + reach - 2
        else:
            total = reach + reach % 2 - 2 + output_padding
        left = min((total + 1) // 2, reach - 1)
        low, extent = reach - 1 - left, total - reach + 2
    high = reach - low - extent
    # Elements that the strides skip anyway need no padding.
    return low, 0 if -stride < high < 0 else high, extent


@composite(
    *[
        case((2, 3, 4, 2), (3, 2, 5, 2), strides=2, padding=padding, output_padding=out)
        for padding in ("valid", "same")
        for out in (None, 1)
    ]
)
def conv_transpose(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """The transpose of a convolution: upsamples by the strides.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial).
        kernel: (*window, filters, channels).
        strides: int, or one per spatial axis.
        padding: "valid" gives (n - 1) * stride + window elements (at least n * stride), "same"
            gives n * stride.
        output_padding: int or one per axis: elements added at the high side of
            (n - 1) * stride + window ("valid") or + window % 2 ("same"), instead of the default.
        data_format: "channels_last" or "channels_first"; None takes the setting.
        dilation_rate: int, or one per spatial axis.
    """
    data_format = standardize_data_format(data_format)
    x, w = _operands(inputs, kernel, data_format)
    rank = w.ndim - 2
    steps = per_axis(strides, rank, "strides")
    dilation = per_axis(dilation_rate, rank, "dilation_rate")
    name = _explicit(padding, w.shape[:-2], dilation)
    extra: Any = (None,) * rank
    if output_padding is not None:
        extra = per_axis(output_padding, rank, "output_padding", 0)
    axes = [
        transposed_axis(k, s, d, str(name), o)
        for k, s, d, o in zip(w.shape[:-2], steps, dilation, extra, strict=True)
    ]
    spatial = [
        None if n is None else (n - 1) * s + extent
        for n, s, (_, _, extent) in zip(x.shape[1:-1], steps, axes, strict=True)
    ]
    y = conv_input_grad(
        x,
        w,
        strides=steps,
        padding=tuple((low, high) for low, high, _ in axes),
        dilation=dilation,
        groups=1,
        input_shape=(x.shape[0], *spatial, w.shape[-2]),
    )
    return from_channels_last(y, data_format)
