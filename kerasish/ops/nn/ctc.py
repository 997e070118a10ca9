"""Connectionist temporal classification: the loss, and decoding by best path or beam search.

Graves, Fernandez, Gomez and Schmidhuber, "Connectionist temporal classification" (2006).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.backend.base import current
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.batching import in_batch
from kerasish.graph.op import case, no_gradient, op
from kerasish.graph.primitives import broadcast_to, concatenate, expand_dims, reshape, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of, whole
from kerasish.ops.basic.elementwise import as_float, cast, exp, log, logical_and, maximum, where
from kerasish.ops.basic.indexing import take_along
from kerasish.ops.basic.reduction import argmax, max, sum_
from kerasish.ops.control.functions import scan
from kerasish.ops.declare import composite, ints, same_as_first
from kerasish.ops.nn.activation import log_softmax
from kerasish.ops.operation import public
from kerasish.spec import TensorSpec, known, promote

# The logarithm of the probability of what cannot be.
_NEVER = -1e5


def _log_sum(*terms: Any) -> Any:
    """log(sum(exp(term))), elementwise."""
    top = terms[0]
    for term in terms[1:]:
        top = maximum(top, term)
    total: Any = 0
    for term in terms:
        total = total + exp(term - top)
    return top + log(total)


def _shifted(alpha: Any, by: int) -> Any:
    """alpha (B, S) moved right by `by` places, impossible states moving in."""
    padding = broadcast_to(convert_to_tensor(_NEVER, alpha.dtype), shape=(alpha.shape[0], by))
    if alpha.shape[1] <= by:
        return padding[:, : alpha.shape[1]]
    return concatenate(padding, alpha[:, :-by], axis=1)


_TARGET = np.array([[1, 2, 2, 0], [3, 1, 0, 0]], np.int32)


@composite(case(
            _TARGET, (2, 6, 4), np.array([3, 2], np.int32), np.array([6, 5], np.int32),
            domain=(-1.0, 1.0),
        ))  # fmt: skip
def ctc_loss(
    target: TensorLike,
    output: TensorLike,
    target_length: TensorLike,
    output_length: TensorLike,
    mask_index: int = 0,
) -> Tensor:
    """-log of the probability of `target`, summed over all its alignments; one per sample.

    Args:
        target: class indices, (batch, labels).
        output: logits, (batch, time, classes).
        target_length: number of labels of each sample, (batch,).
        output_length: number of time steps of each sample, (batch,).
        mask_index: the class of the blank.

    Raises:
        ShapeError: `target` is no matrix, or `output` has other than 3 axes.
    """
    labels, logits = cast(target, "int32"), as_float(output)
    if labels.ndim != 2 or logits.ndim != 3:
        raise ShapeError(
            "ctc_loss",
            expected="target (batch, labels), output (batch, time, classes)",
            received=f"{labels.shape}, {logits.shape}",
        )
    logs = log_softmax(cast(logits, promote(logits.dtype, "float32")))
    batch, steps, classes = logs.shape
    mask_index = whole("ctc_loss, mask_index", mask_index, None)
    if classes is not None and not -classes <= mask_index < classes:
        raise ArgumentError(
            "ctc_loss, mask_index", expected=f"one of {classes} classes", received=mask_index
        )
    (count,) = known(labels.shape[1:])
    # Blanks between and around the labels: states 0..2n, the labels at odd places.
    blank = broadcast_to(convert_to_tensor(mask_index, "int32"), shape=(*labels.shape, 1))
    pairs = reshape(
        concatenate(blank, expand_dims(labels, axis=2), axis=2), shape=(batch, 2 * count)
    )
    states = concatenate(pairs, reshape(blank[:, :1], shape=(batch, 1)), axis=1)
    # A blank may be left out between two different labels.
    same = concatenate(labels[:, :1] == labels[:, :1], labels[:, 1:] == labels[:, :-1], axis=1)
    no = logical_and(same, convert_to_tensor(False))
    skips = reshape(
        concatenate(expand_dims(no, axis=2), expand_dims(~same, axis=2), axis=2),
        shape=(batch, 2 * count),
    )
    skips = concatenate(skips, no[:, :1], axis=1) if count else no[:, :0]
    index = broadcast_to(expand_dims(states, axis=1), shape=(batch, steps, 2 * count + 1))
    emitted = transpose(take_along(logs, index, axis=2), axes=(1, 0, 2))
    never = convert_to_tensor(_NEVER, logs.dtype)
    place = convert_to_tensor(tables.arange(2 * count + 1, dtype=np.int32))
    # Before the first step: only state 0 has a probability, and from there 0 and 1 are reached.
    start = where(place == 0, convert_to_tensor(0, logs.dtype), never)
    start = broadcast_to(start, shape=(batch, 2 * count + 1))
    lengths = expand_dims(cast(output_length, "int32"), axis=1)

    def step(alpha: Any, given: Any) -> Any:
        emission, t = given
        before = _shifted(alpha, 1)
        leap = where(logical_and(skips, t > 0), _shifted(alpha, 2), never)
        moved = _log_sum(alpha, before, leap) + emission
        return where(t < lengths, moved, alpha), None

    clock = convert_to_tensor(tables.arange(1 if steps is None else steps, dtype=np.int32))
    if steps is None:
        clock = broadcast_to(clock, shape=(None,))
    final, _ = scan(step, start, (emitted, clock))
    last = 2 * expand_dims(cast(target_length, "int32"), axis=1)
    ends = logical_and(place <= last, place >= last - 1)
    left = where(ends, final, never)
    top = max(left, axis=1, keepdims=True)
    total = log(sum_(exp(left - top), axis=(1,), keepdims=True)) + top
    return -reshape(total, shape=(batch,))


# --- decoding -------------------------------------------------------------------------------------


@op(
    "ctc_compact",
    infer=same_as_first,
    batch=in_batch,
    cases=(
        case(ints((3, 7), 3), merge=True, blank=0),
        case(ints((3, 7), 3), merge=False, blank=2),
    ),
)
def _compact(xp: Any, path: Any, *, merge: bool, blank: int) -> Any:
    """Paths (batch, time) without blanks and (if `merge`) repetitions, filled up with -1."""
    kept = path != blank
    if merge:
        kept[:, 1:] &= path[:, 1:] != path[:, :-1]
    order = xp.argsort(~kept, axis=1, kind="stable")
    return xp.take_along_axis(xp.where(kept, path, -1), order, axis=1).astype(path.dtype)


def _greedy(logits: Any, lengths: Any, merge_repeated: bool, blank: int) -> tuple[Any, Any]:
    steps = logits.shape[1]
    clock = convert_to_tensor(tables.arange(1 if steps is None else steps, dtype=np.int32))
    late = clock >= expand_dims(lengths, axis=1)
    path = where(late, blank, argmax(logits, axis=-1))
    scores = where(late, 0.0, max(logits, axis=-1))
    decoded = _compact(path, merge=merge_repeated, blank=blank)
    return expand_dims(decoded, axis=0), -sum_(scores, axis=(1,), keepdims=True)


def _beam_infer(
    logs: TensorSpec, lengths: TensorSpec, *, width: int, top: int, blank: int
) -> tuple[TensorSpec, TensorSpec]:
    batch, steps, _ = logs.shape
    return TensorSpec((top, batch, steps), "int32"), TensorSpec((batch, top), logs.dtype)


@op(
    "ctc_beam_search",
    infer=_beam_infer,
    vjp=no_gradient,
    cases=(case((2, 5, 4), np.array([5, 4], np.int32), differentiate=(), width=8, top=2, blank=0),),
)
def _beam_search(
    xp: Any, logs: Any, lengths: Any, *, width: int, top: int, blank: int
) -> tuple[Any, Any]:
    """The `top` likeliest label sequences of each sample, and the logarithms of their probability.

    Prefix beam search on the host, `width` prefixes a step.
    """
    device = current()
    rows, ends = device.to_numpy(logs), device.to_numpy(lengths)
    paths = tables.full((top, *rows.shape[:2]), -1, np.int32)
    scores = tables.full((rows.shape[0], top), -np.inf, rows.dtype)
    for b, (row, end) in enumerate(zip(rows, ends, strict=True)):
        for k, (labels, score) in enumerate(_best_prefixes(row[:end], width, blank)[:top]):
            paths[k, b, : len(labels)] = labels
            scores[b, k] = score
    return xp.asarray(paths), xp.asarray(scores)


Prefixes = dict[tuple[int, ...], list[float]]  # prefix -> [log p ending in blank, in a label]


def _best_prefixes(logs: Any, width: int, blank: int) -> list[tuple[tuple[int, ...], float]]:
    beam: Prefixes = {(): [0.0, -math.inf]}
    for row in logs.tolist():
        grown: Prefixes = {}

        def add(prefix: tuple[int, ...], kind: int, score: float, into: Prefixes = grown) -> None:
            held = into.setdefault(prefix, [-math.inf, -math.inf])
            held[kind] = _log_add(held[kind], score)

        for prefix, (in_blank, in_label) in beam.items():
            whole = _log_add(in_blank, in_label)
            add(prefix, 0, whole + row[blank])
            for label, score in enumerate(row):
                if label == blank:
                    continue
                if prefix and prefix[-1] == label:
                    add(prefix, 1, in_label + score)
                    add((*prefix, label), 1, in_blank + score)
                else:
                    add((*prefix, label), 1, whole + score)
        ordered = sorted(grown.items(), key=lambda item: -_log_add(*item[1]))
        beam = dict(ordered[:width])
    return sorted(((p, _log_add(*s)) for p, s in beam.items()), key=lambda item: -item[1])


def _log_add(a: float, b: float) -> float:
    high, low = (a, b) if a >= b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


@public
def ctc_decode(
    inputs: TensorLike,
    sequence_lengths: TensorLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Tensor, Tensor]:
    """The label sequences that the outputs of a CTC model stand for.

    Args:
        inputs: logits, (batch, time, classes).
        sequence_lengths: number of time steps of each sample, (batch,).
        strategy: "greedy" takes the likeliest class of every step, "beam_search" looks for the
            likeliest label sequences.
        beam_width: prefixes kept in every step of the beam search.
        top_paths: sequences wanted from the beam search.
        merge_repeated: whether greedy decoding joins equal labels of consecutive steps.
        mask_index: the class of the blank.

    Returns:
        (labels, scores): labels (paths, batch, time) int32, -1 after the end; scores (batch,
        paths): minus the sum of the chosen logits for "greedy", log-probabilities otherwise.

    Raises:
        ArgumentError: no such strategy.
    """
    logits = as_float(inputs)
    logits = cast(logits, promote(logits.dtype, "float32"))
    lengths = cast(sequence_lengths, "int32")
    if one_of("ctc_decode, strategy", strategy, ("greedy", "beam_search")) == "greedy":
        return _greedy(logits, lengths, bool(merge_repeated), int(mask_index))
    return _beam_search(
        log_softmax(logits),
        lengths,
        width=int(beam_width),
        top=int(top_paths),
        blank=int(mask_index),
    )
