"""Random layers with random arguments and inputs, the same in this package and in Keras.

`LAYERS[name](package, draw)` gives a `Case`: the layer, its inputs, and how it is called. `draw`
needs `pick(*choices)`, `number(low, high)` and `rng`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.layers.random_windows import (
    ANY,
    CONSTRAINTS,
    FLOATS,
    REGULARIZERS,
    Case,
    activation,
    anything,
    array,
    bidirectional,
    common,
    conv,
    conv_lstm,
    dense,
    einsum_dense,
    embedding,
    formed,
    image,
    masked,
    masking,
    maybe,
    of_activation,
    per_axis,
    plain,
    pooling,
    recurrent,
    rnn,
    rows,
    softmax,
    time_distributed,
    weighted,
)

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
    d = draw.number(1, 4)
    x = [array(draw, n, tq, d), array(draw, n, tv, d)]
    if draw.pick(True, False):
        x.append(array(draw, n, tv, d))
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
    axis = draw.pick(-1, 1, 2, -2)
    n, shape = rows(draw), [draw.number(1, 4) for _ in range(2)]
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
    x = anything(draw, low=2, high=4)
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
        if name == "Discretization":  # Keras takes no `trainable` and loses mixed policies
            o = {key: value for key, value in o.items() if key == "name"}
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
for _name in ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
              "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D",
              "SeparableConv2D"):  # fmt: skip
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
    LAYERS[_name] = plain(_name, (0.3,), FLOATS, seed=(None, 3))
