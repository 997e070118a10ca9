"""The collector rests inside, and is left as it was found."""

from __future__ import annotations

import gc

import pytest

from kerasish.collector import resting


def fails_resting() -> None:
    with resting():
        with resting():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise KeyError


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool):
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(KeyError):
            fails_resting()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
