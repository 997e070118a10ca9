"""Text for the terminal and the run folder."""

from __future__ import annotations

from collections.abc import Mapping

from kerasish.models import Model


def size(count: float) -> str:
    """Bytes in words: `1.5 MiB`."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def amount(count: float) -> str:
    """A count in words: `850`, `1.5 million`, `23 billion`."""
    for words, unit in ((" trillion", 1e12), (" billion", 1e9), (" million", 1e6)):
        if count >= unit:
            return f"{count / unit:.3g}{words}"
    return f"{count:,.0f}"


def duration(seconds: float) -> str:
    """Seconds in words: `1 h 02 min`, `3 min 05 s`, `12.3 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def numbers(values: Mapping[str, float]) -> str:
    """`loss 0.0512, accuracy 0.9831`; large and very small ones with fewer digits."""
    return ", ".join(f"{name} {number(value)}" for name, value in values.items())


def number(value: float) -> str:
    """`0.0512`, `1.234e-05`, `9.8765e+09`."""
    usual = 1e-3 <= abs(value) < 1e6 or value == 0 or value != value
    return f"{value:.4f}" if usual else f"{value:.4g}" if abs(value) < 1 else f"{value:.6g}"


def model_lines(model: Model) -> list[str]:
    """The model's own summary as lines."""
    lines: list[str] = []
    model.summary(print_fn=lambda text: lines.extend(str(text).splitlines()))
    return lines
