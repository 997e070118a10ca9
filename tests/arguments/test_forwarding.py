"""Constructors that classes of the package declare: arguments, their order, defaults and errors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kerasish.arguments.configured import Configured
from kerasish.errors import ArgumentError
from kerasish.signatures import constructor, signature


class Rooted(Configured):
    """A base with a constructor of its own."""

    __module__ = "kerasish.test"
    _order = "* rate **"

    def __init__(self, rate: float, name: str | None = None, size: int = 1) -> None:
        self.rate, self.name, self.size = rate, name, size


def declared(name, base, annotations=None, words=None, **body):
    """A class of the package that annotates its arguments."""
    held = {"__module__": __name__.replace("tests", "kerasish"), **body}
    return type(name, (base,), {**held, "__annotations__": annotations or {}}, **(words or {}))


@pytest.fixture
def first(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "kerasish.arguments.test_forwarding", sys.modules[__name__])
    return declared(
        "First", Rooted, {"beta": "float", "steps": "Sequence[int]"}, {"rate": 0.1}, beta=0.5
    )


def test_what_is_annotated_is_an_argument_and_the_rest_goes_to_the_constructor_above(first):
    made = first((1, 2), rate=0.2, size=3)
    assert (made.rate, made.steps, made.beta, made.size, made.name) == (0.2, (1, 2), 0.5, 3, None)
    assert list(signature(first).parameters) == ["steps", "beta", "rate", "options"]
    assert list(constructor(first).parameters) == ["steps", "beta", "rate", "name", "size"]
    assert constructor(first).hints["steps"] == Sequence[int]
    assert made.get_config() == {"rate": 0.2, "steps": (1, 2), "beta": 0.5, "name": None, "size": 3}


def test_a_subclass_adds_changes_and_takes_away(first):
    second = declared("Second", first, {"gamma": "float"}, {"rate": 1.0}, gamma=2.0, beta=0.25)
    made = second(steps=(3,))
    assert (made.rate, made.steps, made.beta, made.gamma) == (1.0, (3,), 0.25, 2.0)
    assert list(signature(second).parameters) == ["steps", "gamma", "rate", "options"]
    with pytest.raises(ArgumentError, match="beta"):
        second(steps=(3,), beta=1.0)
    assert first(steps=()).rate == 0.1


def test_checks_run_when_all_is_kept(first):
    seen = []
    checked = declared("Checked", first, __post_init__=lambda self: seen.append(vars(self).copy()))
    checked(steps=())
    assert [(s["rate"], s["beta"], s["steps"], s["size"]) for s in seen] == [(0.1, 0.5, (), 1)]


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, r"First.__init__\(\) missing 1 required positional argument: 'steps'$"),
        ((1, 2, 3, 4), {}, "at most 3 positional arguments, 4 were given"),
        ((1,), {"steps": ()}, "multiple values for argument 'steps'"),
    ],
)
def test_calls_that_do_not_fit(first, args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        first(*args, **kwargs)


def test_classes_of_users_declare_nothing():
    class Mine(Rooted):
        beta: float = 0.5

    assert list(signature(Mine).parameters) == list(signature(Rooted).parameters)
    with pytest.raises(TypeError, match="no keyword arguments"):
        type("Worded", (Rooted,), {}, rate=1.0)
