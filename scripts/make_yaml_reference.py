"""Write docs/yaml-reference.md out of the keys that are declared: run it after a change of keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasish.declarative.check import vocabulary
from kerasish.declarative.language.keys import Key, Keys
from kerasish.declarative.schemas.file import CONTROLS
from kerasish.declarative.sections.data_keys import ENTRY
from kerasish.declarative.sections.steps import LOAD_KEYS
from kerasish.declarative.sections.validate import SECTIONS

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "yaml-reference.md"
HEAD = """# YAML reference

Every key that a config may have, written by `scripts/make_yaml_reference.py` from the declarations
by which files are checked. [Models in YAML](yaml.md) explains the language; `kerasish describe
Dense` says the arguments of a layer or another object, and `kerasish schema` prints the JSON Schema
by which editors complete. A text `$name` or `"${expression}"` may stand in the place of any value.

The examples are whole files of [yaml/](yaml), each of which is trained by the tests on small data.
"""


@dataclass(frozen=True)
class Example:
    """A file of docs/yaml.

    Attributes:
        path: where it is.
        title: its first comment.
        under: names of the mappings that it shows.
        data: what data it reads, by their makers in the tests.
        arguments: what `kerasish fit` is given beside the file.
        text: the file without the comments that say these.
    """

    path: Path
    title: str
    under: list[str]
    data: list[str]
    arguments: list[str]
    text: str


def examples() -> dict[str, Example]:
    """The examples by name."""
    found: dict[str, Example] = {}
    for path in sorted((DOCS / "yaml").glob("*.yaml")):
        title, *lines = path.read_text(encoding="utf-8").splitlines()
        said = {"under": "", "data": "", "arguments": ""}
        while told := re.fullmatch(r"# (under|data|arguments): (.+)", lines[0]):
            said[told[1]] = told[2]
            del lines[0]
        under, data = (said[key].split(", ") if said[key] else [] for key in ("under", "data"))
        found[path.stem] = Example(
            path, title[2:], under, data, said["arguments"].split(), "\n".join(lines)
        )
    return found


def reached(keys: Keys) -> list[Keys]:
    """The mappings that stand in one, itself first, each once."""
    found: dict[Keys, None] = {keys: None}
    for held in found.copy():
        for key in held.records():
            for inner in key.form.within():
                for one in reached(inner) if inner not in found else ():
                    found.setdefault(one)
    return list(found)


def all_keys() -> list[Keys]:
    """All mappings that are declared, in the order of the page."""
    found: dict[Keys, None] = dict.fromkeys(reached(SECTIONS))
    found.update(dict.fromkeys([ENTRY, *CONTROLS, LOAD_KEYS]))
    return list(found)


def cell(text: Any) -> str:
    """Text as it stands in a table."""
    return str(text).replace("|", "\\|")


def default(key: Key) -> str:
    """What stands in the column of defaults."""
    if key.required:
        return "required"
    held = key.default
    return "" if held is None else f"`{str(held).lower() if isinstance(held, bool) else held}`"


def table(keys: Keys) -> list[str]:
    """A mapping as a heading, its words and its keys."""
    lines = [f"## {keys.name}", "", keys.text, "", "| key | value | default | meaning | example |"]
    lines.append("|---|---|---|---|---|")
    for key in keys.records():
        inner = ", ".join(f"[{one.name}](#{one.name})" for one in key.form.within())
        value = f"{key.form.expected}; see {inner}" if inner else key.form.expected
        example = f"`{key.name}: {key.example}`" if key.example else ""
        row = (f"`{key.name}`", value, default(key), key.text, example)
        lines.append(f"| {' | '.join(map(cell, row))} |")
    if keys.open is not None:
        lines += ["", f"Any other key is {keys.open.expected}."]
    lines.append("")
    for name, example in examples().items():
        if keys.name in example.under:
            lines += [f"{example.title} ([{name}.yaml](yaml/{name}.yaml))", ""]
            # Where several headings have an example, it stands under the first.
            if example.under[0] == keys.name:
                lines += ["```yaml", example.text, "```", ""]
    return lines


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for keys in all_keys():
        lines += table(keys)
    lines += ["## Names", "", "What a file may name, by kind; layers also in snake case.", ""]
    for kind in vocabulary.KINDS:
        names = ", ".join(f"`{name}`" for name in vocabulary.names(kind))
        lines += [f"**{kind}**: {names}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
