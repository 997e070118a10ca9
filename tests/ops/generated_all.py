"""All generators of calls."""

from tests.ops import (
    generated_arrays,
    generated_linear,
    generated_networks,
    generated_positions,
)
from tests.ops.generated_calls import MAKERS, Call, calls_of

__all__ = [
    "MAKERS", "Call", "calls_of", "generated_arrays", "generated_linear", "generated_networks",
    "generated_positions",
]  # fmt: skip
