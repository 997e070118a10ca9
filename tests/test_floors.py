"""The house rules that an AST can see: floors, file length, backend tests, forbidden calls."""

from __future__ import annotations

import ast
import functools
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "kerasish"

# A name is a module or folder directly under kerasish/. It imports from its own floor and below.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("spec", "errors", "budget", "tables", "tree", "registry", "names", "_names", "config",
     "version", "serialization", "kinds", "arguments", "hints", "signatures", "changes",
     "collector", "elsewhere", "extras", "frames", "naming", "portable", "refusals",
     "showing", "sparse", "tracebacks", "texts"),
    ("backend",),
    ("graph",),
    ("ops",),
    ("compiler",),
    ("initializers", "activations", "regularizers", "constraints", "losses", "metrics",
     "optimizers", "random"),
    ("layers",),
    ("data", "datasets", "callbacks", "training", "saving", "visualization"),
    ("models",),
    ("preparation", "explain"),
    ("declarative", "inspect", "testing", "utils", "dtype_policies",
     "mixed_precision", "preprocessing", "export", "legacy", "wrappers"),
    ("cli",),
    ("__init__", "__main__"),
)  # fmt: skip
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}

ENGINE = ("graph/", "compiler/")
# What could be left out: bindings to libraries and kernels for single ops, the device renderer, the
# cache of compiled code, the library of elementary functions (without which exp, sin and power run
# as ufuncs of numpy).
BINDINGS = (
    "compiler/kernels/",
    "compiler/openmp",
    "compiler/codegen/object_cache",
    "compiler/codegen/cuda_",
    "compiler/codegen/llvm_math",
    "compiler/codegen/llvm_circular",
    "compiler/codegen/llvm_wide",
)
# 344 of them in graph/primitives.py and elementwise.py, 34 in graph/verify.py, 273 in errors that
# hold extensions to their form, 17 in the door for explanations, 70 in what onlookers are told,
# 63 in finding the first value that is no number.
ENGINE_LINES = 6760
NO_CODE = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)
FILE_LINES = 450

FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal",
                     "shelve"}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "__import__"}
# The only places that may know which backend runs.
BACKEND_AWARE = ("backend", "compiler/kernels")
BACKEND_NAMES = {"numpy", "cupy"}


PACKAGES = {
    ".".join(("kerasish", *path.relative_to(PACKAGE).parts[:-1]))
    for path in PACKAGE.rglob("__init__.py")
}


class Import(NamedTuple):
    """One import of this package: the file's module, what it names, and where."""

    source: str
    target: str
    line: int
    in_function: bool
    for_types: bool


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@functools.cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def module_of(path: Path) -> str:
    parts = ("kerasish", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_name(module: str) -> str:
    """The folder or file under kerasish/ that a dotted module name lies in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def walk(
    node: ast.AST, in_function: bool = False, for_types: bool = False
) -> Iterator[tuple[ast.AST, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        inside = in_function or isinstance(
            child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        )
        types = for_types or is_type_checking(child)
        yield child, inside, types
        yield from walk(child, inside, types)


def targets(node: ast.AST, module: str, is_package: bool, known: frozenset[str]) -> list[str]:
    """The modules of this package that an import statement names."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            drop = node.level - (1 if is_package else 0)
            parents = module.split(".")[: len(module.split(".")) - drop]
            base = ".".join([*parents, *([node.module] if node.module else [])])
        inner = [f"{base}.{alias.name}" for alias in node.names]
        names = [name if name in known else base for name in inner]
    else:
        names = []
    return sorted({name for name in names if name.split(".")[0] == "kerasish"})


def imports_of(
    tree: ast.Module, module: str, is_package: bool, known: frozenset[str]
) -> list[Import]:
    return [
        Import(module, target, getattr(node, "lineno", 0), inside, types)
        for node, inside, types in walk(tree)
        for target in targets(node, module, is_package, known)
    ]


@functools.cache
def all_imports() -> tuple[Import, ...]:
    known = frozenset(module_of(path) for path in files())
    return tuple(
        found
        for path in files()
        for found in imports_of(syntax(path), module_of(path), path.name == "__init__.py", known)
    )


def upward(found: Import) -> bool:
    return FLOOR_OF[floor_name(found.target)] > FLOOR_OF[floor_name(found.source)]


def test_every_folder_has_a_floor():
    names = {floor_name(module_of(path)) for path in files()}
    assert names - FLOOR_OF.keys() == set(), "give these a floor in FLOORS"


def test_imports_go_down():
    assert [found for found in all_imports() if upward(found)] == []


def test_no_own_import_inside_a_function():
    assert [found for found in all_imports() if found.in_function] == []


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """One cycle of a directed graph, or nothing."""
    state: dict[str, int] = {}
    for start in edges:
        stack = [(start, iter(sorted(edges[start])))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            name, rest = stack[-1]
            after = next(rest, None)
            if after is None:
                state[name] = 2
                stack.pop()
            elif state.get(after) == 1:
                trail = [entry[0] for entry in stack]
                return [*trail[trail.index(after) :], after]
            elif after not in state:
                state[after] = 1
                stack.append((after, iter(sorted(edges.get(after, ())))))
    return []


def test_no_import_cycle():
    edges: dict[str, set[str]] = {}
    for found in all_imports():
        if not (found.in_function or found.for_types or found.source == found.target):
            edges.setdefault(found.source, set()).add(found.target)
    assert cycle(edges) == []


def room(module: str) -> str:
    """The folder that a module lies in, down to two levels; one beside such folders is its own."""
    return ".".join(module.split(".")[1:3])


def test_rooms_stand_in_an_order():
    """Rooms of one folder import one way; an `__init__` that gathers their names is above them."""
    edges: dict[str, set[str]] = {}
    for found in all_imports():
        source, target = room(found.source), room(found.target)
        gathers = found.source in PACKAGES or source.count(".") + target.count(".") < 2
        if not (found.for_types or gathers or source == target):
            edges.setdefault(source, set()).add(target)
    assert cycle(edges) == []


def test_files_are_short():
    written = {"_names.py", "cli/_index.py"}  # by scripts/make_names.py
    lengths = {
        relative(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in files()
        if relative(path) not in written
    }
    assert {name: count for name, count in lengths.items() if count > FILE_LINES} == {}


def code_lines(path: Path) -> int:
    """Lines with code on them: blank lines, comments and docstrings do not count."""
    source = path.read_text(encoding="utf-8")
    documented: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            documented |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            held |= set(range(token.start[0], token.end[0] + 1))
    return len(held - documented)


def test_the_engine_is_small():
    engine = [path for path in files() if relative(path).startswith(ENGINE)]
    bindings = [path for path in engine if relative(path).startswith(BINDINGS)]
    assert sum(map(code_lines, engine)) - sum(map(code_lines, bindings)) <= ENGINE_LINES


def asks_for_a_backend(node: ast.AST) -> bool:
    """Whether a comparison or match asks which backend or array module runs."""
    if isinstance(node, ast.Match):
        return "backend" in ast.unparse(node.subject)
    if not isinstance(node, ast.Compare):
        return False
    operands = [node.left, *node.comparators]
    strings = {
        constant.value
        for operand in operands
        for constant in ast.walk(operand)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    words = {
        word.id if isinstance(word, ast.Name) else word.attr
        for operand in operands
        for word in ast.walk(operand)
        if isinstance(word, (ast.Name, ast.Attribute))
    }
    named = bool(strings) and any("backend" in word for word in words)
    module = "xp" in words and bool(words & {"np", "numpy", "cp", "cupy"})
    return named or module or bool(strings & BACKEND_NAMES)


def test_no_backend_test_outside_the_backends():
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in files()
        if not relative(path).startswith(BACKEND_AWARE)
        for node in ast.walk(syntax(path))
        if isinstance(node, (ast.Compare, ast.Match)) and asks_for_a_backend(node)
    ]
    assert found == []


def forbidden(tree: ast.AST) -> list[str]:
    """Imports and calls that could run code from a file."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            found += [name for name in modules if name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
                found.append(str(node.module))
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in FORBIDDEN_CALLS:
                found.append(name)
            found += [
                "allow_pickle"
                for word in node.keywords
                if word.arg == "allow_pickle" and not is_false(word.value)
            ]
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and first.value in FORBIDDEN_MODULES:
                found.append(f"{ast.unparse(node.func)}({first.value!r})")
    return found


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_nothing_can_run_code_from_a_file():
    found = {relative(path): names for path in files() if (names := forbidden(syntax(path)))}
    assert found == {}


def reads_signatures(tree: ast.AST) -> bool:
    """Whether code reads a signature or type hints by itself."""
    return any(
        ast.unparse(node) in ("inspect.signature", "inspect.Signature.from_callable")
        or (isinstance(node, ast.Attribute) and node.attr in ("from_callable", "get_type_hints"))
        or (isinstance(node, ast.Name) and node.id == "get_type_hints")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module in ("inspect", "typing")
            and any(alias.name in ("signature", "get_type_hints") for alias in node.names)
        )
        for node in ast.walk(tree)
        if isinstance(node, (ast.Attribute, ast.Name, ast.ImportFrom))
    )


def test_signatures_are_read_in_one_place():
    found = [relative(path) for path in files() if reads_signatures(syntax(path))]
    assert found == ["signatures.py"]


# The rules above must be able to fail.


@pytest.mark.parametrize(
    "code",
    [
        "inspect.signature(f)",
        "inspect.Signature.from_callable(f)",
        "Signature.from_callable(f)",
        "typing.get_type_hints(f)",
        "from inspect import signature",
        "from typing import get_type_hints as hints",
    ],
)
def test_readers_of_signatures_are_seen(code: str):
    assert reads_signatures(ast.parse(code))
    assert not reads_signatures(ast.parse("signature(f), inspect.getdoc(f)"))


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from marshal import loads",
        "eval('1')",
        "exec(text)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "importlib.import_module('pickle')",
    ],
)
def test_forbidden_sees(code: str):
    assert forbidden(ast.parse(code))


@pytest.mark.parametrize(
    "code", ["model.eval()", "np.load(path, allow_pickle=False)", "re.compile(x)"]
)
def test_forbidden_lets_through(code: str):
    assert not forbidden(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "if backend == 'cupy': pass",
        "if current().backend.name in ('numpy', 'other'): pass",
        "if xp is np: pass",
        "if name == 'cupy': pass",
        "match backend():\n    case 'cupy': pass",
    ],
)
def test_backend_tests_are_seen(code: str):
    assert any(asks_for_a_backend(node) for node in ast.walk(ast.parse(code)))


def test_upward_and_inner_imports_are_seen():
    known = frozenset({"kerasish", "kerasish.layers", "kerasish.layers.dense", "kerasish.ops"})
    code = "from kerasish import layers\ndef f():\n    from ..layers import dense\n"
    found = imports_of(ast.parse(code), "kerasish.ops.math", False, known)
    assert [(item.target, item.in_function) for item in found] == [
        ("kerasish.layers", False),
        ("kerasish.layers.dense", True),
    ]
    assert all(upward(item) for item in found)


def test_cycles_are_seen():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
