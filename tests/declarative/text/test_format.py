"""Formatting changes what lies between tokens, and never a value or a comment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.text import format as formatting
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.format import comments, formatted, same
from kerasish.declarative.text.loader import load
from kerasish.errors import ConfigError
from tests.declarative.helpers import block

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.yaml"))

WORDS = st.sampled_from(
    ["a", "relu", "64", "1e-4", "'it''s'", '"two\\n"', '"#no"', "null", "~", "a b", "$x",
     '"${2 * w}"',
     "x#y", "2020-01-01", "-1", ".5", "true", "http://x/y", "'a: b'", '"\\u00e9"', "é"]
)  # fmt: skip
KEYS = ("kerasish", "model", "x", "y z", "'k'", '"q"', "layers", "n1", "Dense", "f")


class Writer:
    """YAML in whatever style a source of choices picks: valid, and far from tidy."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.anchors = 0
        self.noted = 0

    def one_of(self, *choices: object) -> object:
        return self.draw(st.sampled_from(choices))

    def blanks(self, least: int = 0) -> str:
        return " " * self.draw(st.integers(least, 3))

    def comment(self) -> str:
        self.noted += 1
        return f"#{self.one_of('', ' ', '! ')}note {self.noted}{self.blanks()}"

    def end(self) -> str:
        """The end of a line: blanks, a comment, empty lines, comments of their own."""
        text = f"{self.blanks(1)}{self.comment()}" if self.one_of(0, 0, 1) else self.blanks()
        text += str(self.one_of("\n", "\n", "\n", "\r\n"))
        for _ in range(self.draw(st.sampled_from([0, 0, 0, 1, 2]))):
            empty = f"{self.blanks()}\n"
            text += str(self.one_of(empty, f"{' ' * self.draw(st.integers(0, 9))}#own\n"))
        return text

    def flow(self, depth: int, indent: int) -> str:
        kind = self.one_of("scalar", "scalar", "list", "map") if depth else "scalar"
        if kind == "scalar":
            return self.draw(WORDS)
        inner = [self.flow(depth - 1, indent) for _ in range(self.draw(st.integers(0, 3)))]
        if kind == "map":
            inner = [f"{key}{self.blanks()}: {self.blanks()}{v}" for key, v in zip(KEYS, inner)]  # noqa: B905
        around = "[]" if kind == "list" else "{}"
        text = around[0]
        for number, item in enumerate(inner):
            text += ("," if number else "") + self.break_in_flow(indent) + item
            text += self.break_in_flow(indent)
        return text + around[1]

    def break_in_flow(self, indent: int) -> str:
        if self.one_of(0, 0, 0, 1):
            return self.end() + " " * (indent + self.draw(st.integers(1, 4)))
        return self.blanks()

    def value(self, depth: int, indent: int) -> str:
        """What stands behind `key:` or `-`, with the line break that ends it."""
        kind = self.one_of("flow", "flow", "map", "list", "literal", "words", "nothing")
        if depth == 0 and kind in ("map", "list"):
            kind = "flow"
        deeper = indent + self.draw(st.integers(1, 4))
        if kind == "map":
            return self.end() + self.mapping(depth - 1, deeper)
        if kind == "list":
            return self.end() + self.list(depth - 1, deeper)
        if kind == "literal":
            return self.literal(deeper)
        if kind == "nothing":
            return self.end()
        if kind == "words":
            quote = str(self.one_of("", "'", '"'))
            return f" {quote}one{self.blanks()}\n{' ' * deeper} two{quote}{self.end()}"
        anchor = ""
        if self.one_of(0, 0, 0, 1):
            self.anchors += 1
            anchor = f" &a{self.anchors}{self.blanks()}"
        elif self.anchors and self.one_of(0, 0, 0, 1):
            return f" *a{self.draw(st.integers(1, self.anchors))}{self.end()}"
        return f"{anchor} {self.blanks()}{self.flow(2, deeper)}{self.end()}"

    def literal(self, deeper: int) -> str:
        head = f"{self.one_of('|', '>')}{self.one_of('', '-', '+')}"
        note = f"  {self.comment()}" if self.one_of(0, 0, 1) else ""
        lines = [f"{self.one_of('', '  ')}text #{i}{self.blanks()}" for i in range(2)]
        lines[0] = lines[0].lstrip()
        lines.insert(1, str(self.one_of("also", "", "  in")))
        text = "".join(f"{' ' * deeper}{line}\n" if line else "\n" for line in lines)
        return f" {head}{note}\n{text}{self.one_of('', '', chr(10))}"

    def mapping(self, depth: int, indent: int, first: str = "") -> str:
        text = ""
        for key in KEYS[: self.draw(st.integers(1, 3))]:
            lead = first if first and not text else " " * indent
            text += f"{lead}{key}{self.blanks()}:{self.value(depth, indent)}"
        return text

    def list(self, depth: int, indent: int) -> str:
        text = ""
        for _ in range(self.draw(st.integers(1, 3))):
            dash = f"{' ' * indent}-"
            if depth and self.one_of(0, 1):
                between = " " * self.draw(st.integers(1, 3))
                inner = indent + 1 + len(between)
                text += dash + self.mapping(depth - 1, inner, between)
            else:
                text += dash + self.value(depth, indent)
        return text


@st.composite
def documents(draw: st.DrawFn) -> str:
    writer = Writer(draw)
    lead = str(writer.one_of("", "\n\n", "# first\n", "\n# first\n\n", "--- # start\n"))
    text = lead + writer.mapping(3, 0)
    return text.rstrip("\n") if writer.one_of(0, 0, 1) else text


@settings(max_examples=150, deadline=None)
@given(documents())
def test_values_and_comments_stay(text: str) -> None:
    try:
        before = load(text, "x", Diagnostics())
    except ConfigError:
        return  # what is drawn is not always YAML; test_what_is_drawn holds that it mostly is
    made = formatted(text, "x")
    assert same(before, load(made, "x", Diagnostics()))
    assert comments(made) == comments(text)
    assert formatted(made, "x") == made
    assert "\r" not in made


def test_what_is_drawn() -> None:
    good = []

    @settings(max_examples=100, deadline=None, database=None)
    @given(documents())
    def draw(text: str) -> None:
        try:
            load(text, "x", Diagnostics())
        except ConfigError:
            return
        good.append(text)

    draw()
    assert len(good) > 50
    assert any("|" in text for text in good)
    assert any("{" in text and "\n" in text[text.index("{") : text.rindex("}")] for text in good
               if "}" in text)  # fmt: skip


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configs_are_in_the_one_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text, path.name) == text


def form(text: str) -> str:
    return formatted(block(text), "x").rstrip("\n")


def test_the_style() -> None:
    assert form("""
        # top


        a :   [1,2 ,   {b : c,d: }, ]   # x
        kk:     4          # y


        b:

        -   x:  1
            y:   'two'
            # in the list's item
        - - a
          - &n   b
          -   *n
        # with the list
        c:
              - q: [
           1,
             2 # in
              # own
            ]
              - "multi
          line"
        """) == block("""
        # top

        a: [1, 2, {b: c, d: },]  # x
        kk: 4  # y

        b:

          - x: 1
            y: 'two'
            # in the list's item
          - - a
            - &n b
            - *n
        # with the list
        c:
          - q: [
              1,
              2  # in
              # own
            ]
          - "multi
            line"
        """).rstrip("\n")


def test_comments_in_one_column_stay_in_one() -> None:
    assert form("""
        a: 1          # x
        long_name: 2  # y
        b:  3 # z
        """) == block("""
        a: 1          # x
        long_name: 2  # y
        b: 3  # z
        """).rstrip("\n")
    assert form("""
        a:   1    # x
        long_name:    2
        bb:  1    # y
        """) == block("""
        a: 1      # x
        long_name: 2
        bb: 1     # y
        """).rstrip("\n")


def test_texts_of_several_lines() -> None:
    text = block("""
        a: |+  # note
            one

              # no comment
            two

        b:
              - >2
                 folded
                more
              -   |-
               end
        """)
    assert formatted(text, "x") == block("""
        a: |+  # note
          one

            # no comment
          two

        b:
          - >2
             folded
            more
          - |-
            end
        """)
    assert formatted("a: |\n   x", "x") == "a: |\n  x"  # a break at the end would be part of it
    assert formatted("a: |-\n   x", "x") == "a: |-\n  x"
    assert formatted("a: x", "x") == "a: x\n"
    assert formatted("\ufeffa:   x\r\n\r\n\r\n".encode(), "x") == "a: x\n"


def test_wrong_files_are_findings() -> None:
    with pytest.raises(ConfigError, match="K101 "):
        formatted("a: [1", "x")
    with pytest.raises(ConfigError, match="K102 "):
        formatted("a: 1\na: 2\n", "x")


def test_nothing_is_changed_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting._Formatter, "run", lambda self: "a: 2\n")
    with pytest.raises(RuntimeError, match="would change"):
        formatted("a: 1\n", "x")
    monkeypatch.setattr(formatting._Formatter, "run", lambda self: "a: 1\n")
    with pytest.raises(RuntimeError, match="would change"):
        formatted("a: 1 # lost\n", "x")
    assert formatted("a: 1", "x") == "a: 1\n"
