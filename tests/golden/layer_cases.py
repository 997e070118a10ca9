"""Layers computed by Keras once (scripts/make_layer_golden.py) and by kerasish in the tests.

A case is a class, its arguments, the shapes of its inputs, and how it is called. Weights and inputs
are drawn from the case's name, on both sides alike, so the file holds results only.
"""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One layer.

    Args:
        cls: name of the class.
        args: its arguments, or a function from the package to them where they hold layers.
        inputs: the shape of the input, or a list of shapes for a layer of several.
        call: further keywords of the call.
        integers: inputs are integers below this number.
        mask: draw a mask for the timesteps of the input.
        spread: pass inputs one by one and not as a list.
        differentiable: whether gradients are checked against differences.
    """

    cls: str
    args: Any = field(default_factory=dict)
    inputs: Any = (4, 5)
    call: dict[str, Any] = field(default_factory=dict)
    integers: int | None = None
    mask: bool = False
    spread: bool = False
    differentiable: bool = True


def _pair(layer: Callable[[Any], Any], **more: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda keras: {"layer": layer(keras.layers), **more}


SEQ, IMAGE, VOLUME = (2, 5, 3), (2, 6, 7, 3), (2, 4, 5, 4, 2)
ATTEND = [(2, 4, 6), (2, 5, 6)]

CASES: dict[str, Case] = {
    # core
    "dense": Case("Dense", {"units": 4}, (8, 3)),
    "dense_relu": Case("Dense", {"units": 4, "activation": "relu", "use_bias": False}, (8, 3)),
    "dense_3d": Case("Dense", {"units": 4, "activation": "gelu"}, SEQ),
    "einsum_dense": Case(
        "EinsumDense",
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 4), "bias_axes": "de"},
        SEQ,
    ),
    "einsum_dense_left": Case(
        "EinsumDense", {"equation": "...c,cd->...d", "output_shape": 4, "bias_axes": "d"}, SEQ
    ),
    "einsum_dense_right": Case(
        "EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 4, "bias_axes": "c"}, SEQ
    ),
    "embedding": Case("Embedding", {"input_dim": 9, "output_dim": 4}, (3, 5), integers=9),
    "activation": Case("Activation", {"activation": "tanh"}),
    "identity": Case("Identity"),
    "masking": Case("Masking", {"mask_value": 0.5}, SEQ),
    # activations
    "relu": Case("ReLU"),
    "relu_all": Case("ReLU", {"max_value": 0.7, "negative_slope": 0.2, "threshold": 0.1}),
    "leaky_relu": Case("LeakyReLU", {"negative_slope": 0.2}),
    "elu": Case("ELU", {"alpha": 0.7}),
    "prelu": Case("PReLU", {"shared_axes": [1]}, SEQ),
    "softmax": Case("Softmax"),
    "softmax_axes": Case("Softmax", {"axis": (1, 2)}, SEQ),
    # shapes
    "flatten": Case("Flatten", {}, SEQ),
    "flatten_first": Case("Flatten", {"data_format": "channels_first"}, IMAGE),
    "reshape": Case("Reshape", {"target_shape": (3, -1)}, SEQ),
    "permute": Case("Permute", {"dims": (2, 1)}, SEQ),
    "repeat_vector": Case("RepeatVector", {"n": 3}),
    "zero_padding_1d": Case("ZeroPadding1D", {"padding": (1, 2)}, SEQ),
    "zero_padding_2d": Case("ZeroPadding2D", {"padding": ((1, 0), (2, 1))}, IMAGE),
    "zero_padding_2d_first": Case(
        "ZeroPadding2D", {"padding": 1, "data_format": "channels_first"}, IMAGE
    ),
    "zero_padding_3d": Case("ZeroPadding3D", {"padding": (1, 0, 2)}, VOLUME),
    "cropping_1d": Case("Cropping1D", {"cropping": (1, 2)}, SEQ),
    "cropping_2d": Case("Cropping2D", {"cropping": ((1, 0), (2, 1))}, IMAGE),
    "cropping_3d": Case("Cropping3D", {"cropping": ((1, 0), (0, 1), (1, 1))}, VOLUME),
    "up_sampling_1d": Case("UpSampling1D", {"size": 3}, SEQ),
    "up_sampling_2d": Case("UpSampling2D", {"size": (2, 3)}, IMAGE),
    "up_sampling_2d_bilinear": Case(
        "UpSampling2D", {"size": 2, "interpolation": "bilinear"}, IMAGE
    ),
    "up_sampling_3d": Case("UpSampling3D", {"size": (1, 2, 2)}, VOLUME),
    # convolutions
    "conv1d": Case("Conv1D", {"filters": 4, "kernel_size": 3, "activation": "relu"}, SEQ),
    "conv1d_causal": Case(
        "Conv1D", {"filters": 4, "kernel_size": 2, "padding": "causal", "dilation_rate": 2}, SEQ
    ),
    "conv2d": Case("Conv2D", {"filters": 4, "kernel_size": (3, 2), "strides": (2, 1)}, IMAGE),
    "conv2d_same_groups": Case(
        "Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "groups": 2}, (2, 5, 6, 4)
    ),
    "conv2d_dilated": Case(
        "Conv2D", {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}, IMAGE
    ),
    "conv3d": Case(
        "Conv3D", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same"}, VOLUME
    ),
    "conv1d_transpose": Case(
        "Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}, SEQ
    ),
    "conv2d_transpose": Case(
        "Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE
    ),
    "conv2d_transpose_out": Case(
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1},
        IMAGE,
    ),
    "conv3d_transpose": Case(
        "Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, VOLUME
    ),
    "depthwise_conv1d": Case("DepthwiseConv1D", {"kernel_size": 2, "depth_multiplier": 2}, SEQ),
    "depthwise_conv2d": Case(
        "DepthwiseConv2D", {"kernel_size": 3, "padding": "same", "depth_multiplier": 2}, IMAGE
    ),
    "separable_conv1d": Case("SeparableConv1D", {"filters": 4, "kernel_size": 2}, SEQ),
    "separable_conv2d": Case(
        "SeparableConv2D",
        {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"},
        IMAGE,
    ),
    # pooling
    "max_pooling_1d": Case("MaxPooling1D", {"pool_size": 2}, SEQ),
    "max_pooling_2d": Case(
        "MaxPooling2D", {"pool_size": (3, 2), "strides": 2, "padding": "same"}, IMAGE
    ),
    "max_pooling_3d": Case("MaxPooling3D", {}, VOLUME),
    "average_pooling_1d": Case("AveragePooling1D", {"pool_size": 2, "strides": 1}, SEQ),
    "average_pooling_2d": Case("AveragePooling2D", {"pool_size": 3, "padding": "same"}, IMAGE),
    "average_pooling_3d": Case("AveragePooling3D", {"pool_size": 2}, VOLUME),
    "global_average_pooling_1d": Case("GlobalAveragePooling1D", {}, SEQ),
    "global_average_pooling_1d_masked": Case("GlobalAveragePooling1D", {}, SEQ, mask=True),
    "global_average_pooling_2d": Case("GlobalAveragePooling2D", {"keepdims": True}, IMAGE),
    "global_average_pooling_3d": Case("GlobalAveragePooling3D", {}, VOLUME),
    "global_max_pooling_1d": Case("GlobalMaxPooling1D", {}, SEQ),
    "global_max_pooling_2d": Case("GlobalMaxPooling2D", {"data_format": "channels_first"}, IMAGE),
    "global_max_pooling_3d": Case("GlobalMaxPooling3D", {}, VOLUME),
    "adaptive_average_pooling_1d": Case("AdaptiveAveragePooling1D", {"output_size": 2}, SEQ),
    "adaptive_average_pooling_2d": Case("AdaptiveAveragePooling2D", {"output_size": (2, 3)}, IMAGE),
    "adaptive_average_pooling_3d": Case("AdaptiveAveragePooling3D", {"output_size": 2}, VOLUME),
    "adaptive_max_pooling_1d": Case("AdaptiveMaxPooling1D", {"output_size": 2}, SEQ),
    "adaptive_max_pooling_2d": Case("AdaptiveMaxPooling2D", {"output_size": (2, 3)}, IMAGE),
    "adaptive_max_pooling_3d": Case("AdaptiveMaxPooling3D", {"output_size": 2}, VOLUME),
    # normalization
    "batch_normalization": Case("BatchNormalization", {}, (6, 4)),
    "batch_normalization_training": Case(
        "BatchNormalization", {"momentum": 0.8}, IMAGE, {"training": True}
    ),
    "batch_normalization_first": Case(
        "BatchNormalization", {"axis": 1, "scale": False}, IMAGE, {"training": True}
    ),
    "batch_renormalization": Case("BatchNormalization", {"renorm": True}, (6, 4)),
    "batch_renormalization_training": Case(
        "BatchNormalization",
        {"renorm": True, "renorm_momentum": 0.8, "momentum": 0.9},
        (6, 4),
        {"training": True},
        differentiable=False,  # nothing flows through the corrections
    ),
    "batch_renormalization_clipped": Case(
        "BatchNormalization",
        {
            "renorm": True,
            "renorm_clipping": {"rmin": 0.7, "rmax": 1.1, "dmax": 0.1},
            "axis": 1,
            "scale": False,
        },
        (3, 4, 5),
        {"training": True},
    ),
    "batch_normalization_masked": Case(
        "BatchNormalization", {"center": False}, SEQ, {"training": True}, mask=True
    ),
    "layer_normalization": Case("LayerNormalization", {"epsilon": 1e-2}, SEQ),
    "layer_normalization_axes": Case("LayerNormalization", {"axis": [1, 2], "center": False}, SEQ),
    "group_normalization": Case("GroupNormalization", {"groups": 2}, (2, 3, 5, 4)),
    "group_normalization_each": Case("GroupNormalization", {"groups": -1, "axis": 1}, (2, 3, 5)),
    "rms_normalization": Case("RMSNormalization", {}, SEQ),
    "unit_normalization": Case("UnitNormalization", {"axis": 1}, SEQ),
    "spectral_normalization": Case(
        "SpectralNormalization", _pair(lambda k: k.Dense(3), power_iterations=2), (4, 5)
    ),
    "spectral_normalization_training": Case(
        "SpectralNormalization",
        _pair(lambda k: k.Conv2D(3, 2)),
        IMAGE,
        {"training": True},
        differentiable=False,
    ),
    # merging
    "add": Case("Add", {}, [(3, 4), (3, 4), (3, 4)]),
    "add_ranks": Case("Add", {}, [(3, 4), (3, 2, 4)]),
    "subtract": Case("Subtract", {}, [(3, 4), (3, 4)]),
    "multiply": Case("Multiply", {}, [(3, 4), (3, 1)]),
    "average": Case("Average", {}, [(3, 4), (3, 4), (3, 4)]),
    "maximum": Case("Maximum", {}, [(3, 4), (3, 4)]),
    "minimum": Case("Minimum", {}, [(3, 4), (3, 4)]),
    "concatenate": Case("Concatenate", {"axis": 1}, [(3, 4, 2), (3, 1, 2)]),
    "dot": Case("Dot", {"axes": 1}, [(3, 4), (3, 4)]),
    "dot_normalized": Case("Dot", {"axes": (2, 1), "normalize": True}, [(3, 5, 4), (3, 4, 2)]),
    # noise, outside training
    "dropout": Case("Dropout", {"rate": 0.5}),
    "spatial_dropout_1d": Case("SpatialDropout1D", {"rate": 0.5}, SEQ),
    "spatial_dropout_2d": Case("SpatialDropout2D", {"rate": 0.5}, IMAGE),
    "spatial_dropout_3d": Case("SpatialDropout3D", {"rate": 0.5}, VOLUME),
    "gaussian_noise": Case("GaussianNoise", {"stddev": 0.5}),
    "gaussian_dropout": Case("GaussianDropout", {"rate": 0.5}),
    "alpha_dropout": Case("AlphaDropout", {"rate": 0.5}),
    "activity_regularization": Case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}),
    # attention
    "attention": Case("Attention", {"use_scale": True}, ATTEND),
    "attention_concat": Case(
        "Attention", {"score_mode": "concat"}, ATTEND, {"use_causal_mask": True}
    ),
    "additive_attention": Case("AdditiveAttention", {}, [*ATTEND, (2, 5, 6)]),
    "multi_head_attention": Case(
        "MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, ATTEND, spread=True
    ),
    "multi_head_attention_causal": Case(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 5, "output_shape": 4, "use_bias": False},
        [(2, 4, 6), (2, 4, 6), (2, 4, 3)],
        {"use_causal_mask": True, "return_attention_scores": True},
        spread=True,
    ),
    "multi_head_attention_axes": Case(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": (2,), "use_gate": True},
        [(2, 3, 4, 6), (2, 3, 4, 6)],
        spread=True,
    ),
    "multi_head_attention_window": Case(
        "MultiHeadAttention",
        {"num_heads": 1, "key_dim": 3, "sliding_window": 2},
        [(2, 4, 6), (2, 4, 6)],
        spread=True,
    ),
    "group_query_attention": Case(
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        ATTEND,
        spread=True,
    ),
    # recurrent
    "simple_rnn": Case("SimpleRNN", {"units": 4}, SEQ),
    "simple_rnn_masked": Case(
        "SimpleRNN", {"units": 4, "return_sequences": True, "return_state": True}, SEQ, mask=True
    ),
    "lstm": Case("LSTM", {"units": 4}, SEQ),
    "lstm_states": Case(
        "LSTM",
        {"units": 4, "return_sequences": True, "return_state": True, "go_backwards": True},
        SEQ,
    ),
    "lstm_masked": Case("LSTM", {"units": 4}, SEQ, mask=True),
    "lstm_other": Case(
        "LSTM",
        {"units": 4, "activation": "relu", "recurrent_activation": "hard_sigmoid", "unroll": True},
        SEQ,
    ),
    "lstm_no_bias": Case("LSTM", {"units": 4, "use_bias": False, "return_sequences": True}, SEQ),
    "gru": Case("GRU", {"units": 4, "return_sequences": True, "return_state": True}, SEQ),
    "gru_masked": Case("GRU", {"units": 4, "return_sequences": True}, SEQ, mask=True),
    "gru_before": Case("GRU", {"units": 4, "reset_after": False}, SEQ),
    "gru_no_bias": Case("GRU", {"units": 4, "use_bias": False}, SEQ),
    "rnn_stacked": Case(
        "RNN",
        lambda keras: {
            "cell": [keras.layers.LSTMCell(4), keras.layers.GRUCell(3)],
            "return_sequences": True,
        },
        SEQ,
    ),
    "rnn_stacked_masked": Case(
        "RNN",
        lambda keras: {"cell": [keras.layers.SimpleRNNCell(4), keras.layers.SimpleRNNCell(3)]},
        SEQ,
        mask=True,
    ),
    "bidirectional": Case("Bidirectional", _pair(lambda k: k.LSTM(3, return_sequences=True)), SEQ),
    "bidirectional_masked": Case(
        "Bidirectional",
        _pair(lambda k: k.GRU(3, return_sequences=True), merge_mode="sum"),
        SEQ,
        mask=True,
    ),
    "bidirectional_states": Case(
        "Bidirectional", _pair(lambda k: k.LSTM(3, return_state=True), merge_mode="ave"), SEQ
    ),
    "bidirectional_pair": Case(
        "Bidirectional", _pair(lambda k: k.SimpleRNN(3), merge_mode=None), SEQ
    ),
    "time_distributed": Case("TimeDistributed", _pair(lambda k: k.Conv2D(2, 2)), (2, 3, 4, 5, 2)),
    "conv_lstm_1d": Case(
        "ConvLSTM1D",
        {"filters": 3, "kernel_size": 3, "padding": "same", "return_sequences": True},
        (2, 3, 5, 2),
    ),
    "conv_lstm_2d": Case(
        "ConvLSTM2D",
        {"filters": 2, "kernel_size": (3, 2), "strides": 2, "return_state": True},
        (2, 3, 5, 6, 2),
    ),
    "conv_lstm_3d": Case("ConvLSTM3D", {"filters": 2, "kernel_size": 2}, (2, 2, 3, 3, 3, 2)),
    # images
    "resizing": Case("Resizing", {"height": 4, "width": 9}, IMAGE),
    "resizing_cropped": Case(
        "Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True}, IMAGE
    ),
    "resizing_nearest": Case(
        "Resizing", {"height": 3, "width": 5, "interpolation": "nearest"}, IMAGE
    ),
    "center_crop": Case("CenterCrop", {"height": 3, "width": 4}, IMAGE),
    # random layers, outside training
    "random_flip": Case("RandomFlip", {}, IMAGE, {"training": False}),
    # Outside training Keras does not crop, against its own documentation; here sizes agree.
    "random_crop_whole": Case("RandomCrop", {"height": 6, "width": 7}, IMAGE, {"training": True}),
    "random_rotation": Case("RandomRotation", {"factor": 0.2}, IMAGE, {"training": False}),
    "random_translation": Case(
        "RandomTranslation",
        {"height_factor": 0.2, "width_factor": (-0.1, 0.2)},
        IMAGE,
        {"training": False},
    ),
    "random_zoom": Case("RandomZoom", {"height_factor": 0.2}, IMAGE, {"training": False}),
    "random_shear": Case("RandomShear", {"x_factor": 0.2}, IMAGE, {"training": False}),
    "random_brightness": Case("RandomBrightness", {"factor": 0.2}, IMAGE, {"training": False}),
    "random_contrast": Case("RandomContrast", {"factor": 0.2}, IMAGE, {"training": False}),
    "random_hue": Case("RandomHue", {"factor": 0.2}, IMAGE, {"training": False}),
    "random_erasing": Case("RandomErasing", {"fill_value": 0.5}, IMAGE, {"training": False}),
    "random_perspective": Case("RandomPerspective", {"scale": 0.5}, IMAGE, {"training": False}),
    "random_elastic": Case("RandomElasticTransform", {"scale": 0.5}, IMAGE, {"training": False}),
    "random_jitter": Case(
        "RandomColorJitter", {"hue_factor": 0.1, "contrast_factor": 0.2}, IMAGE, {"training": False}
    ),
    "mix_up": Case("MixUp", {"alpha": 0.3}, IMAGE, {"training": False}),
    "cut_mix": Case("CutMix", {"factor": 0.5}, IMAGE, {"training": False}),
    "rand_augment": Case("RandAugment", {"num_ops": 3}, IMAGE, {"training": False}),
    "aug_mix": Case("AugMix", {"chain_depth": 2}, IMAGE, {"training": False}),
    # while training, with nothing left to chance
    "rotation_fixed": Case("RandomRotation", {"factor": (0.1, 0.1)}, IMAGE, {"training": True}),
    "translation_fixed": Case(
        "RandomTranslation",
        {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2), "fill_mode": "constant"},
        IMAGE,
        {"training": True},
    ),
    "zoom_fixed": Case(
        "RandomZoom",
        {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2), "fill_mode": "wrap"},
        IMAGE,
        {"training": True},
    ),
    "brightness_fixed": Case(
        "RandomBrightness",
        {"factor": (0.2, 0.2), "value_range": (-3, 3)},
        IMAGE,
        {"training": True},
    ),
    "contrast_fixed": Case(
        "RandomContrast", {"factor": (0.0, 0.0), "value_range": (-1, 1)}, IMAGE, {"training": True}
    ),
    "degeneration_fixed": Case(
        "RandomColorDegeneration",
        {"factor": (0.7, 0.7), "value_range": (-3, 3)},
        IMAGE,
        {"training": True},
    ),
    "grayscale_fixed": Case("RandomGrayscale", {"factor": 1.0}, IMAGE, {"training": True}),
    "saturation_fixed": Case(
        "RandomSaturation",
        {"factor": (0.7, 0.7), "value_range": (0, 1)},
        IMAGE,
        {"training": True},
        differentiable=False,
    ),
    "sharpness_fixed": Case(
        "RandomSharpness", {"factor": (0.8, 0.8), "value_range": (-3, 3)}, IMAGE, {"training": True}
    ),
    "blur_fixed": Case(
        "RandomGaussianBlur",
        {"factor": (1.0, 1.0), "kernel_size": (3, 5), "sigma": (0.7, 0.7), "value_range": (-3, 3)},
        IMAGE,
        {"training": True},
    ),
    "invert_fixed": Case(
        "RandomInvert", {"factor": (1.0, 1.0), "value_range": (-3, 3)}, IMAGE, {"training": True}
    ),
    "posterization_fixed": Case(
        "RandomPosterization",
        {"factor": (3, 3), "value_range": (-5, 5)},
        IMAGE,
        {"training": True},
        differentiable=False,
    ),
    "solarization_fixed": Case("Solarization", {"value_range": (-4, 4)}, IMAGE, {"training": True}),
    "auto_contrast": Case("AutoContrast", {"value_range": (-3, 3)}, IMAGE),
    "equalization": Case("Equalization", {"bins": 16}, IMAGE, integers=256, differentiable=False),
    "clahe": Case(
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"value_range": (-3, 3), "tile_grid_size": (2, 3)},
        IMAGE,
        differentiable=False,
    ),
    "max_num_boxes": Case("MaxNumBoundingBoxes", {"max_number": 4}, IMAGE),
    "pipeline": Case(
        "Pipeline",
        lambda keras: {"layers": [keras.layers.Rescaling(0.5), keras.layers.CenterCrop(3, 4)]},
        IMAGE,
    ),
    # sound
    "stft_log": Case(
        "STFTSpectrogram",
        {"frame_length": 8, "frame_step": 3, "fft_length": 16, "window": "hamming"},
        (2, 30, 2),
    ),
    "stft_psd_first": Case(
        "STFTSpectrogram",
        {
            "mode": "psd",
            "frame_length": 7,
            "padding": "same",
            "data_format": "channels_first",
            "expand_dims": True,
            "scaling": "spectrum",
            "periodic": True,
        },
        (2, 3, 30),
    ),
    "stft_both": Case(
        "STFTSpectrogram",
        {"mode": "stft", "frame_length": 8, "window": "blackman", "expand_dims": True},
        (2, 30, 2),
    ),
    "stft_real": Case(
        "STFTSpectrogram", {"mode": "real", "frame_length": 8, "window": None}, (2, 30, 1)
    ),
    "stft_angle": Case(
        "STFTSpectrogram", {"mode": "angle", "frame_length": 8, "scaling": None}, (2, 30, 1)
    ),
    "mel": Case(
        "MelSpectrogram",
        {"fft_length": 64, "sequence_stride": 16, "num_mel_bins": 8, "sampling_rate": 1000},
        (2, 200),
    ),
    "mel_magnitude": Case(
        "MelSpectrogram",
        {
            "fft_length": 64,
            "sequence_length": 32,
            "sequence_stride": 16,
            "num_mel_bins": 6,
            "sampling_rate": 1000,
            "power_to_db": False,
            "mag_exp": 1.0,
            "max_freq": 300.0,
        },
        (2, 200),
    ),
    # preprocessing
    "rescaling": Case("Rescaling", {"scale": 0.5, "offset": [0.1, 0.2, 0.3]}, SEQ),
    "normalization": Case(
        "Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 0.5]}, SEQ
    ),
    "normalization_inverted": Case(
        "Normalization", {"axis": None, "mean": 2.0, "variance": 4.0, "invert": True}, SEQ
    ),
    "discretization": Case(
        "Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0]}, (4, 3), differentiable=False
    ),
    "discretization_one_hot": Case(
        "Discretization",
        {"bin_boundaries": [-0.5, 0.5], "output_mode": "one_hot"},
        (4, 1),
        differentiable=False,
    ),
    "category_one_hot": Case(
        "CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, (4, 1), integers=6
    ),
    "category_multi_hot": Case("CategoryEncoding", {"num_tokens": 6}, (4, 3), integers=6),
    "category_count": Case(
        "CategoryEncoding", {"num_tokens": 6, "output_mode": "count"}, (4, 3), integers=6
    ),
}


def generator(label: str) -> np.random.Generator:
    """The random numbers of a case."""
    return np.random.default_rng(zlib.crc32(label.encode()))


def make(keras: Any, case: Case, **more: Any) -> Any:
    """The layer of a case."""
    args = case.args(keras) if callable(case.args) else case.args
    return getattr(keras.layers, case.cls)(**args, **more)


def inputs_of(case: Case, label: str, dtype: str = "float32") -> list[np.ndarray]:
    """The inputs of a case."""
    rng = generator(label)
    shapes = case.inputs if isinstance(case.inputs, list) else [case.inputs]
    if case.integers is not None:
        return [rng.integers(0, case.integers, shape).astype("int32") for shape in shapes]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def mask_of(case: Case, label: str) -> np.ndarray | None:
    """The mask of a case: in every row some first timesteps count, in the first row all."""
    if not case.mask:
        return None
    batch, steps = case.inputs[:2]
    lengths = generator(f"{label} mask").integers(1, steps, batch)
    lengths[0] = steps
    return np.arange(steps) < lengths[:, None]


def arguments(case: Case, values: list[Any]) -> tuple[Any, ...]:
    """The positional arguments of the call."""
    if case.spread:
        return tuple(values)
    return (values,) if isinstance(case.inputs, list) else (values[0],)


def keywords(case: Case, label: str) -> dict[str, Any]:
    """The keyword arguments of the call."""
    mask = mask_of(case, label)
    return dict(case.call) if mask is None else {**case.call, "mask": mask}


def weights_of(layer: Any, label: str, dtype: str = "float32") -> list[np.ndarray]:
    """Values for the weights of a built layer; those of variances are positive."""
    rng = generator(f"{label} weights")
    found = []
    for variable in layer.weights:
        value = rng.normal(size=tuple(variable.shape)) * 0.5
        positive = "variance" in variable.name or "gamma" in variable.name
        found.append((np.abs(value) + 0.5 if positive else value).astype(dtype))
    return found


def run_layer(keras: Any, label: str) -> dict[str, np.ndarray]:
    """Outputs, the names and shapes of the weights, and their values after the call."""
    case = CASES[label]
    layer = make(keras, case)
    args, kwargs = arguments(case, inputs_of(case, label)), keywords(case, label)
    plain = {k: v for k, v in kwargs.items() if k != "training"}
    layer(*args, **plain)  # builds
    layer.set_weights(weights_of(layer, label))
    flat = keras.tree.flatten(layer(*args, **kwargs))
    found = {f"y{i}": np.asarray(value) for i, value in enumerate(flat)}
    found |= {f"w{i}": np.asarray(v) for i, v in enumerate(layer.get_weights())}
    found["names"] = np.array([v.name for v in layer.weights], dtype="U")
    return found


def config_of(keras: Any, label: str) -> dict[str, Any]:
    """The config of a case's layer as plain data, layers inside included."""
    made = keras.layers.serialize(make(keras, CASES[label], name=label))
    return json.loads(json.dumps(made))


def masks_after(keras: Any, label: str) -> list[Any]:
    """The masks of the outputs for masked inputs: lists of booleans, None where there is none."""
    case = CASES[label]
    layer = make(keras, case)
    seen = 0

    def masked(array: np.ndarray) -> Any:
        nonlocal seen
        seen += 1
        tensor = keras.ops.convert_to_tensor(array)
        if array.ndim > 1:
            rows = np.arange(array.shape[0] * array.shape[1]).reshape(array.shape[:2])
            tensor._keras_mask = keras.ops.convert_to_tensor(rows % 3 != seen % 3)
        return tensor

    args = keras.tree.map_structure(masked, arguments(case, inputs_of(case, label)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mask that ends is said so
        outputs = keras.tree.flatten(layer(*args, **case.call))
    found = [getattr(y, "_keras_mask", None) for y in outputs]
    return [None if mask is None else np.asarray(mask).tolist() for mask in found]
