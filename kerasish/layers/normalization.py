"""Normalization: of each channel over the batch, of each sample, of groups, of weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kerasish import ops
from kerasish.arguments.fields import Deferred, placed, weights
from kerasish.arguments.rules import (
    GroupCount,
    Initializer,
    IntOrTuple,
    LayerField,
    PositiveInt,
    Rate,
    as_axes,
)
from kerasish.config import epsilon as default_epsilon
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.graph.variable import Variable
from kerasish.initializers import TruncatedNormal
from kerasish.initializers.initializer import cloned
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.ops.nn.normalization import batch_norm_train
from kerasish.ops.nn.standardization import group_normalization
from kerasish.spec import Shape, normalize_axes, normalize_axis, promote


def _size(layer: Layer, shape: Shape, axis: int) -> int:
    size = shape[normalize_axis(axis, len(shape))]
    if size is None:
        raise layer._misfit(f"a known size on axis {axis}", shape)
    return size


class Scaled(Layer):
    """What normalizations with a gamma and a beta share."""

    floats_only = True
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    learned = weights(beta="zeros", gamma="ones")

    def make_scale(self, sizes: tuple[int, ...], **options: Any) -> None:
        """gamma and beta of these sizes, None for what there is not."""
        self.gamma = self._declared_weight("gamma", sizes, **options) if self.scale else None
        self.beta = self._declared_weight("beta", sizes, **options) if self.center else None


class BatchNormalization(Scaled):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for every channel.

    While training, mean and variance are those of the batch, and the moving ones follow them:
    moving = momentum * moving + (1 - momentum) * batch. Otherwise the moving ones are used.

    Args:
        axis: the channel axis.
        momentum: how slowly the moving moments follow.
        epsilon: keeps the division finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: initial values.
        moving_mean_initializer, moving_variance_initializer: initial moments.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: applied after each update.
        renorm: whether the batch's moments are corrected towards moving ones while training.
        renorm_clipping: bounds "rmin" and "rmax" of the correction's factor, "dmax" of its addend.
        renorm_momentum: how slowly the moments follow that corrections go by.

    Source: Ioffe and Szegedy, Batch Normalization (2015); Ioffe, Batch Renormalization (2017).
    """

    sees_batch = True
    axis: int = placed(default=-1)
    momentum: Rate = placed(behind="axis", default=0.99)
    moving_mean_initializer: Initializer = placed(behind="gamma_initializer", default="zeros")
    moving_variance_initializer: Initializer = placed(
        behind="moving_mean_initializer", default="ones"
    )

    renorm: bool = False
    renorm_clipping: dict[str, float] | None = None
    renorm_momentum: float = 0.99

    ignored = {"synchronized": False}
    written = ("synchronized",)
    supports_masking = True
    if TYPE_CHECKING:
        moving_mean = Deferred[Variable]()
        moving_variance = Deferred[Variable]()
        moving_stddev = Deferred[Variable]()
        renorm_mean = Deferred[Variable]()
        renorm_stddev = Deferred[Variable]()
    else:
        moving_mean = moving_variance = None

    def __post_init__(self) -> None:
        if not self.renorm:
            return
        bounds = self.renorm_clipping = self.renorm_clipping or {}
        fits = bounds.get("rmin", 0.0) <= bounds.get("rmax", math.inf)
        if bounds.keys() - {"rmin", "rmax", "dmax"} or not fits or bounds.get("dmax", 0) < 0:
            wanted = "rmin <= rmax and dmax >= 0, and nothing else"
            raise self._refusal(wanted, bounds, of="renorm_clipping")

    def build(self, input_shape: Shape) -> None:
        size = _size(self, input_shape, self.axis)
        options: dict[str, Any] = {"autocast": False}
        self.make_scale((size,), **options)
        options["trainable"] = False
        self.moving_mean = self._declared_weight("moving_mean", (size,), **options)
        self.moving_variance = self._declared_weight("moving_variance", (size,), **options)
        if self.renorm:

            def deviation(shape: Any, dtype: Any = None) -> Tensor:
                return ops.sqrt(cloned(self.moving_variance_initializer)(shape, dtype))

            first: Any = cloned(self.moving_mean_initializer)
            sizes = (size,)
            self.moving_stddev = self.add_weight(sizes, deviation, name="moving_stddev", **options)
            self.renorm_mean = self.add_weight(sizes, first, name="renorm_mean", **options)
            self.renorm_stddev = self.add_weight(sizes, deviation, name="renorm_stddev", **options)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        if not (training and self.trainable):
            x = ops.cast(inputs, promote(inputs.dtype, "float32"))
            mean, variance = self.moving_mean.value, self.moving_variance.value
            y = self._normalized(x, mean, variance)
        elif mask is not None or self.renorm:
            x = ops.cast(inputs, promote(inputs.dtype, "float32"))
            if mask is None:
                axis = normalize_axis(self.axis, x.ndim)
                mean, variance = ops.moments(x, [i for i in range(x.ndim) if i != axis])
            else:
                mean, variance = self._masked_moments(x, mask)
            if self.renorm:
                y = self._renormalized(x, mean, variance)
            else:
                y = self._normalized(x, mean, variance)
                self._follow(mean, variance)
        else:
            given = [p for p in (self.gamma, self.beta) if p is not None]
            y, mean, variance = batch_norm_train(
                inputs,
                *given,
                axis=(normalize_axis(self.axis, inputs.ndim),),
                epsilon=float(self.epsilon),
                scale=self.scale,
                center=self.center,
            )
            self._follow(mean, variance)
        return ops.cast(y, self.compute_dtype)

    def _normalized(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        return ops.batch_normalization(
            x, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_variance, variance, self.momentum)

    def _renormalized(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        """gamma * (normalized * r + d) + beta: r and d lead from the batch's moments to moving
        ones, and no gradient flows through them."""
        stddev = ops.sqrt(variance + self.epsilon)
        least = ops.maximum(self.renorm_stddev, math.sqrt(self.epsilon))
        bounds: dict[str, float] = self.renorm_clipping or {}
        r = ops.clip(stddev / least, bounds.get("rmin", 0.0), bounds.get("rmax", math.inf))
        d, most = (mean - self.renorm_mean) / least, bounds.get("dmax", math.inf)
        r, d = ops.stop_gradient(r), ops.stop_gradient(ops.clip(d, -most, most))
        factor = r if self.gamma is None else r * self.gamma
        addend = d if self.gamma is None else d * self.gamma
        addend = addend if self.beta is None else addend + self.beta
        y = ops.batch_normalization(x, mean, variance, self.axis, addend, factor, self.epsilon)
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, stddev, self.renorm_momentum)
        _move(self.moving_mean, mean, self.momentum)
        moved = _move(self.moving_stddev, stddev, self.momentum)
        self.moving_variance.assign(ops.relu(moved * moved - self.epsilon))
        return y

    def _masked_moments(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of the timesteps that count."""
        if mask.ndim != x.ndim - 1:
            raise self._misfit(f"a mask of rank {x.ndim - 1}", mask.shape)
        channel = normalize_axis(self.axis, x.ndim)
        axes = tuple(i for i in range(x.ndim) if i != channel)
        weights = ops.broadcast_to(ops.expand_dims(ops.cast(mask, x.dtype), -1), x.shape)
        count = ops.sum(weights, axis=axes, keepdims=True) + default_epsilon()
        mean = ops.sum(weights * x, axis=axes, keepdims=True) / count
        apart = weights * x - mean
        variance = ops.sum(weights * apart * apart, axis=axes, keepdims=True) / count
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))


def _move(moving: Variable, now: Tensor, momentum: float) -> Tensor:
    """Let a moving moment follow that of a batch; returns where it is now."""
    held = ops.multiply(moving, momentum) + ops.stop_gradient(now) * (1 - momentum)
    moving.assign(held)
    return held


def _sizes_over(layer: Any, shape: Shape) -> tuple[int, ...]:
    """The sizes of a shape along the axes of a layer, which are a list from here on."""
    layer.axis = list(as_axes(layer.axis))
    return tuple(_size(layer, shape, axis) for axis in normalize_axes(layer.axis, len(shape)))


class LayerNormalization(Scaled):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, the moments those of each sample.

    Args:
        axis: the axes over which moments are taken.
        epsilon: keeps the division finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: applied after each update.
        rms_scaling: an older form, see `ops.layer_normalization`; use RMSNormalization.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016).
    """

    axis: IntOrTuple = placed(default=-1)
    rms_scaling: bool = False

    supports_masking = True

    def __post_init__(self) -> None:
        self.autocast = False
        if isinstance(self.axis, tuple):
            self.axis = list(self.axis)

    def build(self, input_shape: Shape) -> None:
        sizes = _sizes_over(self, input_shape)
        self.make_scale(sizes)
        if self.rms_scaling:
            self.beta = None

    def call(self, inputs: Tensor) -> Tensor:
        more = {"rms_scaling": True} if self.rms_scaling else {}
        y = ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon, **more)
        return ops.cast(y, self.compute_dtype)


class RMSNormalization(Layer):
    """scale * x / sqrt(mean(x**2) + epsilon), the mean that of each sample.

    Args:
        axis: the axes over which the mean is taken.
        epsilon: keeps the division finite.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019).
    """

    floats_only = True
    axis: IntOrTuple = -1
    epsilon: float = 1e-6

    def build(self, input_shape: Shape) -> None:
        self.scale = self.add_weight(_sizes_over(self, input_shape), "ones", name="scale")

    def call(self, x: Tensor) -> Tensor:
        return ops.rms_normalization(x, self.scale, self.axis, self.epsilon)


class GroupNormalization(Scaled):
    """Normalization of groups of channels within each sample.

    Args:
        groups: number of groups; -1 makes every channel a group.
        axis: the channel axis.
        epsilon: keeps the division finite.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: applied after each update.

    Source: Wu and He, Group Normalization (2018).
    """

    groups: GroupCount = placed(default=32)
    axis: int = placed(behind="groups", default=-1)

    supports_masking = True

    def __post_init__(self) -> None:
        self.autocast = False

    def build(self, input_shape: Shape) -> None:
        size = _size(self, input_shape, self.axis)
        if self.groups == -1:
            self.groups = size
        if self.groups < 1 or size % self.groups:
            raise self._refusal(f"groups that divide the {size} channels", f"groups={self.groups}")
        self.make_scale((size,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.cast(inputs, promote(inputs.dtype, "float32"))
        y = group_normalization(x, self.gamma, self.beta, self.groups, self.axis, self.epsilon)
        return ops.cast(y, self.compute_dtype)


class UnitNormalization(Layer):
    """x / sqrt(sum(x**2)): every vector along `axis` gets length 1.

    Args:
        axis: the axes of the sum.
    """

    floats_only = True
    axis: IntOrTuple = -1
    supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)


class SpectralNormalization(Layer):
    """A layer whose kernel is divided by an estimate of its largest singular value.

    Args:
        layer: a layer with a `kernel` or with `embeddings`.
        power_iterations: steps of the power method per training step.

    Source: Miyato et al., Spectral Normalization for GANs (2018).
    """

    floats_only = True
    sees_batch = True
    layer: LayerField
    power_iterations: PositiveInt = 1

    def build(self, input_shape: Shape) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
        self.kernel = self.target  # Keras counts it among this layer's own weights
        width = self.kernel.shape[-1]
        self.vector_u = self.add_weight(
            (1, width),
            TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=self.target.dtype,
        )

    @property
    def target(self) -> Variable:
        """The weight that is normalized."""
        for name in ("kernel", "embeddings"):
            if isinstance(getattr(self.layer, name, None), Variable):
                return getattr(self.layer, name)
        raise self._refusal("a layer with a kernel or embeddings", repr(self.layer))

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        if training:
            self._normalize()
        return ops.cast(self.layer(inputs), inputs.dtype)

    def _normalize(self) -> None:
        kernel: Tensor = convert_to_tensor(self.target.value, self.target.dtype)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        u: Any = self.vector_u.value
        v: Any = None
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(matrix)), axis=None)
            u = ops.normalize(ops.matmul(v, matrix), axis=None)
        # The vectors are constants, but sigma = v W u is a function of the kernel.
        v, u = ops.stop_gradient(v), ops.stop_gradient(u)
        sigma = ops.matmul(ops.matmul(v, matrix), ops.transpose(u))
        some = ops.any(ops.not_equal(matrix, 0))
        self.vector_u.assign(ops.where(some, u, self.vector_u.value))
        self.target.assign(ops.where(some, kernel / ops.reshape(sigma, ()), kernel))
