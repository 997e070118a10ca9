"""Texts as lists of word numbers: Keras's files of IMDB and Reuters."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish import budget
from kerasish.data.fetch import fetch
from kerasish.data.npz import open_npz
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving.files.text import parse_json

BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
Arrays = tuple[np.ndarray, np.ndarray]


class Texts(NamedTuple):
    """Texts one behind the other: all word numbers, the words in each text, and the labels."""

    words: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray

    def kept(self, which: np.ndarray) -> Texts:
        """The texts that a mask or an order chooses."""
        ends = np.cumsum(self.lengths)
        spans = zip((ends - self.lengths)[which], ends[which], strict=True)
        words = np.concatenate([self.words[:0], *(self.words[a:b] for a, b in spans)])
        return Texts(words, self.lengths[which], self.labels[which])


def read(path: str, name: str, sha256: str, parts: Sequence[tuple[str, str]]) -> list[Texts]:
    """The texts in a dataset's file.

    Args:
        path: what the file is called where it is kept.
        name: of the dataset.
        sha256: of the file.
        parts: the names of the arrays of texts and of their labels.

    Raises:
        FileFormatError: an array does not hold lists of whole numbers, or labels of their number.
    """
    found: list[Texts] = []
    with open_npz(fetch(name, path, f"{BASE_URL}{name}.npz", sha256)) as file:
        for x, y in parts:
            rows: list[Any] = file.read(x, objects=True).tolist()
            labels = file.read(y)
            if not all(type(row) is list for row in rows) or labels.shape != (len(rows),):
                raise _refusal(path, x, y)
            flat = [*itertools.chain.from_iterable(rows)]
            if not all(type(word) is int and abs(word) < 2**62 for word in flat):
                raise _refusal(path, x, y)
            lengths = np.array([len(row) for row in rows], np.int64)
            found.append(Texts(np.array(flat, np.int64), lengths, labels))
    return found


def _refusal(path: str, x: str, y: str) -> FileFormatError:
    return FileFormatError(
        f"{path}: the arrays {x!r} and {y!r}",
        expected="lists of whole numbers, and as many labels",
    )


def marked(texts: Texts, start_char: int | None, index_from: int | None) -> Texts:
    """Texts whose words count from `index_from`, each with its first mark."""
    words = texts.words + (index_from or 0)
    if start_char is None:
        return texts._replace(words=words)
    begins = np.cumsum(texts.lengths) - texts.lengths
    return texts._replace(words=np.insert(words, begins, start_char), lengths=texts.lengths + 1)


def shortened(texts: Texts, maxlen: int | None) -> Texts:
    """The texts with fewer than `maxlen` words; all where there is no limit.

    Raises:
        ArgumentError: there is none.
    """
    if not maxlen:
        return texts
    short = texts.kept(texts.lengths < maxlen)
    if not len(short.lengths):
        raise ArgumentError(
            "maxlen",
            expected=f"more than {texts.lengths.min()}, the words of the shortest text",
            received=maxlen,
        )
    return short


def chosen(
    texts: Texts, num_words: int, skip_top: int, oov_char: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """The lists of texts and their labels, with words outside of a range replaced or left out."""
    inside = (skip_top <= texts.words) & (texts.words < num_words)
    lengths = texts.lengths
    if oov_char is None:
        owner = np.repeat(np.arange(len(lengths)), lengths)
        lengths = np.bincount(owner[inside], minlength=len(lengths))
        words = texts.words[inside]
    else:
        words = np.where(inside, texts.words, oov_char)
    flat, ends = words.tolist(), np.cumsum(lengths).tolist()
    lists: list[Any] = [flat[end - size : end] for end, size in zip(ends, lengths, strict=True)]
    return np.array(lists, dtype=object), texts.labels


def word_index(path: str, name: str, md5: str) -> dict[str, int]:
    """The number of every word of a dataset, counted from 1 by how often it occurs."""
    file = f"{name}_word_index.json"
    found = fetch(name, path, BASE_URL + file, md5)
    size = found.stat().st_size
    with budget.opened(str(found), size):
        budget.spend("read", size, "the list of words")
        return parse_json(found.read_bytes(), str(found))
