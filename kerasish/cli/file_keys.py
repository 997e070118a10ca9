"""The keys of a config as text: `describe train.epochs`, `describe source csv`, `list keys`."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterator, Sequence

from kerasish.declarative.language.keys import Key, Keys
from kerasish.declarative.schemas.file import CONTROLS
from kerasish.declarative.sections.data_keys import ENTRY, SOURCES
from kerasish.declarative.sections.steps import LOAD_KEYS
from kerasish.declarative.sections.validate import SECTIONS
from kerasish.errors import UnknownNameError, clip
from kerasish.registry import hint

_WIDTH = 100


@functools.cache
def mappings() -> dict[str, Keys]:
    """Every mapping that is declared, by its name; `source csv` is a source of csv files."""
    waiting, found = [SECTIONS, ENTRY, *CONTROLS, LOAD_KEYS], dict[str, Keys]()
    while waiting:
        keys = waiting.pop(0)
        if keys.name not in found:
            found[keys.name] = keys
            waiting += [one for key in keys.records() for one in key.form.within()]
    return found | {keys.name: keys for keys in SOURCES.values()}


def sections() -> dict[str, str]:
    """The sections of a file, each with its line."""
    return {key.name: key.text for key in SECTIONS.records()}


@functools.cache
def rows() -> dict[str, str]:
    """Every key by its path from the top of a file, or from the mapping that it stands in."""
    found: dict[str, str] = {}
    for path, key in _below("", SECTIONS, ()):
        found.setdefault(path, key.text)
    held = {id(keys) for keys in _reached()}
    for name, keys in mappings().items():
        if id(keys) not in held and not name.startswith("source "):
            found |= {f"{name}.{path}": key.text for path, key in _below("", keys, (SECTIONS,))}
    return found


def _reached() -> list[Keys]:
    """The mappings that stand below the sections."""
    waiting, found = [SECTIONS], list[Keys]()
    while waiting:
        keys = waiting.pop()
        if keys not in found:
            found.append(keys)
            waiting += [one for key in keys.records() for one in key.form.within()]
    return found


def _below(path: str, keys: Keys, above: Sequence[Keys]) -> Iterator[tuple[str, Key]]:
    """The keys of a mapping and of those in it, each with its path."""
    for key in keys.records():
        own = f"{path}.{key.name}" if path else key.name
        yield own, key
        for inner in key.form.within():
            if inner not in above and inner is not keys:
                yield from _below(own, inner, (*above, keys))


def texts(name: str) -> list[str]:
    """What a key or a mapping of that name is; nothing where there is none.

    Args:
        name: a path with dots, `train.epochs` or `source.csv`; the name of a section or of a
            mapping, `window`; or a key alone, `epochs`, of which all are told.
    """
    words = name.split(".")
    found = _along(words)
    if found:
        return found
    known = mappings()
    if len(words) == 1:
        own = [_mapping(name, known[name])] if name in known and name != "file" else []
        ends = [path for path in rows() if path.endswith(f".{name}")]
        shown = own or [told for path in ends[:6] for told in _along(path.split("."))]
        if ends[6:] and not own:
            shown.append(f"also {', '.join(ends[6:])}")
        return shown
    return []


def unknown(name: str) -> UnknownNameError:
    """The error for a path that is none, with the nearest."""
    known = [*rows(), *(one.replace(" ", ".") for one in mappings())]
    return UnknownNameError(
        f"There is no key {clip(name)!r}",
        fix=hint(name, known, 3) or "'kerasish list keys' names them all.",
    )


def _along(words: Sequence[str]) -> list[str]:
    """The texts at the end of a path."""
    keys, rest = SECTIONS, list(words)
    whole = " ".join(words[:2])
    if whole in mappings() and len(words) > 1:
        keys, rest = mappings()[whole], list(words[2:])
    elif words[0] not in SECTIONS and words[0] in mappings():
        keys, rest = mappings()[words[0]], list(words[1:])
    if not rest:
        return [_mapping(".".join(words), keys)] if len(words) > 1 else []
    inside = [keys]
    for place, word in enumerate(rest):
        held = next((one[word] for one in inside if word in one), None)
        if held is None:
            return []
        if place == len(rest) - 1:
            return [_key(".".join(words), held)]
        inside = held.form.within()
    return []


def _key(path: str, key: Key) -> str:
    """A key: what it may hold, its default, an example, and the keys in it."""
    lines = [f"{path}: a key of a config", *textwrap.wrap(_sentence(key.text), _WIDTH), ""]
    lines.append(f"holds    {key.form.expected}")
    if key.required:
        lines.append("default  none: it must be given")
    elif key.default is not None:
        default = key.default
        lines.append(f"default  {str(default).lower() if default in (True, False) else default}")
    if key.example:
        lines += ["", "example:", *_written(path, key)]
    told: set[str] = set()
    for keys in key.form.within():
        # A part may be a source of its own: its keys are told already.
        lines += ["", *_listed(keys)] if len(set(keys) - told) > 1 else []
        told |= set(keys)
    return "\n".join(lines)


def _written(path: str, key: Key) -> Iterator[str]:
    """An example where it stands in a file."""
    *above, _ = path.split(".") if path.split(".")[0] in SECTIONS else [path]
    for depth, name in enumerate(above, 1):
        yield f"{'  ' * depth}{name}:"
    yield f"{'  ' * (len(above) + 1)}{key.name}: {key.example}"


def _mapping(name: str, keys: Keys) -> str:
    return "\n".join([f"{name}: a mapping", *textwrap.wrap(keys.text, _WIDTH), "", *_listed(keys)])


def _listed(keys: Keys) -> Iterator[str]:
    """The keys of a mapping, a line each."""
    yield f"keys of {keys.name}:"
    width = max((len(key.name) for key in keys.records()), default=0)
    for key in keys.records():
        yield clip(f"  {key.name:{width}}  {key.text}", _WIDTH)
    if keys.open is not None:
        yield f"  {'...':{width}}  any other name: {keys.open.expected}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
