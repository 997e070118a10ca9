"""`Progbar`: steps done, times and metrics in place; one renderer for runs, files and users."""

from __future__ import annotations

import os
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.hints import one_of
from kerasish.showing.screen import Line, Live, live, moves, shell, size, tell, writes

_BARE = 40  # columns that every terminal has


def shown(value: Any) -> str:
    """A log for people: four decimals, or an exponent for small numbers; arrays by their mean."""
    mean = _number(value)
    if mean is None:
        return str(value)
    return f"{mean:.4f}" if abs(mean) > 1e-3 else f"{mean:.4e}"


def _number(value: Any) -> float | None:
    array = np.asarray(value)
    if array.dtype.kind not in "biufV" or not array.size:
        return None
    return float(array.astype("float64").mean())


def line(logs: dict[str, Any]) -> str:
    """Logs as "accuracy: 0.9876 - loss: 0.1234"."""
    return " - ".join(f"{name}: {shown(value)}" for name, value in logs.items())


def duration(seconds: float) -> str:
    """A time in whole seconds, milliseconds or microseconds."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _clock(seconds: float) -> str:
    """A time to come: 12s, 3:05, 1:00:20."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


class Progbar:
    """Shows how far something has come, how long it takes and what it has measured.

    On a terminal and in a notebook the text is drawn again in place. No metric is cut: what does
    not fit beside the bar goes on in further lines, and what the program prints meanwhile comes
    above them. A terminal that does not tell its width shows the bar alone until the end. Where
    output goes to a file or a pipe, one plain line is written at the end (and one for every
    update with `interval=0`).

    Args:
        target: steps in all; None where they are not known.
        width: columns of the bar.
        verbose: 0 for nothing, 1 for a bar, 2 for one line at the end.
        interval: seconds between two drawings at least.
        stateful_metrics: names of metrics that are shown as they are; all others are averaged
            over steps.
        stateless_metrics: names of the metrics that are averaged; all others are shown as they
            are. Only one of the two may be given; by default all are averaged.
        unit_name: what a step is called.

    Attributes:
        seen: steps done.

    Raises:
        ArgumentError: both lists are given, or `verbose` is none of 0, 1 and 2.

    Example:

        bar = keras.utils.Progbar(100)
        for step in range(100):
            bar.update(step + 1, [("loss", 1 / (step + 1))])
    """

    note = ""  # shown behind the times, while something else goes on
    seen = 0

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError(
                "Progbar: stateful_metrics and stateless_metrics",
                expected="only one of them",
                received="both",
            )
        one_of("Progbar.verbose", verbose, (0, 1, 2))
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        averaged = stateless_metrics is not None
        self.stateful_metrics = None if averaged else set(stateful_metrics or ())
        self.stateless_metrics = set(stateless_metrics) if stateless_metrics is not None else None
        self._sums: dict[str, tuple[Any, int]] = {}
        self._begun = perf_counter()
        self._after_first: float | None = None
        self._last = -np.inf
        self._live = Live()

    def __repr__(self) -> str:
        return f"<Progbar {self._count().strip() or self.seen}>"

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """`update` with `n` steps more than before."""
        self.update(self.seen + n, values)

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Say how many steps are done.

        Args:
            current: steps done in all.
            values: pairs of a metric's name and its value in the last step.
            finalize: whether this is the last update; by default when `target` is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        values = list(values or ())
        for name, value in values:
            self._take(name, value, 1 if finalize else max(current - self.seen, 1), finalize)
        if finalize and values:  # the last ones say the order too
            self._sums = {name: self._sums[name] for name in dict([*values, *self._sums.items()])}
        self.seen = current
        now = perf_counter()
        if current == 1 and self._after_first is None:
            self._after_first = now
        if not self.verbose or (now - self._last < self.interval and not finalize):
            return
        if self.verbose == 1 and live():
            draw = self._live.finish if finalize else self._live.draw
            draw(self._lines(now, finalize))
        elif finalize or (self.verbose == 1 and not self.interval):
            tell(self._plain(now))
        self._last = now

    def _take(self, name: str, value: Any, steps: int, anew: bool) -> None:
        if self.stateful_metrics is not None:
            averaged = name not in self.stateful_metrics
        else:
            averaged = name in (self.stateless_metrics or ())
        number = _number(value)
        if number is None or not averaged or anew or name not in self._sums:
            self._sums[name] = (value if number is None else number * steps, steps)
            if not averaged and number is not None:
                self._sums[name] = (number, 1)
        else:
            total, count = self._sums[name]
            self._sums[name] = (total + number * steps, count + steps)

    # --- text ---------------------------------------------------------------------------------

    def _metrics(self) -> list[str]:
        return [
            f"{name}: {value if isinstance(value, str) else shown(_mean(value, count))}"
            for name, (value, count) in self._sums.items()
        ]

    def _each(self, now: float) -> float:
        """Seconds a step takes; the first one, which may prepare much, counts only while alone."""
        if not self.seen:
            return 0.0
        if self._after_first is not None and self.seen > 1:
            return (now - self._after_first) / (self.seen - 1)
        return (now - self._begun) / self.seen

    def _count(self) -> str:
        if not self.target:
            return f"{self.seen:>7}/Unknown" if self.target is None else ""
        return f"{self.seen:>{len(str(self.target))}}/{self.target}"

    def _plain(self, now: float) -> str:
        """One line for a file; steps of which nobody knew the number are those there were."""
        steps = self.target or self.seen
        seconds = now - self._begun
        parts = [f"{self.seen}/{steps}"] if steps else []
        parts.append(f"{seconds:.0f}s")
        if self.seen:
            parts.append(f"{duration(seconds / self.seen)}/{self.unit_name}")
        return " - ".join([*parts, *self._metrics()])

    def _lines(self, now: float, final: bool) -> list[Line]:
        """What stands on the screen: the bar, and metrics in as many lines as they need."""
        columns, rows = (None, None) if shell() is not None else size()
        bare = columns is None and shell() is None  # unknown: only what fits everywhere
        room = _BARE if bare else (columns or 101) - 1
        each = self._each(now)
        coming = self.target and not final
        time = _clock(each * ((self.target or 0) - self.seen)) if coming else None
        time = time or f"{now - self._begun:.0f}s"
        rest = " ".join(filter(None, (time, f"{duration(each)}/{self.unit_name}", self.note)))
        lines = _wrapped(
            self._head(rest, room), [] if bare and not final else self._metrics(), room
        )
        if bare and final:  # the terminal wraps it as it can, and nothing is drawn over it again
            lines = [Line(text, text) for text in (self._plain(now),)]
        return lines if final or rows is None else lines[: max(rows - 1, 1)]

    def _head(self, rest: str, room: int) -> Line:
        count = self._count().lstrip() if len(self._count()) + len(rest) > room else self._count()
        width = min(self.width, room - len(count) - len(rest) - 2)
        if not self.target or width < 2:
            text = " ".join(filter(None, (count, rest)))
            return Line(text, text)
        full = int(width * min(self.seen / self.target, 1.0))
        coloured = moves() and not os.environ.get("NO_COLOR")
        done, left = ("━", "━" if coloured else "╌") if writes("━╌") else ("=", ".")
        plain = f"{count} {done * full}{left * (width - full)} {rest}"
        if not coloured:
            return Line(plain, plain)
        bar = f"\x1b[32m{done * full}\x1b[0m\x1b[2m{left * (width - full)}\x1b[0m"
        return Line(plain, f"\x1b[1m{count}\x1b[0m {bar} {rest}")


def _mean(value: Any, count: int) -> Any:
    return value / count if isinstance(value, float) else value


def _wrapped(head: Line, metrics: list[str], room: int) -> list[Line]:
    """The head and the metrics behind it, or in lines below where there is no room."""
    lines = [head]
    for metric in metrics:
        behind = f" - {metric}"
        last = lines[-1]
        if len(last.text) + len(behind) <= room:
            lines[-1] = Line(last.text + behind, last.styled + behind)
            continue
        indent = "  " if len(metric) + 2 <= room else ""
        text = indent + metric  # longer than a line is cut by nobody: it goes on in the next
        lines += [Line(text[i : i + room], text[i : i + room]) for i in range(0, len(text), room)]
    return lines
