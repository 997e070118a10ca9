"""The inputs of a model: `{shape: [28, 28, 1], dtype: float32, name: image}`, or `[28, 28, 1]`."""

from __future__ import annotations

from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker
from kerasish.declarative.language.model import INPUT
from kerasish.declarative.text.errors import must_be
from kerasish.declarative.text.source import Mapping, Mark, Scalar, Sequence, Value

_EXPECTED = "a list of integers ≥ 1 (null where it varies)"


def read_input(value: Value, checker: Checker) -> checked.InputDeclaration | None:
    """The input of a sequential model."""
    if isinstance(value, Sequence):
        return _declaration(None, value, None, checker)
    fields = Fields(value, "input", INPUT, checker.diagnostics)
    return _from_fields(fields.read("name", checker.name), fields, checker)


def read_inputs(mapping: Mapping, checker: Checker) -> list[checked.InputDeclaration]:
    """The named inputs of a functional model."""
    found = []
    for entry in mapping:
        name = checker.name(Scalar(entry.key, entry.mark))
        if name is None:
            continue
        if isinstance(entry.value, Sequence):
            found.append(_declaration(name, entry.value, None, checker, entry.mark))
            continue
        title = f"input '{entry.key}'"
        fields = Fields(entry.value, title, ("shape", "dtype"), checker.diagnostics)
        found.append(_from_fields(name, fields, checker, entry.mark))
    return [one for one in found if one is not None]


def _from_fields(
    name: str | None, fields: Fields, checker: Checker, mark: Mark | None = None
) -> checked.InputDeclaration | None:
    dtype = fields.choice("dtype", INPUT["dtype"].form.choices, "") or None
    if "shape" not in fields.entries:
        fields.require("shape", "shape: [28, 28, 1]")
        return None
    return _declaration(name, fields.entries["shape"].value, dtype, checker, mark)


def _declaration(
    name: str | None, shape: Value, dtype: str | None, checker: Checker, mark: Mark | None = None
) -> checked.InputDeclaration | None:
    sizes = _sizes(shape, checker)
    return (
        None if sizes is None else checked.InputDeclaration(name, sizes, dtype, mark or shape.mark)
    )


def _sizes(value: Value, checker: Checker) -> tuple[int | None, ...] | None:
    wrong: list[Value] = [] if isinstance(value, Sequence) else [value]
    sizes: list[int | None] = []
    for item in value.items if isinstance(value, Sequence) else ():
        held = item.value if isinstance(item, Scalar) else ""
        if held is None or (type(held) is int and held >= 1):
            sizes.append(held)
        else:
            wrong.append(item)
    for item in wrong:
        checker.diagnostics.add("K204", must_be("shape", _EXPECTED, item), item.mark)
    return None if wrong else tuple(sizes)
