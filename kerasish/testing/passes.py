"""check_pass: a pass gives a well-formed graph of the same values."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import current
from kerasish.compiler.passes import PIPELINE, Pass, applied, optimize
from kerasish.errors import KerasishError, told
from kerasish.graph import Graph, convert_to_tensor, format_graph, rewrite, trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.node import PICK
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec, dtype_name, is_float
from kerasish.testing.operators import close
from kerasish.testing.programs import draw_program, widened

PROGRAMS = 20
LONGEST = 12  # lines of a random program
# (relative, absolute) by the dtype of a result; other dtypes must be equal.
VALUES = {
    "float64": (1e-12, 1e-13),
    "float32": (1e-5, 1e-6),
    "float16": (2e-3, 2e-3),
    "bfloat16": (1.6e-2, 1.6e-2),
}
LOOSE = 2e-3  # of the largest element, where programs are long
STEADY = 1e-3  # what float32 and float64 may differ by in a program whose steps no rounding takes


def names(graph: Graph) -> list[str]:
    """The ops that compute something, in order."""
    return [n.op.name for n in graph.nodes if n.inputs and n.op is not PICK]


def values(graph: Graph, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a graph's outputs and updates are, op by op."""
    return [t.numpy() for t in run_graph(graph, map(convert_to_tensor, arrays))]


def check_pass(
    apply: Pass,
    func: Callable[..., Any],
    *inputs: Any,
    ops: Sequence[str] | None = None,
    changes: bool = True,
    programs: int = PROGRAMS,
) -> Graph:
    """Check that a pass keeps what a graph means: on a function, and on random programs.

    The new graph is well formed (`verify`), has the inputs, results and updated variables of the
    one that was given, which stays as it was, and the same values. A pass that stands in the
    pipeline is tried on what the passes before it make of the function, too.

    Args:
        apply: `pass(graph, device) -> graph`.
        func: takes tensors, returns a structure of tensors; it may assign variables.
        inputs: an array for each tensor.
        ops: the names of the ops that are left of `func`, in order; None leaves them open.
        changes: whether it must change some graph that it is tried on, where `ops` is None.
        programs: how many random programs to try, with variables and derivatives among them.

    Returns:
        What the pass made of the graph of `func`, to look at.

    Raises:
        AssertionError: says what differs, with both graphs; or the pass never changed anything.
        GraphError: what the pass gave is not well formed.

    Example:
        >>> from kerasish import ops
        >>> from kerasish.compiler.passes.simplify import simplify
        >>> _ = check_pass(simplify, lambda x: ops.tanh(x * 1 + 0), np.ones(3), ops=["tanh"])
    """
    arrays = [np.asarray(x) for x in inputs]
    graph, _ = trace(func, [TensorSpec(a.shape, dtype_name(a.dtype)) for a in arrays])
    made, changed = _checked(apply, graph, arrays)
    if ops is not None and names(made) != [*ops]:
        raise AssertionError(f"left are the ops {names(made)}, expected {[*ops]}:\n{made}")
    before = next((i for i, (_, held) in enumerate(PIPELINE) if held is apply), 0)
    if before:
        earlier = optimize(graph, current(), PIPELINE[before - 1][0])
        changed |= _checked(apply, earlier, arrays)[1]
    for seed in range(programs):
        changed |= _check_program(apply, random.Random(seed))
    if changes and ops is None and not changed:
        raise AssertionError(
            told(
                f"the pass {getattr(apply, '__name__', apply)!r}",
                expected="a pass that changes some graph that it is tried on",
                received=f"one that leaves all as they are, so this one:\n{made}",
                fix="Try it on a function that it is for. A rule that gives the .node of a value, "
                "as of ops.ones(3), gives None: node_of(value) makes one. changes=False allows it.",
            )
        )
    return made


def _check_program(apply: Pass, r: random.Random) -> bool:
    """A random program; none where rounding alone decides what it gives."""
    program = draw_program(r, LONGEST)
    graph, exact = (
        trace(p.function(p.made_variables()), p.specs)[0] for p in (program, widened(program))
    )
    pairs = zip(values(graph, program.inputs), values(exact, widened(program).inputs), strict=True)
    if not all(np.allclose(a, b, STEADY, STEADY) for a, b in pairs):
        return False
    return _checked(apply, graph, program.inputs, f" on\n{program}", LOOSE)[1]


def _checked(
    apply: Pass, graph: Graph, arrays: Sequence[np.ndarray], about: str = "", loose: float = 0.0
) -> tuple[Graph, bool]:
    """What the pass makes of a graph, held to it, and whether that is another one."""
    text, name = format_graph(verify(graph)), str(getattr(apply, "__name__", apply))
    made = applied(name, apply, graph, current())
    about = f"the pass {name!r}{about}"
    if format_graph(graph) != text:
        raise AssertionError(f"{about} changed the graph that it was given.")
    verify(made, like=graph)
    try:
        pairs = zip(values(made, arrays), values(graph, arrays), strict=True)
        for k, (got, want) in enumerate(pairs):
            if got.dtype != want.dtype:
                raise AssertionError(f"result {k} is {got.dtype}, not {want.dtype}")
            rtol, atol = VALUES.get(dtype_name(want.dtype), VALUES["float64"])
            if loose and is_float(dtype_name(want.dtype)):
                rtol, atol = loose, loose * max(float(np.abs(want).max(initial=0)), 1.0)
            close(got, want, rtol, atol, f"result {k}")
    except (AssertionError, KerasishError) as error:
        raise AssertionError(f"{about}: {error}\n{text}\nbecame\n{format_graph(made)}") from error
    same = rewrite(graph, lambda node, inputs: None)  # of equal nodes it makes one
    return made, format_graph(made) not in (text, format_graph(same))
