from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasish.budget import KINDS
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import MAX_BYTES, load
from kerasish.declarative.text.scalars import MAX_DEPTH
from kerasish.declarative.text.source import Mapping, Sequence, Value, plain
from tests.declarative.helpers import block, error_text, outcome, well_formed

MAX_VALUES = int(KINDS["values"][0])


def read(text: str | bytes) -> Value:
    diagnostics = Diagnostics()
    value = load(text, "cnn.yaml", diagnostics)
    diagnostics.raise_if_any()
    return value


def errors_of(text: str | bytes) -> str:
    return error_text(lambda: read(text))


def test_values_and_marks() -> None:
    value = read("model:\n  units: 64\n  rates: [1e-4, 'x']\n")
    assert plain(value) == {"model": {"units": 64, "rates": [1e-4, "x"]}}
    assert isinstance(value, Mapping)
    model = value.entries["model"].value
    assert isinstance(model, Mapping)
    units = model.entries["units"]
    assert (str(units.mark), units.mark.width) == ("cnn.yaml:2:3", 5)
    assert (str(units.value.mark), units.value.mark.text) == ("cnn.yaml:2:10", "64")
    rates = model.entries["rates"].value
    assert isinstance(rates, Sequence)
    assert [item.mark.text for item in rates.items] == ["1e-4", "'x'"]
    assert rates.mark.text == "[1e-4, 'x']"


def test_merge_keys_and_aliases() -> None:
    text = """
    base: &b {x: 1, y: 2}
    one: {<<: *b, y: 3}
    two: {<<: [*b, {x: 5, z: 4}]}
    three: {"<<": 1}
    """
    assert plain(read(block(text))) == {
        "base": {"x": 1, "y": 2},
        "one": {"x": 1, "y": 3},
        "two": {"x": 1, "y": 2, "z": 4},
        "three": {"<<": 1},
    }


def test_a_byte_order_mark_is_no_content() -> None:
    assert plain(read("\ufeffa: 1".encode())) == {"a": 1}
    assert plain(read("\ufeffa: 1")) == {"a": 1}


GOLDEN = {
    "interpolation in flow style": (
        """
        - A: {b: ${c}}
        """,
        """
        cnn.yaml:1:10: K101 '${...}' must be quoted inside of { } and [ ]
           | - A: {b: ${c}}
           |          ^^^^      write "${c}"
        """,
    ),
    "colon in plain text": (
        """
        a: b: c
        """,
        """
        cnn.yaml:1:4: K101 two keys on one line, 'a' and 'b'
           | a: b: c
           |    ^      write a: {b: c}
        """,
    ),
    "list not closed": (
        """
        a: [1, 2
        b: 3
        """,
        """
        cnn.yaml:1:4: K101 the '[' is not closed
           | a: [1, 2
           |    ^      write a: [1, 2]
        """,
    ),
    "text not closed": (
        """
        a: 'abc
        b: 3
        """,
        """
        cnn.yaml:1:4: K101 the quoted text is not closed
           | a: 'abc
           |    ^^^^      add the closing quote: 'abc'
        """,
    ),
    "indentation": (
        """
        a:
          - b
         c: 3
        """,
        """
        cnn.yaml:3:2: K101 the indentation does not match the lines above
           |  c: 3
           |  ^^      this line has 1 space before it, those it belongs with 0
        """,
    ),
    "key that is a list": (
        """
        {[a]: b}
        """,
        """
        cnn.yaml:1:2: K101 a key must be text, not a collection
           | {[a]: b}
           |  ^      text with '{' or '[' must be quoted
        """,
    ),
    "two documents": (
        """
        a: 1
        ---
        b: 2
        """,
        """
        cnn.yaml:2:1: K101 a second document starts here
           | ---
           | ^^^      keep one
        """,
    ),
    "unknown anchor": (
        """
        a: *b
        """,
        """
        cnn.yaml:1:4: K101 the anchor '&b' is not defined
           | a: *b
           |    ^^      &b names a value above; a variable is written $b
        """,
    ),
    "impossible escape": (
        r"""
        a: "\U99999999"
        """,
        r"""
        cnn.yaml:1:7: K101 the YAML cannot be read: a number or an escape here is out of range
           | a: "\U99999999"
           |       ^
        """,
    ),
    "duplicate keys, all of them": (
        """
        a: 1
        b: {x: 1, y: 2, x: 3}
        a: 3
        """,
        """
        cnn.yaml:2:17: K102 key 'x' is given twice
           | b: {x: 1, y: 2, x: 3}
           |                 ^      first given at line 2: keep one

        cnn.yaml:3:1: K102 key 'a' is given twice
           | a: 3
           | ^      first given at line 1: keep one
        """,
    ),
    "tags": (
        """
        a: !!python/object/apply:os.system ['x']
        b: !foo 3
        """,
        """
        cnn.yaml:1:4: K103 the tag '!!python/object/apply:os.system' is refused
           | a: !!python/object/apply:os.system ['x']
           |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^      a file holds plain values only: remove it

        cnn.yaml:2:4: K103 the tag '!foo' is refused
           | b: !foo 3
           |    ^^^^      a file holds plain values only: remove it
        """,
    ),
    "tab": (
        """
        a:
        \tb: 3
        """,
        """
        cnn.yaml:2:1: K104 a tab is used for indentation
           |  b: 3
           | ^      use spaces
        """,
    ),
    "anchor inside itself": (
        """
        a: &a [*a]
        """,
        """
        cnn.yaml:1:8: K105 '*a' stands inside itself
           | a: &a [*a]
           |        ^^      write out what is meant
        """,
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_error_texts(case: str) -> None:
    text, expected = GOLDEN[case]
    assert errors_of(block(text)) == block(expected)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/new:type",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/tuple",
        "!!str",
        "!!binary",
        "!!set",
        "!!timestamp",
        "!",
        "!include",
        "!<tag:yaml.org,2002:python/object/apply:os.system>",
        "!undeclared!x",
    ],
)
def test_every_tag_is_refused(tag: str) -> None:
    assert "K103" in errors_of(f"a: {tag} x")
    assert "K103" in errors_of(f"- {tag} [x]")


def test_not_utf_8() -> None:
    assert errors_of(b"a: 1\nb: \xff") == (
        "cnn.yaml:2:4: K101 the file is not UTF-8 text\n   = save it as UTF-8"
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_no_content(text: str) -> None:
    assert "K101 there is no content" in errors_of(text)


def test_too_large() -> None:
    assert "K105 the file is larger than 1024 KiB" in errors_of(b"#" * (MAX_BYTES + 1))


def _alias_bomb() -> str:
    lines = ["a: &a [" + ",".join("x" * 10) + "]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [" + ",".join([f"*{before}"] * 10) + "]")
    return "\n".join(lines)


def _merge_bomb() -> str:
    wide = ", ".join(f"k{i}: 1" for i in range(1000))
    return f"a: &a {{{wide}}}\n" + "\n".join(f"b{i}: {{<<: *a}}" for i in range(200))


DEEP = 10_000
BOMBS = {
    "aliases": _alias_bomb(),
    "merges": _merge_bomb(),
    "flow lists": "[" * DEEP + "]" * DEEP,
    "flow mappings": "{a: " * DEEP + "}" * DEEP,
    "block lists": "- " * DEEP + "x",
    "keys": "? " * DEEP + "x",
    "lines": "\n".join(" " * i + "a:" for i in range(1000)),
    "deep aliases": "\n".join(
        ["a0: &a0 [x]", *(f"a{i + 1}: &a{i + 1} [[[[*a{i}]]]]" for i in range(100))]
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_at_once(name: str) -> None:
    start = time.process_time()
    text = errors_of(BOMBS[name])
    assert "K105" in text or (name == "keys" and "K101" in text)
    assert len(text) < 1000
    assert time.process_time() - start < 1.0


def test_the_limits_themselves_are_allowed() -> None:
    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert read(deep).height == MAX_DEPTH
    assert "K105" in errors_of(f"[{deep}]")
    hundred = "[" + ",".join("x" * 99) + "]"
    tens = MAX_VALUES // 1000
    text = f"- &a {hundred}\n" + "\n".join("- [" + ",".join(["*a"] * 9) + "]" for _ in range(tens))
    assert read(text).size <= MAX_VALUES


YAML_PIECES = st.sampled_from(
    [":", " ", "\n", "\n  ", "- ", "{", "}", "[", "]", ",", "'", '"', "&a", "*a", "!", "!!str ",
     "<<", "? ", "|", ">", "#", "%", "@", "`", "$", "${", "a", "b: ", "1", "\t", "\\", "\\U", "---",
     "...", "%YAML 1.1\n", "%TAG ! x\n", "\x00", "\x85", "\u2028", "\ufeff", "é", "\U0001f600",
     "\ud800", "~", "0x", "1e9", "9" * 30]
)  # fmt: skip


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(YAML_PIECES, max_size=60))
def test_fuzz_pieces_of_yaml(pieces: list[str]) -> None:
    assert well_formed(outcome(lambda: plain(read("".join(pieces)))))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_fuzz_any_input(data: bytes | str) -> None:
    assert well_formed(outcome(lambda: plain(read(data))))


GOOD = block("""
    kerasish: 1
    vars: {width: 32, lr: 1e-3}
    model:
      type: sequential
      layers:
        - repeat: 2
          layers:
            - Conv2D: {filters: "${width * 2**i}", kernel_size: 3}
        - Dense: &d {units: $width, activation: relu}
        - Dense: {<<: *d, name: probs}
    """).encode()


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.booleans())
def test_fuzz_a_flipped_byte_or_a_cut(position: int, byte: int, cut: bool) -> None:
    data = GOOD[:position] if cut else GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    assert well_formed(outcome(lambda: plain(read(data))))
