"""How much a file may ask for, and which names it may use: the only copy of these limits."""

from __future__ import annotations

import re

from kerasish.errors import UnsafeFileError, clip

MAX_CONFIG_BYTES = 16 * 2**20
MAX_METADATA_BYTES = 16 * 2**20
MAX_DEPTH = 64  # of groups in a file, of layers inside layers
MAX_NESTING = 256  # of lists and dicts; each layer inside a layer takes three or four
MAX_LAYERS = 10_000
MAX_OBJECTS = 200_000  # groups and datasets in a file, entries of an archive
MAX_EXPANSION = 1100  # bytes out of one compressed byte; deflate cannot exceed 1032

# Keras lets a name hold blanks, colons and ">" ("package>Name"); a path needs "/".
_NAME = re.compile(r"[\w.\-+:>@() ]{1,512}")


def check_name(name: object, where: str) -> str:
    """`name` if it is one harmless path component.

    Raises:
        UnsafeFileError: it is empty, "." or "..", too long, or has characters that paths use.
    """
    if isinstance(name, str) and _NAME.fullmatch(name) and name.strip(". "):
        return name
    raise UnsafeFileError(
        f"{where}: a name that no model needs",
        expected="letters, digits and _ . - in at most 512 characters, not '.' or '..'",
        received=clip(repr(name)),
    )


def check_path(path: object, where: str) -> list[str]:
    """The components of a "/"-separated path, each one checked by `check_name`."""
    if not isinstance(path, str) or path.count("/") > MAX_DEPTH:
        raise UnsafeFileError(
            f"{where}: a path nested deeper than {MAX_DEPTH}", received=clip(repr(path))
        )
    return [check_name(part, where) for part in path.strip("/").split("/")]
