"""What is written in one place only: the sentence of errors, and ops as objects and not by name."""

from __future__ import annotations

import ast
import re

import pytest

from tests.test_floors import files, relative, syntax


def test_the_sentence_of_an_error_is_written_in_one_place():
    spelt = [
        f"{relative(path)}:{node.lineno}"
        for path in files()
        if relative(path) != "errors.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"\b(Expected|Received): |Did you mean", node.value)
    ]
    assert [at for at in spelt if not at.startswith("registry.py")] == []


def names_an_op(node: ast.AST) -> bool:
    """Whether code finds or compares an op by a name written there, and not as an object."""
    if isinstance(node, ast.Compare):
        text = isinstance(node.left, ast.Attribute) and ast.unparse(node.left).endswith("op.name")
        words = [w for side in node.comparators for w in ast.walk(side)]
        tables = any(isinstance(w, ast.Name) and w.id.isupper() for w in words)
        return text and (tables or any(isinstance(w, ast.Constant) for w in words))
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Dict) and ast.unparse(node.slice).endswith("op.name")
    if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
        return False
    called = ast.unparse(node.func)
    by_kind = called == "registry.lookup" and node.args[0].value in ("op", "method")
    return called in ("get", "op.get", "_op.get") or (
        by_kind and len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    )


def test_ops_are_objects_and_no_names():
    """An edge made of a string is seen by no import: who means an op imports it."""
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in files()
        if relative(path).startswith(("graph/", "compiler/", "testing/", "inspect/"))
        for node in ast.walk(syntax(path))
        if names_an_op(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "x.op.name == 'add'", "get('add')", "n.op.name in ('a', 'b')", "n.op.name in VIEWS",
        "n.op.name in (*REDUCTIONS, DRAWS)", "{'sum': 'add'}[n.op.name]",
    ],
)  # fmt: skip
def test_names_of_ops_are_seen(code: str):
    assert any(names_an_op(node) for node in ast.walk(ast.parse(code)))
