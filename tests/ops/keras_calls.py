"""Calls whose results by Keras itself are kept in tests/golden/nn_ops.npz.

scripts/make_op_golden.py makes them with Keras, test_against_keras.py repeats them. Only numpy is
imported here.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Call:
    """`keras.ops.<func>(*inputs, **kwargs)`.

    Args:
        func: "group.name": a word for its kind, and the public name in kerasish.ops.nn.
        inputs: shapes of normal draws, or arrays.
        kwargs: further arguments.
        grad: whether the gradients of the float inputs are compared too.
        scale: of the draws.
    """

    func: str
    inputs: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    grad: bool = True
    scale: float = 1.0

    @property
    def key(self) -> str:
        shown = [str(getattr(i, "shape", i)) for i in self.inputs]
        shown += [f"{k}={getattr(v, 'shape', v)}" for k, v in self.kwargs.items()]
        return f"{self.func}({','.join(shown)},{self.scale})".replace(" ", "")

    def arrays(self) -> list[np.ndarray]:
        rng = np.random.default_rng(zlib.crc32(self.func.encode()))
        return [
            (rng.normal(size=i) * self.scale).astype(np.float32) if type(i) is tuple else i
            for i in self.inputs
        ]

    def differentiable(self) -> list[int]:
        return [i for i, a in enumerate(self.arrays()) if self.grad and a.dtype.kind == "f"]


def weights(shape: tuple[int, ...]) -> np.ndarray:
    """What the outputs are multiplied by before they are summed and differentiated."""
    return np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape).astype(np.float32)


X = np.array([-30, -7, -3, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 3, 6, 7, 30], np.float32)

ACTIVATIONS = [
    *(
        Call(f"activation.{name}", (X,))
        for name in (
            "relu relu6 softplus softsign silu gelu elu selu celu leaky_relu sparse_plus "
            "log_sigmoid sparse_sigmoid tanh_shrink hard_sigmoid hard_silu hard_tanh hard_shrink "
            "soft_shrink squareplus softmax log_softmax glu"
        ).split()
    ),
    Call("activation.gelu", (X,), {"approximate": False}),
    Call("activation.elu", (X,), {"alpha": 0.7}),
    Call("activation.celu", (X,), {"alpha": 0.7}),
    Call("activation.leaky_relu", (X,), {"negative_slope": 0.3}),
    Call("activation.hard_shrink", (X,), {"threshold": 0.3}),
    Call("activation.soft_shrink", (X,), {"threshold": 0.3}),
    Call("activation.squareplus", (X,), {"b": 2}),
    Call("activation.threshold", (X,), {"threshold": 0.3, "default_value": -2.0}),
    Call("activation.softmax", ((3, 4, 5),), {"axis": 1}),
    Call("activation.softmax", ((3, 4, 5),), {"axis": (0, 2)}),
    Call("activation.log_softmax", ((3, 4, 5),), {"axis": 0}),
    Call("activation.glu", ((3, 4, 5),), {"axis": 1}),
]

_IMAGE = ((2, 7, 8, 4), (3, 2, 4, 5))
CONVOLUTIONS = [
    *(
        Call("convolve.conv", _IMAGE, {"strides": s, "padding": p})
        for s in (1, 2, (2, 1))
        for p in ("valid", "same")
    ),
    Call("convolve.conv", _IMAGE, {"dilation_rate": 2}),
    Call("convolve.conv", _IMAGE, {"dilation_rate": (1, 2), "padding": "same"}),
    Call("convolve.conv", ((2, 7, 8, 4), (3, 2, 2, 6)), {"padding": "same"}),
    Call("convolve.conv", ((2, 4, 7, 8), (3, 2, 4, 5)), {"data_format": "channels_first"}),
    Call("convolve.conv", ((2, 9, 3), (4, 3, 2)), {"strides": 3, "padding": "same"}),
    Call("convolve.conv", ((2, 5, 4, 6, 3), (3, 3, 3, 3, 2)), {"padding": "same"}),
    Call("convolve.depthwise_conv", ((2, 7, 8, 4), (3, 2, 4, 1)), {"strides": 2}),
    Call("convolve.depthwise_conv", ((2, 7, 8, 4), (3, 2, 4, 3)), {"padding": "same"}),
    Call("convolve.depthwise_conv", ((2, 9, 3), (4, 3, 2)), {"dilation_rate": 2}),
    Call("convolve.separable_conv", ((2, 7, 8, 3), (3, 3, 3, 2), (1, 1, 6, 4)), {"strides": 2}),
    *(
        Call("convolve.conv_transpose", ((2, 4, 5, 3), (k, 2, 4, 3)), {"strides": s, "padding": p})
        for k in (1, 3, 4)
        for s in (1, 2, 3)
        for p in ("valid", "same")
    ),
    *(
        Call(
            "convolve.conv_transpose",
            ((2, 5, 3), (k, 4, 3)),
            {"strides": s, "padding": p, "output_padding": o},
        )
        for k, s in ((3, 2), (4, 3), (2, 3))
        for p in ("valid", "same")
        for o in (0, 1)
    ),
    Call(
        "convolve.conv_transpose", ((2, 5, 3), (3, 4, 3)), {"dilation_rate": 2, "padding": "same"}
    ),
    Call("convolve.conv_transpose", ((2, 3, 5), (3, 4, 3)), {"data_format": "channels_first"}),
]

_WINDOWED = (2, 7, 8, 3)
POOLING = [
    *(
        Call(f"pool.{name}", (_WINDOWED,), {"pool_size": k, "strides": s, "padding": p})
        for name in ("max_pool", "average_pool")
        for k, s in ((2, 2), ((3, 2), 2), (3, 1))
        for p in ("valid", "same")
    ),
    *(
        Call(
            f"pool.{name}",
            ((2, 3, 9),),
            {"pool_size": 4, "strides": 4, "data_format": "channels_first"},
        )
        for name in ("max_pool", "average_pool")
    ),
    *(
        Call(f"pool.{name}", (_WINDOWED,), {"output_size": size})
        for name in ("adaptive_max_pool", "adaptive_average_pool")
        for size in (1, 3, (2, 5))
    ),
    Call("pool.adaptive_max_pool", ((2, 9, 3),), {"output_size": 4}),
    Call(
        "pool.adaptive_average_pool",
        ((2, 3, 9),),
        {"output_size": 4, "data_format": "channels_first"},
    ),
]

_AXES = (-1, 0, (1, 2))
NORMALIZATION = [
    *(Call("normalization.layer_normalization", ((3, 4, 5),), {"axis": a}) for a in _AXES),
    Call("normalization.layer_normalization", ((3, 4, 5), (5,), (5,)), {"epsilon": 1e-3}),
    Call("normalization.layer_normalization", ((3, 4, 5), (4,), (4,)), {"axis": 1}),
    Call("normalization.layer_normalization", ((3, 4, 5), (4, 5), (4, 5)), {"axis": (1, 2)}),
    *(Call("normalization.rms_normalization", ((3, 4, 5),), {"axis": a}) for a in _AXES),
    Call("normalization.rms_normalization", ((3, 4, 5), (5,)), {"epsilon": 1e-3}),
    *(
        Call(
            "normalization.batch_normalization",
            ((3, 4, 5), (n,), np.linspace(1, 2, n, dtype=np.float32)),
            {"axis": a, **more},
        )
        for a, n in ((-1, 5), (1, 4))
        for more in (
            {},
            {"offset": np.arange(n, dtype=np.float32)},
            {"scale": np.full(n, 2, np.float32), "offset": np.ones(n, np.float32)},
        )
    ),
    Call("moments.moments", ((3, 4, 5),), {"axes": (0, 1)}),
    Call("moments.moments", ((3, 4, 5),), {"axes": 1, "keepdims": True}),
    *(
        Call("moments.normalize", ((3, 4),), {"order": o, "axis": a})
        for o in (1, 2, 3)
        for a in (0, -1)
    ),
    Call("moments.normalize", (np.zeros((2, 3), np.float32),), grad=False),
]

_P = np.random.default_rng(5).dirichlet(np.ones(4), (3, 5)).astype(np.float32)
_CERTAIN = np.eye(4, dtype=np.float32)
_CLASSES = np.array([[0, 3, 1, 2, 2], [1, 1, 0, 3, 0], [2, 0, 0, 1, 3]], np.int32)
_LOSS = "loss_crossentropy"
CROSSENTROPIES = [
    Call(f"{_LOSS}.categorical_crossentropy", (_P[..., ::-1].copy(), _P)),
    Call(f"{_LOSS}.categorical_crossentropy", (_P[..., ::-1].copy(), _P * 3)),
    Call(f"{_LOSS}.categorical_crossentropy", (_CERTAIN[::-1].copy(), _CERTAIN)),
    Call(f"{_LOSS}.categorical_crossentropy", (_P, (3, 5, 4)), {"from_logits": True}),
    Call(f"{_LOSS}.categorical_crossentropy", (_P, (3, 5, 4)), {"from_logits": True, "axis": 1}),
    Call(f"{_LOSS}.categorical_crossentropy", (_P, (3, 5, 4)), {"from_logits": True}, scale=50.0),
    Call(f"{_LOSS}.sparse_categorical_crossentropy", (_CLASSES, _P)),
    Call(f"{_LOSS}.sparse_categorical_crossentropy", (_CLASSES[..., None], _P)),
    Call(f"{_LOSS}.sparse_categorical_crossentropy", (np.array([0, 1, 1, 3]), _CERTAIN)),
    Call(f"{_LOSS}.sparse_categorical_crossentropy", (_CLASSES, (3, 5, 4)), {"from_logits": True}),
    Call(f"{_LOSS}.binary_crossentropy", (_P[..., ::-1].copy(), _P)),
    Call(f"{_LOSS}.binary_crossentropy", (_CERTAIN[::-1].copy(), _CERTAIN)),
    Call(f"{_LOSS}.binary_crossentropy", (_P, (3, 5, 4)), {"from_logits": True}),
    Call(f"{_LOSS}.binary_crossentropy", (_P, (3, 5, 4)), {"from_logits": True}, scale=50.0),
]

_Q, _K = (2, 5, 4, 3), (2, 6, 4, 3)
_SEEN = np.random.default_rng(2).integers(0, 2, (2, 4, 5, 6)).astype(bool)
ATTENTION = [
    Call("attention.dot_product_attention", (_Q, _K, _K)),
    Call("attention.dot_product_attention", (_Q, _K, _K), {"scale": 0.3, "is_causal": True}),
    Call("attention.dot_product_attention", (_Q, (2, 6, 2, 3), (2, 6, 2, 3))),
    Call("attention.dot_product_attention", (_Q, (2, 6, 1, 3), (2, 6, 1, 3)), {"is_causal": True}),
    Call("attention.dot_product_attention", (_Q, _K, _K, (1, 4, 5, 6))),
    Call("attention.dot_product_attention", (_Q, _K, _K), {"mask": _SEEN}),
    Call(
        "attention.dot_product_attention",
        (_Q, _K, _K, (2, 4, 5, 6)),
        {"mask": _SEEN[:, :1], "is_causal": True},
    ),
]

_CTC = "loss_ctc"
_LABELS = np.array([[1, 2, 2, 3], [4, 4, 1, 0], [2, 1, 3, 1]], np.int32)
_COUNTS = np.array([4, 3, 2], np.int32), np.array([9, 7, 8], np.int32)
MORE = [
    *(
        Call("nn_encoding.one_hot", (_LABELS,), {"num_classes": n, "axis": a})
        for n in (5, 3)
        for a in (-1, 0, 1)
    ),
    Call("nn_encoding.one_hot", (_LABELS,), {"num_classes": 5, "dtype": "int32"}),
    Call("nn_encoding.multi_hot", (_LABELS,), {"num_classes": 5}),
    Call("nn_encoding.multi_hot", (_LABELS[0],), {"num_classes": 5}),
    *(
        Call("nn_images.depth_to_space", ((2, 4, 4, 4),), {"block_size": 2, "data_format": f})
        for f in ("channels_last", "channels_first")
    ),
    *(
        Call("nn_images.space_to_depth", ((2, 4, 4, 4),), {"block_size": 2, "data_format": f})
        for f in ("channels_last", "channels_first")
    ),
    Call("nn_images.unfold", ((2, 3, 6, 7),), {"kernel_size": 2}),
    Call(
        "nn_images.unfold",
        ((2, 3, 6, 7),),
        {"kernel_size": (3, 2), "dilation": (1, 2), "stride": 2},
    ),
    Call("nn_images.unfold", ((2, 3, 6, 7),), {"kernel_size": (3, 2), "padding": (1, 2)}),
    Call("nn_images.fold", ((2, 12, 30),), {"output_size": (6, 7), "kernel_size": 2}),
    Call(
        "nn_images.fold",
        ((2, 18, 9),),
        {
            "output_size": (5, 6),
            "kernel_size": (3, 2),
            "dilation": (1, 2),
            "padding": 1,
            "stride": 2,
        },
    ),
    Call("nn_images.psnr", ((2, 3, 4), (2, 3, 4)), {"max_val": 2.0}),
    Call("nn.polar", ((2, 3), (2, 3)), grad=False),
    Call(f"{_CTC}.ctc_loss", (_LABELS, (3, 9, 5), *_COUNTS)),
    Call(f"{_CTC}.ctc_loss", (_LABELS, (3, 9, 5), *_COUNTS), {"mask_index": 4}, scale=3.0),
    Call(f"{_CTC}.ctc_decode", ((3, 9, 5), _COUNTS[1]), grad=False, scale=2.0),
    Call(
        f"{_CTC}.ctc_decode",
        ((3, 9, 5), _COUNTS[1]),
        {"merge_repeated": False, "mask_index": 3},
        grad=False,
    ),
    Call(
        f"{_CTC}.ctc_decode",
        ((3, 6, 4), np.array([6, 4, 5], np.int32)),
        {"strategy": "beam_search", "beam_width": 200, "top_paths": 4},
        grad=False,
    ),
]

GROUPS = (
    ACTIVATIONS, CONVOLUTIONS, POOLING, NORMALIZATION, CROSSENTROPIES, ATTENTION, MORE,
)  # fmt: skip
CALLS = {call.key: call for group in GROUPS for call in group}
