"""Random imperative programs do what the rule says, in every mode; and the sample finds faults.

`scripts/random_programs.py` runs thousands of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from kerasish.graph import autodiff, node, recording, toposort
from kerasish.graph.trace import Trace
from kerasish.ops.control import bodies
from kerasish.ops.control import functions as control
from tests.imperative.judge import RejectedError
from tests.imperative.language import Program, draw_program
from tests.imperative.machine import WAYS, differences, doubles, judged, without

COUNT = 60  # programs drawn; a third of them are rejected
MOST = 300  # among these there is one that finds a fault
OFF = ((), ("llvm",), ("onednn",))


@pytest.fixture(autouse=True)
def _doubles() -> Iterator[None]:
    with doubles():
        yield


def drawn(seed: int) -> tuple[Program, list[dict[str, float]]] | None:
    """A program and what it must do; None where rounding, or nothing, decides that."""
    program = draw_program(random.Random(seed), 8)
    try:
        return program, judged(program)
    except RejectedError:
        return None


@pytest.mark.parametrize("batch", range(4))
def test_programs_do_what_the_rule_says(batch: int) -> None:
    compared = 0
    for seed in range(batch * COUNT // 4, (batch + 1) * COUNT // 4):
        found = drawn(seed)
        if found is None:
            continue
        compared += 1
        with without(*OFF[seed % len(OFF)]):
            # The two ways of fit share all but the loop around them: one of them each time.
            for way in ("eagerly", "function", WAYS[2 + seed % 2]):
                assert not (wrong := differences(*pick(found, way))), f"{seed}: {wrong}\n{found[0]}"
    assert compared >= COUNT // 4 // 4


def pick(found: tuple[Program, Any], way: str) -> tuple[Program, str, Any]:
    return found[0], way, found[1]


# --- every fault, put back, is found --------------------------------------------------------------


def _everything(self: Any, outputs: Any) -> Any:
    """A tape that sees whatever its target came from."""
    return {n: n.inputs for n in toposort(outputs)}


def _unwatched(self: Any, outputs: Any) -> Any:
    """A tape that sees all that happens while it is open."""
    unseen = autodiff._Unseen(self.spans)
    order = toposort(outputs, stop=unseen)
    return {n: () if n in unseen else n.inputs for n in order}


def _unending(self: Any, made: Any) -> bool:
    return not any(start < made.serial for start, _ in self.spans)


def _unbegun(self: Any, made: Any) -> bool:
    return not any(made.serial < stop for _, stop in self.spans)


def _shared_reads(self: Any, variable: Any, start: Any) -> Any:
    """Reads under a tape give the node that stands for the variable anyway."""
    layer = self.layers[self.depth(variable)]
    made = layer.setdefault(variable, None) or start(variable)
    layer[variable] = made
    for tape in recording.recording.tapes:
        if tape.automatic:
            tape.reads.setdefault(variable, made)
    return made


_part = Trace.part


@contextmanager
def _leaking_part(self: Any, carried: Any) -> Iterator[Any]:
    """A body that gives a variable another one's value leaves it with that value."""
    with _part(self, carried) as assigned:
        yield assigned
    for variable, value in assigned.items():
        if value.op is node.VARIABLE:
            self.layers[-1][variable] = value


@contextmanager
def _part_left_open(self: Any, carried: Any) -> Iterator[Any]:
    """A body that fails stays open."""
    self.assigned.append({})
    self.layers.append(dict(carried))
    yield self.assigned[-1]
    self.layers.pop()
    self.assigned.pop()


def _carrying_nothing(self: Any, func: Any, specs: Any) -> None:
    self.variables = {}
    inputs = [bodies.input_tensor(s) for s in specs]
    self.outputs, _ = self._round(func, inputs, [])
    self.own = [bodies.node_of(t) for t in inputs]


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "tapes see what is older, younger or not watched": (
        autodiff.GradientTape, "_seen", _everything,
    ),
    "tapes see what is not watched": (autodiff.GradientTape, "_seen", _unwatched),
    "tapes see what happens after they closed": (autodiff._Unseen, "__contains__", _unending),
    "tapes see what is older": (autodiff._Unseen, "__contains__", _unbegun),
    "a first read is no leaf of its own": (recording.Held, "read", _shared_reads),
    "equal nodes are one to tapes": (recording, "keep_apart", lambda apart: None),
    "a value given in a body stays": (Trace, "part", _leaking_part),
    "a body that fails stays open": (Trace, "part", _part_left_open),
    "a loop of no rounds runs its body": (control, "tracing", nullcontext),
    "assignments are forgotten by no tape": (
        recording._Recording, "forget", lambda self, variable: None,
    ),
    "a body gives on what it got": (control, "handed_on", lambda tensors: tensors),
    "loops carry no variables": (bodies.LoopBody, "__init__", _carrying_nothing),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_put_back_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    for seed in range(MOST):
        found = drawn(seed)
        if found and any(differences(*pick(found, way)) for way in ("eagerly", "function")):
            return
    raise AssertionError(f"No program of the sample finds that {fault}.")
