"""What opens connections can be named in a file only where the caller allows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import kerasish as keras
from kerasish import registry
from kerasish.callbacks import Callback
from kerasish.cli.main import main
from kerasish.declarative.api import Options, from_yaml, load_config
from kerasish.errors import ConfigError

TEXT = """
kerasish: 1
model: {type: sequential, input: [2], layers: [Dense: 1]}
train:
  optimizer: sgd
  loss: mse
  callbacks:
    - RemoteMonitor: {root: "http://127.0.0.1:9"}
"""


def test_a_file_cannot_name_it() -> None:
    for read in (load_config, from_yaml):
        with pytest.raises(ConfigError) as told:
            read(TEXT)
        assert re.search(r"K602 RemoteMonitor opens connections", str(told.value))
        assert "Options(allow_network=True)" in str(told.value)


def test_the_caller_may_allow_it() -> None:
    project = load_config(TEXT, Options(allow_network=True))
    (callback,) = project.fit_arguments(project.build())["callbacks"]  # type: ignore[misc]
    assert isinstance(callback, keras.callbacks.RemoteMonitor)


def test_the_command_line_may_allow_it(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    assert main(["check", str(path)]) == 2
    assert "pass --allow-network to allow it" in capsys.readouterr().err
    assert main(["check", "--allow-network", str(path)]) == 0


def test_it_is_the_class_that_says_so() -> None:
    class Sender(Callback):
        opens_network = True

    class Subclass(Sender):
        pass

    for cls in (Sender, Subclass):
        registry.add("callback", cls, cls.__name__)
        text = TEXT[: TEXT.index("    - Remote")] + f"    - {cls.__name__}\n"
        with pytest.raises(ConfigError, match="K602"):
            load_config(text)
        assert load_config(text, Options(allow_network=True))
        del registry._entries["callback"][cls.__name__]


def test_every_class_that_opens_a_connection_says_so() -> None:
    """What imports a module of the network, among the classes that a file can name."""
    root = Path(keras.__file__).parent / "callbacks"
    network = re.compile(r"import (urllib\.request|socket|http\.client|requests|ftplib|smtplib)")
    found = {path.stem for path in root.glob("*.py") if network.search(path.read_text())}
    classes = [registry.lookup("callback", name) for name in registry.names("callback")]
    says = {
        cls.__module__.rpartition(".")[2]
        for cls in classes
        if getattr(cls, "opens_network", False) and cls.__module__.startswith("kerasish.")
    }
    assert found == says == {"remote_monitor"}
