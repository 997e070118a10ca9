"""`Configured`: objects whose config is what their constructor was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kerasish import budget
from kerasish.arguments.signatures import constructor
from kerasish.errors import told
from kerasish.hints import refuse_unknown


def check_keywords(cls: type, given: Mapping[str, Any], legacy: Iterable[str] = ()) -> None:
    """Raise on keywords that the constructor does not take; `legacy` are those it warns about.

    Raises:
        ArgumentError: there is one; the message has the nearest known name.
    """
    taken = constructor(cls)
    known = taken.parameters
    if not given.keys() <= known.keys() and taken.is_known and "hands_on" not in vars(cls):
        unknown = [name for name in given if name not in known and name not in legacy]
        refuse_unknown(cls.__name__, unknown, known)


class Configured:
    """Base of losses, metrics, optimizers and schedules, which need no `get_config` of their own.

    An attribute that has the name of a parameter is what the config shows; a parameter without
    such an attribute is shown as it was given, and left out where it was not given.
    """

    hands_on: ClassVar[bool] = False  # set in a class whose `**kwargs` are for a function it wraps
    legacy: ClassVar[frozenset[str]] = frozenset()  # old arguments, dropped with a warning
    _given: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        known = constructor(cls).parameters
        if not kwargs.keys() <= known.keys():
            check_keywords(cls, kwargs, cls.legacy)
        made = super().__new__(cls)
        object.__setattr__(made, "_given", {**dict(zip(known, args, strict=False)), **kwargs})
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            named = getattr(type(self), "registry_kind", None) in ("loss", "metric", "optimizer")
            if named and "name" not in vars(self):  # their constructors set it
                wanted = "super().__init__() called in its __init__"
                text = told(text, expected=wanted, received="no call")
            raise AttributeError(text, name=name, obj=self)

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal object."""
        shown: dict[str, Any] = {}
        for name in constructor(type(self)).parameters:
            if hasattr(self, name) and not callable(getattr(type(self), name, None)):
                shown[name] = getattr(self, name)
            elif name in self._given:
                shown[name] = self._given[name]
        return shown

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The object that `get_config` described."""
        return cls(**config)
