"""MultiHeadAttention and GroupQueryAttention."""

from __future__ import annotations

import functools
import math
from operator import attrgetter
from string import ascii_lowercase as letters
from typing import TYPE_CHECKING, Any

from kerasish import ops
from kerasish.arguments.fields import Deferred, placed, weights
from kerasish.arguments.rules import IntOrTuple, PositiveInt, Rate, Regularizer, as_axes
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.initializers.initializer import cloned
from kerasish.layers.activation import Softmax
from kerasish.layers.attention import causal_mask
from kerasish.layers.base.layer import Layer
from kerasish.layers.einsum_dense import EinsumDense
from kerasish.layers.regularization import Dropout
from kerasish.ops.nn.attention import dot_product_attention
from kerasish.spec import Shape


class Projected(Layer):
    """Attention between learned projections of query, key and value."""

    floats_only = True
    written = ("activity_regularizer",)
    supports_masking = True
    dropout: Rate = 0.0
    use_bias: bool = True
    sliding_window: PositiveInt | None = None
    flash_attention: bool | None = None
    learned = weights(kernel="glorot_uniform", bias="zeros")
    activity_regularizer: Regularizer = None
    use_gate: bool = False
    seed: int | None = None
    if TYPE_CHECKING:
        _query_dense = Deferred[EinsumDense]()
        _key_dense = Deferred[EinsumDense]()
        _value_dense = Deferred[EinsumDense]()
        _output_dense = Deferred[EinsumDense]()
        _gate_dense = Deferred[EinsumDense | None]()

    def __post_init__(self) -> None:
        if self.flash_attention and self.dropout > 0:
            raise self._refusal("no dropout with flash_attention", f"dropout={self.dropout}")

    def _key_shape(self, value: Shape, key: Shape | None) -> Shape:
        """The shape of the key, by default the value's.

        Raises:
            ShapeError: they differ in more than the last axis.
        """
        if key is None:
            return value
        if tuple(value[1:-1]) != tuple(key[1:-1]):
            wanted = "value and key of equal shapes but for the last axis"
            raise self._refusal(wanted, f"{value} and {key}", kind=ShapeError)
        return key

    def _dense(
        self, equation: str, shape: tuple[int | None, ...], bias_axes: str, name: str, **more: Any
    ) -> EinsumDense:
        """A projection with this layer's initializers, regularizers and constraints."""
        given = {name: getattr(self, name) for name in (*self.learned, "activity_regularizer")}
        # Initializers give one instance's draws again at every call, so each has its own.
        own = {n: cloned(first) for n, first in given.items() if n.endswith("initializer")}
        return EinsumDense(
            equation,
            shape,
            bias_axes=bias_axes if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            trainable=self.trainable,
            **{**given, **own, **more},
        )

    def _add_activity_loss(self, outputs: Any) -> None:
        """Nothing more: `activity_regularizer` is that of the projections, which add it."""

    def _allowed(
        self, query: Tensor, value: Tensor, masks: tuple[Any, Any, Any, Any], causal: bool
    ) -> Tensor | None:
        """(batch, T, S): which keys each query may see; None for all.

        Args:
            masks: of query, value and key, then the explicit mask.
        """
        query_mask, value_mask, key_mask, allowed = masks
        parts = [] if allowed is None else [ops.cast(allowed, "bool")]
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for mask in (value_mask, key_mask):
            if mask is not None:
                parts.append(ops.expand_dims(ops.cast(mask, "bool"), -2))
        if causal:
            parts.append(causal_mask(query.shape[1], value.shape[1]))
        if self.sliding_window is not None:
            rows = ops.arange(query.shape[1], dtype="int32")
            columns = ops.arange(value.shape[1], dtype="int32")
            apart = ops.abs(ops.expand_dims(rows, -1) - columns)
            parts.append(ops.expand_dims(ops.less(apart, self.sliding_window), 0))
        if any(part.ndim > 3 for part in parts):  # one for each head
            parts = [_by_head(part) for part in parts]
        return functools.reduce(ops.logical_and, parts) if parts else None

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The query's mask."""
        return previous_mask

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        if return_attention_scores and self.flash_attention:
            fix = "Make the layer without flash_attention=True."
            raise self._refusal(
                "no attention scores asked for with flash_attention", "both", fix=fix
            )
        key = value if key is None else key
        masks = (query_mask, value_mask, key_mask, attention_mask)
        plain = all(m is None for m in masks) and self.sliding_window is None
        whole = self._fits_whole(query)
        whole = whole and not (self.dropout > 0 and training) and not return_attention_scores
        allowed = None
        if not (plain and whole):
            allowed = self._allowed(query, value, masks, use_causal_mask)
        query, key, value = _unmasked(query), _unmasked(key), _unmasked(value)
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        scores = None
        if whole:
            y = dot_product_attention(
                q,
                k,
                v,
                mask=None if allowed is None else _by_head(allowed),
                scale=1 / math.sqrt(q.shape[-1]),
                is_causal=use_causal_mask and plain,
            )
        else:
            y, scores = self._attend(q, k, v, allowed, training)
        if self._gate_dense is not None:
            y = y * self._gate_dense(query)
        y = self._output_dense(y)
        return (y, scores) if return_attention_scores else y

    def _fits_whole(self, query: Tensor) -> bool:
        """Whether the op that does attention as a whole takes such queries."""
        return True

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """The result and the attention weights, step by step."""
        raise NotImplementedError


def _by_head(mask: Tensor) -> Tensor:
    """(T, S), (batch, T, S) or (batch, heads, T, S) with an axis for heads."""
    return ops.expand_dims(mask, -3) if mask.ndim < 4 else mask


def _unmasked(x: Tensor) -> Tensor:
    """The same tensor without its mask, which this layer has taken care of."""
    return x if x.mask is None else Tensor(x.spec, x.value, x.node)


class MultiHeadAttention(Projected):
    """softmax(query_h key_h^T / sqrt(key_dim)) value_h for every head h, projected back.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; `key_dim` by default.
        dropout: share of attention weights that are zero while training.
        use_bias: whether the projections have biases.
        output_shape: last axes of the output; the query's by default.
        attention_axes: the axes that are attended over; all but the first and last by default.
        sliding_window: how near a key must be; None for any distance.
        flash_attention: accepted for compatibility; the compiler chooses the kernel.
        kernel_initializer, bias_initializer: initial values of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: whether a sigmoid of the query multiplies the result before it is projected.
        seed: int, for the same draws every time.

    Source: Vaswani et al., Attention Is All You Need (2017).

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
        >>> x = keras.ops.ones((1, 5, 8))
        >>> layer(x, x, use_causal_mask=True).shape
        (1, 5, 8)
    """

    num_heads: PositiveInt = placed()
    key_dim: PositiveInt = placed(behind="num_heads")
    value_dim: PositiveInt | None = placed(behind="key_dim", default=None)
    output_shape: IntOrTuple | None = placed(behind="use_bias", default=None)
    attention_axes: IntOrTuple | None = placed(behind="output_shape", default=None)

    def __post_init__(self) -> None:
        self.value_dim = self.value_dim or self.key_dim
        super().__post_init__()
        if self.output_shape is not None:
            self.output_shape = as_axes(self.output_shape)
        if isinstance(self.attention_axes, int):
            self.attention_axes = (self.attention_axes,)

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Any = None) -> None:
        key_shape = self._key_shape(value_shape, key_shape)
        heads, value_size = self.num_heads, self.value_dim or self.key_dim
        self._query_dense = self._input_dense(query_shape, self.key_dim, "query")
        self._key_dense = self._input_dense(key_shape, self.key_dim, "key")
        self._gate_dense = None
        if self.use_gate:
            self._gate_dense = self._input_dense(
                query_shape, value_size, "gate", activation="sigmoid"
            )
        self._value_dense = self._input_dense(value_shape, value_size, "value")
        rank = len(value_shape) + 1
        axes = self.attention_axes or tuple(range(1, rank - 2))
        self.attention_axes = tuple(a if a >= 0 else rank - 1 + a for a in axes)
        self._softmax = Softmax(tuple(range(-len(self.attention_axes), 0)), dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        free = len(query_shape) - 1
        tail = self.output_shape or (query_shape[-1],)
        lead, bound = letters[:free], letters[free : free + 2]
        out = letters[free + 2 : free + 2 + len(tail)]
        shape = (*(None,) * (free - 1), *tail)
        self._output_dense = self._dense(
            f"{lead}{bound},{bound}{out}->{lead}{out}", shape, out, "attention_output"
        )
        self._output_dense.build((*query_shape[:-1], heads, value_size))

    def _input_dense(self, shape: Shape, size: int, name: str, **more: Any) -> EinsumDense:
        """The built projection (..., features) -> (..., heads, size)."""
        free = len(shape) - 1
        lead, feature, out = letters[:free], letters[free], letters[free + 1 : free + 3]
        made = self._dense(
            f"{lead}{feature},{feature}{out}->{lead}{out}",
            (*(None,) * (free - 1), self.num_heads, size),
            out,
            name,
            **more,
        )
        made.build(shape)
        return made

    query_dense = property(attrgetter("_query_dense"), doc="The projection of the query.")
    key_dense = property(attrgetter("_key_dense"), doc="The projection of the key.")
    value_dense = property(attrgetter("_value_dense"), doc="The projection of the value.")
    output_dense = property(attrgetter("_output_dense"), doc="The projection of the result.")

    def _fits_whole(self, query: Tensor) -> bool:
        return query.ndim == 3 and self.attention_axes == (1,)

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """The result and the attention weights, over any axes."""
        axes: Any = self.attention_axes
        scored, combined = _equations(q.ndim, axes)
        scores = ops.einsum(scored, k, q / math.sqrt(self.key_dim))
        while allowed is not None and allowed.ndim < scores.ndim:
            allowed = ops.expand_dims(allowed, -2 * len(axes) - 1)
        weights = self._softmax(scores, mask=allowed)
        y = ops.einsum(combined, self._dropout_layer(weights, training=training), v)
        return y, weights


def _equations(rank: int, axes: Any) -> tuple[str, str]:
    """The einsum equations of scores and result: letters of q, new ones for the keys' axes."""
    target = letters[:rank]
    fresh = iter(letters[rank:])
    source = "".join(next(fresh) if i in axes else c for i, c in enumerate(target))
    batch = [i for i in range(rank - 1) if i not in axes]
    product = "".join(
        [target[i] for i in batch] + [target[i] for i in axes] + [source[i] for i in axes]
    )
    return f"{source},{target}->{product}", f"{product},{source}->{target}"


class GroupQueryAttention(Projected):
    """Multi-head attention in which several query heads share one key and value head.

    Args:
        head_dim: size of a head.
        num_query_heads: number of query heads.
        num_key_value_heads: number of key and value heads, which divides it.
        dropout: share of attention weights that are zero while training.
        use_bias: whether the projections have biases.
        sliding_window: how near a key must be; None for any distance.
        flash_attention: accepted for compatibility; the compiler chooses the kernel.
        kernel_initializer, bias_initializer: initial values of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: whether a sigmoid of the query multiplies the result before it is projected.
        seed: int, for the same draws every time.

    Source: Ainslie et al., GQA (2023).
    """

    # Keras's class is called otherwise than its public name, and names the weights in files.
    file_class = named_as = "GroupedQueryAttention"
    head_dim: PositiveInt = placed()
    num_query_heads: PositiveInt = placed(behind="head_dim")
    num_key_value_heads: PositiveInt = placed(behind="num_query_heads")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_query_heads % self.num_key_value_heads:
            raise self._refusal(
                "num_query_heads divisible by num_key_value_heads",
                f"{self.num_query_heads} and {self.num_key_value_heads}",
            )

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Any = None) -> None:
        key_shape = self._key_shape(value_shape, key_shape)
        few, many, size = self.num_key_value_heads, self.num_query_heads, self.head_dim
        self._query_dense = self._dense("bqm,muh->bquh", (None, many, size), "uh", "query")
        self._key_dense = self._dense("bkm,mvh->bkvh", (None, few, size), "vh", "key")
        self._gate_dense = None
        if self.use_gate:
            self._gate_dense = self._dense(
                "bqm,muh->bquh", (None, many, size), "uh", "gate", activation="sigmoid"
            )
        self._value_dense = self._dense("bkm,mvh->bkvh", (None, few, size), "vh", "value")
        self._softmax = Softmax(-1, dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        self._output_dense = self._dense(
            "bquh,uhm->bqm", (None, query_shape[-1]), "m", "attention_output"
        )
        self._query_dense.build(query_shape)
        self._key_dense.build(key_shape)
        if self._gate_dense is not None:
            self._gate_dense.build(query_shape)
        self._value_dense.build(value_shape)
        self._output_dense.build((*query_shape[:-1], many, size))

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        count = self.num_query_heads // self.num_key_value_heads
        k, v = ops.repeat(k, count, axis=2), ops.repeat(v, count, axis=2)
        scores = ops.einsum("bquh,bkuh->buqk", q * (1 / math.sqrt(self.head_dim)), k)
        allowed = None if allowed is None else _by_head(allowed)
        weights = self._softmax(scores, mask=allowed)
        y = ops.einsum("buqk,bkuh->bquh", self._dropout_layer(weights, training=training), v)
        return y, weights
