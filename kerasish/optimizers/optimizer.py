"""`Optimizer`: what all optimizers share; a subclass adds its slots and one update rule.

Everything is ops on variables: in a traced step the update of a variable is one elementwise
expression, and the factors that depend on the step alone are computed once for all variables.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from kerasish import budget, initializers, ops
from kerasish import serialization as _serialization
from kerasish.config import floatx
from kerasish.errors import ArgumentError, GradientError, ShapeError, told
from kerasish.graph import Tensor, Variable
from kerasish.graph.node import scope
from kerasish.graph.trace import current_trace
from kerasish.hints import asked, called, label, refuse_unknown
from kerasish.naming import named
from kerasish.ops.stateful import one_tensor
from kerasish.ops.stateless import StatelessScope, paired
from kerasish.optimizers.clipping import (
    check_settings,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
)
from kerasish.optimizers.schedules import LearningRateSchedule
from kerasish.optimizers.state import Variables, per_update
from kerasish.optimizers.upkeep import MovingAverages, WeightDecay
from kerasish.signatures import Signature, constructor
from kerasish.tracebacks import users_level

LearningRate = float | LearningRateSchedule | Callable[[], Any]


class Optimizer(WeightDecay, MovingAverages):
    """Base of optimizers.

    A subclass makes its slots in `build` and defines `update_step(gradient, variable,
    learning_rate)`.

    Args:
        learning_rate: a number, a schedule of the step, or a callable without arguments.
        weight_decay: share of the learning rate by which weights shrink at every step.
        clipnorm: largest Euclidean norm of each gradient.
        clipvalue: largest absolute value of every element of a gradient.
        global_clipnorm: largest norm of all gradients taken together.
        use_ema: whether to keep an exponential moving average of the weights.
        ema_momentum: the share of the old average, 0 to 1.
        ema_overwrite_frequency: after how many steps the weights become their average; None: at
            the end of training.
        loss_scale_factor: the loss is multiplied, and gradients divided, by it.
        gradient_accumulation_steps: average this many gradients for one update, 2 or more.
        name: the class's in snake case by default, numbered from the second on.
    """

    registry_kind: ClassVar[str] = "optimizer"
    _order = "learning_rate * **"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # The options that `**options` passes on to this class are shown with the others.
        shown = sorted(constructor(cls).parameters.values(), key=lambda p: p.default is not p.empty)
        cls.__signature__ = Signature(shown)

    __signature__: ClassVar[Signature]
    legacy = frozenset({"decay"})

    def __init__(
        self,
        learning_rate: LearningRate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **legacy: Any,
    ) -> None:
        if legacy:
            unknown = [name for name in legacy if name not in self.legacy]
            refuse_unknown(type(self).__name__, unknown, constructor(type(self)).parameters)
            warnings.warn(
                f"{type(self).__name__}: {', '.join(legacy)} changes nothing any more. Give a "
                "schedule as learning_rate instead.",
                stacklevel=users_level(),
            )
        check_settings(
            clipnorm, clipvalue, global_clipnorm, ema_momentum, gradient_accumulation_steps
        )
        self.name = named(name, type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index: dict[Variable, int] = {}
        self._slots_of: dict[Variable, tuple[Variable, str]] = {}
        self._model_variables_moving_average = []
        self._accumulated_gradients: list[Variable | None] = []
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        self._learning_rate: Any = learning_rate
        if isinstance(learning_rate, (int, float)) and not isinstance(learning_rate, bool):
            self._learning_rate = self.add_variable(
                (), initializers.Constant(float(learning_rate)), floatx(), name="learning_rate"
            )
        elif not callable(learning_rate) or isinstance(learning_rate, type):
            raise ArgumentError(
                "learning_rate",
                expected="a number, a LearningRateSchedule or a callable without arguments",
                received=repr(learning_rate),
                fix=f"Pass {learning_rate.__name__}(...)." if callable(learning_rate) else "",
            )

    # --- state ----------------------------------------------------------------------------------

    @property
    def iterations(self) -> Any:
        """How many updates were made: a variable, or a tensor when gradients are accumulated."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations.value, self.gradient_accumulation_steps)
        return self._iterations

    def build(self, variables: Variables) -> None:
        """Make the state for these variables; a subclass adds its slots after `super().build`."""
        if self.built:
            return
        self._trainable_variables = list(variables)
        self._index = {v: i for i, v in enumerate(variables)}
        self._factors = self._factors_of(variables)
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(
                variables, "average"
            )
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
        self.built = True
        self._add_slots(variables)

    def _add_slots(self, variables: Variables) -> None:
        """Make the slots of an optimizer of this package, once, at the end of `build`."""

    @per_update
    def step_number(self, dtype: str) -> Tensor:
        """The number of the update being made, counted from 1, as a float."""
        return ops.cast(ops.convert_to_tensor(self.iterations) + 1, dtype)

    @per_update
    def decayed(self, beta: float, dtype: str) -> Tensor:
        """1 - beta^t: what averages that started at 0 lack at step t."""
        return 1 - ops.power(ops.convert_to_tensor(beta, dtype), self.step_number(dtype))

    # --- learning rate --------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The present learning rate: a variable, or what the schedule gives for this step."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        if isinstance(self._learning_rate, LearningRateSchedule):
            step = ops.convert_to_tensor(self.iterations)
            return called(label(self._learning_rate), "schedule(step)", self._learning_rate, step)
        return called("learning_rate", "f()", self._learning_rate)

    def _rate(self) -> Tensor:
        """The learning rate of an update: one number."""
        rate, owner = self.learning_rate, label(self._learning_rate)
        found = one_tensor(owner, "the learning rate, one number", rate)
        if found.shape != ():
            raise ShapeError(owner, expected="one number", received=f"shape {found.shape}")
        return found

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        held = self._learning_rate
        if callable(value) and not isinstance(value, Variable):
            if isinstance(held, Variable):
                self._variables = [v for v in self._variables if v is not held]
            self._learning_rate = value
        elif isinstance(held, Variable):
            held.assign(value)
        else:
            raise ArgumentError(
                "learning_rate",
                expected=f"nothing to be set, since this optimizer follows {type(held).__name__}",
                received=repr(value),
                fix="Give the optimizer a number instead.",
            )

    # --- one update -----------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """One update from pairs (gradient, variable)."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Variables | None = None) -> None:
        """One update.

        Args:
            grads: a gradient per variable; None where the loss does not depend on it.
            trainable_variables: the variables; those of `build` by default.

        Raises:
            ArgumentError: another number of gradients, or a variable that is not known.
            GradientError: no gradient at all.
        """
        if not len(grads):
            return
        with scope(self.name):
            self._apply(grads, trainable_variables)

    def _apply(self, grads: Sequence[Any], trainable_variables: Variables | None) -> None:
        variables = self._known(grads, trainable_variables)
        pairs = self._with_gradient(grads, variables)
        pairs = [p for p in pairs if not self._overwritten(*p)]
        if pairs:
            if self.loss_scale_factor is not None:
                pairs = [(g / self.loss_scale_factor, v) for g, v in pairs]
            if self.gradient_accumulation_steps:
                self._accumulate(pairs)
            else:
                self._update(pairs)
        self._iterations.assign(self._iterations.value + 1)

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """One update of values; the variables stay as they are.

        Args:
            optimizer_variables: values, in the order of `variables`.
            grads: a gradient per trainable variable.
            trainable_variables: values of the variables that `build` was given, in their order.

        Returns:
            (new values of the trainable variables, new values of the optimizer's).

        Raises:
            ArgumentError: the optimizer is not built, or another number of values.
        """
        if not self.built:
            raise ArgumentError(
                "stateless_apply",
                expected="a built optimizer",
                received="an unbuilt one",
                fix="Call build(trainable_variables) first.",
            )
        trained, what = self._trainable_variables, "stateless_apply"
        given = paired(f"{what}, trainable_variables", trained, trainable_variables)
        given += paired(f"{what}, optimizer_variables", self.variables, optimizer_variables)
        with StatelessScope(given) as scope:
            self.apply(grads, trained)
        return scope.current_values(trained), scope.current_values(self.variables)

    def _known(self, grads: Sequence[Any], variables: Variables | None) -> Variables:
        if variables is None:
            variables = self._trainable_variables
            if not self.built:
                raise ArgumentError(
                    "apply",
                    expected="trainable_variables, or build(variables) before",
                    received="gradients alone",
                )
        elif not self.built:
            self.build(list(variables))
        if not self.built:
            raise ArgumentError(
                f"{type(self).__name__}.build",
                expected="a call of super().build(variables) in it",
                received="none",
            )
        if len(grads) != len(variables):
            raise ArgumentError(
                "apply",
                expected=f"one gradient per variable, {len(variables)}",
                received=len(grads),
            )
        for variable in variables:
            if variable not in self._index:
                raise ArgumentError(
                    f"Unknown variable {variable.path!r}",
                    expected=f"one of the {len(self._index)} variables that the optimizer was "
                    "built for",
                    fix="Compile the model again after changing it, or make a new optimizer. What "
                    "call() makes anew each time is to be made once, in __init__ or build.",
                )
        return variables

    @staticmethod
    def _with_gradient(grads: Sequence[Any], variables: Variables) -> list[tuple[Any, Variable]]:
        missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(grads):
            raise GradientError(
                "No gradients for any variable",
                expected="a loss that depends on the weights",
                received=f"one that depends on none of {missing[:5]}",
            )
        if missing:
            warnings.warn(
                f"Gradients do not exist for variables {missing}: the loss does not depend on "
                "them, so they stay as they are.",
                stacklevel=3,
            )
        return [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]

    def _overwritten(self, gradient: Any, variable: Variable) -> bool:
        """Give a variable that asks for it its gradient as its new value (float8 scales); the
        largest of several gradients where they are gathered."""
        if not variable.overwrite_with_gradient:
            return False
        if self.gradient_accumulation_steps:
            slot = self.slot(self._accumulated_gradients, variable)
            largest = ops.maximum(slot.value, gradient)
            variable.assign(ops.where(self._updates, largest, variable.value))
            slot.assign(ops.where(self._updates, ops.zeros_like(largest), largest))
        else:
            variable.assign(gradient)
        return True

    def _update(self, pairs: list[tuple[Any, Variable]]) -> None:
        grads = self._clip_gradients([g for g, _ in pairs])
        rate = self._rate()
        variables = [v for _, v in pairs]
        self._decay(variables, rate)
        self.prepare_step(rate)
        self._shared = {}
        try:
            self._step(list(zip(grads, variables, strict=True)), rate)
        finally:
            self._shared = None
        if self.use_ema:
            self._average()
        for variable in variables:
            if variable.constraint is not None:
                what = f"The constraint of {variable.path}"
                kept = asked(what, "f(weights)", variable.constraint, variable.value)
                variable.assign(kept)

    def _step(self, pairs: list[tuple[Any, Variable]], rate: Tensor) -> None:
        """Every `update_step`; where it is traced, what it assigns is looked at.

        Raises:
            ArgumentError: it returned something and changed nothing.
        """
        trace, changes, returned = current_trace(), 0, None
        for gradient, variable in pairs:
            before = None if trace is None else trace.peek(variable)
            form = "update_step(gradient, variable, learning_rate)"
            own = self._rate_for(variable, rate)
            found = called("", form, self.update_step, gradient, variable, own)
            returned = returned if found is None else found
            changes += trace is None or trace.peek(variable) is not before
        if changes == 0:
            what = f"{type(self).__name__}.update_step changed no variable"
            expected = (
                "self.assign(variable, ...), self.assign_sub(variable, ...) or the like in it"
            )
            if returned is not None:
                raise ArgumentError(what, expected=expected, received=f"{returned}, returned")
            warnings.warn(told(what, expected=expected, received="none"), stacklevel=2)

    def prepare_step(self, learning_rate: Tensor) -> None:
        """Change state that belongs to no variable; called once before the `update_step`s."""

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable and its slots."""
        raise NotImplementedError(f"{type(self).__name__} must define update_step.")

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        if self.clipnorm:
            return [clip_by_norm(g, self.clipnorm) for g in grads]
        if self.global_clipnorm:
            return clip_by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue:
            return [clip_by_value(g, self.clipvalue) for g in grads]
        return grads

    # --- accumulation and averages --------------------------------------------------------------

    @property
    def _updates(self) -> Tensor:
        """Whether the present step ends a round of gathering, and so updates the weights."""
        steps = self.gradient_accumulation_steps or 1
        return ops.equal(ops.mod(self._iterations.value + 1, steps), 0)

    def _accumulate(self, pairs: list[tuple[Any, Variable]]) -> None:
        """Add up gradients; at every n-th step update with their mean, and start again.

        One graph serves every step, so the update is always computed, and kept or thrown away,
        with all that belongs to it: decay, averages, constraints.
        """
        steps, last = self.gradient_accumulation_steps or 1, self._updates
        slots = [self.slot(self._accumulated_gradients, v) for _, v in pairs]
        sums = [slot.value + g for slot, (g, _) in zip(slots, pairs, strict=True)]
        own = {*slots, self._iterations, self._learning_rate}
        # An average may also overwrite weights that have no gradient in this step.
        weights = self._trainable_variables if self.use_ema else [v for _, v in pairs]
        touched = [*weights, *(v for v in self.variables if v not in own)]
        before = {v: v.value for v in touched}
        self._update([(s / steps, v) for s, (_, v) in zip(sums, pairs, strict=True)])
        for variable in touched:
            variable.assign(ops.where(last, variable.value, before[variable]))
        for slot, total in zip(slots, sums, strict=True):
            slot.assign(ops.where(last, ops.zeros_like(total), total))

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`, to differentiate instead of the loss."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # --- config ---------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        rate = self._learning_rate
        if isinstance(rate, Variable):
            config["learning_rate"] = float(rate.numpy())
        else:
            config["learning_rate"] = _serialization.serialize_keras_object(rate)
        return config

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The optimizer that `get_config` described; `custom_objects` are names that it may use."""
        if isinstance(rate := config.get("learning_rate"), (Mapping, str)):
            with _serialization.custom_object_scope(custom_objects or {}):
                config = {**config, "learning_rate": _serialization.resolve("schedule", rate)}
        return cls._of(config)
