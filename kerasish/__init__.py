"""kerasish: a Keras-like toolkit on its own small graph engine.

    import kerasish as keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])

Nothing is loaded before it is used: a name is looked up when it is first asked for.
"""

from __future__ import annotations

import functools as _functools
from collections.abc import Callable
from typing import Any

from kerasish import registry as _registry
from kerasish.names import load as _load
from kerasish.names import namespace as _namespace
from kerasish.version import __version__

# Functions whose modules stand on a higher floor than those that call them.
_FROM_ABOVE = {
    **{f"model.{name}": "kerasish.inspect.models" for name in ("profile", "memory", "graph")},
    "model.explore": "kerasish.inspect.explorer.explore",
    "model.trace": "kerasish.inspect.tracing",
    "model.debug": "kerasish.inspect.debugger",
    "model.diff": "kerasish.inspect.difference",
    "model.nodes": "kerasish.inspect.pictures",
    "graph.made_of": "kerasish.ops.operation",
    "ops.alone": "kerasish.ops.alone",
    "compiler.planned": "kerasish.compiler.kernels.alone",
    "random.draw_key": "kerasish.random",
    "utils.is_keras_tensor": "kerasish.utils",
    "config.announced": "kerasish.compiler.providers",
    **{f"config.{name}": "kerasish.backend" for name in ("backend", "set_backend")},
    **{f"config.{n}": "kerasish.layers.base.policy" for n in ("dtype_policy", "set_dtype_policy")},
}


def _offered(name: str, module: str) -> Callable[[], Any]:
    return _functools.cache(lambda: getattr(_load(module), name.partition(".")[2]))


for _name, _home in _FROM_ABOVE.items():
    _registry.offer(_name, _offered(_name, _home))


def version() -> str:
    """The version of kerasish."""
    return __version__


__getattr__, __dir__ = _namespace(__name__, ("__version__", "version"))
