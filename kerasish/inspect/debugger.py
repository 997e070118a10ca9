"""`Model.debug`: the plan of a batch, step by step, in a terminal."""

from __future__ import annotations

import cmd
from typing import Any

import numpy as np

from kerasish.compiler.plan import Plan
from kerasish.graph.printer import expression, names_of
from kerasish.inspect.cost import label
from kerasish.inspect.explorer.book import inner, place_of
from kerasish.inspect.models import Batch, step_of
from kerasish.inspect.samples import kept_variables
from kerasish.models import Model
from kerasish.models.inside import fits

_AROUND = 4


class Debugger(cmd.Cmd):
    """The commands; each step of the plan has run or has not.

    Args:
        plan: the plan, whose lock the caller holds.
        values: the arrays of the batch.
    """

    prompt = "(step) "

    def __init__(self, plan: Plan, values: Any, **streams: Any) -> None:
        super().__init__(**streams)
        self.plan, self.values = plan, values
        self.names = names_of(plan.graph)
        self.stops: list[str] = []
        self.at = 0
        self.intro = f"{len(plan.steps)} steps. next, until PATTERN, print, list, help, quit."
        self._fill()

    def _fill(self) -> None:
        self.at = 0
        for buffer, value in zip(self.plan.inputs, self.values, strict=True):
            buffer[...] = value

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text}\n")

    def _line(self, at: int) -> str:
        node = self.plan.steps[at].node
        mark = "->" if at == self.at else "  "
        layer, backward = place_of(node.scope)
        where = f"{layer}{' (gradient)' if backward else ''}"
        return f"{mark} {at + 1:4}  {label(node, 50):<50}  {where}".rstrip()

    def _run(self) -> bool:
        if self.at >= len(self.plan.steps):
            self._say("All steps have run. restart begins anew.")
            return False
        with np.errstate(all="ignore"):
            self.plan.steps[self.at].call()
        self.at += 1
        return True

    def _stopped(self) -> bool:
        if self.at >= len(self.plan.steps):
            return True
        node = self.plan.steps[self.at].node
        texts = [node.op.name, *(n.op.name for n in inner(node)), place_of(node.scope)[0]]
        return any(fits(text, pattern) for text in texts for pattern in self.stops)

    def do_next(self, arg: str) -> None:
        """next [N]: run a step, or N of them, and show what the last one wrote."""
        for _ in range(int(arg) if arg.isdigit() else 1):
            if not self._run():
                return
        self.do_print("")

    def do_until(self, arg: str) -> None:
        """until PATTERN: run until the next step is of this op or layer, such as conv* or dense."""
        self.stops = [arg] if arg else self.stops
        while self._run() and not self._stopped():
            pass
        self.do_where("")

    def do_continue(self, arg: str) -> None:
        """continue: run to the end, or to the next stop."""
        self.do_until("")

    def do_print(self, arg: str) -> None:
        """print [ARRAY]: what the last step wrote; with a word, the numbers too."""
        if not self.at:
            return self._say("No step has run.")
        step = self.plan.steps[self.at - 1]
        self._say(f"{self.at:4}  {self.names.get(step.node, '')} = {self._what(step.node)}")
        self._say(f"      by {step.provider}, made at {step.node.source or '?'}")
        for array in step.outputs:
            if array is not None:
                host = self.plan.device.to_numpy(array)
                self._say(f"      {_said(host)}")
                if arg:
                    self._say(np.array2string(host, threshold=60, precision=4))

    def _what(self, node: Any) -> str:
        held = inner(node)
        if held:
            return f"fused: {' '.join(n.op.name for n in held)}"
        return expression(node, self.names)

    def do_where(self, arg: str) -> None:
        """where: the next step."""
        done = self.at >= len(self.plan.steps)
        self._say("All steps have run." if done else self._line(self.at))

    def do_list(self, arg: str) -> None:
        """list: the steps around the next one."""
        first = max(0, self.at - _AROUND)
        for at in range(first, min(len(self.plan.steps), self.at + _AROUND + 1)):
            self._say(self._line(at))

    def do_restart(self, arg: str) -> None:
        """restart: begin anew with the same batch."""
        self._fill()
        self.do_where("")

    def do_quit(self, arg: str) -> bool:
        """quit: end; variables hold what they held before."""
        return True

    do_n, do_p, do_q, do_l, do_EOF = do_next, do_print, do_quit, do_list, do_quit

    def emptyline(self) -> bool:
        """An empty line is `next`."""
        self.do_next("")
        return False

    def default(self, line: str) -> None:
        self._say(f"No command {line.split()[0]!r}: help lists them.")


def _said(array: np.ndarray) -> str:
    text = f"{array.dtype}{list(array.shape)}"
    if array.size and array.dtype.kind in "fiu":
        wide = array.astype(np.float64)
        text += f"  from {wide.min():.4g} to {wide.max():.4g}, mean {wide.mean():.4g}"
        wrong = array.size - int(np.isfinite(wide).sum())
        text += f", {wrong} NaN or infinite" if wrong else ""
    return text


def debug(model: Model, given: Batch, mode: str | None = None, **streams: Any) -> None:
    """`Model.debug`; `stdin` and `stdout` in the place of the terminal's."""
    made, leaves, lock = step_of(model, given, mode)
    with lock, kept_variables(made.plan.graph):
        shell = Debugger(made.plan, leaves, **streams)
        shell.use_rawinput = not streams
        shell.cmdloop()
