from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kerasish.declarative import Options, load_config
from kerasish.declarative.resolve.document import as_document, read_document
from kerasish.declarative.resolve.interpolate import interpolate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from tests.declarative.helpers import block, error_text

CONFIGS = Path(__file__).resolve().parents[3] / "configs"
BLOCKS = """
vars: {base: 8}
blocks:
  conv:
    args: {filters: , kernel: 3, activation: relu, twice: "${2 * filters}"}
    layers:
      - Conv2D: {filters: $filters, kernel_size: $kernel}
      - BatchNormalization
      - {when: $activation, layers: [Activation: $activation]}
  pair: {args: {filters: }, layers: [conv: $filters, conv: {filters: "${filters + base}", name: b}]}
  residual:
    args: {filters: , project: false}
    input: x
    nodes:
      body: {from: x, seq: [{conv: $filters}, {Conv2D: {filters: 3, kernel_size: 1, name: own}}]}
      short: {from: x, seq: [{when: $project, layers: [{conv: $filters}]}]}
      sum: {from: [short, body], Add: {}}
    output: sum
  up: {input: [x, skip], nodes: {big: {from: x, UpSampling2D: 2}, out: {from: [big, skip], Concatenate: {}}}, output: out}
"""  # noqa: E501


def written(text: str, blocks: str = BLOCKS) -> Any:
    """The model of a document with blocks, written out."""
    diagnostics = Diagnostics()
    document = as_document(load(blocks + block(text), "m.yaml", diagnostics), diagnostics)
    found = interpolate(document, diagnostics)
    diagnostics.raise_if_any()
    return plain(found.document)["model"]


def layers(text: str) -> Any:
    return written(f"model: {{input: [8], layers: [{text}]}}")["layers"]


def nodes(text: str) -> Any:
    return written(f"model: {{inputs: {{i: [8]}}, nodes: {{{text}}}, outputs: o}}")["nodes"]


def errors(text: str, blocks: str = BLOCKS) -> str:
    return error_text(lambda: written(text, blocks))


def test_a_use_is_its_layers_named_by_it() -> None:
    assert layers("Flatten, conv: {filters: 4, name: stem}, Dense: 1") == [
        "Flatten",
        {"Conv2D": {"filters": 4, "kernel_size": 3, "name": "stem_conv2d"}},
        {"BatchNormalization": {"name": "stem_batch_normalization"}},
        {"Activation": {"activation": "relu", "name": "stem_activation"}},
        {"Dense": 1},
    ]


def names(found: Any) -> list[str]:
    return [one[key]["name"] for one in found for key in one]


def test_uses_without_a_name_are_counted_as_layers_are() -> None:
    found = layers("conv: {filters: 4, activation: null}, {conv: {filters: 5, activation: null}}")
    assert names(found) == [
        "conv_conv2d", "conv_batch_normalization", "conv_1_conv2d", "conv_1_batch_normalization"
    ]  # fmt: skip


def test_a_name_that_is_given_is_not_made_again() -> None:
    found = layers("conv: {filters: 4, name: conv}, {conv: {filters: 5, activation: null}}")
    assert names(found)[3:] == ["conv_1_conv2d", "conv_1_batch_normalization"]


def test_blocks_in_blocks() -> None:
    found = layers("pair: 4")
    assert names(found)[::3] == ["pair_conv_conv2d", "pair_b_conv2d"]
    assert [one["Conv2D"]["filters"] for one in found[::3]] == [4, 12]


def test_in_repetitions() -> None:
    found = layers("{for: {w: [1, 2]}, layers: [{repeat: $w, layers: [{conv: $w}]}]}")
    assert [one["Conv2D"]["filters"] for one in found[::3]] == [1, 2, 2]
    assert len(set(names(found))) == 9


def test_loops() -> None:
    assert layers("{for: {a: [1, 2], b: [x, y]}, index: n, layers: ['${a}${b}${n}']}") == [
        "1x0", "2y1"
    ]  # fmt: skip
    assert layers("{for: {k: {p: 1, q: 2}}, layers: [A: $k]}") == [{"A": "p"}, {"A": "q"}]
    assert layers("{when: '${base > 8}', layers: [A]}, {when: '${base == 8}', layers: [B]}") == [
        "B"
    ]


def test_a_sequence_with_a_graph_is_cut_into_nodes() -> None:
    found = written(
        "model: {input: {shape: [8], name: n}, layers: [Flatten, residual: 4, Dense: 2]}"
    )
    assert found["inputs"] == {"n": {"shape": [8]}}
    assert found["outputs"] == "dense"
    assert found["nodes"] == {
        "flatten": {"from": "n", "seq": ["Flatten"]},
        "residual_body": {
            "from": "flatten",
            "seq": [
                {"Conv2D": {"filters": 4, "kernel_size": 3, "name": "residual_body_conv_conv2d"}},
                {"BatchNormalization": {"name": "residual_body_conv_batch_normalization"}},
                {"Activation": {"activation": "relu", "name": "residual_body_conv_activation"}},
                {"Conv2D": {"filters": 3, "kernel_size": 1, "name": "residual_body_own"}},
            ],
        },
        "residual_short": {"from": "flatten", "Identity": {}},
        "residual": {"from": ["residual_short", "residual_body"], "Add": {}},
        "dense": {"from": "residual", "seq": [{"Dense": 2}]},
    }


def test_a_graph_in_a_node() -> None:
    found = nodes("o: {from: i, residual: {filters: 4, project: true}}")
    assert list(found) == ["o_body", "o_short", "o"]
    assert found["o_short"]["from"] == "i"
    assert found["o"] == {"from": ["o_short", "o_body"], "Add": {}}
    found = nodes("o: {from: i, seq: [Flatten, residual: 4, {Dense: 1}]}")
    assert list(found) == ["o_flatten", "o_residual_body", "o_residual_short", "o_residual", "o"]
    assert found["o"] == {"from": "o_residual", "seq": [{"Dense": 1}]}


def test_a_block_of_several_inputs() -> None:
    for source in ("[a, i]", "{skip: i, x: a}"):
        found = nodes(f"a: {{from: i, Flatten: {{}}}}, o: {{from: {source}, up: {{}}}}")
        assert found["o_big"]["from"] == "a"
        assert found["o"]["from"] == ["o_big", "i"]
    assert nodes("o: {from: [i.1, i], up: {}}")["o_big"]["from"] == "i.1"


def test_a_block_as_the_body_of_a_node() -> None:
    found = nodes("o: {from: i, conv: {filters: 4, activation: null}}")
    assert found == {
        "o": {
            "from": "i",
            "seq": [
                {"Conv2D": {"filters": 4, "kernel_size": 3, "name": "o_conv2d"}},
                "BatchNormalization",
            ],
        }
    }


def test_nodes_in_a_loop_are_a_list() -> None:
    found = nodes("e: {for: {k: [1, 3]}, from: i, Dense: $k}, o: {from: [i, e], Add: {}}")
    assert found["e_0"] == {"from": "i", "Dense": 1}
    assert found["o"]["from"] == ["i", "e_0", "e_1"]
    assert nodes("e: {for: {k: [1]}, from: i, Dense: 1}, o: {from: e, Add: {}}")["o"]["from"] == [
        "e_0"
    ]


def test_a_node_that_is_not_there_is_its_input() -> None:
    assert nodes("o: {when: '${base > 8}', from: i, Dense: 1}") == {
        "o": {"from": "i", "Identity": {}}
    }
    assert nodes("o: {when: true, from: i, Dense: 1}") == {"o": {"from": "i", "Dense": 1}}


def test_a_fault_in_a_block_is_told_where_it_stands_and_where_it_is_used() -> None:
    text = """
    kerasish: 1
    blocks:
      conv: {args: {filters: }, layers: [{Conv2D: {filters: $filters, kernel: 3}}]}
      two: {layers: [conv: 4]}
    model:
      input: [8, 8, 1]
      layers:
        - two: {}
        - Conv2D: {filters: $filters, kernel_size: 1}
    """
    expected = """
    <text>:3:67: K203 Conv2D has no argument 'kernel'
       |   conv: {args: {filters: }, layers: [{Conv2D: {filters: $filters, kernel: 3}}]}
       |                                                                   ^^^^^^
    """
    found = error_text(lambda: load_config(block(text)))
    assert block(expected) in found
    assert "   used at <text>:4:18\n   used at <text>:8:7\n" in found
    assert "<text>:9:25: K301 variable 'filters' is unknown" in found


WRONG = {
    "unknown argument": ("conv: {filters: 3, kernal: 1}", "K203 block 'conv' has no argument 'ker"),
    "missing argument": ("conv", "K202 block 'conv' needs 'filters'"),
    "misspelt argument": ("conv: {filter: 3}", "did you mean 'filters'?  conv takes filters, kern"),
    "lone value": ("two: 3", "K203 block 'two' takes no arguments, received 3 (integer)"),
    "several inputs": ("up", "K202 block 'up' reads x, skip, received 'input' (text)"),
    "misspelt block": ("conva: 3", "K201 unknown layer 'conva'"),
    "name": ("conv: {filters: 3, name: [a]}", "K404 a name must be text"),
    "two controls": ("{when: true, layers: [A], index: i}", "K110 when has no key 'index'"),
    "uneven": ("{for: {a: [1], b: [1, 2]}, layers: []}", "K204 lists side by side have one length"),
    "no list": ("{for: {a: 3}, layers: [A]}", "K204 'a' must be a list to loop over"),
    "for": ("{for: [1], layers: [A]}", "K204 for must be a mapping from names to lists"),
    "index": ("{for: {data: [1]}, layers: [A]}", "K204 for needs a name of letters"),
    "out of range": ("Dense: '${w[3]}'", "K303 variable 'w' has 1 items, there is no [3]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_uses(name: str) -> None:
    use, message = WRONG[name]
    more = BLOCKS.replace("vars: {", "vars: {w: [1], ") + "  two: {layers: [Flatten]}\n"
    found = errors(f"model: {{input: [8], layers: [{use}]}}", more)
    assert message in found
    assert found.count(": K") == 1


BAD = {
    "a layer's name": ("Dense: {layers: []}", "K404 block 'Dense' has the name of a layer"),
    "a word": ("seq: {layers: []}", "K404 block 'seq' has a word of the language"),
    "no body": ("a: {args: {}}", "K202 block 'a' needs 'layers' or 'nodes'"),
    "two bodies": ("a: {layers: [], nodes: {}}", "K206 block 'a' holds one of 'layers' or 'nodes'"),
    "no mapping": ("a: 3", "K110 block 'a' must be a mapping"),
    "a key": ("a: {layers: [], arg: {}}", "K110 block 'a' has no key 'arg'"),
    "args": ("a: {args: [f], layers: []}", "K204 the args of block 'a' must be a mapping"),
    "an argument": ("a: {args: {name: }, layers: []}", "K404 an argument cannot be called 'name'"),
    "no input": ("a: {nodes: {b: {}}, output: b}", "K202 block 'a' needs 'input'"),
    "no output": ("a: {input: x, nodes: {b: {}}}", "K202 block 'a' needs 'output'"),
    "output": ("a: {input: x, nodes: {b: {}}, output: c}", "K401 the output of block 'a' must be"),
    "a clash": (
        "a: {input: b, nodes: {b: {}}, output: b}",
        "K404 block 'a' has an input and a node",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_blocks(name: str) -> None:
    text, message = BAD[name]
    found = errors("model: {input: [8], layers: [Flatten]}", f"blocks:\n  {text}\n")
    assert "m.yaml:2:" in found
    assert message in found


def body(text: str, use: str = "a: {}") -> str:
    blocks = f"name: n\nblocks:\n  a: {{input: x, nodes: {{{text}}}, output: o}}\n"
    return errors(f"model: {{inputs: {{i: [8]}}, nodes: {{o: {{from: i, {use}}}}}}}", blocks)


def test_what_a_block_does_not_see() -> None:
    for reference in ("i", "[x, i]", "{inputs: i}"):
        found = body(f"o: {{from: {reference}, Dense: 1}}")
        assert "K401 'i' is neither an input nor a node of this block" in found
        assert "used at m.yaml:4:" in found
    assert "K401 a block does not see the shared layer 's'" in body("o: {from: x, use: s}")
    assert "block 'a' sees its arguments and vars only, not 'name'" in body(
        "o: {from: x, Dense: $name}"
    )
    assert "K301 block 'a' sees its arguments and vars only, not 'env.A'" in body(
        "o: {from: x, Dense: $env.A}"
    )


def test_an_index_outside_is_not_seen_inside() -> None:
    blocks = "blocks: {a: {layers: [{Dense: $i}]}}\n"
    found = errors("model: {input: [8], layers: [{repeat: 2, layers: [a]}]}", blocks)
    assert "K301 variable 'i' is unknown" in found
    assert found.count(": K") == 1


def test_recursion_names_the_chain() -> None:
    blocks = "blocks: {a: {layers: [b]}, b: {layers: [{when: true, layers: [a]}]}}\n"
    found = errors("model: {input: [8], layers: [a]}", blocks)
    assert "K302 blocks use each other in a circle: a -> b -> a" in found


def test_expansion_is_bounded() -> None:
    lines = ["blocks:", "  b0: {layers: [Flatten]}"]
    lines += [f"  b{i}: {{layers: [{', '.join([f'b{i - 1}'] * 10)}]}}" for i in range(1, 12)]
    assert "K105" in errors("model: {input: [8], layers: [b11]}", "\n".join(lines) + "\n")
    chain = ["blocks:", "  b0: {layers: [Flatten]}"]
    chain += [f"  b{i}: {{layers: [b{i - 1}]}}" for i in range(1, 30)]
    assert "K105 blocks are nested over 16 deep" in errors(
        "model: {input: [8], layers: [b29]}", "\n".join(chain) + "\n"
    )


def test_what_is_never_used_is_told_once_the_rest_is_right() -> None:
    text = "kerasish: 1\nvars: {a: 1, b: 2, width: 3}\nblocks: {c: {layers: [Dense: $b]}}\n"
    text += "model: {input: [3], layers: [Dense: %s]}\n"
    found = error_text(lambda: load_config(text % "$width"))
    assert "<text>:2:8: K403 variable 'a' is never used" in found
    assert "<text>:3:10: K403 block 'c' is never used" in found
    assert found.count(": K") == 2
    found = error_text(lambda: load_config(text % "$widht"))
    assert found.count(": K") == 1


def test_a_base_may_define_more_than_is_used(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("kerasish: 1\nvars: {a: 1}\nblocks: {c: {layers: [A]}}\n")
    (tmp_path / "m.yaml").write_text("base: base.yaml\nmodel: {input: [3], layers: [Dense: 1]}\n")
    assert load_config(tmp_path / "m.yaml").build().count_params() == 4


@pytest.mark.parametrize(
    ("name", "parameters"), [("resnet50", 25_636_712), ("mobilenet_v2", 3_538_984)]
)
def test_known_networks(name: str, parameters: int) -> None:
    path = CONFIGS / f"{name}.yaml"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    assert load_config(path).build().count_params() == parameters


def test_other_configs_build() -> None:
    assert load_config(CONFIGS / "unet.yaml").build().output_shape == (None, 128, 128, 2)
    assert load_config(CONFIGS / "transformer_encoder.yaml").build().output_shape == (None, 10)


def test_the_examples_of_the_page_build() -> None:
    page = (CONFIGS.parent / "docs" / "yaml.md").read_text(encoding="utf-8")
    section = page.split("## Blocks and repetition")[1].split("\n## ")[0]
    texts = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert [load_config(text).build().output_shape[1:] for text in texts] == [(10,), (16, 16, 8)]


def test_what_set_replaces_may_leave_a_variable_unused(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("vars: {batch: 32}\nx: {size: $batch}\n", encoding="utf-8")

    def read(*overrides: str) -> Any:
        return plain(read_document(path, Diagnostics(), Options(overrides=overrides)))

    assert read("x.size=256")["x"] == {"size": 256}
    assert "'bath' is never used" in error_text(lambda: read("vars.bath=64"))
