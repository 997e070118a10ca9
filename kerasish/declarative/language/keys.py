"""The keys of a section, declared once.

    TRAIN = Keys(
        "train",
        "What compile and fit get.",
        Key("optimizer", objects("optimizer"), "how weights are changed", required=True,
            example="{Adam: {learning_rate: 0.001}}"),
        Key("epochs", whole(1), "how often the data are gone through", default=1, example="20"),
    )

`Fields(value, "train", TRAIN, diagnostics)` takes these keys and no others, and
`fields.given("epochs")` is the value, checked by its form, or the default. The schema and the
reference follow from the same records. Keys inside keys are a form too: `mapping(TRAIN)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from kerasish.declarative.language.forms import Form, ref
from kerasish.errors import ArgumentError


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        name: as it is written.
        form: what its value may be.
        text: what it means, a phrase without a full stop.
        default: the value where it is left out.
        required: whether it must be given.
        example: a value as it is written in YAML, on one line.
    """

    name: str
    form: Form
    text: str
    default: Any = None
    required: bool = False
    example: str = ""


class Keys(Collection[str]):
    """The keys that one mapping of a file may have, in the order of the reference.

    Args:
        name: a name of its own among all of them, in lower case: the definition in the schema and
            the heading in the reference.
        text: what the mapping says, a sentence or more.
        keys: in order.
        one_of: keys of which exactly one must be there (the form of a source, a choice of rows).
        open: what keys beside these may hold, where any name is allowed.
    """

    def __init__(
        self,
        name: str,
        text: str,
        *keys: Key,
        one_of: Collection[str] = (),
        open: Form | None = None,
    ) -> None:
        self.name, self.text, self.one_of, self.open = name, text, tuple(one_of), open
        self._keys = {key.name: key for key in keys}
        unknown = [one for one in self.one_of if one not in self._keys]
        if len(self._keys) < len(keys) or unknown:
            raise ArgumentError(f"the keys of {name}", expected="different names", received=unknown)

    def __hash__(self) -> int:
        return id(self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __getitem__(self, key: str) -> Key:
        return self._keys[key]

    def records(self) -> list[Key]:
        """The declarations in order."""
        return list(self._keys.values())


@dataclass(frozen=True)
class MappingForm(Form):
    """A mapping with the keys of `keys`."""

    keys: Keys | None = None

    def within(self) -> list[Any]:
        """The keys."""
        return [] if self.keys is None else [self.keys]


def mapping(keys: Keys, expected: str = "") -> Form:
    """A mapping with declared keys, as a form: what a key of another mapping may hold."""
    return MappingForm(
        expected or f"a mapping ({keys.name})", {"type": "object", **ref(keys.name)}, keys=keys
    )
