"""Random dense, convolutional, pooling and recurrent layers, and what all draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

HALVES = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")


@dataclass
class Case:
    """One layer and its call.

    Args:
        layer: made by either package.
        inputs: an array, or a list or dict of them.
        call: further keywords of the call.
        mask: booleans for the first axes of the input (or the first of several), or None.
        spread: whether inputs are passed one by one.
        training: the flag of the call; None for none.
        calls: how often the layer is called on the inputs.
    """

    layer: Any
    inputs: Any
    call: dict[str, Any] = field(default_factory=dict)
    mask: np.ndarray | None = None
    spread: bool = False
    training: bool | None = None
    calls: int = 1


def maybe(draw: Any, options: dict[str, Any], **choices: tuple[Any, ...]) -> dict[str, Any]:
    """Give each argument, with a chance of a half, one of its values."""
    for name, values in choices.items():
        if draw.pick(True, False):
            options[name] = draw.pick(*values)
    return options


def common(draw: Any) -> dict[str, Any]:
    """Arguments of every layer."""
    found: dict[str, Any] = {}
    if draw.number(0, 4) == 0:
        found["dtype"] = draw.pick(*HALVES, "float32")
    if draw.number(0, 8) == 0:
        found["trainable"] = False
    if draw.number(0, 8) == 0:
        found["name"] = "given"
    if draw.number(0, 8) == 0:
        found["activity_regularizer"] = draw.pick("l2", "l1")
    return found


ACTIVATIONS = ("relu", "tanh", "linear", "sigmoid", "elu", "gelu", "softplus", "softmax", "swish")
REGULARIZERS = ("l1", "l2")
CONSTRAINTS = ("max_norm", "non_neg", "unit_norm")


def weighted(draw: Any, *names: str, bias: bool = True) -> dict[str, Any]:
    """Arguments of layers with weights: regularizers, constraints and initializers."""
    found: dict[str, Any] = {}
    for name in names:
        maybe(draw, found, **{f"{name}_regularizer": (None, *REGULARIZERS)})
        if draw.number(0, 4) == 0:
            found[f"{name}_constraint"] = draw.pick(*CONSTRAINTS)
        if draw.number(0, 4) == 0:
            found[f"{name}_initializer"] = draw.pick("he_normal", "ones", "random_uniform")
    if bias:
        maybe(draw, found, use_bias=(True, False))
    return found


def rows(draw: Any) -> int:
    return draw.pick(0, 1, 3, 3)


def array(draw: Any, *shape: int, dtypes: tuple[str, ...] = ("float32",)) -> np.ndarray:
    """Numbers of one of the dtypes."""
    dtype = draw.pick(*dtypes)
    if dtype in ("int32", "uint8", "bool"):
        return draw.rng.integers(0, 2 if dtype == "bool" else 9, shape).astype(dtype)
    return draw.rng.normal(size=shape).astype(dtype)


ANY = ("float32", "float32", "float32", "float16", "int32", "uint8", "bool")
FLOATS = ("float32", "float32", "float32", "float16")


def masked(draw: Any, *shape: int) -> np.ndarray | None:
    """A mask whose first steps count, or None."""
    if draw.pick(True, True, False):
        return None
    found = draw.rng.random(shape) < 0.6
    found[:, :1] = True
    return found


def image(draw: Any, rank: int, form: str | None, dtypes: tuple[str, ...] = FLOATS) -> np.ndarray:
    """A batch of channels over `rank` axes."""
    sides = [draw.number(3, 8 if rank < 3 else 6) for _ in range(rank)]
    channels = draw.pick(1, 2, 4)
    shape = (channels, *sides) if form == "channels_first" else (*sides, channels)
    return array(draw, rows(draw), *shape, dtypes=dtypes)


def formed(draw: Any) -> dict[str, Any]:
    return maybe(draw, {}, data_format=("channels_last", "channels_first", None))


def per_axis(draw: Any, rank: int, low: int, high: int) -> Any:
    if draw.pick(True, False):
        return draw.number(low, high)
    return tuple(draw.number(low, high) for _ in range(rank))


# --- core -----------------------------------------------------------------------------------------


def sequences(draw: Any, dtypes: tuple[str, ...] = FLOATS) -> np.ndarray:
    return array(draw, rows(draw), draw.number(1, 4), draw.number(1, 4), dtypes=dtypes)


def anything(draw: Any, dtypes: tuple[str, ...] = ANY, low: int = 1, high: int = 5) -> np.ndarray:
    """An array of some rank."""
    shape = [draw.number(1, 4) for _ in range(draw.number(low, high))]
    return array(draw, rows(draw), *shape, dtypes=dtypes)


def dense(package: Any, draw: Any) -> Case:
    o = {**common(draw), **weighted(draw, "kernel", "bias")}
    maybe(draw, o, activation=(None, *ACTIVATIONS))
    x = anything(draw, FLOATS)
    mask = masked(draw, *x.shape[:2]) if x.ndim > 2 else None
    return Case(package.layers.Dense(draw.number(1, 4), **o), x, mask=mask)


def einsum_dense(package: Any, draw: Any) -> Case:
    equation, shape, bias = draw.pick(
        ("...c,cd->...d", 4, "d"), ("ab...,bc->ac...", 4, "c"),
        ("abc,bcd->ad", 3, "d"), ("abc,bcd->ad", (3,), None),
    )  # fmt: skip
    o = {**common(draw), **weighted(draw, "kernel", "bias", bias=False)}
    maybe(draw, o, activation=ACTIVATIONS, bias_axes=(bias,))
    return Case(package.layers.EinsumDense(equation, shape, **o), sequences(draw))


def embedding(package: Any, draw: Any) -> Case:
    o = maybe(
        draw, common(draw), mask_zero=(True, False), embeddings_regularizer=REGULARIZERS,
        embeddings_constraint=CONSTRAINTS, embeddings_initializer=("zeros", "glorot_uniform"),
    )  # fmt: skip
    shape = [draw.number(1, 4) for _ in range(draw.number(0, 3))]
    x = draw.rng.integers(0, 7, (rows(draw), *shape)).astype(draw.pick("int32", "float32", "uint8"))
    return Case(package.layers.Embedding(7, draw.number(1, 4), **o), x)


def activation(package: Any, draw: Any) -> Case:
    names = (*ACTIVATIONS, "hard_sigmoid", "mish", "selu", "log_softmax", "softsign", "relu6", None)
    x = anything(draw, FLOATS, low=1)  # of integers: docs/differences.md
    return Case(package.layers.Activation(draw.pick(*names), **common(draw)), x)


def of_activation(name: str, **choices: tuple[Any, ...]) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        o = maybe(draw, common(draw), **choices)
        x = anything(draw, FLOATS, low=2, high=5)
        mask = masked(draw, *x.shape[:2])
        return Case(getattr(package.layers, name)(**o), x, mask=mask)

    return make


def softmax(package: Any, draw: Any) -> Case:
    o = maybe(draw, common(draw), axis=(-1, 1))
    x = anything(draw, FLOATS, low=2, high=4)
    call = {"mask": draw.rng.random(x.shape) < 0.7} if draw.pick(True, False) else {}
    return Case(package.layers.Softmax(**o), x, call)


def masking(package: Any, draw: Any) -> Case:
    x = sequences(draw, ANY)
    if x.dtype.kind == "f":
        x[draw.rng.random(x.shape[:2]) < 0.4] = 0
    o = maybe(draw, common(draw), mask_value=(0.0, 0, 1))
    return Case(package.layers.Masking(**o), x, mask=masked(draw, *x.shape[:2]))


def plain(
    name: str, args: tuple[Any, ...] = (), dtypes: tuple[str, ...] = ANY, **choices: Any
) -> Callable[[Any, Any], Case]:
    """A layer of tensors of any rank from 2 on, whose draws are off."""

    def make(package: Any, draw: Any) -> Case:
        o = maybe(draw, common(draw), **choices)
        if "Spatial" in name:  # Keras takes no `trainable` and loses mixed policies
            o = {key: value for key, value in o.items() if key in ("name", "seed")}
        low = 2 if not name.startswith("SpatialDropout") else int(name[-2]) + 1
        x = anything(draw, dtypes, low=low, high=low + (1 if "Spatial" in name else 3))
        training = draw.pick(None, False)
        return Case(
            getattr(package.layers, name)(*args, **o), x, mask=masked(draw, *x.shape[:2]),
            training=training,
        )  # fmt: skip

    return make


# --- convolutions and pooling ---------------------------------------------------------------------


def conv(name: str) -> Callable[[Any, Any], Case]:
    rank = int(name.split("D")[0 if not name.startswith("Depthwise") else 1][-1])

    def make(package: Any, draw: Any) -> Case:
        form = formed(draw)
        x = image(draw, rank, form.get("data_format"))
        channels = x.shape[1] if form.get("data_format") == "channels_first" else x.shape[-1]
        o = {**common(draw), **form}
        paddings = ("valid", "same")
        args: list[Any] = [draw.pick(1, 2, 4), per_axis(draw, rank, 1, 4)]
        if "Depthwise" in name or "Separable" in name:
            o |= weighted(draw, "depthwise", "bias")
            maybe(draw, o, depth_multiplier=(1, 2))
            if "Depthwise" in name:
                del args[0]
            else:
                o |= weighted(draw, "pointwise", bias=False)
        else:
            o |= weighted(draw, "kernel", "bias")
            if "Transpose" in name:
                maybe(draw, o, output_padding=(None, 0, 1))
            else:
                o["groups"] = draw.pick(1, 1, *(g for g in (1, 2, 4) if not channels % g))
                args[0] *= o["groups"]
        if rank == 1 and "Transpose" not in name and "Depthwise" not in name:
            paddings = (*paddings, "causal")
        maybe(draw, o, padding=paddings, activation=ACTIVATIONS)
        if draw.pick(True, False):
            step = draw.pick("strides", "dilation_rate")
            same = "Depthwise" in name or "Separable" in name
            o[step] = draw.number(1, 4) if same else per_axis(draw, rank, 1, 4)
        return Case(getattr(package.layers, name)(*args, **o), x)

    return make


def pooling(name: str) -> Callable[[Any, Any], Case]:
    rank = int(name[-2])

    def make(package: Any, draw: Any) -> Case:
        form = formed(draw)
        o = {**common(draw), **form}
        x = image(draw, rank, form.get("data_format"), ANY if "Max" in name else FLOATS)
        mask = None
        if name.startswith("Global"):
            maybe(draw, o, keepdims=(True, False))
            if rank == 1 and "Average" in name:
                steps = x.shape[2] if form.get("data_format") == "channels_first" else x.shape[1]
                mask = masked(draw, x.shape[0], steps)
        elif name.startswith("Adaptive"):
            o["output_size"] = per_axis(draw, rank, 1, 4)
        else:
            o["pool_size"] = per_axis(draw, rank, 1, 4)
            maybe(draw, o, padding=("valid", "same"), strides=(None, 1, 2, 3))
        return Case(getattr(package.layers, name)(**o), x, mask=mask)

    return make


# --- recurrent ------------------------------------------------------------------------------------


def of_cell(draw: Any, kind: str) -> dict[str, Any]:
    """Arguments that a cell and its layer share."""
    o = weighted(draw, "kernel", "recurrent", "bias")
    if draw.number(0, 4) == 0:
        o = {}
    maybe(draw, o, activation=("relu", "tanh", "sigmoid", "linear"))
    if kind != "SimpleRNN":
        maybe(draw, o, recurrent_activation=("sigmoid", "hard_sigmoid", "tanh"))
    if kind == "LSTM":
        maybe(draw, o, unit_forget_bias=(True, False))
    if kind == "GRU":
        maybe(draw, o, reset_after=(True, False))
    maybe(draw, o, dropout=(0.0, 0.3), recurrent_dropout=(0.0, 0.2))
    return o


def over_time(draw: Any) -> dict[str, Any]:
    flags = (True, False)
    return maybe(
        draw, {}, return_sequences=flags, return_state=flags, go_backwards=flags,
        unroll=(False, False, True), zero_output_for_mask=flags, stateful=(False, True),
    )  # fmt: skip


def recurrent(kind: str) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        units = draw.number(1, 4)
        o = {**common(draw), **of_cell(draw, kind), **over_time(draw)}
        x = sequences(draw)
        layer = getattr(package.layers, kind)(units, **o)
        call: dict[str, Any] = {}
        if draw.number(0, 4) == 0:
            states = [array(draw, len(x), units) for _ in range(2 if kind == "LSTM" else 1)]
            call["initial_state"] = states
        mask, calls = masked(draw, *x.shape[:2]), draw.pick(1, 2)
        return Case(layer, x, call, mask, calls=calls, training=draw.pick(None, False))

    return make


def conv_lstm(rank: int) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        form = formed(draw)
        o = {**common(draw), **form, **of_cell(draw, "LSTM"), **over_time(draw)}
        o.pop("zero_output_for_mask", None)
        o.pop("unroll", None)
        maybe(draw, o, padding=("valid", "same"))
        x = image(draw, rank, form.get("data_format"))
        x = np.stack([x, x * 0.5, x - 0.2], axis=1)
        args = draw.pick(1, 2), per_axis(draw, rank, 1, 3)
        # Masks of sequences of images are otherwise than in Keras: docs/differences.md.
        layer = getattr(package.layers, f"ConvLSTM{rank}D")(*args, **o)
        return Case(layer, x, calls=draw.pick(1, 2))

    return make


def a_cell(package: Any, draw: Any) -> Any:
    kind = draw.pick("SimpleRNN", "GRU", "LSTM")
    o = {**common(draw), **of_cell(draw, kind)}
    o.pop("activity_regularizer", None)
    return getattr(package.layers, kind + "Cell")(draw.number(1, 4), **o)


def rnn(package: Any, draw: Any) -> Case:
    cell = [a_cell(package, draw) for _ in range(draw.number(1, 3))]
    layer = package.layers.RNN(draw.pick(cell, cell[0]), **common(draw), **over_time(draw))
    x = sequences(draw)
    return Case(layer, x, mask=masked(draw, *x.shape[:2]), calls=draw.pick(1, 2))


def bidirectional(package: Any, draw: Any) -> Case:
    kind, units = draw.pick("SimpleRNN", "GRU", "LSTM"), draw.number(1, 4)
    made, turned = over_time(draw), {}
    inner = getattr(package.layers, kind)(units, **common(draw), **of_cell(draw, kind), **made)
    o = maybe(draw, common(draw), merge_mode=("concat", "sum", "mul", "ave", None))
    if draw.number(0, 4) == 0:
        turned = {**made, "go_backwards": not made.get("go_backwards", False)}
        o["backward_layer"] = getattr(package.layers, kind)(units, **common(draw), **turned)
    x = sequences(draw)
    mask = masked(draw, *x.shape[:2])
    return Case(package.layers.Bidirectional(inner, **o), x, mask=mask, calls=draw.pick(1, 2))


def time_distributed(package: Any, draw: Any) -> Case:
    L, c = package.layers, common(draw)
    x = array(draw, rows(draw), draw.number(1, 4), 4, 2, dtypes=FLOATS)
    inner = draw.pick(
        lambda: L.Dense(3, **c), lambda: L.Conv1D(2, 2, **c), lambda: L.Flatten(**c),
        lambda: L.LSTM(2, **c), lambda: L.GlobalMaxPooling1D(**c),
        lambda: L.LayerNormalization(**c),
        lambda: L.GRU(2, return_sequences=True, **c), lambda: L.BatchNormalization(**c),
    )()  # fmt: skip
    layer = L.TimeDistributed(inner, **common(draw))
    return Case(layer, x, mask=masked(draw, *x.shape[:2]), training=draw.pick(None, False, True))
