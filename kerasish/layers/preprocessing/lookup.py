"""Words and numbers as indices of a vocabulary: StringLookup, IntegerLookup.

Strings are no tensors, so StringLookup is called on numpy arrays or lists of strings, before a
model; IntegerLookup works inside models too.
"""

from __future__ import annotations

import collections
import itertools
import math
import os
import zlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from kerasish import budget, ops, tables
from kerasish.arguments.fields import placed
from kerasish.arguments.remembered import ANY
from kerasish.arguments.rules import PositiveInt, one_of
from kerasish.errors import DataError, UnsafeFileError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.base.layer import Layer
from kerasish.layers.preprocessing.adapting import as_texts, number_batches, text_batches
from kerasish.layers.preprocessing.numbers import encode

OLDER_MODES = {"binary": "multi_hot", "tf_idf": "tf_idf"}  # "tf-idf" too
OutputMode = Annotated[str, one_of("int", "one_hot", "multi_hot", "count", "tf_idf", **OLDER_MODES)]
_NOWHERE, _UNKNOWN = -1, -2  # indices that no vector has


class Lookup(Layer):
    """Tokens as indices: the mask token first (for "int"), then those out of vocabulary, then it.

    Args:
        max_tokens: largest size of the vocabulary that `adapt` learns, special tokens included.
        num_oov_indices: how many indices unknown tokens share; 0 makes them an error.
        mask_token: the token of index 0; None for none. Vectors leave it out.
        oov_token: what unknown indices become when looking up backwards.
        vocabulary: the tokens, or the path of a file with one a line; or learn them with `adapt`.
        idf_weights: a weight for every token, for "tf_idf".
        invert: whether to turn indices into tokens instead.
        output_mode: "int", or one vector per row: "one_hot", "multi_hot", "count" or "tf_idf".
        pad_to_max_tokens: whether vectors have `max_tokens` entries at any rate.
        encoding: how bytes and files hold text.
    """

    _positional_values = True
    ignored = {
        "sparse": False,
        "ragged": False,
        "salt": None,
        "oov_method": "floormod",
        "vocabulary_size": ANY,
        "has_input_vocabulary": ANY,
    }
    max_tokens: PositiveInt | None = None
    num_oov_indices: int = 1
    mask_token: Any = None
    oov_token: Any = "[UNK]"
    vocabulary: Any = None
    idf_weights: Any = None
    invert: bool = False
    output_mode: OutputMode = "int"
    pad_to_max_tokens: bool = False
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        if self.invert and self.output_mode != "int":
            raise self._refusal("output_mode='int' with invert=True", repr(self.output_mode))
        if self.max_tokens is not None and self.max_tokens < 2:
            raise self._refusal("max_tokens of at least 2", f"max_tokens={self.max_tokens}")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise self._refusal("max_tokens with pad_to_max_tokens=True", "max_tokens=None")
        if self.idf_weights is not None and self.output_mode != "tf_idf":
            raise self._refusal(
                "idf_weights with output_mode='tf_idf' only", repr(self.output_mode)
            )
        self._tokens: list[Any] = []
        self._index: dict[Any, int] = {}
        if self.vocabulary is not None:
            self.set_vocabulary(self.vocabulary, self.idf_weights)

    # --- the vocabulary ---------------------------------------------------------------------------

    @property
    def specials(self) -> list[Any]:
        """The tokens before the vocabulary."""
        masked = self.mask_token is not None and self.output_mode == "int"
        return [self.mask_token] * masked + [self.oov_token] * self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, with or without the special ones before them.

        Args:
            vocabulary: the tokens, or the path of a file with one a line.
            idf_weights: a weight for each of them, for "tf_idf".

        Raises:
            ArgumentError: tokens or weights that do not fit.
            DataError: there is no such file.
        """
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = self._tokens_in(vocabulary)
        given = [self._plain(t) for t in np.asarray(vocabulary).tolist()]
        specials = self.specials
        first = len(specials) if specials and given[: len(specials)] == specials else 0
        tokens = given[first:]
        if not tokens:
            raise self._refusal("a vocabulary of at least one token", "an empty one")
        repeated = [t for t, n in collections.Counter(tokens).items() if n > 1]
        if repeated:
            raise self._refusal("every token once", f"twice: {repeated}")
        reserved = {self.mask_token, self.oov_token if self.invert else None} - {None}
        if reserved & set(tokens):
            raise self._refusal(
                f"the special tokens nowhere or first, as {specials}",
                f"{sorted(reserved & set(tokens))} elsewhere",
            )
        if self.max_tokens is not None and len(specials) + len(tokens) > self.max_tokens:
            raise self._refusal(
                f"at most max_tokens={self.max_tokens} tokens, {specials} included",
                f"{len(specials) + len(tokens)}",
            )
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise self._refusal(
                "idf_weights with output_mode='tf_idf' only",
                f"output_mode={self.output_mode!r}, idf_weights={idf_weights}",
            )
        self._weights_of_all: Any = None
        if idf_weights is not None:
            weights = [float(w) for w in np.asarray(idf_weights)]
            if len(weights) != len(given):
                raise self._refusal(f"{len(given)} idf_weights, one a token", str(len(weights)))
            if not first:  # unknown tokens count as average ones
                weights = [float(np.mean(weights))] * len(specials) + weights
            self._weights_of_all = np.array(weights, "float32")
            idf_weights = [float(w) for w in np.asarray(idf_weights)]
        self.vocabulary, self.idf_weights = given, idf_weights
        self._tokens = tokens
        self._index = {token: i + len(specials) for i, token in enumerate(tokens)}

    def _tokens_in(self, path: Any) -> list[str]:
        """The lines of a file."""
        name = os.fspath(path)
        if not os.path.isfile(name):
            raise DataError(
                f"{type(self).__name__}.vocabulary",
                expected="tokens, or the path of a file with one a line",
                received=f"{name!r}, and there is no such file",
                fix=f"Pass one token as [{name!r}].",
            )
        if self.output_mode == "tf_idf":
            raise self._refusal(
                "tokens and idf_weights with output_mode='tf_idf'", f"the file {name!r}"
            )
        with open(name, encoding=self.encoding, newline="\n") as file:
            lines = file.read().split("\n")
        return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their indices."""
        return [*(self.specials if include_special_tokens else []), *self._tokens]

    def vocabulary_size(self) -> int:
        """The number of indices."""
        return len(self._tokens) + len(self.specials)

    def load_assets(self, folder: str) -> None:
        """Take the tokens that a file of Keras keeps in `vocabulary.txt`, if there are none yet."""
        if not self._tokens and self.output_mode != "tf_idf":
            self.set_vocabulary(os.path.join(folder, "vocabulary.txt"))

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first.

        Args:
            data: an array of tokens, a document a row; or an iterable of such batches.
            batch_size: accepted for compatibility.
            steps: how many batches of an iterable to take; None for all.
        """
        counts: collections.Counter[Any] = collections.Counter()
        documents: collections.Counter[Any] = collections.Counter()
        rows = 0
        batches = itertools.islice(self._batches(data, f"{type(self).__name__}.adapt"), steps)
        for row in self._documents(batches):
            tokens = [
                t for t in map(self._plain, row) if t not in (self.mask_token, self.oov_token)
            ]
            counts.update(tokens)
            documents.update(set(tokens))
            rows += 1
        if not counts:
            raise DataError(f"{type(self).__name__}.adapt", expected="tokens", received="none")
        # Keras breaks ties by the token, the last one first.
        order = sorted(counts, reverse=True)
        order.sort(key=counts.__getitem__, reverse=True)
        if self.max_tokens is not None:
            order = order[: self.max_tokens - len(self.specials)]
        weights = None
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + rows / (1 + documents[t])) for t in order]
        self.set_vocabulary(order, weights)

    def _documents(self, batches: Iterable[np.ndarray]) -> Iterable[Any]:
        """The rows of batches."""
        for array in batches:
            if array.size:
                yield from array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)

    def _batches(self, data: Any, what: str) -> Iterable[np.ndarray]:
        return text_batches(data, what)

    def _plain(self, token: Any) -> Any:
        """A token as it is kept."""
        return token.decode(self.encoding) if isinstance(token, bytes) else str(token)

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The layer that `get_config` described.

        Raises:
            UnsafeFileError: the vocabulary is the path of a file, which a config must not open.
        """
        if isinstance(config.get("vocabulary"), str):
            raise UnsafeFileError(
                f"{cls.__name__}.from_config",
                expected="a vocabulary of tokens",
                received=f"the path {config['vocabulary']!r}; a config opens no file",
            )
        return super().from_config(config, custom_objects)

    # --- looking up -------------------------------------------------------------------------------

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        return values

    def _need_vocabulary(self) -> None:
        if not self._tokens:
            raise self._refusal("a vocabulary", "none. Call adapt(data) or pass vocabulary")

    @property
    def _mask_index(self) -> int:
        """What the mask token becomes: index 0, or in vectors nothing at all."""
        return 0 if self.output_mode == "int" else _NOWHERE

    def _find(self, token: str) -> int:
        """The index of a text token."""
        if token == self.mask_token:
            return self._mask_index
        if token in self._index:
            return self._index[token]
        if not self.num_oov_indices:
            raise self._refusal(
                "tokens of the vocabulary, since num_oov_indices is 0", repr(token), kind=DataError
            )
        first = len(self.specials) - self.num_oov_indices
        return first + zlib.crc32(token.encode()) % self.num_oov_indices

    def _encoded(self, indices: Tensor) -> Tensor:
        if self.output_mode == "int":
            return indices
        depth = self.vocabulary_size()
        if self.pad_to_max_tokens and self.max_tokens is not None:
            depth = self.max_tokens
        if self.output_mode != "tf_idf":
            return encode(indices, depth, self.output_mode, self.compute_dtype)
        weights = tables.zeros(depth, "float32")
        weights[: len(self._weights_of_all)] = self._weights_of_all
        return encode(indices, depth, "count", self.compute_dtype) * weights

    def _backwards(self, indices: Any) -> np.ndarray:
        """The tokens of indices, on the host."""
        table = np.array([*self.specials, *self._tokens])
        places = np.asarray(indices)
        inside = (places >= 0) & (places < len(table))
        return np.where(inside, table[np.where(inside, places, 0)], self.oov_token)


class StringLookup(Lookup):
    mask_token: str | None = None
    oov_token: str = "[UNK]"

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        if self.invert:
            return self._backwards(inputs)
        tokens = as_texts(inputs, f"{type(self).__name__} {self.name!r}")
        found = [self._find(self._plain(t)) for t in tokens.reshape(-1).tolist()]
        indices = np.array(found, "int64").reshape(tokens.shape)
        return self._encoded(convert_to_tensor(indices))


class IntegerLookup(Lookup):
    mask_token: int | None = None
    oov_token: int = -1
    vocabulary_dtype: str = placed(behind="vocabulary", default="int64")
    encoding: ClassVar[str] = "utf-8"

    def _plain(self, token: Any) -> Any:
        if isinstance(token, (float, np.floating)) and not token.is_integer():
            raise self._refusal(
                "integers",
                repr(token),
                fix="Divide numbers into bins with Discretization first.",
                kind=DataError,
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
        unknown = first + ops.mod(x, self.num_oov_indices) if self.num_oov_indices else _UNKNOWN
        found = ops.where(ops.equal(ops.take(keys, at), x), ops.take(places, at), unknown)
        if self.mask_token is not None:
            found = ops.where(ops.equal(x, self.mask_token), self._mask_index, found)
        strict = not (self.num_oov_indices or found.is_symbolic)
        if strict and bool(ops.any(ops.equal(found, _UNKNOWN))):
            raise self._refusal(
                "tokens of the vocabulary, since num_oov_indices is 0", "others too", kind=DataError
            )
        return self._encoded(found)
