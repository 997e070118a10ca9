"""FeatureSpace: columns of a table as one vector, each read, learned and encoded by its kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Self

import numpy as np

from kerasish import budget, frames, layers, ops, tree
from kerasish.errors import ArgumentError, DataError
from kerasish.graph.tensor import Tensor
from kerasish.hints import one_of
from kerasish.layers.base.layer import Layer
from kerasish.layers.preprocessing.vocabulary import Lookup
from kerasish.models.features import Cross, Feature, Kinds
from kerasish.ops.symbol import KerasTensor
from kerasish.saving import whole_model
from kerasish.serialization import serialize_keras_object
from kerasish.spec import TEXT, is_int
from kerasish.texts import as_texts, is_text

# The kinds that have a name: all that a name alone makes.
_NAMED = tuple(kind for kind in vars(Kinds) if kind[0] != "_" and kind not in ("cross", "feature"))
_BATCH = 32  # rows by which a table is learned, as in Keras: bins depend on it


class FeatureSpace(Kinds, Layer):
    """Columns of a table, each read by its kind, as one vector per row or as a dict.

    Args:
        features: from the name of a column to its kind: "float", "float_normalized",
            "float_rescaled", "float_discretized", "integer_categorical", "string_categorical",
            "integer_hashed", "string_hashed", or what the methods of these names give, or
            `FeatureSpace.feature(...)`.
        output_mode: "concat" for one vector, features by name and then crosses by name; "dict".
        crosses: tuples of names that are hashed together, or `FeatureSpace.cross(...)`.
        crossing_dim: bins of a cross given as a tuple.
        hashing_dim: bins of "integer_hashed" and "string_hashed".
        num_discretization_bins: bins of "float_discretized".
        name: its name.

    Attributes:
        preprocessors: the layer of every feature.
        crossers: the `HashedCrossing` of every cross, by its features' names with _X_ between.

    Example:
        >>> from kerasish.utils import FeatureSpace
        >>> rows = {"age": [20.0, 40.0], "city": ["Ulm", "Bath"]}
        >>> space = FeatureSpace({"age": "float_normalized", "city": "string_categorical"})
        >>> space.adapt(rows)
        >>> space(rows).numpy().tolist()
        [[-1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]]
    """

    keras_module = "keras.utils"
    # Keras's has no list of layers: in files they are those of `preprocessors` and `crossers`.
    untracked = Layer.untracked | {"inputs", "encoded_features", "layers"}

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Iterable[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ArgumentError("FeatureSpace.features", expected="a feature or more", received={})
        self.output_mode = one_of("FeatureSpace.output_mode", output_mode, ("dict", "concat"))
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {key: self._feature(key, kind) for key, kind in features.items()}
        self.crosses = [self._cross(cross) for cross in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        self.inputs = {
            key: layers.Input((1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self.preprocessors = {key: f.preprocessor for key, f in self.features.items()}
        self.crossers = {
            c.name: layers.HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses
        }
        self.one_hot_encoders: dict[str, Any] = {}
        self.encoded_features: Any = None
        self._is_adapted = False

    def _feature(self, key: str, kind: Any) -> Feature:
        if isinstance(kind, Feature):
            return kind
        if isinstance(kind, Mapping):
            return Feature.from_config(kind.get("config", kind))
        sizes = {
            "float_discretized": self.num_discretization_bins,
            "integer_hashed": self.hashing_dim,
            "string_hashed": self.hashing_dim,
        }
        one_of(f"FeatureSpace.features[{key!r}]", kind, _NAMED)
        size = (sizes[kind],) if kind in sizes else ()
        return getattr(self, kind)(*size, name=key)

    def _cross(self, cross: Any) -> Cross:
        if isinstance(cross, Mapping):
            cross = Cross.from_config(cross.get("config", cross))
        made = cross if isinstance(cross, Cross) else Cross(cross, self.crossing_dim)
        for name in made.feature_names:
            one_of("FeatureSpace.crosses", name, self.features)
        return made

    # --- learning ---------------------------------------------------------------------------------

    def adapt(self, dataset: Any) -> None:
        """Learn vocabularies, moments and bins, one pass over the data for each that learns.

        Args:
            dataset: a dict of columns, a table of pandas or polars, or a `Dataset` (or another
                iterable that begins anew) of dicts, of rows or of batches.

        Raises:
            DataError: no such data, or a column is missing.
        """
        for key in self._learners():
            batches: Iterator[np.ndarray] = self._batches(dataset, key)
            self.preprocessors[key].adapt(batches)
        self._is_adapted = True
        self.encoded_features = None
        self.get_encoded_features()

    def _learners(self) -> list[str]:
        return [key for key, layer in self.preprocessors.items() if learns(layer)]

    def _batches(self, dataset: Any, key: str) -> Iterator[np.ndarray]:
        """A column as batches of (rows, 1)."""
        if isinstance(dataset, Mapping) or frames.is_frame(dataset):
            column, _ = self._columns(dataset, (key,))
            whole = column[key]
            return (whole[i : i + _BATCH] for i in range(0, len(whole), _BATCH))
        if isinstance(dataset, Iterator) or not isinstance(dataset, Iterable):
            raise DataError(
                "FeatureSpace.adapt",
                expected="a dict of columns, a table, or a Dataset of dicts",
                received=type(dataset).__name__,
                fix="What runs only once cannot be read for every feature."
                if isinstance(dataset, Iterator)
                else "",
            )
        return self._of_elements(iter(dataset), key)

    def _of_elements(self, elements: Iterator[Any], key: str) -> Iterator[np.ndarray]:
        for first in elements:
            column, alone = self._columns(first, (key,))
            rest = islice(elements, _BATCH - 1) if alone else ()
            more = (self._columns(element, (key,))[0][key] for element in rest)
            yield np.concatenate([*chain([column[key]], more)])

    # --- reading ----------------------------------------------------------------------------------

    def _columns(self, data: Any, keys: Iterable[str]) -> tuple[dict[str, Any], bool]:
        """Columns as (rows, 1), and whether they were those of one row alone."""
        if not (isinstance(data, Mapping) or frames.is_frame(data)):
            raise DataError(
                "FeatureSpace",
                expected="a dict of columns, or a table",
                received=type(data).__name__,
            )
        known = frames.names(data) if frames.is_frame(data) else list(data)
        found: dict[str, Any] = {}
        alone = False
        for key in keys:
            if key not in known:
                raise DataError(
                    "FeatureSpace", expected=f"a column {key!r}", received=f"the columns {known}"
                )
            found[key], single = _column(data[key], self.features[key].dtype, key)
            alone = alone or single
        return found, alone

    def _check_adapted(self) -> None:
        if not self._is_adapted and self._learners():
            raise self._refusal("a FeatureSpace that has learned", "none", "Call adapt(data).")
        self._is_adapted = True

    def get_inputs(self) -> dict[str, KerasTensor]:
        """The symbols of the columns, each (None, 1), by name."""
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """The symbols of what comes out, for a functional model that begins with `get_inputs`."""
        self._check_adapted()
        if self.encoded_features is None:
            self.encoded_features = self._encoded(self.inputs)
            self.built = True
        return self.encoded_features

    def _encoded(self, columns: Mapping[str, Any]) -> Any:
        read = {key: self.preprocessors[key](columns[key]) for key in self.features}
        crossed = {
            cross.name: self.crossers[cross.name]([read[key] for key in cross.feature_names])
            for cross in self.crosses
        }
        specs = {**self.features, **self.crosses_by_name}
        found = {
            key: self._vector(key, value, specs[key])
            for part in (read, crossed)
            for key, value in sorted(part.items())
        }
        if self.output_mode == "dict":
            return found
        return ops.concatenate(list(found.values()), axis=-1)

    def _vector(self, key: str, value: Any, spec: Feature | Cross) -> Any:
        """A feature as it is put beside the others."""
        dtype = tree.flatten(value)[0].dtype
        what = f"FeatureSpace feature {key!r}"
        if spec.output_mode == "one_hot":
            if not is_int(dtype):
                raise ArgumentError(
                    what, expected="integers, with output_mode='one_hot'", received=dtype
                )
            if key not in self.one_hot_encoders:
                size = size_of(self.preprocessors.get(key) or self.crossers[key])
                if size is None:
                    raise ArgumentError(
                        what,
                        expected="a layer whose number of indices is known, with "
                        "output_mode='one_hot'",
                        received=repr(self.preprocessors[key]),
                        fix="Use output_mode='int'.",
                    )
                self.one_hot_encoders[key] = layers.CategoryEncoding(size, "multi_hot")
            return self.one_hot_encoders[key](value)
        if self.output_mode == "concat" and (is_int(dtype) or dtype == TEXT):
            raise ArgumentError(
                what,
                expected="floats, with output_mode='concat'",
                received=dtype,
                fix="Use output_mode='dict', or encode it as 'one_hot'.",
            )
        return value

    def __call__(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """The features of columns, or of one row.

        Args:
            data: a dict of columns or of single values, or a table; symbols too.
        """
        self.get_encoded_features()
        columns, alone = self._columns(data, self.features)
        found = self._encoded(columns)
        return tree.map_structure(lambda x: x[0], found) if alone else found

    @property
    def layers(self) -> list[Layer]:
        """The layers of features and crosses."""
        return [*self.preprocessors.values(), *self.crossers.values()]

    # --- files --------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, features and crosses as plain data."""
        return {
            "features": {key: serialize_keras_object(f) for key, f in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": serialize_keras_object(self.crosses),
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The FeatureSpace of a `get_config`."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any]:
        """The shapes that the layers of the features were built for."""
        return {key: layer.get_build_config() for key, layer in self.preprocessors.items()}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build the layers of the features as they were."""
        for key, layer in self.preprocessors.items():
            if not layer.built and config.get(key):
                layer.build_from_config(config[key])
        self._is_adapted = True

    save = whole_model.save_model


def learns(layer: Any) -> bool:
    """Whether a layer has something to learn by `adapt` that nobody gave it."""
    if not hasattr(layer, "adapt"):
        return False
    if isinstance(layer, (Lookup, layers.FillMissing)):
        return bool(layer.adaptable)
    if isinstance(layer, layers.Normalization):
        return layer.get_config()["mean"] is None
    return getattr(layer, "num_bins", True) is not None  # a Discretization between boundaries


def never_learned(layer: Any) -> bool:
    """Whether a layer has something to learn by `adapt`, and nothing was learned or loaded."""
    if not learns(layer):
        return False
    if isinstance(layer, layers.Normalization):
        return not layer.built or not np.asarray(layer.count.value).any()
    if isinstance(layer, Lookup):
        return not layer._tokens
    return getattr(layer, "bin_boundaries", None) is None


def size_of(layer: Any) -> int | None:
    """How many indices a layer gives."""
    if isinstance(layer, Lookup):
        return layer.vocabulary_size()
    if isinstance(layer, layers.CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, layers.Discretization) and layer.num_bins is None:
        return len(layer.bin_boundaries) + 1
    known = (layers.Discretization, layers.Hashing, layers.HashedCrossing)
    return layer.num_bins if isinstance(layer, known) else None


def _column(value: Any, dtype: str, key: str) -> tuple[Any, bool]:
    """A column as (rows, 1), and whether it was a single value."""
    if isinstance(value, Tensor) and value.is_symbolic:
        return value, False
    if dtype == TEXT or is_text(value):
        array = as_texts(value, f"FeatureSpace column {key!r}")
    else:
        array = frames.host_array(value)
        array = array.astype(dtype, copy=False) if array.dtype.kind == "f" else array
    if array.ndim == 0:
        return array.reshape(1, 1), True
    return (array[:, None] if array.ndim == 1 else array), False
