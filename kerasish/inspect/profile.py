"""Where the time of a compiled function goes: by step, by op, by layer."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from kerasish.compiler.functions import Function
from kerasish.compiler.plan import Plan, Step
from kerasish.errors import ArgumentError
from kerasish.graph.node import Node
from kerasish.inspect.cost import flops, label, nbytes
from kerasish.inspect.samples import arguments, kept_variables

BACKWARD = "grad"  # the outermost scope of nodes that differentiation made


@dataclass
class Entry:
    """What one step of a plan, or a group of steps, took.

    Attributes:
        name: op, or what the group is called.
        provider: who ran it.
        layer: path of the layer that made it; "" for none.
        backward: whether differentiation made it.
        source: the user's line "file:line".
        calls: how often it runs in one run of the plan; several times inside a loop.
        seconds: its time in each run.
        flops, nbytes: floating-point operations and bytes moved in one run.
    """

    name: str
    provider: str
    layer: str
    backward: bool
    source: str
    calls: int = 0
    seconds: list[float] = field(default_factory=list)
    flops: int = 0
    nbytes: int = 0

    @property
    def median(self) -> float:
        """Median over the runs, in seconds."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """The shortest of the runs, in seconds."""
        return min(self.seconds)


@dataclass(eq=False, repr=False)
class Profile:
    """Times of a plan's steps over several runs; `print` it.

    Attributes:
        entries: one per step, in order of running.
        totals: seconds of each run.
        timeline: (entry, start, duration) of every call of the fastest run, in seconds.
    """

    entries: list[Entry]
    totals: list[float]
    timeline: list[tuple[Entry, float, float]]

    @property
    def total(self) -> float:
        """Median time of a run, in seconds."""
        return statistics.median(self.totals)

    @property
    def flops(self) -> int:
        """Floating-point operations of a run."""
        return sum(e.flops for e in self.entries)

    def by_op(self) -> list[Entry]:
        """Entries joined by op and provider, the longest first."""
        return _joined(self.entries, lambda e: (e.name.split()[0], e.provider, ""))

    def by_layer(self, depth: int | None = None) -> list[Entry]:
        """Entries joined by layer, forward and backward apart, the longest first.

        Args:
            depth: parts of a layer's path that count; all by default.
        """

        def key(e: Entry) -> tuple[str, str, str]:
            layer = "/".join(e.layer.split("/")[:depth])
            return ("backward" if e.backward else "forward", "", layer)

        return _joined(self.entries, key)

    def table(self, entries: Sequence[Entry] | None = None, limit: int = 30) -> str:
        """Entries as text, one line each, the longest first.

        Args:
            entries: what to show: the steps by default, or `by_op()`, `by_layer()`.
            limit: how many lines; the rest is summed up in one.
        """
        rows = sorted(self.entries if entries is None else entries, key=lambda e: -e.median)
        head = ["ms", "min", "share", "GFLOP/s", "GB/s", "calls", "provider", "what", "layer"]
        lines = [head, *(self._row(e) for e in rows[:limit])]
        rest = rows[limit:]
        if rest:
            lines.append(self._row(_sum(rest, f"{len(rest)} more", "", "")))
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        text = []
        for line in lines:
            numbers = [c.rjust(w) for c, w in zip(line[:6], widths[:6], strict=True)]
            words = [c.ljust(w) for c, w in zip(line[6:], widths[6:], strict=True)]
            text.append("  ".join([*numbers, *words]).rstrip())
        return "\n".join(text)

    def _row(self, e: Entry) -> list[str]:
        time = max(e.median, 1e-12)
        layer = f"{e.layer} backward" if e.backward and e.name != "backward" else e.layer
        return [
            f"{e.median * 1e3:.3f}",
            f"{e.least * 1e3:.3f}",
            f"{e.median / max(sum(x.median for x in self.entries), 1e-12):.1%}",
            f"{e.flops / time / 1e9:.1f}" if e.flops else "-",
            f"{e.nbytes / time / 1e9:.1f}" if e.nbytes else "-",
            str(e.calls),
            e.provider,
            e.name,
            layer.strip(),
        ]

    def __str__(self) -> str:
        rate = self.flops / self.total / 1e9
        head = (
            f"{len(self.entries)} steps, {len(self.totals)} runs: "
            f"median {self.total * 1e3:.3f} ms, minimum {min(self.totals) * 1e3:.3f} ms, "
            f"{self.flops / 1e9:.3f} GFLOP, {rate:.1f} GFLOP/s"
        )
        parts = [head, self.table(), "by layer:", self.table(self.by_layer(), 20)]
        return "\n\n".join([*parts, "by op:", self.table(self.by_op(), 20)])

    def trace(self) -> dict[str, Any]:
        """The fastest run in Chrome's trace event format (chrome://tracing, Perfetto)."""
        events = [
            {
                "name": entry.name,
                "cat": entry.provider,
                "ph": "X",
                "ts": start * 1e6,
                "dur": duration * 1e6,
                "pid": 0,
                "tid": 0,
                "args": {
                    "layer": entry.layer,
                    "backward": entry.backward,
                    "source": entry.source,
                    "flops": entry.flops // max(entry.calls, 1),
                    "bytes": entry.nbytes // max(entry.calls, 1),
                },
            }
            for entry, start, duration in self.timeline
        ]
        return {"traceEvents": events, "displayTimeUnit": "ms"}

    def save_trace(self, path: str | Path) -> None:
        """Write `trace()` as JSON."""
        Path(path).write_text(json.dumps(self.trace()), encoding="utf-8")


def _joined(entries: Iterable[Entry], key: Callable[[Entry], tuple[str, str, str]]) -> list[Entry]:
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return sorted((_sum(g, *k) for k, g in groups.items()), key=lambda e: -e.median)


def _sum(entries: Sequence[Entry], name: str, provider: str, layer: str) -> Entry:
    return Entry(
        name,
        provider,
        layer,
        all(e.backward for e in entries),
        "",
        sum(e.calls for e in entries),
        [sum(run) for run in zip(*(e.seconds for e in entries), strict=True)],
        sum(e.flops for e in entries),
        sum(e.nbytes for e in entries),
    )


def profile(func: Function, *args: Any, runs: int = 20, warmup: int = 2, **kwargs: Any) -> Profile:
    """Time every step of a compiled function.

    Args:
        func: made by `kerasish.function`.
        args, kwargs: arguments of a call; a `TensorSpec` stands for a tensor of random numbers.
        runs: timed runs.
        warmup: runs before, which are not timed.

    Variables that the function assigns hold their old values afterwards.

    Raises:
        ArgumentError: `runs` is less than 1.
    """
    compiled, tensors = func.prepared(*arguments(args), **arguments(kwargs))
    values = [tensor.value for tensor in tensors]
    with func.lock:
        return profile_plan(compiled.plan, values, runs, warmup)


def profile_plan(plan: Plan, values: Sequence[Any], runs: int = 20, warmup: int = 2) -> Profile:
    """Time every step of a plan whose lock the caller holds; see `profile`.

    Args:
        values: arrays to fill the plan's inputs with before every run.
    """
    if runs < 1:
        raise ArgumentError("profile", expected="runs of at least 1", received=runs)

    def fill() -> None:
        for buffer, value in zip(plan.inputs, values, strict=True):
            buffer[...] = value

    with kept_variables(plan.graph):
        for _ in range(warmup):
            fill()
            plan.run()
        return _measure(plan, fill, runs)


def _measure(plan: Plan, fill: Callable[[], None], runs: int) -> Profile:
    calls, entries, owner = _calls(plan)
    synchronize = plan.device.synchronize
    wait = None if plan.device.host else synchronize
    totals: list[float] = []
    best: list[int] = []
    for _ in range(runs):
        fill()
        readings = stamps(calls, wait)
        spent = [0] * len(entries)
        for i, at in enumerate(owner):
            spent[at] += readings[i + 1] - readings[i]
        for entry, ns in zip(entries, spent, strict=True):
            entry.seconds.append(ns / 1e9)
        total = (readings[-1] - readings[0]) / 1e9
        if not totals or total < min(totals):
            best = readings
        totals.append(total)
    timeline = [
        (entries[at], (best[i] - best[0]) / 1e9, (best[i + 1] - best[i]) / 1e9)
        for i, at in enumerate(owner)
    ]
    return Profile(entries, totals, timeline)


def stamps(calls: Sequence[Callable[[], Any]], wait: Callable[[], None] | None) -> list[int]:
    """Clock readings before the first call and after each, in nanoseconds."""
    readings = [0] * (len(calls) + 1)
    readings[0] = perf_counter_ns()
    for i, call in enumerate(calls, 1):
        call()
        if wait is not None:
            wait()
        readings[i] = perf_counter_ns()
    return readings


def _calls(plan: Plan) -> tuple[list[Callable[[], Any]], list[Entry], list[int]]:
    """(calls in order, entries, the entry of each call); loops are taken apart."""
    entries: dict[tuple[Node, str], int] = {}
    found: list[Entry] = []
    calls: list[Callable[[], Any]] = []
    owner: list[int] = []

    def visit(steps: Iterable[Step], layer: str, loop: Node | None) -> None:
        for step in steps:
            inner = getattr(step.call, "steps", None)
            if inner is not None:
                visit(inner, step.node.scope or layer, step.node)
                continue
            key = (step.node, step.provider)
            if key not in entries:
                entries[key] = len(found)
                found.append(_entry(step, layer))
            at = entries[key]
            found[at].calls += 1
            if step.node is loop:  # what a loop copies in and out
                found[at].nbytes += 2 * sum(array.nbytes for array in step.outputs)
            else:
                found[at].flops += flops(step.node)
                found[at].nbytes += nbytes(step.node)
            calls.append(step.call)
            owner.append(at)

    visit(plan.steps, "", None)
    return calls, found, owner


def _entry(step: Step, layer: str) -> Entry:
    scope = step.node.scope or layer
    parts = scope.split("/") if scope else []
    backward = BACKWARD in parts
    own = "/".join(p for p in parts if p != BACKWARD)
    return Entry(label(step.node), step.provider, own, backward, step.node.source)
