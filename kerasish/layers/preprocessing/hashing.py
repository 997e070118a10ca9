"""Hashing and HashedCrossing: texts and integers as bins, without a vocabulary."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from kerasish.arguments.rules import Axis, PositiveInt, Token, one_of
from kerasish.layers.base.layer import Layer
from kerasish.layers.preprocessing.fingerprints import crossed, fingerprints
from kerasish.layers.preprocessing.numbers import encode, encoded_shape
from kerasish.layers.preprocessing.vocabulary import salted
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import is_int
from kerasish.texts import as_texts, is_text


class Bins(Layer):
    """A layer that hashes on the host: bins in int64, or vectors in floatx, unless told."""

    states_spec = True
    runs_on_host = True
    _positional_values = True
    ignored = {"sparse": False}
    written = ("sparse",)

    def _set_policy(self, dtype: Any) -> None:
        self._dtype_is_given = dtype is not None
        super()._set_policy(dtype)

    def __post_init__(self: Any) -> None:
        if self.output_mode != "int":
            return
        if not self._dtype_is_given:
            Layer._set_policy(self, "int64")
        elif not is_int(self.dtype):
            raise self._refusal("an integer dtype with output_mode='int'", self.dtype, of="dtype")

    def _encoded(self: Any, bins: np.ndarray) -> Any:
        if self.output_mode == "int":
            return bins.astype(self.dtype)
        return encode(bins, self.num_bins, self.output_mode, self.compute_dtype)

    def _spec(self: Any, shape: Any) -> KerasTensor:
        if self.output_mode != "int":
            shape = encoded_shape(tuple(shape), self.num_bins, self.output_mode)
        return KerasTensor(shape, self.compute_dtype)


class Hashing(Bins):
    """Texts or integers as bins: the hash of each modulo the number of bins.

    Args:
        num_bins: number of bins, that of `mask_value` included.
        mask_value: the value of bin 0, which no other gets; None for none.
        salt: one or two integers, by which SipHash-2-4 takes FarmHash's place.
        output_mode: "int", "one_hot", "multi_hot" or "count".

    Integers hash as their decimal digits; floats are cut to integers first.

    Example:
        >>> import kerasish as keras
        >>> keras.layers.Hashing(3)(["A", "B", "C"]).numpy().tolist()
        [1, 0, 1]
    """

    num_bins: PositiveInt
    mask_value: Token = None
    salt: Axis = None
    output_mode: Annotated[str, one_of("int", "one_hot", "multi_hot", "count")] = "int"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.salt = salted(self, self.salt)

    def call(self, inputs: Any) -> Any:
        values = _column(inputs, self.name)
        masked = self.mask_value is not None and self.num_bins > 1
        bins = np.uint64(self.num_bins - masked)
        found = (_hashed(values, self.salt) % bins).astype(np.int64).reshape(values.shape)
        if masked:
            found = np.where(values == self.mask_value, 0, found + 1)
        return self._encoded(found)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives."""
        return self._spec(inputs.shape)


class HashedCrossing(Bins):
    """Bins of what several features have together.

    Args:
        num_bins: number of bins.
        output_mode: "int" or "one_hot".

    Takes a list of two features or more, texts or integers, all of shape (), (n,) or (n, 1).

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.HashedCrossing(5)
        >>> layer((["A", "B", "A"], [101, 101, 102])).numpy().tolist()
        [1, 4, 1]
    """

    num_bins: PositiveInt
    output_mode: Annotated[str, one_of("int", "one_hot")] = "int"

    def call(self, inputs: Any) -> Any:
        self._check([np.shape(x) for x in self._listed(inputs)])
        for x in inputs:
            if not is_text(x) and np.asarray(x).dtype.kind in "fc":
                raise self._refusal("texts or integers", f"dtype {np.asarray(x).dtype}")
        columns = [_column(x, self.name) for x in inputs]
        words = [
            _hashed(c, None) if c.dtype.kind == "O" else c.reshape(-1).astype(np.uint64)
            for c in columns
        ]
        bins = (crossed(words) % np.uint64(self.num_bins)).astype(np.int64)
        return self._encoded(bins.reshape(columns[0].shape))

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives."""
        shapes = [tuple(x.shape) for x in self._listed(inputs)]
        self._check(shapes)
        return self._spec(shapes[0])

    def _listed(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise self._refusal("a list of two features or more", inputs)
        return inputs

    def _check(self, shapes: list[Any]) -> None:
        first = shapes[0]
        if len(first) > 2 or (len(first) == 2 and first[-1] != 1) or len(set(shapes)) > 1:
            raise self._refusal(
                "features of one shape: (), (n,) or (n, 1)", ", ".join(map(str, shapes))
            )


def _column(value: Any, name: str) -> np.ndarray:
    """Texts as an object array, numbers as integers."""
    if is_text(value) or isinstance(value, (str, bytes)):
        return as_texts(value, name)
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        return as_texts(value, name)
    return array.astype(np.int64) if array.dtype.kind == "f" else array


def _hashed(column: np.ndarray, key: Any) -> np.ndarray:
    if column.dtype.kind == "O":
        return fingerprints(column.reshape(-1).tolist(), key)
    values, places = np.unique(column, return_inverse=True)
    return fingerprints(list(map(str, values.tolist())), key)[places.reshape(-1)]
