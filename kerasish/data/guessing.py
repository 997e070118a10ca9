"""What the values of a column of texts are: whole numbers, numbers, true and false, or text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kerasish.data.arrow import pyarrow
from kerasish.extras import package

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DATE = r"^\d{4}[-/]\d{1,2}([-/]\d{1,2})?([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_DECIMAL_COMMA = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+$"
_THOUSANDS = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$"
_FLAGS = ("true", "false", "True", "False", "TRUE", "FALSE")
_WHOLE, _FLOAT, _FLAG, _TEXT = "int64", "float64", "bool", "string"
_FEW = 5  # texts among numbers that are told
_MOSTLY = 0.5  # the share of numbers, from which on a column of texts is doubtful


@dataclass
class Guess:
    """What is known of a column from the values so far.

    Attributes:
        kind: "int64", "float64", "bool" or "string"; "" before the first value.
        rows: values seen.
        gaps: how many of them are missing.
    """

    kind: str = ""
    rows: int = 0
    gaps: int = 0
    _numbers: int = 0
    _dates: int = 0
    _padded: bool = False
    _commas: bool = False
    _thousands: bool = False
    _strange: dict[str, None] = field(default_factory=dict)

    def add(self, column: Any) -> None:
        """Look at more values: a pyarrow array of texts, null where they are missing."""
        pa, pc = pyarrow("A column"), package("pyarrow.compute", "A column")
        self.rows += len(column)
        self.gaps += column.null_count
        held = column.drop_null()
        if not len(held):
            return
        kind = _kind(pa, pc, held)
        if not self.kind or self.kind == kind:
            self.kind = kind
        else:
            self.kind = _FLOAT if {self.kind, kind} == {_WHOLE, _FLOAT} else _TEXT
        if kind == _TEXT:
            numbers = pc.match_substring_regex(held, _NUMBER)
            self._numbers += pc.sum(numbers).as_py() or 0
            self._dates += pc.sum(pc.match_substring_regex(held, _DATE)).as_py() or 0
            thousands = pc.match_substring_regex(held, _THOUSANDS)
            commas = pc.match_substring_regex(held, _DECIMAL_COMMA)
            self._commas |= pc.any(pc.and_not(commas, thousands)).as_py()
            self._thousands |= pc.any(thousands).as_py()
            if len(self._strange) <= _FEW:
                others = pc.unique(held.filter(pc.invert(numbers)))
                self._strange |= dict.fromkeys(others.slice(0, _FEW + 1).to_pylist())
        elif kind in (_WHOLE, _FLOAT):
            self._numbers += len(held)
            self._padded |= pc.any(pc.match_substring_regex(held, r"^0\d")).as_py()

    @property
    def dtype(self) -> str:
        """The dtype of the column: whole numbers with gaps are floats, what is empty too."""
        if self.kind in ("", _FLOAT) or (self.kind == _WHOLE and self.gaps):
            return _FLOAT
        return _TEXT if self.kind == _FLAG and self.gaps else self.kind

    def doubt(self, name: str) -> str:
        """What a person should know of the guess, with what to write; "" where it is plain."""
        held = self.rows - self.gaps
        if self.kind == _TEXT and held and self._dates == held:
            return f"{name}: texts that look like dates; `time: {name}` orders the rows by them"
        if self.kind == _TEXT and self._numbers > _MOSTLY * held:
            shown = ", ".join(repr(text) for text in list(self._strange)[:_FEW])
            more = ", ..." * (len(self._strange) > _FEW)
            few = f"missing: [{shown}{more}] reads them as missing numbers"
            return (
                f"{name}: read as text, since of {held} values {held - self._numbers} "
                f"are no numbers ({shown}{more}); {few}"
            )
        if self.kind == _TEXT and self._commas and not self._numbers:
            return f'{name}: read as text; decimal: "," reads commas as what is before fractions'
        if self.kind == _TEXT and self._thousands and not self._numbers:
            return f"{name}: read as text; numbers are written without commas between thousands"
        if self._padded and self.kind in (_WHOLE, _FLOAT):
            return (
                f"{name}: read as numbers, though some begin with 0; "
                f"types: {{{name}: text}} keeps them as they are"
            )
        return ""


def _kind(pa: Any, pc: Any, held: Any) -> str:
    """The kind of texts, none of which is missing."""
    if pc.all(pc.is_in(held, value_set=pa.array(_FLAGS))).as_py():
        return _FLAG
    for kind in (_WHOLE, _FLOAT):
        try:
            held.cast(kind)
        except pa.ArrowInvalid:
            continue
        return kind
    return _TEXT
