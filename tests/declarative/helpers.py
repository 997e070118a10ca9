"""What the tests of the declarative layer share."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

import pytest

from kerasish.errors import ConfigError


def block(text: str) -> str:
    """A YAML text or an expected message, without the indentation it has in the test."""
    return textwrap.dedent(text).strip("\n")


def error_text(call: Callable[[], object]) -> str:
    """The text of the `ConfigError` that `call` raises."""
    with pytest.raises(ConfigError) as caught:
        call()
    assert caught.value.diagnostics, "a ConfigError must hold its findings"
    return str(caught.value)


def outcome(call: Callable[[], object]) -> str:
    """The text of the `ConfigError` that `call` raises, or nothing; any other error escapes."""
    try:
        call()
    except ConfigError as error:
        return str(error)
    return ""


def well_formed(text: str) -> bool:
    """Whether every finding in `text` starts with a position and a code."""
    heads = [part.split("\n")[0] for part in text.split("\n\n")] if text else []
    return all(re.match(r"\S+:\d+:\d+: K\d{3} \S", head) for head in heads)
