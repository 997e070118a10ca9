from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.resolve.document import as_document
from kerasish.declarative.resolve.interpolate import interpolate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import Mapping, Scalar, plain
from kerasish.errors import ConfigError
from tests.declarative.helpers import block, error_text, outcome, well_formed


def resolve(text: str, environment: dict[str, str] | None = None) -> Mapping:
    diagnostics = Diagnostics()
    document = as_document(load(text, "cnn.yaml", diagnostics), diagnostics)
    resolved = interpolate(document, diagnostics, environment).document
    diagnostics.raise_if_any()
    return resolved


def values(text: str, environment: dict[str, str] | None = None) -> Any:
    return plain(resolve(block(text), environment))


def errors_of(text: str) -> str:
    return error_text(lambda: resolve(block(text)))


def test_whole_values_keep_their_type() -> None:
    text = """
    name: m_${width}
    vars: {width: 32, lr: 1e-3, on: true, half: "${width // 2}", n: {a: 3, l: [1, $width]}}
    x: [$width, $lr, $on, $half, $n.a, $n.l, $n, "${on}", "${width}", $name]
    """
    found = values(text)
    n = {"a": 3, "l": [1, 32]}
    assert found["x"] == [32, 1e-3, True, 16, 3, [1, 32], n, True, 32, "m_32"]
    assert found["name"] == "m_32"


def test_inside_text() -> None:
    text = """
    vars: {width: 32, on: false, lr: 0.5}
    x: ["a${width}b${lr}", "${on}", "is ${on}", "$$5", "a$$", "cost $5", "$", "$$width", "a $ b"]
    """
    expected = ["a32b0.5", False, "is false", "$5", "a$", "cost $5", "$", "$width", "a $ b"]
    assert values(text)["x"] == expected


def test_repeat_binds_its_index() -> None:
    text = """
    vars: {depth: 2}
    layers:
      - A
      - repeat: $depth
        layers:
          - Conv2D: {filters: "${8 * 2**i}", name: "conv_${i}"}
          - repeat: 2
            index: j
            layers: [{D: "${10*i + j}"}, B]
    """
    assert values(text)["layers"] == [
        "A",
        {"Conv2D": {"filters": 8, "name": "conv_0"}}, {"D": 0}, "B", {"D": 1}, "B",
        {"Conv2D": {"filters": 16, "name": "conv_1"}}, {"D": 10}, "B", {"D": 11}, "B",
    ]  # fmt: skip


def test_an_inner_index_hides_an_outer_one() -> None:
    text = "x: [{repeat: 2, layers: [{repeat: 2, layers: [$i]}, $i]}, {repeat: 0, layers: [1]}]"
    assert values(text)["x"] == [0, 1, 0, 0, 1, 1]


def test_the_environment_only_where_allowed() -> None:
    text = "x: [$env.HOME, '${env.HOME}/y']"
    assert values(text, {"HOME": "/h"})["x"] == ["/h", "/h/y"]
    assert "K303 '$env.HOME' reads the environment" in errors_of(text)
    with pytest.raises(ConfigError, match="K301 the environment variable 'HOME' is not set"):
        values(text, {})


def test_the_environment_has_types() -> None:
    held = {"N": "3", "R": "1e-3", "B": "true", "T": "relu", "Q": "'3'", "E": ""}
    text = "x: [$env.N, '${env.R * 2}', $env.B, $env.T, $env.Q, $env.E, 'v${env.N}']"
    assert values(text, held)["x"] == [3, 2e-3, True, "relu", "3", None, "v3"]


def test_values_know_where_they_are_used_and_defined() -> None:
    document = resolve("vars:\n  width: 32\nx: $width\n")
    value = document.get("x")
    assert isinstance(value, Scalar)
    assert (str(value.mark), str(value.via)) == ("cnn.yaml:3:4", "cnn.yaml:2:10")


def test_all_errors_at_once_exact_text() -> None:
    text = """
    vars: {a: $b, b: "${a + 1}", width: 3}
    x: $wdth
    y: "2 ${width.x}"
    z: "${__import__('os')}"
    w: "${width * 'a'}"
    v: runs/$width/x
    u: ${width
    t: $env.HOME
    layers:
    - {repeat: -1, layers: []}
    - {repeat: 2, layer: []}
    - {repeat: 1, layers: [], index: 3}
    s: $a
    """
    expected = """
    cnn.yaml:1:21: K302 variables form a cycle: a -> b -> a
       | vars: {a: $b, b: "${a + 1}", width: 3}
       |                     ^
       a: cnn.yaml:1:8
       b: cnn.yaml:1:15

    cnn.yaml:2:4: K301 variable 'wdth' is unknown
       | x: $wdth
       |    ^^^^^      did you mean 'width'?

    cnn.yaml:3:9: K301 variable 'width' has no 'x'
       | y: "2 ${width.x}"
       |         ^^^^^^^

    cnn.yaml:4:7: K303 only min, max, int, round and len may be called
       | z: "${__import__('os')}"
       |       ^^^^^^^^^^

    cnn.yaml:5:15: K303 arithmetic needs numbers, received 'a'
       | w: "${width * 'a'}"
       |               ^^^

    cnn.yaml:6:9: K303 '$width' inside longer text is ambiguous
       | v: runs/$width/x
       |         ^^^^^^      write ${width}, or $$ for a plain '$'

    cnn.yaml:7:4: K303 '${' has no matching '}'
       | u: ${width
       |    ^^      write ${width}, or $$ for a plain '$'

    cnn.yaml:8:4: K303 '$env.HOME' reads the environment, which is not allowed here
       | t: $env.HOME
       |    ^^^^^^^^^      pass Options(allow_env=True) to allow it

    cnn.yaml:10:12: K204 repeat must be an integer from 0 to 1000, received -1 (integer)
       | - {repeat: -1, layers: []}
       |            ^^

    cnn.yaml:11:15: K110 repeat has no key 'layer'
       | - {repeat: 2, layer: []}
       |               ^^^^^      did you mean 'layers'?

    cnn.yaml:12:34: K204 index must be a name, received 3 (integer)
       | - {repeat: 1, layers: [], index: 3}
       |                                  ^
    """
    assert errors_of(text) == block(expected)


def _variable_bomb() -> str:
    lines = ["vars:", "  a: [1,1,1,1,1,1,1,1,1,1]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"  {name}: [{','.join(['$' + before] * 10)}]")
    return "\n".join([*lines, "x: $i"])


def _text_bomb() -> str:
    lines = ["vars:", "  a: xxxxxxxxxx"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"  {name}: " + f"${{{before}}}" * 10)
    return "\n".join([*lines, "x: $i"])


CHAIN = ", ".join(f"a{i}: $a{i + 1}" for i in range(3000))
NEST = ", ".join(f"a{i}: {'[' * 40}$a{i + 1}{']' * 40}" for i in range(200))
BOMBS = {
    "variables": _variable_bomb(),
    "text": _text_bomb(),
    "repeats": "x: " + "[{repeat: 1000, layers: " * 4 + "[1]" + "}]" * 4,
    "empty repeats": "x: " + "[{repeat: 1000, layers: " * 4 + "[]" + "}]" * 4,
    "a long chain": f"vars: {{{CHAIN}, a3000: 1}}",
    "a chain of nests": f"vars: {{{NEST}, a200: 1}}",
    "a chain of nests, last first": "vars: {"
    + ", ".join(reversed([*NEST.split(", "), "a200: 1"]))
    + "}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_at_once(name: str) -> None:
    start = time.process_time()
    assert "K105" in error_text(lambda: resolve(BOMBS[name]))
    assert time.process_time() - start < 1.0


PIECES = st.sampled_from(
    ["$", "$$", "${", "}", "a", "b", ".", "+", "1", " ", "i", "$a", "${a}", "${b+1}", "env", "/"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=10), st.lists(PIECES, max_size=10))
def test_fuzz(one: list[str], other: list[str]) -> None:
    text = "vars:\n  a: '{}'\n  b: [1, '{}']\nx: '{}'\n"
    assert well_formed(
        outcome(lambda: values(text.format("".join(one), "".join(other), "".join(one + other))))
    )
