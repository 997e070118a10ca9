"""check_lowered: what a renderer writes for an elementwise op gives what its kernel gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import current
from kerasish.compiler.codegen.renderer import RENDERERS, Renderer
from kerasish.compiler.providers import active
from kerasish.errors import KerasishError
from kerasish.graph import Graph, convert_to_tensor, trace
from kerasish.graph.node import LEAVES
from kerasish.graph.op import Case, Op
from kerasish.spec import TensorSpec, dtype_name
from kerasish.testing.operators import close, found
from kerasish.testing.samples import described, sample_inputs

LINES = 37  # draws of a case, side by side: vectors and what is left over
# (dtype, relative, absolute)
LOWERED = (("float32", 1e-5, 1e-6), ("float64", 1e-11, 1e-12))
# What a check, a rule or a compiler of its text raises.
RAISED = (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError)


def at_hand() -> list[Renderer]:
    """The renderers that write code for the arrays of the current backend here."""
    return [r for r in RENDERERS if r.BACKEND == current().name and active(r.NAME)]


def check_lowered(
    target: Any,
    renderer: Renderer,
    cases: Sequence[Case] | None = None,
    tolerances: Sequence[tuple[str, float, float]] = LOWERED,
) -> bool:
    """Check that an elementwise op as a region of its own gives what its kernel gives.

    A compiled plan of a few numbers makes no region of one op alone; this does, for each case and
    dtype, and for many draws of a case at once where its inputs have one shape.

    Args:
        target: an op or its name. Composites, and ops that are not elementwise, have no lowering.
        renderer: one of `at_hand()`.
        cases: instead of the declared ones.
        tolerances: (dtype, relative, absolute) for the dtypes to try.

    Returns:
        Whether the renderer could write any of it.

    Raises:
        AssertionError: says which case and what differs.
    """
    op = found(target)
    if not isinstance(op, Op) or not op.elementwise:
        return False
    wrote = False
    for call in op.cases if cases is None else cases:
        for one in tolerances:
            try:
                wrote |= _check_case(op, call, renderer, one)
            except (*RAISED, KerasishError) as error:
                text = f"{op.name}({described(call)}), lowered by {renderer.NAME}: {error}"
                raise AssertionError(text) from error
    return wrote


def _check_case(
    op: Op, call: Case, renderer: Renderer, tolerance: tuple[str, float, float]
) -> bool:
    wrote = False
    dtype, rtol, atol = tolerance
    for arrays in _given(op, call, dtype):
        specs = [TensorSpec(x.shape, dtype_name(x.dtype)) for x in arrays]
        graph, _ = trace(lambda *xs: op(*xs, **call.attrs), specs)
        inner = [n for n in graph.nodes if n.op not in LEAVES]
        if not inner or not all(map(renderer.supported, inner)):
            continue
        expected = np.asarray(op(*map(convert_to_tensor, arrays), **call.attrs))
        close(_run(graph, renderer, arrays), expected, rtol, atol, "lowered against the kernel")
        wrote = True
    return wrote


def _given(op: Op, call: Case, dtype: str) -> list[tuple[np.ndarray, ...]]:
    """The inputs of a case, and many draws of it at once."""
    draws = [sample_inputs(call, op.domain, dtype, seed=seed) for seed in range(LINES)]
    given = [draws[0]]
    if len({x.shape for x in draws[0]}) == 1:
        given.append(tuple(np.stack(column) for column in zip(*draws, strict=True)))
    return given


def _run(graph: Graph, renderer: Renderer, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """What a graph gives as one region."""
    device = current()
    inputs = [device.asarray(x, dtype_name(x.dtype)) for x in arrays]
    spec = graph.outputs[0].spec
    out = device.asarray(np.zeros(tuple(map(int, spec.shape)), np.int8), spec.dtype)
    region = renderer.Uncompiled(graph, inputs, [out])
    renderer.compile_all([region])
    region.bind()()
    return np.asarray(device.to_numpy(out))
