"""Checks of arguments, whose errors say the nearest names: `registry.hint` finds them."""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, ParamSpec, TypeGuard, TypeVar

import numpy as np

from kerasish.errors import ArgumentError, KerasishError, KindError
from kerasish.registry import hint
from kerasish.signatures import constructor, signature
from kerasish.spec import DTYPES
from kerasish.tracebacks import shorten

P = ParamSpec("P")
R = TypeVar("R")
_TAKES_KEYWORDS = 0x08  # the flag of code with `**kwargs`


def one_of(what: str, word: Any, words: Iterable[Any]) -> Any:
    """`word`, if it is one of `words`.

    Raises:
        ArgumentError: it is none of them; the message has the nearest.
    """
    held = tuple(words)
    if word not in held:
        near = hint(str(word), [w for w in held if isinstance(w, str)])
        raise ArgumentError(what, expected=f"one of {held}", received=repr(word), fix=near)
    return word


def known_dtypes(what: str, dtypes: Any) -> None:
    """Raise unless `dtypes` is a tuple or list of names of dtypes."""
    if isinstance(dtypes, str):
        raise ArgumentError(what, expected="dtypes in a tuple", received=repr(dtypes))
    for name in dtypes:
        one_of(f"{what}, dtypes", name, DTYPES)


def fits(what: str, form: str, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Raise ArgumentError unless a function can be called so; `form` says how."""
    try:
        signature(func).bind(*args, **kwargs)
    except TypeError as error:
        received = f"{func!r} ({error})"
        raise ArgumentError(what, expected=form, received=received) from None


def plain(what: str, attrs: dict[str, Any]) -> None:
    """Raise ArgumentError where an attribute is a tensor that a trace or a tape follows."""
    for name, value in attrs.items():
        if getattr(value, "node", None) is not None:
            raise ArgumentError(
                f"{what}, {name}",
                expected="a plain value, as of every attribute",
                received=f"a tensor that is traced or differentiated by, {value}",
                fix="Only inputs, by position, are tensors: make it one.",
            )


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer, Python's or numpy's; True and False are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is an integer or a float, Python's or numpy's; True and False are none."""
    return is_whole(value) or isinstance(value, (float, np.floating))


def whole(what: str, value: Any, least: int | None = 0) -> int:
    """`value` as an int of at least `least`, if not None; all that counts as an integer is taken.

    Raises:
        ArgumentError: it is none, or a smaller one.
    """
    try:
        found: int | None = operator.index(value)
    except TypeError:
        found = None
    if found is None or (least is not None and found < least):
        expected = "an integer" if least is None else f"an integer of {least} or more"
        raise ArgumentError(what, expected=expected, received=repr(value))
    return found


def numbers(what: str, value: Any) -> None:
    """Raise ArgumentError where a value, or one of an array or list of them, is no number."""
    try:
        found = np.asarray(value)
    except ValueError:
        found = np.empty(0, object)
    if found.dtype.kind not in "biuf" and found.dtype.name not in DTYPES:
        raise ArgumentError(what, expected="numbers", received=repr(value))


def function(what: str, value: Any) -> Any:
    """`value`, if it can be called.

    Raises:
        ArgumentError: it cannot.
    """
    if not callable(value):
        raise ArgumentError(what, expected="a function", received=repr(value))
    return value


def label(func: Any) -> str:
    """What errors call a function of a user's: its name, with that of the class of a method."""
    owner, name = getattr(func, "__self__", None), getattr(func, "__name__", "")
    if owner is None:
        return name or type(func).__name__
    return f"{type(owner).__name__}.{name}"


def called(what: str, form: str, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a function gives that a user wrote; None is a result too.

    Args:
        what: its place, for errors; by default its `label`.
        form: how it is called, such as "f(shape, dtype)".

    Raises:
        ArgumentError: it cannot be called so.
    """
    try:
        return func(*args, **kwargs)
    except TypeError as error:
        inside = error.__traceback__ is None or error.__traceback__.tb_next is not None
        if inside or isinstance(error, KerasishError):
            raise  # of its own code
        what = what or label(func)
        raise ArgumentError(what, expected=form, received=f"{func!r} ({error})") from None


def asked(what: str, form: str, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a function gives that a user wrote, which must be something; see `called`.

    Raises:
        ArgumentError: it cannot be called so, or gives nothing.
    """
    found = called(what, form, func, *args, **kwargs)
    if found is None:
        fix = "Let it end with `return`."
        raise ArgumentError(what, expected=f"a result of {form}", received="None", fix=fix)
    return found


def noted(where: Callable[[], str], func: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
    """What a function gives that a user wrote; its errors have a note that says where it stands."""
    try:
        return func(*args, **kwargs)
    except Exception as error:
        error.add_note(where())
        raise


def instance(what: str, cls: Any) -> Any:
    """An instance of a class that is made without arguments.

    Raises:
        ArgumentError: it asks for some.
    """
    try:
        return cls()
    except TypeError:
        if all(p.default is not p.empty for p in constructor(cls).parameters.values()):
            raise  # from inside
        raise ArgumentError(
            what,
            expected="an instance, or a class that is made without arguments",
            received=cls.__name__,
            fix=f"Pass {cls.__name__}(...).",
        ) from None


def refuse_unknown(owner: str, unknown: Iterable[str], known: Iterable[str]) -> None:
    """Raise on arguments that nobody takes.

    Raises:
        ArgumentError: there is one; the message has the nearest known name of each.
    """
    names = list(unknown)
    if names:
        raise _refusal(owner, names, list(known))


def _refusal(owner: str, unknown: list[str], known: list[str]) -> KindError:
    return KindError(
        f"{owner} got an unknown argument",
        expected=", ".join(dict.fromkeys(known)),
        received=", ".join(map(repr, unknown)),
        fix=" ".join(filter(None, (hint(name, known) for name in unknown))),
    )


def limited(name: str, asked: int | None, limit: int | None) -> int | None:
    """`asked`, None for no end, or with a warning a limit of `kerasish.config` that is less."""
    if limit is None or (asked is not None and asked <= limit):
        return asked
    warnings.warn(f"Limiting {name} to {limit}, as keras.config says.", stacklevel=3)
    return limit


def _misfit(
    qualname: str, known: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> ArgumentError | None:
    """The error of a call that names what is not known, or has it twice; None for any other."""
    unknown = [name for name in kwargs if name not in known]
    shown = [name for name in known if name != "self"]
    owner = qualname.removesuffix(".__init__").rpartition(".")[2]
    for name, value in zip(known, args, strict=False):
        if name in kwargs:
            return KindError(
                f"{owner} got {name!r} twice",
                expected=", ".join(shown),
                received=f"{value!r} in its place and {kwargs[name]!r}",
                fix=f"Give {value!r} by the name of the argument that it is.",
            )
    return _refusal(owner, unknown, shown) if unknown else None


def hinted(func: Callable[P, R]) -> Callable[P, R]:
    """Decorator: a keyword that `func` does not take, or has already, is an error with the fix."""
    code = func.__code__  # type: ignore[attr-defined]
    takes_all = bool(code.co_flags & _TAKES_KEYWORDS)
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(func)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:  # costs nothing where nothing is raised; a call of one row takes 6 microseconds
            try:
                return func(*args, **kwargs)
            except TypeError:
                misfit = None if takes_all else _misfit(func.__qualname__, known, args, kwargs)
                if misfit is None:
                    raise
                raise misfit from None
        except Exception as error:
            shorten(error)
            raise

    return call


def hinted_methods(cls: type[R]) -> type[R]:
    """Decorator: all public methods that a class defines are `hinted`."""
    for name, held in [*vars(cls).items()]:
        if name[0] == "_":
            continue
        if isinstance(held, (classmethod, staticmethod)):
            setattr(cls, name, type(held)(hinted(held.__func__)))
        elif isinstance(held, FunctionType):
            setattr(cls, name, hinted(held))
    return cls
