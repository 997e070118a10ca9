"""The door: what goes wrong before a command runs is text and a code too."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from kerasish.cli import main as door
from kerasish.cli.commands import CODES
from kerasish.errors import ArgumentError, BackendError, DataError, DivergedError, NumericsError

CLI = "import sys; from kerasish.cli.main import main; sys.exit(main())"
CONFIG = """kerasish: 1
model: {input: [8, 8, 1], layers: [Flatten, {Dense: {units: 10, activation: softmax}}]}
data: {dataset: digits, batch_size: 512}
train: {optimizer: adam, loss: sparse_categorical_crossentropy, epochs: 2}
"""


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = {"PY": sys.executable, "CLI": CLI}
    for word, text in words.items():
        line = line.replace(f"${word}", f"'{text}'")
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )


def test_closed_streams_lead_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    done = shell("exec $PY -c $CLI fit m.yaml --run a <&- >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a" / "model.keras").is_file()
    done = shell("exec $PY -c $CLI check absent.yaml >&- 2>&-", tmp_path)
    assert done.returncode == 2


def test_the_environment_is_checked_like_an_argument(tmp_path: Path) -> None:
    done = shell("KERASISH_BACKEND=abacus exec $PY -c $CLI info", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown backend. Expected: one of numpy, cupy, auto. ")
    assert "KERASISH_BACKEND" in done.stderr
    done = shell("KERASISH_BACKEND= exec $PY -c $CLI info", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (BackendError("No such\nlibrary."), 2, "error: No such library.\n"),
    ],
)
def test_what_comes_while_loading(
    error: BaseException,
    code: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(name: str) -> None:
        raise error

    monkeypatch.setattr(door, "importlib", SimpleNamespace(import_module=load))
    assert door.main(["info"]) == code
    assert capsys.readouterr().err == told


def test_the_door_is_light() -> None:
    """What it loads by itself is loaded before anything could catch an interrupt."""
    code = "import sys, kerasish.cli.main; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = door.main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def doing(function: Callable[[Namespace], int | None]) -> pytest.MonkeyPatch:
    """A patch under which every command does this."""
    patch = pytest.MonkeyPatch()
    patch.setattr(door, "_function", lambda name: function)
    return patch


def raising(error: BaseException) -> pytest.MonkeyPatch:
    def fail(arguments: Namespace) -> None:
        raise error

    return doing(fail)


@pytest.mark.parametrize(
    ("error", "code", "start"),
    [
        (ArgumentError("units", expected="2", received="3"), 2, "error: units. Expected: 2. Rec"),
        (DataError("no rows"), 2, "error: no rows\n"),
        (FileNotFoundError(2, "No such file", "x"), 2, "error: [Errno 2] No such file: 'x'\n"),
        (MemoryError(), 2, "error: MemoryError\n"),
        (DivergedError("the loss is nan"), 3, "error: the loss is nan\n"),
        (NumericsError("nan in dense"), 3, "error: nan in dense\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (IndexError("list\nindex"), 1, "error: a fault of kerasish, not of your files: IndexError"),
        (TypeError("f() takes 2"), 1, "error: a fault of kerasish, not of your files: TypeError"),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, start: str, capsys: pytest.CaptureFixture[str]
) -> None:
    patch = raising(error)
    found, out, err = told(capsys, "info")
    patch.undo()
    assert (found, out) == (code, "")
    assert err.startswith(start)
    assert "Traceback" not in err
    assert code in CODES
    assert len(err.strip().splitlines()) == 1


def test_a_command_may_give_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    for given, code in ((3, 3), (None, 0), (0, 0)):
        patch = doing(lambda arguments, given=given: given)
        assert told(capsys, "info") == (code, "", "")
        patch.undo()


def test_the_traceback_of_a_fault_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = raising(IndexError("what"))
    _, _, err = told(capsys, "info")
    kept = Path(err.rpartition("the traceback is in ")[2].strip())
    text = kept.read_text(encoding="utf-8")
    kept.unlink()
    assert "in fail\n    raise error\nIndexError: what" in text
    _, _, err = told(capsys, "info", "--traceback")
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("error: a fault of kerasish")
    monkeypatch.setenv("KERASISH_TRACEBACK", "1")
    assert told(capsys, "info")[2].startswith("Traceback")
    patch.undo()


def test_a_fault_of_a_plugin_is_told_with_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "import kerasish\n"
        "@kerasish.register('layer')\n"
        "class Faulty(kerasish.layers.Layer):\n"
        "    def __init__(self, **options):\n"
        "        super().__init__(**options)\n"
        "        raise ZeroDivisionError('mine')\n"
    )
    (tmp_path / "plugin_with_a_fault.py").write_text(text, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(
        CONFIG.replace("Flatten,", "Flatten, Faulty,"), encoding="utf-8"
    )
    code, _, err = told(capsys, "check", "m.yaml", "--allow", "plugin_with_a_fault")
    place = f"error: {tmp_path / 'plugin_with_a_fault.py'}:6: ZeroDivisionError: mine; "
    assert (code, err.startswith(place)) == (2, True)


def test_modules_of_the_folder_are_found_by_the_installed_script(tmp_path: Path) -> None:
    (tmp_path / "beside_plugin.py").write_text("VALUE = 1\n", encoding="utf-8")
    text = "import beside_plugin, kerasish\nprint('found', beside_plugin.VALUE)\n"
    (tmp_path / "plugin_of_folder.py").write_text(text, encoding="utf-8")
    script = tmp_path / "bin" / "kerasish"  # the first place of its path is its own folder
    script.parent.mkdir()
    script.write_text(CLI, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    done = shell("exec $PY bin/kerasish check m.yaml --allow plugin_of_folder", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("found 1\nm.yaml: no findings")


def test_a_reader_that_leaves_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(CONFIG.replace("epochs: 2", "epochs: 4"), encoding="utf-8")
    line = "{ $PY -c $CLI fit m.yaml --run a --verbose 2; echo $? >code; } | head -n 1"
    done = shell(line, tmp_path)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert (tmp_path / "code").read_text(encoding="utf-8") == "0\n"
    assert (tmp_path / "a" / "model.keras").is_file()
    done = shell("{ $PY -c $CLI schema; echo $? >code; } | head -n 1", tmp_path)
    assert (done.stdout, done.stderr) == ("{\n", "")
    assert (tmp_path / "code").read_text(encoding="utf-8") == "0\n"
    done = shell("{ $PY -c $CLI check no.yaml; echo $? >code; } 2>&1 >&- | head -n 0", tmp_path)
    assert (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "code").read_text(encoding="utf-8") == "2\n"


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from kerasish.cli.main import main; main(sys.argv[1:]); "
        "print([name for name in ('numpy', 'yaml', 'kerasish.layers') if name in sys.modules])"
    )
    for arguments in (["--help"], ["fit", "--help"], ["fti"], ["fit", "--epcohs"], ["summary"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_loading_is_told_on_a_terminal_and_taken_back(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def show(arguments: Namespace) -> None:
        print("shown", file=sys.stderr)

    monkeypatch.setattr(door, "_function", lambda name: show)
    assert told(capsys, "show", "m.yaml") == (0, "", "shown\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, err = told(capsys, "show", "m.yaml")
    loading, blanks, rest = err.split("\r")
    assert (code, out, rest) == (0, "", "shown\n")
    assert loading.endswith(": loading")
    assert blanks == " " * len(loading)
