"""The index of names and the stubs of namespaces say what stands in the files."""

import subprocess
import sys
from pathlib import Path

import pytest

from kerasish._names import KINDS, PUBLIC
from scripts import make_names

FILES = make_names.files()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(make_names.ROOT)))
def test_generated_files_are_up_to_date(path: Path) -> None:
    message = "run scripts/make_names.py"
    assert path.read_text(encoding="utf-8") == FILES[path], message


def test_a_public_name_hides_no_module() -> None:
    for package, homes in PUBLIC.items():
        folder = make_names.ROOT.joinpath(*package.split("."))
        modules = {path.stem for path in folder.glob("*") if path.name != "__init__.py"}
        for home, names in homes.items():
            listed = {entry.partition(":")[0] for entry in names.split()}
            assert not listed & modules or home == "", (package, listed & modules)


def test_every_kind_is_found() -> None:
    assert {"layer", "loss", "metric", "optimizer", "schedule", "callback"} <= set(KINDS)


FROM_FILES = """
import sys
from scripts.names_in_files import index_of_files
sys.modules["kerasish._names"] = index_of_files()
from scripts import make_names
assert all(path.read_text(encoding="utf-8") == text for path, text in make_names.files().items())
"""


def test_the_index_does_not_depend_on_the_one_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FROM_FILES],
        check=False,
        timeout=120,
        cwd=make_names.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
