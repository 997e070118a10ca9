"""TextVectorization: texts as rows of word indices, or as vectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from kerasish import ops
from kerasish.arguments.fields import placed
from kerasish.arguments.rules import PositiveInt, one_of
from kerasish.errors import ArgumentError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.preprocessing.adapting import as_texts
from kerasish.layers.preprocessing.lookup import OLDER_MODES, Lookup

_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")
# As in Keras, letters and spaces beyond ASCII are words like others: vocabularies depend on it.
_SPACE = re.compile("[ \t\n\v\f\r]+")
_Mode = Annotated[str, one_of("int", "multi_hot", "count", "tf_idf", **OLDER_MODES)]
_LOWER = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class TextVectorization(Lookup):
    """Texts as rows of word indices, or as one vector each.

    Args:
        max_tokens: largest size of the vocabulary, special tokens included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", a function of a
            text, or None; only the letters A to Z are lowered.
        split: "whitespace", "character", a function from a text to a list, or None.
        ngrams: n for all runs of up to n words, or a tuple of lengths.
        output_mode: "int", "multi_hot", "count" or "tf_idf".
        output_sequence_length: number of words per row for "int", cut or padded with 0.
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
        vocabulary: the tokens, or the path of a file with one a line; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".
        encoding: how bytes and files hold text.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.TextVectorization(output_sequence_length=3)
        >>> layer.adapt(["a b b", "b c"])
        >>> layer(["b d"]).numpy().tolist()
        [[2, 1, 0]]
    """

    standardize: Any = placed(behind="max_tokens", default="lower_and_strip_punctuation")
    split: Any = placed(behind="standardize", default="whitespace")
    ngrams: Any = placed(behind="split", default=None)
    output_mode: _Mode = placed(behind="ngrams", default="int")
    output_sequence_length: PositiveInt | None = placed(behind="output_mode", default=None)
    pad_to_max_tokens: bool = placed(behind="output_sequence_length", default=False)

    num_oov_indices: ClassVar[int] = 1
    mask_token: ClassVar[Any] = ""
    oov_token: ClassVar[Any] = "[UNK]"
    invert: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _choose("standardize", self.standardize, _STANDARDIZE)
        _choose("split", self.split, _SPLIT)
        super().__post_init__()

    def words(self, text: Any) -> list[str]:
        """The tokens of one text."""
        plain = str(_choose("standardize", self.standardize, _STANDARDIZE)(self._plain(text)))
        words = list(_choose("split", self.split, _SPLIT)(plain))
        if self.ngrams is None:
            return words
        sizes = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [" ".join(words[i : i + n]) for n in sizes for i in range(len(words) - n + 1)]

    def _documents(self, batches: Iterable[np.ndarray]) -> Iterable[Any]:
        for batch in batches:
            for text in batch.reshape(-1).tolist():
                yield self.words(text)

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        texts = as_texts(inputs, f"{type(self).__name__} {self.name!r}")
        if self.split is None and self.ngrams is None:
            return self._unsplit(texts)
        rows = [[*map(self._find, self.words(t))] for t in texts.reshape(-1).tolist()]
        if self.output_mode != "int":
            return ops.concatenate([self._encoded(_row(r)) for r in rows], axis=0)
        length = self.output_sequence_length or max(map(len, rows), default=0)
        padded = [[*row[:length], *[0] * (length - len(row))] for row in rows]
        indices = convert_to_tensor(np.array(padded, "int64").reshape(-1, length))
        return indices if texts.ndim else indices[0]

    def _unsplit(self, texts: np.ndarray) -> Tensor:
        """Texts that are tokens themselves: those along the last axis are a row."""
        found = [self._find(self.words(t)[0]) for t in texts.reshape(-1).tolist()]
        indices = np.array(found, "int64").reshape(texts.shape)
        length = self.output_sequence_length
        if length is not None and texts.ndim:
            indices = indices[..., :length]
            after = [(0, 0)] * (texts.ndim - 1) + [(0, length - indices.shape[-1])]
            indices = np.pad(indices, after)
        return self._encoded(convert_to_tensor(indices))


def _row(indices: Sequence[int]) -> Tensor:
    return convert_to_tensor(np.array([indices], "int64"))


_STANDARDIZE: dict[str | None, Callable[[str], str]] = {
    None: lambda text: text,
    "lower": lambda text: text.translate(_LOWER),
    "strip_punctuation": lambda text: _PUNCTUATION.sub("", text),
    "lower_and_strip_punctuation": lambda text: _PUNCTUATION.sub("", text.translate(_LOWER)),
}
_SPLIT: dict[str | None, Callable[[str], Iterable[str]]] = {
    None: lambda text: [text],
    "whitespace": lambda text: [word for word in _SPACE.split(text) if word],
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
