"""keras.ops.numpy, the rest: select, unravel_index, vectorize, view."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.batching import leading
from kerasish.graph.op import case, no_gradient, op
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.hints import function
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import where
from kerasish.ops.basic.indexing import as_indices
from kerasish.ops.declare import ints
from kerasish.ops.numpy.axes import as_shape
from kerasish.ops.numpy.join import stack
from kerasish.ops.operation import public
from kerasish.ops.refusals import values_that
from kerasish.spec import TensorSpec, bits, broadcast, dtype_name, known, np_dtype

Y = TypeVar("Y")


@public
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """For each place, the element of the first choice whose condition holds there.

    Args:
        condlist: boolean tensors.
        choicelist: as many tensors.
        default: what stands where no condition holds.
    """
    if len(condlist) != len(choicelist):
        raise ArgumentError(
            "select",
            expected="as many conditions as choices",
            received=f"{len(condlist)} and {len(choicelist)}",
        )
    *choices, found = promoted((*choicelist, default), "same")
    for condition, choice in reversed(list(zip(condlist, choices, strict=True))):
        found = where(condition, choice, found)
    return found


@public
def unravel_index(indices: TensorLike, shape: Any) -> tuple[Tensor, ...]:
    """The coordinates, in an array of `shape`, of positions in its flat form."""
    sizes = known(as_shape(shape))
    total = math.prod(sizes)
    flat = values_that(
        lambda i: (i >= -total) & (i < total),
        "unravel_index, indices",
        as_indices("unravel_index", indices),
        f"positions among {total} elements",
    )
    flat = where(flat < 0, flat + total, flat)
    found = []
    for size in reversed(sizes):
        found.append(_e.mod(flat, size))
        flat = _e.floor_divide(flat, size)
    return tuple(reversed(found))


# --- view -------------------------------------------------------------------------------------


def _view_infer(x: TensorSpec, *, dtype: str) -> TensorSpec:
    old, new = bits(x.dtype), bits(dtype)
    if old == new:
        return TensorSpec(x.shape, dtype)
    last = x.shape[-1] if x.shape else 0
    if not last or last * old % new:
        raise ShapeError(
            "view", expected=f"a last axis whose bytes make whole elements of {dtype}", received=x
        )
    return TensorSpec((*x.shape[:-1], last * old // new), dtype)


@op(
    "view",
    infer=_view_infer,
    vjp=no_gradient,
    batch=leading,
    cases=(
        case(ints((3, 4), 99), dtype="float32"),
        case(ints((3, 4), 99), dtype="int16"),
        case(ints((3, 4), 99), dtype="int64"),
    ),
)
def view_(xp: Any, x: Any, *, dtype: str) -> Any:
    """The bytes of x read as another dtype."""
    return xp.ascontiguousarray(x).view(np_dtype(dtype))


@public
def view(x: TensorLike, dtype: Any = None) -> Tensor:
    """The bytes of x read as another dtype; the last axis shrinks or grows with its width."""
    x = convert_to_tensor(x)
    return x if dtype is None else view_(x, dtype=dtype_name(dtype))


# --- vectorize --------------------------------------------------------------------------------

_CORE = re.compile(r"\(([^()]*)\)")


def _cores(text: str) -> list[list[str]]:
    return [[n.strip() for n in part.split(",") if n.strip()] for part in _CORE.findall(text)]


def vectorize(
    pyfunc: Callable[..., Y], *, excluded: Any = None, signature: str | None = None
) -> Callable[..., Y]:
    """A function that applies `pyfunc` to every element, or to every slice a signature names.

    Args:
        pyfunc: takes tensors, returns one tensor or a tuple.
        excluded: positions or names of arguments that are passed on as they are.
        signature: such as "(m,n),(n)->(m)": the axes each call sees; all others broadcast.
    """
    function("vectorize, pyfunc", pyfunc)
    if not (signature is None or isinstance(signature, str)):
        raise ArgumentError("vectorize, signature", expected="a text", received=repr(signature))
    kinds = (list, tuple, set, frozenset)
    if not (excluded is None or isinstance(excluded, kinds)) or any(
        not isinstance(item, (int, str)) for item in excluded or ()
    ):
        raise ArgumentError(
            "vectorize, excluded", expected="positions or names", received=repr(excluded)
        )
    left, _, right = (signature or "").partition("->")
    cores = _cores(left) if signature else None
    several = len(_cores(right)) > 1 if signature else False
    skipped = set(excluded or ())

    @functools.wraps(pyfunc)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tensors = {i: convert_to_tensor(a) for i, a in enumerate(args) if i not in skipped}
        ranks = {i: len(cores[k]) if cores is not None else 0 for k, i in enumerate(tensors)}
        lead = broadcast(*(t.shape[: t.ndim - ranks[i]] for i, t in tensors.items()))
        rows = {}
        for i, t in tensors.items():
            own = t.shape[t.ndim - ranks[i] :]
            rows[i] = _s.reshape(_s.broadcast_to(t, shape=(*lead, *own)), shape=(-1, *own))
        calls = [
            pyfunc(*(rows[i][n] if i in rows else a for i, a in enumerate(args)), **kwargs)
            for n in range(math.prod(known(lead)))
        ]
        if several or (calls and isinstance(calls[0], tuple)):
            return tuple(_gathered(list(column), lead) for column in zip(*calls, strict=True))
        return _gathered(calls, lead)

    return wrapped


def _gathered(results: list[Any], lead: Any) -> Any:
    rows = stack([convert_to_tensor(r) for r in results], axis=0)
    return _s.reshape(rows, shape=(*lead, *rows.shape[1:]))
