"""`Configured`: objects whose config is what their constructor was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kerasish import budget
from kerasish.arguments.forwarding import declare, wrap
from kerasish.arguments.shown import shown
from kerasish.errors import KerasishError, told
from kerasish.hints import refuse_unknown
from kerasish.refusals import refusing
from kerasish.signatures import constructor, ours
from kerasish.tracebacks import shorten


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


class Declared:
    """Base of classes of this package that declare their constructor rather than write it.

    `class Huber(LossFunctionWrapper, of=huber)` takes what the function does, see `wrap`; a class
    that annotates attributes, `rho: float = 0.9`, takes these, see `declare`. Keywords of the
    class statement are other defaults: `class SGD(Optimizer, learning_rate=0.01)`.
    """

    _order: ClassVar[str] = ""  # of the arguments of subclasses; "" where they declare none

    def __init_subclass__(
        cls, of: Callable[..., Any] | None = None, order: str = "", **defaults: Any
    ) -> None:
        if of is None and not ours(cls):
            super().__init_subclass__(**defaults)
            return
        super().__init_subclass__()
        above: Any = super(cls, cls)
        order = order or getattr(above.__init__, "order", above._order)
        if of is not None:
            wrap(cls, of, order, defaults)
        elif order and "__init__" not in vars(cls):
            declare(cls, order, defaults)
        if "__init__" in vars(cls) and ours(cls):
            type.__setattr__(cls, "__init__", refusing(vars(cls)["__init__"]))

    def __repr__(self) -> str:
        return shown(self)

    def __post_init__(self) -> None:
        """Runs after declared arguments are kept; for checks and what depends on several."""


class Configured(Declared):
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
            try:
                check_keywords(cls, kwargs, cls.legacy)
            except KerasishError as error:
                shorten(error)
                raise
        made = super().__new__(cls)
        object.__setattr__(made, "_given", {**dict(zip(known, args, strict=False)), **kwargs})
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            named = getattr(type(self), "registry_kind", None) in ("loss", "metric", "optimizer")
            if named and "name" not in vars(self):  # their constructors set it
                wanted = "super().__init__() called in its __init__"
                text, name = told(text, expected=wanted, received="no call"), ""  # no hint
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
