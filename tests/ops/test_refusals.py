"""Wrong arguments of public functions: one typed error, op by op, in traces and on symbols."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops, random
from kerasish.errors import ArgumentError, KerasishError, ShapeError
from kerasish.graph.op import get
from tests.ops.generated_all import MAKERS
from tests.ops.wrong_calls import MORE, TOO_MUCH, WAYS, WRONG, outcome, told, wrong_calls

X = np.arange(12, dtype="float32").reshape(3, 4)
IMAGES = np.ones((1, 6, 6, 2), "float32")
COLUMNS = np.ones((1, 8, 9), "float32")

# What is said, and the call with a tensor in the place of its array.
REFUSED: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {
    "tril": ("tril: k", X, lambda x: ops.tril(x, "a")),
    "triu": ("triu: k", X, lambda x: ops.triu(x, 1.5)),
    "round": ("round, decimals", X, lambda x: ops.round(x, "a")),
    "pad": ("pad, pad_width", X, lambda x: ops.pad(x, "a")),
    "pad below 0": ("pad, pad_width", X, lambda x: ops.pad(x, -1)),
    "pad pairs": ("pad, pad_width", X, lambda x: ops.pad(x, ((1, 1),) * 3)),
    "roll": ("roll, shift", X, lambda x: ops.roll(x, "a")),
    "rfft": ("rfft, fft_length", X, lambda x: ops.rfft(x, 0)),
    "irfft": ("irfft, fft_length", X, lambda x: ops.irfft((x, x), -1)),
    "stft": ("stft, sequence_stride", X, lambda x: ops.stft(x, 2, 0, 2)),
    "einsum": ("einsum", X, lambda x: ops.einsum("ij,jk->ik", x)),
    "einsum arrow": ("einsum", X, lambda x: ops.einsum("ij-", x)),
    "einsum none": ("einsum, subscripts", X, lambda x: ops.einsum(None, x)),
    "tensordot": ("tensordot, axes", X, lambda x: ops.tensordot(x, x, axes=-1)),
    "tensordot three": ("tensordot, axes", X, lambda x: ops.tensordot(x, x, axes=(0, 0, 0))),
    "unfold": ("unfold", IMAGES, lambda x: ops.nn.unfold(x, 0)),
    "unfold padding": ("padding", IMAGES, lambda x: ops.nn.unfold(x, 2, padding=-1)),
    "fold": ("fold", COLUMNS, lambda x: ops.nn.fold(x, (4, 4), 0)),
    "fold rank": ("fold", X, lambda x: ops.nn.fold(x, (4, 4), 2)),
    "depth_to_space": ("block_size", IMAGES, lambda x: ops.nn.depth_to_space(x, 0)),
    "resize": ("resize, size", IMAGES, lambda x: ops.image.resize(x, 5)),
    "patches": ("extract_patches, size", IMAGES, lambda x: ops.image.extract_patches(x, 0)),
    "patches gaps": ("dilation", IMAGES, lambda x: ops.image.extract_patches(x, 2, 1, -1)),
    "blur": ("kernel_size", IMAGES, lambda x: ops.image.gaussian_blur(x, (0, 3))),
    "blur sigma": ("sigma", IMAGES, lambda x: ops.image.gaussian_blur(x, (3, 3), (0.0, 1.0))),
    "blur below": ("sigma", IMAGES, lambda x: ops.image.gaussian_blur(x, (3, 3), (1.0, -1.0))),
    "crop": ("crop_images", IMAGES, lambda x: ops.image.crop_images(x, 1.5, 1, 1, 1)),
    "conv": ("strides", IMAGES, lambda x: ops.conv(x, np.ones((2, 2, 2, 1), "float32"), 1.5)),
    "slice": ("slice", X, lambda x: ops.slice(x, (0,), (1, 1))),
    "slice_update": ("slice", X, lambda x: ops.slice_update(x, (0,), X[:1])),
    "scatter": ("scatter", X, lambda x: ops.scatter([[0, 0, 0]], x, (3,))),
    "quantile": ("quantile", X, lambda x: ops.quantile(x, -0.1)),
    "quantile nan": ("quantile", X, lambda x: ops.quantile(x, float("nan"))),
    "percentile": ("percentile", X, lambda x: ops.percentile(x, [50, 101])),
    "histogram": ("histogram, bins", X, lambda x: ops.histogram(x, 0)),
    "repeat": ("repeat, repeats", X, lambda x: ops.repeat(x, [1, 1], axis=0)),
    "keepdims": ("keepdims", X, lambda x: ops.sum(x, keepdims="yes")),
    "diagonal": ("offset", X, lambda x: ops.diagonal(x, 0.5)),
    "trace axes": ("trace", X, lambda x: ops.trace(x, axis1=1, axis2=1)),
    "segments": ("segment_sum", X, lambda x: ops.segment_sum(x, [0, 1], 2)),
    "round fraction": ("round, decimals", X, lambda x: ops.round(x, 1.5)),
    "argpartition": ("argpartition, kth", X, lambda x: ops.argpartition(x, 1.5)),
    "unique": ("unique, size", X, lambda x: ops.unique(x, size=-1)),
    "switch fraction": ("switch, index", 1.5, lambda x: ops.switch(x, (lambda: 1, lambda: 2))),
    "ctc blank": (
        "ctc_loss, mask_index",
        np.ones((1, 4, 3), "float32"),
        lambda x: ops.ctc_loss([[1]], x, [1], [4], mask_index=3),
    ),
    "scan": ("scan", 5.0, lambda x: ops.scan(lambda c, y: (c, y), 0.0, x)),
    "scan nothing": ("scan, f", X, lambda x: ops.scan(None, 0.0, x)),
    "map": ("map, f", X, lambda x: ops.map(None, x)),
    "vectorized_map": ("vectorized_map", X, lambda x: ops.vectorized_map(None, x)),
    "associative": ("associative_scan, f", X, lambda x: ops.associative_scan(None, x)),
    "cond": ("cond, false_fn", True, lambda x: ops.cond(x, lambda: 1, None)),
    "switch": ("switch, a branch", 0, lambda x: ops.switch(x, (None, lambda: 1))),
    "switch none": ("switch", 0, lambda x: ops.switch(x, ())),
    "while_loop": ("while_loop, cond", X, lambda x: ops.while_loop(None, lambda y: y, (x,))),
    "while body": ("while_loop, body", X, lambda x: ops.while_loop(lambda y: True, None, (x,))),
    "fori_loop": ("fori_loop, body_fun", X, lambda x: ops.fori_loop(0, 2, None, x)),
    "fori bound": ("fori_loop", X, lambda x: ops.fori_loop(0, 1.5, lambda i, y: y, x)),
    "missing": ("add. Expected: x1, x2", X, lambda x: ops.add(x)),
    "unknown": ("Did you mean 'keepdims'?", X, lambda x: ops.sum(x, keepdim=True)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, way: str) -> None:
    said, array, call = REFUSED[name]
    x = ops.convert_to_tensor(array)
    given = (
        array if way == "eager" else x if way == "traced" else keras.KerasTensor(x.shape, x.dtype)
    )
    run = keras.function(call) if way == "traced" else call
    with pytest.raises(KerasishError, match=re.escape(said)):
        run(given)


WITHOUT: dict[str, tuple[str, Callable[[], Any]]] = {
    "arange": ("arange, start", lambda: ops.arange(None)),
    "zeros": ("zeros", lambda: ops.zeros((None, 3))),
    "full": ("full", lambda: ops.full((None, 3), 1.0)),
    "random shape": ("normal", lambda: random.normal((None, 2))),
    "no shape": ("uniform", lambda: random.uniform(None)),  # type: ignore[arg-type]
    "randint": ("randint", lambda: random.randint((2,), 5, 5)),
    "randint turned": ("randint", lambda: random.randint((2,), 5, 1)),
    "randint dtype": ("randint", lambda: random.randint((2,), 0, 300, "uint8")),
    "gamma": ("gamma", lambda: random.gamma((2,), -1.0)),
    "beta": ("beta", lambda: random.beta((2,), 1.0, 0.0)),
    "binomial": ("binomial", lambda: random.binomial((2,), 5, 1.5)),
    "binomial counts": ("binomial", lambda: random.binomial((2,), -1, 0.5)),
    "unravel_index": ("unravel_index", lambda: ops.unravel_index([12], (3, 4))),
    "unravel below": ("unravel_index", lambda: ops.unravel_index([-13], (3, 4))),
    "dtype": ("Unknown dtype", lambda: ops.ones(2, dtype={"a": 1})),
    "custom_gradient": ("custom_gradient, f", lambda: ops.custom_gradient(None)),  # type: ignore[arg-type]
    "vectorize": ("vectorize, pyfunc", lambda: ops.vectorize(None)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WITHOUT)
def test_refused_values(name: str) -> None:
    said, call = WITHOUT[name]
    with pytest.raises(KerasishError, match=re.escape(said)):
        call()


def test_a_shape_that_is_not_known_is_one_error_beside_symbols_too() -> None:
    x = keras.Input((3,))
    with pytest.raises(ArgumentError, match="zeros"):
        x + ops.zeros((x.shape[0], 3))
    with pytest.raises(ArgumentError, match="ones_like"):
        ops.zeros((x.shape[0], 3))


def test_errors_of_code_of_users_pass_as_they_are() -> None:
    def wrong(x: Any) -> Any:
        raise KeyError("mine")

    for call in (
        lambda: ops.map(wrong, X),
        lambda: ops.cond(True, lambda: wrong(X), lambda: X),
        lambda: ops.vectorized_map(wrong, X),
        lambda: keras.function(lambda x: ops.map(wrong, x))(X),
    ):
        with pytest.raises(KeyError, match="mine"):
            call()
    with pytest.raises(TypeError, match="NoneType"):
        ops.map(lambda x: None + 1, X)  # type: ignore[operator]


def test_the_function_that_was_called_is_named_not_one_inside_it() -> None:
    with pytest.raises(ArgumentError, match=r"^std: axis\. Expected: an int"):
        ops.std(X, axis=7)
    with pytest.raises(ShapeError, match=r"^dot: "):
        ops.dot(np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("wrong", [None, {"a": 1}, {}, "text", [None, 1], print])
@pytest.mark.parametrize("of", [ops.exp, ops.convert_to_tensor, get("exp")])
def test_what_is_no_tensor_is_shown_and_the_message_names_something(of: Any, wrong: Any) -> None:
    if of is ops.convert_to_tensor and wrong == "text":
        assert of(wrong).dtype == "string"  # a tensor of text, which ops of numbers refuse
        return
    with pytest.raises(KerasishError) as raised:
        of(wrong)
    name = "exp: convert_to_tensor" if of is ops.exp else "convert_to_tensor"
    assert str(raised.value).startswith(f"{name}. Expected: numbers. ")
    assert f"Received: {wrong!r}." in str(raised.value)


def test_an_error_without_a_name_gets_that_of_the_function() -> None:
    with pytest.raises(ArgumentError, match=r"^trace\. Expected: two distinct axes"):
        ops.trace(np.ones((2, 2)), 0, 1, 1)


def test_what_is_at_the_edge_stays_right() -> None:
    assert ops.quantile(X, [0.0, 1.0]).numpy().tolist() == [0.0, 11.0]
    assert ops.rfft(X, np.int64(1))[0].shape == (3, 1)
    assert ops.pad(X, 0).shape == (3, 4)
    assert ops.conv(IMAGES, np.ones((2, 2, 2, 1), "float32"), np.int64(2)).shape == (1, 3, 3, 1)
    assert random.randint((2,), 255, 256, "uint8").numpy().tolist() == [255, 255]
    assert ops.unravel_index([-12, 11], (3, 4))[0].numpy().tolist() == [0, 2]
    assert ops.sum(X, axis=0, keepdims=1).shape == (1, 4)  # type: ignore[arg-type]
    assert ops.image.gaussian_blur(IMAGES, 3, 1.0).shape == IMAGES.shape
    assert ops.slice(X, (1, 1), (-1, 2)).shape == (2, 2)


KINDS = [kind for kind in WRONG if kind != "huge"]  # which may take long, or much memory
SHARE = 12  # scripts/wrong_arguments.py makes all


@pytest.mark.parametrize("part", range(4))
def test_generated_wrong_calls(part: int) -> None:
    found = []
    for wrong in wrong_calls(kinds=KINDS, names=sorted(MAKERS)[part::4], more=MORE[part::4]):
        number = zlib.crc32(str(wrong).encode())
        if number % SHARE:
            continue
        way = WAYS[number // SHARE % len(WAYS)]
        error = outcome(wrong.call, wrong.arguments(), way, seconds=0)
        typed = isinstance(error, (KerasishError, *TOO_MUCH))
        if error is not None and not (typed and (way != "eager" or told(wrong, error))):
            found.append(f"{way} {wrong}: {type(error).__name__}: {error}")
    assert not found


def test_a_rectangular_lu_has_no_gradient() -> None:
    with keras.GradientTape() as tape:
        x = ops.convert_to_tensor(np.ones((3, 5)))
        tape.watch(x)
        y = ops.sum(ops.lu_factor(x)[0])
    with pytest.raises(ValueError, match="square matrices"):
        tape.gradient(y, x)


@pytest.mark.parametrize("points", [2.5, -1, [1, 2], "a", np.inf, np.nan])
def test_windows_have_a_whole_number_of_points(points: Any) -> None:
    for window in (ops.bartlett, lambda x: ops.kaiser(x, 2.0)):
        with pytest.raises(ArgumentError, match="an integer of 0 or more"):
            window(points)


def test_quantiles_meet_infinities() -> None:
    x = np.array([np.inf, 1.0, -np.inf, np.inf], "float32")
    assert ops.quantile(x, [0.0, 0.5, 0.9]).numpy().tolist() == [-np.inf, np.inf, np.inf]
    assert ops.nanmedian(x[None], axis=0).numpy().tolist() == x.tolist()


def test_every_nan_is_an_element_of_its_own() -> None:
    x = np.array([1.0, np.nan, 2.0, np.nan, 1.0], "float32")
    for size in (None, 5):
        values, counts = ops.unique(x, return_counts=True, size=size, fill_value=0.0)
        assert values.numpy()[:2].tolist() == [1, 2]
        assert np.isnan(values.numpy()).sum() == 2
        assert counts.numpy()[:4].tolist() == [2, 1, 1, 1]
