"""Reading HDF5 files that nobody vouches for.

HDF5 can point outside itself (external links, external and virtual storage), load plug-ins
(filters) and declare arrays of any size without holding a byte of them. So: every name is
followed one component at a time and must be a hard link; storage must be inside the file;
filters are gzip and shuffle; shape, dtype and stored size are compared before any allocation.
"""

from __future__ import annotations

import functools
import io
import math
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from kerasish import budget
from kerasish.errors import FileFormatError, KerasishError, UnsafeFileError
from kerasish.saving.files import limits
from kerasish.saving.files.h5_chunks import check_chunks
from kerasish.saving.files.h5_heap import Heaps
from kerasish.saving.files.sources import check_source
from kerasish.spec import np_dtype

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FILTERS = {1: "gzip", 2: "shuffle"}
_MAX_CHUNK = 2**20
_OBJECT_WORK = 0.25  # steps of work to look at a group or dataset

P = ParamSpec("P")
R = TypeVar("R")


def _h5py() -> Any:
    import h5py  # pyright: ignore[reportMissingTypeStubs]

    return h5py


def guarded(method: Callable[P, R]) -> Callable[P, R]:
    """Turn whatever the HDF5 library raises on a damaged file into `FileFormatError`."""

    @functools.wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except KerasishError:
            raise
        except Exception as error:  # h5py maps library failures to a dozen classes
            raise FileFormatError(
                f"{args[0]}: damaged", expected="readable HDF5 content", received=error
            ) from error

    return wrapper


@dataclass
class _File:
    """What all nodes of one open file share."""

    source: str | os.PathLike[str] | bytes
    name: str
    size: int
    charged: set[str] = field(default_factory=set[str])  # paths of arrays that the account knows

    @functools.cached_property
    def heaps(self) -> Heaps:
        """The texts of variable length; raises where the library would hang."""
        return Heaps(self.source, self.name)

    def charge(self, path: str, size: int) -> None:
        """Account for an array, once however often it is read."""
        if path not in self.charged:
            budget.spend("read", size, f"/{path} of {size:,} bytes")
            self.charged.add(path)


@contextmanager
def open_h5(
    source: str | os.PathLike[str] | bytes, label: str | None = None
) -> Generator[SafeGroup, None, None]:
    """The root group of an HDF5 file, or of the bytes of one.

    Args:
        source: a path, or the whole content.
        label: what errors call the file; the path by default.

    Raises:
        FileFormatError: missing, truncated or not HDF5.
    """
    name = label or (str(source) if not isinstance(source, bytes) else "the data given")
    size = _check_signature(source, name)
    file = _open(source, name)
    try:
        with budget.opened(name, size):
            yield SafeGroup(_root(file, name), _File(source, name, size), "")
    finally:
        file.close()


def _open(source: str | os.PathLike[str] | bytes, name: str) -> Any:
    handle = io.BytesIO(source) if isinstance(source, bytes) else os.fspath(source)
    try:
        return _h5py().File(handle, "r", locking="best-effort")
    except Exception as error:  # the same dozen classes as in `guarded`
        raise _truncated(name, error) from error


def _root(file: Any, name: str) -> Any:
    try:
        return file["/"]
    except Exception as error:
        raise _truncated(name, error) from error


def _truncated(name: str, error: Exception) -> FileFormatError:
    return FileFormatError(
        f"{name}: truncated or damaged", expected="a whole HDF5 file", received=error
    )


def _check_signature(source: str | os.PathLike[str] | bytes, name: str) -> int:
    if isinstance(source, bytes):
        head, size = source[: len(SIGNATURE)], len(source)
    else:
        path = Path(source)
        check_source(path)
        try:
            with path.open("rb") as file:
                head, size = file.read(len(SIGNATURE)), os.fstat(file.fileno()).st_size
        except OSError as error:
            raise FileFormatError(f"{name}: cannot be read: {error.strerror or error}.") from error
    if head != SIGNATURE:
        raise FileFormatError(
            f"{name}: not an HDF5 file",
            expected=f"the signature {SIGNATURE!r} at its start",
            received=repr(head),
        )
    return size


class _Node:
    """A group or dataset together with the names that errors need."""

    def __init__(self, handle: Any, opened: _File, path: str) -> None:
        self.handle = handle
        self.opened = opened
        self.path = path

    @property
    def file(self) -> str:
        """What errors call the file."""
        return self.opened.name

    def __str__(self) -> str:
        return f"{self.file}: /{self.path}"

    def has_attr(self, name: str) -> bool:
        """Whether the attribute is there."""
        return self._attr_id(name) is not None

    @guarded
    def _attr_id(self, name: str) -> Any:
        h5py, key = _h5py(), name.encode()
        return h5py.h5a.open(self.handle.id, key) if h5py.h5a.exists(self.handle.id, key) else None

    @guarded
    def attr_texts(self, name: str) -> list[str] | None:
        """An attribute that is a text or a list of texts; None where it is absent."""
        h5py = _h5py()
        attr = self._attr_id(name)
        if attr is None:
            return None
        count = math.prod(attr.shape) if attr.shape else 1
        if count == 0:
            return []  # numpy has no dtype for an empty list: h5py wrote it as float64
        kind = attr.get_type()
        if not isinstance(kind, h5py.h5t.TypeStringID):
            raise self.wrong(f"attribute {name!r}", "text", str(kind.dtype))
        if count > limits.MAX_OBJECTS:
            raise UnsafeFileError(f"{self}: attribute {name!r} declares {count} texts.")
        if kind.is_variable_str():
            size = self.opened.heaps.text_bytes(self.address()[1], name, count)
        else:
            size = count * kind.get_size()
        budget.spend("read", size + 64 * count, f"attribute {name!r} of /{self.path}")
        value = self.handle.attrs[name]
        items = [value] if isinstance(value, (str, bytes)) else np.ravel(value).tolist()
        return [i.decode("utf-8") if isinstance(i, bytes) else str(i) for i in items]

    def attr_text(self, name: str) -> str | None:
        """An attribute that is one text; None where it is absent."""
        texts = self.attr_texts(name)
        if texts is None:
            return None
        if len(texts) != 1:
            raise self.wrong(f"attribute {name!r}", "one text", f"{len(texts)} texts")
        return texts[0]

    @guarded
    def address(self) -> Any:
        """What tells two objects of a file apart, whatever their names."""
        info = _h5py().h5o.get_info(self.handle.id)
        return info.fileno, info.addr

    def wrong(self, what: str, expected: str, received: str) -> FileFormatError:
        """The error for content that is not what this place should hold."""
        return FileFormatError(f"{self}: {what}", expected=expected, received=received)


class SafeGroup(_Node):
    """A group whose members are reached through hard links only."""

    @guarded
    def names(self) -> list[str]:
        """Names of the members, in the file's (alphabetical) order."""
        if len(self.handle) > limits.MAX_OBJECTS:
            raise UnsafeFileError(f"{self}: holds more than {limits.MAX_OBJECTS} objects.")
        return list(self.handle)

    @guarded
    def __contains__(self, name: str) -> bool:
        return bool(self.handle.id.links.exists(name.encode("utf-8", "surrogateescape")))

    def member(self, path: str) -> SafeGroup | SafeDataset:
        """The group or dataset at `path`, relative to this group.

        Raises:
            FileFormatError: there is none.
            UnsafeFileError: a component is a soft or external link, or a name like "..".
        """
        node: SafeGroup | SafeDataset = self
        for part in limits.check_path(path, str(self)):
            if not isinstance(node, SafeGroup):
                raise node.wrong("no group", f"a group that holds {part!r}", "a dataset")
            node = node._step(part)
        return node

    @guarded
    def _step(self, name: str) -> SafeGroup | SafeDataset:
        h5py = _h5py()
        key = name.encode("utf-8", "surrogateescape")
        if not self.handle.id.links.exists(key):
            raise self.wrong("incomplete", f"a member {name!r}", ", ".join(self.names()[:20]))
        kind = self.handle.id.links.get_info(key).type
        if kind != h5py.h5l.TYPE_HARD:
            called = "SoftLink" if kind == h5py.h5l.TYPE_SOFT else "ExternalLink"
            raise UnsafeFileError(
                f"{self}: {name!r} is a link to somewhere else ({called})",
                expected="data in this file",
            )
        found = h5py.h5o.open(self.handle.id, key)
        path = f"{self.path}/{name}" if self.path else name
        if isinstance(found, h5py.h5g.GroupID):
            return SafeGroup(h5py.Group(found), self.opened, path)
        if isinstance(found, h5py.h5d.DatasetID):
            return SafeDataset(h5py.Dataset(found), self.opened, path)
        raise UnsafeFileError(f"{self}: {name!r} is neither a group nor a dataset.")

    def group(self, path: str) -> SafeGroup:
        """The group at `path`."""
        found = self.member(path)
        if not isinstance(found, SafeGroup):
            raise found.wrong("not a group", "a group", "a dataset")
        return found

    def dataset(self, path: str) -> SafeDataset:
        """The dataset at `path`."""
        found = self.member(path)
        if not isinstance(found, SafeDataset):
            raise found.wrong("not a dataset", "a dataset", "a group")
        return found

    def walk(self) -> Iterator[SafeGroup | SafeDataset]:
        """Everything below this group, parents first; refuses depth, number and cycles."""
        seen = {self.address()}
        stack: list[SafeGroup] = [self]
        while stack:
            group = stack.pop()
            for name in group.names():
                budget.spend("work", _OBJECT_WORK, f"/{group.path}")
                child = group._step(limits.check_name(name, str(group)))
                if isinstance(child, SafeGroup):
                    stack.append(child)
                    if child.address() in seen or child.path.count("/") > limits.MAX_DEPTH:
                        raise UnsafeFileError(f"{child}: groups nested in a circle or too deep.")
                seen.add(child.address())
                if len(seen) > limits.MAX_OBJECTS:
                    raise UnsafeFileError(f"{self}: more than {limits.MAX_OBJECTS} objects.")
                yield child


class SafeDataset(_Node):
    """A dataset that is looked at before it is read."""

    @functools.cached_property
    def shape(self) -> tuple[int, ...]:
        """The declared shape."""
        return self._shape()

    @guarded
    def _shape(self) -> tuple[int, ...]:
        shape = self.handle.shape
        if shape is None:
            raise self.wrong("empty", "numbers", "a dataset without a shape")
        return tuple(int(d) for d in shape)

    @functools.cached_property
    def dtype(self) -> str:
        """The name of the stored dtype, in kerasish's words."""
        return self._dtype()

    @guarded
    def _dtype(self) -> str:
        stored = self.handle.dtype
        if stored.kind == "V" and stored.itemsize == 2 and not stored.names:
            if self.attr_text("dtype") == "bfloat16":
                return "bfloat16"
        elif stored.kind in "iuf" and stored.itemsize <= 8 and not stored.metadata:
            return str(stored.newbyteorder("=").name)
        elif stored == np.bool_:
            return "bool"
        raise UnsafeFileError(
            f"{self}: dtype {stored}", expected="bool, an integer or a float of at most 64 bits"
        )

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(self.handle.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of the array in memory."""
        return math.prod(self.shape) * self.handle.dtype.itemsize

    @guarded
    def backed(self) -> int:
        """Bytes of the array for which there can be content in the file."""
        plist = self.handle.id.get_create_plist()
        stored = min(int(self.handle.id.get_storage_size()), self.opened.size)
        return min(self.nbytes, stored * (limits.MAX_EXPANSION if plist.get_nfilters() else 1))

    def read(self, shape: tuple[int, ...] | None = None) -> np.ndarray:
        """The array, contiguous and in native byte order.

        Args:
            shape: the shape it must have, compared before anything is read.

        Raises:
            FileFormatError: another shape, or the data are damaged.
            UnsafeFileError: stored outside the file, behind a filter, or declared but not stored.
        """
        found = self.read_stored(shape)
        return _from_bfloat16(found.view("<u2")) if self.dtype == "bfloat16" else found

    def check(self) -> None:
        """Look at how the array is stored, as `read` does before it reads.

        Raises:
            UnsafeFileError: outside the file, behind a filter, or declared but not stored.
        """
        self._check_storage()

    def rows(self, at: np.ndarray) -> np.ndarray:
        """The rows at some positions, in their order; `check` has been called once.

        Args:
            at: numbers of rows, which may come again.
        """
        wanted, back = np.unique(at, return_inverse=True)
        self.opened.charge(self.path, self.nbytes // max(self.shape[0], 1) * len(wanted))
        return self._rows(wanted)[back]

    @guarded
    def _rows(self, wanted: np.ndarray) -> np.ndarray:
        out = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        cuts = [0, *(np.flatnonzero(np.diff(wanted) > 1) + 1).tolist(), len(wanted)]
        for begin, end in pairwise(cuts):  # rows that follow each other are read at once
            if end > begin:
                out[begin:end] = self.handle[int(wanted[begin]) : int(wanted[end - 1]) + 1]
        return out

    def read_stored(self, shape: tuple[int, ...] | None = None) -> np.ndarray:
        """The same, but bfloat16 as the two opaque bytes per number that are in the file."""
        name = "V2" if self.dtype == "bfloat16" else self.dtype
        if shape is not None and self.shape != tuple(shape):
            raise self.wrong("wrong shape", str(tuple(shape)), str(self.shape))
        self._check_storage()
        self.opened.charge(self.path, self.nbytes)
        return self._read(name)

    @guarded
    def _read(self, name: str) -> np.ndarray:
        out = np.empty(self.shape, name)
        if out.ndim == 0:
            out[()] = self.handle[()]
        elif out.size:
            self.handle.read_direct(out)
        return out

    @guarded
    def _check_storage(self) -> None:
        h5py = _h5py()
        plist = self.handle.id.get_create_plist()
        layout = plist.get_layout()
        inside = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)
        if plist.get_external_count() or layout not in inside:
            raise UnsafeFileError(
                f"{self}: stored in another file", expected=f"data inside {self.file}"
            )
        filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
        if any(code not in _FILTERS for code in filters):
            raise UnsafeFileError(
                f"{self}: filters {filters}",
                expected="only " + ", ".join(f"{code} ({name})" for code, name in _FILTERS.items()),
            )
        chunked = layout == h5py.h5d.CHUNKED
        self._check_size(plist.get_chunk() if chunked else None, bool(filters))
        if chunked:
            check_chunks(self.handle, filters, str(self), self.opened.size)

    def _check_size(self, chunk: tuple[int, ...] | None, packed: bool) -> None:
        stored = int(self.handle.id.get_storage_size())
        most = stored * limits.MAX_EXPANSION if packed else stored
        too_wide = chunk is not None and (
            math.prod(chunk) * self.handle.dtype.itemsize > max(self.nbytes, _MAX_CHUNK)
        )
        if self.nbytes > most or stored > self.opened.size or too_wide:
            raise UnsafeFileError(
                f"{self}: declares {self.nbytes} bytes of shape {self.shape} but stores {stored}",
                expected=f"all of them inside the {self.opened.size} bytes of the file",
            )


def _from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """bfloat16 words as numbers; as float32, with equal values, where ml_dtypes is missing."""
    try:
        return bits.astype("u2").view(np_dtype("bfloat16"))
    except KerasishError:
        return (bits.astype("u4") << 16).view("f4")
