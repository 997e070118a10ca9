"""Declared fields: the one source of a layer's signature, conversion, checks, config and repr.

    class Dense(Layer):
        units: PositiveInt
        activation: Activation = None

A field's annotation says how a value is converted when it is assigned ("relu" becomes the
function), what is refused, and how it is written into a config. `IntTuple` and the like are
`Annotated` types, so that readers of signatures (the declarative schema, type checkers) see
ordinary types.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from kerasish import activations, constraints, initializers, registry, regularizers
from kerasish.errors import ArgumentError, KerasishError
from kerasish.serialization import resolve, serialize_keras_object

MISSING = inspect.Parameter.empty


def plain(value: Any) -> Any:
    """How a value without a rule of its own is written into a config."""
    return serialize_keras_object(value)


@dataclass(frozen=True)
class Rule:
    """How one kind of field behaves.

    Args:
        expected: words for error messages.
        convert: value -> value as kept; raises ValueError or TypeError on what it refuses.
        serialize: value as kept -> plain data.
    """

    expected: str
    convert: Callable[[Any], Any]
    serialize: Callable[[Any], Any] = field(default=plain)


@dataclass(frozen=True)
class Field:
    """One declared argument of a layer."""

    name: str
    hint: Any
    rule: Rule
    default: Any = MISSING

    def convert(self, value: Any, owner: str) -> Any:
        """The value as the layer keeps it.

        Raises:
            ArgumentError: the field's type does not allow it.
        """
        try:
            return self.rule.convert(value)
        except KerasishError as error:
            raise type(error)(f"{owner}.{self.name}: {error}") from None
        except (ValueError, TypeError):
            raise ArgumentError(
                f"{owner}.{self.name} must be {self.rule.expected}. Received: "
                f"{self.name}={value!r}."
            ) from None


# --- rules --------------------------------------------------------------------------------------


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not (
        isinstance(value, (int, np.integer)) or (isinstance(value, float) and value.is_integer())
    ):
        raise ValueError
    return int(value)


def _positive(value: Any) -> int:
    number = _integer(value)
    if number <= 0:
        raise ValueError
    return number


def _number(value: Any) -> float | int:
    if isinstance(value, (bool, str)) or not np.isscalar(value):
        raise ValueError
    return value if isinstance(value, (int, float)) else np.asarray(value).item()


def _rate(value: Any) -> float | int:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError
    return bool(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _int_or_ints(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_int_or_ints(item) for item in value)
    return _integer(value)


def _partial_shape(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(None if item is None else _integer(item) for item in value)
    return _integer(value)


def _as_list(value: Any) -> Any:
    return [_as_list(item) for item in value] if isinstance(value, tuple) else value


def _optional(rule: Rule) -> Rule:
    return Rule(
        f"{rule.expected}, or None",
        lambda value: None if value is None else rule.convert(value),
        lambda value: None if value is None else rule.serialize(value),
    )


def _layer(value: Any) -> Any:
    found = resolve("layer", value)
    if not hasattr(found, "get_config") or not callable(found):
        raise ValueError
    return found


def one_of(*choices: str, **older: str) -> Rule:
    """The rule of a word out of a few, in capitals or not.

    Args:
        choices: the words, in lower case.
        older: further words, with what each stands for; their underscores may be hyphens.
    """

    def convert(value: Any) -> str:
        word = value.lower() if isinstance(value, str) else value
        if word not in choices and isinstance(word, str):
            word = older.get(word.replace("-", "_"), word)
        if word not in choices:
            near = registry.nearest(str(value), choices)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(
                f"expected one of {', '.join(map(repr, choices))}. Received: {value!r}.{hint}"
            )
        return word

    return Rule(f"one of {choices}", convert)


_BASIC: dict[Any, Rule] = {
    int: Rule("an int", _integer),
    float: Rule("a number", _number),
    bool: Rule("True or False", _boolean),
    str: Rule("a string", _text),
    Any: Rule("anything", lambda value: value),
}

PositiveInt = Annotated[int, Rule("a positive int", _positive)]
Rate = Annotated[float, Rule("a number in [0, 1]", _rate)]
IntOrTuple = Annotated[Any, Rule("an int or a tuple of ints", _int_or_ints, _as_list)]
PartialShape = Annotated[Any, Rule("an int or a tuple of ints and None", _partial_shape, _as_list)]
Activation = Annotated[Any, Rule("an activation", activations.get, activations.serialize)]
Initializer = Annotated[Any, Rule("an initializer", initializers.get, initializers.serialize)]
Regularizer = Annotated[Any, Rule("a regularizer", regularizers.get, regularizers.serialize)]
Constraint = Annotated[Any, Rule("a constraint", constraints.get, constraints.serialize)]
LayerField = Annotated[Any, Rule("a layer", _layer)]
PaddingMode = Annotated[str, one_of("valid", "same")]
CausalPaddingMode = Annotated[str, one_of("valid", "same", "causal")]
DataFormat = Annotated[str | None, _optional(one_of("channels_last", "channels_first"))]
Interpolation = Annotated[str, one_of("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")]


def sized(value: Any, rank: int, what: str, zero: bool = False) -> tuple[int, ...]:
    """An int, or a tuple of `rank` ints, as a tuple of positive (`zero`: non-negative) ints.

    Raises:
        ArgumentError: another number of ints, or one too small.
    """
    sizes = (value,) * rank if isinstance(value, int) else tuple(value)
    least = 0 if zero else 1
    if len(sizes) != rank or any(not isinstance(d, int) or d < least for d in sizes):
        raise ArgumentError(
            f"{what} must be an int >= {least} or a tuple of {rank} of them. Received: {value!r}."
        )
    return sizes


def rule_of(hint: Any) -> Rule | None:
    """The rule of an annotation; None for one that declares no field (a Variable, a Layer)."""
    if isinstance(hint, Rule):
        return hint
    if typing.get_origin(hint) is Annotated:
        return next((part for part in hint.__metadata__ if isinstance(part, Rule)), None)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [m for m in typing.get_args(hint) if m is not type(None)]
        found = rule_of(members[0]) if len(members) == 1 else _BASIC[Any]
        with_none = len(members) < len(typing.get_args(hint))
        return _optional(found) if found is not None and with_none else found
    if typing.get_origin(hint) in (list, tuple, dict):
        return _BASIC[Any]
    return _BASIC.get(hint)


def readable(hint: Any) -> Any:
    """An annotation without rules, as `help()` and editors show it; Any where it says nothing."""
    if typing.get_origin(hint) is Annotated:
        return readable(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [readable(member) for member in typing.get_args(hint)]
        return Any if Any in members else functools.reduce(operator.or_, members)
    return Any if isinstance(hint, Rule) else hint


def declared(cls: type) -> dict[str, Field]:
    """The fields that a class itself declares, in order.

    A class-level annotation is a field unless it is private, a ClassVar, or of a type that no
    argument has (a Variable, a Tensor).
    """
    found: dict[str, Field] = {}
    for name in vars(cls).get("__annotations__", {}):
        hint = None if name.startswith("_") else _hint(cls, name)
        rule = None if hint is None else rule_of(hint)
        if rule is not None:
            found[name] = Field(name, hint, rule, vars(cls).get(name, MISSING))
    return found


def _hint(cls: type, name: str) -> Any:
    """The type an annotation means; None where it cannot be resolved, so is no field."""
    # A class, since a function may not have a ClassVar.
    holder = type(cls.__name__, (), {"__annotations__": {name: cls.__annotations__[name]}})
    module = sys.modules.get(cls.__module__)
    try:
        return typing.get_type_hints(holder, vars(module) if module else {}, include_extras=True)[
            name
        ]
    except NameError:
        return None  # a name that only type checkers import


def constructor(cls: type, fields: Mapping[str, Field], base: Callable[..., None]) -> Any:
    """The `__init__` that `fields` describe: assign each, then run `__post_init__`.

    Args:
        base: the constructor of `Layer`, which takes the remaining keywords (name, dtype, ...).
    """
    parameters = [
        inspect.Parameter(
            f.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=f.default,
            annotation=MISSING if (hint := readable(f.hint)) is Any else hint,
        )
        for f in fields.values()
    ]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    rest = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
    signature = inspect.Signature([own, *parameters, rest])
    names = list(fields)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        modernise(cls, kwargs)
        given = bind(cls.__name__, names, fields, args, kwargs)
        base(self, **kwargs)
        for name, value in given.items():
            setattr(self, name, value)
        self.__post_init__()
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
                f"{cls.__name__}: the argument {old!r} is now called {new!r}.", stacklevel=4
            )


def bind(
    owner: str,
    names: list[str],
    fields: Mapping[str, Field],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> dict[str, Any]:
    """The value of every field; keywords that are fields are taken out of `kwargs`.

    Raises:
        ArgumentError: too many arguments, one given twice, or a required one missing.
    """
    if len(args) > len(names):
        raise ArgumentError(
            f"{owner}. Expected: at most {len(names)} positional arguments ({', '.join(names)}). "
            f"Received: {len(args)}."
        )
    given = dict(zip(names, args, strict=False))
    for name in names:
        if name in kwargs:
            if name in given:
                raise ArgumentError(f"{owner}. The argument {name!r} was given twice.")
            given[name] = kwargs.pop(name)
        elif name not in given:
            if fields[name].default is MISSING:
                raise ArgumentError(
                    f"{owner}. Expected: the argument {name!r} ({fields[name].rule.expected}). "
                    f"Received: {', '.join(given) or 'nothing'}."
                )
            given[name] = fields[name].default
    return {name: given[name] for name in names}
