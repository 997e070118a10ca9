"""The operator library under Keras's names: `kerasish.ops.add`, `.numpy`, `.nn`, `.linalg`, ...

Importing it registers every op. Which names it offers stands in the index: those of the functions
that its rooms declare public.
"""

import importlib
import pkgutil
from collections.abc import Iterable

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)


def _load_rooms(path: Iterable[str], prefix: str) -> None:
    """Import every module of a folder, and of those below."""
    for found in pkgutil.iter_modules(path, prefix):
        loaded = importlib.import_module(found.name)
        if found.ispkg:
            _load_rooms(loaded.__path__, f"{found.name}.")


_load_rooms(__path__, f"{__name__}.")
