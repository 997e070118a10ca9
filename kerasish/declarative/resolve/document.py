"""From a file and its overrides to one resolved document, ready to be checked.

load -> lay over `base` -> apply `--set` -> put in the variables. Every stage reports all it finds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from pathlib import Path

from kerasish.declarative.resolve.compose import as_document, load_file
from kerasish.declarative.resolve.interpolate import interpolate
from kerasish.declarative.resolve.overrides import apply_overrides
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import Mapping


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller, never the file, decides.

    Attributes:
        overrides: `--set` arguments, applied in order.
        allow_env: whether `$env.NAME` may read the environment.
        plugins: names of modules whose layers the caller has registered.
        command: whether errors say options of the command line, not arguments of functions.
        project: the folder that `base` files must lie in; the config's own where None.
        allowance: how many times the usual limits of memory and work the file may take; None for
            what `kerasish.saving.allowance` says.
    """

    overrides: SequenceOf[str] = ()
    allow_env: bool = False
    plugins: SequenceOf[str] = ()
    command: bool = False
    project: Path | None = None
    allowance: float | None = None


def read_document(
    path: str | os.PathLike[str], diagnostics: Diagnostics, options: Options | None = None
) -> Mapping:
    """The resolved document of the file at `path`.

    Raises:
        ConfigError: anything up to the interpolation is wrong; all findings at once.
    """
    chosen = options or Options()
    return _resolve(load_file(Path(path), diagnostics, chosen.project), diagnostics, chosen)


def read_text(
    text: str, diagnostics: Diagnostics, options: Options | None = None, name: str = "<text>"
) -> Mapping:
    """The resolved document of a YAML text; it may not name a `base`.

    Raises:
        ConfigError: as `read_document`.
    """
    document = as_document(load(text, name, diagnostics), diagnostics)
    base = document.entries.get("base")
    if base is not None:
        diagnostics.stop("K106", "a text has no folder to find a base in", base.mark)
    return _resolve(document, diagnostics, options or Options())


def _resolve(document: Mapping, diagnostics: Diagnostics, options: Options) -> Mapping:
    changed = apply_overrides(document, options.overrides, diagnostics)
    environment = os.environ if options.allow_env else None
    resolved = interpolate(changed, diagnostics, environment)
    diagnostics.raise_if_any()
    return resolved
