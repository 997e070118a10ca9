"""Plant small faults in files of the package, and print those that no test finds.

    python scripts/mutate.py --files kerasish/layers/core.py --count 20 --seed 3
    python scripts/mutate.py --commit HEAD --count 6

Each fault is written into a copy of the tree; the checkout is never changed. The tests of the
file's folder run on it (`--tests` names others), and a run past its time limit counts as killed.
With `--seconds` no run goes on past that time, and what it cut short is not counted. Mutants
known to change nothing stand in `mutants_equivalent.txt`, one a line, with tabs between: file,
source line, what the mutation says, reason.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.txt")
HIDDEN = {".git", "__pycache__", ".venv", ".pytest_cache", ".ruff_cache"}

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """One fault: the text of a node replaced."""

    line: int
    what: str
    source: str
    mutated: str


def _like(node: ast.AST, **changes: object) -> ast.AST:
    fields = {name: getattr(node, name) for name in node._fields}
    return type(node)(**(fields | changes))


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, str, ast.AST]]:
    """(node replaced, what is done, node in its place) of one node, its children apart."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            if swapped := COMPARISONS.get(type(op)):
                ops = [*node.ops[:i], swapped(), *node.ops[i + 1 :]]
                yield node, f"{type(op).__name__} to {swapped.__name__}", _like(node, ops=ops)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, "and/or swapped", _like(node, op=other)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node, f"{type(node.op).__name__} dropped", node.operand
    elif isinstance(node, ast.BinOp) and (other := OPERATORS.get(type(node.op))):
        yield node, f"{type(node.op).__name__} to {other.__name__}", _like(node, op=other())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield node, "constant changed", ast.Constant(value)
    elif isinstance(node, ast.Call):
        for i in range(len(node.args)):
            yield node, "argument dropped", _like(node, args=node.args[:i] + node.args[i + 1 :])
        for i in range(len(node.keywords)):
            rest = node.keywords[:i] + node.keywords[i + 1 :]
            yield node, "argument dropped", _like(node, keywords=rest)
    elif isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield node, "None returned", ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Assign | ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield node, "statement dropped", ast.Pass()
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        for always in (True, False):
            if not (always and isinstance(node, ast.While)):  # it would only hang
                yield node.test, f"condition always {always}", ast.Constant(always)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Children that can hold a fault: no annotations, no texts of errors, no docstrings."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in _children(node):
        yield from _walk(child)


def mutants(source: str) -> list[Mutant]:
    """Every fault that can be planted in a text, in the order of its lines."""
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: dict[str, Mutant] = {}
    for node in _walk(ast.parse(source)):
        for old, what, new in _changes(node):
            begin = starts[old.lineno - 1] + old.col_offset  # type: ignore[attr-defined]
            end = starts[old.end_lineno - 1] + old.end_col_offset  # type: ignore[attr-defined]
            text = ast.unparse(ast.fix_missing_locations(new))
            if isinstance(new, ast.expr):
                text = f"({text})"
            mutated = (data[:begin] + text.encode() + data[end:]).decode()
            try:
                same = ast.dump(ast.parse(mutated)) == ast.dump(ast.parse(source))
            except SyntaxError:  # such as inside a pattern of `match`
                continue
            if not same:
                line = old.lineno  # type: ignore[attr-defined]
                found.setdefault(mutated, Mutant(line, what, source, mutated))
    return sorted(found.values(), key=lambda m: m.line)


def known_equivalent(path: str, mutant: Mutant, text: str) -> bool:
    """Whether the list says that this mutant changes nothing."""
    key = (path, mutant.source.splitlines()[mutant.line - 1].strip(), mutant.what)
    return any(tuple(line.split("\t")[:3]) == key for line in text.splitlines())


def room_of(path: str) -> list[str]:
    """The nearest folder of tests that mirrors a file's folder, and those of every layer."""
    folder = Path(path).parent.relative_to("kerasish")
    while not (ROOT / "tests" / folder).is_dir():
        folder = folder.parent
    room = "tests" if folder == Path() else (Path("tests") / folder).as_posix()
    return [room, "tests/test_every_layer.py"] if folder.parts[:1] == ("layers",) else [room]


def run_tests(tree: Path, tests: Sequence[str], limit: float) -> str:
    """'passed', 'failed', 'timeout' or 'broken', what the tests say in a tree."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += ["-m", "not conformance and not gpu", *tests]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # its workers end with it
    )
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return "timeout"
    return {0: "passed", 4: "broken", 5: "broken"}.get(code, "failed")


def changed_files(commit: str) -> list[str]:
    """Files of the package that a commit changed and that are still there."""
    command = ["git", "diff-tree", "--no-commit-id", "--name-only", "-r", "--root", commit]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [n for n in out.split() if n.startswith("kerasish/") and n.endswith(".py")]
    return [n for n in names if (ROOT / n).exists()]


def main() -> int:
    """0 where every test passes without a fault and at most `--allow` mutants live."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", nargs="+", default=[])
    parser.add_argument("--commit", help="the files that this commit changed")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", nargs="+", help="tests to run, instead of the room's")
    parser.add_argument("--allow", type=int, help="fail where more survive; without it they print")
    parser.add_argument("--seconds", type=float, default=1e6, help="end by then")
    given = parser.parse_args()
    files = given.files + (changed_files(given.commit) if given.commit else [])
    known = EQUIVALENT.read_text() if EQUIVALENT.exists() else ""
    pool = [
        (name, mutant)
        for name in sorted(set(files))
        for mutant in mutants((ROOT / name).read_text())
        if not known_equivalent(name, mutant, known)
    ]
    chosen = random.Random(given.seed).sample(pool, min(given.count, len(pool)))
    totals = {"passed": 0, "failed": 0, "timeout": 0}
    limits: dict[tuple[str, ...], float] = {}
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, symlinks=True, ignore=lambda _, names: HIDDEN & set(names))
        for name, mutant in chosen:
            tests = tuple(given.tests or room_of(name))
            if tests not in limits:
                start = time.monotonic()
                said = run_tests(tree, tests, max(0.0, begin + given.seconds - start))
                if said == "timeout":
                    print("no time is left for", *tests)
                    break
                if said != "passed":
                    print("without any fault these do not pass:", *tests)
                    return 2
                limits[tests] = 10 + 3 * (time.monotonic() - start)
            left = begin + given.seconds - time.monotonic()
            if left <= 0:
                break
            (tree / name).write_text(mutant.mutated)
            said = run_tests(tree, tests, min(left, limits[tests]))
            (tree / name).write_text(mutant.source)
            if said == "timeout" and left < limits[tests]:
                break
            if said == "broken":
                said = "failed"
            totals[said] += 1
            if said == "passed":
                print(f"SURVIVED {name}:{mutant.line} {mutant.what}")
                texts = mutant.source.splitlines(), mutant.mutated.splitlines()
                print(*difflib.unified_diff(*texts, name, name, lineterm="", n=1), sep="\n")
    ran = sum(totals.values())
    print(f"{ran} of {len(pool)} mutants ran: {totals['failed']} failed a test,", end=" ")
    print(f"{totals['timeout']} ran past the limit, {totals['passed']} survived")
    return int(given.allow is not None and totals["passed"] > given.allow)


if __name__ == "__main__":
    sys.exit(main())
