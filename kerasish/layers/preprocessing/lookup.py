"""Words and numbers as indices of a vocabulary: StringLookup, IntegerLookup.

StringLookup runs on the host, where texts are; IntegerLookup is compiled with the model, unless
it hashes unknown tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

import numpy as np

from kerasish import ops
from kerasish.arguments.fields import placed
from kerasish.arguments.rules import one_of
from kerasish.errors import DataError
from kerasish.graph.tensor import convert_to_tensor
from kerasish.layers.preprocessing.adapting import number_batches
from kerasish.layers.preprocessing.vocabulary import UNKNOWN, Lookup
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import TEXT
from kerasish.texts import as_texts


class StringLookup(Lookup):
    mask_token: str | None = None
    oov_token: str = "[UNK]"
    runs_on_host = True
    vocabulary_dtype: ClassVar[str] = "string"

    @property
    def input_dtype(self) -> str:
        """Texts; integers where it looks up backwards."""
        return "int64" if self.invert else TEXT

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        if self.invert:
            return self._backwards(inputs)
        tokens = as_texts(inputs, f"{type(self).__name__} {self.name!r}", self.encoding)
        width = tokens[:1].size or 1
        indices = self._find(tokens.reshape(-1).tolist(), width).reshape(tokens.shape)
        return self._encoded(indices)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives; of texts where it looks up backwards."""
        if self.invert:
            return KerasTensor(inputs.shape, TEXT)
        return super().compute_output_spec(inputs)


class IntegerLookup(Lookup):
    mask_token: int | None = None
    oov_token: int = -1
    vocabulary_dtype: Annotated[str, one_of("int64")] = placed(behind="vocabulary", default="int64")
    encoding: ClassVar[str] = "utf-8"

    def __post_init__(self) -> None:
        if self.salt is not None and self.oov_method != "farmhash":
            raise self._refusal("oov_method='farmhash' with salt", repr(self.oov_method))
        super().__post_init__()

    @property
    def runs_on_host(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether unknown tokens are hashed."""
        return self.oov_method == "farmhash" and self.num_oov_indices > 1 and not self.invert

    def _plain(self, token: Any) -> Any:
        if isinstance(token, (float, np.floating)) and not token.is_integer():
            raise self._refusal(
                "integers",
                repr(token),
                fix="Divide numbers into bins with Discretization first.",
                kind=DataError,
            )
        return int(token)

    def _kept(self, data: Any) -> np.ndarray:
        array = np.asarray(data)
        if array.dtype.kind == "f":
            wrong = array[~(np.isfinite(array) & (np.floor(array) == array))]
            for value in wrong[:1]:
                self._plain(value)
        return array.astype(np.int64)

    def _batches(self, data: Any, what: str) -> Iterable[np.ndarray]:
        return number_batches(data, what)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives."""
        if self.invert:
            return KerasTensor(inputs.shape, self.vocabulary_dtype)
        return super().compute_output_spec(inputs)

    def call(self, inputs: Any) -> Any:
        self._need_vocabulary()
        if self.runs_on_host:
            given = np.asarray(inputs, np.int64)
            return self._encoded(self._find(given.reshape(-1).tolist()).reshape(given.shape))
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
        unknown = first + ops.mod(x, self.num_oov_indices) if self.num_oov_indices else UNKNOWN
        found = ops.where(ops.equal(ops.take(keys, at), x), ops.take(places, at), unknown)
        if self.mask_token is not None:
            found = ops.where(ops.equal(x, self.mask_token), self._mask_index, found)
        strict = not (self.num_oov_indices or found.is_symbolic)
        if strict and bool(ops.any(ops.equal(found, UNKNOWN))):
            place = int(np.flatnonzero(np.asarray(found) == UNKNOWN)[0])
            refused = self._refusal(
                "tokens of the vocabulary, since num_oov_indices is 0",
                repr(np.asarray(x).reshape(-1)[place].item()), kind=DataError,
            )  # fmt: skip
            if isinstance(refused, DataError):
                refused.row = place // (np.asarray(x)[:1].size or 1)
            raise refused
        return self._encoded(found)
