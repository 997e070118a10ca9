"""What a public function or class says where its arguments do not fit: one typed error, which
names it and them.

They check what needs a check of its own. Whatever else goes wrong inside one, in numpy or in
Python, is told here from the outside, as the argument that is not of its declared kind; what
code of users raises is left alone. Nothing is done before something has failed.
"""

from __future__ import annotations

import functools
import inspect
import operator
import re
import reprlib
import sys
from collections.abc import Callable, Mapping
from numbers import Number
from types import TracebackType
from typing import Any, TypeVar

from kerasish.errors import (
    ArgumentError,
    DTypeError,
    GradientError,
    KerasishError,
    KindError,
    ShapeError,
    UnknownNameError,
)
from kerasish.hints import refuse_unknown
from kerasish.signatures import Parameter, Signature, signature
from kerasish.spec import dtype_name
from kerasish.tracebacks import shorten

F = TypeVar("F", bound=Callable[..., None])
# What arguments that do not fit end in, raw or typed; anything else has another cause.
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    KerasishError,
    LookupError,
    TypeError,
    ValueError,
)
_NAMED = (ArgumentError, DTypeError, GradientError, ShapeError)
_LIBRARIES = sys.stdlib_module_names | {"kerasish", "numpy", "cupy", "ml_dtypes", "scipy"}
_DOCUMENTED = re.compile(r"^ {4}(\w[\w, ]*): (.+(?:\n {8,}\S.*)*)", re.MULTILINE)


def refused(
    label: str, func: Callable[..., Any], args: Any, kwargs: dict[str, Any], error: Exception
) -> Exception:
    """The error of a call in place of what was raised inside it.

    Args:
        label: the function's name in files.
        func: the function that was called.
        args, kwargs: with what.
        error: what was raised.
    """
    if _of_a_user(error.__traceback__) or hasattr(error, "__notes__"):
        return error  # notes name the function of a user's op that was called wrongly
    name = label.rpartition(".")[2]
    if isinstance(error, KerasishError):
        error.what = error.what.removeprefix(error.caller)
        if isinstance(error, _NAMED) and not re.search(rf"\b{name}\b", str(error)):
            error.caller = f"{name}: " if error.what else name
            error.begin(error.caller)
        return error
    held = signature(func)
    try:
        given = held.bind(*args, **kwargs).arguments
    except TypeError as wrong:
        return _not_bound(name, held, args, kwargs, wrong)
    return _misfit(name, func, held.parameters, given, error)


def _misfit(
    name: str,
    func: Callable[..., Any],
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    error: Exception,
) -> ArgumentError:
    """The error of the argument that is not of its kind, or of all where each is."""
    kind = KindError if isinstance(error, TypeError) else ArgumentError
    for fits in (_fits, _likely):
        for key, value in given.items():
            if not fits(parameters[key], value):
                expected = _documented(func).get(key) or _kind(parameters[key])
                return kind(f"{name}, {key}", expected=expected, received=received(value))
    shown = ", ".join(f"{key}={received(value)}" for key, value in given.items())
    reason = f"{type(error).__name__}: {error}".rstrip(".: ")
    return kind(
        name,
        expected=f"values of {', '.join(given)} that fit together",
        received=f"{shown} ({reason})",
    )


def refusing(init: F) -> F:
    """Decorator of an `__init__`: whatever it refuses names the class that is made."""

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            init(self, *args, **kwargs)
        except Exception as error:
            told = refused_by(type(self), init, (self, *args), kwargs, error)
            shorten(told)
            if told is error:
                raise
            raise told from None

    return __init__  # type: ignore[return-value]


def refused_by(
    cls: type, init: Callable[..., None], args: Any, kwargs: dict[str, Any], error: Exception
) -> Exception:
    """The error of a constructor in place of what was raised inside it.

    Args:
        cls: the class that is made.
        init: its `__init__`, or that of a class above.
        args, kwargs: what that was given, the object first.
        error: what was raised.
    """
    if not isinstance(error, FAILURES) or _of_a_user(error.__traceback__):
        return error
    name = cls.__name__
    if isinstance(error, KerasishError):
        known = rf"\b({name}|{name.removesuffix('Layer') or name})\b"
        if isinstance(error, (*_NAMED, UnknownNameError)) and not re.search(known, str(error)):
            is_argument = error.what.partition(",")[0] in signature(init).parameters
            error.begin(f"{name}." if is_argument else f"{name}: ")
        return error
    held = signature(init)
    try:
        given = dict(list(held.bind(*args, **kwargs).arguments.items())[1:])
    except TypeError:
        return error  # it says which one is missing or unknown
    return _misfit(name, cls, held.parameters, given, error)


def received(value: Any) -> str:
    """A value in an error: tensors and arrays by their shape and dtype, others shortened."""
    if hasattr(value, "shape") and hasattr(value, "dtype") and getattr(value, "shape", ()) != ():
        return f"a tensor of shape {tuple(value.shape)} and dtype {value.dtype}"
    return reprlib.repr(value)


def _of_a_user(trace: TracebackType | None) -> bool:
    """Whether an error came by way of code that is neither this package's nor a library's."""
    trace = trace and trace.tb_next
    while trace:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _LIBRARIES:
            return True
        trace = trace.tb_next
    return False


def _not_bound(
    name: str, signature: Signature, args: Any, kwargs: Mapping[str, Any], error: Exception
) -> Exception:
    """The error of a call that lacks an argument, or has one too many."""
    known = list(signature.parameters)
    try:
        refuse_unknown(name, [k for k in kwargs if k not in known], known)
    except ArgumentError as unknown:
        return unknown
    shown = [*map(received, args), *(f"{key}={received(value)}" for key, value in kwargs.items())]
    return ArgumentError(name, expected=", ".join(known), received=f"{', '.join(shown)} ({error})")


# --- kinds ----------------------------------------------------------------------------------------


def _is_dtype(value: Any) -> bool:
    try:
        dtype_name(value)
    except DTypeError:
        return False
    return True


def _is_index(value: Any) -> bool:
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


# What an annotation allows, and its words.
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Callable": (callable, "a function"),
    "Sequence": (lambda value: hasattr(value, "__len__"), "a list or tuple"),
    "None": (lambda value: value is None, "None"),
    "bool": (lambda value: isinstance(value, bool) or getattr(value, "shape", 0) == (), "a bool"),
    "float": (lambda value: isinstance(value, Number) or hasattr(value, "dtype"), "a number"),
    "int": (_is_index, "an integer"),
    "str": (lambda value: isinstance(value, str), "a text"),
}


def _declared(parameter: Parameter) -> list[str]:
    """The alternatives of an annotation, without what stands in brackets."""
    text = parameter.annotation if isinstance(parameter.annotation, str) else "Any"
    while "[" in text:
        shorter = re.sub(r"\[[^\[\]]*\]", "", text)
        if shorter == text:
            break
        text = shorter
    return [part.strip() for part in text.split("|")]


def _kind(parameter: Parameter) -> str:
    words = [_KINDS[kind][1] if kind in _KINDS else "" for kind in _declared(parameter)]
    if parameter.name == "dtype":
        return "a dtype"
    return " or ".join(words) if all(words) else "numbers, or a tensor of them"


def _fits(parameter: Parameter, value: Any) -> bool:
    """Whether a value is of the kind that its parameter declares."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return True
    if value is parameter.default:
        return True
    kinds = [_KINDS.get(kind) for kind in _declared(parameter)]
    if parameter.name == "dtype":
        return _is_dtype(value)
    return any(kind is None or kind[0](value) for kind in kinds)


def _likely(parameter: Parameter, value: Any) -> bool:
    """Whether a value that may be anything is what tensors and sizes are made of."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return True
    declared = _declared(parameter)
    if value is parameter.default or not {"Any", "TensorLike"}.intersection(declared):
        return True
    if isinstance(value, str):
        return isinstance(parameter.default, str) or parameter.name == "dtype"
    return "None" in declared if value is None else not callable(value)


def _documented(func: Callable[..., Any]) -> dict[str, str]:
    """What the docstring says of each argument, to the end of the first clause."""
    found: dict[str, str] = {}
    for names, text in _DOCUMENTED.findall(inspect.getdoc(func) or ""):
        clause = re.split(r"[.;](?:\s|$)", " ".join(text.split()))[0]
        for name in names.split(","):
            found[name.strip()] = clause
    return found
