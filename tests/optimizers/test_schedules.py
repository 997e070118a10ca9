import numpy as np
import pytest

from kerasish import Variable
from kerasish.compiler import Function
from kerasish.errors import ArgumentError
from kerasish.optimizers import schedules
from tests.golden import cases
from tests.golden_values import check_case


@pytest.mark.parametrize("label", cases.SCHEDULES)
def test_rates_equal_those_of_keras(label: str):
    check_case("schedule", label)


def make(label: str) -> schedules.LearningRateSchedule:
    name, options = cases.SCHEDULES[label]
    if "values" not in options:
        options = {"initial_learning_rate": 0.1, **options}
    return getattr(schedules, name)(**options)


@pytest.mark.parametrize("label", cases.SCHEDULES)
def test_config_builds_an_equal_schedule(label: str):
    schedule = make(label)
    again = schedules.deserialize(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert float(again(5)) == float(schedule(5))


@pytest.mark.parametrize("label", cases.SCHEDULES)
def test_a_schedule_follows_a_variable_in_a_trace(label: str):
    schedule, step = make(label), Variable(0, dtype="int32")

    def forward():
        rate = schedule(step.value)
        step.assign(step.value + 1)
        return rate

    compiled = Function(forward)
    seen = [float(compiled()) for _ in range(6)]
    np.testing.assert_allclose(seen, [float(schedule(i)) for i in range(6)], rtol=1e-6)


def test_wrong_arguments_are_refused():
    with pytest.raises(ArgumentError, match="decay_steps"):
        schedules.CosineDecay(0.1, 0)
    with pytest.raises(ArgumentError, match="Expected: 3"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])


@pytest.mark.parametrize("cls", [schedules.ExponentialDecay, schedules.InverseTimeDecay])
def test_stairs_stand_at_their_steps_beyond_what_float32_counts(cls):
    rate = cls(1.0, 2**24 + 1, 0.5, staircase=True)
    before, after = (float(rate(np.int32(2 * (2**24 + 1) + k))) for k in (-1, 0))
    assert before == float(rate(2**24 + 1)) > after


def test_restarts_of_one_length_repeat_exactly():
    rate = schedules.CosineDecayRestarts(1.0, 1000, t_mul=1.0)
    for step in (0, 1, 499, 999):
        assert float(rate(np.int32(50_000_000 + step))) == float(rate(np.int32(step)))


@pytest.mark.parametrize("cycle", [False, True])
def test_a_polynomial_counts_the_steps_that_are_left(cycle):
    total = 2**24 + 2  # what float32 does not count one by one
    rate = schedules.PolynomialDecay(float(total), total, 0.0, cycle=cycle)
    assert [float(rate(np.int32(total - k))) for k in (3, 2, 1, 0)] == [3.0, 2.0, 1.0, 0.0]
