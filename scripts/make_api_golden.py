"""Write tests/golden/keras_api.json: the public names of installed Keras, and what they take.

    KERAS_BACKEND=jax python scripts/make_api_golden.py

"names": namespace -> names. "signatures": name -> parameters, each object once, under the shortest
of its names. "members": class -> public method or property -> parameters (None for a property);
a class leaves out what a public class above it has.
"""

from __future__ import annotations

import enum
import inspect
import json
import sys
import types
from pathlib import Path
from typing import Any

import keras

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden" / "keras_api.json"


def namespaces() -> dict[str, list[str]]:
    """Every public module of Keras with its public names that are no modules."""
    found: dict[str, list[str]] = {}
    waiting = [keras]
    while waiting:
        module = waiting.pop()
        public = [name for name in dir(module) if not name.startswith("_")]
        modules = {n for n in public if isinstance(getattr(module, n), types.ModuleType)}
        modules -= {"src"}
        found[module.__name__.replace("keras._tf_keras.keras", "keras")] = sorted(
            set(public) - modules - {"src"}
        )
        waiting += [getattr(module, name) for name in modules]
    return dict(sorted(found.items()))


def parameters(function: Any) -> list[Any] | None:
    """[name, default] or [name] of every parameter; *args and **kwargs with their stars."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    listed: list[Any] = []
    for one in found:
        name = stars.get(one.kind, "") + one.name
        listed.append([name] if one.default is one.empty else [name, plain(one.default)])
    return listed


def plain(value: Any) -> Any:
    """A default as JSON; what is no plain data as its type, tuples as lists."""
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return f"<{value.name if isinstance(value, enum.Enum) else type(value).__name__}>"


def members(cls: type, public: set[type]) -> dict[str, Any]:
    """What a class adds to the public classes above it."""
    above: set[str] = set(dir(object))
    for base in cls.__mro__[1:]:
        if base in public:
            above |= set(dir(base))
    return {
        name: parameters(value) if callable(value) else None
        for name in dir(cls)
        if not name.startswith("_") and name not in above
        for value in [inspect.getattr_static(cls, name)]
        for value in [value.__func__ if isinstance(value, staticmethod | classmethod) else value]
    }


def main() -> None:
    """Write the file."""
    names = namespaces()
    objects: dict[int, tuple[str, Any]] = {}
    for space, listed in names.items():
        module: Any = keras
        for part in space.split(".")[1:]:
            module = getattr(module, part)
        for name in listed:
            value, full = getattr(module, name), f"{space}.{name}"[6:]
            known = objects.get(id(value))
            better = known is None or (len(full), full) < (len(known[0]), known[0])
            if callable(value) and better:
                objects[id(value)] = (full, value)
    rows = sorted(objects.values(), key=lambda row: row[0])
    public = {value for _, value in rows if inspect.isclass(value)}
    signatures = {name: parameters(value) for name, value in rows}
    of_classes = {name: members(v, public) for name, v in rows if inspect.isclass(v)}
    parts = {
        "names": names,
        "signatures": signatures,
        "members": {name: found for name, found in of_classes.items() if found},
    }
    blocks = []
    for part, table in parts.items():
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
        blocks.append(f"{json.dumps(part)}: {{\n{lines}\n}}")
    OUT.write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")
    sys.stdout.write(f"{OUT.name}: {OUT.stat().st_size} bytes, {len(rows)} objects\n")


if __name__ == "__main__":
    main()
