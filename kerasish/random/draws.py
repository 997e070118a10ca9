"""The draws of `kerasish.random`: Keras's signatures around the pure ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.hints import whole
from kerasish.ops.numpy.axes import as_shape
from kerasish.ops.operation import public_as
from kerasish.ops.random import distributions as _ops
from kerasish.ops.random import draws as _draws
from kerasish.ops.refusals import values_that
from kerasish.random.seed_generator import draw_key
from kerasish.spec import dtype_name, is_int

Shape = tuple[int, ...] | list[int]


@public_as("random.normal")
def normal(
    shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Draws from the normal distribution.

    Args:
        shape: shape of the result.
        mean: mean.
        stddev: standard deviation.
        dtype: floating dtype; floatx by default.
        seed: an int (the same draw at every call), a SeedGenerator, or None for the global one.
    """
    return _ops.random_normal(draw_key(seed), as_shape(shape), mean, stddev, dtype)


@public_as("random.truncated_normal")
def truncated_normal(
    shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Normal draws conditioned on lying within two standard deviations of the mean.

    Args as in `normal`; `stddev` is that of the distribution before truncation.
    """
    return _ops.random_truncated_normal(draw_key(seed), as_shape(shape), mean, stddev, dtype)


@public_as("random.uniform")
def uniform(
    shape: Shape, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Uniform draws from [minval, maxval)."""
    return _ops.random_uniform(draw_key(seed), as_shape(shape), minval, maxval, dtype)


@public_as("random.randint")
def randint(
    shape: Shape, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None
) -> Tensor:
    """Uniform integers in [minval, maxval); int32 for dtype None."""
    dtype = dtype_name("int32" if dtype is None else dtype)
    if not is_int(dtype):
        raise DTypeError("randint", expected="an integer dtype", received=dtype)
    low, high = (values_that(np.isfinite, "bounds", b, "numbers") for b in (minval, maxval))
    if low.value is not None and high.value is not None:
        _check_span(dtype, np.asarray(low), np.asarray(high))
    return _draws.random_randint(draw_key(seed), as_shape(shape), minval, maxval, dtype)


def _check_span(dtype: str, low: np.ndarray, high: np.ndarray) -> None:
    held = np.iinfo(dtype)
    fits = np.all(low >= held.min) and np.all(high - 1.0 <= held.max)
    if not (fits and np.all(low < high) and np.all(high - 1.0 * low <= 2**32)):
        raise ArgumentError(
            "randint",
            expected=f"minval < maxval, within the range of {dtype}, at most 2**32 apart",
            received=f"{low.tolist()} and {high.tolist()}",
        )


@public_as("random.categorical")
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Class indices (batch, num_samples) drawn with probabilities softmax(logits).

    Args:
        logits: (batch, classes), unnormalised log-probabilities.
        num_samples: draws for each row.
        dtype: integer dtype of the result.
        seed: as in `normal`.
    """
    logits = convert_to_tensor(logits)
    if logits.ndim != 2:
        raise ShapeError("categorical", expected="logits (batch, classes)", received=logits.shape)
    count = whole("categorical, num_samples", num_samples)
    return _draws.random_categorical(draw_key(seed), logits, count, dtype)


@public_as("random.shuffle")
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The slices of `x` along `axis` in random order."""
    return _draws.random_shuffle(draw_key(seed), x, axis)


@public_as("random.gamma")
def gamma(shape: Shape, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Gamma draws with shape parameter `alpha` (broadcast to `shape`) and scale 1."""
    alpha = _positive("alpha", alpha)
    return _draws.random_gamma(draw_key(seed), alpha, as_shape(shape), dtype)


def _positive(what: str, x: Any) -> Tensor:
    return values_that(lambda v: v > 0, what, x, "positive numbers")


@public_as("random.beta")
def beta(shape: Shape, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Beta draws; `alpha` and `beta` broadcast to `shape`."""
    alpha, beta = _positive("alpha", alpha), _positive("beta", beta)
    return _draws.random_beta(draw_key(seed), alpha, beta, as_shape(shape), dtype)


@public_as("random.binomial")
def binomial(
    shape: Shape, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Numbers of successes in `counts` trials; both parameters broadcast to `shape`."""
    counts = values_that(
        lambda v: (v >= 0) & np.isfinite(v), "counts", counts, "numbers of trials, 0 or more"
    )
    probabilities = values_that(
        lambda v: (v >= 0) & (v <= 1), "probabilities", probabilities, "numbers in [0, 1]"
    )
    return _draws.random_binomial(draw_key(seed), counts, probabilities, as_shape(shape), dtype)


@public_as("random.dropout")
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """`inputs` with a random share `rate` of elements zero, the others divided by 1 - rate.

    Args:
        inputs: floating tensor.
        rate: share of zeros, in [0, 1].
        noise_shape: shape of the mask, broadcast to that of `inputs`; None entries are its own.
        seed: as in `normal`.
    """
    return _ops.random_dropout(draw_key(seed), inputs, rate, noise_shape)
