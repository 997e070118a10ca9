"""Generated calls of functions that read and write by position, and of those that make arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.generated_calls import DTYPES, FLOATS, Draw, makes

_POSITIONS = ("int32", "int32", "int64", "uint8")

# --- reading and writing by position --------------------------------------------------------------


@makes("take")
def _take(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    axis = d.pick(None, d.axis(x.ndim))
    inside = axis is not None and -x.ndim <= axis < x.ndim
    size = x.shape[axis] if inside else x.size
    at = d.array(d.shape(0, 2), d.pick(*_POSITIONS), -size, size)
    return (x, d.pick(at, int(d.int(0, size - 1)))), {"axis": axis}


@makes("take_along_axis")
def _take_along_axis(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    axis = d.axis(x.ndim)
    if not -x.ndim <= axis < x.ndim or d.chance(0.2):
        return (x, d.array((3,), "int32", 0, x.size)), {"axis": None}
    dims = [1 if d.chance(0.2) else n for n in x.shape]
    dims[axis] = d.int(0, 3)
    at = d.array(tuple(dims), d.pick(*_POSITIONS), -x.shape[axis], x.shape[axis])
    return (x, at), {"axis": axis}


@makes("get_item")
def _get_item(d: Draw) -> Any:
    x = d.array((3, 4, 2))
    at = d.array((2,), "int32", -3, 3)
    parts = (1, -1, slice(None), slice(1, None), slice(None, None, -1), slice(0, 3, 2), None, ...)
    key = d.pick(*parts, at, (at, at), (0, ...), (..., 1), tuple(d.pick(*parts[:7]) for _ in "ab"))
    return x, key


@makes("slice")
def _slice(d: Draw) -> Any:
    x = d.array((4, 5))
    return x, d.pick((0, 0), [1, 2], (3, 4)), d.pick((1, 1), [2, 3], (4, 5))


@makes("slice_update")
def _slice_update(d: Draw) -> Any:
    x, update = d.array((4, 5)), d.array(d.pick((2, 2), (1, 5), (4, 1)), d.pick(d.dtype(), "int32"))
    return x, d.pick((0, 0), [1, 2], (3, 4)), update


@makes("scatter")
def _scatter(d: Draw) -> Any:
    values = d.array((3, 2))
    return d.array((3, 1), d.pick(*_POSITIONS), 0, 4), values, d.pick((4, 2), [5, 2])


@makes("scatter_update")
def _scatter_update(d: Draw) -> Any:
    x, rows = d.array((4, 3)), np.array([[0], [2]], d.pick("int32", "int64"))
    if d.chance(0.3):
        return x, np.array([[0, 1], [3, 2]], "int32"), d.array((2,))
    return (x, rows, d.array((2, 3))), {"reduction": d.pick(None, "add", "max", "min", "mul")}


@makes("one_hot", grad=False)
def _one_hot(d: Draw) -> Any:
    x = d.array(d.shape(0, 2), d.pick(*_POSITIONS), -1, 5)
    return (x, d.int(1, 5)), {"axis": d.pick(-1, 0), "dtype": d.pick(None, d.any_dtype())}


@makes("multi_hot", grad=False)
def _multi_hot(d: Draw) -> Any:
    x = d.array(d.shape(1, 2, 1), d.pick(*_POSITIONS), 0, 5)
    return (x,), {"num_classes": d.int(3, 5), "dtype": d.pick(None, d.any_dtype())}


@makes("searchsorted", grad=False)
def _searchsorted(d: Draw) -> Any:
    line = np.sort(d.array((4,), d.dtype(("float32", "int32", "float16"))))
    return (line, d.array(d.shape(0, 2), line.dtype.name)), {"side": d.pick("left", "right")}


@makes("digitize", grad=False)
def _digitize(d: Draw) -> Any:
    bins = np.sort(d.array((4,), d.pick("float32", "int32")))
    return d.array(d.shape(0, 2)), bins


@makes("unravel_index", grad=False)
def _unravel_index(d: Draw) -> Any:
    at = d.array(d.shape(0, 2), d.pick("int32", "int64", "uint8"), 0, 12)
    return at, d.pick((3, 4), [2, 2, 3], (12,))


@makes("nonzero", grad=False)
def _nonzero(d: Draw) -> Any:
    return (d.array(d.shape(1, 3), None, -1, 2),)


# --- making arrays --------------------------------------------------------------------------------


@makes("arange", grad=False)
def _arange(d: Draw) -> Any:
    args = d.pick((5,), (1, 6, 2), (0.0, 1.0, 0.25), (3, 0, -1), (2.5,), (4, 4))
    return args, {"dtype": d.pick(None, d.any_dtype(DTYPES[:2] + DTYPES[3:]))}


@makes("zeros ones empty", grad=False)
def _filled(d: Draw) -> Any:
    return (d.pick(d.shape(), [2, 3], 3),), {"dtype": d.pick(None, d.dtype())}


@makes("full", grad=False)
def _full(d: Draw) -> Any:
    return (d.shape(), d.scalar()), {"dtype": d.pick(None, d.dtype())}


@makes("eye", grad=False)
def _eye(d: Draw) -> Any:
    return (d.int(0, 4),), {
        "M": d.pick(None, 3),
        "k": d.int(-2, 2),
        "dtype": d.pick(None, d.dtype()),
    }


@makes("tri", grad=False)
def _tri(d: Draw) -> Any:
    return (d.int(1, 4),), {
        "M": d.pick(None, 3),
        "k": d.int(-2, 2),
        "dtype": d.pick(None, d.dtype()),
    }


@makes("identity", grad=False)
def _identity(d: Draw) -> Any:
    return (d.int(0, 4),), {"dtype": d.pick(None, d.dtype())}


@makes("array convert_to_tensor", grad=False)
def _array(d: Draw) -> Any:
    x = d.pick(d.array(), d.scalar(), [1, 2.5], [[True, False]], [1, 2], [], (1.0, 2), [True, 2])
    return (x,), {"dtype": d.pick(None, d.any_dtype())}


@makes("linspace logspace")
def _linspace(d: Draw) -> Any:
    shape = d.shape(0, 2)
    ends = [d.pick(d.array(shape, d.dtype(), 0, 3), d.scalar(0, 3)) for _ in range(2)]
    return tuple(ends), {
        "num": d.int(0, 5),
        "endpoint": d.chance(0.7),
        "axis": d.pick(0, 0, -1),
        "dtype": d.pick(None, None, "float16", "int32"),
    }


@makes("geomspace")
def _geomspace(d: Draw) -> Any:
    ends = [d.pick(d.array(d.pick((), (2,)), d.dtype(FLOATS), 1, 3), d.int(1, 9)) for _ in range(2)]
    return tuple(ends), {"num": d.int(1, 5), "endpoint": d.chance(0.7)}


@makes("bartlett blackman hamming hanning", grad=False)
def _window(d: Draw) -> Any:
    return (d.int(1, 9),)


@makes("kaiser", grad=False)
def _kaiser(d: Draw) -> Any:
    return d.int(1, 9), d.pick(0.0, 4.0, 8)


@makes("empty_like", grad=False)
def _empty_like(d: Draw) -> Any:
    return (d.array(),), {"dtype": d.pick(None, d.any_dtype())}
