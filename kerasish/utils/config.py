"""`Config`: named values of a program, read and set as attributes or keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from kerasish.errors import ArgumentError
from kerasish.registry import hint

_OWN = ("_config", "_frozen")


class Config(MutableMapping[str, Any]):
    """Named values, as attributes and as keys; frozen, it takes no more changes.

    Args:
        kwargs: the first values.

    Attributes:
        frozen: whether it takes no changes now.

    Example:
        >>> import kerasish as keras
        >>> config = keras.utils.Config(rate=0.1)
        >>> config.seed = 7
        >>> config["rate"], config.seed
        (0.1, 7)
        >>> config.to_json()
        '{"rate": 0.1, "seed": 7}'
    """

    def __init__(self, **kwargs: Any) -> None:
        self._config = kwargs
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether it takes no changes now."""
        return self._frozen

    def freeze(self) -> None:
        """Take no more changes."""
        self._frozen = True

    def unfreeze(self) -> None:
        """Take changes again."""
        self._frozen = False

    def as_dict(self) -> dict[str, Any]:
        """The values as a dict of their own."""
        return dict(self._config)

    def to_json(self) -> str:
        """The values as a JSON text."""
        return json.dumps(self._config)

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of this name, or `value` where there is none."""
        return self._config.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Take a value out: `pop(name)` or `pop(name, default)`."""
        self._changing()
        return self._config.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values, as `dict.update` does."""
        self._changing()
        self._config.update(*args, **kwargs)

    def __setitem__(self, key: str, value: Any) -> None:
        self._changing()
        self._config[key] = value

    def __delitem__(self, key: str) -> None:
        self._changing()
        del self._config[key]

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        elif hasattr(type(self), name):
            raise ArgumentError(
                f"Config.{name}",
                expected="a name that a Config has not itself",
                received=repr(name),
                fix=f"Set it as a key, config[{name!r}].",
            )
        else:
            self[name] = value

    def __getattr__(self, name: str) -> Any:
        held = vars(self).get("_config", {})  # a copy is made before it has one
        if name in held:
            return held[name]
        near = hint(name, held)
        raise AttributeError(f"A Config without {name!r}. {near}".rstrip())

    def __repr__(self) -> str:
        return f"<Config {self._config}>"

    def _changing(self) -> None:
        if self._frozen:
            raise ArgumentError("A frozen Config takes no changes", fix="Call unfreeze() first.")
