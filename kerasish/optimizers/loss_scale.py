"""`LossScaleOptimizer`: keeps float16 gradients from vanishing or overflowing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from kerasish import budget, initializers, ops
from kerasish import serialization as _serialization
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, Variable
from kerasish.hints import numbers
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables
from kerasish.signatures import constructor


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale that follows the gradients (Micikevicius et al., 2018).

    A step whose gradients are not finite changes nothing but halves the scale; after
    `dynamic_growth_steps` finite steps the scale doubles.

    Args:
        inner_optimizer: the optimizer that makes the updates.
        initial_scale: the first scale.
        dynamic_growth_steps: how many finite steps double the scale.
        name: "loss_scale_optimizer" by default.
        options: nothing but the defaults of `Optimizer`, which older files hold; set them on the
            inner optimizer.
    """

    legacy = Optimizer.legacy | {"dynamic"}

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise ArgumentError(
                "inner_optimizer",
                expected="an optimizer, such as Adam()",
                received=repr(inner_optimizer),
            )
        if not options.pop("dynamic", True):
            raise ArgumentError(
                "dynamic",
                expected="True",
                received="False",
                fix="A scale that stays is the loss_scale_factor of any optimizer.",
            )
        for option, value in options.items():
            if value != constructor(Optimizer).parameters[option].default:
                raise ArgumentError(
                    option,
                    expected="to be set on the inner_optimizer",
                    received=f"{value!r} for the LossScaleOptimizer",
                )
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        if np.ndim(initial_scale):
            raise ArgumentError("initial_scale", expected="a number", received=repr(initial_scale))
        numbers("initial_scale", initial_scale)
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # gradients are divided here
        # Made now, since a traced step scales the loss before it comes to build the optimizer.
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        start = initializers.Constant(initial_scale)
        self.dynamic_scale = self.add_variable((), start, "float32", name="dynamic_scale")

    def build(self, variables: Variables) -> None:
        if self.built:
            return
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        return [*self._state(), *self.inner_optimizer.variables]

    def keyed_variables(self) -> list[tuple[Variable | None, str, Variable]]:
        inner = self.inner_optimizer.keyed_variables()
        return super().keyed_variables() + [(w, f"inner_{label}", v) for w, label, v in inner]

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    @property
    def rates(self) -> dict[str, float]:
        return self.inner_optimizer.rates

    @rates.setter
    def rates(self, value: Mapping[str, float]) -> None:
        self.inner_optimizer.rates = value

    @property
    def learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def apply(self, grads: Sequence[Any], trainable_variables: Variables | None = None) -> None:
        variables = self._known(grads, trainable_variables)
        finite = _all_finite([g for g in grads if g is not None])
        scale = self.dynamic_scale.value
        counter = self.step_counter.value
        touched = [*variables, *self.inner_optimizer.variables]
        before = [v.value for v in touched]
        unscaled = [
            g if g is None or v.overwrite_with_gradient else g / ops.cast(scale, g.dtype)
            for g, v in zip(grads, variables, strict=True)
        ]
        self.inner_optimizer.apply(unscaled, variables)
        for variable, old in zip(touched, before, strict=True):
            variable.assign(ops.where(finite, variable.value, old))
        grow = ops.equal(counter, self.dynamic_growth_steps - 1)
        grown = ops.where(grow, scale * 2.0, scale)
        self.dynamic_scale.assign(ops.where(finite, grown, scale * 0.5))
        onward = ops.logical_and(finite, ops.logical_not(grow))
        self.step_counter.assign(ops.where(onward, counter + 1, 0))

    def scale_loss(self, loss: Any) -> Any:
        loss = ops.convert_to_tensor(loss)
        return loss * ops.cast(self.dynamic_scale.value, loss.dtype)

    @property
    def keeps_averages(self) -> bool:
        return self.inner_optimizer.keeps_averages

    def averages(self) -> list[tuple[Variable, Variable]]:
        return self.inner_optimizer.averages()

    def finalize_variable_values(self, var_list: Variables) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": _serialization.serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        config = dict(config)
        inner = config["inner_optimizer"]
        if isinstance(inner, Mapping):
            inner = _serialization.deserialize_keras_object(inner, custom_objects, kind="optimizer")
        config["inner_optimizer"] = inner
        return cls(**config)


def _all_finite(grads: Sequence[Tensor]) -> Tensor:
    finite = ops.all(ops.isfinite(grads[0]))
    for g in grads[1:]:
        finite = ops.logical_and(finite, ops.all(ops.isfinite(g)))
    return finite
