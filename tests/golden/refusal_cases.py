"""Constructors called with values that do not fit, by Keras once (scripts/make_refusals_golden.py)
and by kerasish in the tests (tests/test_refusals.py).

Every class of a namespace is made with the arguments of `NEEDED`, one of them (or one more)
replaced by each value of `VALUES` in turn. `PAIRS` are arguments that are only wrong together.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.golden import layer_cases

VALUES: dict[str, Any] = {
    "0": 0,
    "1": 1,
    "2": 2,
    "-1": -1,
    ".5": 0.5,
    "2.5": 2.5,
    "-.5": -0.5,
    "nan": float("nan"),
    "None": None,
    "True": True,
    "i64": np.int64(2),
    "f32": np.float32(0.5),
    "bool_": np.bool_(True),
    "array": np.array([1, 2]),
    "()": (),
    "(2,)": (2,),
    "(2,2)": (2, 2),
    "[2,2]": [2, 2],
    "(2,2,2)": (2, 2, 2),
    "(0,0)": (0, 0),
    "(1,0)": (1, 0),
    "(-1,1)": (-1, 1),
    "(.5,2)": (0.5, 2),
    "('a','b')": ("a", "b"),
    "{}": {},
    "word": "word",
    "same": "same",
    "causal": "causal",
    "sum": "sum",
    "auto": "auto",
    "function": abs,
    "object": object(),
}
FEW = ("word", "None", "2", "function", "object")  # where one rule serves all: initializers, names
SHARED = ("name", "dtype", "trainable", "autocast")
NAMESPACES = {
    "layers": "layers",
    "losses": "losses",
    "metrics": "metrics",
    "optimizers": "optimizers",
    "optimizers.schedules": "schedules",
    "initializers": "initializers",
    "regularizers": "regularizers",
    "constraints": "constraints",
    "callbacks": "callbacks",
}

Arguments = dict[str, Any] | Callable[[Any], dict[str, Any]]


def _cell(keras: Any) -> dict[str, Any]:
    return {"cell": keras.layers.LSTMCell(2)}


NEEDED: dict[str, Arguments] = {
    # layers that have no case of their own among those of layer_cases
    "InputLayer": {"shape": (3,)},
    "LSTMCell": {"units": 2},
    "GRUCell": {"units": 2},
    "SimpleRNNCell": {"units": 2},
    "RNN": _cell,
    "StackedRNNCells": lambda keras: {"cells": [keras.layers.LSTMCell(2)]},
    "Hashing": {"num_bins": 3},
    "HashedCrossing": {"num_bins": 3},
    "Lambda": {"function": abs},
    "TimeDistributed": lambda keras: {"layer": keras.layers.Dense(2)},
    "Wrapper": lambda keras: {"layer": keras.layers.Dense(2)},
    # losses and metrics
    "MeanMetricWrapper": {"fn": abs},
    "LossFunctionWrapper": {"fn": abs},
    "IoU": {"num_classes": 3, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 3},
    "OneHotMeanIoU": {"num_classes": 3},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    # optimizers and schedules
    "LossScaleOptimizer": lambda keras: {"inner_optimizer": keras.optimizers.SGD()},
    "OptimizerMap": lambda keras: {"default_optimizer": keras.optimizers.SGD()},
    "MultiOptimizer": lambda keras: {
        "optimizer_map": keras.optimizers.OptimizerMap(keras.optimizers.SGD())
    },
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "PiecewiseConstantDecay": {"boundaries": [1, 2], "values": [0.1, 0.2, 0.3]},
    # callbacks
    "BackupAndRestore": {"backup_dir": "folder"},
    "CSVLogger": {"filename": "log.csv"},
    "LearningRateScheduler": {"schedule": abs},
    "ModelCheckpoint": {"filepath": "a.keras"},
}

IMAGE, SEQUENCE = (2, 6, 6, 4), (2, 5, 3)

# class, arguments, and the shapes that it is called with (none: it is only made)
PAIRS: tuple[tuple[str, Arguments, Any], ...] = (
    ("Conv2D", {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}, IMAGE),
    ("Conv2D", {"filters": 3, "kernel_size": 2, "groups": 2}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 2, "groups": 3}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 7}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 2}, SEQUENCE),
    ("Conv1D", {"filters": 2, "kernel_size": 2, "padding": "causal"}, SEQUENCE),
    (
        "Conv1D",
        {"filters": 2, "kernel_size": 2, "padding": "causal", "data_format": "channels_first"},
        SEQUENCE,
    ),
    ("Conv2D", {"filters": 2, "kernel_size": 2, "padding": "causal"}, IMAGE),
    ("DepthwiseConv1D", {"kernel_size": 2, "padding": "causal"}, SEQUENCE),
    ("DepthwiseConv2D", {"kernel_size": 2, "strides": 2, "dilation_rate": 2}, IMAGE),
    (
        "SeparableConv2D",
        {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2},
        IMAGE,
    ),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}, IMAGE),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2, "output_padding": 2}, IMAGE),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2, "output_padding": 1}, IMAGE),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}, None),
    ("MaxPooling2D", {"pool_size": 7}, IMAGE),
    ("MaxPooling1D", {"pool_size": 2, "strides": 3}, SEQUENCE),
    ("Cropping2D", {"cropping": 3}, IMAGE),
    ("Cropping1D", {"cropping": (3, 3)}, SEQUENCE),
    ("Reshape", {"target_shape": (-1, -1)}, (2, 6)),
    ("Reshape", {"target_shape": (4, -1)}, (2, 6)),
    ("Permute", {"dims": (0, 1)}, SEQUENCE),
    ("Permute", {"dims": (1, 1)}, SEQUENCE),
    ("Permute", {"dims": (1, 2, 3)}, SEQUENCE),
    ("BatchNormalization", {"axis": 5}, (2, 4)),
    ("LayerNormalization", {"axis": 5}, (2, 4)),
    ("LayerNormalization", {"axis": (1, 2, 7)}, SEQUENCE),
    ("UnitNormalization", {"axis": 5}, (2, 4)),
    ("GroupNormalization", {"groups": 3}, (2, 4)),
    ("GroupNormalization", {"groups": 8}, (2, 4)),
    ("GroupNormalization", {"groups": 2, "axis": 7}, (2, 4)),
    ("Normalization", {"mean": 1.0}, None),
    ("Normalization", {"variance": 1.0}, None),
    ("Normalization", {"mean": [1.0, 2.0], "variance": [1.0]}, None),
    ("Normalization", {"mean": [1.0], "variance": [1.0], "axis": None}, None),
    ("Normalization", {"mean": 1.0, "variance": 1.0, "axis": None}, (2, 4)),
    ("Normalization", {"axis": 4}, (2, 4)),
    ("Softmax", {"axis": 4}, (2, 4)),
    ("Concatenate", {"axis": 1}, [(2, 4), (2, 5)]),
    ("Concatenate", {"axis": 0}, [(2, 4), (2, 5)]),
    ("Concatenate", {"axis": 4}, [(2, 4), (2, 5)]),
    ("Concatenate", {}, [(2, 4)]),
    ("Add", {}, [(2, 4), (2, 3)]),
    ("Add", {}, [(2, 4)]),
    ("Subtract", {}, [(2, 4), (2, 4), (2, 4)]),
    ("Dot", {"axes": (1, 2)}, [(2, 4), (2, 4)]),
    ("Dot", {"axes": 1}, [(2, 4), (2, 3)]),
    ("Embedding", {"input_dim": 3, "output_dim": 2, "mask_zero": True}, (2, 4)),
    ("Bidirectional", lambda keras: {"layer": keras.layers.Dense(2)}, None),
    (
        "Bidirectional",
        lambda keras: {"layer": keras.layers.LSTM(2), "merge_mode": "product"},
        None,
    ),
    (
        "Bidirectional",
        lambda keras: {"layer": keras.layers.LSTM(2), "backward_layer": keras.layers.LSTM(2)},
        None,
    ),
    (
        "Bidirectional",
        lambda keras: {
            "layer": keras.layers.LSTM(2, return_sequences=True),
            "backward_layer": keras.layers.LSTM(2, go_backwards=True),
        },
        None,
    ),
    (
        "Bidirectional",
        lambda keras: {
            "layer": keras.layers.LSTM(2, stateful=True),
            "backward_layer": keras.layers.LSTM(2, go_backwards=True),
        },
        None,
    ),
    (
        "Bidirectional",
        lambda keras: {
            "layer": keras.layers.LSTM(2),
            "backward_layer": keras.layers.LSTM(2, go_backwards=True),
        },
        SEQUENCE,
    ),
    ("LSTM", {"units": 2, "go_backwards": True, "stateful": True}, SEQUENCE),
    ("LSTM", {"units": 2}, (2, 4)),
    ("RNN", lambda keras: {"cell": keras.layers.Dense(2)}, None),
    ("RNN", lambda keras: {"cell": [keras.layers.LSTMCell(2), keras.layers.GRUCell(2)]}, SEQUENCE),
    ("StackedRNNCells", lambda keras: {"cells": [keras.layers.Dense(2)]}, None),
    ("TimeDistributed", {"layer": "word"}, None),
    ("TimeDistributed", lambda keras: {"layer": keras.layers.Dense(2)}, (2,)),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2}, [SEQUENCE, SEQUENCE]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2}, [SEQUENCE, (2, 5)]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2, "attention_axes": 4}, [SEQUENCE] * 2),
    (
        "GroupQueryAttention",
        {"head_dim": 2, "num_query_heads": 3, "num_key_value_heads": 2},
        None,
    ),
    ("Attention", {"score_mode": "word"}, None),
    ("Attention", {"dropout": 1.5}, None),
    ("CategoryEncoding", {}, None),
    ("CategoryEncoding", {"num_tokens": 3, "output_mode": "word"}, None),
    ("Discretization", {"bin_boundaries": [1.0], "num_bins": 3}, None),
    ("Discretization", {}, None),
    ("Discretization", {"bin_boundaries": [1.0], "output_mode": "word"}, None),
    ("Hashing", {"num_bins": 3, "mask_value": 0, "sparse": True}, None),
    ("Resizing", {"height": 2, "width": 2, "crop_to_aspect_ratio": True}, IMAGE),
    (
        "Resizing",
        {"height": 2, "width": 2, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
        None,
    ),
    ("Input", {"shape": (3,), "batch_shape": (2, 3)}, None),
    ("Input", {"batch_size": 2, "batch_shape": (2, 3)}, None),
    ("Input", {}, None),
    ("EinsumDense", {"equation": "ab->cd", "output_shape": 3}, (2, 4)),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "z"}, (2, 4)),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": (3, 3)}, (2, 4)),
    ("Lambda", {"function": 3}, None),
    ("PReLU", {"shared_axes": [5]}, (2, 4)),
    ("SpectralNormalization", lambda keras: {"layer": keras.layers.Flatten()}, (2, 4)),
    ("SpatialDropout2D", {"rate": 0.5}, (2, 4)),
    ("RepeatVector", {"n": 2}, SEQUENCE),
    ("GlobalMaxPooling2D", {}, SEQUENCE),
    ("UpSampling2D", {"interpolation": "word"}, None),
    ("UpSampling2D", {"interpolation": "bilinear", "data_format": "channels_first"}, IMAGE),
    ("STFTSpectrogram", {"frame_length": 8, "fft_length": 4}, None),
    ("STFTSpectrogram", {"mode": "word"}, None),
    ("metrics.AUC", {"multi_label": False, "num_labels": 3}, None),
    ("metrics.AUC", {"multi_label": False, "label_weights": [1.0, 2.0]}, None),
    ("metrics.AUC", {"thresholds": [0.5, 2.0]}, None),
    ("metrics.Precision", {"thresholds": [0.5, -0.1]}, None),
    ("metrics.Precision", {"top_k": 2, "thresholds": 0.5}, None),
    ("metrics.IoU", {"num_classes": 2, "target_class_ids": [2]}, None),
    ("metrics.R2Score", {"num_regressors": -1}, None),
    ("metrics.FBetaScore", {"beta": 0.0}, None),
    ("metrics.F1Score", {"average": "word"}, None),
    ("losses.BinaryCrossentropy", {"reduction": "word"}, None),
    ("losses.CategoricalFocalCrossentropy", {"label_smoothing": 2.0}, None),
    ("losses.Dice", {"axis": "word"}, None),
    ("losses.Tversky", {"alpha": 2.0}, None),
    ("optimizers.SGD", {"clipnorm": 1.0, "clipvalue": 1.0}, None),
    ("optimizers.SGD", {"clipnorm": 1.0, "global_clipnorm": 1.0}, None),
    ("optimizers.SGD", {"momentum": 1.5}, None),
    ("optimizers.SGD", {"use_ema": True, "ema_momentum": 1.5}, None),
    ("optimizers.SGD", {"use_ema": True, "ema_overwrite_frequency": 0}, None),
    ("optimizers.SGD", {"gradient_accumulation_steps": 1}, None),
    ("optimizers.SGD", {"lr": 0.1}, None),
    ("optimizers.AdamW", {"weight_decay": None}, None),
    ("optimizers.Ftrl", {"initial_accumulator_value": -1.0}, None),
    ("optimizers.Ftrl", {"learning_rate_power": 1.0}, None),
    ("optimizers.Ftrl", {"l1_regularization_strength": -1.0}, None),
    ("optimizers.schedules.PiecewiseConstantDecay", {"boundaries": [1], "values": [1.0]}, None),
    ("optimizers.schedules.PiecewiseConstantDecay", {"boundaries": [], "values": [1.0]}, None),
    ("initializers.VarianceScaling", {"scale": 0.0}, None),
    ("initializers.VarianceScaling", {"mode": "word"}, None),
    ("initializers.VarianceScaling", {"distribution": "word"}, None),
    ("regularizers.L1", {"l1": -1.0}, None),
    ("regularizers.L1", {"l1": float("inf")}, None),
    ("regularizers.L1L2", {"l1": "word"}, None),
    ("regularizers.OrthogonalRegularizer", {"mode": "word"}, None),
    ("callbacks.ModelCheckpoint", {"filepath": "a.weights.h5"}, None),
    ("callbacks.ModelCheckpoint", {"filepath": "a.h4", "save_weights_only": True}, None),
    ("callbacks.ModelCheckpoint", {"filepath": "a.h4"}, None),
    ("callbacks.ModelCheckpoint", {"filepath": "a.keras", "save_freq": "word"}, None),
    ("callbacks.ReduceLROnPlateau", {"factor": 1.0}, None),
    ("callbacks.BackupAndRestore", {"backup_dir": "x", "save_freq": "word"}, None),
    ("callbacks.EarlyStopping", {"monitor": "loss", "mode": "word"}, None),
    ("callbacks.SwapEMAWeights", {"swap_on_epoch": False}, None),
    ("callbacks.LearningRateScheduler", {"schedule": 3}, None),
    ("callbacks.LambdaCallback", {"on_epoch_end": 3}, None),
)


def _needed(keras: Any, name: str) -> dict[str, Any]:
    cases = (case.args for case in layer_cases.CASES.values() if case.cls == name)
    found = NEEDED[name] if name in NEEDED else next(cases, {})
    return dict(found(keras) if callable(found) else found)


def classes(keras: Any) -> Iterator[tuple[str, Any]]:
    """The public classes of all namespaces, each once, by names such as layers.Dense."""
    seen: set[Any] = set()
    for path, short in NAMESPACES.items():
        space = keras
        for part in path.split("."):
            space = getattr(space, part)
        public = {name: getattr(space, name) for name in dir(space) if name[0].isupper()}
        for name, cls in sorted(public.items()):
            other = getattr(cls, "__name__", name)  # MaxPool1D is MaxPooling1D
            if isinstance(cls, type) and cls not in seen and public.get(other, cls) is cls:
                seen.add(cls)
                yield f"{short}.{other if other in public else name}", cls


def arguments(cls: Any) -> list[str]:
    """The names that the constructor takes."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(cls.__init__).parameters.values()
    return [p.name for p in found if p.kind in kinds and p.name != "self"]


def values_for(argument: str) -> dict[str, Any]:
    """What an argument is tried with."""
    last = argument.rpartition("_")[2]
    few = argument in SHARED or last in ("initializer", "regularizer", "constraint", "activation")
    return {key: VALUES[key] for key in FEW} if few else VALUES


def made(cls: Any, given: dict[str, Any]) -> Exception | None:
    """What making an object of it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cls(**given)
    except Exception as error:
        return error
    return None


def can_be_made(keras: Any, name: str, cls: Any) -> bool:
    """Whether the class can be made of what it needs."""
    return made(cls, _needed(keras, name.partition(".")[2])) is None


def refusals(
    keras: Any, name: str, cls: Any, names: list[str]
) -> Iterator[tuple[str, str, Exception | None]]:
    """(argument, key of a value, what it raises or None) of one class."""
    for argument in names:
        for key, value in values_for(argument).items():
            given = {**_needed(keras, name.partition(".")[2]), argument: value}
            yield argument, key, made(cls, given)


def pair(keras: Any, name: str, args: Arguments, shapes: Any) -> str:
    """Where arguments are refused together: "made", "called", or "" where they are not."""
    found = keras if "." in name else keras.layers
    for part in name.split("."):
        found = getattr(found, part)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one = found(**(args(keras) if callable(args) else args))
        except Exception:
            return "made"
        listed = shapes if isinstance(shapes, list) else [shapes]
        inputs = [np.ones(shape, "float32") for shape in listed if shape is not None]
        if not inputs:
            return ""
        attends = name == "MultiHeadAttention"
        try:
            one(*inputs) if attends else one(inputs if isinstance(shapes, list) else inputs[0])
        except Exception:
            return "called"
    return ""
