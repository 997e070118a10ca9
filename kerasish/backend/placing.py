"""`device`: where what is made inside a `with` block lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kerasish.backend.base import current, set_backend
from kerasish.errors import ArgumentError

_NAME = re.compile(r"(cpu|gpu|cuda)(?::(\d+))?")


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """Context manager: what is made inside lies on a device, and is computed there.

    Args:
        device_name: "cpu" or "gpu" ("cuda" is the same), with a number as in "gpu:0". There is one
            GPU, number 0; the number of a CPU changes nothing.

    Raises:
        ArgumentError: another name, or another GPU.
        BackendError: "gpu" where no GPU answers.
    """
    found = _NAME.fullmatch(device_name.lower()) if isinstance(device_name, str) else None
    if found is None or (found[1] != "cpu" and int(found[2] or 0)):
        raise ArgumentError(
            "device",
            expected="'cpu', 'gpu', or one of them with a number, 'cpu:0' or 'gpu:0'",
            received=repr(device_name),
        )
    before, wanted = current(), found[1] == "cpu"
    if before.host == wanted:
        yield
        return
    set_backend("numpy" if wanted else "cupy")
    try:
        yield
    finally:
        set_backend(before.name)
