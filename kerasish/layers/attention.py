"""Attention of queries to values by scores of keys: scalar product or additive."""

from __future__ import annotations

from typing import Annotated, Any

from kerasish import ops, random
from kerasish.arguments.fields import placed
from kerasish.arguments.rules import Rate, one_of
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.layer import Layer
from kerasish.ops.symbolic import is_shape
from kerasish.random import SeedGenerator


def causal_mask(queries: int, keys: int) -> Tensor:
    """(1, queries, keys): whether key j is not later than query i."""
    rows = ops.reshape(ops.arange(queries, dtype="int32"), (1, queries, 1))
    columns = ops.reshape(ops.arange(keys, dtype="int32"), (1, 1, keys))
    return ops.greater_equal(rows, columns)


class Scored(Layer):
    """softmax(scores(query, key)) @ value, over the keys that count."""

    floats_only = True
    supports_masking = True
    dropout: Rate = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        self.seed_generator = SeedGenerator(self.seed) if self.dropout > 0 else None

    def build(self, input_shape: Any) -> None:
        if is_shape(input_shape) or len(input_shape) not in (2, 3):
            raise self._refusal("[query, value] or [query, value, key]", f"shape(s) {input_shape}")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """(batch, queries, keys): how much each query attends to each key."""
        raise NotImplementedError

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check_masks(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask else (None, None)
        scores = self.scores(query, key)
        allowed = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if use_causal_mask:
            causal = causal_mask(scores.shape[-2], scores.shape[-1])
            allowed = causal if allowed is None else ops.logical_and(allowed, causal)
        if allowed is not None:
            low = 65504.0 if scores.dtype == "float16" else 1.0e9
            scores = ops.where(allowed, scores, scores - low)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        y = ops.matmul(weights, value)
        if query_mask is not None:
            y = ops.where(ops.expand_dims(ops.cast(query_mask, "bool"), -1), y, 0.0)
        return (y, weights) if return_attention_scores else y

    def _check_masks(self, inputs: Any, mask: Any) -> None:
        """Raise unless inputs and masks are lists of two or three.

        Raises:
            ArgumentError: they are not.
        """
        several = isinstance(inputs, (list, tuple)) and len(inputs) in (2, 3)
        if not several:
            raise self._refusal("[query, value] or [query, value, key]", repr(inputs))
        if mask is None:
            return
        if not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= len(inputs):
            wanted = "a list: the masks, or None, of query and value"
            raise self._refusal(wanted, repr(mask), of="mask")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The query's mask."""
        self._check_masks(inputs, mask)
        return mask[0] if mask else None


class Attention(Scored):
    """Scores are scalar products of queries and keys (or a learned sum of tanh).

    Args:
        use_scale: whether scores are multiplied by a learned scalar.
        score_mode: "dot", or "concat" for v * sum(tanh(query + key)).
        dropout: share of attention weights that are zero while training.
        seed: int, for the same draws every time.

    Source: Luong et al., Effective Approaches to Attention (2015).
    """

    use_scale: bool = placed(default=False)
    score_mode: Annotated[str, one_of("dot", "concat")] = placed(behind="use_scale", default="dot")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        if self.concat_score_weight is None:
            found = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return found if self.scale is None else found * self.scale
        joined = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        joined = joined if self.scale is None else joined * self.scale
        return self.concat_score_weight * ops.sum(ops.tanh(joined), axis=-1)


class AdditiveAttention(Scored):
    """Scores are sum(scale * tanh(query + key)).

    Args:
        use_scale: whether features are weighted by a learned vector.
        dropout: share of attention weights that are zero while training.
        seed: int, for the same draws every time.

    Source: Bahdanau et al., Neural Machine Translation by Jointly Learning to Align (2015).
    """

    use_scale: bool = placed(default=True)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        joined = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(joined if self.scale is None else joined * self.scale, axis=-1)
