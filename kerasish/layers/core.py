"""Dense, Activation, Identity, Lambda, Masking, Embedding: the plainest layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import budget, ops
from kerasish.arguments.fields import weights
from kerasish.arguments.remembered import ANY
from kerasish.arguments.rules import (
    Activation as ActivationField,
)
from kerasish.arguments.rules import PositiveInt, Regularizer
from kerasish.errors import ArgumentError, UnsafeFileError
from kerasish.graph.tensor import Tensor
from kerasish.layers.base import call as _call
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.serialization import (
    custom_object_scope,
    deserialize_keras_object,
    find,
    serialize_keras_object,
)
from kerasish.spec import Shape

# Arguments of Keras's for adapters and quantized weights.
LORA = {"quantization_config": None, "lora_rank": None, "lora_alpha": None}


class Dense(Layer):
    """Affine map on the last axis: activation(x @ kernel + bias).

    Args:
        units: size of the output's last axis.
        activation: name or function; None is linear.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, bias_constraint: applied after each update.

    Example:
        >>> import kerasish as keras
        >>> keras.layers.Dense(3, activation="relu")(keras.ops.ones((2, 4))).shape
        (2, 3)
    """

    floats_only = True
    units: PositiveInt
    activation: ActivationField = None
    use_bias: bool = True
    learned = weights(kernel="glorot_uniform", bias="zeros")
    activity_regularizer: Regularizer = None

    ignored = LORA
    written = ("quantization_config",)
    supports_masking = True
    _input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        size = input_shape[-1]
        if size is None:
            raise self._misfit("an input whose last dimension is known", input_shape)
        self.kernel = self._declared_weight("kernel", (size, self.units))
        self.bias = self._declared_weight("bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.matmul(inputs, self.kernel)
        return self.activation(x if self.bias is None else x + self.bias)


class Activation(Layer):
    """activation(x).

    Args:
        activation: name or function.
    """

    floats_only = True
    activation: ActivationField
    supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class Identity(Layer):
    """x itself."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


class Masking(Layer):
    """Masks the timesteps at which every feature equals `mask_value`, and sets them to zero.

    Args:
        mask_value: what marks a timestep as missing.
    """

    mask_value: float = 0.0

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Tensor) -> Tensor:
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(kept, inputs.dtype)


class Embedding(Layer):
    """Rows of a table: integers in [0, input_dim) become vectors of `output_dim` floats.

    Args:
        input_dim: number of rows.
        output_dim: size of a row.
        embeddings_initializer: initial table.
        embeddings_regularizer: penalty on the table.
        embeddings_constraint: applied after each update.
        mask_zero: whether 0 marks a missing timestep.
        weights: [table], the initial one.
    """

    input_dim: PositiveInt
    output_dim: PositiveInt
    learned = weights(embeddings="uniform")
    mask_zero: bool = False

    ignored = {**LORA, "input_length": ANY}
    written = ("activity_regularizer", "quantization_config")

    def __post_init__(self) -> None:
        self.supports_masking = self.mask_zero
        if self._initial_weights is not None:
            self.build()  # which takes them; the table's size is known

    def build(self, input_shape: Shape | None = None) -> None:
        self.embeddings = self._declared_weight("embeddings", (self.input_dim, self.output_dim))

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        return _call.as_given(values)

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.dtype not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        return ops.take(self.embeddings.value, inputs, axis=0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None


class Lambda(Layer):
    """A function as a layer.

    A file holds the function's name, never its code: what loads the file must know a function of
    that name, registered by `register_keras_serializable()` or given in `custom_objects`. A
    `lambda` has no name and cannot be saved.

    Args:
        function: from a tensor (or structure) to a tensor; may take `mask` and `training`.
        output_shape: accepted for compatibility; the shape follows from the function.
        mask: a mask, or a function (inputs, mask) -> mask.
        arguments: further keyword arguments of the function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError("Lambda", expected="a function", received=repr(function))
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.output_form = output_shape
        self.supports_masking = mask is not None
        code = getattr(function, "__code__", None)
        self._takes = code.co_varnames[: code.co_argcount] if code is not None else ()

    def _runs_foreign_code(self) -> bool:
        return True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        given = dict(self.arguments)
        if "mask" in self._takes:
            given["mask"] = mask
        if "training" in self._takes:
            given["training"] = training
        return self.function(inputs, **given)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal layer, functions by their names.

        Raises:
            ArgumentError: the function or the mask is a `lambda`.
        """
        try:
            function, mask = map(serialize_keras_object, (self.function, self.mask))
        except ArgumentError:
            raise ArgumentError(
                f"Lambda {self.name!r} cannot be saved as a config: it holds code",
                expected="a function with a name, registered with register_keras_serializable()",
                received=repr(self.function),
            ) from None
        config = {**super().get_config(), "function": function}
        if self.mask is not None:
            config["mask"] = mask
        if self.output_form is not None and not callable(self.output_form):
            config["output_shape"] = self.output_form
        return {**config, "arguments": serialize_keras_object(self.arguments)}

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The layer that `get_config` described, its function found by name.

        Raises:
            UnsafeFileError: the function is code, which is never run.
            UnknownNameError: no function of that name is known.
        """
        kept = {k: v for k, v in config.items() if k not in _OLD_KEYS}
        with custom_object_scope(custom_objects or {}):
            for key in ("function", "mask", "arguments"):
                kept[key] = deserialize_keras_object(kept.get(key))
            if isinstance(kept["function"], str):
                kept["function"] = find(kept["function"], None)
        if not callable(kept["function"]):
            raise UnsafeFileError(
                "The file holds a Lambda layer whose function is code",
                expected="a function by its name",
                fix="Write a named function, register it with register_keras_serializable(), "
                "and save the model again.",
            )
        return cls(**kept)


# Keras 2 wrote where a function was from; names are looked up in the registry alone.
_OLD_KEYS = ("function_type", "module", "output_shape_type", "output_shape_module")
