"""What names stand for, as text: objects with their arguments, keys of a config."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from kerasish import ops
from kerasish.arguments.contract import Field, contract_of
from kerasish.cli import file_keys
from kerasish.cli.samples import sample
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import in_yaml
from kerasish.declarative.schemas.words import described, summary
from kerasish.declarative.text.emit import flow
from kerasish.errors import UnknownNameError, clip
from kerasish.registry import hint
from kerasish.signatures import parameters

KIND_TEXTS = {
    "layer": "under model.layers and nodes",
    "activation": "activation: NAME of a layer",
    "initializer": "kernel_initializer: NAME and the like",
    "regularizer": "kernel_regularizer: NAME and the like",
    "constraint": "kernel_constraint: NAME and the like",
    "loss": "train.loss",
    "metric": "train.metrics",
    "optimizer": "train.optimizer",
    "schedule": "learning_rate: {NAME: ...} of an optimizer",
    "callback": "train.callbacks",
    "dataset": "data.dataset",
    "op": "bodies of nodes",
}
_WIDTH = 100


def plural(kind: str) -> str:
    """`layers`, `losses`."""
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def kind_named(word: str) -> str | None:
    """The kind that a word in singular or plural means."""
    return next((kind for kind in KIND_TEXTS if word.lower() in (kind, plural(kind))), None)


@functools.cache
def _ops() -> dict[str, Any]:
    """The functions of `keras.ops` by name."""
    found = {name: getattr(ops, name) for name in dir(ops) if name[0] != "_"}
    return {
        name: function
        for name, function in found.items()
        if callable(function) and not isinstance(function, type)
    }


def names_of(kind: str) -> list[str]:
    """All names of a kind."""
    return sorted(_ops()) if kind == "op" else vocabulary.names(kind)


def _object(kind: str, name: str) -> Any:
    return _ops()[name] if kind == "op" else vocabulary.lookup(kind, name)


def _has(kind: str, name: str) -> bool:
    return name in _ops() if kind == "op" else vocabulary.contains(kind, name)


def rows(kind: str) -> dict[str, str]:
    """Every object of a kind with its line, under its own name and the others that it has."""
    labels: dict[int, list[str]] = {}
    made: dict[int, Any] = {}
    for name in names_of(kind):
        found = _object(kind, name)
        labels.setdefault(id(found), []).append(name)
        made[id(found)] = found
    listed = {}
    for key, found in made.items():
        own = str(getattr(found, "__name__", ""))
        known = sorted(labels[key], key=lambda name: (name != own, name))
        others = f" ({', '.join(known[1:])})" if known[1:] else ""
        listed[known[0]] = f"{_line(known[0], found)}{others}"
    return dict(sorted(listed.items(), key=lambda row: (row[0].lower(), row[0])))


def _line(name: str, found: Any) -> str:
    """The first sentence of a docstring."""
    text = summary(found).removeprefix(f"{name} ")
    return re.split(r"(?<=[a-z0-9)])\. (?=[A-Z])", text)[0].removesuffix(".")


def texts(name: str) -> list[str]:
    """What a name stands for, a text for each object that has it.

    Raises:
        UnknownNameError: nothing has it; the nearest are named.
    """
    found: dict[int, tuple[Any, list[str]]] = {}
    for kind in KIND_TEXTS:
        if _has(kind, name):
            held = _object(kind, name)
            found.setdefault(id(held), (held, []))[1].append(kind)
    of_files = file_keys.texts(name)
    if not found and not of_files and "." in name:
        raise file_keys.unknown(name)
    if not found and not of_files:
        known = {one for kind in KIND_TEXTS for one in names_of(kind)}
        known |= file_keys.mappings().keys() | file_keys.rows().keys()
        raise UnknownNameError(
            f"Nothing is called {clip(name)!r}",
            fix=hint(name, sorted(known), 3)
            or "'kerasish list' names the kinds, 'kerasish list layers' the layers.",
        )
    return [*(_text(name, held, kinds) for held, kinds in found.values()), *of_files]


def _text(name: str, held: Any, kinds: list[str]) -> str:
    words = " and ".join(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in kinds)
    lines = [f"{name}: {words}", *textwrap.wrap(summary(held), _WIDTH), ""]
    if isinstance(held, type):
        lines += [*_signature(name, held), ""]
    elif "op" in kinds:
        lines += [*_function(name, held), ""]
    lines += ["example:", *textwrap.indent(_example(name, kinds[0]), "  ").splitlines()]
    own = getattr(held, "__name__", name)
    if isinstance(held, type):
        bases = _family(held)
        lines += ["", f"made from {', '.join(bases)}"] if bases else []
    if own != name:
        lines += ["", f"another name of {own}"]
    return "\n".join(lines)


def _family(held: type) -> list[str]:
    """The classes that a class is made from, up to the base of its kind."""
    base = next((one for one in vocabulary.BASES.values() if issubclass(held, one)), held)
    made = [cls.__name__ for cls in held.__mro__[1:] if issubclass(cls, base)]
    return [name for name in made if name[0] != "_"]


def meanings(held: Any) -> dict[str, str]:
    """What every argument means, that of a base class too."""
    found: dict[str, str] = {}
    for cls in reversed(held.__mro__ if isinstance(held, type) else [held]):
        if "__doc__" in vars(cls) or not isinstance(cls, type):
            found |= described(cls)
    return found


def _signature(name: str, cls: type) -> list[str]:
    """The object as YAML, every argument with its default, type and meaning as a comment."""
    fields = list(contract_of(cls).fields.values())
    if not fields:
        return [f"{name}  # it takes no arguments"]
    texts = meanings(cls)
    heads = [f"  {field.name}:{_default(field)}" for field in fields]
    width = min(36, max(map(len, heads)))
    lines = [f"{name}:"]
    for field, head in zip(fields, heads, strict=True):
        told = _type(field) + (", must be given" if field.required else "")
        meaning = texts.get(field.name, "").removesuffix(".")
        told = f"{told}: {meaning}" if meaning else told
        lines += _commented(head, told, width)
    return lines


def _commented(head: str, told: str, width: int) -> Iterator[str]:
    """A line of YAML with a comment that goes on below itself."""
    wrapped = textwrap.wrap(told, _WIDTH - width - 4, break_long_words=False)
    first, *rest = wrapped or [""]
    yield f"{head:{width}}  # {first}"
    for line in rest:
        yield f"{'':{width}}  # {line}"


def _default(field: Field) -> str:
    value = field.default
    if field.required:
        return ""
    if callable(value):
        value = getattr(value, "__name__", None)
    try:
        return f" {flow(_plain(value))}"
    except (TypeError, ValueError):
        return " null"


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict) or value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError


def _type(field: Field) -> str:
    """The type of an argument in the words of YAML."""
    kind = field.kind
    if field.name == "name":
        return "text"
    if kind == "schedule":
        return "a number or a schedule"
    if kind is not None and field.rule.kind is None:
        return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    words = re.sub(r"one of \((.*?)\)", r"\1", in_yaml(field.rule.expected))
    return re.sub(r"\bint\b", "integer", words)


def _function(name: str, function: Any) -> list[str]:
    """The parameters of an op with their defaults and meanings."""
    texts = described(function)
    lines = [f"{name}:"]
    for parameter in parameters(function).values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        given = parameter.default is not inspect.Parameter.empty
        try:
            default = f" {flow(_plain(parameter.default))}" if given else ""
        except TypeError:
            default = " null"
        told = texts.get(parameter.name, "").removesuffix(".") or ("" if given else "must be given")
        lines += _commented(f"  {parameter.name}:{default}", told, 28) if told else [
            f"  {parameter.name}:{default}"
        ]  # fmt: skip
    return lines


def _example(name: str, kind: str) -> str:
    """A few lines of YAML in which the name stands where it may."""
    if kind == "op":
        return f"nodes:\n  y: {{from: x, {name}: {{}}}}"
    found = sample(kind, name)
    if found is None:
        return "none: a file cannot hold what it must be given"
    written = flow(found)
    places = {
        "layer": "model:\n  layers:\n    - {}",
        "activation": "model:\n  layers:\n    - Dense: {{units: 32, activation: {}}}",
        "initializer": "model:\n  layers:\n    - Dense: {{units: 32, kernel_initializer: {}}}",
        "regularizer": "model:\n  layers:\n    - Dense: {{units: 32, kernel_regularizer: {}}}",
        "constraint": "model:\n  layers:\n    - Dense: {{units: 32, kernel_constraint: {}}}",
        "loss": "train:\n  loss: {}",
        "metric": "train:\n  metrics: [{}]",
        "optimizer": "train:\n  optimizer: {}",
        "schedule": "train:\n  optimizer: {{Adam: {{learning_rate: {}}}}}",
        "callback": "train:\n  callbacks: [{}]",
        "dataset": "data:\n  dataset: {}",
    }
    item = written[1:-1] if kind == "layer" and written[0] == "{" else written
    return places[kind].format(item)
