"""Arguments to look at a function with: sample values for specs, variables kept as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasish.graph.node import Graph
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.spec import TensorSpec, is_differentiable, known


def sample(spec: TensorSpec) -> Tensor:
    """A tensor of a spec: normal numbers where they are floats, else zeros (a valid index)."""
    shape = known(spec.shape)
    if is_differentiable(spec.dtype):
        return convert_to_tensor(np.random.default_rng(0).normal(size=shape), spec.dtype)
    return convert_to_tensor(np.zeros(shape), spec.dtype)


def arguments(structure: Any) -> Any:
    """`structure` with a sample tensor in place of every TensorSpec."""
    if isinstance(structure, TensorSpec):
        return sample(structure)
    if isinstance(structure, dict):
        return {key: arguments(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return type(structure)(map(arguments, structure))
    return structure


@contextmanager
def kept_variables(graph: Graph) -> Iterator[None]:
    """Context manager: the variables that `graph` assigns hold their old values afterwards."""
    held = [(variable, variable.array.copy()) for variable, _ in graph.updates]
    try:
        yield
    finally:
        for variable, array in held:
            variable.array[...] = array
