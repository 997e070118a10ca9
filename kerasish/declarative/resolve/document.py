"""From a file and its overrides to one resolved document, ready to be checked.

load -> lay over `base` -> apply `--set` -> put in the variables. Every stage reports all it finds.

`base: common.yaml` lays a file over another one (`merging`): sections key by key, objects and lists
whole. A key whose value is null removes what the base has there. A base is found relative to the
file that names it and must lie inside the project (the folder of the first file, or what the caller
names), so that a config from elsewhere cannot read files it should not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasish.declarative.resolve.interpolate import Resolved, interpolate
from kerasish.declarative.resolve.merging import merge
from kerasish.declarative.resolve.overrides import apply_overrides
from kerasish.declarative.text.errors import Diagnostics, must_be
from kerasish.declarative.text.loader import MAX_BYTES, load
from kerasish.declarative.text.source import Mapping, Mark, Scalar, Source, Value


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller, never the file, decides.

    Attributes:
        overrides: `--set` arguments, applied in order.
        allow_env: whether `$env.NAME` may read the environment.
        allow_network: whether the file may name what opens connections to other machines.
        plugins: names of modules whose layers the caller has registered.
        command: whether errors say options of the command line, not arguments of functions.
        project: the folder that `base` files must lie in; the config's own where None.
        allowance: how many times the usual limits of memory and work the file may take; None for
            what `kerasish.saving.allowance` says.
        facts: the facts of the data, `{"words": {"size": 2000}, "steps": 130}`, for which
            `$data.NAME.KEY` stands; None where the data are not read yet, so that stand-ins take
            their place.
    """

    overrides: SequenceOf[str] = ()
    allow_env: bool = False
    allow_network: bool = False
    plugins: SequenceOf[str] = ()
    command: bool = False
    project: Path | None = None
    allowance: float | None = None
    facts: MappingOf[str, Any] | None = None


def compose_file(
    path: str | os.PathLike[str], diagnostics: Diagnostics, options: Options | None = None
) -> Mapping:
    """The document of the file at `path` over its bases, with the overrides applied.

    Raises:
        ConfigError: a file cannot be read; all findings at once.
    """
    chosen = options or Options()
    document = load_file(Path(path), diagnostics, chosen.project)
    return apply_overrides(document, chosen.overrides, diagnostics)


def compose_text(
    text: str, diagnostics: Diagnostics, options: Options | None = None, name: str = "<text>"
) -> Mapping:
    """The document of a YAML text with the overrides applied; it may not name a `base`.

    Raises:
        ConfigError: as `compose_file`.
    """
    document = as_document(load(text, name, diagnostics), diagnostics)
    base = document.entries.get("base")
    if base is not None:
        diagnostics.stop("K106", "a text has no folder to find a base in", base.mark)
    return apply_overrides(document, (options or Options()).overrides, diagnostics)


def resolve(
    document: Mapping, diagnostics: Diagnostics, options: Options | None = None
) -> Resolved:
    """A composed document with its variables replaced and its repetitions written out.

    Findings are left in `diagnostics`.
    """
    chosen = options or Options()
    environment = os.environ if chosen.allow_env else None
    return interpolate(document, diagnostics, environment, chosen.facts)


def read_document(
    path: str | os.PathLike[str], diagnostics: Diagnostics, options: Options | None = None
) -> Mapping:
    """The resolved document of the file at `path`.

    Raises:
        ConfigError: anything up to the interpolation is wrong; all findings at once.
    """
    found = resolve(compose_file(path, diagnostics, options), diagnostics, options)
    diagnostics.raise_with(found.leftovers)
    return found.document


def read_text(
    text: str, diagnostics: Diagnostics, options: Options | None = None, name: str = "<text>"
) -> Mapping:
    """The resolved document of a YAML text; it may not name a `base`.

    Raises:
        ConfigError: as `read_document`.
    """
    found = resolve(compose_text(text, diagnostics, options, name), diagnostics, options)
    diagnostics.raise_with(found.leftovers)
    return found.document


# --- bases --------------------------------------------------------------------------------------


MAX_BASES = 16


def load_file(path: Path, diagnostics: Diagnostics, project: Path | None = None) -> Mapping:
    """The mapping in the file at `path`, laid over the bases it names.

    Raises:
        ConfigError: a file is missing, outside the project, a base of itself, or not a mapping.
    """
    top = Mark(Source.of_text(str(path), ""), 1, 1)
    root = (project or path.parent).resolve()
    return _load(path, top, root, (), diagnostics)


def _load(
    path: Path, named_at: Mark, root: Path, above: tuple[Path, ...], diagnostics: Diagnostics
) -> Mapping:
    real = path.resolve()
    if real in above:
        chain = " -> ".join(one.name for one in (*above[above.index(real) :], real))
        diagnostics.stop("K106", f"files are bases of each other: {chain}", named_at)
    if len(above) > MAX_BASES:
        diagnostics.stop("K106", f"there are more than {MAX_BASES} bases", named_at)
    value = load(_read(real, path, named_at, diagnostics), str(path), diagnostics, str(real))
    document = as_document(value, diagnostics)
    base = document.entries.get("base")
    if base is None:
        return document
    below = _base_path(base.value, path, root, diagnostics)
    lower = _load(below, base.value.mark, root, (*above, real), diagnostics)
    return merge(lower, document.without("base"))


def as_document(value: Value, diagnostics: Diagnostics) -> Mapping:
    """`value`, which must be the mapping of sections that a file is."""
    if not isinstance(value, Mapping):
        hint = "start with 'kerasish: 1' and a 'model:' section"
        message = must_be("a file", "a mapping of sections", value)
        diagnostics.stop("K110", message, value.mark, hint)
    return value


def _base_path(value: Value, path: Path, root: Path, diagnostics: Diagnostics) -> Path:
    name = value.value if isinstance(value, Scalar) else None
    if not isinstance(name, str) or not name or "\0" in name or "$" in name:
        diagnostics.stop("K106", must_be("base", "the name of a file", value), value.mark)
    below = path.parent / name
    if not below.resolve().is_relative_to(root):
        message = f"the base '{name}' lies outside the project"
        diagnostics.stop("K106", message, value.mark, "move it under the folder of the config")
    return below


def _read(real: Path, path: Path, named_at: Mark, diagnostics: Diagnostics) -> bytes:
    if not real.is_file():
        kind = "is not a file" if real.exists() else "does not exist"
        diagnostics.stop("K106", f"'{path}' {kind}", named_at)
    try:
        with real.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        diagnostics.stop("K106", f"'{path}' cannot be read: {error.strerror}", named_at)
