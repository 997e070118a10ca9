"""What a file may take: every charge at its limit and one beyond, and nothing that passes it by."""

from __future__ import annotations

import ast
import gc
import math
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import budget, ops, saving, tables
from kerasish.budget import KINDS, Account
from kerasish.data.npz import open_npz, read_arrays
from kerasish.declarative import from_yaml
from kerasish.declarative.resolve.document import Options
from kerasish.errors import ArgumentError, ConfigError, DataError, LimitError, UnsafeFileError
from kerasish.saving.files.text import parse_json

PACKAGE = Path(budget.__file__).parent


# --- the account ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_at_its_limit_and_one_beyond(kind):
    account = Account("f", size=1000)
    most = int(KINDS[kind][0] + KINDS[kind][1] * 1000)
    account.spend(kind, most, "it")
    with pytest.raises(LimitError, match="f: it takes more than a file may") as caught:
        account.spend(kind, 1, "it")
    assert caught.value.kind == kind
    assert isinstance(caught.value, UnsafeFileError)


@pytest.mark.parametrize("amount", [math.nan, math.inf, 10**400])
def test_no_amount_is_too_odd_to_refuse(amount):
    account = Account("f")
    with pytest.raises((LimitError, OverflowError)):
        account.spend("work", amount, "it")


def test_without_an_account_nothing_is_limited():
    budget.spend("read", 10**18, "it")
    budget.room(10**18, "it")
    assert budget.afford("hints", 10**18)
    assert budget.current() is None


def test_accounts_do_not_nest_and_end():
    with budget.opened("outer") as outer, budget.opened("inner", 10**9) as inner:
        assert inner is outer
        with budget.charged():
            assert budget.current() is None
        assert budget.current() is outer
    assert budget.current() is None


def test_an_allowance_multiplies():
    with budget.allowance(3), budget.opened("f") as account:
        assert account.left["values"] == 3 * KINDS["values"][0]
    with budget.allowance(math.inf), budget.opened("f"):
        budget.spend("read", 10**18, "it")
    for wrong in (0, -1, math.nan, True, "2", None):
        with pytest.raises(ArgumentError, match="allowance"):
            budget.checked_times(wrong)


def test_arrays_count_as_long_as_they_live():
    with budget.opened("f") as account:
        free = account.left["tables"]
        held = tables.zeros(1000)
        view = held[10:]
        account.hold(view, held)
        assert account.left["tables"] == free - 8000
        del held
        assert account.left["tables"] == free - 8000
        del view
        gc.collect()
        assert account.left["tables"] == free


MAKERS = {
    "arange": lambda n: tables.arange(n),
    "zeros": lambda n: tables.zeros(n),
    "ones": lambda n: tables.ones((1, n)),
    "full": lambda n: tables.full(n, 2.0),
    "eye": lambda n: tables.eye(1, n),
    "tri": lambda n: tables.tri(n, 1),
    "linspace": lambda n: tables.linspace(0, 1, n),
    "outer": lambda n: tables.outer(np.add, np.broadcast_to(1, n), np.zeros(1)),
    "repeat": lambda n: tables.repeat(np.zeros(1), n),
    "window": lambda n: tables.window(np.hanning, n),
    "pad": lambda n: tables.pad(np.zeros(1), (0, n - 1), "edge"),
    "numbers": lambda n: tables.numbers(n / 4),
    "op": lambda n: ops.zeros(n, "float64"),
}


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_tables_at_the_limit_and_one_beyond(name):
    make = MAKERS[name]
    with budget.opened("f") as account:
        account.allow("tables", 8 * 2048 + 64)
        make(2048)
        gc.collect()
        with pytest.raises(LimitError):
            make(2048 + 9)


@pytest.mark.parametrize("op", ["inv", "det", "svd", "qr", "eigh", "cholesky"])
def test_cubic_ops_are_work(op):
    x = np.eye(400)
    with budget.opened("f") as account:
        account.allow("work", 1000)
        with pytest.raises(LimitError, match="steps of work"):
            getattr(ops, op)(x)


def test_every_op_and_call_is_work():
    with budget.opened("f") as account:
        account.allow("work", 30)
        symbol = keras.layers.Activation("relu")(keras.Input((3,)))
        with pytest.raises(LimitError, match="steps of work"):
            keras.layers.Activation("relu")(symbol)


# --- formats ----------------------------------------------------------------------------------


def test_a_config_of_many_lists():
    text = '{"a": [' + ",".join(["[]"] * 100) + "]}"
    with budget.opened("f") as account:
        account.allow("objects", 102)
        parse_json(text, "f")
        account.allow("objects", 101)
        with pytest.raises(LimitError, match="lists and objects"):
            parse_json(text, "f")


def npz(path: Path, size: int, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with path.open("wb") as file, zipfile.ZipFile(file, "w", kind) as archive:
        with archive.open("x.npy", "w") as member:
            np.lib.format.write_array(member, np.zeros(size, np.uint8))
    return path


def test_npz_at_the_limit_and_one_beyond(tmp_path):
    path = npz(tmp_path / "d.npz", 5000)
    with budget.opened("f") as account, open_npz(path) as found:
        account.allow("read", 5000)
        assert found.read("x").size == 5000
        account.allow("read", 4999)
        with pytest.raises(LimitError):
            found.read("x")


def test_npz_bombs_and_damage(tmp_path):
    bomb = npz(tmp_path / "bomb.npz", 2**25)
    with pytest.raises(LimitError, match="x of"):
        read_arrays(bomb)
    assert read_arrays(bomb, allowance=3)["x"].nbytes == 2**25
    for content in (b"", b"PK\x03\x04" + b"x" * 100, b"\x93NUMPY\x01\x00\x76\x00" + b"(" * 118):
        path = tmp_path / "bad"
        path.write_bytes(content)
        with pytest.raises(DataError):
            read_arrays(path)


def test_lists_of_numbers_add_up():
    with budget.opened("f") as account:
        account.allow("tables", 3200)
        tables.numbers(60)
        tables.numbers(40)
        with pytest.raises(LimitError, match="a list of numbers"):
            tables.numbers(1)


def test_a_long_npy_header_is_not_read(tmp_path):
    path = tmp_path / "long.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        head = b"\x93NUMPY\x02\x00" + (2**26).to_bytes(4, "little")
        archive.writestr("x.npy", head + b" " * 2**26)
    tracemalloc.start()
    with pytest.raises(DataError, match="header has 67,108,864 bytes"):
        read_arrays(path)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_weights_always_load(tmp_path):
    """A file of N bytes of weights, whatever N is next to the limits."""
    model = keras.Sequential([keras.Input((2000,)), keras.layers.Dense(6000)])
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
        assert saving.load_model(tmp_path / name).count_params() == model.count_params()
    for name in ("m.weights.h5", "m.safetensors"):
        model.save_weights(tmp_path / name)
        model.load_weights(tmp_path / name)


def config_of(name: str, **config: object) -> dict[str, object]:
    return {"module": "keras.metrics", "class_name": name, "config": config}


def test_descriptions_are_limited_and_python_is_not():
    with pytest.raises(LimitError, match="total_confusion_matrix"):
        keras.metrics.deserialize(config_of("MeanIoU", num_classes=4000))
    with pytest.raises(LimitError, match="total_confusion_matrix"):
        keras.metrics.MeanIoU.from_config({"num_classes": 4000})
    with pytest.raises(LimitError):
        keras.metrics.deserialize(config_of("AUC", num_thresholds=5_000_000))
    with saving.allowance(2):
        keras.metrics.MeanIoU.from_config({"num_classes": 4000})
    keras.metrics.MeanIoU(num_classes=5000)


def test_a_clone_is_the_programs_own():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    held = keras.models.clone_model(model)
    with budget.own(), budget.described({}):
        assert budget.current() is None
    assert held.count_params() == model.count_params()


def test_yaml_has_the_same_argument():
    text = "kerasish: 1\nmodel: {input: [2], layers: [{repeat: 1000, layers: [%s]}]}\n"
    layers = ", ".join(["{Dense: 2}"] * 4)
    with pytest.raises(ConfigError, match="K105"):
        from_yaml(text % layers)
    small = "kerasish: 1\nmodel: {input: [3], layers: [{Dense: 1}]}\n"
    with pytest.raises(ConfigError, match=r"K105.*values in a declarative file"):
        from_yaml(small, Options(allowance=7e-5))
    assert from_yaml(small, Options(allowance=10)).count_params() == 4


# --- nothing passes it by -----------------------------------------------------------------------

# Where what a file describes is read and built.
READERS = ("saving", "declarative", "datasets", "layers", "metrics", "models", "ops")
SIZED = {
    "np": {"zeros", "ones", "empty", "full", "arange", "eye", "tri", "linspace", "tile", "hanning",
           "hamming", "blackman", "bartlett", "kaiser", "fromfile", "load", "loadtxt", "pad",
           "repeat", "outer", "identity", "indices", "logspace", "geomspace"},
    "gzip": {"open", "decompress"},
    "zlib": {"decompress"},
    "zipfile": {"ZipFile"},
    "json": {"load", "loads"},
}  # fmt: skip
METHODS = {"read_bytes", "read_text", "read_direct"}
# Each of these charges, or makes what the program itself asks for.
DOORS = {
    "saving/files/safe_h5.py": {"_read", "_rows"},  # read_stored has charged
    "saving/files/safetensors.py": {"read", "_header", "_tensor"},  # charged whole in read
    "saving/files/archives.py": {"read_archive", "write_archive"},
    "saving/files/text.py": {"parse_json"},
    "saving/files/pickled_arrays.py": {"_array"},  # as many as the list holds that they come from
    "datasets/idx.py": {"read_idx"},
    "datasets/word_lists.py": {"word_index"},
}
# What data bring when a layer is called or adapted, what is written, the package's own files.
RUNNING = {
    "ops/linalg/solving.py": {"draw"},
    "ops/random/draws.py": {"_gamma"},
    "layers/preprocessing/fingerprints.py": {"_distinct"},
    "layers/preprocessing/numbers.py": {"adapt", "_merged", "_compressed", "_encode_array"},
    "layers/preprocessing/text_vectorization.py": {"_unsplit", "_table"},
    "layers/preprocessing/vocabulary.py": {"finalize_state"},
    "saving/beside.py": {"read_assets"},
    "datasets/housing.py": {"order_of"},
    "datasets/word_lists.py": {"chosen"},
    "datasets/digits.py": {"load_data"},
}


def sized_calls(path: Path) -> list[tuple[str, int, str]]:
    """(function, line, call) of calls whose size is not written in the code."""
    found = []

    def walk(node: ast.AST, owner: str, kernel: bool) -> None:
        if isinstance(node, ast.FunctionDef):
            first = node.args.args[0].arg if node.args.args else ""
            owner, kernel = node.name, kernel or first == "xp"
            # The decorators of an op hold its samples.
            children: list[ast.AST] = list(node.body)
        else:
            children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not kernel:
            base = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            constant = bool(node.args) and all(
                not any(isinstance(n, ast.Name | ast.Attribute) for n in ast.walk(a))
                for a in node.args[:1]
            )
            named = node.func.attr in SIZED.get(base, ()) or node.func.attr in METHODS
            if named and not constant:
                found.append((owner, node.lineno, f"{base}.{node.func.attr}"))
        for child in children:
            walk(child, owner, kernel)

    walk(ast.parse(path.read_text()), "", False)
    return found


def test_no_allocation_or_read_passes_the_account_by():
    wrong = []
    for folder in READERS:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            name = str(path.relative_to(PACKAGE))
            allowed = DOORS.get(name, set()) | RUNNING.get(name, set())
            wrong += [
                f"{name}:{line} {call} in {owner or 'the module'}"
                for owner, line, call in sized_calls(path)
                if owner not in allowed
            ]
    assert wrong == []


def test_the_check_sees_what_it_looks_for(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def f(n):\n    return np.zeros(n), np.zeros((2, 3)), path.read_bytes()\n")
    assert [call for _, _, call in sized_calls(path)] == ["np.zeros", "path.read_bytes"]
    path.write_text("def kernel(xp, n):\n    return np.zeros(n)\n")
    assert sized_calls(path) == []
