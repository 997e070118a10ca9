"""The collector rests inside, and is left as it was found."""

from __future__ import annotations

import gc

import pytest

from kerasish.collector import resting, take_for_old


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


def test_what_was_made_is_old_and_what_was_frozen_stays_so():
    made = [[]]
    take_for_old()
    assert any(one is made for one in gc.get_objects(generation=2))
    assert gc.get_freeze_count() == 0
    gc.freeze()
    try:
        count = gc.get_freeze_count()
        take_for_old()
        assert gc.get_freeze_count() >= count
    finally:
        gc.unfreeze()
