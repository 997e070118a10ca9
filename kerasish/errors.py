"""The errors kerasish raises. Each says what failed, what was expected, what came, and the fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PARTS = ("what", "expected", "received", "fix", "where")


def told(
    what: str = "", *, expected: object = "", received: object = "", fix: str = "", where: str = ""
) -> str:
    """The one sentence form of this package: what failed, what was expected, what came, the fix.

    Args:
        what: what failed, without a full stop.
        expected, received: what should have come and what came, without a full stop.
        fix: whole sentences that say what to do.
        where: the place in a graph, without a full stop.
    """
    what, expected, received = what.removesuffix(": "), str(expected), str(received)
    texts = [
        what,
        f"Expected: {expected}" if expected else "",
        f"Received: {received}" if received else "",
        where,
    ]
    if not any(texts[1:]) and not fix.strip():
        return what
    ended = [text if text.endswith(".") else f"{text}." for text in texts if text]
    return " ".join([*ended, fix.strip()] if fix.strip() else ended)


def clip(text: str, length: int = 80) -> str:
    """`text`, cut to `length` characters with an ellipsis."""
    return text if len(text) <= length else text[: length - 3] + "..."


class KerasishError(Exception):
    """Base of every error of this package.

    Args:
        what: what failed.
        expected, received, fix: see `told`.
        node: a node of a graph; its op, scope and line of code are told too.
        about: which option of several is meant, with dots: "time", "types.zip"; a `=` behind it
            means its value. Not told: a declarative file points at it.
    """

    what = expected = received = fix = where = about = ""
    caller = ""  # what a message begins with where the function that was called put its name there

    def __init__(
        self,
        what: object = "",
        *,
        expected: object = "",
        received: object = "",
        fix: str = "",
        node: Any = None,
        about: str = "",
    ) -> None:
        super().__init__(what)
        self.about = about
        self.what, self.fix = str(what), fix.strip()
        self.expected, self.received = str(expected), str(received)
        self.where = "" if node is None else place_of(node)

    def __str__(self) -> str:
        return told(**self.parts) if self.parts else super().__str__()

    @property
    def parts(self) -> dict[str, str]:
        """What the message is made of, by name: what to show as JSON or YAML."""
        held = {name: getattr(self, name) for name in PARTS}
        return {name: text for name, text in held.items() if text}

    def reword(self, change: Callable[[str], str]) -> None:
        """Replace the text of every part."""
        for name, text in self.parts.items():
            setattr(self, name, change(text))

    def begin(self, prefix: str) -> None:
        """Put a text before what is told."""
        self.what = prefix + self.what


def place_of(node: Any) -> str:
    """Where a node of a graph comes from: its op, its scope and the line that made it."""
    scope, source = node.scope or "the graph", node.source or "?"
    return f"In op {node.op.name!r} of {scope}, made at {source}"


class ShapeError(KerasishError, ValueError):
    """Shapes do not fit together, or do not fit what an operation or layer asks for."""


class DTypeError(KerasishError, TypeError, ValueError):
    """A dtype is unknown or not allowed here."""


class ArgumentError(KerasishError, ValueError):
    """An argument is unknown, missing or out of range."""


class KindError(ArgumentError, TypeError):
    """An argument is not of the kind that it must be; Keras raises either of its two bases."""


class OutOfRangeError(KerasishError, IndexError):
    """An index is beyond an axis; iteration by index ends with it, as for sequences."""


class UnknownNameError(KerasishError, ValueError):
    """A name is not in the registry; the message lists the nearest names."""


class GradientError(KerasishError, ValueError):
    """A gradient was asked for where none exists."""


class GraphError(KerasishError, RuntimeError, ValueError):
    """A graph breaks its own rules, or a value was asked of a symbolic tensor."""


class NoValueError(GraphError, TypeError):
    """A symbolic tensor was used as a number, a truth value, an array or a sequence."""


class BackendError(KerasishError, RuntimeError):
    """A backend, device or library kernel is not available, or failed."""


class DataError(KerasishError, ValueError):
    """The data given to training do not fit the model or each other.

    Attributes:
        row: the row of a batch that is meant, counted from 0; None where it is not one.
    """

    row: int | None = None


class MissingPackageError(KerasishError, ImportError):
    """A package that something needs is not installed; the message names the extra."""


class UnavailableError(KerasishError, NotImplementedError, ImportError):
    """A name of Keras has a meaning with another framework only; the message says what to use."""


class NumericsError(KerasishError, FloatingPointError, RuntimeError):
    """A value that had to be finite is NaN or infinite.

    Attributes:
        op, layer, source: the op that gave the first one, the path of its layer and its line
            "file:line"; "" where that is not known.
        backward: whether that op is part of a gradient.
        rows: the rows of the batch in which it is; () where the value has no rows.
        batch: the arrays of that batch, in order, where a model was run.
    """

    op = layer = source = ""
    backward = False
    rows: tuple[int, ...] = ()
    batch: tuple[Any, ...] = ()


class DivergedError(NumericsError):
    """Training cannot go on: the loss, or a weight, is NaN or infinite."""


class ConfigError(KerasishError, ValueError):
    """A declarative file is wrong; `diagnostics` lists every finding with its position."""

    def __init__(
        self, what: object = "", diagnostics: tuple[object, ...] = (), **parts: Any
    ) -> None:
        super().__init__(what, **parts)
        self.diagnostics = diagnostics


class FileFormatError(KerasishError, ValueError):
    """A file is truncated, foreign, or not what its name says."""


class UnsafeFileError(FileFormatError):
    """A file asks for something that loading a file must never do."""


class LimitError(UnsafeFileError):
    """What a file describes would take more memory or time than a file of its size may.

    `kind` says of what, as one of `kerasish.budget.KINDS`.
    """

    def __init__(self, what: object = "", kind: str = "", **parts: Any) -> None:
        super().__init__(what, **parts)
        self.kind = kind
