"""What the annotation of a field means: how values are converted, refused and written.

    units: PositiveInt                       one of the types named below
    mode: Literal["mean", "sum"] = "mean"    or a type of Python's
    sizes: Sequence[int] = ()
    encoder: keras.layers.Layer              or a class of the package: a name or a config will do

`rule_of` reads an annotation; whatever it does not know is an error, so that no argument is lost.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError
from kerasish.portable import STATE, PortableTensor
from kerasish.registry import hint
from kerasish.serialization import kind_of, resolve, serialize_keras_object
from kerasish.spec import DTYPES, np_dtype

KNOWN = (
    "int, float, bool, str, Any, Literal, an Enum, list, tuple, dict, Sequence, Mapping, Callable, "
    "np.ndarray, a class of layers, initializers, regularizers, constraints, losses, metrics or "
    "optimizers, any of them with | None, or Annotated[type, Rule(...)]"
)


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
        described: whether plain data may describe objects that are to be made before `convert`.
        kind: the registry kind of the objects that a name or a config stands for, here or inside.
        inside: the rule of what a list or mapping holds; None where the value is neither.
        keyed: whether it is a mapping.
    """

    expected: str
    convert: Callable[[Any], Any]
    serialize: Callable[[Any], Any] = field(default=plain)
    described: bool = False
    kind: str | None = None
    inside: Rule | None = None
    keyed: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.expected, str) or not callable(self.convert):
            raise ArgumentError(
                "Rule",
                expected="words for errors, then a function, such as Rule('an even number', "
                "as_even)",
                received=f"{self.expected!r}, {self.convert!r}",
            )


# --- single values ------------------------------------------------------------------------------


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


def of_kind(kind: str) -> Rule:
    """The rule of what a name, a config, a class or an object of a kind of the registry gives."""
    return Rule(f"a {kind}", functools.partial(resolve, kind), kind=kind)


def _activation(value: Any) -> Any:
    if value is None:
        return registry.lookup("activation", "linear")
    return resolve("activation", value)


def _written_activation(value: Any) -> Any:
    return value.__name__ if kind_of(value) == "activation" else plain(value)


def _initializer(value: Any) -> Any:
    if isinstance(value, np.ndarray) or hasattr(value, "is_symbolic"):
        return registry.lookup("initializer", "constant")(np.asarray(value))
    return resolve("initializer", value)


def _layer(value: Any) -> Any:
    found = resolve("layer", value)
    if not hasattr(found, "get_config") or not callable(found):
        raise ValueError
    return found


def _function(value: Any) -> Any:
    if not callable(value):
        raise ValueError
    return value


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
            raise _no_choice(value, choices)
        return word

    return Rule(f"one of {choices}", convert)


def _no_choice(value: Any, choices: Sequence[Any]) -> ArgumentError:
    return ArgumentError(
        f"expected one of {', '.join(map(repr, choices))}",
        received=repr(value),
        fix=hint(str(value), map(str, choices)),
    )


def _literal(*choices: Any) -> Rule:
    def convert(value: Any) -> Any:
        for choice in choices:  # 1 is not True
            if type(choice) is type(value) and choice == value:
                return choice
        raise _no_choice(value, choices)

    return Rule(f"one of {choices}", convert)


def _member(kind: type[Enum]) -> Rule:
    """A member of an Enum, its value or its name; written as its value, or its name."""
    names = list(kind.__members__)

    def convert(value: Any) -> Enum:
        try:
            return kind(value)
        except ValueError:
            if isinstance(value, str) and value in kind.__members__:
                return kind[value]
        raise _no_choice(value, names)

    def serialize(value: Enum) -> Any:
        return value.value if isinstance(value.value, (str, int, float)) else value.name

    return Rule(f"a {kind.__name__}: one of {', '.join(names)}", convert, serialize)


def _object(kind: str, cls: type) -> Rule:
    """What a name, a config or an object stands for, of a class of the registry's `kind`."""

    def convert(value: Any) -> Any:
        found = _initializer(value) if kind == "initializer" else resolve(kind, value)
        if not isinstance(found, cls):
            raise TypeError
        return found

    article = "an" if cls.__name__[0] in "AEIOU" else "a"
    return Rule(f"{article} {cls.__name__}", convert, kind=kind)


def _array(value: Any) -> np.ndarray:
    """An array out of numbers in rows, or of `{value: rows, dtype: name}`, as configs say it."""
    if isinstance(value, Mapping) and value.keys() == {"value", "dtype"}:
        if value["dtype"] not in DTYPES:
            raise ValueError
        return np.array(value["value"], np_dtype(value["dtype"]))
    found = np.asarray(value)
    if isinstance(value, str) or (found.dtype == object and not isinstance(value, np.ndarray)):
        raise ValueError
    return found


BASIC: dict[Any, Rule] = {
    int: Rule("an int", _integer),
    float: Rule("a number", _number),
    bool: Rule("True or False", _boolean),
    str: Rule("a string", _text),
    Any: Rule("anything", lambda value: value, described=True),
}
BASIC[object] = ANYTHING = BASIC[Any]

# A type checker knows one type for what is given and for what is read. It is that of all that
# converts, and Any where most layers compute with what comes out: sizes, shapes, functions, layers.
_Made = str | Mapping[str, Any] | Callable[..., Any] | None
_ACTIVATION = Rule("an activation", _activation, _written_activation, kind="activation")
_INITIALIZER = Rule("an initializer", _initializer, kind="initializer")
_LAYER = Rule("a layer", _layer, kind="layer")
PositiveInt = Annotated[int, Rule("a positive int", _positive)]
Rate = Annotated[float, Rule("a number in [0, 1]", _rate)]
IntOrTuple = Annotated[Any, Rule("an int or a tuple of ints", _int_or_ints, _as_list)]
PartialShape = Annotated[Any, Rule("an int or a tuple of ints and None", _partial_shape, _as_list)]
Activation = Annotated[Any, _ACTIVATION]
Initializer = Annotated[_Made | np.ndarray | PortableTensor, _INITIALIZER]
Regularizer = Annotated[_Made, of_kind("regularizer")]
Constraint = Annotated[_Made, of_kind("constraint")]
LayerField = Annotated[Any, _LAYER]
PaddingMode = Annotated[str, one_of("valid", "same")]
CausalPaddingMode = Annotated[str, one_of("valid", "same", "causal")]
Interpolation = Annotated[str, one_of("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")]


# --- several values -----------------------------------------------------------------------------


def optional(rule: Rule) -> Rule:
    """What `rule` takes, or None."""
    return replace(
        rule,
        expected=f"{rule.expected}, or None",
        convert=lambda value: None if value is None else rule.convert(value),
        serialize=lambda value: None if value is None else rule.serialize(value),
    )


def sized(value: Any, rank: int, what: str, zero: bool = False) -> tuple[int, ...]:
    """An int, or a tuple of `rank` ints, as a tuple of positive (`zero`: non-negative) ints.

    Raises:
        ArgumentError: another number of ints, or one too small.
    """
    sizes = (value,) * rank if isinstance(value, int) else tuple(value)
    least = 0 if zero else 1
    if len(sizes) != rank or any(not isinstance(d, int) or d < least for d in sizes):
        raise ArgumentError(
            f"{what} must be an int >= {least} or a tuple of {rank} of them", received=repr(value)
        )
    return sizes


DataFormat = Annotated[str | None, optional(one_of("channels_last", "channels_first"))]


def _several(kind: Callable[[Iterable[Any]], Any], each: Rule, size: int | None = None) -> Rule:
    def convert(value: Any) -> Any:
        if isinstance(value, (str, bytes, Mapping)) or (size is not None and len(value) != size):
            raise ValueError
        return kind(each.convert(item) for item in value)

    word = "list" if kind is list else "list or tuple"
    expected = f"a {word}" if each is ANYTHING else f"a {word} of which each is {each.expected}"
    return Rule(
        expected,
        convert,
        lambda value: [each.serialize(item) for item in value],
        each.described,
        each.kind,
        each,
    )


def _each_its_own(rules: list[Rule]) -> Rule:
    def convert(value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, bytes, Mapping)) or len(value) != len(rules):
            raise ValueError
        return tuple(rule.convert(item) for rule, item in zip(rules, value, strict=True))

    return Rule(
        f"a tuple of {len(rules)}: {', '.join(rule.expected for rule in rules)}",
        convert,
        lambda value: [rule.serialize(item) for rule, item in zip(rules, value, strict=True)],
        any(rule.described for rule in rules),
        next((rule.kind for rule in rules if rule.kind), None),
    )


def _mapping(keys: Rule, values: Rule) -> Rule:
    def key(value: Any) -> Any:
        # JSON has text for keys only.
        return keys.convert(int(value) if keys is BASIC[int] and type(value) is str else value)

    expected = "a dict" if values is ANYTHING else f"a dict of which each is {values.expected}"
    return Rule(
        expected,
        lambda value: {key(k): values.convert(v) for k, v in dict(value).items()},
        lambda value: {str(k): values.serialize(v) for k, v in value.items()},
        values.described,
        values.kind,
        values,
        keyed=True,
    )


def _any_of(hints: Sequence[Any], rules: Sequence[Rule]) -> Rule:
    """The rule of a union: that of the very type of a value, else the first that takes it."""

    def pick(value: Any) -> tuple[Rule, Any]:
        first = [rule for hint, rule in zip(hints, rules, strict=True) if hint is type(value)]
        for rule in (*first, *rules):
            try:
                return rule, rule.convert(value)
            except (ValueError, TypeError):
                continue
        raise ValueError

    return Rule(
        " or ".join(rule.expected for rule in rules),
        lambda value: pick(value)[1],
        lambda value: pick(value)[0].serialize(value),
        any(rule.described for rule in rules),
        next((rule.kind for rule in rules if rule.kind), None),
    )


# --- annotations --------------------------------------------------------------------------------


def marked(hint: Any) -> Rule | None:
    """The rule that stands in an `Annotated` hint."""
    parts = hint.__metadata__ if typing.get_origin(hint) is Annotated else ()
    return next((part for part in parts if isinstance(part, Rule)), None)


def rule_of(hint: Any) -> Rule | None:
    """The rule of an annotation; None for what no constructor takes: a Variable, a Tensor.

    Raises:
        TypeError: an annotation that says nothing about values.
    """
    if isinstance(hint, Rule):
        return hint
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return marked(hint) or rule_of(inner[0])
    if origin is Literal:
        return _literal(*inner)
    if hint is typing.Self:
        return _LAYER
    if isinstance(hint, typing.TypeVar):
        return rule_of(hint.__bound__ or Any)
    if hasattr(hint, "__supertype__"):  # a NewType
        return rule_of(hint.__supertype__)
    if typing.is_typeddict(hint):
        return rule_of(dict)
    if origin in (Union, UnionType):
        return _union(inner)
    kind = hint if origin is None else origin
    if kind in (list, tuple, dict, Sequence, Mapping, MutableMapping):
        return _container(kind, inner)
    if kind is Callable or kind is typing.Callable:
        return Rule("a function", _function, described=True)
    if isinstance(hint, type) or origin is np.ndarray:
        return _of_class(kind)
    if hint is Any:
        return ANYTHING
    raise TypeError(hint)


def rule_for(hint: Any) -> Rule:
    """The rule of a parameter's hint; that of anything where the hint says nothing about values."""
    try:
        return ANYTHING if hint is None else rule_of(hint) or ANYTHING
    except TypeError:
        return ANYTHING


def _of_class(cls: type) -> Rule | None:
    if cls in BASIC:
        return BASIC[cls]
    if issubclass(cls, Enum):
        return _member(cls)
    if issubclass(cls, np.ndarray):
        return Rule("an array", _array, described=True)
    kind = getattr(cls, "registry_kind", None)
    if kind is None:
        raise TypeError(cls)
    return None if kind == STATE else _object(kind, cls)


def _union(members: tuple[Any, ...]) -> Rule | None:
    hints = [member for member in members if member is not NoneType]
    found = [rule_of(hint) for hint in hints]
    rules = [rule for rule in found if rule is not None]
    if len(rules) < len(found):
        return None
    rule = ANYTHING if ANYTHING in rules else _any_of(hints, rules)
    if len(rules) == 1:
        rule = rules[0]
    return optional(rule) if len(hints) < len(members) else rule


def _container(kind: Any, inner: tuple[Any, ...]) -> Rule | None:
    hints = [hint for hint in inner if hint is not Ellipsis] or [Any]
    found = [rule_of(hint) for hint in hints]
    rules = [rule for rule in found if rule is not None]
    if len(rules) < len(found):
        return None
    if kind in (dict, Mapping, MutableMapping):
        return _mapping(rules[0], rules[-1])
    if kind is tuple and inner and Ellipsis not in inner:
        return _each_its_own(rules)
    return _several(list if kind is list else tuple, rules[0])


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of a union; a lone type is its own only member."""
    if typing.get_origin(hint) is Annotated:
        return alternatives(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (Union, UnionType):
        return tuple(one for member in typing.get_args(hint) for one in alternatives(member))
    return (hint,)


def readable(hint: Any) -> Any:
    """An annotation without rules, as `help()` and editors show it; Any where it says nothing."""
    if typing.get_origin(hint) is Annotated:
        return readable(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (Union, UnionType):
        members = [readable(member) for member in typing.get_args(hint)]
        return Any if Any in members else functools.reduce(lambda a, b: a | b, members)
    return Any if isinstance(hint, Rule) else hint
