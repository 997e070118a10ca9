"""What the annotation of a field means: how values are converted, refused and written.

    units: PositiveInt                       one of the types named below
    mode: Literal["mean", "sum"] = "mean"    or a type of Python's
    sizes: Sequence[int] = ()
    encoder: keras.layers.Layer              or a class of the package: a name or a config will do

`annotations.rule_of` reads an annotation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError
from kerasish.hints import is_whole
from kerasish.portable import PortableTensor
from kerasish.registry import hint
from kerasish.serialization import kind_of, resolve, serialize_keras_object
from kerasish.spec import DTYPES


def plain(value: Any) -> Any:
    """How a value without a rule of its own is written into a config."""
    return serialize_keras_object(value)


@dataclass(frozen=True, eq=False)
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
        form: the JSON Schema of the plain data that it takes, without bounds where nobody said
            them; None where that follows from the annotation, or any value goes.
    """

    expected: str
    convert: Callable[[Any], Any]
    serialize: Callable[[Any], Any] = field(default=plain)
    described: bool = False
    kind: str | None = None
    inside: Rule | None = None
    keyed: bool = False
    form: Mapping[str, Any] | None = None

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
    if not is_whole(value) and not (isinstance(value, float) and value.is_integer()):
        raise ValueError
    return int(value)


def _size(value: Any) -> int:
    if isinstance(value, float):  # no size of a layer in Keras either
        raise TypeError
    return _integer(value)


def _positive(value: Any) -> int:
    number = _size(value)
    if number <= 0:
        raise ValueError
    return number


def _noise_shape(value: Any) -> tuple[int | None, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError
    return tuple(None if item is None else _positive(item) for item in value)


def _group_count(value: Any) -> int:
    return -1 if _size(value) == -1 else _positive(value)


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
    if not isinstance(value, (bool, np.bool_)) and not (type(value) is int and value in (0, 1)):
        raise ValueError
    return bool(value)


def _or_auto(value: Any) -> Any:
    return value if value == "auto" else _boolean(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _int_or_ints(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        value = tuple(value)
    if isinstance(value, (list, tuple)):
        kind = list if isinstance(value, list) else tuple  # configs tell them apart, as in Keras
        return kind(_int_or_ints(item) for item in value)
    return _size(value)


def _ints(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or np.isscalar(value):
        raise TypeError
    return tuple(_int_or_ints(item) for item in value)


def _partial_shape(value: Any) -> Any:
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(None if item is None else _size(item) for item in value)
    return _size(value)


def _unchanged(value: Any) -> Any:
    return value


def listed(value: Any) -> Any:
    """What has a length, as it is."""
    if not hasattr(value, "__len__") or isinstance(value, str):
        raise TypeError
    return value


def as_axes(value: Any) -> tuple[int, ...]:
    """One axis or several, as a tuple."""
    return (value,) if isinstance(value, int) else tuple(value)


def of_kind(kind: str) -> Rule:
    """The rule of what a name, a config, a class or an object of a kind of the registry gives."""
    return Rule(f"a {kind}", functools.partial(resolve, kind), kind=kind, form=_of_kind(kind))


def _of_kind(kind: str) -> Mapping[str, Any]:
    return {"$ref": f"#/$defs/{kind}"}


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
            raise no_choice(value, choices)
        return word

    return Rule(f"one of {choices}", convert, form=enum(choices))


def enum(values: Iterable[Any]) -> Mapping[str, Any]:
    """The schema of one out of a few values."""
    return {"enum": list(values)}


def typed(*types: str, **more: Any) -> Mapping[str, Any]:
    """The schema of a value of a type, or of one of several."""
    return {"type": types[0] if len(types) == 1 else list(types), **more}


def taking(*types: str, **more: Any) -> Rule:
    """The rule of what a class holds against its own demands, said to be of some types of JSON."""
    return Rule("anything", _unchanged, described=True, form=typed(*types, **more))


def no_choice(value: Any, choices: Sequence[Any]) -> ArgumentError:
    """The error of a value that is none of a few."""
    return ArgumentError(
        f"expected one of {', '.join(map(repr, choices))}",
        received=repr(value),
        fix=hint(str(value), map(str, choices)),
    )


BASIC: dict[Any, Rule] = {
    int: Rule("an int", _integer, form=typed("integer")),
    float: Rule("a number", _number, form=typed("number")),
    bool: Rule("True or False", _boolean, form=typed("boolean")),
    str: Rule("a string", _text, form=typed("string")),
    Any: Rule("anything", lambda value: value, described=True),
}
BASIC[object] = ANYTHING = BASIC[Any]

# A type checker knows one type for what is given and for what is read. It is that of all that
# converts, and Any where most layers compute with what comes out: sizes, shapes, functions, layers.
_Made = str | Mapping[str, Any] | Callable[..., Any] | None
ACTIVATION = Rule(
    "an activation",
    _activation,
    _written_activation,
    kind="activation",
    form={"anyOf": [_of_kind("activation"), typed("null")]},
)
INITIALIZER = Rule("an initializer", _initializer, kind="initializer", form=_of_kind("initializer"))
LAYER = Rule("a layer", _layer, kind="layer", form=_of_kind("layer"))
_SIZES = typed("integer", "array", items=typed("integer", "array"))
_SIZE = typed("integer", minimum=1)
PositiveInt = Annotated[int, Rule("a positive int", _positive, form=_SIZE)]
GroupCount = Annotated[
    int,
    Rule(
        "a positive int, or -1 for a group per channel",
        _group_count,
        form=typed("integer", minimum=-1),
    ),
]
NoiseShape = Annotated[
    Any,
    Rule(
        "a tuple of positive ints and None",
        _noise_shape,
        serialize=tuple,
        form=typed("array", items=typed("integer", "null", minimum=1)),
    ),
]
Rate = Annotated[
    float, Rule("a number in [0, 1]", _rate, form=typed("number", minimum=0, maximum=1))
]
INTS = Rule("an int or a tuple of ints", _int_or_ints, _unchanged, form=_SIZES)
IntOrTuple = Annotated[Any, INTS]
IntTuple = Annotated[
    Any,
    Rule(
        "a tuple of ints",
        _ints,
        _unchanged,
        form=typed("array", items=typed("integer", "array")),
    ),
]
PartialShape = Annotated[
    Any,
    Rule(
        "an int or a tuple of ints and None",
        _partial_shape,
        _unchanged,
        form=typed("integer", "array", items=typed("integer", "null")),
    ),
]
Activation = Annotated[Any, ACTIVATION]
Initializer = Annotated[_Made | np.ndarray | PortableTensor, INITIALIZER]
Regularizer = Annotated[_Made, of_kind("regularizer")]
Constraint = Annotated[_Made, of_kind("constraint")]
LayerField = Annotated[Any, LAYER]
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
        form=rule.form and {"anyOf": [rule.form, typed("null")]},
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


OrAuto = Annotated[Any, Rule("True, False or 'auto'", _or_auto, form=enum((True, False, "auto")))]
DataFormat = Annotated[str | None, optional(one_of("channels_last", "channels_first"))]


def offering(*choices: Any) -> Rule:
    """The rule of a text (or None, or anything) out of a few, which the class itself tells from
    others: in its own way, in capitals or by older names."""
    texts = [one for one in choices if isinstance(one, str)]
    rule = BASIC[str] if len(texts) == len(choices) else optional(BASIC[str])
    return replace(rule, form=enum(choices))


# What classes look at themselves, for whoever reads what they take.
_POLICIES = enum([None, *DTYPES, "mixed_float16", "mixed_bfloat16"])
DTypeOrPolicy = Annotated[
    Any,
    Rule(
        "anything",
        _unchanged,
        described=True,
        form={"anyOf": [_POLICIES, typed("object")]},
    ),
]
Seed = Annotated[Any, taking("integer", "null")]
Numbers = Annotated[Any, taking("number", "array", "null")]
NumberList = Annotated[Any, taking("array", "null")]
Axis = Annotated[Any, taking("integer", "array", "null")]
Token = Annotated[Any, taking("string", "integer", "array", "null")]
Window = Annotated[Any, taking("string", "array", "null")]
