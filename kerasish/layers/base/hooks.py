"""Hooks: functions that see, and may change, what layers give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Hook = Callable[[Any, tuple[Any, ...], Any], Any]


class Hooks:
    """Hooks that were put on layers; `remove()` takes them away, as does the end of a `with`."""

    def __init__(self, layers: Sequence[Any], hook: Hook) -> None:
        self.layers = tuple(layers)
        self._hook = hook
        for layer in self.layers:
            layer._hooks = (*layer._hooks, self)

    def __call__(self, layer: Any, inputs: tuple[Any, ...], outputs: Any) -> Any:
        made = self._hook(layer, inputs, outputs)
        return outputs if made is None else made

    def remove(self) -> None:
        """Take the hooks away."""
        for layer in self.layers:
            layer._hooks = tuple(hook for hook in layer._hooks if hook is not self)

    def __enter__(self) -> Hooks:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def hooked(layer: Any, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a layer gives when it has run and its hooks have seen it."""
    outputs = run(layer, args, kwargs)
    for hook in layer._hooks:
        outputs = hook(layer, args, outputs)
    return outputs
