"""Every pass shows what it does in a picture: `before -> after`."""

from __future__ import annotations

import re
import sys

import pytest

from kerasish.compiler.passes import PIPELINE
from kerasish.compiler.passes.simplify import RULES

PICTURE = re.compile(r"\S\s+-> +\S")
RULE_FUNCTIONS = {r.__name__: r for rules in RULES.values() for r in rules}


@pytest.mark.parametrize("name", [name for name, _ in PIPELINE])
def test_a_pass_has_its_picture(name: str) -> None:
    step = dict(PIPELINE)[name]
    text = f"{sys.modules[step.__module__].__doc__}\n{step.__doc__}"
    assert PICTURE.search(text), f"{step.__module__}: no `a -> b` in the docstring of {name!r}"


@pytest.mark.parametrize("name", RULE_FUNCTIONS)
def test_a_rule_has_its_picture(name: str) -> None:
    assert PICTURE.search((RULE_FUNCTIONS[name].__doc__ or "").splitlines()[0])


def test_names_of_passes_are_unique() -> None:
    names = [name for name, _ in PIPELINE]
    assert len(set(names)) == len(names)
