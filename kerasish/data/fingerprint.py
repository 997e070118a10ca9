"""The key of what a dataset gives: the bytes of its sources and how they are prepared.

A function counts by its code, its constants and defaults, what it closes over and the globals it
reads, and so do the functions among these; one of an installed package by its name and the
package's version; a layer by its class, config, weights and vocabulary. Names of variables,
comments and the place in a file do not count.
"""

from __future__ import annotations

import copyreg
import dis
import functools
import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from kerasish.config import floatx
from kerasish.data.checks import type_name
from kerasish.data.nodes import Contents, Node
from kerasish.errors import DataError
from kerasish.frames import is_columns
from kerasish.graph.tensor import is_tensor
from kerasish.graph.variable import Variable

_PLAIN = (type(None), type(...), bool, int, float, complex, str, bytes, range, slice, np.dtype)
_FUNCTIONS = (FunctionType, MethodType, functools.partial)
_LABELS = ("index", "columns", "name")  # of tables and their columns
_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)
_CHUNK = 1 << 20


def fingerprint(node: Node) -> str:
    """The key of all that decides a node's elements, 64 hexadecimal digits.

    Raises:
        DataError: a generator, or an object whose content cannot be told.
    """
    taken = _Digest()
    taken.tell(floatx())  # the dtype of Python's floats
    taken.feed(node)
    return taken.hash.hexdigest()


class _Digest:
    """What was fed so far; an object that was fed before counts as its number."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.seen: dict[int, tuple[int, Any]] = {}  # the object too, so that its id stays its own
        self.read: set[tuple[str, str]] = set()  # names in modules

    def tell(self, *parts: Any) -> None:
        """Texts and bytes, each with its length."""
        for part in parts:
            data = part if isinstance(part, bytes) else str(part).encode()
            self.hash.update(f"{len(data)}:".encode() + data)

    def feed(self, value: Any) -> None:
        """Any value."""
        if isinstance(value, _PLAIN):
            self.tell(type(value).__name__, repr(value))
        elif isinstance(value, np.generic | np.ndarray):
            self._array(np.asarray(value))
        elif isinstance(value, Contents):
            self._file(value.path)
        elif isinstance(value, (tuple, list)):
            self.tell(type(value).__name__, len(value))
            for part in value:
                self.feed(part)
        elif isinstance(value, dict):
            self.tell("dict", len(value))
            for pair in value.items():
                self.feed(pair)
        elif isinstance(value, (set, frozenset)):
            self.tell("set", *sorted(_alone(part) for part in value))
        elif isinstance(value, Path):
            self.tell("path", value)
        elif isinstance(value, CodeType):
            self._code(value)
        elif id(value) in self.seen:
            self.tell("seen", self.seen[id(value)][0])
        else:
            self.seen[id(value)] = len(self.seen), value
            self._object(value)

    def _array(self, array: np.ndarray) -> None:
        self.tell("array", array.dtype.name, array.shape)
        if array.dtype.kind == "O":
            self.feed(array.tolist())
            return
        self.hash.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def _file(self, path: Path) -> None:
        self.tell("file", path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self.hash.update(chunk)

    def _object(self, value: Any) -> None:
        if isinstance(value, Node):
            self._node(value)
        elif isinstance(getattr(value, "node", None), Node):
            self._node(value.node)
        elif isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, MethodType):
            self.tell("method")
            self.feed(value.__func__)
            self.feed(value.__self__)
        elif isinstance(value, functools.partial):
            self.tell("partial")
            self.feed([value.func, value.args, value.keywords])
        elif isinstance(value, ModuleType):
            self._module(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, (BuiltinFunctionType, np.ufunc)):
            owner = getattr(value, "__self__", None)
            self.tell("builtin", value.__name__)
            if owner is not None and not isinstance(owner, ModuleType):
                self.feed(owner)
        elif is_tensor(value) or isinstance(value, Variable):
            self._array(value.numpy())
        elif hasattr(value, "get_config"):
            self._configured(value)
        elif hasattr(value, "__array__"):
            self._array(np.asarray(value))
            for name in _LABELS if is_columns(value) else ():
                self.feed(np.asarray(getattr(value, name, ""), object))
        elif state := object.__getstate__(value):  # of a dict, of slots, or both
            self.tell("object")
            self.feed(type(value))
            self.feed(state)
        else:
            self._reduced(value)

    def _reduced(self, value: Any) -> None:
        """An object of which only Python's own way to copy it tells the content: a compiled
        regular expression, a date."""
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            parts = value.__reduce_ex__(2) if reduce is None else reduce(value)
        except TypeError:
            raise DataError(
                "Dataset.cache(path)",
                expected="functions that use what can be told by its content: numbers, text, "
                "arrays, functions, layers, and objects of these",
                received=type_name(value),
                fix="Keep the elements in memory, `cache()`, or let the function make it itself.",
            ) from None
        self.tell("reduced")
        plain = isinstance(parts, str)
        self.feed(parts if plain else [*parts[:3], *(list(part or ()) for part in parts[3:5])])

    def _node(self, node: Node) -> None:
        if node.transparent:
            self.feed(node.input)
            return
        self.tell("node", type(node).__name__, len(node.inputs))
        for name in node.decides:
            self.feed(getattr(node, name))
        for part in node.inputs:
            self.feed(part)

    def _configured(self, value: Any) -> None:
        """A layer or another object with a config: with its weights; vocabularies are config."""
        self.tell("configured")
        self.feed(type(value))
        self.feed(_nameless(value.get_config()))
        for part in value._flatten_layers() if hasattr(value, "_flatten_layers") else ():
            for name, held in vars(part).items():
                if isinstance(held, _FUNCTIONS) and name[0] != "_":  # a config has but its name
                    self.feed(held)
        for weight in getattr(value, "weights", ()):
            self._array(weight.numpy())

    def _module(self, module: ModuleType, names: Collection[str] = ()) -> None:
        """A module; one of the user's by its file, and by what is read in it by name."""
        self.tell("module", module.__name__, _version(module.__name__))
        if _installed(module.__name__):
            return
        file = getattr(module, "__file__", None)
        if file:
            self._file(Path(file))
        for name in names:
            if name in vars(module) and (module.__name__, name) not in self.read:
                self.read.add((module.__name__, name))
                self._named(name, vars(module)[name], names)

    def _named(self, name: str, value: Any, names: Collection[str]) -> None:
        """What a name stands for, in code that reads `names`."""
        self.tell(name)
        if isinstance(value, ModuleType):
            self._module(value, names)
        else:
            self.feed(value)

    def _class(self, kind: type) -> None:
        self.tell("class", kind.__module__, kind.__qualname__)
        if _installed(kind.__module__):
            self.tell(_version(kind.__module__))
            return
        for base in kind.__bases__:
            self.feed(base)
        for name, part in vars(kind).items():
            inner = part.__func__ if isinstance(part, (staticmethod, classmethod)) else part
            inner = inner.fget if isinstance(inner, property) else inner
            inner = inner.func if isinstance(inner, functools.cached_property) else inner
            inherent = name[:2] == "__" or isinstance(inner, _DESCRIPTORS)
            if isinstance(inner, FunctionType) or not inherent:
                self.tell(name)
                self.feed(inner)

    def _function(self, function: FunctionType) -> None:
        if _installed(function.__module__):
            self.tell("function", function.__module__, function.__qualname__)
            self.tell(_version(function.__module__))
            return
        self.tell("function")
        self._code(function.__code__)
        self.feed([function.__defaults__, function.__kwdefaults__])
        for cell in function.__closure__ or ():
            self.feed(cell.cell_contents)
        names = dict.fromkeys(_attributes(function.__code__))
        for name in dict.fromkeys(_globals(function.__code__)):
            if name in function.__globals__:
                self._named(name, function.__globals__[name], names)

    def _code(self, code: CodeType) -> None:
        told = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        self.tell("code", code.co_code, getattr(code, "co_exceptiontable", b""), told)
        self.tell(*code.co_names)
        self.tell(*code.co_varnames[code.co_posonlyargcount :][: code.co_kwonlyargcount])
        consts = code.co_consts
        if consts and isinstance(consts[0], str) and _documented(code):
            consts = (None, *consts[1:])  # what a function's docstring says does nothing
        for const in consts:
            self.feed(const)


def _documented(code: CodeType) -> bool:
    """Whether the first constant of code, a text, says what it is for and does nothing."""
    if sys.version_info >= (3, 13):
        return bool(code.co_flags & inspect.CO_HAS_DOCSTRING)
    # Comprehensions and classes have names like functions, but no docstring of their own.
    return bool(code.co_flags & inspect.CO_NEWLOCALS) and code.co_name[0] != "<"


def _nameless(config: Any) -> Any:
    """A config without names, which count over the program."""
    if isinstance(config, dict):
        return {key: _nameless(part) for key, part in config.items() if key != "name"}
    return [_nameless(part) for part in config] if isinstance(config, (list, tuple)) else config


def _alone(value: Any) -> str:
    taken = _Digest()
    taken.feed(value)
    return taken.hash.hexdigest()


def _globals(code: CodeType) -> Iterator[str]:
    """The names of globals that a function reads, those inside it too."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _globals(const)


def _attributes(code: CodeType) -> Iterator[str]:
    """The names that code reads, of globals and in objects, those of functions inside it too."""
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _attributes(const)


@functools.cache
def _roots() -> tuple[str, ...]:
    places = sysconfig.get_paths()
    return tuple(places[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def _installed(module: str | None) -> bool:
    """Whether a module is Python's, this package's or of an installed package."""
    if module is not None and module.partition(".")[0] == "kerasish":
        return True
    found = sys.modules.get(module or "")
    if found is None or module == "__main__":
        return False
    file = getattr(found, "__file__", None)
    return file.startswith(_roots()) if file else module in sys.builtin_module_names


def _version(module: str) -> str:
    top = sys.modules.get(module.partition(".")[0])
    return str(getattr(top, "__version__", sys.version_info))
