"""Calls whose results by Keras are kept in tests/golden/numpy_ops.npz: (name, arguments, keywords).

scripts/make_numpy_golden.py makes them with Keras, test_numpy_values.py repeats them.
"""

from __future__ import annotations

import functools
from typing import Any

import ml_dtypes
import numpy as np

DTYPES = ("bool", "uint8", "int32", "float16", "float32")
NUMBERS = DTYPES[1:]
EVERY = ("bool", "uint8", "int8", "int16", "int32", "uint32", "float16", "bfloat16", "float32")
FLOATS = ("float16", "float32")
_RNG = np.random.default_rng(11)


def draw(shape: Any, dtype: str = "float32", low: float = -3.0, high: float = 3.0) -> np.ndarray:
    """An array of a dtype with values in [low, high)."""
    if dtype == "bool":
        return _RNG.integers(0, 2, shape).astype(bool)
    if dtype.startswith("u"):
        low = max(low, 0)
    if dtype == "bfloat16":
        return _RNG.uniform(low, high, shape).astype(ml_dtypes.bfloat16)
    if "int" in dtype:
        return _RNG.integers(int(low), int(high) + 1, shape).astype(dtype)
    return _RNG.uniform(low, high, shape).astype(dtype)


def unary(names: str, low: float, high: float, dtypes: tuple[str, ...] = DTYPES) -> list[Any]:
    return [
        (name, (draw((3, 4), dtype, low, high),), {}) for name in names.split() for dtype in dtypes
    ]


def binary(
    names: str, low: float, high: float, dtypes: tuple[str, ...] = DTYPES, pairs: Any = None
) -> list[Any]:
    chosen = pairs or [(d, d) for d in dtypes]
    return [
        (name, (draw((2, 3, 4), a, low, high), draw((3, 1), b, low, high)), {})
        for name in names.split()
        for a, b in chosen
    ]


SIGNED = ("int8", "int16", "int32")
ALL_PAIRS = [
    (a, b)
    for a in EVERY
    for b in EVERY
    if not ("uint32" in (a, b) and (a in SIGNED or b in SIGNED))
]
X = draw((3, 4))
CUBE = draw((2, 3, 4))
HOLES = np.where(draw((3, 4)) > 0, X, np.nan).astype("float32")
HOLES[:, 0] = [1.0, 2.0, 3.0]
INTS = draw((3, 4), "int32")

ELEMENTWISE = [
    *unary(
        "abs absolute ceil floor fabs square trunc exp exp2 expm1 sin cos tan sinh cosh tanh "
        "arctan arcsinh isnan isinf isfinite isposinf isneginf isreal logical_not conj conjugate "
        "real imag angle deg2rad rad2deg sinc cbrt signbit i0 nan_to_num",
        -3,
        3,
    ),
    *unary("negative sign round", -3, 3, NUMBERS),
    *unary("log log2 log10 log1p sqrt reciprocal", 1, 3),
    *unary("rsqrt", 1, 3, FLOATS),
    *unary("arcsin arccos arctanh", -0.9, 0.9, FLOATS),
    *unary("arccosh", 1.1, 3, FLOATS),
    *unary("erf erfc", -3, 3, FLOATS),
    *unary("erfinv", -0.9, 0.9, ("float32",)),
    *unary("bitwise_not bitwise_invert", -3, 3, ("uint8", "int8", "int32")),
    *binary("add", 0, 3, pairs=ALL_PAIRS),
    *binary(
        "multiply maximum minimum fmax fmin equal not_equal less less_equal greater "
        "greater_equal logical_and logical_or logical_xor",
        0,
        3,
    ),
    *binary("divide true_divide divide_no_nan subtract power floor_divide mod fmod", 1, 3, NUMBERS),
    *binary("arctan2 hypot logaddexp logaddexp2 nextafter heaviside isclose", 1, 3),
    *binary("bitwise_and bitwise_or bitwise_xor", 0, 9, ("uint8", "int32")),
    *binary(
        "left_shift right_shift bitwise_left_shift bitwise_right_shift", 0, 3, ("uint8", "int32")
    ),
    *binary("gcd lcm", 1, 30, ("uint8", "int32")),
    ("ldexp", (X, INTS), {}),
    ("power", (X, 2), {}),
    ("add", (INTS, 1.5), {}),
    ("add", (draw((3,), "float16"), 2.5), {}),
    ("multiply", (draw((3,), "bool"), 2), {}),
    ("round", (X,), {"decimals": 2}),
    ("round", (INTS * 37,), {"decimals": -1}),
    *[("clip", (draw((3, 4), d), 0, 2), {}) for d in DTYPES],
    ("clip", (X, -0.5, 0.5), {}),
    ("where", (X > 0, X, 0.0), {}),
    ("where", (X > 0, INTS, 1.5), {}),
    ("select", ([X > 1, X < -1], [X, -X]), {"default": 9.0}),
    ("allclose", (X, X + 1e-7), {}),
    ("isclose", (HOLES, HOLES), {"equal_nan": True}),
    ("isin", (INTS, np.array([1, 2], "int32")), {}),
    ("isin", (INTS, np.array([1, 2], "int32")), {"invert": True}),
    ("saturate_cast", (X * 200, "uint8"), {}),
    ("saturate_cast", (X * 1e10, "int32"), {}),
    ("saturate_cast", (INTS * 1000, "int8"), {}),
    ("cast", (X, "int32"), {}),
    ("view", (X,), {"dtype": "int32"}),
    ("view", (X,), {"dtype": "int16"}),
]

REDUCTIONS = [
    *[
        (name, (draw((2, 3, 4), d),), kw)
        for name in (
            "sum prod mean max min amax amin any all std var ptp median average argmax "
            "argmin count_nonzero logsumexp"
        ).split()
        for d in DTYPES
        for kw in ({}, {"axis": 1})
        if not (d == "bool" and name == "ptp")
    ],
    *[
        (name, (CUBE,), {"axis": (0, 2), "keepdims": True})
        for name in "sum prod mean max min any all std var ptp median logsumexp".split()
    ],
    *[
        (name, (HOLES,), kw)
        for kw in ({}, {"axis": 0}, {"axis": 1, "keepdims": True})
        for name in "nansum nanprod nanmean nanmax nanmin nanstd nanvar nanmedian nanargmax "
        "nanargmin".split()
    ],
    *[
        (name, (draw((3, 4), d),), {"axis": a})
        for name in ("cumsum", "cumprod", "nancumsum", "nancumprod")
        for d in DTYPES
        for a in (None, 1)
    ],
    *[
        (name, (CUBE, q), {"axis": a, "method": m, "keepdims": k})
        for name, scale in (
            ("quantile", 1),
            ("nanquantile", 1),
            ("percentile", 100),
            ("nanpercentile", 100),
        )
        if scale == 1
        for q in (0.3 * scale, [0.1 * scale, 0.7 * scale])
        for a, k in ((None, False), (1, True))
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    ("percentile", (CUBE, [10, 70]), {"axis": 1}),
    ("nanpercentile", (HOLES, 40.0), {}),
    ("max", (X,), {"axis": 1, "initial": 1.0}),
    ("min", (X,), {"initial": -10.0}),
    ("average", (X,), {"axis": 1, "weights": np.array([1.0, 2.0, 3.0, 4.0], "float32")}),
    ("average", (X,), {"weights": np.abs(X)}),
    ("sum", (draw((3,), "float16"),), {}),
    ("prod", (INTS,), {"dtype": "float32"}),
    ("diff", (X,), {}),
    ("diff", (CUBE,), {"n": 2, "axis": 1}),
    ("diff", (INTS,), {"axis": 0}),
    ("trapezoid", (X,), {}),
    ("trapezoid", (X,), {"dx": 0.5, "axis": 0}),
    ("trapezoid", (X,), {"x": np.array([0.0, 1.0, 3.0, 4.5], "float32")}),
    ("bincount", (np.array([1, 5, 1, 3], "int32"),), {"minlength": 8}),
    ("bincount", (np.array([1, 5, 1, 3], "int32"),), {"weights": X[0]}),
    ("bincount", (np.array([[1, 3], [3, 3]], "int32"),), {}),
    ("corrcoef", (X,), {}),
    ("histogram", (X[0],), {}),
    ("histogram", (CUBE.ravel(),), {"bins": 5, "range": (-1, 2)}),
    *[
        ("correlate", (draw((n,)), draw((m,))), {"mode": mode})
        for n, m in ((6, 3), (3, 6), (5, 4), (4, 4))
        for mode in ("valid", "same", "full")
    ],
    ("digitize", (X, np.array([-1.0, 0.0, 1.0], "float32")), {}),
    ("searchsorted", (np.array([-1.0, 0.0, 1.0], "float32"), X), {"side": "right"}),
]

SHAPES = [
    ("reshape", (X, (2, -1)), {}),
    ("reshape", (X, 12), {}),
    ("ravel", (X,), {}),
    ("transpose", (CUBE,), {}),
    ("transpose", (CUBE, (1, 0, 2)), {}),
    ("moveaxis", (CUBE, 0, -1), {}),
    ("moveaxis", (CUBE, (0, 1), (-1, 0)), {}),
    ("swapaxes", (CUBE, 0, 2), {}),
    ("expand_dims", (X, 1), {}),
    ("expand_dims", (X, (0, -1)), {}),
    ("squeeze", (X[None, :, None],), {}),
    ("squeeze", (X[None, :, None], 0), {}),
    ("flip", (X,), {}),
    ("flip", (CUBE,), {"axis": (0, 2)}),
    ("fliplr", (X,), {}),
    ("flipud", (X,), {}),
    ("roll", (X, 5), {}),
    ("roll", (X, -1), {"axis": 1}),
    ("roll", (CUBE, (1, 2)), {"axis": (0, 2)}),
    *[("rot90", (CUBE,), {"k": k, "axes": (1, 2)}) for k in range(-1, 5)],
    ("tile", (X, 2), {}),
    ("tile", (X, (2, 1, 3)), {}),
    ("repeat", (X, 2), {}),
    ("repeat", (X, 2), {"axis": 1}),
    ("repeat", (X, np.array([1, 0, 2])), {"axis": 0}),
    ("concatenate", ([X, X[:1]],), {}),
    ("concatenate", ([X, INTS],), {"axis": -1}),
    ("stack", ([X, X],), {"axis": 1}),
    ("hstack", ([X, X],), {}),
    ("hstack", ([X[0], X[0]],), {}),
    ("vstack", ([X, X],), {}),
    ("vstack", ([X[0], X[0]],), {}),
    ("dstack", ([X, X],), {}),
    ("dstack", ([X[0], X[0]],), {}),
    ("append", (X, X), {}),
    ("append", (X, X), {"axis": 1}),
    ("split", (X, 2), {"axis": 1}),
    ("split", (X, [1, 3]), {"axis": 1}),
    ("array_split", (X, 3), {"axis": 1}),
    ("hsplit", (X, 2), {}),
    ("vsplit", (X, 3), {}),
    ("dsplit", (CUBE, 2), {}),
    ("unstack", (X,), {"axis": 1}),
    ("pad", (X, 1), {}),
    ("pad", (X, (1, 2)), {}),
    ("pad", (X, ((1, 0), (2, 3))), {"constant_values": 3}),
    *[
        ("pad", (X, ((1, 2), (2, 1))), {"mode": m})
        for m in ("reflect", "symmetric", "edge", "wrap")
    ],
    ("pad", (INTS, 1), {}),
    ("broadcast_to", (X[:1], (3, 4)), {}),
    ("diag", (X[0],), {"k": -1}),
    ("diag", (X,), {"k": 1}),
    ("diagflat", (X[:2, :2],), {"k": 1}),
    ("diagonal", (CUBE,), {"offset": 1, "axis1": 1, "axis2": 2}),
    ("diagonal", (CUBE,), {}),
    ("trace", (CUBE,), {"axis1": 1, "axis2": 2}),
    ("trace", (INTS,), {}),
    ("tril", (CUBE,), {"k": 1}),
    ("triu", (X,), {"k": -1}),
    ("vander", (X[0],), {}),
    ("vander", (X[0],), {"N": 3, "increasing": True}),
    ("size", (X,), {}),
    ("ndim", (X,), {}),
    ("shape", (X,), {}),
    ("unravel_index", (np.array([5, 7], "int32"), (3, 4)), {}),
    ("sort", (X,), {}),
    ("sort", (X,), {"axis": 0}),
    ("argsort", (X,), {}),
    ("argsort", (INTS,), {"axis": 0}),
    ("top_k", (X, 2), {}),
    ("top_k", (INTS, 3), {}),
    ("in_top_k", (np.array([0, 3, 1]), X, 2), {}),
    ("nonzero", (INTS,), {}),
    ("where", (INTS,), {}),
    ("take", (X, np.array([0, -1])), {"axis": 1}),
    ("take", (X, np.array([[0, 5], [2, 1]])), {}),
    ("take_along_axis", (X, np.array([[0], [1], [3]])), {"axis": 1}),
    ("unique", (INTS,), {}),
    ("unique", (INTS,), {"return_inverse": True, "return_counts": True, "return_index": True}),
    (
        "unique",
        (np.array([3, 1, 3], "int32"),),
        {"size": 4, "fill_value": 0, "return_counts": True},
    ),
    ("extract_sequences", (X, 3, 1), {}),
    ("rearrange", (CUBE, "a b c -> c (b a)"), {}),
    ("rearrange", (CUBE, "a b (c d) -> (a c) b d"), {"d": 2}),
    ("cdist", (X, X + 1), {}),
    ("scatter", (np.array([[0, 1], [2, 0], [0, 1]]), X[0, :3], (3, 2)), {}),
    *[
        (
            "scatter_update",
            (X, np.array([[0, 1], [2, 3], [0, 1]]), np.array([5.0, 6.0, 7.0], "float32")),
            {"reduction": r},
        )
        for r in ("add", "max", "min", "mul")
    ],
    ("scatter_update", (X, np.array([[0], [2]]), X[:2] * 2), {}),
    ("slice", (X, (1, 1), (2, 2)), {}),
    ("slice_update", (X, (1, 2), X[:2, :2]), {}),
    *[
        (f"segment_{r}", (X, np.array([0, 2, 0])), {"num_segments": 3})
        for r in ("sum", "max", "min", "prod")
    ],
    ("view_as_complex", (X[:, :2],), {}),
    ("view_as_real", ((X + 1j * X).astype("complex64"),), {}),
]

CREATION = [
    ("arange", (5,), {}),
    ("arange", (1, 6, 2), {}),
    ("arange", (0.0, 1.0, 0.25), {}),
    ("arange", (3,), {"dtype": "float32"}),
    ("zeros", ((2, 3),), {}),
    ("ones", ((2,),), {"dtype": "int32"}),
    ("full", ((2, 2), 3), {}),
    ("full", ((2,), 1.5), {"dtype": "float16"}),
    ("zeros_like", (INTS,), {}),
    ("ones_like", (X,), {"dtype": "int8"}),
    ("full_like", (X, 2), {}),
    ("empty_like", (X,), {}),
    ("eye", (3,), {}),
    ("eye", (3, 4), {"k": 1}),
    ("identity", (2,), {}),
    ("tri", (3,), {"k": -1}),
    ("array", ([1, 2],), {}),
    ("array", ([1.0, 2],), {}),
    ("array", (True,), {}),
    ("linspace", (0, 1), {"num": 5}),
    ("linspace", (0.0, 2.0), {"num": 4, "endpoint": False}),
    ("linspace", (X[0], X[1]), {"num": 3, "axis": -1}),
    ("linspace", (0, 10), {"num": 4, "dtype": "int32"}),
    ("linspace", (0.0, 1.0), {"num": 5, "retstep": True}),
    ("logspace", (0, 2), {"num": 5}),
    ("geomspace", (1.0, 1000.0), {"num": 4}),
    ("geomspace", (-1.0, -8.0), {"num": 4}),
    ("logspace", (0.0, 1.0), {"num": 3, "base": 2}),
    ("meshgrid", (X[0], X[:, 0]), {}),
    ("meshgrid", (X[0], X[:, 0]), {"indexing": "ij"}),
    ("meshgrid", (X[0], X[:, 0], X[1]), {}),
    ("bartlett", (7,), {}),
    ("blackman", (7,), {}),
    ("hamming", (7,), {}),
    ("hanning", (7,), {}),
    ("kaiser", (7, 4.0), {}),
]

SPD = np.array([[4, 1, 0.3], [1, 3, -0.5], [0.3, -0.5, 2]], "float32")
A = draw((2, 3, 3)) + 4 * np.eye(3, dtype="float32")
LINEAR = [
    ("matmul", (X, X.T), {}),
    ("matmul", (CUBE, CUBE.transpose(0, 2, 1)), {}),
    ("matmul", (X[0], X[1]), {}),
    ("matmul", (CUBE, X[0]), {}),
    ("matmul", (INTS, INTS.T), {}),
    ("dot", (X, X.T), {}),
    ("dot", (CUBE, X.T), {}),
    ("dot", (2.0, X), {}),
    ("inner", (X, X), {}),
    ("inner", (CUBE, X), {}),
    ("outer", (X[0], X[1]), {}),
    ("vdot", (X, X), {}),
    ("kron", (X[:2, :2], X), {}),
    ("tensordot", (CUBE, CUBE), {"axes": ([1, 2], [1, 2])}),
    ("tensordot", (X, X.T), {"axes": 1}),
    ("tensordot", (X, X), {"axes": 0}),
    ("cross", (draw((4, 3)), draw((4, 3))), {}),
    ("cross", (draw((4, 2)), draw((4, 3))), {}),
    ("cross", (draw((2,)), draw((2,))), {}),
    ("cross", (draw((3, 4)), draw((3, 4))), {"axis": 0}),
    ("einsum", ("ij,kj->ik", X, X), {}),
    ("einsum", ("...ij->...ji", CUBE), {}),
    ("einsum", ("ii", SPD), {}),
    ("einsum", ("ij,ij", X, X), {}),
    ("einsum", ("bij,bkj->bik", CUBE, CUBE), {}),
    ("einsum", ("ij,jk,kl->il", X, X.T, X), {}),
    ("einsum", ("ij,jk", INTS, INTS.T), {}),
    ("linalg.cholesky", (SPD,), {}),
    ("linalg.cholesky", (SPD,), {"upper": True}),
    ("linalg.cholesky_inverse", (np.tril(SPD),), {}),
    ("linalg.det", (A,), {}),
    ("linalg.inv", (A,), {}),
    ("linalg.eigh", (SPD,), {}),
    ("linalg.lu_factor", (A,), {}),
    ("linalg.lu_factor", (A[0][::-1],), {}),
    ("linalg.solve", (A, draw((2, 3, 2))), {}),
    ("linalg.solve", (A[0], draw((3,))), {}),
    ("linalg.solve_triangular", (A[0], draw((3, 2))), {}),
    ("linalg.solve_triangular", (A[0], draw((3, 2))), {"lower": True}),
    ("linalg.svd", (X,), {"compute_uv": False}),
    ("linalg.qr", (X.T,), {}),
    ("linalg.qr", (X.T,), {"mode": "complete"}),
    ("linalg.pinv", (X,), {}),
    ("linalg.matrix_rank", (np.ones((3, 4), "float32"),), {}),
    ("linalg.lstsq", (X.T, X[0]), {}),
    ("linalg.lstsq", (X, X[:, :2]), {}),
    *[
        ("linalg.norm", (X,), {"ord": o})
        for o in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ],
    *[
        ("linalg.norm", (CUBE,), {"ord": o, "axis": 1})
        for o in (None, 0, 1, 2, 3, -1, 0.5, np.inf, -np.inf)
    ],
    ("linalg.norm", (INTS,), {"axis": -1, "keepdims": True}),
    ("slogdet", (A,), {}),
    ("logdet", (SPD,), {}),
    ("fft", ((X, X + 1),), {}),
    ("fft2", ((CUBE, CUBE + 1),), {}),
    ("ifft2", ((CUBE, CUBE + 1),), {}),
    ("rfft", (X,), {}),
    ("rfft", (X,), {"fft_length": 7}),
    ("rfft", (X,), {"fft_length": 3}),
    ("irfft", ((X, X),), {}),
    ("irfft", ((X, X),), {"fft_length": 5}),
]

WAVE = draw((2, 32))
SHORT = {"sequence_length": 8, "sequence_stride": 4, "fft_length": 8}
WINDOWS = [
    ("stft", (WAVE,), SHORT),
    ("stft", (WAVE,), {**SHORT, "window": "hamming", "center": False}),
    ("stft", (WAVE,), {**SHORT, "fft_length": 11}),
    ("stft", (WAVE,), {**SHORT, "window": None}),
    ("istft", ((draw((2, 9, 5)), draw((2, 9, 5))),), SHORT),
    ("istft", ((draw((2, 9, 5)), draw((2, 9, 5))),), {**SHORT, "length": 20}),
    ("istft", ((draw((2, 9, 5)), draw((2, 9, 5))),), {**SHORT, "window": None}),
    (
        "istft",
        ((draw((2, 9, 6)), draw((2, 9, 6))),),
        {**SHORT, "fft_length": 10, "window": "hamming"},
    ),
]

IMAGE = draw((2, 6, 7, 3), low=0.0, high=1.0)
BYTES = draw((2, 6, 7, 3), "uint8", 0, 255)
FIRST = IMAGE.transpose(0, 3, 1, 2)
SHEAR = np.array([[1.1, 0.2, -0.3, -0.1, 0.9, 0.4, 0.0, 0.0]] * 2, "float32")
POINTS = np.array([[0.3, 1.6, 2.4, -0.7, 5.2], [1.2, 0.4, 3.6, 2.7, -4.5]], "float32")
CORNERS = np.array([[0, 0], [0, 5], [6, 0], [6, 5]], "float32")
MOVED = np.array([[0.3, 0.2], [0.1, 4.7], [5.6, 0.3], [5.9, 4.8]], "float32")
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
IMAGES = [
    ("image.rgb_to_grayscale", (IMAGE,), {}),
    ("image.rgb_to_grayscale", (BYTES,), {}),
    ("image.rgb_to_grayscale", (FIRST,), {"data_format": "channels_first"}),
    ("image.rgb_to_hsv", (IMAGE,), {}),
    ("image.hsv_to_rgb", (IMAGE,), {}),
    ("image.rgb_to_hsv", (FIRST[0],), {"data_format": "channels_first"}),
    *[
        ("image.resize", (x, s), {"interpolation": i, "antialias": a})
        for x, s in ((IMAGE, (3, 4)), (IMAGE[0], (9, 11)))
        for i in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
        for a in (False, True)
    ],
    ("image.resize", (BYTES, (3, 4)), {}),
    ("image.resize", (BYTES, (9, 11)), {"interpolation": "nearest"}),
    ("image.resize", (IMAGE, (4, 4)), {"crop_to_aspect_ratio": True}),
    ("image.resize", (IMAGE, (4, 8)), {"pad_to_aspect_ratio": True, "fill_value": 0.5}),
    ("image.resize", (IMAGE, (8, 4)), {"pad_to_aspect_ratio": True}),
    ("image.resize", (FIRST, (4, 9)), {"data_format": "channels_first"}),
    *[
        ("image.affine_transform", (IMAGE, SHEAR), {"fill_mode": m, "interpolation": i})
        for m in MODES
        for i in ("bilinear", "nearest")
    ],
    (
        "image.affine_transform",
        (FIRST, SHEAR),
        {"data_format": "channels_first", "fill_value": 2.0},
    ),
    ("image.affine_transform", (IMAGE[0], SHEAR[0]), {}),
    *[("image.map_coordinates", (X, POINTS, o), {"fill_mode": m}) for o in (0, 1) for m in MODES],
    ("image.map_coordinates", (INTS, POINTS, 1), {}),
    ("image.perspective_transform", (IMAGE, np.stack([CORNERS] * 2), np.stack([MOVED] * 2)), {}),
    ("image.perspective_transform", (IMAGE[0], CORNERS, MOVED), {"fill_value": 1.0}),
    ("image.gaussian_blur", (IMAGE,), {"data_format": "channels_last"}),
    ("image.gaussian_blur", (IMAGE, (5, 3), (0.7, 1.2)), {"data_format": "channels_last"}),
    ("image.sobel_edges", (IMAGE,), {}),
    ("image.ssim", (IMAGE, IMAGE * 0.9), {"filter_size": 5}),
    ("image.ssim", (IMAGE[0], IMAGE[1]), {"filter_size": 3, "max_val": 2.0}),
    ("image.extract_patches", (IMAGE, 3), {}),
    ("image.extract_patches", (IMAGE, (2, 3)), {"strides": (1, 2), "padding": "same"}),
    ("image.extract_patches", (IMAGE[0], 2), {"strides": 1, "dilation_rate": 2}),
    ("image.extract_patches", (FIRST, 3), {"data_format": "channels_first"}),
    ("image.extract_patches_3d", (draw((1, 4, 4, 4, 2)), 2), {}),
    ("image.crop_images", (IMAGE, 1, 2), {"target_height": 3, "target_width": 4}),
    ("image.pad_images", (IMAGE, 1, 2), {"target_height": 9, "target_width": 10}),
    *[
        (
            "image.scale_and_translate",
            (
                X,
                (5, 6),
                np.array([1.5, 1.25], "float32"),
                np.array([0.2, -0.3], "float32"),
                (0, 1),
                m,
            ),
            {"antialias": a},
        )
        for m in ("linear", "cubic", "lanczos3", "lanczos5")
        for a in (True, False)
    ],
]

# These stand last, since every draw moves those behind it.
_MIXED = [("uint32", s) for s in SIGNED] + [(s, "uint32") for s in SIGNED]
LAST = [
    *binary("add multiply floor_divide mod power", 1, 3, pairs=_MIXED),
    *[
        (name, (draw((3, 3), a), draw((3, 3), b)), {})
        for name in ("matmul", "dot")
        for a, b in [*_MIXED, ("int8", "bool"), ("bool", "int8"), ("int8", "int8")]
    ],
    *[("relu6", (draw((3, 4), d, -9, 9),), {}) for d in ("bool", "uint8", "int32", "uint32")],
    *[("linalg.lu_factor", (draw(shape),), {}) for shape in ((3, 5), (2, 5, 3))],
    *[(name, (draw((3,), "bool"),), {"initial": True}) for name in ("max", "min")],
    *[("bartlett", (np.asarray(5, d),), {}) for d in ("float32", "int32", "bfloat16")],
    ("hanning", (np.asarray(True),), {}),
    *[("argsort", (np.asarray(3.0, "float32"),), {"axis": axis}) for axis in (-1, None)],
    *[("rms_normalization", (X, draw(shape)), {"axis": 0}) for shape in ((3, 4), (3, 1), ())],
]

CALLS = ELEMENTWISE + REDUCTIONS + SHAPES + CREATION + LINEAR + WINDOWS + IMAGES + LAST


def label(call: tuple[str, tuple[Any, ...], dict[str, Any]]) -> str:
    """A call as text: the name of its test."""
    name, args, keywords = call
    shown = [_shown(a) for a in args] + [f"{k}={_shown(v)}" for k, v in keywords.items()]
    return f"{name}({','.join(shown)})".replace(" ", "")


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ndarray) for v in value):
        return f"[{','.join(map(_shown, value))}]"
    return str(value)


@functools.cache
def keyed() -> dict[str, Any]:
    """All calls by name; a repeated name gets a number."""
    found: dict[str, Any] = {}
    for call in CALLS:
        name = label(call)
        while name in found:
            name += "'"
        found[name] = call
    return found


def leaves(result: Any) -> list[Any]:
    """The arrays of a result, in order."""
    if isinstance(result, (list, tuple)):
        return [leaf for part in result for leaf in leaves(part)]
    return [result]


def function(module: Any, name: str) -> Any:
    """The function a dotted name stands for."""
    return functools.reduce(getattr, name.split("."), module)
