"""CTC against the sum over all alignments, counted one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.ops.symbol import KerasTensor

RNG = np.random.default_rng(3)
CLASSES = 3


def collapsed(path, blank):
    merged = [k for k, _ in itertools.groupby(path)]
    return tuple(k for k in merged if k != blank)


def probabilities(logits, blank):
    """The probability of every label sequence."""
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(CLASSES), repeat=len(p)):
        labels = collapsed(path, blank)
        found[labels] = found.get(labels, 0) + float(np.prod(p[np.arange(len(p)), path]))
    return found


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_loss_sums_over_all_alignments(blank, count):
    logits = RNG.normal(size=(1, 5, CLASSES)) * 2
    letters = [k for k in range(CLASSES) if k != blank]
    for labels in itertools.product(letters, repeat=count):
        padded = np.array([[*labels, *[letters[0]] * (3 - count)]], np.int32)
        for steps in (4, 5):
            loss = ops.ctc_loss(padded, logits, [count], [steps], mask_index=blank)
            known = probabilities(logits[0, :steps], blank)
            if labels in known:
                np.testing.assert_allclose(float(loss[0]), -np.log(known[labels]), rtol=1e-9)
            else:
                assert float(loss[0]) > 1e4


def test_beam_search_finds_the_likeliest_sequences():
    logits = RNG.normal(size=(4, 5, CLASSES)) * 1.5
    lengths = [5, 4, 3, 1]
    paths, scores = ops.ctc_decode(
        logits, lengths, strategy="beam_search", beam_width=300, top_paths=3
    )
    for b, steps in enumerate(lengths):
        known = probabilities(logits[b, :steps], 0)
        best = sorted(known.items(), key=lambda item: -item[1])[:3]
        for k, (labels, p) in enumerate(best):
            row = paths.numpy()[k, b]
            assert tuple(row[row >= 0]) == labels
            np.testing.assert_allclose(scores.numpy()[b, k], np.log(p), rtol=1e-9)


def test_greedy_takes_the_best_path():
    path = np.array([[1, 1, 0, 1, 2, 2], [2, 0, 0, 1, 1, 1]])
    logits = np.eye(3)[path] * 4.0
    labels, scores = ops.ctc_decode(logits, [6, 4])
    assert labels.numpy().tolist() == [[[1, 1, 2, -1, -1, -1], [2, 1, -1, -1, -1, -1]]]
    assert scores.numpy().tolist() == [[-24.0], [-16.0]]
    labels, _ = ops.ctc_decode(logits, [6, 4], merge_repeated=False)
    assert labels.numpy()[0, 0].tolist() == [1, 1, 1, 2, 2, -1]


def test_unknown_batches():
    loss = ops.ctc_loss(
        KerasTensor((None, 4), "int32"),
        KerasTensor((None, 9, 5)),
        KerasTensor((None,), "int32"),
        KerasTensor((None,), "int32"),
    )
    assert loss.shape == (None,)


def test_errors():
    with pytest.raises(ShapeError, match="ctc_loss"):
        ops.ctc_loss(np.ones(3, np.int32), np.ones((1, 5, 3)), [3], [5])
    with pytest.raises(ArgumentError, match="strategy"):
        ops.ctc_decode(np.ones((1, 5, 3)), [5], strategy="best")
