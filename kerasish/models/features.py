"""The kinds of features of a FeatureSpace, and crosses of several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasish import layers, naming
from kerasish.arguments.configured import Configured
from kerasish.hints import one_of
from kerasish.serialization import deserialize_keras_object
from kerasish.spec import TEXT

_MODULE = "keras.src.layers.preprocessing.feature_space"
_float = float  # which a method's name hides


class Cross(Configured):
    """Several features that are hashed together.

    Args:
        feature_names: their names.
        crossing_dim: number of bins.
        output_mode: "one_hot" or "int".
    """

    keras_module = _MODULE

    def __init__(
        self, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        one_of("Cross.output_mode", output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The names of the features with _X_ between."""
        return "_X_".join(self.feature_names)


class Feature(Configured):
    """How a column is read.

    Args:
        dtype: of the column: "float32", "int32", "string" and the like.
        preprocessor: the layer that reads it.
        output_mode: "float" as the layer gives it, "int" for an index, "one_hot" for a vector.
    """

    keras_module = _MODULE

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        one_of("Feature.output_mode", output_mode, ("int", "one_hot", "float"))
        self.dtype = dtype
        self.preprocessor: Any = deserialize_keras_object(preprocessor, kind="layer")
        self.output_mode = output_mode


class Kinds:
    """What makes features, by the names of their kinds."""

    @classmethod
    def cross(
        cls, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Several features hashed together into `crossing_dim` bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A feature read by a layer of one's own choice."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Floats as they are."""
        name = name or naming.auto_name("float")
        layer = layers.Identity(dtype="float32", name=f"{name}_preprocessor")
        return Feature("float32", layer, "float")

    @classmethod
    def float_rescaled(
        cls, scale: _float = 1.0, offset: _float = 0.0, name: str | None = None
    ) -> Feature:
        """Floats, x * scale + offset."""
        name = name or naming.auto_name("float_rescaled")
        layer = layers.Rescaling(scale, offset, name=f"{name}_preprocessor")
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Floats of mean 0 and variance 1."""
        name = name or naming.auto_name("float_normalized")
        layer = layers.Normalization(axis=-1, name=f"{name}_preprocessor")
        return Feature("float32", layer, "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Floats in bins: of equal counts, or between boundaries with num_bins=None."""
        name = name or naming.auto_name("float_discretized")
        layer = layers.Discretization(
            num_bins=num_bins, bin_boundaries=bin_boundaries, name=f"{name}_preprocessor"
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers by a vocabulary that is learned."""
        name = name or naming.auto_name("integer_categorical")
        layer = layers.IntegerLookup(max_tokens, num_oov_indices, name=f"{name}_preprocessor")
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Texts by a vocabulary that is learned."""
        name = name or naming.auto_name("string_categorical")
        layer = layers.StringLookup(max_tokens, num_oov_indices, name=f"{name}_preprocessor")
        return Feature(TEXT, layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Texts by their hash."""
        name = name or naming.auto_name("string_hashed")
        layer = layers.Hashing(num_bins, name=f"{name}_preprocessor")
        return Feature(TEXT, layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Integers by their hash."""
        name = name or naming.auto_name("integer_hashed")
        layer = layers.Hashing(num_bins, name=f"{name}_preprocessor")
        return Feature("int32", layer, output_mode)
