"""The errors kerasish raises. Each says what failed, what was expected, what came, and the fix."""

from __future__ import annotations


class KerasishError(Exception):
    """Base of every error of this package."""

    caller = ""  # what a message begins with where the function that was called put its name there


class ShapeError(KerasishError, ValueError):
    """Shapes do not fit together, or do not fit what an operation or layer asks for."""


class DTypeError(KerasishError, TypeError):
    """A dtype is unknown or not allowed here."""


class ArgumentError(KerasishError, ValueError):
    """An argument is unknown, missing or out of range."""


class OutOfRangeError(KerasishError, IndexError):
    """An index is beyond an axis; iteration by index ends with it, as for sequences."""


class UnknownNameError(KerasishError, ValueError):
    """A name is not in the registry; the message lists the nearest names."""


class GradientError(KerasishError, ValueError):
    """A gradient was asked for where none exists."""


class GraphError(KerasishError, RuntimeError):
    """A graph breaks its own rules, or a value was asked of a symbolic tensor."""


class NoValueError(GraphError, TypeError, ValueError):
    """A symbolic tensor was used as a number, a truth value, an array or a sequence."""


class BackendError(KerasishError, RuntimeError):
    """A backend, device or library kernel is not available, or failed."""


class DataError(KerasishError, ValueError):
    """The data given to training do not fit the model or each other."""


class NumericsError(KerasishError, FloatingPointError, RuntimeError):
    """A value that had to be finite is NaN or infinite."""


class ConfigError(KerasishError, ValueError):
    """A declarative file is wrong; `diagnostics` lists every finding with its position."""

    def __init__(self, message: str, diagnostics: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


class FileFormatError(KerasishError, ValueError):
    """A file is truncated, foreign, or not what its name says."""


class UnsafeFileError(FileFormatError):
    """A file asks for something that loading a file must never do."""


class LimitError(UnsafeFileError):
    """What a file describes would take more memory or time than a file of its size may.

    `kind` says of what, as one of `kerasish.budget.KINDS`.
    """

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind
