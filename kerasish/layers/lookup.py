"""Words and numbers as indices of a vocabulary: StringLookup, IntegerLookup, TextVectorization.

Strings are no tensors, so StringLookup and TextVectorization are called on numpy arrays or lists of
strings, before a model; IntegerLookup works inside models too.
"""

from __future__ import annotations

import collections
import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from kerasish import ops
from kerasish.errors import ArgumentError, DataError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.adapting import as_texts, number_batches, text_batches
from kerasish.layers.fields import PositiveInt, one_of
from kerasish.layers.layer import Layer, builtin
from kerasish.layers.preprocessing import encode

OutputMode = Annotated[str, one_of("int", "one_hot", "multi_hot", "count", "tf_idf")]


class Lookup(Layer):
    """Tokens as indices: the mask token first (for "int"), then those out of vocabulary, then it.

    Args:
        max_tokens: largest size of the vocabulary that `adapt` learns, special tokens included.
        num_oov_indices: how many indices unknown tokens share; 0 makes them an error.
        mask_token: the token of index 0; None for none.
        oov_token: what unknown indices become when looking up backwards.
        vocabulary: the tokens; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".
        invert: whether to turn indices into tokens instead.
        output_mode: "int", or one vector per row: "one_hot", "multi_hot", "count" or "tf_idf".
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
    """

    _positional_values = True
    ignored = {"sparse": False, "salt": None, "ragged": False, "encoding": "utf-8"}
    if TYPE_CHECKING:
        max_tokens: int | None
        num_oov_indices: int
        mask_token: Any
        oov_token: Any
        vocabulary: Any
        idf_weights: Any
        invert: bool
        output_mode: str
        pad_to_max_tokens: bool

    def __post_init__(self) -> None:
        if self.invert and self.output_mode != "int":
            raise ArgumentError(
                f"{type(self).__name__}. Expected: output_mode='int' with invert=True. "
                f"Received: {self.output_mode!r}."
            )
        self._tokens: list[Any] = []
        if self.vocabulary is not None:
            self.set_vocabulary(self.vocabulary, self.idf_weights)

    # --- the vocabulary ---------------------------------------------------------------------------

    @property
    def specials(self) -> list[Any]:
        """The tokens before the vocabulary."""
        masked = self.mask_token is not None and self.output_mode == "int"
        return [self.mask_token] * masked + [self.oov_token] * self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, with or without the special ones before them."""
        tokens = [self._plain(t) for t in np.asarray(vocabulary).tolist()]
        specials = self.specials
        if specials and tokens[: len(specials)] == specials:
            tokens = tokens[len(specials) :]
        repeated = [t for t, n in collections.Counter(tokens).items() if n > 1]
        if repeated:
            raise ArgumentError(
                f"{type(self).__name__}. Expected: every token once. Received twice: {repeated}."
            )
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise ArgumentError(
                f"{type(self).__name__}. Expected: idf_weights with output_mode='tf_idf' only. "
                f"Received: output_mode={self.output_mode!r}, idf_weights={idf_weights}."
            )
        self.vocabulary, self.idf_weights = tokens, idf_weights
        self._tokens = tokens
        self._index = {token: i + len(specials) for i, token in enumerate(tokens)}

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their indices."""
        return [*(self.specials if include_special_tokens else []), *self._tokens]

    def vocabulary_size(self) -> int:
        """The number of indices."""
        return len(self._tokens) + len(self.specials)

    def adapt(self, data: Any) -> None:
        """Learn the vocabulary: the most frequent tokens first.

        Args:
            data: an array of tokens, a document a row; or an iterable of such batches.
        """
        counts: collections.Counter[Any] = collections.Counter()
        documents: collections.Counter[Any] = collections.Counter()
        rows = 0
        for row in self._documents(data, f"{type(self).__name__}.adapt"):
            tokens = [t for t in map(self._plain, row) if t not in (self.mask_token, "")]
            counts.update(tokens)
            documents.update(set(tokens))
            rows += 1
        if not counts:
            raise DataError(f"{type(self).__name__}.adapt. Expected: tokens. Received: none.")
        # Keras breaks ties by the token, the last one first.
        order = sorted(counts, reverse=True)
        order.sort(key=counts.__getitem__, reverse=True)
        if self.max_tokens is not None:
            order = order[: self.max_tokens - len(self.specials)]
        weights = None
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + rows / (1 + documents[t])) for t in order]
        self.set_vocabulary(order, weights)

    def _documents(self, data: Any, what: str) -> Iterable[Any]:
        """The rows of arrays, or of batches."""
        for array in self._batches(data, what):
            if array.size:
                yield from array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)

    def _batches(self, data: Any, what: str) -> Iterable[np.ndarray]:
        return text_batches(data, what)

    def _plain(self, token: Any) -> Any:
        """A token as it is kept."""
        return token

    # --- looking up -------------------------------------------------------------------------------

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        return values

    def _need_vocabulary(self) -> None:
        if not self._tokens:
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}. Expected: a vocabulary. Received: none. "
                "Call adapt(data) or pass vocabulary."
            )

    def _encoded(self, indices: Tensor) -> Tensor:
        if self.output_mode == "int":
            return indices
        depth = self.vocabulary_size()
        if self.pad_to_max_tokens and self.max_tokens is not None:
            depth = self.max_tokens
        if self.output_mode != "tf_idf":
            return encode(indices, depth, self.output_mode, self.compute_dtype)
        given = np.asarray(self.idf_weights, "float32")
        weights = np.zeros(depth, "float32")
        weights[: len(self.specials)] = given.mean()  # unknown tokens count as average ones
        weights[len(self.specials) : len(self.specials) + len(given)] = given
        return encode(indices, depth, "count", self.compute_dtype) * weights

    def _backwards(self, indices: Any) -> np.ndarray:
        """The tokens of indices, on the host."""
        table = np.array([*self.specials, *self._tokens])
        places = np.asarray(indices)
        inside = (places >= 0) & (places < len(table))
        return np.where(inside, table[np.where(inside, places, 0)], self.oov_token)


@builtin()
class StringLookup(Lookup):
    __doc__ = Lookup.__doc__

    max_tokens: PositiveInt | None = None
    num_oov_indices: int = 1
    mask_token: str | None = None
    oov_token: str = "[UNK]"
    vocabulary: Any = None
    idf_weights: Any = None
    invert: bool = False
    output_mode: OutputMode = "int"
    pad_to_max_tokens: bool = False

    def _plain(self, token: Any) -> Any:
        return token.decode("utf-8") if isinstance(token, bytes) else str(token)

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        if self.invert:
            return self._backwards(inputs)
        tokens = as_texts(inputs, f"{type(self).__name__} {self.name!r}")
        found = [self._find(self._plain(t)) for t in tokens.reshape(-1).tolist()]
        indices = np.array(found, "int64").reshape(tokens.shape)
        return self._encoded(convert_to_tensor(indices))

    def _find(self, token: str) -> int:
        if token in self._index:
            return self._index[token]
        first = len(self.specials) - self.num_oov_indices
        if first and token == self.mask_token:
            return 0
        if not self.num_oov_indices:
            raise DataError(
                f"StringLookup {self.name!r}. Expected: tokens of the vocabulary, since "
                f"num_oov_indices is 0. Received: {token!r}."
            )
        return first + zlib.crc32(token.encode()) % self.num_oov_indices


@builtin()
class IntegerLookup(Lookup):
    __doc__ = Lookup.__doc__

    max_tokens: PositiveInt | None = None
    num_oov_indices: int = 1
    mask_token: int | None = None
    oov_token: int = -1
    vocabulary: Any = None
    vocabulary_dtype: str = "int64"
    idf_weights: Any = None
    invert: bool = False
    output_mode: OutputMode = "int"
    pad_to_max_tokens: bool = False

    ignored = {**Lookup.ignored, "oov_method": "floormod"}

    def _plain(self, token: Any) -> Any:
        if isinstance(token, (float, np.floating)) and not token.is_integer():
            raise DataError(
                f"IntegerLookup {self.name!r}. Expected: integers. Received: {token!r}. Divide "
                "numbers into bins with Discretization first."
            )
        return int(token)

    def _batches(self, data: Any, what: str) -> Iterable[np.ndarray]:
        return number_batches(data, what)

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        if self.invert and not isinstance(inputs, Tensor):
            return self._backwards(inputs)
        x = ops.cast(convert_to_tensor(inputs), "int64")
        if self.invert:
            table = np.array([*self.specials, *self._tokens], "int64")
            inside = ops.logical_and(x >= 0, x < len(table))
            return ops.where(inside, ops.take(table, ops.where(inside, x, 0)), self.oov_token)
        keys = np.sort(np.array(self._tokens, "int64"))
        places = np.array([self._index[int(k)] for k in keys], "int64")
        at = ops.minimum(ops.searchsorted(keys, ops.reshape(x, (-1,))), len(keys) - 1)
        at = ops.reshape(at, x.shape)
        first = len(self.specials) - self.num_oov_indices
        unknown = first + ops.mod(x, self.num_oov_indices) if self.num_oov_indices else -1
        found = ops.where(ops.equal(ops.take(keys, at), x), ops.take(places, at), unknown)
        if first:
            found = ops.where(ops.equal(x, self.mask_token), 0, found)
        if not self.num_oov_indices and not found.is_symbolic and bool(ops.any(found < 0)):
            raise DataError(
                f"IntegerLookup {self.name!r}. Expected: tokens of the vocabulary, since "
                "num_oov_indices is 0. Received: others too."
            )
        return self._encoded(found)


_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")


@builtin()
class TextVectorization(Lookup):
    """Texts as rows of word indices, or as one vector each.

    Args:
        max_tokens: largest size of the vocabulary, special tokens included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", a function of a
            text, or None.
        split: "whitespace", "character", a function from a text to a list, or None.
        ngrams: n for all runs of up to n words, or a tuple of lengths.
        output_mode: "int", "multi_hot", "count" or "tf_idf".
        output_sequence_length: number of words per row for "int", cut or padded with 0.
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
        vocabulary: the tokens; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.TextVectorization(output_sequence_length=3)
        >>> layer.adapt(["a b b", "b c"])
        >>> layer(["b d"]).numpy().tolist()
        [[2, 1, 0]]
    """

    max_tokens: PositiveInt | None = None
    standardize: Any = "lower_and_strip_punctuation"
    split: Any = "whitespace"
    ngrams: Any = None
    output_mode: Annotated[str, one_of("int", "multi_hot", "count", "tf_idf")] = "int"
    output_sequence_length: PositiveInt | None = None
    pad_to_max_tokens: bool = False
    vocabulary: Any = None
    idf_weights: Any = None

    num_oov_indices = 1
    mask_token = ""
    oov_token = "[UNK]"
    invert = False

    def __post_init__(self) -> None:
        _choose("standardize", self.standardize, _STANDARDIZE)
        _choose("split", self.split, _SPLIT)
        super().__post_init__()

    def words(self, text: Any) -> list[str]:
        """The tokens of one text."""
        plain = text.decode("utf-8") if isinstance(text, bytes) else str(text)
        plain = _choose("standardize", self.standardize, _STANDARDIZE)(plain)
        words = list(_choose("split", self.split, _SPLIT)(plain))
        if self.ngrams is None:
            return words
        sizes = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [" ".join(words[i : i + n]) for n in sizes for i in range(len(words) - n + 1)]

    def _documents(self, data: Any, what: str) -> Iterable[Any]:
        for batch in text_batches(data, what):
            yield from map(self.words, batch.reshape(-1).tolist())

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        texts = as_texts(inputs, f"{type(self).__name__} {self.name!r}")
        rows = [[self._index.get(w, self._unknown) for w in self.words(t)]
                for t in texts.reshape(-1).tolist()]  # fmt: skip
        if self.output_mode != "int":
            return ops.concatenate([self._encoded(_row(r)) for r in rows], axis=0)
        length = self.output_sequence_length or max(map(len, rows), default=0)
        padded = [[*row[:length], *[0] * (length - len(row))] for row in rows]
        indices = convert_to_tensor(np.array(padded, "int64").reshape(-1, length))
        return indices if texts.ndim else indices[0]

    @property
    def _unknown(self) -> int:
        return len(self.specials) - 1


def _row(indices: Sequence[int]) -> Tensor:
    return convert_to_tensor(np.array([indices], "int64").reshape(1, -1))


_STANDARDIZE: dict[str | None, Callable[[str], str]] = {
    None: lambda text: text,
    "lower": str.lower,
    "strip_punctuation": lambda text: _PUNCTUATION.sub("", text),
    "lower_and_strip_punctuation": lambda text: _PUNCTUATION.sub("", text.lower()),
}
_SPLIT: dict[str | None, Callable[[str], Iterable[str]]] = {
    None: lambda text: [text],
    "whitespace": str.split,
    "character": list,
}


def _choose(what: str, value: Any, table: Mapping[str | None, Any]) -> Callable[[str], Any]:
    if callable(value):
        return value
    if value not in table:
        raise ArgumentError(
            f"TextVectorization.{what}. Expected: one of {list(table)}, or a function. "
            f"Received: {value!r}."
        )
    return table[value]
