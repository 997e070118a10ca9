"""Thousands of generated calls give what Keras gives: values, shapes, dtypes, errors, gradients.

Against Keras itself where it is installed, and everywhere against a sample of its results kept in
tests/golden/generated.npz (scripts/make_generated_golden.py).
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from kerasish import ops
from tests.beside import jax
from tests.ops.conformance import Outcome, difference, in_keras, in_kerasish
from tests.ops.generated_all import MAKERS, Call, calls_of
from tests.ops.numpy_calls import function

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ACT = r"(activations\.)?"

# Every deliberate difference: which calls, what is said about them, and why they part.
DIFFERENCES = [
    # --- kerasish takes more -----------------------------------------------------------------
    (
        ".*",
        r"Keras \w+: \w+ does not accept dtype",
        "jax computes some functions of floats only; here integers and bool count as floatx",
    ),
    (
        ACT + "(hard_tanh|threshold)",
        r"dtype \{'float32'\}; Keras \{'(u?int|bool)",
        "activations of integers are floats; jax keeps the dtype of some",
    ),
    (ACT + "relu6", r"\(bool.*dtype", "bool counts as int32, as in relu"),
    ("round", r"\(bool", "bool counts as int32; jax refuses it"),
    (
        "arctan2|logaddexp|logaddexp2|hypot|nextafter|heaviside",
        r"dtype \{'(b?float16)'\}; Keras",
        "Python numbers never decide a dtype; Keras makes float32 tensors of them here",
    ),
    ("slice_update", "requires arguments to have the same dtypes", "updates take x's dtype"),
    (
        "(depthwise_|separable_)?conv(_transpose)?",
        "requires arguments to have the same dtypes",
        "inputs and kernels of two dtypes are promoted",
    ),
    ("histogram", "must be 1-dimensional", "any shape is taken flat, as in numpy"),
    ("array_split", "must be of type `int`", "positions are taken too, as in numpy"),
    ("segment_.*", "`num_segments` must be set", "eagerly the ids say how many segments there are"),
    ("(h|v|d)?split", "Sizes passed to split must be", "positions beyond the end give empty parts"),
    # --- kerasish refuses more ----------------------------------------------------------------
    ("slice", "kerasish ShapeError", "jax moves a block that reaches beyond the end"),
    ("slice_update", "kerasish ArgumentError", "jax moves a block that reaches beyond the end"),
    # --- Keras on jax is wrong ----------------------------------------------------------------
    (
        ACT + "(log_sigmoid|log_softmax|softmax|soft_shrink)",
        r"\(uint8",
        "Keras lets unsigned integers wrap around inside",
    ),
    (ACT + "sparsemax", "", "Keras sums partial sums, so that the result does not add up to 1"),
    ("saturate_cast", r"\(u?int.*Keras \[-", "Keras casts the bounds of floats to integers"),
    ("bincount", "must have the same shape", "Keras fails on rows with different largest values"),
    ("(max|average)_pool", "strides=None", "Keras on jax counts axes twice in the default strides"),
    ("histogram", "range=None", "for one distinct value numpy's bins are one wide around it"),
    ("fold", r"\(6, 7\), kernel_size=2, stride=2.*Keras \(2, 3, 6, 6\)", "Keras drops a column"),
    (
        "linalg.cholesky_inverse",
        r"Keras (\(\d, \d\)|ValueError: Cholesky inverse failed)",
        "Keras fails on batches, or inverts only the first",
    ),
    ("i0", r"Keras \[[^0-9]*\]", "i0 of an infinity is infinite, not NaN"),
    ("image.affine_transform", "gradient 1", "c0 and c1 do not count; in Keras they mix channels"),
    # --- gradients where there is none --------------------------------------------------------
    (
        ACT + "(maximum|minimum|relu6|hard_(sigmoid|silu|swish|tanh))",
        r"gradient.*Keras \[[-0., ]+\]$",
        "where an input is NaN, jax gives none a gradient",
    ),
    (
        "angle",
        r"gradient.*Keras \[[nan, ]+\]$",
        "the angle of a real number is constant; jax gives NaN at zeros and NaN",
    ),
    ("hypot", r"gradient.*Keras \[[nan, ]+\]$", "at infinities the gradient is 0, not NaN"),
    ("(fmax|fmin)", r"gradient", "equal inputs share the gradient, as in maximum"),
    ("nanvar|nanstd", r"gradient 0: \[nan", "the variance of nothing is NaN, and so its gradient"),
]

# Public functions without generated calls: they take functions, draw, or say what an object is.
ELSEWHERE = set(
    "argpartition associative_scan cond convert_to_numpy custom_gradient dtype fori_loop is_tensor "
    "image.elastic_transform jvp map scan switch vectorize vectorized_map while_loop".split()
)


def test_every_public_function_has_calls_and_one_meaning():
    spaces = json.loads((GOLDEN / "keras_api.json").read_text(encoding="utf-8"))["names"]
    parts = {space: space.removeprefix("keras.ops").lstrip(".") for space in spaces}
    names = [
        f"{part}.{name}".lstrip(".")
        for space, part in parts.items()
        if space.startswith("keras.ops")
        for name in spaces[space]
    ]
    made = {name: inspect.unwrap(function(ops, name)) for name in names}
    for name, func in made.items():
        short = name.removeprefix("numpy.").removeprefix("nn.").removeprefix("linalg.")
        assert {name, short, f"linalg.{short}"} & (MAKERS.keys() | ELSEWHERE), name
        assert made.get(short, func) is func, name


def explained(call: Call, said: str) -> bool:
    """Whether the table of differences has what is said about a call."""
    return any(
        re.fullmatch(names, call.name) and re.search(text, f"{call}: {said}")
        for names, text, _ in DIFFERENCES
    )


@functools.cache
def golden() -> tuple[dict[str, dict[str, list]], np.ndarray]:
    with np.load(GOLDEN / "generated.npz") as held:
        return json.loads(bytes(held["index"])), held["values"]


def restored(entry: dict) -> Outcome:
    """A recorded outcome."""
    if "error" in entry:
        return Outcome(error=entry["error"])

    def array(place: list) -> np.ndarray:
        start, shape, dtype = place
        size = int(np.prod(shape, dtype=int))
        if dtype.startswith("complex"):
            return golden()[1][start : start + 2 * size].view("complex128").reshape(shape)
        return golden()[1][start : start + size].reshape(shape).astype(np.dtype(dtype))

    grads = entry.get("grads")
    return Outcome(
        [array(place) for place in entry["arrays"]],
        [set(names) for names in entry["dtypes"]],
        None if grads is None else [array(place) for place in grads],
    )


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_recorded_results_of_keras(name):
    for number, entry in golden()[0].get(name, {}).items():
        call = calls_of(name, int(number) + 1)[int(number)]
        assert not difference(call, in_kerasish(call), restored(entry)), str(call)


# Keras compiles every call of its own shapes: a third of them, unless all are asked for.
SHARE = 1 if os.environ.get("KERASISH_CONFORMANCE") == "all" else 3


def sampled(call: Call) -> bool:
    """Whether the call is one of the share; it is the same in every run."""
    return zlib.crc32(f"{call.name} {call.number}".encode()) % SHARE == 0


@pytest.mark.conformance
@pytest.mark.parametrize("name", sorted(MAKERS))
def test_results_of_keras(name):
    jax.clear_caches()
    found = []
    for call in filter(sampled, calls_of(name)):
        said = difference(call, in_kerasish(call), in_keras(call))
        if said and not explained(call, said):
            found.append(f"{call}: {said}")
    assert not found
