"""What goes along when an object is copied, pickled or sent to another process: its state.

Plans, graphs, locks and whatever else this process made for an object stay behind; they are made
anew where they are needed. A base here is enough for classes of the engine.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

STATE = "state"  # the kind of what objects hold and no constructor takes: no name stands for it


class PortableVariable:
    """A variable is copied with its value, into a buffer of its own."""

    __slots__ = ()
    registry_kind: ClassVar[str] = STATE

    def __getstate__(self) -> Any:
        own: Any = self
        names = (n for cls in type(self).__mro__ for n in getattr(cls, "__slots__", ()))
        kept = {n: getattr(self, n) for n in names if n != "__weakref__"}
        return {**getattr(self, "__dict__", {}), **kept, "array": own.numpy(), "moving": None}

    def __setstate__(self, state: Any) -> None:
        own: Any = self
        value = state.pop("array")
        for name, held in state.items():
            object.__setattr__(self, name, held)
        own.array = own._buffer()
        own.assign(value)


class PortableTensor:
    """A tensor is copied with its value; what a tape knows of it stays behind."""

    __slots__ = ()
    registry_kind: ClassVar[str] = STATE

    def __getstate__(self) -> Any:
        own: Any = self
        return {"spec": own.spec, "value": own.value, "mask": own.mask, "name": own.name}

    def __setstate__(self, state: Any) -> None:
        for name, held in {"node": None, "history": None, **state}.items():
            setattr(self, name, held)


class PortableFunction:
    """A compiled function is the function it was made from, compiled anew."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        own: Any = self
        found: Any = sys.modules.get(own.__module__)
        for part in own.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is self:
            return own.__qualname__  # it stands in its module under its name
        return type(self), (own.func, own.cache_size)
