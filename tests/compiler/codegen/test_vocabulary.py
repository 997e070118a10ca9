"""What lowerings can write: as docs/extending.md lists it, and nothing else by mistake."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.cuda_prelude import PRELUDE
from kerasish.compiler.codegen.llvm_text import INTRINSICS, Emitter
from kerasish.errors import UnknownNameError
from kerasish.graph import trace
from kerasish.graph.op import Op
from kerasish.spec import TensorSpec

PAGE = (Path(__file__).parents[3] / "docs" / "extending.md").read_text("utf-8")
OPERANDS = [
    (name, floats, count) for (floats, count), names in INTRINSICS.items() for name in names
]


def rows(head: str) -> list[list[str]]:
    """The cells of the table that begins with a line."""
    lines = PAGE[PAGE.index(head) :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_names_every_method() -> None:
    cells = " ".join(row[0] for row in rows("| `e.` | gives |"))
    named = [re.split(r"\W", text)[0] for text in re.findall(r"`([^`]+)`", cells)]
    assert sorted(named) == sorted(name for name in dir(Emitter) if not name.startswith("_"))


def test_the_table_names_every_intrinsic() -> None:
    for floats, row in zip((True, False), rows("| intrinsics |"), strict=True):
        for count, cell in enumerate(row[1:], 1):
            named = tuple(f"llvm.{name}" for name in re.findall(r"`([^`]+)`", cell))
            assert named == INTRINSICS[floats, count]


def test_the_prelude_has_what_the_table_names() -> None:
    for row in rows("| text | is |"):
        for name in re.findall(r"`(\w+)", row[0]):
            assert name in PRELUDE


def test_a_method_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"no 'selct'. Expected: .*add, .*'select'\?$"):
        _ = Emitter(8).selct
    assert not hasattr(Emitter(8), "no_such_method")


@pytest.mark.parametrize(
    ("name", "dtypes", "message"),
    [
        ("llvm.sqr", ["float32"], r"1 float32. Expected: llvm.fabs.*'llvm.sqrt'\?"),
        ("sqrt", ["float32"], r"Did you mean 'llvm.sqrt'\?"),
        ("llvm.fabs", ["int32"], "1 int32. Expected: llvm.ctpop, llvm.bitreverse. Received"),
        ("llvm.pow", ["float32"], "1 float32"),
        ("llvm.fabs", ["float32"] * 4, "4 float32. Received: llvm.fabs"),
    ],
)
def test_an_intrinsic_that_is_not_there(name: str, dtypes: list[str], message: str) -> None:
    e = Emitter(8)
    with pytest.raises(UnknownNameError, match=message):
        e.call(name, *(e.const(1, dtype, 8) for dtype in dtypes))


@pytest.mark.skipif(bool(llvm_jit.unavailable()), reason="needs llvmlite")
@pytest.mark.parametrize(("name", "floats", "count"), OPERANDS)
def test_an_intrinsic_compiles_for_scalars_and_vectors(name: str, floats: bool, count: int) -> None:
    made = Op("probe", lambda *x: x[0], lambda xp, *x: x[0], elementwise=True)
    made.lowering("llvm")(lambda e, *x: e.call(name, *x))
    for dtype in ("float32", "float64") if floats else ("int32", "uint8", "int64"):
        for shape in ((), (37,)):
            graph, _ = trace(made, [TensorSpec(shape, dtype)] * count)
            out = np.full(shape, 77, dtype)
            region = llvm_jit.Uncompiled(graph, [np.ones(shape, dtype)] * count, [out])
            llvm_jit.compile_all([region])
            region.bind()()
            assert (out != 77).all()


def test_hints_are_given_once() -> None:
    typo = "Dens"
    for ask in (lambda: Emitter(8).mull, lambda: getattr(keras.layers, typo)):
        try:
            ask()
        except AttributeError as error:
            text = "".join(traceback.format_exception(error))
            assert text.count("Did you mean") <= 1, text
