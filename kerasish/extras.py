"""Packages that only some of what is offered needs: asked for where they are used."""

from __future__ import annotations

import importlib
from types import ModuleType

from kerasish.errors import MissingPackageError

# What pip calls the package of a module, and the extra of kerasish that brings it.
PACKAGES = {
    "llvmlite": ("llvmlite", "fast"),
    "ml_dtypes": ("ml_dtypes", "fast"),
    "onednn": ("onednn-cpu-gomp", "fast"),  # a library, which no module imports
    "PIL": ("pillow", "image"),
    "soundfile": ("soundfile", "audio"),
    "pyarrow": ("pyarrow", "parquet"),
    "matplotlib": ("matplotlib", "plot"),
    "sklearn": ("scikit-learn", "sklearn"),
    "cupy": ("cupy-cuda13x", "cuda13"),  # or cupy-cuda12x, by cuda12
}


def command(module: str) -> str:
    """What brings the package of a module."""
    return f"pip install 'kerasish[{PACKAGES[module][1]}]'"


def package(module: str, what: str) -> ModuleType:
    """A module of another package, imported now.

    Args:
        module: its dotted name, of a package in `PACKAGES`.
        what: what needs it, for the error.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        raise MissingPackageError(
            what,
            expected=f"the package {PACKAGES[top][0]}",
            received=f"none that can be imported ({error})",
            fix=f"Install it with: {command(top)}",
        ) from error
