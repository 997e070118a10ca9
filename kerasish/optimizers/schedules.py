"""Learning rates as functions of the step; each is written in ops of the step counter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, dataclass_transform

from kerasish import ops
from kerasish.config import floatx
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.kinds import forms
from kerasish.ops.stateful import InSteps
from kerasish.spec import is_int


@dataclass_transform()
class LearningRateSchedule(InSteps):
    """Base of schedules: a subclass defines `__call__(step)`, written in ops."""

    registry_kind: ClassVar[str] = "schedule"
    _order = "*"

    def __call__(self, step: Any) -> Any:
        """The learning rate of step number `step`, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step).")


def _check_positive(name: str, value: float) -> None:
    if value <= 0:
        raise ArgumentError(name, expected="a positive number", received=repr(value))


def _as_float(step: Any) -> Tensor:
    return ops.cast(convert_to_tensor(step), floatx())


def _periods(step: Any, length: float, whole: bool) -> Tensor:
    """How many periods of `length` steps are over, whole ones alone if asked.

    Whole ones of integers are counted in integers: float32 knows no single steps from 2^24 on.
    """
    step = convert_to_tensor(step)
    if whole and is_int(step.dtype) and int(length) == length:
        return _as_float(ops.floor_divide(step, int(length)))
    periods = _as_float(step) / float(length)
    return ops.floor(periods) if whole else periods


class _Decay(LearningRateSchedule):
    """A rate that falls from an initial one for a number of steps."""

    initial_learning_rate: float
    decay_steps: int

    def __post_init__(self) -> None:
        _check_positive("decay_steps", self.decay_steps)


class _StepwiseDecay(_Decay):
    """A rate that falls with every period of `decay_steps`."""

    decay_rate: float
    staircase: bool = False


class ExponentialDecay(_StepwiseDecay):
    """initial * decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: after how many steps the rate has been multiplied by `decay_rate`.
        decay_rate: the factor.
        staircase: whether the exponent is rounded down to whole numbers.
    """

    name: str = "ExponentialDecay"

    def __call__(self, step: Any) -> Tensor:
        p = _periods(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate * ops.power(convert_to_tensor(self.decay_rate), p)


class InverseTimeDecay(_StepwiseDecay):
    """initial / (1 + decay_rate * step / decay_steps); see `ExponentialDecay` for the arguments."""

    name: str = "InverseTimeDecay"

    def __call__(self, step: Any) -> Tensor:
        p = _periods(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate / (1.0 + self.decay_rate * p)


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] while boundaries[i - 1] < step <= boundaries[i].

    Args:
        boundaries: steps in increasing order.
        values: learning rates, one more than boundaries.
    """

    boundaries: Sequence[int]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.values) != len(self.boundaries) + 1:
            raise ArgumentError(
                "values",
                expected=f"{len(self.boundaries) + 1}, one more than boundaries",
                received=len(self.values),
            )
        self.boundaries, self.values = list(self.boundaries), list(self.values)

    def __call__(self, step: Any) -> Tensor:
        step = convert_to_tensor(step)
        rate = convert_to_tensor(float(self.values[-1]))
        pairs = list(zip(self.boundaries, self.values, strict=False))
        for boundary, value in reversed(pairs):
            rate = ops.where(step <= boundary, float(value), rate)
        return rate


class PolynomialDecay(_Decay):
    """(initial - end) * (1 - step / decay_steps)^power + end.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps until `end_learning_rate` is reached.
        end_learning_rate: the rate from then on.
        power: 1 decays linearly.
        cycle: whether to begin again, slower each time, instead of staying at the end.
    """

    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __call__(self, step: Any) -> Tensor:
        step = convert_to_tensor(step)
        total: Any = self.decay_steps
        if is_int(step.dtype) and int(total) == total:
            step = ops.cast(step, "int64")
        else:
            step, total = _as_float(step), float(total)
        if self.cycle:
            # The first multiple of decay_steps that is not behind the step; 1 at the start.
            total = total * ops.maximum(-ops.floor_divide(-step, total), 1)
        else:
            step = ops.minimum(step, total)
        span = self.initial_learning_rate - self.end_learning_rate
        # What is left, as it is counted: 1 less a float32 fraction knows no single steps.
        left = _as_float(total - step) / _as_float(total)
        decayed = left if self.power == 1 else ops.power(left, float(self.power))
        return span * decayed + self.end_learning_rate


class CosineDecay(_Decay):
    """Half a cosine from the initial rate to alpha times it (Loshchilov and Hutter, 2017).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: length of the decay, which begins after the warm-up.
        alpha: the last rate as a fraction of the highest.
        warmup_target: the rate to rise to first, linearly; None for no warm-up.
        warmup_steps: length of the rise (Goyal et al., 2017).
    """

    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0

    def _decayed(self, step: Tensor, highest: float) -> Tensor:
        cosine = 0.5 * (1.0 + ops.cos(math.pi * (step / float(self.decay_steps))))
        return highest * ((1 - self.alpha) * cosine + self.alpha)

    def __call__(self, step: Any) -> Tensor:
        step = _as_float(step)
        if self.warmup_target is None:
            last = float(self.decay_steps)
            return self._decayed(ops.minimum(step, last), self.initial_learning_rate)
        step = ops.minimum(step, float(self.decay_steps + self.warmup_steps))
        decayed = self._decayed(step - float(self.warmup_steps), self.warmup_target)
        if not self.warmup_steps:
            return decayed
        rise = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        warming = rise * step + self.initial_learning_rate
        return ops.where(step < self.warmup_steps, warming, decayed)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts again and again (SGDR; Loshchilov and Hutter, 2017).

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: length of the first decay.
        t_mul: how much longer each decay is than the one before.
        m_mul: how much higher each start is than the one before.
        alpha: the lowest rate as a fraction of the initial one.
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self) -> None:
        _check_positive("first_decay_steps", self.first_decay_steps)

    def __call__(self, step: Any) -> Tensor:
        done = _periods(step, self.first_decay_steps, False)
        t = convert_to_tensor(float(self.t_mul))
        if self.t_mul == 1.0:
            restarts = _periods(step, self.first_decay_steps, True)
            done = _periods(ops.mod(step, self.first_decay_steps), self.first_decay_steps, False)
        else:
            restarts = ops.floor(ops.log(1.0 - done * (1.0 - t)) / math.log(self.t_mul))
            length = ops.power(t, restarts)
            done = (done - (1.0 - length) / (1.0 - t)) / length
        height = ops.power(convert_to_tensor(float(self.m_mul)), restarts)
        cosine = 0.5 * height * (1.0 + ops.cos(math.pi * done))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)


_, serialize, deserialize = forms("schedule", word="learning_rate_schedule")
