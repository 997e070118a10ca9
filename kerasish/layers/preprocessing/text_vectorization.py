"""TextVectorization: texts as rows of word indices, or as vectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np

from kerasish import tables
from kerasish.arguments.fields import placed
from kerasish.arguments.rules import ANYTHING, Axis, PositiveInt, enum, one_of
from kerasish.errors import ArgumentError
from kerasish.layers.preprocessing.vocabulary import OLDER_MODES, Lookup
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import TEXT
from kerasish.texts import as_texts

_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")
# As in Keras, letters and spaces beyond ASCII are words like others: vocabularies depend on it.
_WORDS = re.compile("[^ \t\n\v\f\r]+")
_CLEANED = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
_Standard = Annotated[Any, replace(ANYTHING, form=enum(_CLEANED))]
_CUT = ("whitespace", "character", None)
_Split = Annotated[Any, replace(ANYTHING, form=enum(_CUT))]
_Mode = Annotated[str, one_of("int", "one_hot", "multi_hot", "count", "tf_idf", **OLDER_MODES)]
_LOWER = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_Rows = list[list[str]]


class TextVectorization(Lookup):
    """Texts as rows of word indices, or as one vector each.

    Args:
        max_tokens: largest size of the vocabulary, special tokens included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", a function, or
            None; only the letters A to Z are lowered. A function takes an array of texts, as
            those of `numpy.char` do; one that cannot is given each text alone.
        split: "whitespace", "character", a function from a text to a list, or None.
        ngrams: n for all runs of up to n words, or a tuple of lengths.
        output_mode: "int", "multi_hot", "count" or "tf_idf".
        output_sequence_length: number of words per row for "int", cut or padded with 0.
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
        vocabulary: the tokens, or the path of a file with one a line; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".
        encoding: how bytes and files hold text.

    Takes (n,) texts, or (n, 1).

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.TextVectorization(output_sequence_length=3)
        >>> layer.adapt(["a b b", "b c"])
        >>> layer(["b d"]).numpy().tolist()
        [[2, 1, 0]]
    """

    runs_on_host = True
    standardize: _Standard = placed(behind="max_tokens", default="lower_and_strip_punctuation")
    split: _Split = placed(behind="standardize", default="whitespace")
    ngrams: Axis = placed(behind="split", default=None)
    output_mode: _Mode = placed(behind="ngrams", default="int")
    output_sequence_length: PositiveInt | None = placed(behind="output_mode", default=None)
    pad_to_max_tokens: bool = placed(behind="output_sequence_length", default=False)

    num_oov_indices: ClassVar[int] = 1
    mask_token: ClassVar[Any] = ""
    oov_token: ClassVar[Any] = "[UNK]"
    invert: ClassVar[bool] = False
    oov_method: ClassVar[str] = "floormod"
    salt: ClassVar[Any] = None
    written = ("ragged",)
    stored_also = ("_lookup_layer",)
    input_dtype = TEXT  # pyright: ignore[reportAssignmentType]

    def __post_init__(self) -> None:
        _choose("standardize", self.standardize, _STANDARDIZE)
        _choose("split", self.split, _SPLIT)
        if isinstance(self.ngrams, list):
            self.ngrams = tuple(self.ngrams)
        sizes = self.ngrams if isinstance(self.ngrams, tuple) else (self.ngrams,)
        if self.ngrams is not None and not all(isinstance(n, int) and n > 0 for n in sizes):
            raise self._refusal("a positive int, or a tuple of them", self.ngrams, of="ngrams")
        if self.output_mode != "int" and self.output_sequence_length is not None:
            raise self._refusal(
                "output_sequence_length with output_mode='int' only", repr(self.output_mode)
            )
        super().__post_init__()

    def words(self, text: Any) -> list[str]:
        """The tokens of one text."""
        return self._rows(as_texts([text], self.name, self.encoding))[0]

    def _rows_of(self, data: Any) -> Iterable[Any]:
        # Of a table with several columns every text counts.
        yield from self._rows(as_texts(data, f"{type(self).__name__}.adapt", self.encoding))

    def _column(self, data: Any) -> np.ndarray:
        """The texts of a batch, without a last axis of 1 where they are split."""
        what = f"{type(self).__name__} {self.name!r}"
        texts = as_texts(data, what, self.encoding)
        if self.split is None or texts.ndim < 2:
            return texts
        if texts.shape[-1] != 1:
            raise self._refusal(
                "texts of shape (n,) or (n, 1), which are split into words",
                f"shape {texts.shape}",
                fix="Join those of a row, or give split=None.",
            )
        return texts[..., 0]

    def _rows(self, texts: np.ndarray) -> _Rows:
        """The tokens of every text; of all along the last axis where texts are tokens."""
        standard = self._standard(texts.reshape(-1).tolist())
        if self.split is None:
            per = max(texts.shape[-1], 1) if texts.ndim else 1
            rows = [standard[at : at + per] for at in range(0, len(standard), per)]
        else:
            split = _choose("split", self.split, _SPLIT)
            rows = [list(split(text)) for text in standard]
        if self.ngrams is None:
            return rows
        sizes = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [
            [" ".join(row[i : i + n]) for n in sizes for i in range(len(row) - n + 1)]
            for row in rows
        ]

    def _standard(self, texts: list[str]) -> list[str]:
        function: Any = _choose("standardize", self.standardize, _STANDARDIZE)
        if not callable(self.standardize):
            return list(map(function, texts))
        try:
            found = np.asarray(function(np.array(texts, np.str_)))
        except (TypeError, AttributeError):  # made for one text, as string methods are
            return [str(function(text)) for text in texts]
        if found.shape != (len(texts),):
            raise self._refusal(
                f"{len(texts)} texts for {len(texts)}", f"shape {found.shape}", of="standardize"
            )
        return as_texts(found, f"{self.name}, standardize", self.encoding).tolist()

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        texts = self._column(inputs)
        rows = self._rows(texts)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        indices = self._find([word for row in rows for word in row])
        if self.split is None and self.ngrams is None:
            return self._unsplit(indices.reshape(texts.shape))
        shape = texts.shape[:-1] if self.split is None else texts.shape
        if self.output_mode == "int":
            width = self.output_sequence_length or int(lengths.max(initial=0))
            table = _table(indices, lengths, width, 0)
            return table.reshape(*shape, width)
        table = _table(indices, lengths, int(lengths.max(initial=0)), -1)
        # The axis of words stays where there is one word alone.
        alone = (1,) if self.output_mode == "one_hot" else ()
        return self._encoded(table.reshape(*shape, table.shape[-1], *alone))

    def _unsplit(self, indices: np.ndarray) -> Any:
        """Texts that are tokens themselves: those along the last axis are a row."""
        length = self.output_sequence_length
        if length is not None and indices.ndim:
            indices = indices[..., :length]
            after = [(0, 0)] * (indices.ndim - 1) + [(0, length - indices.shape[-1])]
            indices = np.pad(indices, after)
        return self._encoded(indices)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives: int64, vectors of tf_idf in floatx."""
        shape = tuple(inputs.shape)
        if self.split is not None or self.ngrams is not None:
            last = self.split is None or len(shape) > 1
            shape = (*(shape[:-1] if last else shape), None)
        if self.output_mode == "int" and self.output_sequence_length is not None and shape:
            shape = (*shape[:-1], self.output_sequence_length)
        return KerasTensor(self._given_shape(shape), self._given_dtype)


def _table(indices: np.ndarray, lengths: np.ndarray, width: int, fill: int) -> np.ndarray:
    """Rows one behind the other as one array, cut or padded to a width."""
    table = tables.full((len(lengths), width), fill, dtype="int64")
    within = np.arange(len(indices)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = within < width
    table[np.repeat(np.arange(len(lengths)), lengths)[kept], within[kept]] = indices[kept]
    return table


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LOWER)


_STANDARDIZE: dict[str | None, Callable[[str], str]] = {
    None: lambda text: text,
    "lower": _lower,
    "strip_punctuation": lambda text: _PUNCTUATION.sub("", text),
    "lower_and_strip_punctuation": lambda text: _PUNCTUATION.sub("", _lower(text)),
}
_SPLIT: dict[str | None, Callable[[str], Iterable[str]]] = {
    None: lambda text: [text],
    "whitespace": _WORDS.findall,
    "character": list,
}


def _choose(what: str, value: Any, table: Mapping[str | None, Any]) -> Callable[[str], Any]:
    if callable(value):
        return value
    if value not in table:
        raise ArgumentError(
            f"TextVectorization.{what}",
            expected=f"one of {list(table)}, or a function",
            received=repr(value),
        )
    return table[value]
