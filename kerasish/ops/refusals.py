"""Values of tensors that a function refuses, as far as they are known when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.refusals import received


def values_that(
    holds: Callable[[np.ndarray], Any], what: str, x: Any, expected: str, dtype: Any = None
) -> Tensor:
    """`x` as a tensor of which `holds` is true everywhere, as far as its values are known now.

    Raises:
        ArgumentError: it is not; NaN never is.
    """
    found = convert_to_tensor(x, dtype)
    if found.value is not None and not np.all(holds(np.asarray(found))):
        raise ArgumentError(what, expected=expected, received=received(x))
    return found
