"""Generated calls of reductions and of functions that move elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.generated_calls import DTYPES, FLOATS, Draw, makes

# --- reductions ---------------------------------------------------------------------------------


def _holes(d: Draw, dtypes: Any = DTYPES) -> np.ndarray:
    x = d.array(d.shape(1, 3), d.dtype(dtypes))
    if x.dtype.name not in ("float32", "float16", "float64", "bfloat16"):
        return x
    filled = x.copy()
    filled[d.rng.random(x.shape) < 0.3] = np.nan
    return filled


@makes("sum prod mean max min amax amin std var ptp median logsumexp")
def _reduction(d: Draw) -> Any:
    x = d.array(d.shape(0, 4))
    return (x,), {"axis": d.axes(x.ndim), "keepdims": d.chance()}


@makes("any all", grad=False)
def _logic(d: Draw) -> Any:
    x = d.array(d.shape(0, 4), None, -1, 1)
    return (x,), {"axis": d.axes(x.ndim), "keepdims": d.chance()}


@makes("count_nonzero", grad=False)
def _count_nonzero(d: Draw) -> Any:
    x = d.array(d.shape(0, 4), None, -1, 1)
    return (x,), {"axis": d.axes(x.ndim)}


@makes("argmax argmin nanargmax nanargmin", grad=False)
def _position(d: Draw) -> Any:
    x = _holes(d) if d.chance(0.4) else d.array(d.shape(0, 3, 1))
    return (x,), {"axis": None if d.chance(0.3) else d.axis(x.ndim), "keepdims": d.chance()}


@makes("nansum nanprod nanmean nanmax nanmin nanstd nanvar nanmedian")
def _nan_reduction(d: Draw) -> Any:
    x = _holes(d)
    return (x,), {"axis": d.axes(x.ndim), "keepdims": d.chance()}


@makes("average")
def _average(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    axis = d.axis(x.ndim)
    if d.chance(0.4):
        return (x,), {"axis": axis}
    size = x.shape[axis] if -x.ndim <= axis < x.ndim else 2
    shape = x.shape if d.chance() else (size,)
    return (x,), {"axis": axis, "weights": d.array(shape, d.any_dtype(), 1, 3)}


@makes("cumsum cumprod nancumsum nancumprod")
def _scan(d: Draw) -> Any:
    x = _holes(d) if d.chance(0.2) else d.array()
    dtype = d.any_dtype(("float32", "int32", "float16", "bool")) if d.chance(0.2) else None
    return (x,), {"axis": d.pick(None, d.axis(x.ndim)), "dtype": dtype}


@makes("quantile nanquantile percentile nanpercentile")
def _quantile(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    q = d.pick(0.0, 0.3, 0.5, 1.0, [0.1, 0.7], np.array([0.25, 0.5], "float32"))
    method = d.pick("linear", "linear", "lower", "higher", "midpoint", "nearest")
    return (x, q), {"axis": d.axes(x.ndim), "method": method, "keepdims": d.chance()}


@makes("diff")
def _diff(d: Draw) -> Any:
    x = d.array(d.shape(1, 3))
    return (x,), {"n": d.int(0, 2), "axis": d.axis(x.ndim)}


@makes("trapezoid")
def _trapezoid(d: Draw) -> Any:
    y = d.array(d.shape(1, 3, 1))
    if d.chance():
        return (y,), {"dx": d.pick(1.0, 0.5, 2), "axis": d.axis(y.ndim)}
    return (y,), {"x": d.array((y.shape[-1],), d.any_dtype(FLOATS[:2]))}


@makes("moments")
def _moments(d: Draw) -> Any:
    x = d.array(d.shape(1, 4, 1), d.dtype(FLOATS))
    axes = d.axes(x.ndim)
    return (x, 0 if axes is None else axes), {"keepdims": d.chance()}


@makes("histogram", grad=False)
def _histogram(d: Draw) -> Any:
    x = d.array(d.shape(1, 2, 1), d.pick("float32", "int32"))
    return (x,), {"bins": d.int(1, 7), "range": d.pick(None, (-1, 2), (0.0, 3.0))}


@makes("bincount", grad=False)
def _bincount(d: Draw) -> Any:
    x = d.array(d.pick((5,), (2, 3), (1,)), d.pick("int32", "uint8", "int8"), 0, 6)
    weights = d.array(x.shape, d.pick("float32", "int32", "float16")) if d.chance() else None
    return (x,), {"weights": weights, "minlength": d.pick(0, 8)}


@makes("segment_sum segment_max segment_min segment_prod")
def _segment(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1), d.dtype(("float32", "float32", "int32", "float16")))
    ids = np.sort(d.array((x.shape[0],), "int32", 0, 4))
    return (x, ids), {"num_segments": d.pick(None, 3, 5), "sorted": d.chance()}


# --- moving elements ----------------------------------------------------------------------------


@makes("reshape")
def _reshape(d: Draw) -> Any:
    x = d.array()
    divisors = [k for k in (1, 2, 3, 4, 6, 8) if x.size % k == 0]
    first = d.pick(*divisors)
    shape = d.pick((-1,), (first, -1), (first, x.size // first), -1, [1, -1, first], (x.size + 1,))
    return x, shape


@makes("ravel transpose shape size ndim", grad=False)
def _whole(d: Draw) -> Any:
    return (d.array(),)


@makes("flip")
def _flip(d: Draw) -> Any:
    x = d.array()
    return (x,), {"axis": d.axes(x.ndim)}


@makes("fliplr flipud")
def _flips(d: Draw) -> Any:
    return (d.array(d.shape(1, 3)),)


@makes("moveaxis swapaxes")
def _moveaxis(d: Draw) -> Any:
    x = d.array(d.shape(1, 4))
    return x, d.axis(x.ndim), d.axis(x.ndim)


@makes("expand_dims")
def _expand_dims(d: Draw) -> Any:
    x = d.array(d.shape(0, 3))
    return x, d.pick(d.axis(x.ndim + 1), (0, -1), [0, 1])


@makes("squeeze")
def _squeeze(d: Draw) -> Any:
    shape = tuple(d.pick(1, 1, 2) for _ in range(d.int(1, 3)))
    return (d.array(shape),), {"axis": d.pick(None, d.axis(len(shape)), (0,), (0, -1))}


@makes("roll")
def _roll(d: Draw) -> Any:
    x = d.array(d.shape(1, 3))
    if x.ndim > 1 and d.chance(0.3):
        return (x, (1, -2)), {"axis": (0, -1)}
    return (x, d.int(-5, 5)), {"axis": d.pick(None, d.axis(x.ndim))}


@makes("rot90")
def _rot90(d: Draw) -> Any:
    x = d.array(d.shape(2, 4))
    axes = tuple(int(a) for a in d.rng.permutation(x.ndim)[:2])
    return (x,), {"k": d.int(-2, 5), "axes": d.pick((0, 1), axes)}


@makes("tile")
def _tile(d: Draw) -> Any:
    return d.array(d.shape(0, 3)), d.pick(2, (1, 2), [2, 1, 3], (2, 0))


@makes("repeat")
def _repeat(d: Draw) -> Any:
    x = d.array(d.shape(0, 3))
    axis = d.pick(None, d.axis(x.ndim))
    whole = axis is None or not -x.ndim <= axis < x.ndim
    size = x.size if whole else x.shape[axis]
    many = d.rng.integers(0, 3, size)
    return (x, d.pick(2, 0, 1, many)), {"axis": axis}


@makes("pad")
def _pad(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    width = d.pick(1, (1, 2), [(d.int(0, 2), d.int(0, 2)) for _ in x.shape])
    mode = d.pick("constant", "constant", "reflect", "symmetric", "edge", "wrap", "other")
    more = {"constant_values": d.scalar()} if mode == "constant" and d.chance() else {}
    return (x, width), {"mode": mode, **more}


@makes("broadcast_to")
def _broadcast_to(d: Draw) -> Any:
    shape = d.shape()
    return d.array(d.fellow(shape)), shape


@makes("concatenate")
def _concatenate(d: Draw) -> Any:
    shape = d.shape(1, 3)
    axis = d.axis(len(shape))
    xs = []
    for i in range(d.int(1, 3)):
        dims = list(shape)
        if -len(dims) <= axis < len(dims):
            dims[axis] = d.int(0, 3)
        xs.append(d.array(tuple(dims), d.dtype() if i == 0 else d.any_dtype()))
    return (xs,), {"axis": None if d.chance(0.1) else axis}


@makes("stack hstack vstack dstack")
def _stack(d: Draw) -> Any:
    shape = d.shape(0, 3)
    xs = [d.array(shape, d.dtype()), d.array(shape, d.any_dtype())]
    if d.chance(0.05):
        xs.append(d.array((*shape, 2)))
    return (xs,)


@makes("append")
def _append(d: Draw) -> Any:
    shape = d.shape(1, 3, 1)
    pair = d.array(shape, d.dtype()), d.array(shape, d.any_dtype())
    return pair, {"axis": d.pick(None, d.axis(len(shape)))}


@makes("split array_split")
def _split(d: Draw) -> Any:
    x = d.array(d.pick((6,), (4, 6), (2, 6, 4), (3, 0)))
    return (x, d.pick(2, 3, 1, [1, 3], [2], [0, 9], (1, 1))), {"axis": d.axis(x.ndim)}


@makes("hsplit vsplit dsplit")
def _splits(d: Draw) -> Any:
    return d.array(d.pick((6,), (4, 6), (2, 6, 4))), d.pick(2, 1, [1, 3])


@makes("unstack")
def _unstack(d: Draw) -> Any:
    x = d.array(d.shape(1, 3, 1))
    return (x,), {"axis": d.axis(x.ndim)}


@makes("diag diagflat")
def _diag(d: Draw) -> Any:
    return (d.array(d.shape(1, 2, 1)),), {"k": d.int(-2, 2)}


@makes("diagonal trace")
def _diagonal(d: Draw) -> Any:
    x = d.array(d.shape(2, 4, 1))
    axes = {"axis1": d.axis(x.ndim), "axis2": d.axis(x.ndim)} if d.chance() else {}
    return (x,), {"offset": d.int(-2, 2), **axes}


@makes("tril triu")
def _triangle(d: Draw) -> Any:
    return (d.array(d.shape(2, 4)),), {"k": d.int(-2, 2)}


@makes("vander")
def _vander(d: Draw) -> Any:
    return (d.array((d.int(1, 4),)),), {"N": d.pick(None, 3), "increasing": d.chance()}


@makes("meshgrid")
def _meshgrid(d: Draw) -> Any:
    arrays = [d.array((d.int(0, 3),), d.any_dtype()) for _ in range(d.int(1, 3))]
    return tuple(arrays), {"indexing": d.pick("xy", "ij")}


@makes("sort")
def _sort(d: Draw) -> Any:
    x = d.array(d.shape(0, 3))
    return (x,), {"axis": d.axis(x.ndim)}


@makes("argsort", grad=False)
def _argsort(d: Draw) -> Any:
    x = d.array(d.shape(1, 3))
    return (x,), {"axis": d.pick(None, d.axis(x.ndim))}


@makes("top_k")
def _top_k(d: Draw) -> Any:
    return d.array((*d.shape(0, 2, 1), 5)), d.int(1, 5)


@makes("in_top_k", grad=False)
def _in_top_k(d: Draw) -> Any:
    size = d.int(1, 4)
    x = d.array((size, 4), d.pick("float32", "float16", "float64"))
    return d.array((size,), d.pick("int32", "int64"), 0, 4), x, d.int(1, 4)


@makes("unique", grad=False)
def _unique(d: Draw) -> Any:
    more = {k: d.chance(0.3) for k in ("return_index", "return_inverse", "return_counts")}
    size = d.pick(None, 4)
    x = d.array(d.shape(1, 2, 1))
    return (x,), {
        **more,
        "axis": d.pick(None, None, d.axis(x.ndim)),
        "size": size,
        "fill_value": None if size is None else d.pick(None, 1),
    }


@makes("extract_sequences")
def _extract_sequences(d: Draw) -> Any:
    return d.array((*d.shape(0, 2, 1), 6), d.dtype(FLOATS)), d.int(1, 4), d.int(1, 3)


@makes("rearrange")
def _rearrange(d: Draw) -> Any:
    x = d.array((2, 3, 4))
    pattern, more = d.pick(
        ("a b c -> c a b", {}),
        ("a b c -> (a b) c", {}),
        ("a b (c d) -> a d b c", {"d": 2}),
        ("a b (c d) -> (a d) (b c)", {"c": 2}),
        ("a b c -> a c b", {}),
    )
    return (x, pattern), more
