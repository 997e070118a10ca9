"""Generated calls of contractions, linear algebra and Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.generated_calls import FLOATS, Draw, makes

_PRODUCT = (
    "float32",
    "int32",
    "float16",
    "float32",
    "bool",
    "uint8",
    "int8",
    "bfloat16",
    "float64",
)
_REAL = ("float32", "float32", "float64", "float32", "int32")


def _pair(d: Draw, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    dtype = d.dtype(_PRODUCT)
    return d.array(a, dtype), d.array(b, d.pick(dtype, dtype, d.any_dtype(_PRODUCT)))


@makes("matmul")
def _matmul(d: Draw) -> Any:
    n, m, k = d.int(1, 4), d.int(1, 4), d.int(0, 4)
    a, b = d.pick(
        ((n, k), (k, m)),
        ((k,), (k,)),
        ((k,), (k, m)),
        ((2, n, k), (k,)),
        ((2, n, k), (2, k, m)),
        ((2, n, k), (k, m)),
        ((3, 1, n, k), (2, k, m)),
        ((n, k), (k + 1, m)),
        ((), (k,)),
    )
    return _pair(d, a, b)


@makes("dot")
def _dot(d: Draw) -> Any:
    n, k = d.int(1, 4), d.int(1, 4)
    shapes = ((n, k), (k, 3)), ((k,), (k,)), ((2, n, k), (k,)), ((2, k), (3, k, 2)), ((), (n, k))
    return _pair(d, *d.pick(*shapes))


@makes("inner")
def _inner(d: Draw) -> Any:
    k = d.int(1, 4)
    return _pair(d, *d.pick(((k,), (k,)), ((2, k), (k,)), ((2, k), (3, k)), ((), (k,))))


@makes("outer vdot")
def _outer(d: Draw) -> Any:
    shape = d.shape(0, 2, 1)
    return _pair(d, shape, shape)


@makes("kron")
def _kron(d: Draw) -> Any:
    return _pair(d, *d.pick(((2,), (3,)), ((2, 2), (3, 1)), ((2, 3), (2,))))


@makes("tensordot")
def _tensordot(d: Draw) -> Any:
    axes = d.pick(1, 0, ([1, 2], [1, 0]), ((2,), (0,)), [-1, 0], 2)
    shapes = ((2, 3, 4), (3, 4, 2)) if axes == 2 else ((2, 3, 4), (4, 3, 2))
    return _pair(d, *shapes), {"axes": axes}


@makes("cross")
def _cross(d: Draw) -> Any:
    n, m = d.pick((3, 3), (2, 3), (3, 2), (2, 2))
    return _pair(d, (4, n), d.pick((4, m), (m,)))


@makes("einsum")
def _einsum(d: Draw) -> Any:
    text, *shapes = d.pick(
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 1)),
        ("ij->ji", (2, 3)),
        ("ij->", (2, 3)),
        ("ii->i", (3, 3)),
        ("ii", (3, 3)),
        ("...ij,...jk->...ik", (2, 1, 3, 4), (2, 4, 2)),
        ("i,j->ij", (2,), (3,)),
        ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 2)),
        ("bhqd,bhkd->bhqk", (1, 2, 3, 4), (1, 2, 2, 4)),
        ("ij,ij->i", (2, 3), (2, 3)),
        ("i,i", (3,), (3,)),
        ("ij,j", (2, 3), (3,)),
        ("abc,cde->abde", (2, 2, 3), (3, 1, 2)),
        ("ij,jk->ik", (2, 3), (4, 2)),
    )
    dtype = d.dtype(_PRODUCT)
    return text, *(d.array(s, d.pick(dtype, d.any_dtype(_PRODUCT[:4]))) for s in shapes)


@makes("correlate")
def _correlate(d: Draw) -> Any:
    return _pair(d, (d.int(1, 6),), (d.int(1, 6),)), {"mode": d.pick("valid", "same", "full")}


@makes("corrcoef")
def _corrcoef(d: Draw) -> Any:
    return (d.array(d.pick((3, 5), (5,), (2, 4))),)


@makes("cdist")
def _cdist(d: Draw) -> Any:
    return _pair(d, *d.pick(((3, 4), (2, 4)), ((2, 3, 2), (2, 4, 2))))


@makes("logdet")
def _logdet(d: Draw) -> Any:
    return (_positive(d, d.pick((3, 3), (2, 2, 2))),)


# --- matrices -------------------------------------------------------------------------------------


def _square(d: Draw) -> np.ndarray:
    n = d.int(1, 4)
    x = d.array((*d.shape(0, 1, 1), n, n), d.dtype(_REAL))
    return (x + 5 * np.eye(n)).astype(x.dtype)


def _positive(d: Draw, shape: tuple[int, ...] | None = None) -> np.ndarray:
    n = d.int(1, 4)
    x = d.array(shape or (*d.shape(0, 1, 1), n, n), d.dtype(_REAL[:4]), -1, 1)
    return x @ x.swapaxes(-1, -2) + np.eye(x.shape[-1], dtype=x.dtype)


@makes("cholesky linalg.cholesky_inverse")
def _cholesky(d: Draw) -> Any:
    return (_positive(d),), {"upper": d.chance()}


@makes("det inv slogdet")
def _det(d: Draw) -> Any:
    return (d.array((2, 3), "float32") if d.chance(0.05) else _square(d),)


@makes("lu_factor", grad=False)
def _lu_factor(d: Draw) -> Any:
    return (_square(d),)


@makes("eigh", grad=False)  # the gradient depends on the signs of the vectors
def _eigh(d: Draw) -> Any:
    return (_positive(d),)


@makes("solve")
def _solve(d: Draw) -> Any:
    a = _square(d)
    n = a.shape[-1]
    b = (n, 2) if a.ndim == 2 and d.chance() else (*a.shape[:-1], 2) if a.ndim > 2 else (n,)
    return a, d.array(b, a.dtype.name)


@makes("solve_triangular")
def _solve_triangular(d: Draw) -> Any:
    a = _square(d)
    return (a, d.array((*a.shape[:-1], 2), a.dtype.name)), {"lower": d.chance()}


def _tall(d: Draw) -> np.ndarray:
    return d.array((*d.shape(0, 1, 1), d.int(1, 4), d.int(1, 4)), d.dtype(_REAL))


@makes("qr", grad=False)
def _qr(d: Draw) -> Any:
    return (_tall(d),), {"mode": d.pick("reduced", "complete")}


@makes("svd", grad=False)
def _svd(d: Draw) -> Any:
    return (_tall(d),), {"full_matrices": d.chance(), "compute_uv": d.chance(0.3)}


@makes("pinv linalg.matrix_rank", grad=False)
def _pinv(d: Draw) -> Any:
    return (_tall(d),)


@makes("lstsq", grad=False)
def _lstsq(d: Draw) -> Any:
    a = d.array((d.int(2, 5), d.int(1, 3)), "float32")
    return a, d.array((a.shape[0], *d.shape(0, 1, 1)), "float32")


@makes("norm")
def _norm(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1), d.dtype((*FLOATS, "int32", "int8", "bool")))
    order = d.pick(None, None, 1, 2, 3, 0.5, -1, 0, np.inf, -np.inf, "fro", "nuc")
    return (x,), {"ord": order, "axis": d.axes(x.ndim), "keepdims": d.chance()}


@makes("normalize")
def _normalize(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    more = {"epsilon": 1e-3} if d.chance(0.3) else {}
    return (x,), {"axis": d.axis(x.ndim), "order": d.pick(1, 2, 3), **more}


# --- Fourier --------------------------------------------------------------------------------------


def _parts(d: Draw, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    return d.array(shape, "float32"), d.array(shape, "float32")


@makes("fft fft2 ifft2")
def _fft(d: Draw) -> Any:
    return (_parts(d, d.pick((4, 3), (2, 4, 5), (1, 2))),)


@makes("rfft")
def _rfft(d: Draw) -> Any:
    x = d.array(d.pick((8,), (2, 5), (2, 3, 4)), d.dtype(("float32", "float32", "int32")))
    return (x,), {"fft_length": d.pick(None, 4, 7, 8)}


@makes("irfft")
def _irfft(d: Draw) -> Any:
    return (_parts(d, d.pick((5,), (2, 4))),), {"fft_length": d.pick(None, 5, 8, 4)}


@makes("stft")
def _stft(d: Draw) -> Any:
    return (d.array(d.pick((32,), (2, 40)), "float32"),), {
        "sequence_length": 8,
        "sequence_stride": d.int(2, 8),
        "fft_length": d.pick(8, 11),
        "window": d.pick("hann", "hamming", None, np.linspace(0.1, 1, 8, dtype="float32")),
        "center": d.chance(),
    }


@makes("istft")
def _istft(d: Draw) -> Any:
    return (_parts(d, (2, 6, 5)),), {
        "sequence_length": 8,
        "sequence_stride": d.int(2, 4),
        "fft_length": 8,
        "window": d.pick("hann", "hamming", None),
        "center": d.chance(),
        "length": d.pick(None, 16),
    }


@makes("view_as_real")
def _view_as_real(d: Draw) -> Any:
    real, imaginary = _parts(d, d.shape(0, 3))
    return ((real + 1j * imaginary).astype("complex64"),)


@makes("eig", grad=False)
def _eig(d: Draw) -> Any:
    return (_positive(d),)
