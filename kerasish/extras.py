"""Packages that only some of what is offered needs: asked for where they are used."""

from __future__ import annotations

import importlib
from types import ModuleType

from kerasish.errors import MissingPackageError

# What pip calls a package where that is not the name of its module.
_CALLED = {"PIL": "pillow", "sklearn": "scikit-learn"}


def package(module: str, extra: str, what: str) -> ModuleType:
    """A module of another package, imported now.

    Args:
        module: its dotted name.
        extra: the extra of kerasish that brings it.
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
            expected=f"the package {_CALLED.get(top, top)}",
            received=f"none that can be imported ({error})",
            fix=f"Install it with: pip install 'kerasish[{extra}]'",
        ) from error
