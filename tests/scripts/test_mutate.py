"""The mutation script: what it plants, what it leaves alone, and that runs are told apart."""

import ast
import sys
from pathlib import Path

import pytest

from scripts import mutate

SOURCE = '''
if TYPE_CHECKING: import h
__doc__ = "a" + f(1)
def f(x: "int" = 1) -> bool:
    """Text + 1."""
    if not x:
        raise ValueError("é", 1 + 2)
    return x < g(x) and x
'''


def test_what_is_planted() -> None:
    found = mutate.mutants(SOURCE)
    assert [(m.line, m.what) for m in found] == [
        (4, "constant changed"),
        (6, "condition always True"),
        (6, "condition always False"),
        (6, "Not dropped"),
        (8, "None returned"),
        (8, "and/or swapped"),
        (8, "Lt to LtE"),
        (8, "argument dropped"),
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


@pytest.mark.parametrize(
    ("source", "mutated", "lines"),
    [
        ("a\n  x = a < b\nc", "a\n  x = a <= b\nc", ("x = a < b", "x = a <= b")),
        ("a\nx = f(\n    1,\n    k=2)\nc", "a\nx = f(1)\nc", ("x = f( 1, k=2)", "x = f(1)")),
        ("a\na\nb", "a\nb", ("a", "")),
    ],
)
def test_lines(source: str, mutated: str, lines: tuple[str, str]) -> None:
    assert mutate.lines_of(mutate.Mutant(1, "what", source, mutated)) == lines


def test_known_equivalents_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("p.py\tx = a < b\tx = a <= b\tnever equal\n")
    monkeypatch.setattr(mutate, "EQUIVALENT", listed)
    assert mutate.equivalent() == {("p.py", "x = a < b", "x = a <= b"): "never equal"}


def test_every_known_equivalent_has_a_file_and_a_reason() -> None:
    for (name, old, new), reason in mutate.equivalent().items():
        lines = [line.strip() for line in (mutate.ROOT / name).read_text().splitlines()]
        assert old in " ".join(lines), f"{name}: {old}: not there any more, take it out of the list"
        assert old != new
        assert len(reason.split()) > 3


def test_stages() -> None:
    """A file's own tests, then its room's, then what is general; what is not there is left out."""
    assert mutate.stages_of("kerasish/training/fit.py") == [
        ["tests/training/test_fit.py"],
        ["tests/training"],
        ["tests/callbacks"],
    ]
    assert mutate.stages_of("kerasish/layers/base/call.py") == [
        ["tests/layers/base/test_call.py"],
        ["tests/layers/base"],
        ["tests/layers", "tests/test_every_layer.py"],
    ]
    assert mutate.stages_of("kerasish/layers/core.py") == [
        ["tests/layers"],
        ["tests/test_every_layer.py"],
    ]


def test_a_file_of_no_room_has_the_tests_that_stand_in_none() -> None:
    own, rest = mutate.stages_of("kerasish/spec.py")
    assert own == ["tests/test_spec.py"]
    assert "tests/test_tree.py" in rest
    assert "tests/test_spec.py" not in rest
    assert all(name.count("/") == 1 for name in rest)


def test_folders_are_their_files() -> None:
    found = mutate.modules("kerasish/layers")
    assert {"kerasish/layers/core.py", "kerasish/layers/base/call.py"} <= set(found)
    assert mutate.modules("kerasish/layers/core.py") == ["kerasish/layers/core.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize(
    ("body", "said"),
    [("pass", "passed"), ("assert 0", "failed"), ("import time; time.sleep(60)", "timeout")],
)
def test_runs(tmp_path: Path, body: str, said: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  conformance: x\n  gpu: x\n")
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    {body}\n")
    assert mutate.run_tests(tmp_path, ["test_one.py"], 3.0 if said == "timeout" else 60.0) == said


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two rooms with a test of `f` each: `quick`, and `slow`, whose test takes a minute."""
    for room, wait in (("quick", 0), ("slow", 60)):
        (tmp_path / "kerasish" / room).mkdir(parents=True)
        (tmp_path / "kerasish" / room / "f.py").write_text("def f():\n    return 1\n")
        (tmp_path / "tests" / room).mkdir(parents=True)
        (tmp_path / "tests" / room / "test_room.py").write_text(
            f"import time\nfrom kerasish.{room}.f import f\n"
            f"def test_f():\n    time.sleep({wait})\n    assert f() == 1\n"
        )
    (tmp_path / "kerasish/__init__.py").write_text("")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  conformance: x\n  gpu: x\n")
    (tmp_path / "list.txt").write_text("")
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    monkeypatch.setattr(mutate, "EQUIVALENT", tmp_path / "list.txt")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["mutate.py", *arguments])
    return mutate.main()


Said = pytest.CaptureFixture[str]


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of `quick` see what `f` gives, those of `slow` run past any limit."""

    def run_tests(tree: Path, tests: list[str], limit: float, done: list[str]) -> str:
        del limit, done
        if "tests/slow" in tests:
            return "timeout"
        room = tests[0].split("/")[1]
        good = (tree / "kerasish" / room / "f.py").read_text() == "def f():\n    return 1\n"
        return "passed" if good else "failed"

    monkeypatch.setattr(mutate, "run_tests", run_tests)


def test_killed(checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert run(monkeypatch, "--files", "kerasish/quick", "--allow", "0") == 0
    assert "2 of 2 mutants ran: 2 failed a test" in capsys.readouterr().out
    assert (checkout / "kerasish/quick/f.py").read_text() == "def f():\n    return 1\n"


@pytest.mark.usefixtures("no_processes")
def test_own_tests_come_first(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    """Those of the room, which would take a minute, do not run where the file's own tests fail."""
    (checkout / "tests/slow/test_f.py").write_text("")
    assert run(monkeypatch, "--files", "kerasish/slow", "--allow", "0") == 0
    assert "2 of 2 mutants ran: 2 failed a test" in capsys.readouterr().out


def test_a_survivor_is_printed_as_the_list_takes_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    (checkout / "tests/quick/test_room.py").write_text("def test_nothing():\n    pass\n")
    assert run(monkeypatch, "--files", "kerasish/quick", "--allow", "1") == 1
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if line.startswith("kerasish/")]
    assert "kerasish/quick/f.py\treturn 1\treturn (2)" in lines
    (checkout / "list.txt").write_text("".join(f"{line}\twhy\n" for line in lines))
    assert run(monkeypatch, "--files", "kerasish/quick", "--allow", "0") == 0
    assert "nothing was sampled" in capsys.readouterr().out


@pytest.mark.usefixtures("no_processes")
def test_another_file_is_tried_where_tests_do_not_fit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    files = ["kerasish/slow", "kerasish/quick"]
    for seed in ("0", "1", "2"):  # some of them draw `slow` first
        assert run(monkeypatch, "--files", *files, "--seed", seed) == 0
        out = capsys.readouterr().out
        assert "2 of 4 mutants ran: 2 failed a test" in out
        assert "no time for tests/slow" in out


def test_no_sample_is_said_and_fails(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert run(monkeypatch, "--files", "kerasish/slow", "--seconds", "2") == 1
    assert "nothing was sampled: the tests of 1 files do not fit" in capsys.readouterr().out


def test_tests_that_fail_without_a_fault(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    (checkout / "tests/quick/test_room.py").write_text("def test_wrong():\n    assert 0\n")
    assert run(monkeypatch, "--files", "kerasish/quick") == 2
    assert "without any fault these do not pass: tests/quick" in capsys.readouterr().out


def test_a_fault_of_the_same_size_is_compiled_anew(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python takes compiled code as fresh by whole seconds and size."""
    trials = mutate.Trials(checkout, 60.0)
    assert mutate.run_tests(checkout, ["tests/quick"], 60.0) == "passed"
    for text, said in (("return 2", "failed"), ("return 1", "passed"), ("return 3", "failed")):
        trials.write("kerasish/quick/f.py", f"def f():\n    {text}\n")
        assert mutate.run_tests(checkout, ["tests/quick"], 60.0) == said
