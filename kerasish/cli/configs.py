"""From a command's arguments to a checked config and a model."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import Namespace
from pathlib import Path

from kerasish import backend, random
from kerasish.cli.run_folder import CONFIG_FILE, fold_of
from kerasish.declarative.api import Options, Project, load_config
from kerasish.errors import ArgumentError


def options(arguments: Namespace) -> Options:
    """What the command line allows and changes."""
    allow_plugins(arguments.plugins)
    return Options(
        overrides=tuple(getattr(arguments, "overrides", ())),
        allow_env=getattr(arguments, "allow_env", False),
        allow_network=getattr(arguments, "allow_network", False),
        plugins=tuple(arguments.plugins),
        allowance=arguments.allowance,
        command=True,
    )


def allow_plugins(names: list[str]) -> None:
    """Import the modules named on the command line, never those a file names.

    Modules of the current folder are found, and what they import beside them. Later imports look
    there last, so that no file of the folder takes the place of a module that is installed.

    Raises:
        ArgumentError: a name that is none, or that nothing is found under.
    """
    here = os.getcwd()
    if names and here not in sys.path:
        sys.path.insert(0, here)
        try:
            _import(names)
        finally:
            sys.path.remove(here)
            sys.path.append(here)
    else:
        _import(names)


def _import(names: list[str]) -> None:
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ArgumentError("--allow", expected="the name of a module", received=repr(name))
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            raise ArgumentError(
                f"--allow {name}",
                expected="a module in this folder, or one that is installed, by its name "
                "without .py",
                received=error,
            ) from None


def project_of(arguments: Namespace, source: str) -> Project:
    """The checked config at `source`: a file, or the resolved one of a run folder, whose parts of
    the data are those that the run had."""
    path = Path(source)
    folder = path if path.is_dir() else None
    if folder is not None:
        path = folder / CONFIG_FILE
        if not path.is_file():
            raise ArgumentError(
                "", expected=f"a run folder that holds {CONFIG_FILE}", received=repr(source)
            )
    project = load_config(path, options(arguments))
    if folder is not None:
        project.fold = fold_of(folder)
    return project


def prepare_for(arguments: Namespace, project: Project) -> None:
    """Set the seed and the backend that a config and the command line ask for."""
    if project.config.seed is not None:
        random.set_random_seed(project.config.seed)
    use_backend(arguments.backend or project.config.backend)


def use_backend(name: str | None) -> None:
    """Set the backend asked for; the one in use stays where none is."""
    if name is not None:
        backend.set_backend(name)
