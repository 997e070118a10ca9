"""Write kerasish/_names.py, the index of public and built-in names, the stubs of namespaces, and
kerasish/cli/_index.py, the index of the commands and their arguments, and docs/commands.md, the
page of them.

    python scripts/make_names.py

A class is listed because it stands in a module of its kind's folder, under a name without an
underscore, and is no mere base of a family. What else a namespace offers is said in
`public_names.py`. The package is imported by what stands in its files (`names_in_files.py`), not by
the index that was written last.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import re
import sys
import types
import typing
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.names_in_files import Table, homes, index_of_files, table  # noqa: E402
from scripts.public_names import ENTERED, INNER, KINDS, OFFERED, ROOMS, Kind  # noqa: E402

if __name__ == "__main__":
    sys.modules["kerasish._names"] = index_of_files()
    sys.modules["kerasish.cli._index"] = types.ModuleType("kerasish.cli._index")
    sys.modules["kerasish.cli._index"].COMMANDS = {}  # type: ignore[attr-defined]

from kerasish import registry  # noqa: E402
from kerasish.arguments import rules  # noqa: E402
from kerasish.cli.declare import DECLARED, GROUPS  # noqa: E402
from kerasish.layers.base.layer import Layer  # noqa: E402
from kerasish.naming import snake_case  # noqa: E402
from kerasish.signatures import constructor  # noqa: E402

NOTE = "Written by scripts/make_names.py."
FORMS = {"snake": snake_case, "lower": str.lower}


def modules(package: str) -> list[ModuleType]:
    top = importlib.import_module(package)
    below = pkgutil.walk_packages(getattr(top, "__path__", ()), package + ".")
    return [top, *(importlib.import_module(found.name) for found in below)]


def of_kind(package: str, rule: Kind) -> tuple[Table, Table]:
    """The public names and the names in the registry of a kind's folder."""
    public: Table = {}
    entered: Table = {}
    base: Any = None
    if rule.base:
        home, _, name = rule.base.rpartition(":")
        base = getattr(importlib.import_module(f"{package}.{home}".rstrip(".")), name)
    for module in modules(package):
        short = module.__name__.removeprefix(package + ".")
        for name, found in vars(module).items():
            if name[0] == "_" or getattr(found, "__module__", "") != module.__name__:
                continue
            at = (module.__name__, name)
            if base and inspect.isclass(found) and issubclass(found, base):
                if name in rule.abstract.split():
                    continue
                public[name] = at
                if found is not base:
                    entered[name] = at
                    if rule.form:
                        entered[FORMS[rule.form](name)] = at
                    if rule.both:
                        public[FORMS[rule.form](name)] = at
            elif short in rule.functions.split() and callable(found):
                public[name] = entered[name] = at
    for name in registry.names(rule.kind):
        found = registry.lookup(rule.kind, name)
        if found.__module__.startswith(package + "."):
            entered[name] = (found.__module__, found.__name__)
            if ("A" if name[0].isupper() else "a") in rule.aliases:
                public[name] = entered[name]
    return public, entered


def of_rooms(rooms: str) -> Table:
    """The functions that rooms of ops declare public."""
    importlib.import_module("kerasish.ops")
    places = tuple(f"kerasish.ops.{room}." for room in rooms.split())
    found = {name: registry.lookup("function", name) for name in registry.names("function")}
    return {
        name: (function.__module__, name)
        for name, function in found.items()
        if function.__module__.startswith(places) and name not in INNER
    }


def index() -> tuple[dict[str, Table], dict[str, Table]]:
    """The public names of every namespace, and the names of every kind."""
    public = {package: table(homes) for package, homes in OFFERED.items()}
    kinds = {kind: table(homes) for kind, homes in ENTERED.items()}
    for package, rooms in ROOMS.items():
        public[package].update(of_rooms(rooms))
    for folder, rule in KINDS.items():
        package = f"kerasish.{folder}"
        found, entered = of_kind(package, rule)
        kinds[rule.kind] = {**kinds.get(rule.kind, {}), **entered}
        if "." not in folder and found:
            public.setdefault(package, {}).update(found)
    for names in public.values():  # a namespace may offer what another one does
        for name, (home, own) in names.items():
            names[name] = public.get(home, {}).get(own, (home, own)) if home else (home, own)
    return public, kinds


def held(home: str, own: str) -> Any:
    """What a module calls so, or the module itself."""
    module = importlib.import_module(home)
    return module if own == "*" else getattr(module, own)


def written(tables: dict[str, Table]) -> str:
    lines = ["{"]
    for key, names in sorted(tables.items()):
        lines.append(f'    "{key}": {{')
        lines += [f'        "{home}": "{listed}",' for home, listed in homes(names).items()]
        lines.append("    },")
    return "\n".join([*lines, "}"])


def taken(function: Any, types: bool) -> str:
    """The parameters of a function as a stub has them."""
    found = inspect.signature(function).parameters.values()
    said = {p.name: p.annotation if types and p.name != "self" else "Any" for p in found}
    texts = [p.name if p.name == "self" else f"{p.name}: {said[p.name]}" for p in found]
    return ", ".join(
        text + ("" if p.default is p.empty else " = ...")
        for text, p in zip(texts, found, strict=True)
    )


def needed(annotations: list[str], cls: Any) -> list[str]:
    """The imports of the names in annotations of a class, out of its module or those of bases."""
    words = {word for text in annotations for word in re.findall(r"(?<!\.)\b\w+", text)}
    imports = []
    for word in sorted(words - {*vars(builtins), "Any"}):
        places = (base.__module__ for base in cls.__mro__)
        home = next(place for place in places if hasattr(sys.modules[place], word))
        imports.append(f"from {home} import {word}")
    return imports


def declared(name: str, cls: Any) -> tuple[list[str], list[str]]:
    """The names that the constructor of a class that annotates its arguments needs, as imports,
    and the class with that constructor, all that it takes by name among it."""
    init = list(inspect.signature(cls.__init__).parameters)
    taken = constructor(cls).parameters
    others = [one for one in taken if one not in init] if init[-1] == "options" else []
    shown = {one: taken[one] for one in (*init[1:], *others) if one in taken}
    text = ["self"]
    for one, parameter in shown.items():
        if others and one == others[0]:
            text.append("*")
        default = "" if parameter.default is parameter.empty else " = ..."
        text.append(f"{one}: {parameter.annotation}{default}")
    imports = needed([str(p.annotation) for p in shown.values()], cls)
    head = f"class {name}(_{name}):"
    return imports, [head, f"    def __init__({', '.join(text)}) -> None: ..."]


def annotated(cls: type) -> list[str]:
    """The fields of a class in the order in which type checkers read them."""
    found: dict[str, None] = {}
    for base in reversed(cls.__mro__):
        for name, text in vars(base).get("__annotations__", {}).items():
            if "ClassVar" in str(text):
                found.pop(name, None)
            elif name in vars(base).get("fields", {}):
                found[name] = None
    return list(found)


def shown(field: Any) -> str:
    """A field as a class annotates it."""
    default = "" if field.required else f" = {field.default!r}"
    return f"    {field.name}: {typed(field.hint)}{default}"


def corrected(cls: Any) -> str:
    """The body of a stub: a docstring that no literal is, what `placed` makes a keyword, and what
    `Layer` declares of a field."""
    block = re.findall(r"(_\w): .* = keyword\(alias=\"(\w+)\"", inspect.getsource(Layer))
    lines = [f'    """{cls.__doc__}"""'] if "__doc__ = f" in inspect.getsource(cls) else []
    lines += [f"    {held}: ClassVar[Any]" for held, alias in block if alias in cls.fields]
    lines += [shown(field) for field in cls.fields.values() if field.behind is not None]
    return "\n".join(["", *lines]) if lines else " ..."


def typed(hint: Any) -> str:
    """A hint as it was written."""
    for name, held in vars(rules).items():
        if held is hint and name[0] != "_" and typing.get_origin(hint) is Annotated:
            return f"rules.{name}"
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " | ".join(typed(part) for part in typing.get_args(hint))
    if typing.get_origin(hint) is Annotated:
        return typed(typing.get_args(hint)[0])
    return "None" if hint is types.NoneType else hint.__name__


def stub(package: str, names: Table) -> str:
    """What editors and type checkers read of a namespace.

    A class around a function has a constructor that no annotation says; its stub does, and that
    of a class whose arguments are its annotations and those of a constructor above. So has a
    layer whose fields are `weights`, `placed` or its cell's: the last base of its stub annotates
    them in order, and what is annotated again keeps its place.
    """
    module = importlib.import_module(package)
    imports, after = ["from typing import Any", ""], ["", "__all__: list[str]"]
    orders: dict[tuple[str, ...], str] = {}
    for name, (home, own) in sorted(names.items(), key=lambda item: (item[1][0], item[0])):
        found = held(home, own) if home else getattr(module, name)
        init = vars(found).get("__init__") if inspect.isclass(found) else None
        if own == "*":
            parent, _, last = home.rpartition(".")
            imports.append(f"from {parent} import {last} as {name}")
        elif name != own:
            after.append(f"{name} = {own}")
            if own not in names:
                imports.append(f"from {home or package} import {own}")
        elif "around" in getattr(init, "__dict__", {}):
            said = [str(p.annotation) for p in inspect.signature(init).parameters.values()]
            asked = needed([one for one in said if "_empty" not in one], found)
            have = {line.rpartition(" ")[2] for line in imports}
            imports += [line for line in asked if line.rpartition(" ")[2] not in have]
            after.append(f"class {name}({found.__mro__[1].__name__}):")
            after.append(f"    def __init__({taken(init, True)}) -> None: ...")
        elif inspect.isclass(found) and hasattr(found.__init__, "defaults"):
            asked, lines = declared(name, found)
            imports += [f"from {home or package} import {own} as _{name}"]
            imports += [line for line in asked if line not in imports]
            after += lines
        elif inspect.isclass(found) and list(getattr(found, "fields", ())) != annotated(found):
            imports.append(f"from {home or package} import {own} as _{name}")
            said = [n if n in annotated(found) else shown(f) for n, f in found.fields.items()]
            if (order := tuple(said)) not in orders:
                orders[order] = f"_Of{name}"
                after += [f"class _Of{name}(Fields):", *map(shown, found.fields.values())]
            after.append(f"class {name}(_{name}, {orders[order]}):{corrected(found)}")
        else:
            imports.append(f"from {home or package} import {own} as {name}")
    for name, found in sorted(vars(module).items()):
        own = inspect.isfunction(found) and found.__module__ == package
        if own and name not in names and name[0] != "_":
            after.append(f"def {name}({taken(found, False)}) -> Any: ...")
    if orders:
        imports[1:1] = ["from typing import ClassVar", "", "from kerasish.arguments import rules"]
        imports.append("from kerasish.arguments.fields import Fields")
    if not any("Any" in line for line in after):
        imports = imports[2:]
    return "\n".join([f"# {NOTE}", *imports, *after, ""])


def commands() -> str:
    """The commands that the files of `kerasish.cli` declare, a line each."""
    modules("kerasish.cli")
    lines: list[str] = []
    for name, held in sorted(DECLARED.items()):
        if held.module.startswith("kerasish.cli."):
            entry = {key: value for key, value in vars(held).items() if key != "name"}
            entry["arguments"] = [(a.flags, a.keywords, a.heading) for a in held.arguments]
            lines.append(f"    {name!r}: {entry!r},")
    return "\n".join(["{", *lines, "}"])


def page_of_commands() -> str:
    """docs/commands.md: every command by its group, in a line, with an example."""
    lines = ["# Commands", "", "Every command with an example. `kerasish COMMAND --help` says what "
             "one takes; [the command line](command-line.md) explains them.", ""]  # fmt: skip
    for group, title in GROUPS.items():
        held = sorted(
            (one for one in DECLARED.values() if one.group == group), key=lambda c: c.name
        )
        lines += [f"## {title[0].upper()}{title[1:]}", "", "| command | what it does | example |"]
        lines.append("|---|---|---|")
        for one in held:
            cells = (f"`{one.name}`", one.summary, f"`{one.example.splitlines()[0]}`")
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    lines.append(f"{NOTE}")
    return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    """Every generated file and its text."""
    public, kinds = index()
    text = (
        f'"""Where public names and built-in names live. {NOTE}"""\n\n'
        f"PUBLIC: dict[str, dict[str, str]] = {written(public)}\n"
        f"KINDS: dict[str, dict[str, str]] = {written(kinds)}\n"
    )
    stubs = {
        Path(str(importlib.import_module(space).__file__)).with_suffix(".pyi"): stub(space, names)
        for space, names in public.items()
    }
    index_of_commands = (
        f'"""The commands and their arguments. {NOTE}"""\n\n'
        f"from typing import Any\n\n"
        f"COMMANDS: dict[str, dict[str, Any]] = {commands()}\n"
    )
    return {
        ROOT / "kerasish/_names.py": text,
        ROOT / "kerasish/cli/_index.py": index_of_commands,
        ROOT / "docs/commands.md": page_of_commands(),
        **stubs,
    }


if __name__ == "__main__":
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")
