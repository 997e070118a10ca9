"""Calls of public functions with one argument that makes no sense, and what becomes of them.

The calls that are right are those of the generators, and a few more here; in each, every argument
in turn is replaced by what it cannot be. A call is made op by op, in a traced function and on
symbols: it gives a typed error that has the function's name, or a result.
"""

from __future__ import annotations

import inspect
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

import kerasish
from kerasish.errors import KerasishError
from tests.ops.conformance import find
from tests.ops.generated_all import MAKERS, Call, calls_of

X = np.arange(12, dtype="float32").reshape(3, 4)
NAN = float("nan")
WRONG: dict[str, Any] = {
    "None": None,
    "text": "nonsense",
    "negative": -1,
    "zero": 0,
    "huge": 2**40,
    "fraction": 2.5,
    "nan": NAN,
    "empty": (),
    "long": (1, 1, 1, 1, 1, 1, 1),
    "negatives": (-1, -1),
    "zeros": (0, 0),
    "texts": ("no", "sense"),
    "object": object(),
    "ragged": [[1.0], [1.0, 2.0]],
    "dict": {"a": 1},
}
WAYS = ("eager", "traced", "symbol")
SECONDS = 3
TOO_MUCH = (MemoryError, TimeoutError)  # a count that no check can know to be too large


def _call(name: str, *args: Any, **kwargs: Any) -> Call:
    return Call(name, -1, args, kwargs)


def _carry(carry: Any, x: Any) -> Any:
    return carry, x


def _same(*x: Any) -> Any:
    return x[0] if x else X


# Functions of functions, and draws.
MORE = [
    _call("associative_scan", lambda a, b: a + b, X, False, 0),
    _call("cond", True, _same, _same),
    _call("fori_loop", 0, 3, lambda i, x: x, X),
    _call("map", _same, X),
    _call("scan", _carry, X[0], X, None, False, 1),
    _call("scan", _carry, X[0], None, 3, False, 1),
    _call("switch", 0, (_same, _same), X),
    _call("vectorized_map", _same, X),
    _call("vectorize", _same),
    _call("while_loop", lambda *i: False, lambda *i: i, (np.int32(0),), 5),
    _call("argpartition", X, 1, -1),
    _call("jvp", _same, (X,), (X,)),
    _call("image.elastic_transform", np.ones((4, 4, 3), "float32"), 2.0, 1.0),
    _call("random.normal", (2, 3), 0.0, 1.0, "float32", 1),
    _call("random.truncated_normal", (2, 3), 0.0, 1.0, "float32", 1),
    _call("random.uniform", (2, 3), 0.0, 1.0, "float32", 1),
    _call("random.randint", (2, 3), 0, 5, "int32", 1),
    _call("random.categorical", X, 2, "int32", 1),
    _call("random.shuffle", X, 0, 1),
    _call("random.gamma", (2, 3), 1.0, "float32", 1),
    _call("random.beta", (2, 3), 1.0, 2.0, "float32", 1),
    _call("random.binomial", (2, 3), 5.0, 0.5, "float32", 1),
    _call("random.dropout", X, 0.5, None, 1),
]


class Wrong(NamedTuple):
    """A call in which one parameter has become what it cannot be."""

    call: Call
    parameter: str
    kind: str

    def __str__(self) -> str:
        return f"{self.call.name}, {self.parameter}={self.kind}"

    def arguments(self) -> dict[str, Any]:
        """The arguments by name, positional ones in a tuple of their own."""
        given = dict(bound(self.call))
        held = given[self.parameter]
        variadic = signature(self.call).parameters[self.parameter].kind.name == "VAR_POSITIONAL"
        given[self.parameter] = (WRONG[self.kind], *held[1:]) if variadic else WRONG[self.kind]
        return given


def function(name: str, root: Any = kerasish) -> Any:
    """The function of a name: "random.normal", "linalg.norm", "activations.relu"."""
    if name.startswith("random."):
        return getattr(root.random, name.removeprefix("random."))
    return find(root, name)


def signature(call: Call) -> inspect.Signature:
    return inspect.signature(function(call.name))


def bound(call: Call) -> dict[str, Any]:
    given = signature(call).bind(*call.args, **call.kwargs)
    given.apply_defaults()
    return given.arguments


def applied(func: Any, given: dict[str, Any]) -> Any:
    made = inspect.BoundArguments(inspect.signature(func), given)  # type: ignore[arg-type]
    return func(*made.args, **made.kwargs)


def right_calls(count: int, names: Iterable[str], more: Iterable[Call]) -> Iterator[Call]:
    """Calls that work: `more`, and `count` of each function that has a generator."""
    yield from more
    for name in names:
        found = 0
        for call in calls_of(name):
            if found < count and outcome(call, bound(call), "eager") is None:
                found += 1
                yield call


def wrong_calls(
    count: int = 1,
    kinds: Iterable[str] = WRONG,
    names: Iterable[str] = sorted(MAKERS),
    more: Iterable[Call] = MORE,
) -> Iterator[Wrong]:
    """Every argument of every right call replaced by everything that is wrong."""
    for call in right_calls(count, names, more):
        for name, parameter in signature(call).parameters.items():
            for kind in kinds if parameter.kind.name != "VAR_KEYWORD" else ():
                default = parameter.default
                if not (
                    WRONG[kind] is default or (type(default) is int and WRONG[kind] == default)
                ):
                    yield Wrong(call, name, kind)


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Context manager: what takes longer ends in a TimeoutError."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    held = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, held)


def outcome(
    call: Call, given: dict[str, Any], way: str, seconds: int = SECONDS
) -> Exception | None:
    """The error of a call made in one of the ways, or None where it gives a result.

    Args:
        call, given: the function, and its arguments by name.
        way: one of `WAYS`.
        seconds: that it may take; 0 for no limit.
    """
    func = function(call.name)
    names = [k for k, v in given.items() if isinstance(v, np.ndarray)]
    arrays = [given[k] for k in names]

    def run(*tensors: Any) -> Any:
        return applied(func, {**given, **dict(zip(names, tensors, strict=True))})

    try:
        with limited(seconds) if seconds else nullcontext():
            if way == "eager":
                run(*arrays)
            elif way == "traced":
                kerasish.function(run)(*map(kerasish.ops.convert_to_tensor, arrays))
            else:
                run(*(kerasish.KerasTensor(a.shape, a.dtype) for a in arrays))
    except Exception as error:
        return error
    return None


def told(wrong: Wrong, error: Exception | None) -> bool:
    """Whether an error is typed and has the function's name."""
    func = inspect.unwrap(function(wrong.call.name))  # of two names of one function, either
    names = (wrong.call.name.rpartition(".")[2].removesuffix("_3d"), func.__name__)
    return isinstance(error, KerasishError) and any(name in str(error) for name in names)
