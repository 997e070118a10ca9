"""Lookup: a vocabulary, given or learned, and tokens as its indices or as vectors."""

from __future__ import annotations

import collections
import itertools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self

import numpy as np

from kerasish import budget, config, tables
from kerasish.arguments.remembered import ANY
from kerasish.arguments.rules import Axis, NumberList, PositiveInt, Token, one_of
from kerasish.errors import DataError, UnsafeFileError
from kerasish.layers.base.layer import Layer
from kerasish.layers.preprocessing.adapting import check_end, is_whole, text_batches
from kerasish.layers.preprocessing.fingerprints import fingerprints
from kerasish.layers.preprocessing.numbers import encode, encoded_shape
from kerasish.ops.symbol import KerasTensor
from kerasish.texts import as_texts

OLDER_MODES = {"binary": "multi_hot", "tf_idf": "tf_idf"}  # "tf-idf" too
OutputMode = Annotated[str, one_of("int", "one_hot", "multi_hot", "count", "tf_idf", **OLDER_MODES)]
_NOWHERE, UNKNOWN = -1, -2  # indices that no vector has


def salted(layer: Any, salt: Any) -> list[int] | None:
    """The key of SipHash that a salt stands for: two integers, or one for both.

    Raises:
        ArgumentError: it is neither.
    """
    if salt is None:
        return None
    pair = [salt, salt] if isinstance(salt, (int, np.integer)) else salt
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or isinstance(salt, bool):
        raise layer._refusal("an integer, or two", repr(salt), of="salt")
    return [int(part) for part in pair]


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
        oov_method: how several indices of unknown integers are shared: "floormod", token modulo
            their number; or "farmhash". Texts are always hashed.
        salt: one or two integers, by which SipHash takes FarmHash's place.
    """

    states_spec = True
    _positional_values = True
    ignored = {
        "sparse": False,
        "ragged": False,
        "vocabulary_size": ANY,
        "has_input_vocabulary": ANY,
    }
    max_tokens: PositiveInt | None = None
    num_oov_indices: int = 1
    mask_token: Token = None
    oov_token: Token = "[UNK]"
    vocabulary: Token = None
    idf_weights: NumberList = None
    invert: bool = False
    output_mode: OutputMode = "int"
    pad_to_max_tokens: bool = False
    encoding: str = "utf-8"
    oov_method: Annotated[str, one_of("floormod", "farmhash")] = "floormod"
    salt: Axis = None

    def __post_init__(self) -> None:
        if self.invert and self.output_mode != "int":
            raise self._refusal("output_mode='int' with invert=True", repr(self.output_mode))
        if self.max_tokens is not None and self.max_tokens < 2:
            raise self._refusal("max_tokens of at least 2", f"max_tokens={self.max_tokens}")
        if self.num_oov_indices < 0:
            raise self._refusal("num_oov_indices of 0 or more", str(self.num_oov_indices))
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise self._refusal("max_tokens with pad_to_max_tokens=True", "max_tokens=None")
        if self.idf_weights is not None and self.output_mode != "tf_idf":
            raise self._refusal(
                "idf_weights with output_mode='tf_idf' only", repr(self.output_mode)
            )
        self.salt = salted(self, self.salt)
        self._tokens: list[Any] = []
        self._index: dict[Any, int] = {}
        self._weights_of_all: Any = None
        self._weights_in_file: Any = None
        self._size_told: int | None = None  # by a config whose vocabulary is in another file
        self.reset_state()
        self._fixed = self.vocabulary is not None
        if self._fixed:
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
        size, told = len(specials) + len(tokens), self._size_told
        if told not in (None, size) and self.output_mode != "int" and not self.pad_to_max_tokens:
            raise self._refusal(f"a vocabulary of {told}, special tokens included", str(size))
        self._weights_of_all = None
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
        return _lines(name, self.encoding)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their indices."""
        return [*(self.specials if include_special_tokens else []), *self._tokens]

    def vocabulary_size(self) -> int:
        """The number of indices."""
        return len(self._tokens) + len(self.specials)

    def load_assets(self, dir_path: str) -> None:
        """Take the tokens that a file of Keras keeps in `vocabulary.txt`, if there are none yet."""
        if not self._tokens:
            path = os.path.join(dir_path, "vocabulary.txt")
            tokens = _lines(path, "utf-8", self._size_told)
            self.set_vocabulary(tokens, self._weights_in_file)

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of "tf_idf" into a store, where Keras looks for them."""
        if self._weights_of_all is not None:
            store["idf_weights"] = self._weights_of_all

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of a vocabulary that `load_assets` is to read."""
        self._weights_in_file = store.get("idf_weights")

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first.

        Args:
            data: an array of tokens, a document a row; or an iterable of such batches, of which
                one of a single axis is one document.
            batch_size: accepted for compatibility.
            steps: how many batches of an iterable to take; None for all.

        Raises:
            ArgumentError: the vocabulary was given.
            DataError: there are no tokens.
        """
        self.reset_state()
        alone = is_whole(data)
        what = f"{type(self).__name__}.adapt"
        check_end(data, what, steps)
        batches = itertools.islice(self._batches(data, what), steps)
        for batch in batches:
            self.update_state(batch[:, None] if alone and batch.ndim == 1 else batch)
        if not self._counts:
            raise DataError(f"{type(self).__name__}.adapt", expected="tokens", received="none")
        self.finalize_state()

    @property
    def adaptable(self) -> bool:
        """Whether the vocabulary is learned by `adapt`: it was not given to the constructor."""
        return not self._fixed

    def reset_state(self) -> None:
        """Forget the tokens that were counted; the vocabulary stays."""
        self._counts: collections.Counter[Any] = collections.Counter()
        self._documents: collections.Counter[Any] = collections.Counter()
        self._row_count = 0

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch, a document a row; one of a single axis is one document."""
        if self._fixed:
            raise self._refusal(
                "a layer whose vocabulary is learned",
                "one that was made with a vocabulary",
                fix="Leave out vocabulary=..., or do not adapt it.",
                of="adapt",
            )
        rows = self._rows_of(data)
        if self.output_mode != "tf_idf":
            self._counts.update(itertools.chain.from_iterable(rows))
            return
        for row in rows:
            self._counts.update(row)
            self._documents.update({*row})
            self._row_count += 1

    def finalize_state(self) -> None:
        """Make the vocabulary of the tokens that were counted."""
        counts, documents, rows = self._counts, self._documents, self._row_count
        for special in (self.mask_token, self.oov_token):
            counts.pop(special, None)
        if not counts:
            return
        # Keras breaks ties by the token, the last one first.
        order = sorted(counts, reverse=True)
        order.sort(key=counts.__getitem__, reverse=True)
        if self.max_tokens is not None:
            order = order[: self.max_tokens - len(self.specials)]
        weights = None
        if self.output_mode == "tf_idf":
            # The weight of unknown tokens is the mean of what is kept, in its precision.
            learned = np.array([math.log(1 + rows / (1 + documents[t])) for t in order], "float32")
            weights = np.concatenate([np.repeat(learned.mean(), len(self.specials)), learned])
            order = [*self.specials, *order]
        self.set_vocabulary(order, weights)
        self.reset_state()

    def _rows_of(self, data: Any) -> Iterable[Any]:
        """The documents of a batch, each a row of tokens as they are kept."""
        array = self._kept(data)
        if not array.size:
            return ()
        return array.reshape(-1, array.shape[-1] if array.ndim else 1).tolist()

    def _kept(self, data: Any) -> np.ndarray:
        """Tokens in the form in which the vocabulary holds them."""
        return as_texts(data, f"{type(self).__name__}.adapt", self.encoding)

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
        made = super().from_config(config, custom_objects)
        made._fixed = made._fixed and bool(config.get("has_input_vocabulary", True))
        made._size_told = None if made._tokens else config.get("vocabulary_size")
        return made

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the vocabulary that `adapt` found included."""
        config = super().get_config()
        size = self.vocabulary_size() if self._tokens else None
        config.update(sparse=False, vocabulary_size=size)
        return config if self._fixed else {**config, "has_input_vocabulary": False}

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

    def _find(self, tokens: Sequence[Any], width: int = 1) -> np.ndarray:
        """The indices of tokens, (n,), of which each row has `width`."""
        known = dict(self._index)
        if self.mask_token is not None:
            known[self.mask_token] = self._mask_index
        unknown = itertools.repeat(UNKNOWN)
        found = np.fromiter(map(known.get, tokens, unknown), np.int64, len(tokens))
        places = np.flatnonzero(found == UNKNOWN)
        if not places.size:
            return found
        others = [tokens[place] for place in places.tolist()]
        if not self.num_oov_indices:
            shown = ", ".join(map(repr, list(dict.fromkeys(others))[:5]))
            refused = self._refusal(
                "tokens of the vocabulary, since num_oov_indices is 0", shown, kind=DataError
            )
            if isinstance(refused, DataError):
                refused.row = int(places[0]) // width
            raise refused
        bins: Any = 0
        if self.num_oov_indices > 1:
            hashed = fingerprints([str(t) for t in others], self.salt)
            bins = (hashed % np.uint64(self.num_oov_indices)).astype(np.int64)
        found[places] = len(self.specials) - self.num_oov_indices + bins
        return found

    @property
    def _depth(self) -> int:
        """The size of vectors."""
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        if not self._tokens and self._size_told is not None:
            return self._size_told
        self._need_vocabulary()
        return self.vocabulary_size()

    @property
    def _given_dtype(self) -> str:
        return config.floatx() if self.output_mode == "tf_idf" else "int64"

    def _encoded(self, indices: Any) -> Any:
        if self.output_mode == "int":
            return indices
        if self.output_mode != "tf_idf":
            return encode(indices, self._depth, self.output_mode, "int64")
        weights = tables.zeros(self._depth, "float32")
        weights[: len(self._weights_of_all)] = self._weights_of_all
        return encode(indices, self._depth, "count", config.floatx()) * weights

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives: int64, vectors of tf_idf in floatx."""
        return KerasTensor(self._given_shape(tuple(inputs.shape)), self._given_dtype)

    def _given_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if self.output_mode == "int":
            return shape
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return encoded_shape(shape, self._depth, mode)

    def _backwards(self, indices: Any) -> np.ndarray:
        """The tokens of indices, on the host."""
        table = np.array([*self.specials, *self._tokens])
        places = np.asarray(indices)
        inside = (places >= 0) & (places < len(table))
        return np.where(inside, table[np.where(inside, places, 0)], self.oov_token)


def _lines(path: str, encoding: str, count: int | None = None) -> list[str]:
    """The lines of a file; an empty text is a token in the end where their number says so."""
    with open(path, encoding=encoding, newline="\n") as file:
        lines = file.read().split("\n")
    kept = lines if lines[-1] or len(lines) == count else lines[:-1]
    return [line.removesuffix("\r") for line in kept]
