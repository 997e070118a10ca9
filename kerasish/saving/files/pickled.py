"""A closed reader of the few pickles that datasets are kept in: plain values and numpy arrays.

Python's own unpickler calls whatever a file names. This one calls nothing: it knows the opcodes
that write numbers, texts, bytes, lists, tuples, dicts and arrays (protocols 0 to 5, of Python 2
and 3), and a few names, each of which stands for code in `pickled_arrays.py`. Whatever else a
file asks for is an error.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import budget
from kerasish.errors import FileFormatError, KerasishError, UnsafeFileError, clip
from kerasish.saving.files import limits
from kerasish.saving.files.pickled_arrays import NAMES, Damaged, Name, Unfinished, is_a

_PLAIN = (bytes, bytearray, str, int, float, type(None))
_KEYS = (bytes, str)  # whose hashes no file can foresee
_QUOTED = re.compile(rb"(?:[^\\]|\\(?:[\\'\"nrt]|x[0-9a-f]{2}))*", re.DOTALL)
_PROTOCOLS = range(2, 6)
_INT1, _INT2 = b"KM"
_END = object()
_DAMAGED = (LookupError, struct.error, ValueError, TypeError, ArithmeticError, RecursionError)


def read_pickled(data: bytes, where: str) -> Any:
    """What a pickle of plain values and numpy arrays holds.

    Strings of Python 2 are bytes.

    Args:
        data: the whole pickle; what is behind its end is not looked at.
        where: what errors call it.

    Raises:
        FileFormatError: it is cut off or damaged.
        UnsafeFileError: it asks for anything else, or is nested deeper than data are.
        LimitError: it holds more than a file of its size may.
    """
    try:
        with budget.opened(where, len(data)):
            value = _Reader(data, where).read()
            _check(value, where)
    except KerasishError:
        raise
    except _DAMAGED as error:
        raise FileFormatError(
            f"{where} cannot be read",
            expected="a whole pickle of numbers, texts, lists, dicts and numpy arrays",
            received=error or type(error).__name__,
        ) from error
    return value


def _check(value: Any, where: str) -> None:
    """Raise unless a value and all in it is what may be, counted as often as it is shown."""
    level = [value]
    for _ in range(limits.MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            if is_a(item, list) or is_a(item, tuple):
                held: Any = item
            elif is_a(item, dict):
                held = item.values()
            elif is_a(item, np.ndarray) and item.dtype.hasobject:
                held = item.ravel().tolist()
            elif isinstance(item, (*_PLAIN, np.ndarray)):
                continue
            else:
                raise UnsafeFileError(
                    f"{where}: a value that is no data",
                    expected="numbers, texts, lists, dicts and numpy arrays",
                    received=type(item).__name__.lower(),
                )
            budget.spend("objects", 1 + len(held) / 64, "a list")
            inner.extend(part for part in held if type(part) is not int)
        if not inner:
            return
        level = inner
    raise UnsafeFileError(
        f"{where}: nested deeper than {limits.MAX_DEPTH}", expected="arrays and lists of data"
    )


class _Reader:
    """The stack machine of a pickle, with the opcodes below and no others."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        self._where = where
        self._at = 0
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def read(self) -> Any:
        """The value on the stack when the pickle ends."""
        data, stack, size = self._data, self._stack, len(self._data)
        push = stack.append
        while self._at < size:
            at = self._at
            op = data[at]
            while op == _INT1 or op == _INT2:  # nearly all that files of datasets hold
                if op == _INT1:
                    push(data[at + 1])
                    at += 2
                else:
                    push(data[at + 1] | data[at + 2] << 8)
                    at += 3
                op = data[at]
            self._at = at + 1
            step = _STEPS.get(op)
            if step is None:
                raise UnsafeFileError(
                    f"{self._where}: the opcode {bytes([op])!r} at byte {at:,}",
                    expected="a pickle of numbers, texts, lists, dicts and numpy arrays",
                )
            if step(self) is _END:
                if len(stack) != 1 or self._marks:
                    raise Damaged("more than one value at the end")
                return stack[0]
        raise Damaged("no end")

    @property
    def remembered(self) -> int:
        """How many values are in the memo."""
        return len(self._memo)

    # What a step takes from the file.

    def take(self, size: int) -> bytes:
        end = self._at + size
        if size < 0 or end > len(self._data):
            raise Damaged(f"{size:,} bytes are asked for where {len(self._data) - self._at:,} are")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        end = self._data.find(b"\n", self._at)
        if end < 0:
            raise Damaged("a line without an end")
        taken = self._data[self._at : end]
        self._at = end + 1
        return taken

    # What it does with the stack.

    def pop(self) -> Any:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise Damaged("a value is taken where none is")
        return self._stack.pop()

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[Any]:
        if not self._marks:
            raise Damaged("items without a beginning")
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    def top(self, kind: type) -> Any:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise Damaged("no value to add to")
        found = self._stack[-1]
        if type(found) is not kind:
            raise Damaged(f"items for {type(found).__name__} as for {kind.__name__}")
        return found

    def extend(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def update(self, items: list[Any]) -> None:
        held = self.top(dict)
        if len(items) % 2:
            raise Damaged("a key without a value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, _KEYS):
                raise Damaged(f"a key that is {type(key).__name__}")
            held[key] = value

    def gather(self, count: int) -> None:
        self.push(tuple(reversed([self.pop() for _ in range(count)])))

    def put(self, place: int) -> None:
        if not self._stack or place < 0:
            raise Damaged("nothing to remember")
        value = self._stack[-1]
        if isinstance(value, Unfinished):
            value.places.append(place)
        self._memo[place] = value

    def get(self, place: int) -> None:
        if place not in self._memo:
            raise Damaged(f"nothing was remembered as {place}")
        self.push(self._memo[place])

    def find(self, module: str, name: str) -> None:
        known = NAMES.get((module, name))
        if known is None:
            raise UnsafeFileError(
                f"{self._where} asks for {clip(f'{module}.{name}')}",
                expected="numbers, texts, lists, dicts and numpy arrays",
                fix="Whoever loads such a file with pickle runs what it asks for: do not.",
            )
        self.push(known)

    def find_on_stack(self) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise Damaged("a name that is no text")
        self.find(module, name)

    def call(self) -> None:
        args, known = self.pop(), self.pop()
        if not isinstance(known, Name) or known.make is None or not is_a(args, tuple):
            raise UnsafeFileError(
                f"{self._where} calls what is no array", expected="the making of numpy arrays"
            )
        budget.spend("objects", 1, "an array")
        self.push(known.make(*args))

    def build(self) -> None:
        state, held = self.pop(), self.pop()
        if not isinstance(held, Unfinished):
            raise UnsafeFileError(
                f"{self._where} sets the state of what is no array", expected="numpy arrays"
            )
        finished = held.finish(state)
        for place in held.places:
            if self._memo.get(place) is held:
                self._memo[place] = finished
        self.push(finished)


def _dict(reader: _Reader, items: list[Any]) -> None:
    reader.push({})
    reader.update(items)


def _integer(text: bytes) -> Any:
    if text in (b"00", b"01"):
        return text == b"01"
    return int(text.removesuffix(b"L"))


def _quoted(text: bytes) -> bytes:
    if len(text) < 2 or text[:1] not in (b"'", b'"') or text[:1] != text[-1:]:
        raise Damaged("a text without quotes")
    if not _QUOTED.fullmatch(text, 1, len(text) - 1):
        raise Damaged("an escape that Python 2 does not write")
    return codecs.escape_decode(text[1:-1])[0]


def _long(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _valued(take: Callable[[_Reader], Any]) -> Callable[[_Reader], Any]:
    return lambda r: r.push(take(r))


_BY_OPCODE: dict[bytes, Callable[[_Reader], Any]] = {
    # numbers
    b"I": _valued(lambda r: _integer(r.line())),
    b"L": _valued(lambda r: _integer(r.line())),
    b"F": _valued(lambda r: float(r.line())),
    b"J": _valued(lambda r: r.number("<i")),
    b"G": _valued(lambda r: r.number(">d")),
    b"\x8a": _valued(lambda r: _long(r.take(r.number("<B")))),
    b"\x8b": _valued(lambda r: _long(r.take(r.number("<i")))),
    b"N": _valued(lambda r: None),
    b"\x88": _valued(lambda r: True),
    b"\x89": _valued(lambda r: False),
    # bytes, and strings of Python 2
    b"S": _valued(lambda r: _quoted(r.line())),
    b"T": _valued(lambda r: r.take(r.number("<i"))),
    b"U": _valued(lambda r: r.take(r.number("<B"))),
    b"B": _valued(lambda r: r.take(r.number("<I"))),
    b"C": _valued(lambda r: r.take(r.number("<B"))),
    b"\x8e": _valued(lambda r: r.take(r.number("<Q"))),
    b"\x96": _valued(lambda r: bytearray(r.take(r.number("<Q")))),
    # texts
    b"V": _valued(lambda r: r.line().decode("raw-unicode-escape")),
    b"X": _valued(lambda r: _text(r.take(r.number("<I")))),
    b"\x8c": _valued(lambda r: _text(r.take(r.number("<B")))),
    b"\x8d": _valued(lambda r: _text(r.take(r.number("<Q")))),
    # lists, tuples and dicts
    b"(": _Reader.mark,
    b"]": _valued(lambda r: list[Any]()),
    b"l": _valued(_Reader.since_mark),
    b"a": lambda r: r.extend([r.pop()]),
    b"e": lambda r: r.extend(r.since_mark()),
    b")": _valued(lambda r: ()),
    b"t": _valued(lambda r: tuple(r.since_mark())),
    b"\x85": lambda r: r.gather(1),
    b"\x86": lambda r: r.gather(2),
    b"\x87": lambda r: r.gather(3),
    b"}": _valued(lambda r: dict[Any, Any]()),
    b"d": lambda r: _dict(r, r.since_mark()),
    b"s": lambda r: r.update([r.pop(), r.pop()][::-1]),
    b"u": lambda r: r.update(r.since_mark()),
    # what is remembered
    b"p": lambda r: r.put(_integer(r.line())),
    b"q": lambda r: r.put(r.number("<B")),
    b"r": lambda r: r.put(r.number("<I")),
    b"\x94": lambda r: r.put(r.remembered),
    b"g": lambda r: r.get(_integer(r.line())),
    b"h": lambda r: r.get(r.number("<B")),
    b"j": lambda r: r.get(r.number("<I")),
    # names, calls and states
    b"c": lambda r: r.find(r.line().decode("ascii"), r.line().decode("ascii")),
    b"\x93": _Reader.find_on_stack,
    b"R": _Reader.call,
    b"b": _Reader.build,
    # the frame
    b"\x80": lambda r: _protocol(r.number("<B")),
    b"\x95": lambda r: r.take(8) and None,
    b".": lambda r: _END,
}
_STEPS = {ord(op): step for op, step in _BY_OPCODE.items()}


def _protocol(number: int) -> None:
    if number not in _PROTOCOLS:
        raise Damaged(f"protocol {number}")
