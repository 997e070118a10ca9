"""Plant small faults in files of the package, and print those that no test finds.

    python scripts/mutate.py --files kerasish/layers/core.py --count 20 --seed 3
    python scripts/mutate.py --files kerasish/training --count 100
    python scripts/mutate.py --commit HEAD --count 6

Each fault is written into a copy of the tree; the checkout is never changed. The file's own tests
(`test_<file>.py`) run first, then those of its room, then those of all rooms above it and the
general ones (`--tests` names others), and the first that fails ends it. A run past its time limit
counts as killed. With `--seconds` no run goes on past that time: what it cut short is not counted,
and tests that would take more than half of what is left are not begun. Mutants known to change
nothing stand in `mutants_equivalent.txt`, one a line, with tabs between: file, the source line,
the line as mutated, the reason.
"""

from __future__ import annotations

import argparse
import ast
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

GENERAL = {  # tests outside of a floor's folder that are about all of it
    "layers": ["test_every_layer.py"],
    "ops": ["test_every_op.py"],
    "graph": ["test_every_op.py"],
    "training": ["callbacks"],
    "arguments": ["layers", "losses", "metrics"],
}
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


def _never_runs(node: ast.AST) -> bool:
    """Whether it is for type checkers, or a docstring given by hand."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]).endswith("__doc__")
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, str, ast.AST]]:
    """(node replaced, what is done, node in its place) of one node, its children apart."""
    if _never_runs(node):
        return
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
    if _never_runs(node):
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
    whole = ast.parse(source)
    dumped = ast.dump(whole)
    for node in _walk(whole):
        for old, what, new in _changes(node):
            begin = starts[old.lineno - 1] + old.col_offset  # type: ignore[attr-defined]
            end = starts[old.end_lineno - 1] + old.end_col_offset  # type: ignore[attr-defined]
            text = ast.unparse(ast.fix_missing_locations(new))
            if isinstance(new, ast.expr):
                text = f"({text})"
            mutated = (data[:begin] + text.encode() + data[end:]).decode()
            try:
                same = ast.dump(ast.parse(mutated)) == dumped
            except SyntaxError:  # such as inside a pattern of `match`
                continue
            if not same:
                line = old.lineno  # type: ignore[attr-defined]
                found.setdefault(mutated, Mutant(line, what, source, mutated))
    return sorted(found.values(), key=lambda m: m.line)


def lines_of(mutant: Mutant) -> tuple[str, str]:
    """The lines that a mutant changes, before and after, each as one line of text."""
    old, new = mutant.source.splitlines(), mutant.mutated.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(s.strip() for s in old), " ".join(s.strip() for s in new)


def equivalent() -> dict[tuple[str, str, str], str]:
    """(file, line, mutated line) of the mutants that change nothing, with the reason."""
    found = {}
    for line in EQUIVALENT.read_text().splitlines():
        name, old, new, reason = line.split("\t")
        found[name, old, new] = reason
    return found


def stages_of(path: str) -> list[list[str]]:
    """What is run for a file, one after the other: its own tests, its room's, the general ones."""
    tests = ROOT / "tests"
    relative = Path(path).relative_to("kerasish")
    room = tests / relative.parent
    stages = [[room / f"test_{relative.stem}.py"]]
    while not room.is_dir():
        room = room.parent
    if room == tests:  # everything stands under it; only the files in it are about such a file
        stages.append(sorted(tests.glob("test_*.py")))
    else:
        stages.append([room])
        top = tests / relative.parts[0]
        stages.append([top, *(tests / name for name in GENERAL.get(top.name, ()))])
    done: set[Path] = set()
    fresh = []
    for stage in stages:
        new = [p for p in stage if p.exists() and p not in done]
        done.update(new)
        fresh.append([p.relative_to(ROOT).as_posix() for p in new])
    return [stage for stage in fresh if stage]


def run_tests(tree: Path, tests: Sequence[str], limit: float, done: Sequence[str] = ()) -> str:
    """'passed', 'failed', 'timeout' or 'broken', what the tests say in a tree.

    `done` are tests that ran before; the folders in `tests` run without them.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += ["-m", "not conformance and not gpu", *tests]
    command += [f"--ignore={name}" for name in done]
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
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


class NotSoundError(Exception):
    """Tests that do not pass on the tree without a fault."""


class Trials:
    """Runs of tests on a copy of the tree, with and without faults, until the time is over."""

    def __init__(self, tree: Path, seconds: float) -> None:
        self.tree = tree
        self.end = time.monotonic() + seconds
        self.limits: dict[tuple[str, ...], float | None] = {}
        self.writes = int(time.time())

    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    def write(self, name: str, text: str) -> None:
        """Compiled code goes by whole seconds and the size: each text has a second of its own."""
        self.writes += 1
        (self.tree / name).write_text(text)
        os.utime(self.tree / name, (self.writes, self.writes))

    def limit(self, tests: Sequence[str], done: Sequence[str]) -> float | None:
        """Seconds that tests may take, from a run without a fault; None where that did not fit."""
        key = tuple(tests)
        if key not in self.limits:
            start = time.monotonic()
            said = run_tests(self.tree, tests, self.left() / 2, done)
            if said in ("failed", "broken"):
                raise NotSoundError(f"without any fault these do not pass: {' '.join(tests)}")
            taken = time.monotonic() - start
            self.limits[key] = 10 + 3 * taken if said == "passed" else None
            if said == "timeout":
                print("no time for", *tests, flush=True)
        return self.limits[key]

    def said(self, name: str, mutant: Mutant, stages: Sequence[Sequence[str]]) -> str | None:
        """'passed', 'failed' or 'timeout'; None where the time did not suffice to tell."""
        done: list[str] = []
        for tests in stages:
            limit = self.limit(tests, done)
            left = self.left()
            if limit is None or not left:
                return None
            self.write(name, mutant.mutated)
            said = run_tests(self.tree, tests, min(left, limit), done)
            self.write(name, mutant.source)
            if said == "timeout" and left < limit:
                return None
            if said != "passed":
                return "timeout" if said == "timeout" else "failed"
            done += tests
        return "passed"


def changed_files(commit: str) -> list[str]:
    """Files of the package that a commit changed and that are still there."""
    command = ["git", "diff-tree", "--no-commit-id", "--name-only", "-r", "--root", commit]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [n for n in out.split() if n.startswith("kerasish/") and n.endswith(".py")]
    return [n for n in names if (ROOT / n).exists()]


def modules(name: str) -> list[str]:
    """A file, or the files under a folder, as paths from the root of the checkout."""
    path = ROOT / name
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [p.relative_to(ROOT).as_posix() for p in found]


def main() -> int:
    """0 where every test passes without a fault and at most `--allow` mutants live."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", nargs="+", default=[], help="files or folders")
    parser.add_argument("--commit", help="the files that this commit changed")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", nargs="+", help="tests to run, instead of the room's")
    parser.add_argument("--allow", type=int, help="fail where more survive; without it they print")
    parser.add_argument("--seconds", type=float, default=1e6, help="end by then")
    given = parser.parse_args()
    files = [name for given_name in given.files for name in modules(given_name)]
    files += changed_files(given.commit) if given.commit else []
    known = equivalent()
    pool = [
        (name, mutant)
        for name in sorted(set(files))
        for mutant in mutants((ROOT / name).read_text())
        if (name, *lines_of(mutant)) not in known
    ]
    if not pool:
        print("nothing was sampled: there is no fault to plant in", *(files or ["no file"]))
        return 0
    chosen = random.Random(given.seed).sample(pool, min(given.count, len(pool)))
    totals = {"passed": 0, "failed": 0, "timeout": 0}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, symlinks=True, ignore=lambda _, names: HIDDEN & set(names))
        trials = Trials(tree, given.seconds)
        for name, mutant in chosen:
            try:
                said = trials.said(name, mutant, [given.tests] if given.tests else stages_of(name))
            except NotSoundError as error:
                print(error)
                return 2
            if said is None:
                continue
            totals[said] += 1
            if said == "passed":
                print(f"SURVIVED {name}:{mutant.line} {mutant.what}")
                print("\t".join([name, *lines_of(mutant)]), flush=True)
    ran = sum(totals.values())
    if not ran:
        print(f"nothing was sampled: the tests of {len(files)} files do not fit in the time")
        return 1
    print(f"{ran} of {len(pool)} mutants ran: {totals['failed']} failed a test,", end=" ")
    print(f"{totals['timeout']} ran past the limit, {totals['passed']} survived")
    return int(given.allow is not None and totals["passed"] > given.allow)


if __name__ == "__main__":
    sys.exit(main())
