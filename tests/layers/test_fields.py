"""What fields make of a layer's class: its signature."""

from __future__ import annotations

import inspect

from kerasish import layers


def test_help_shows_plain_signatures() -> None:
    for name in layers.__all__:
        shown = str(inspect.signature(getattr(layers, name)))
        assert "0x" not in shown, name
        assert "Annotated" not in shown, name
        assert "Rule(" not in shown, name
    shown = str(inspect.signature(layers.Dense))
    assert shown.startswith("(units: int, activation=None, use_bias: bool = True, ")
    assert "seed: int | None = None" in str(inspect.signature(layers.Dropout))
