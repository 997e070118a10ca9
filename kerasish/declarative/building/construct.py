"""Checked items -> objects; what a constructor itself refuses becomes a finding at its position."""

from __future__ import annotations

import copy
import re
from typing import Any

from kerasish.arguments.contract import Converted
from kerasish.declarative.check.items import Item
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mark
from kerasish.declarative.text.words import said_in_yaml
from kerasish.errors import KerasishError
from kerasish.signatures import ours


def construct(value: Any, diagnostics: Diagnostics) -> Any:
    """The object that an item, or a list or mapping holding items, describes.

    Names and numbers stay as they are. None stands for an item whose constructor failed, which is
    recorded as K204.
    """
    if isinstance(value, list):
        return [construct(one, diagnostics) for one in value]
    if isinstance(value, dict):
        return {key: construct(one, diagnostics) for key, one in value.items()}
    if isinstance(value, Converted):
        return copy.deepcopy(value)  # what is built twice shares no list
    if not isinstance(value, Item):
        return value
    if not isinstance(value.factory, type):
        return value.factory  # a function is named, not called
    before = len(diagnostics)
    arguments = {key: construct(one, diagnostics) for key, one in value.arguments.items()}
    if len(diagnostics) > before:
        return None
    try:
        return value.factory(**arguments)
    except Exception as error:
        # What a constructor of the package runs into are its arguments; a module's own fault is
        # told with its line.
        expected = isinstance(error, (KerasishError, ValueError, TypeError))
        if not expected and not ours(value.factory):
            raise
        text = one_line(error)
        diagnostics.add("K204", text, _place(value, text))
        return None


def one_line(error: BaseException) -> str:
    """An error's text without line breaks, in the words of a file."""
    return said_in_yaml(" ".join(str(error).split())) or type(error).__name__


def _place(item: Item, text: str) -> Mark:
    """The argument that the text names, else the item."""
    for key, mark in item.marks.items():
        if re.match(rf"(\w+\.)?{re.escape(key)}\b", text) or f"{key}=" in text:
            return mark
    return item.mark
