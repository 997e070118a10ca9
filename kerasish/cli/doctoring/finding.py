"""A finding of the doctor: what, how much, the line of the config, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        check: one of `CHECKS`.
        text: what, and how much.
        keys: where in the config, the keys that lead there; what is not there is left out.
        mend: what to do.
    """

    check: str
    text: str
    keys: tuple[str, ...]
    mend: str


CHECKS: dict[str, tuple[str, str]] = {
    "loss": ("K701", "the loss fits the last activation"),
    "balance": ("K702", "the classes are in balance"),
    "leakage": ("K703", "nothing leaks between parts, or from the target"),
    "scale": ("K704", "inputs are scaled"),
    "gradients": ("K705", "gradients stay small"),
    "batch": ("K706", "a few rows can be learned by heart"),
    "dead": ("K707", "units are alive"),
    "shuffle": ("K708", "labels tell more than shuffled ones"),
}
