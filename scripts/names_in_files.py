"""The index of names as files have it, read without importing any of them.

It has more than is public, and no names of aliases: the package is imported by it where the index
that was written last may be of older files.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from scripts.public_names import ENTERED, KINDS, OFFERED, ROOMS, Homes

PACKAGE = Path(__file__).resolve().parents[1] / "kerasish"
Table = dict[str, tuple[str, str]]  # a name, its module and its name there


def table(homes: Homes) -> Table:
    """Every name with its module and its own name there."""
    parts = [
        (home, *name.partition(":")) for home, names in homes.items() for name in names.split()
    ]
    return {name: (home, own or name) for home, name, _, own in parts}


def homes(names: Table) -> Homes:
    found: dict[str, list[str]] = {}
    for name, (home, own) in sorted(names.items(), key=lambda item: (item[1][0], item[0])):
        found.setdefault(home, []).append(name if name == own else f"{name}:{own}")
    return {home: " ".join(listed) for home, listed in found.items()}


def defined(folder: str) -> Iterator[tuple[str, ast.stmt, str]]:
    """What the modules of a folder define without an underscore: name, definition, module."""
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [node.name] if isinstance(node, (ast.ClassDef, ast.FunctionDef)) else []
            if isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            yield from ((name, node, module) for name in names if name[0] != "_")


def of_kind(folder: str, functions: str) -> Table:
    """The classes of a kind's folder, and the functions of some of its modules."""
    package = f"kerasish.{folder}"
    return {
        name: (module, name)
        for name, node, module in defined(folder.replace(".", "/"))
        if isinstance(node, ast.ClassDef) or module.removeprefix(f"{package}.") in functions.split()
    }


def of_rooms(rooms: str) -> Table:
    """The functions of rooms of ops that something is said of where they are defined."""
    return {
        name: (module, name)
        for room in rooms.split()
        for name, node, module in defined(f"ops/{room}")
        if (isinstance(node, ast.FunctionDef) and node.decorator_list)
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call))
    }


def index_of_files() -> ModuleType:
    """What stands for `kerasish._names` until that is written."""
    public = {space: of_rooms(rooms) for space, rooms in ROOMS.items()}
    for folder, rule in KINDS.items():
        public.setdefault(f"kerasish.{folder}", {}).update(of_kind(folder, rule.functions))
    for space, offered in OFFERED.items():
        public.setdefault(space, {}).update(table(offered))
    found = ModuleType("kerasish._names")
    kinds = {rule.kind: {} for rule in KINDS.values()} | ENTERED
    vars(found).update(PUBLIC={space: homes(names) for space, names in public.items()}, KINDS=kinds)
    return found
