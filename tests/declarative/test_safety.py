"""A config is data: whatever stands in it, nothing is opened, imported, run or changed."""

from __future__ import annotations

import builtins
import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasish import registry
from kerasish._names import KINDS
from kerasish.config import settings
from kerasish.declarative.building.model import build_model
from kerasish.declarative.resolve.document import read_text
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from tests.declarative.helpers import outcome, well_formed

HOSTILE = (
    "/etc/passwd",
    "file:///etc/passwd",
    "http://localhost:1/x",
    "../../../etc/passwd",
    "os.system",
    "__import__('os').system('touch marker')",
    "${__import__('os').system('touch marker')}",
    "kerasish.cli.main:main",
    "this",
    "$env.HOME",
)
# Everywhere a value may stand; %s is the hostile text.
PLACES = (
    "name: %s",
    "seed: %s",
    "backend: %s",
    "plugins: [%s]",
    "vars: {x: %s}",
    "description: %s",
    "model: {input: [3], layers: [%s]}",
    "model: {input: [3], layers: [{%s: {}}]}",
    "model: {input: [3], layers: [{Dense: {units: 1, activation: %s}}]}",
    "model: {input: [3], layers: [{Dense: {units: 1, kernel_initializer: %s}}]}",
    "model: {input: [3], layers: [{Dense: {units: 1, kernel_initializer: {%s: {}}}}]}",
    "model: {input: [3], layers: [{Dense: {units: 1, name: %s}}]}",
    "model: {input: [3], layers: [{Dense: {units: 1, dtype: %s}}]}",
    "model: {input: [3], layers: [{Activation: %s}]}",
    "model: {input: [3], layers: [{Lambda: %s}]}",
    "model: {input: {shape: [3], name: %s}, layers: [Flatten]}",
    "model: {inputs: {%s: [3]}, nodes: {a: {from: %s, Dense: 1}}, outputs: a}",
    "data: {dataset: %s}",
    "data: {train: {npz: %s, x: %s}}",
    "train: {optimizer: %s, loss: mse}",
    "train: {optimizer: {Adam: {learning_rate: {%s: {}}}}, loss: mse}",
    "train: {optimizer: adam, loss: {%s: {}}}",
    "train: {optimizer: adam, loss: mse, metrics: [%s]}",
    "train: {optimizer: adam, loss: mse, callbacks: [%s]}",
    "base: %s",
)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened, connected to or started."""
    seen: list[str] = []

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            # Python may read source files of its own and of installed packages (tracebacks).
            if not (args and str(args[0]).endswith((".py", ".pyc"))):
                seen.append(f"{name}{args[:1]}")
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, called)

    watch(builtins, "open")
    watch(os, "open")
    watch(os, "system")
    watch(socket, "socket")
    watch(subprocess, "Popen")
    return seen


@pytest.mark.filterwarnings("ignore:The file's plugins:UserWarning")
@pytest.mark.parametrize("place", PLACES)
def test_nothing_happens(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watched: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dataclasses.asdict(settings)
    read_all("kerasish: 1\nmodel: {input: [3], layers: [{Dense: 1}]}")
    for kind in KINDS:  # the modules of built-in names may be loaded, by the index and nothing else
        for name in registry.names(kind):
            registry.lookup(kind, name)
    modules = set(sys.modules)
    for value in HOSTILE:
        quoted = '"' + value.replace('"', '\\"') + '"'
        text = "kerasish: 1\n" + place.replace("%s", quoted)
        if "model:" not in place:
            text += "\nmodel: {input: [3], layers: [{Dense: 1}]}"
        assert well_formed(outcome(lambda text=text: read_all(text)))
    assert watched == []
    assert set(sys.modules) - modules == set()
    assert dataclasses.asdict(settings) == before
    assert list(tmp_path.iterdir()) == []


def read_all(text: str) -> None:
    diagnostics = Diagnostics()
    config = validate(read_text(text, diagnostics), diagnostics)
    build_model(config.model, diagnostics)
