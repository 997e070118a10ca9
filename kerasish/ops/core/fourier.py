"""Fourier transforms: fft and its inverse, those of real signals, and short-time transforms.

Complex tensors come and go as pairs (real, imaginary), as in Keras. With the pairing
<g, dy> = Re(sum(g * dy)) the gradient of a transform is its transpose, and F is symmetric.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.batching import leading
from kerasish.graph.op import case, op
from kerasish.graph.primitives import shifted
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import cast_like, where
from kerasish.ops.basic.indexing import scatter_add
from kerasish.ops.core.tensors import extract_sequences
from kerasish.ops.declare import complexes, composite
from kerasish.ops.numpy.axes import product, slice_axis
from kerasish.ops.numpy.join import pad
from kerasish.ops.operation import public
from kerasish.spec import TensorSpec, alike, complex_dtype, is_float, np_dtype, real_dtype


@op(
    "fft",
    infer=lambda x, *, axes, inverse: TensorSpec(x.shape, complex_dtype(x.dtype)),
    batch=shifted("axes"),
    cases=(
        case(complexes((3, 5)), axes=(1,), inverse=False),
        case(complexes((2, 4)), axes=(0, 1), inverse=True),
    ),
)
def fft_(xp: Any, x: Any, *, axes: tuple[int, ...], inverse: bool) -> Any:
    """The discrete Fourier transform over axes, or its inverse."""
    dtype = np_dtype(complex_dtype(x.dtype.name))
    if x.size == 0:
        return xp.zeros(x.shape, dtype)
    return (xp.fft.ifftn if inverse else xp.fft.fftn)(x, axes=axes).astype(dtype)


@fft_.gradient
def _(g: Any, y: Any, x: Any, *, axes: tuple[int, ...], inverse: bool) -> Any:
    return fft_(g, axes=axes, inverse=inverse)


def _rfft_infer(x: TensorSpec, *, length: int) -> TensorSpec:
    return TensorSpec((*x.shape[:-1], length // 2 + 1), complex_dtype(x.dtype))


@op(
    "rfft",
    infer=_rfft_infer,
    batch=leading,
    promote="float",
    cases=(case((3, 6), length=6), case((2, 5), length=7), case((2, 5), length=4)),
)
def rfft_(xp: Any, x: Any, *, length: int) -> Any:
    """The first half of the transform of real signals, cut or padded to a length."""
    dtype = np_dtype(complex_dtype(x.dtype.name))
    if x.size == 0:
        return xp.zeros((*x.shape[:-1], length // 2 + 1), dtype)
    return xp.fft.rfft(x, n=length, axis=-1).astype(dtype)


@rfft_.gradient
def _(g: Any, y: Any, x: Any, *, length: int) -> Any:
    full = _resized(g, length)
    back = _e.real(fft_(full, axes=(g.ndim - 1,), inverse=False))
    return cast_like(_resized(back, x.shape[-1]), x)


def _irfft_infer(x: TensorSpec, *, length: int) -> TensorSpec:
    return TensorSpec((*x.shape[:-1], length), real_dtype(x.dtype))


@op(
    "irfft",
    infer=_irfft_infer,
    batch=leading,
    cases=(
        case(complexes((3, 4)), length=6),
        case(complexes((2, 4)), length=7),
        case(complexes((2, 4)), length=4),
    ),
)
def irfft_(xp: Any, x: Any, *, length: int) -> Any:
    """The real signals of a length whose half transforms are given."""
    dtype = np_dtype(real_dtype(x.dtype.name))
    if x.size == 0:
        return xp.zeros((*x.shape[:-1], length), dtype)
    return xp.fft.irfft(x, n=length, axis=-1).astype(dtype)


@irfft_.gradient
def _(g: Any, y: Any, x: Any, *, length: int) -> Any:
    # Every frequency but the first, and the last of an even length, stands for two.
    weight = tables.full(length // 2 + 1, 2.0 / length)
    weight[0] = 1.0 / length
    if length % 2 == 0:
        weight[-1] = 1.0 / length
    half = _e.conj(rfft_(g, length=length))
    return _resized(half * convert_to_tensor(weight, g.dtype), x.shape[-1])


def _resized(x: Any, size: int) -> Any:
    """The last axis cut, or padded with zeros, to a size."""
    have = x.shape[-1]
    if have >= size:
        return slice_axis(x, x.ndim - 1, 0, size) if have > size else x
    return pad(x, ((0, 0),) * (x.ndim - 1) + ((0, size - have),))


# --- the public functions ------------------------------------------------------------------------


def _joined(what: str, x: Any) -> Any:
    """The complex tensor of a pair (real, imaginary)."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ArgumentError(what, expected="a pair (real, imaginary)", received=repr(x))
    real, imag = map(convert_to_tensor, x)
    if not alike(real.shape, imag.shape):
        raise ShapeError(
            what, expected="two parts of one shape", received=f"{real.shape} and {imag.shape}"
        )
    if not (is_float(real.dtype) and is_float(imag.dtype)):
        raise DTypeError(what, expected="floats", received=f"{real.dtype} and {imag.dtype}")
    return _e.complex_(real, imag)


def _parted(z: Any) -> tuple[Any, Any]:
    return _e.real(z), _e.imag(z)


def _over(what: str, x: Any, count: int, inverse: bool) -> tuple[Any, Any]:
    z = _joined(what, x)
    if z.ndim < count:
        raise ShapeError(what, expected=f"at least {count} axes", received=z.shape)
    axes = tuple(range(z.ndim - count, z.ndim))
    return _parted(fft_(z, axes=axes, inverse=inverse))


@public
def fft(x: TensorLike) -> tuple[Tensor, Tensor]:
    """The discrete Fourier transform over the last axis, sum_n x[n] exp(-2 pi i k n / N).

    Args:
        x: a pair (real, imaginary) of float tensors.

    Returns:
        The pair (real, imaginary).
    """
    return _over("fft", x, 1, inverse=False)


@public
def fft2(x: TensorLike) -> tuple[Tensor, Tensor]:
    """The discrete Fourier transform over the last two axes, of a pair (real, imaginary)."""
    return _over("fft2", x, 2, inverse=False)


@public
def ifft2(x: TensorLike) -> tuple[Tensor, Tensor]:
    """The inverse of `fft2`, of a pair (real, imaginary)."""
    return _over("ifft2", x, 2, inverse=True)


@public
def rfft(x: TensorLike, fft_length: int | None = None) -> tuple[Tensor, Tensor]:
    """The transform of real signals over the last axis, frequencies 0 to fft_length // 2.

    Args:
        x: float tensor.
        fft_length: the last axis is cut or padded with zeros to it; its own size by default.

    Returns:
        The pair (real, imaginary).
    """
    x = convert_to_tensor(x)
    if x.ndim < 1:
        raise ShapeError("rfft", expected="at least one axis", received=x.shape)
    length = x.shape[-1] if fft_length is None else fft_length
    if length is None:
        raise ShapeError("rfft", expected="fft_length, since the last axis has unknown size")
    return _parted(rfft_(x, length=whole("rfft, fft_length", length, 1)))


@public
def irfft(x: TensorLike, fft_length: int | None = None) -> Tensor:
    """The real signals whose `rfft` is the pair x.

    Args:
        x: a pair (real, imaginary) of float tensors.
        fft_length: length of the signals; 2 * (size of the last axis - 1) by default.
    """
    z = _joined("irfft", x)
    if z.ndim < 1 or (fft_length is None and z.shape[-1] is None):
        raise ShapeError("irfft", expected="a last axis of known size", received=z.shape)
    length = 2 * (z.shape[-1] - 1) if fft_length is None else fft_length
    return irfft_(z, length=whole("irfft, fft_length", length, 1))


# --- short-time transforms -----------------------------------------------------------------------


def _window(window: Any, length: int, total: int, dtype: str) -> np.ndarray | Any:
    """The window of `length` in the middle of `total` points; ones for None."""
    if window is None:
        return convert_to_tensor(tables.ones(total), dtype)
    if isinstance(window, str):
        # Periodic: one period of the cosine, without its last point.
        if window not in ("hann", "hamming"):
            raise ArgumentError(
                "window", expected="'hann', 'hamming', a vector or None", received=repr(window)
            )
        window = (np.hanning if window == "hann" else np.hamming)(length + 1)[:-1]
    values = convert_to_tensor(window, dtype)
    if values.shape != (length,):
        raise ShapeError("window", expected=f"shape ({length},)", received=values.shape)
    before = (total - length) // 2
    return pad(values, ((before, total - length - before),))


def _check_lengths(what: str, sequence_length: int, stride: int, fft_length: int) -> None:
    whole(f"{what}, sequence_length", sequence_length, 1)
    whole(f"{what}, sequence_stride", stride, 1)
    whole(f"{what}, fft_length", fft_length, 1)
    if fft_length < sequence_length:
        raise ArgumentError(
            what,
            expected="fft_length of at least sequence_length",
            received=f"{fft_length} and {sequence_length}",
        )


@composite(
    case((2, 9), sequence_length=4, sequence_stride=2, fft_length=4),
    case((9,), sequence_length=3, sequence_stride=2, fft_length=6, window="hamming"),
    case((9,), sequence_length=4, sequence_stride=3, fft_length=4, window=None, center=False),
)
def stft(
    x: TensorLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Tensor, Tensor]:
    """The transforms of short overlapping windows of the last axis.

    Args:
        x: (..., samples), float.
        sequence_length: samples of a window.
        sequence_stride: samples from one window to the next.
        fft_length: length of each transform.
        window: "hann", "hamming", a vector of sequence_length weights, or None for ones.
        center: whether the ends are mirrored so that window t is centred at t * sequence_stride.

    Returns:
        The pair (real, imaginary), each (..., windows, fft_length // 2 + 1).
    """
    x = convert_to_tensor(x)
    _check_lengths("stft", sequence_length, sequence_stride, fft_length)
    if not is_float(x.dtype):
        raise DTypeError("stft", expected="floats", received=x.dtype)
    if center:
        half = fft_length // 2
        x = pad(x, ((0, 0),) * (x.ndim - 1) + ((half, half),), mode="reflect")
    weights = _window(window, sequence_length, fft_length, x.dtype)
    frames = extract_sequences(x, fft_length, sequence_stride)
    return rfft(frames * weights, fft_length)


def _overlapped(frames: Any, stride: int) -> Any:
    """The sum of frames laid out one every `stride` samples."""
    lead, (count, width) = frames.shape[:-2], frames.shape[-2:]
    at = tables.outer(np.add, tables.arange(count) * stride, tables.arange(width)).astype(np.int32)
    size = stride * (count - 1) + width
    flat = _s.reshape(frames, shape=(*lead, product((count, width))))
    return scatter_add(at.reshape(-1), flat, shape=(*lead, size), axis=len(lead))


@public
def istft(
    x: TensorLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """The signals whose `stft` with the same parameters is the pair x.

    Args:
        x: a pair (real, imaginary), each (..., windows, fft_length // 2 + 1).
        sequence_length, sequence_stride, fft_length, window, center: as for `stft`.
        length: cut the signals to it.
    """
    _check_lengths("istft", sequence_length, sequence_stride, fft_length)
    if length is not None:
        length = whole("istft, length", length)
    z = _joined("istft", x)
    if z.ndim < 2:
        raise ShapeError("istft", expected="at least two axes", received=z.shape)
    frames = irfft_(z, length=fft_length)
    count = frames.shape[-2]
    if count is None:  # only the spec of the result is wanted
        shape = (*frames.shape[:-2], length)
        return _s.broadcast_to(_r.sum(frames, axis=(-2, -1))[..., None], shape=shape)
    weights = _window(window, sequence_length, fft_length, frames.dtype)
    # Least squares (Griffin and Lim 1984): weighted frames over the sum of squared weights.
    total = _overlapped(frames * weights, sequence_stride)
    squares = _s.broadcast_to(_e.square(weights), shape=(count, fft_length))
    norm = _overlapped(squares, sequence_stride)
    found = total / where(norm > 1e-10, norm, cast_like(1.0, norm))
    if window is None:
        found = found * (fft_length / sequence_stride)
    start = fft_length // 2 if center else 0
    end = total.shape[-1] - (start if length is None and center else 0)
    wanted = end - start if length is None else min(length, end - start)
    return slice_axis(found, found.ndim - 1, start, max(wanted, 0))


@composite(
    case((5, 3), (5, 3), sequence_length=4, sequence_stride=2, fft_length=4),
    case((2, 5, 4), (2, 5, 4), sequence_length=5, sequence_stride=2, fft_length=6, length=6),
    case((4, 3), (4, 3), sequence_length=4, sequence_stride=2, fft_length=4, window=None),
    name="istft",
)
def _istft(real: Any, imag: Any, **attrs: Any) -> Any:
    return istft((real, imag), **attrs)
