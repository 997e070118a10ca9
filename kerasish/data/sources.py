"""Where the elements of a dataset come from: arrays, generators and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from glob import glob
from pathlib import PurePath
from typing import Any, Self

import numpy as np

from kerasish.data.nodes import Generated, Node, Paths, Range, Single, Slices, walk
from kerasish.data.shuffling import Shuffled
from kerasish.data.stages import Batched
from kerasish.data.tabular import Csv, Files, Lines, Parquet
from kerasish.errors import DataError
from kerasish.hints import hinted_methods
from kerasish.spec import TEXT, TensorSpec, dtype_name


@hinted_methods
class Sources:
    """The constructors of datasets; `Dataset` has them."""

    def __init__(self, node: Node) -> None:
        """Args:
        node: what makes the elements.
        """
        paths = next((n.paths for n in walk(node) if isinstance(n, (Files, Paths))), None)
        self.node = node
        self.file_paths: Any = paths and [str(path) for path in paths]

    @classmethod
    def from_tensor_slices(cls, tensors: Any) -> Self:
        """The rows of arrays.

        Args:
            tensors: an array, list or pandas object (n, ...), or a tuple or dict of such. Rows of a
                list may have different lengths.

        Raises:
            DataError: they are not of one length.
        """
        return cls(Slices(tensors))

    @classmethod
    def from_tensors(cls, tensors: Any) -> Self:
        """One element: what is given."""
        return cls(Single(tensors))

    @classmethod
    def from_generator(
        cls,
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple[Any, ...] | None = None,
        output_signature: Any = None,
    ) -> Self:
        """What a generator gives.

        Args:
            generator: a function that returns an iterable; every pass calls it again.
            output_types: dtypes of an element, in its form; elements are cast to them.
            output_shapes: shapes of an element, in its form, None where a size is open.
            args: what `generator` is called with.
            output_signature: `TensorSpec` or anything of a shape and a dtype, in the form of an
                element, in place of the two; elements are checked against it.

        Raises:
            ArgumentError: not a function.
        """
        form = signature_of(output_types, output_shapes, output_signature)
        return cls(Generated(generator, tuple(args or ()), form))

    @classmethod
    def from_csv(
        cls,
        path: Any,
        columns: Any = None,
        label: Any = None,
        dtypes: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        delimiter: str = ",",
        names: Sequence[str] | None = None,
    ) -> Self:
        """The rows of csv files as dicts by column, read in blocks: memory does not grow with them.

        Args:
            path: a file, or several with the same columns.
            columns: the columns to read; all by default.
            label: the column that is the label, or several; elements are then (features, label).
            dtypes: from column to dtype, "string" for text. Otherwise a column is what its values
                at the beginning of the first file say: int64, float64, bool or text. An empty
                value is NaN among floats and "" among texts.
            batch_size: rows of an element; single ones by default.
            delimiter: what parts the values.
            names: the columns' names, where the first line does not have them.

        Raises:
            DataError: a column is not there; when the row is read: a value that is none of the
                column's type. File, line and column are told.
            MissingPackageError: pyarrow is not installed.
        """
        return cls(in_batches(Csv(path, columns, label, dtypes, delimiter, names), batch_size))

    @classmethod
    def from_parquet(
        cls, path: Any, columns: Any = None, label: Any = None, batch_size: int | None = None
    ) -> Self:
        """The rows of parquet files as dicts by column, read in blocks; see `from_csv`."""
        return cls(in_batches(Parquet(path, columns, label), batch_size))

    @classmethod
    def from_lines(cls, path: Any, encoding: str = "utf-8") -> Self:
        """The lines of text files, without their ends.

        Args:
            path: a file, or several.
            encoding: of the text.

        Raises:
            DataError: when the line is read: it is no such text; file and line are told.
        """
        return cls(Lines(path, encoding))

    @classmethod
    def list_files(
        cls, file_pattern: Any, shuffle: bool | None = None, seed: int | None = None
    ) -> Self:
        """The paths of files; in `cache` they count by what is in them.

        Args:
            file_pattern: a pattern as of `glob`, or several; files come in the order of their
                names.
            shuffle: whether in random order; they are, but for False.
            seed: of the order.

        Raises:
            DataError: no file fits.
        """
        patterns = [file_pattern] if isinstance(file_pattern, (str, PurePath)) else file_pattern
        found = sorted({path for pattern in patterns for path in glob(str(pattern))})
        if not found:
            told = ", ".join(map(str, patterns))
            raise DataError(
                "Dataset.list_files", expected=f"files of the form {told}", received="none"
            )
        node: Node = Paths("Dataset.list_files", found)
        return cls(node if shuffle is False else Shuffled(node, len(found), seed, True))

    @classmethod
    def range(cls, *args: int, output_type: Any = "int64") -> Self:
        """The numbers of Python's `range` with the same arguments."""
        return cls(Range(range(*args), np.dtype(output_type)))


def in_batches(node: Node, size: int | None) -> Node:
    """The rows of files, single or in batches."""
    return node if size is None else Batched(node, size, False)


def signature_of(types: Any, shapes: Any, signature: Any) -> Any:
    """The specs that `from_generator` was told of; None where it was not."""
    if signature is None and types is None:
        return None
    parts = types if signature is None else signature
    if isinstance(parts, (tuple, dict)) and not hasattr(parts, "dtype"):
        keys = parts if isinstance(parts, dict) else range(len(parts))
        if signature is None:
            made = {k: signature_of(types[k], shapes and shapes[k], None) for k in keys}
        else:
            made = {k: signature_of(None, None, signature[k]) for k in keys}
        return made if isinstance(parts, dict) else tuple(made.values())
    dtype = types if signature is None else getattr(signature, "dtype", signature)
    shape = shapes if signature is None else getattr(signature, "shape", None)
    name = TEXT if dtype in (TEXT, str, bytes, object) else dtype_name(dtype)
    return TensorSpec(None if shape is None else tuple(shape), name)  # pyright: ignore
