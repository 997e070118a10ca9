"""The mutation script: what it plants, what it leaves alone, and that runs are told apart."""

import ast
import sys
from pathlib import Path

import pytest

from scripts import mutate

SOURCE = '''
def f(x: "int" = 1) -> bool:
    """Text + 1."""
    if not x:
        raise ValueError("é", 1 + 2)
    return x < g(x) and x
'''


def test_what_is_planted() -> None:
    found = mutate.mutants(SOURCE)
    assert [(m.line, m.what) for m in found] == [
        (2, "constant changed"),
        (4, "condition always True"),
        (4, "condition always False"),
        (4, "Not dropped"),
        (6, "None returned"),
        (6, "and/or swapped"),
        (6, "Lt to LtE"),
        (6, "argument dropped"),
    ]
    for mutant in found:
        assert ast.dump(ast.parse(mutant.mutated)) != ast.dump(ast.parse(SOURCE))
        assert 'raise ValueError("é", 1 + 2)' in mutant.mutated


@pytest.mark.parametrize(
    ("source", "mutated"),
    [
        ("é = 'é', a + b", "é = 'é', (a - b)"),
        ("x = 2 * (a - b)", "x = 2 * (a + b)"),
        ("x = a is not b", "x = (a is b)"),
        ("f(a, k=b)", "(f(a))"),
        ("x = a\nwhile a: b", "x = a\nwhile (False): b"),
    ],
)
def test_the_text_around_stays(source: str, mutated: str) -> None:
    want = ast.dump(ast.parse(mutated))
    assert want in [ast.dump(ast.parse(m.mutated)) for m in mutate.mutants(source)]


def test_known_equivalent() -> None:
    mutant = mutate.Mutant(1, "Lt to LtE", "x = a < b", "x = a <= b")
    assert mutate.known_equivalent("p.py", mutant, "p.py\tx = a < b\tLt to LtE\twhy")
    assert not mutate.known_equivalent("q.py", mutant, "p.py\tx = a < b\tLt to LtE\twhy")


def test_room() -> None:
    assert mutate.room_of("kerasish/training/fit.py") == ["tests/training"]
    assert mutate.room_of("kerasish/errors.py") == ["tests"]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize(
    ("body", "said"),
    [("pass", "passed"), ("assert 0", "failed"), ("import time; time.sleep(60)", "timeout")],
)
def test_runs(tmp_path: Path, body: str, said: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  conformance: x\n  gpu: x\n")
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    {body}\n")
    assert mutate.run_tests(tmp_path, ["test_one.py"], 3.0 if said == "timeout" else 60.0) == said
