"""Random layers with random arguments and inputs, the same in this package and in Keras.

`LAYERS[name](package, draw)` gives a `Case`: the layer, its inputs, and how it is called. `draw`
needs `pick(*choices)`, `number(low, high)` and `rng`.
"""

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
        ("abc,cd->abd", (None, 4), "d"), ("abc,cde->abde", (None, 2, 3), "de"),
        ("...c,cd->...d", 4, "d"), ("ab...,bc->ac...", 4, "c"), ("abc,cde->abde", (None, 2, 3), "e"),
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
    x = anything(draw, low=1)
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
        layer = getattr(package.layers, f"ConvLSTM{rank}D")(*args, **o)
        return Case(layer, x, mask=masked(draw, *x.shape[:2]), calls=draw.pick(1, 2))

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
        lambda: L.LSTM(2, **c), lambda: L.GlobalMaxPooling1D(**c), lambda: L.LayerNormalization(**c),
        lambda: L.GRU(2, return_sequences=True, **c), lambda: L.BatchNormalization(**c),
    )()  # fmt: skip
    layer = L.TimeDistributed(inner, **common(draw))
    return Case(layer, x, mask=masked(draw, *x.shape[:2]), training=draw.pick(None, False, True))


# --- attention ------------------------------------------------------------------------------------


def attention(name: str) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        o = maybe(draw, common(draw), use_scale=(True, False))
        if name == "Attention":
            maybe(draw, o, score_mode=("dot", "concat"), seed=(3,))
        maybe(draw, o, dropout=(0.0, 0.2))
        n, tq, tv, d = rows(draw), draw.number(1, 4), draw.number(1, 4), draw.number(1, 4)
        x = [array(draw, n, tq, d), array(draw, n, tv, d)]
        if draw.pick(True, False):
            x.append(array(draw, n, tv, d))
        call = maybe(draw, {}, return_attention_scores=(True,), use_causal_mask=(True,))
        if draw.pick(True, False):
            masks = [draw.pick(None, masked(draw, n, tq)), masked(draw, n, tv)]
            call["mask"] = [*masks, None][: len(x)]
            if masks[1] is None:
                del call["mask"]
        return Case(getattr(package.layers, name)(**o), x, call)

    return make


def heads(package: Any, draw: Any) -> Case:
    o = {**common(draw), **weighted(draw, "kernel", "bias")}
    maybe(draw, o, value_dim=(None, 3), output_shape=(None, 5, (2, 3)), dropout=(0.0, 0.1))
    maybe(draw, o, attention_axes=(None, 1), flash_attention=(None, False))
    layer = package.layers.MultiHeadAttention(draw.number(1, 4), draw.number(1, 4), **o)
    return queries(draw, layer)


def grouped(package: Any, draw: Any) -> Case:
    o = {**common(draw), **weighted(draw, "kernel", "bias")}
    maybe(draw, o, dropout=(0.0, 0.1))
    groups = draw.number(1, 3)
    layer = package.layers.GroupQueryAttention(
        draw.number(1, 4), groups * draw.number(1, 3), groups, **o
    )
    return queries(draw, layer)


def queries(draw: Any, layer: Any) -> Case:
    n, tq, tv = rows(draw), draw.number(1, 4), draw.number(1, 4)
    x = [array(draw, n, tq, draw.number(1, 4)), array(draw, n, tv, 3)]
    if draw.pick(True, False):
        x.append(array(draw, n, tv, draw.number(1, 4)))
    call = maybe(draw, {}, return_attention_scores=(True,), use_causal_mask=(True,))
    if draw.pick(True, False):
        call["attention_mask"] = draw.rng.random((n, tq, tv)) < 0.7
    if draw.pick(True, False):
        maybe(draw, call, query_mask=(masked(draw, n, tq),), value_mask=(masked(draw, n, tv),))
    return Case(layer, x, call, spread=True, training=draw.pick(None, False))


# --- normalization --------------------------------------------------------------------------------


def normalization(name: str, **choices: Any) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        o = common(draw)
        flags = (True, False)
        if name in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
            for one in ("beta", "gamma"):
                maybe(draw, o, **{f"{one}_regularizer": REGULARIZERS})
                maybe(draw, o, **{f"{one}_constraint": (None, *CONSTRAINTS)})
            maybe(draw, o, center=flags, scale=flags)
        maybe(draw, o, **choices)
        x = anything(draw, FLOATS, low=2, high=4)
        if name == "GroupNormalization":
            x = array(draw, rows(draw), 4, 3, 4)
        mask = masked(draw, *x.shape[:2])
        training = draw.pick(None, False, True)
        return Case(
            getattr(package.layers, name)(**o), x, mask=mask, training=training,
            calls=draw.pick(1, 2),
        )  # fmt: skip

    return make


def spectral(package: Any, draw: Any) -> Case:
    L = package.layers
    o = maybe(draw, common(draw), power_iterations=(1, 3))
    x = array(draw, rows(draw), 5, 4, dtypes=FLOATS)
    inner = draw.pick(lambda **c: L.Dense(3, **c), lambda **c: L.Conv1D(2, 2, **c))(**common(draw))
    return Case(L.SpectralNormalization(inner, **o), x, training=draw.pick(None, False, True))


# --- merging and reshaping ------------------------------------------------------------------------


def merging(name: str) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        n, shape = rows(draw), [draw.number(1, 4) for _ in range(draw.number(1, 4))]
        count = 2 if name == "Subtract" else draw.number(2, 4)
        x = []
        for _ in range(count):
            one = [1 if draw.number(0, 5) == 0 else d for d in shape]
            x.append(array(draw, n, *one[draw.pick(0, 0, 0, min(1, len(one) - 1)) :], dtypes=ANY))
        mask = masked(draw, n, shape[0])
        return Case(getattr(package.layers, name)(**common(draw)), x, mask=mask)

    return make


def concatenate(package: Any, draw: Any) -> Case:
    axis = draw.pick(-1, 1, 2, -2, 3)
    n, shape = rows(draw), [draw.number(1, 4) for _ in range(3)]
    x = []
    for _ in range(draw.number(1, 4)):
        shape[axis - 1 if axis > 0 else axis] = draw.number(1, 4)
        x.append(array(draw, n, *shape, dtypes=ANY))
    layer = package.layers.Concatenate(axis=axis, **common(draw))
    return Case(layer, x, mask=masked(draw, n, x[0].shape[1]))


def dot(package: Any, draw: Any) -> Case:
    n, d = rows(draw), draw.number(1, 4)
    o = maybe(draw, common(draw), normalize=(True, False))
    shapes, axes = draw.pick(
        (((3, d), (2, d)), 2), (((d, 3), (d, 2)), 1), (((d,), (d,)), 1), (((3, d), (d, 2)), (2, 1)),
        (((d, 3), (2, d)), (1, 2)), (((3, d), (d,)), (2, 1)), (((3, d), (2, d)), -1),
        (((d,), (d,)), -1), (((3, d), (d, 4)), [2, 1]),
    )  # fmt: skip
    x = [array(draw, n, *s, dtypes=FLOATS) for s in shapes]
    return Case(package.layers.Dot(axes, **o), x)


def reshaping(package: Any, draw: Any) -> Case:
    x = array(draw, rows(draw), 2, 3, 4, dtypes=ANY)
    target = draw.pick((24,), (-1,), (6, 4), (4, -1), [2, 12], (1, 24), (-1, 3, 2))
    mask = masked(draw, *x.shape[:2])
    return Case(package.layers.Reshape(target, **common(draw)), x, mask=mask)


def flatten(package: Any, draw: Any) -> Case:
    x = anything(draw, low=0, high=4)
    mask = masked(draw, *x.shape[:2]) if x.ndim > 1 else None
    return Case(package.layers.Flatten(**common(draw), **formed(draw)), x, mask=mask)


def permute(package: Any, draw: Any) -> Case:
    x = anything(draw, low=1, high=4)
    dims = tuple(int(i) + 1 for i in draw.rng.permutation(x.ndim - 1))
    mask = masked(draw, *x.shape[:2])
    return Case(package.layers.Permute(draw.pick(dims, list(dims)), **common(draw)), x, mask=mask)


def repeat(package: Any, draw: Any) -> Case:
    x = array(draw, rows(draw), 3, dtypes=ANY)
    return Case(package.layers.RepeatVector(draw.number(1, 4), **common(draw)), x)


def borders(name: str) -> Callable[[Any, Any], Case]:
    rank = int(name[-2])

    def make(package: Any, draw: Any) -> Case:
        form = formed(draw) if rank > 1 or name.startswith("Zero") else {}
        x = image(draw, rank, form.get("data_format"), ANY)
        pairs = tuple((draw.number(0, 2), draw.number(0, 3)) for _ in range(rank))
        size = draw.pick(per_axis(draw, rank, 0, 3), pairs[0] if rank == 1 else pairs)
        if name.startswith("Up"):
            size = per_axis(draw, rank, 1, 4)
            form = form if rank > 1 else {}
            if rank == 1:
                x = image(draw, 1, None, ANY)
                size = draw.number(1, 4)
            if rank == 2 and x.dtype.kind == "f":
                maybe(draw, form, interpolation=("nearest", "bilinear", "bicubic", "lanczos3"))
        mask = masked(draw, *x.shape[:2])
        return Case(getattr(package.layers, name)(size, **form, **common(draw)), x, mask=mask)

    return make


# --- preprocessing --------------------------------------------------------------------------------


def preprocessing(name: str) -> Callable[[Any, Any], Case]:
    def make(package: Any, draw: Any) -> Case:
        L, o = package.layers, common(draw)
        o.pop("activity_regularizer", None)
        if name == "Rescaling":
            scale = draw.pick(0.5, 1 / 255, [0.5], 2)
            return Case(L.Rescaling(scale, **maybe(draw, o, offset=(1.0, 0.0, -1))), anything(draw))
        if name == "CategoryEncoding":
            o |= {"num_tokens": 6, "output_mode": draw.pick("multi_hot", "one_hot", "count")}
            shape = draw.pick((rows(draw),), (rows(draw), 1), (rows(draw), 4))
            kind = draw.pick("int32", "float32", "uint8")
            x = draw.rng.integers(0, 6, shape).astype(kind)
            call = {}
            if o["output_mode"] == "count" and draw.pick(True, False):
                call["count_weights"] = array(draw, *shape)
            return Case(L.CategoryEncoding(**o), x, call)
        if name == "Discretization":
            maybe(draw, o, output_mode=("int", "one_hot", "multi_hot", "count"))
            shape = draw.pick((rows(draw),), (rows(draw), 1), (rows(draw), 3))
            x = array(draw, *shape, dtypes=("float32", "int32"))
            return Case(L.Discretization(bin_boundaries=[-0.5, 0.0, 1.0], **o), x)
        if name == "Normalization":
            o["axis"] = draw.pick(-1, None, 1)
            shape = (1,) if o["axis"] is None else (3,)
            mean, variance = draw.rng.normal(size=shape), draw.rng.uniform(0.5, 2, shape)
            o["mean"], o["variance"] = mean.tolist(), variance.tolist()
            if o["axis"] is None:
                o["mean"], o["variance"] = o["mean"][0], o["variance"][0]
            maybe(draw, o, invert=(True, False))
            return Case(L.Normalization(**o), array(draw, rows(draw), 3, dtypes=ANY))
        form = formed(draw)
        x = image(draw, 2, form.get("data_format"), ("float32", "uint8", "float16", "int32"))
        if draw.number(0, 4) == 0 and len(x):
            x = x[0]
        size = draw.number(1, 9), draw.number(1, 9)
        if name == "Resizing":
            maybe(draw, o, interpolation=("nearest", "bilinear", "bicubic", "lanczos3"))
            o |= draw.pick({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True})
            maybe(draw, o, antialias=(True, False), fill_value=(0.0, 3.0))
        return Case(getattr(L, name)(*size, **o, **form), x)

    return make


LAYERS: dict[str, Callable[[Any, Any], Case]] = {
    "Dense": dense, "EinsumDense": einsum_dense, "Embedding": embedding, "Activation": activation,
    "ReLU": of_activation("ReLU", max_value=(None, 1.0), negative_slope=(0.1,), threshold=(0.3,)),
    "LeakyReLU": of_activation("LeakyReLU", negative_slope=(0.1, 0.0)),
    "ELU": of_activation("ELU", alpha=(0.5, 2.0)),
    "PReLU": of_activation("PReLU", shared_axes=([1],), alpha_initializer=("ones",),
                           alpha_regularizer=REGULARIZERS, alpha_constraint=CONSTRAINTS),
    "Softmax": softmax, "Masking": masking, "Identity": plain("Identity"),
    "ActivityRegularization": plain("ActivityRegularization", l1=(0.1,), l2=(0.2,)),
    "MultiHeadAttention": heads, "GroupQueryAttention": grouped, "RNN": rnn,
    "Bidirectional": bidirectional, "TimeDistributed": time_distributed,
    "SpectralNormalization": spectral, "Concatenate": concatenate, "Dot": dot,
    "Reshape": reshaping, "Flatten": flatten, "Permute": permute, "RepeatVector": repeat,
    "UnitNormalization": normalization("UnitNormalization", axis=(-1, 1, (1, 2))),
    "RMSNormalization": normalization("RMSNormalization", axis=(-1, [-1]), epsilon=(0.1,)),
    "LayerNormalization": normalization("LayerNormalization", axis=(-1, 1, 2, [1, 2], (-1,)),
                                        epsilon=(0.1,)),
    "BatchNormalization": normalization("BatchNormalization", axis=(-1, 1, 2), momentum=(0.5,),
                                        epsilon=(0.1,), renorm=(False,)),
    "GroupNormalization": normalization("GroupNormalization", groups=(1, 2, 4, -1), axis=(-1, 1),
                                        epsilon=(0.1,)),
}  # fmt: skip
for _name in ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
              "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"):  # fmt: skip
    LAYERS[_name] = conv(_name)
for _rank in (1, 2, 3):
    LAYERS[f"ConvLSTM{_rank}D"] = conv_lstm(_rank)
    for _name in ("MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling",
                  "AdaptiveMaxPooling", "AdaptiveAveragePooling"):  # fmt: skip
        LAYERS[f"{_name}{_rank}D"] = pooling(f"{_name}{_rank}D")
    for _name in ("Cropping", "ZeroPadding", "UpSampling"):
        LAYERS[f"{_name}{_rank}D"] = borders(f"{_name}{_rank}D")
for _name in ("SimpleRNN", "GRU", "LSTM"):
    LAYERS[_name] = recurrent(_name)
for _name in ("Attention", "AdditiveAttention"):
    LAYERS[_name] = attention(_name)
for _name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
    LAYERS[_name] = merging(_name)
for _name in ("Rescaling", "CategoryEncoding", "Discretization", "Normalization", "Resizing",
              "CenterCrop"):  # fmt: skip
    LAYERS[_name] = preprocessing(_name)
for _name in ("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "SpatialDropout1D",
              "SpatialDropout2D", "SpatialDropout3D"):  # fmt: skip
    _seeded = {} if _name.startswith("Spatial2") else {"seed": (None, 3)}
    LAYERS[_name] = plain(_name, (0.3,), FLOATS, **_seeded)
