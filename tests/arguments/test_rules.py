"""Annotations as `help()` shows them."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import pytest

from kerasish.arguments.annotations import readable
from kerasish.arguments.rules import Rule

EVEN = Annotated[int, Rule("an even number", int)]


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (int, int),
        (EVEN, int),
        (EVEN | None, int | None),
        (Optional[EVEN], int | None),  # noqa: UP045 - the older form is an object of another class
        (EVEN | str, int | str),
        (Rule("a", int), Any),
    ],
)
def test_rules_are_left_out(hint: Any, shown: Any) -> None:
    assert readable(hint) == shown
