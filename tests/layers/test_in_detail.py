"""Details of Keras's layers: what is refused when, what is built, whose sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.errors import ArgumentError

MULTI: dict[str, Any] = {"num_heads": 2, "key_dim": 3}
GROUPS: dict[str, Any] = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}
X = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")


# --- when a layer is made -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "given"),
    [
        ("Dense", {"units": 3.0}),
        ("Dense", {"units": np.float32(3)}),
        ("Embedding", {"input_dim": 4.0, "output_dim": 2}),
        ("RepeatVector", {"n": "3"}),
        ("Reshape", {"target_shape": (-2, 5)}),
        ("Reshape", {"target_shape": (-1, -1)}),
        ("ZeroPadding1D", {"padding": (1,)}),
        ("ZeroPadding1D", {"padding": ((1, 2), (1, 2))}),
        ("ZeroPadding2D", {"padding": ((1, (2,)), (1, 2))}),
        ("Cropping1D", {"cropping": (1,)}),
        ("Dropout", {"rate": 0.5, "noise_shape": 3}),
        ("Dropout", {"rate": 0.5, "noise_shape": (2, 0)}),
        ("Dropout", {"rate": 0.5, "noise_shape": "ab"}),
        ("AlphaDropout", {"rate": 0.5, "noise_shape": (-1,)}),
        ("GaussianNoise", {"stddev": 1.5}),
        ("GaussianNoise", {"stddev": -0.1}),
        ("ConvLSTM1D", {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}),
        ("ConvLSTM3D", {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": (2, 1, 1)}),
        ("Dot", {"axes": (1, 2, 3)}),
        ("Dot", {"axes": ((1, 2), (1, 2))}),
        ("MultiHeadAttention", {**MULTI, "output_shape": 8.0}),
        ("MultiHeadAttention", {**MULTI, "flash_attention": True, "dropout": 0.1}),
        ("GroupQueryAttention", {**GROUPS, "flash_attention": True, "dropout": 0.1}),
        ("GroupNormalization", {"groups": 0}),
        ("GroupNormalization", {"groups": -2}),
        ("LayerNormalization", {"axis": {"axis": -1}}),
    ],
)
def test_is_refused(cls: str, given: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        getattr(layers, cls)(**given)


def test_what_is_of_another_kind_is_a_value_error_and_a_type_error() -> None:
    for kind in (ValueError, TypeError):
        with pytest.raises(kind, match=r"Dense\.units must be a positive int"):
            layers.Dense("3")
        with pytest.raises(kind, match="dtype"):
            layers.Dense(3, dtype="float31")
    with pytest.raises(TypeError):
        layers.Embedding.from_config({"input_dim": 3.7, "output_dim": 8})


@pytest.mark.parametrize(
    ("cls", "name", "given", "kept"),
    [
        ("Conv2D", "kernel_size", np.int64(3), (3, 3)),
        ("Conv2D", "kernel_size", [3, np.int32(2)], (3, 2)),
        ("MaxPooling1D", "pool_size", np.array([2]), (2,)),
        ("ZeroPadding2D", "padding", [(1, 2), [3, 4]], ((1, 2), (3, 4))),
        ("Reshape", "target_shape", [4, np.int64(2)], (4, 2)),
        ("Permute", "dims", [2, 1], (2, 1)),
        ("Softmax", "axis", [1, 2], [1, 2]),
        ("Softmax", "axis", (1, 2), (1, 2)),
        ("LayerNormalization", "axis", (1, 2), [1, 2]),
        ("PReLU", "shared_axes", (1, 2), [1, 2]),
        ("AdaptiveMaxPooling2D", "output_size", 3, (3, 3)),
        ("Dropout", "noise_shape", [2, None], (2, None)),
    ],
)
def test_sizes_are_kept_as_keras_keeps_them(cls: str, name: str, given: Any, kept: Any) -> None:
    more: dict[str, Any] = {"filters": 2} if cls.startswith("Conv") else {}
    more |= {"rate": 0.5} if cls == "Dropout" else {}
    layer = getattr(layers, cls)(**more, **{name: given})
    found = layer.get_config()[name]
    assert found == kept
    assert type(found) is type(kept)
    inner = layers.TimeDistributed(layer).get_config()["layer"]["config"][name]
    assert type(inner) is type(kept)


def test_what_has_no_weights_is_built() -> None:
    for layer in (layers.Identity(), layers.ReLU(), layers.MaxPooling1D(), layers.Dropout(0.5)):
        assert layer.built, layer
    assert not layers.Dense(3).built

    class Mine(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    assert not Mine().built


def test_an_embedding_takes_its_table_when_it_is_made() -> None:
    for given in (np.ones((3, 4)), [np.ones((3, 4))]):
        layer = layers.Embedding(3, 4, weights=given)
        np.testing.assert_array_equal(layer.embeddings.numpy(), np.ones((3, 4)))
    assert not layer.supports_masking
    assert layers.Embedding(3, 4, mask_zero=True).supports_masking


# --- inputs ---------------------------------------------------------------------------------------


def test_an_input_of_a_symbol_is_that_symbol() -> None:
    symbol = keras.KerasTensor((2, 3), "float16")
    assert keras.Input(tensor=symbol) is symbol
    assert layers.InputLayer(input_tensor=keras.KerasTensor((2, 3))).call() is None
    for given in ({"shape": (4,)}, {"batch_shape": (2, 4)}, {"batch_size": 5}, {"dtype": "int32"}):
        with pytest.raises(ArgumentError, match=f"{next(iter(given))}="):
            layers.InputLayer(input_tensor=keras.KerasTensor((2, 3)), **given)
    with pytest.raises(ArgumentError, match="a KerasTensor"):
        layers.InputLayer(input_tensor=np.zeros((2, 3)))
    made = keras.layers.Dense(2)(keras.Input((3,)))
    again = keras.Input(tensor=made)  # what a layer gave stays what the layer gave
    assert again is not made
    assert made.history.operation is not again.history.operation


def test_an_input_is_dense_and_takes_any_integer() -> None:
    layer = layers.InputLayer((np.int64(3), None))
    assert (layer.batch_shape, layer.sparse, layer.ragged) == ((None, 3, None), False, False)
    for flag in ("sparse", "ragged"):
        with pytest.raises(ArgumentError, match=f"a dense input. Received: {flag}=True"):
            layers.InputLayer((3,), **{flag: True})
    for wrong in ((2.5,), ("a",), object(), (-1,)):
        with pytest.raises(ArgumentError, match="a shape of ints"):
            layers.InputLayer(wrong)  # type: ignore[arg-type]


def test_symbols_are_equal_if_they_are_the_same() -> None:
    x, y = keras.Input((3,)), keras.Input((3,))
    assert x == x
    assert not (x == y)
    assert [x, y].index(y) == 1
    assert (x == 0).dtype == "bool"


# --- shapes that a class states -------------------------------------------------------------------


class Stating(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return np.asarray(inputs) * 2  # of a value only

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def test_a_stated_shape_is_taken_without_a_call() -> None:
    layer = Stating()
    y = layer(keras.Input((4,)))
    assert (y.shape, y.dtype) == ((None, 4), "float32")
    assert layer.compute_output_spec(keras.KerasTensor((2, 3))).shape == (2, 3)
    assert layer.symbolic_call(keras.KerasTensor((2, 3))).shape == (2, 3)

    class Several(Stating):
        def compute_output_shape(self, input_shape: Any) -> Any:
            return {"a": input_shape, "b": [(*input_shape, 1)]}

    found = Several()(keras.Input((4,)))
    assert found["a"].shape == (None, 4)
    assert found["b"][0].shape == (None, 4, 1)


def test_what_is_stated_may_ask_for_what_is_traced() -> None:
    class Shape(layers.Dense):
        def compute_output_shape(self, input_shape: Any) -> Any:
            return super().compute_output_shape(input_shape)

    class Spec(layers.Dense):
        def compute_output_spec(self, inputs: Any) -> Any:
            found = super().compute_output_spec(inputs)
            return keras.KerasTensor(found.shape, "float16")

    assert Shape(3)(keras.Input((4,))).shape == (None, 3)
    y = Spec(3)(keras.Input((4,)))
    assert (y.shape, y.dtype) == ((None, 3), "float16")


def test_sublayers_that_only_a_call_builds_are_built_by_it() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], 3)

    x = keras.Input((4,))
    model = keras.Model(x, Outer()(x))
    assert len(model.weights) == 2


def test_shapes_are_stated_by_the_names_of_arguments() -> None:
    class Two(layers.Layer):
        def call(self, query: Any, key: Any) -> Any:
            raise RuntimeError

        def compute_output_shape(self, query_shape: Any, key_shape: Any) -> Any:
            return (*query_shape[:-1], key_shape[-1])

    assert Two()(keras.Input((4, 3)), keras.Input((5, 2))).shape == (None, 4, 2)


# --- what stands beside a call --------------------------------------------------------------------


def test_further_methods() -> None:
    layer = layers.Dense(3)
    assert layer.supports_jit
    assert layer.quantization_mode is None
    assert layer.call_signature_parameters == ["inputs"]
    for method, given in {
        "quantize": ("int8",),
        "quantized_build": ((2, 3), "int8"),
        "quantized_call": (X,),
        "add_metric": (X,),
    }.items():
        with pytest.raises(NotImplementedError, match=rf"Dense does not have a {method}\(\)"):
            getattr(layer, method)(*given)


def test_a_call_is_computed_again_as_its_scope_says() -> None:
    from kerasish.layers import Dense

    plain = Dense(3)
    assert plain.rematerialized_call(plain.call, X) == plain.call
    for scope, again in (
        ({"mode": "full"}, True),
        ({"mode": "activations"}, False),
        ({"mode": "list_of_layers", "layer_names": ["other"]}, False),
        ({"mode": "larger_than", "output_size_threshold": 1}, True),
        ({"mode": "larger_than", "output_size_threshold": 99}, False),
    ):
        with keras.RematScope(**scope):
            layer = Dense(3, name="mine")
        layer.build((None, 8))
        call = layer.rematerialized_call(layer.call, keras.KerasTensor((2, 5, 8)))
        assert (call != layer.call) == again, scope
        np.testing.assert_allclose(call(ops.convert_to_tensor(X)), layer(X), rtol=1e-6)


# --- further details ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bounds", [{"rmin": 2.0, "rmax": 1.0}, {"dmax": -0.1}, {"other": 1.0}], ids=str
)
def test_bounds_of_renormalization_must_be_some(bounds: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="renorm_clipping"):
        layers.BatchNormalization(renorm=True, renorm_clipping=bounds)


def test_the_older_scaling_of_a_layer_normalization() -> None:
    layer = layers.LayerNormalization(rms_scaling=True)
    with pytest.warns(UserWarning, match="RMSNormalization"):
        y = layer(X)
    np.testing.assert_allclose(y, X / np.sqrt(X.var(-1, keepdims=True) + 1e-3), rtol=1e-5)
    assert [v.name for v in layer.weights] == ["gamma"]
    assert layer.get_config()["rms_scaling"] is True


@pytest.mark.parametrize("cls", ["LSTM", "GRU"])
def test_recurrent_layers_say_what_they_were_told_of_cudnn(cls: str) -> None:
    layer = getattr(layers, cls)(3, use_cudnn=False)
    both = layers.Bidirectional(layer)
    assert both.forward_layer.use_cudnn is both.backward_layer.use_cudnn is False
    assert "use_cudnn" not in layer.get_config()
    with pytest.raises(ArgumentError, match="use_cudnn"):
        getattr(layers, cls)(3, use_cudnn="yes")


def test_states_of_recurrent_layers() -> None:
    for layer, single in ((layers.LSTM(3), False), (layers.GRU(3), True)):
        assert layer.states is None
        assert layer.single_state is single
        assert layers.Bidirectional(layer).states is None
    both = layers.Bidirectional(layers.LSTM(3, stateful=True))
    both.build((2, 5, 8))
    assert [s.shape for s in both.states] == [(2, 3)] * 4
    layer = layers.GRU(3)
    whole = np.asarray(layers.RNN(layers.GRUCell(3), return_sequences=True)(X))
    layer.build(X.shape)
    last, outputs, states = layer.inner_loop(
        ops.convert_to_tensor(X), layer.get_initial_state(2), None
    )
    assert outputs.shape == whole.shape
    np.testing.assert_array_equal(last, outputs[:, -1])
    np.testing.assert_array_equal(states[0], last)


def test_weights_are_made_before_a_call() -> None:
    class Late(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.w = self.add_weight((), "zeros")
            return inputs

    with pytest.raises(ArgumentError, match="weights that are made once"):
        Late()(X)

    class Inner(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.w = self.add_weight((), "ones")

        def call(self, inputs: Any) -> Any:
            return inputs * self.w

    class Outer(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.inner = Inner()  # which makes its own when it is made
            return self.inner(inputs)

    np.testing.assert_array_equal(Outer()(X), X)
    with pytest.raises(TypeError):
        layers.Dense(2).add_weight((2,), "zeros", "float32", True)  # type: ignore[misc]
    with pytest.raises(TypeError, match="'shape' twice"):
        layers.Dense(2).add_weight((2,), shape=(2,))  # type: ignore[misc]


def test_only_tensors_go_without_a_name() -> None:
    class Flagged(layers.Layer):
        def call(self, inputs: Any, flag: Any = None) -> Any:
            return inputs if flag else inputs + 1

    layer = Flagged()
    for wrong in (True, 3, "a"):
        with pytest.raises(ArgumentError, match="tensors only without a name"):
            layer(X, wrong)
    np.testing.assert_array_equal(layer(X, flag=True), X)
    np.testing.assert_array_equal(layer(X, None), X + 1)


def test_a_constructor_of_ones_own_reads_the_name_of_a_policy() -> None:
    class Mine(layers.Layer):
        def __init__(self, dtype: Any = None, **kwargs: Any) -> None:
            super().__init__(dtype=dtype, **kwargs)
            self.seen = dtype

    made = Mine.from_config(Mine(dtype="mixed_float16").get_config())
    assert (made.seen, made.compute_dtype) == ("mixed_float16", "float16")
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        assert keras.DTypePolicy().name == "mixed_bfloat16"
    finally:
        keras.mixed_precision.set_dtype_policy(None)
    assert keras.DTypePolicy("float16").quantization_mode is None
    with pytest.raises(ValueError, match="dtype"):
        keras.DTypePolicy("")


def test_what_draws_is_plain_data_in_configs() -> None:
    seed = keras.random.SeedGenerator(42, name="mine")
    form = keras.saving.serialize_keras_object(seed)
    assert (form["module"], form["config"]) == ("keras.random", {"seed": 42, "name": "mine"})
    assert keras.saving.deserialize_keras_object(form).seed == 42
    config = keras.initializers.Orthogonal(seed=seed).get_config()
    assert config["seed"] == form
    assert keras.initializers.Orthogonal.from_config(config).seed.seed == 42
    values = np.arange(4.0).reshape(2, 2)
    config = keras.initializers.Constant(values).get_config()
    assert config["value"]["config"] == {"value": values.tolist(), "dtype": "float64"}
    again = keras.initializers.Constant.from_config(config)
    np.testing.assert_array_equal(again((2, 2)), values)


def test_the_base_of_constraints_allows_all() -> None:
    np.testing.assert_array_equal(keras.constraints.Constraint()(X), X)
