"""Declared fields: the one source of a layer's signature, conversion, checks, config and repr.

    class Dense(Layer):
        units: PositiveInt
        activation: Activation = None

A field's annotation says how a value is converted when it is assigned ("relu" becomes the
function), what is refused, and how it is written into a config; see `rules`.
"""

from __future__ import annotations

import re
import typing
import warnings
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar, dataclass_transform

from kerasish.arguments.annotations import KNOWN, readable, rule_of
from kerasish.arguments.contract import Contract, Field, Raising, bind
from kerasish.arguments.rules import ANYTHING, Constraint, Initializer, Regularizer
from kerasish.errors import ArgumentError
from kerasish.refusals import refused_by
from kerasish.signatures import MISSING, Parameter, Signature, meaning, ours, parameters
from kerasish.tracebacks import shorten, users_level

T = TypeVar("T")


# --- for type checkers ----------------------------------------------------------------------------


def keyword(*, alias: str, default: Any = None, kw_only: bool = True) -> Any:
    """An argument that every constructor takes by name, in a TYPE_CHECKING block."""


LAST = "*"  # `placed(behind=LAST)`: behind all fields, those of subclasses too


class Place(NamedTuple):
    """Where a field stands; `placed` makes it."""

    behind: str
    default: Any


def placed(*, behind: str = "", default: Any = MISSING, kw_only: bool = True) -> Any:
    """`groups: PositiveInt = placed(behind="dilation_rate", default=1)`: a field elsewhere.

    Args:
        behind: the field before it, or LAST; by default it is the first.
        default: as that of any field; by default it must be given.
        kw_only: for type checkers, which are not to mind the order.
    """
    return Place(behind, default)


@dataclass_transform(eq_default=False)
class Fields:
    """Base of what stubs say of the order of fields."""


class Deferred(Generic[T]):
    """`units = Deferred[int]()`: an attribute that subclasses declare as a field."""

    if TYPE_CHECKING:

        def __get__(self, layer: Any, cls: Any = None) -> T: ...
        def __set__(self, layer: Any, value: T) -> None: ...


# --- what a class declares ------------------------------------------------------------------------

OF_WEIGHTS = {"initializer": Initializer, "regularizer": Regularizer, "constraint": Constraint}


class Weights(dict[str, Field]):
    """The arguments of weights, by name; `weights` makes them."""


def weights(**initial: Any) -> Weights:
    """`learned = weights(kernel="glorot_uniform", bias="zeros")`: the arguments of weights.

    Each weight has a `kernel_initializer`, whose default is given, a `kernel_regularizer` and a
    `kernel_constraint`. They stand where they are declared, in Keras's order: the initializers of
    all, the regularizers, the constraints, and among these what else the class itself declares of
    such a name (`activity_regularizer`).
    """
    return Weights(
        (name := f"{weight}_{kind}", Field(name, hint, rule_of(hint) or ANYTHING, first, True))
        for kind, hint in OF_WEIGHTS.items()
        for weight, value in initial.items()
        for first in [value if kind == "initializer" else None]
    )


def declared(cls: Any, attributes: Collection[str] = ()) -> dict[str, Field]:
    """The fields that a class itself declares, in order.

    A class-level annotation is a field unless it is private, a ClassVar, a Final with a value, of
    what no constructor takes (a Variable, a Tensor), or says again what the package's own classes
    hold (the optimizer of a model).

    Args:
        cls: a class without a constructor of its own.
        attributes: what every layer has and no constructor takes, whatever its annotation.

    Raises:
        ArgumentError: an annotation that names something unknown, or says nothing about values; a
            name that hides what every layer has; a default that cannot be copied.
    """
    found: dict[str, Field] = {}
    for name, written in vars(cls).get("__annotations__", {}).items():
        default = vars(cls).get(name, MISSING)
        behind = None
        if isinstance(default, Place):
            behind, default = default
            delattr(cls, name) if default is MISSING else setattr(cls, name, default)
        if name.startswith("_") or name in attributes:
            continue
        own = name in cls.fields or name == "activity_regularizer"  # one that a class may show
        if not own and (held := _held(cls, name)):
            refused = default is not MISSING or name in _TAKEN or _fixed(held[0])
            if not ours(cls) and refused:
                raise hidden(cls.__name__, name, "a field")
            if default is MISSING:
                continue
        word = _QUALIFIER.match(written if isinstance(written, str) else repr(written))
        if word and (word[1] == "ClassVar" or default is not MISSING):
            continue
        try:
            hint = meaning(cls, name, written)
        except NameError:
            raise _unknown(cls, name, written) from None
        if typing.get_origin(hint) is Final or hint is Final:
            hint = (*typing.get_args(hint), Any)[0]
        try:
            rule = rule_of(hint)
        except TypeError:
            raise _unknown(cls, name, readable(hint)) from None
        if rule is not None:
            found[name] = Field(name, hint, rule, default, True, behind)
            _check_default(cls, found[name])
    return _with_weights(vars(cls), found)


def _with_weights(own: Mapping[str, Any], found: dict[str, Field]) -> dict[str, Field]:
    """The fields of a class body with those of its `weights` in their place."""
    at = next((i for i, held in enumerate(own.values()) if isinstance(held, Weights)), None)
    if at is None:
        return found
    kinds = list(OF_WEIGHTS)
    _, learned = list(own.items())[at]
    after = list(own)[at:]
    said = {n: f for n, f in found.items() if n.rpartition("_")[2] in kinds}
    block = sorted({**learned, **said}.items(), key=lambda o: kinds.index(o[0].rpartition("_")[2]))
    rest = {n: f for n, f in found.items() if n not in said}
    ahead = {n: f for n, f in rest.items() if n not in after}
    return {**ahead, **dict(block), **rest}


def together(cls: Any, lent: Mapping[str, Field], new: Mapping[str, Field]) -> dict[str, Field]:
    """All fields of a class, each that is `placed` where it says.

    Args:
        cls: a class that has the fields of its base; what it annotates otherwise is none any more.
        lent: fields of another class, which stand before its own.
        new: what it declares itself.
    """
    gone = vars(cls).get("__annotations__", {}).keys() - new.keys()
    held = {name: field for name, field in cls.fields.items() if name not in gone}
    fields = {**lent, **held, **new}
    followers: dict[str | None, list[str]] = {None: list(fields)}
    for name, field in fields.items():
        if field.behind in ("", LAST) or field.behind in fields:
            followers[None].remove(name)
            followers.setdefault(field.behind, []).insert(0, name)
    # The last of a base stay the last.
    last = sorted(reversed(followers.get(LAST, [])), key=lambda name: name not in new)
    order: dict[str, Field] = {}

    def stand(names: list[str]) -> None:
        for name in names:
            order[name] = fields[name]
            stand(followers.get(name, []))

    stand([*followers.get("", []), *followers[None], *last])
    return order


_QUALIFIER = re.compile(r"(?:\w+\.)?(ClassVar|Final)\b")


_TAKEN = ("name", "dtype", "trainable", "autocast")  # what every constructor takes


def _held(cls: type, name: str) -> tuple[Any] | None:
    """What a class of the package above has under this name: a member, None if annotated alone."""
    for base in cls.__mro__[1:]:
        if name in vars(base) or name in vars(base).get("__annotations__", ()):
            return (vars(base).get(name),) if ours(base) else None
    return None


def _fixed(member: Any) -> bool:
    """Whether it is a method, or a property that cannot be set."""
    return isinstance(member, FunctionType) or (
        isinstance(member, property) and member.fset is None
    )


def refuse_hiding(cls: type) -> None:
    """Raise where a class puts something else in the place of a method or property that it needs.

    Raises:
        ArgumentError: a value for a method, or no property for a property.
    """
    for name, value in vars(cls).items():
        (held,) = _held(cls, name) or (None,)
        if isinstance(held, FunctionType):
            wrong = not (callable(value) or hasattr(value, "__get__"))
        elif isinstance(held, property):
            wrong = isinstance(value, FunctionType) or not hasattr(value, "__get__")
        else:
            wrong = name == "fields"
        if wrong and name != "input_spec":  # a class may set that for all its objects
            raise hidden(cls.__name__, name, repr(value))


def hidden(owner: str, name: str, received: str) -> ArgumentError:
    """The error of a class that would hide what every layer has under a name."""
    return ArgumentError(
        f"{owner}.{name}",
        expected=f"another name: {name!r} is what every layer or model has and needs itself",
        received=received,
        fix=f"Give {name}= where it is made, or to super().__init__()."
        if name in _TAKEN
        else f"Call it my_{name.lstrip('_')} or the like.",
    )


def _check_default(cls: type, field: Field) -> None:
    try:
        field.fresh()
    except Exception as error:  # noqa: BLE001 - whatever its own copying raises
        raise ArgumentError(
            f"{cls.__name__}.{field.name}",
            expected="a default of which every object can have a copy",
            received=f"{field.default!r} ({error})",
            fix=f"Let {field.name} be None by default and make it in __post_init__.",
        ) from None


def takes_its_own(base: Callable[..., Any]) -> bool:
    """Whether an inherited constructor names arguments of its own, so that no field adds any.

    Args:
        base: the constructor; fields go along with the package's, and with one that hands on
            whatever it is given.
    """
    if ours(base):
        return False
    own = list(parameters(base).values())[1:]
    return any(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in own)


def _unknown(cls: type, name: str, written: Any) -> ArgumentError:
    return ArgumentError(
        f"{cls.__name__}.{name}",
        expected=f"an annotation that says what the argument may be: {KNOWN}",
        received=f"{name}: {written if isinstance(written, str) else repr(written)}",
        fix="Import its name where the program runs and not for type checkers only, annotate "
        f"ClassVar[...] or call it _{name} if it is no argument, or write an __init__.",
    )


# --- the constructor ------------------------------------------------------------------------------


def make_constructor(cls: type, fields: Mapping[str, Field], base: Callable[..., None]) -> Any:
    """The `__init__` that `fields` describe: assign each, then run `__post_init__`.

    Args:
        base: the constructor of `Layer`, which takes the remaining keywords (name, dtype, ...), or
            of a model, which may take layers and symbols in the first places too.

    Raises:
        ArgumentError: a field without a default comes after one with a default.
    """
    held = next((f.name for f in fields.values() if f.default is not MISSING), None)
    for f in list(fields.values())[list(fields).index(held) if held else len(fields) :]:
        if f.default is MISSING:
            raise ArgumentError(
                f"{cls.__name__}.{f.name}",
                expected=f"a default, as {held!r} before it has one",
                received="none",
                fix=f"Give it one, annotate {f.name}: ClassVar[...] if it is no argument, or "
                "write an __init__.",
            )
    own = [
        Parameter(
            f.name,
            Parameter.POSITIONAL_OR_KEYWORD,
            default=f.default,
            annotation=MISSING if (hint := readable(f.hint)) is Any else hint,
        )
        for f in fields.values()
    ]
    itself = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    rest = Parameter("kwargs", Parameter.VAR_KEYWORD)
    signature = Signature([itself, *own, rest])
    contract = Contract(dict(fields))

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        ahead = args if self._made_of(args) else ()
        raising = Raising(type(self).__name__, contract, type(self))
        given = kwargs.copy()
        try:
            modernise(cls, kwargs)
            bound = bind(contract, raising.given(args[len(ahead) :], kwargs), raising)
            if ahead or not kwargs.keys().isdisjoint(("inputs", "outputs")):
                object.__setattr__(self, "_parts_given", True)
            base(self, *ahead, **kwargs)
            self._take(bound)
            self.__post_init__()
        except Exception as error:
            told = refused_by(type(self), __init__, (self, *args), given, error)
            shorten(told)
            if told is error:
                raise
            raise told from None
        whole = type(self).__init__ is __init__  # no other constructor adds to it
        if whole and self.builds_by_calling and not self._sublayers():
            object.__setattr__(self, "built", True)  # there is nothing to build, as in Keras

    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    __init__.__module__ = cls.__module__
    __init__.__doc__ = None
    __init__.__annotations__ = {f.name: f.hint for f in fields.values()}
    vars(__init__).update(__signature__=signature, from_fields=True)
    return __init__


def modernise(cls: Any, kwargs: dict[str, Any]) -> None:
    """Give arguments under their older names (`cls.renamed`) the present ones, with a warning."""
    for old, new in cls.renamed.items():
        if old in kwargs and new not in kwargs:
            kwargs[new] = kwargs.pop(old)
            warnings.warn(
                f"{cls.__name__}: the argument {old!r} is now called {new!r}.",
                stacklevel=users_level(),
            )
