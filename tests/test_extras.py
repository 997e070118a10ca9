"""Packages that are installed for some uses only."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from kerasish import extras, spec
from kerasish.cli.main import main
from kerasish.errors import DTypeError, MissingPackageError


def test_extras_are_those_of_the_project() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    offered = tomllib.loads(text)["project"]["optional-dependencies"]
    for package, extra in extras.PACKAGES.values():
        assert any(wanted.startswith((f"{package}>", f"{package}[")) for wanted in offered[extra])


@pytest.mark.parametrize("module", ["PIL", "soundfile", "pyarrow", "matplotlib", "sklearn"])
def test_a_package_that_is_missing_is_told(module: str) -> None:
    with pytest.raises(MissingPackageError) as caught:
        extras.package(f"{module}.nothing", "This")
    package, extra = extras.PACKAGES[module]
    assert str(caught.value).startswith(f"This. Expected: the package {package}. Received: none")
    assert str(caught.value).endswith(f"Install it with: pip install 'kerasish[{extra}]'")
    assert isinstance(caught.value, ImportError)


def test_a_dtype_says_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(DTypeError, match=r"pip install 'kerasish\[fast\]'"):
        spec.np_dtype.__wrapped__("bfloat16")


def test_info_lists_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = {"pillow": "", "cupy-cuda12x": "14.1", "pyarrow": "20.0"}
    monkeypatch.setattr("kerasish.cli.describe._version", lambda name: versions.get(name, "1"))
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert "missing   pillow (image); pip install 'kerasish[EXTRA]'" in out
    assert "pyarrow 20.0" in out
    assert "cupy-cuda12x 14.1" in out
