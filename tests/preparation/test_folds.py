"""`split(..., fold=(k, n))`: every row that is no test row is validated on once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kerasish.errors import ArgumentError, DataError
from kerasish.preparation import Table, column_of, split


def table(rows: int = 40, **columns: Any) -> Table:
    held = {"i": np.arange(rows), **columns}
    return Table({name: column_of(np.asarray(values)) for name, values in held.items()})


def ids(part: Any) -> list[int]:
    return part.values("i").tolist()


def folds(whole: Table, parts: dict[str, Any], count: int, **more: Any) -> list[Any]:
    return [split(whole, parts, 3, fold=(k, count), **more) for k in range(count)]


def test_every_row_is_validated_on_once_and_test_rows_never() -> None:
    found = folds(table(), {"validation": {"split": 0.1}, "test": {"every": 4}}, 5)
    tested = list(range(3, 40, 4))
    assert all(ids(one.test) == tested for one in found)
    seen = [row for one in found for row in ids(one.validation)]
    assert sorted(seen) == sorted(set(range(40)) - set(tested))
    assert {len(one.validation) for one in found} == {6}
    for one in found:
        assert sorted(ids(one.train) + ids(one.validation)) == sorted(seen)
    again = split(table(), {"test": {"every": 4}}, 3, fold=(2, 5))
    assert ids(again.validation) == ids(found[2].validation)
    assert ids(split(table(), {"test": {"every": 4}}, 4, fold=(2, 5)).validation) != ids(
        again.validation
    )


def test_a_fraction_for_testing_is_the_same_in_every_fold() -> None:
    found = folds(table(), {"test": {"split": 0.25}}, 3)
    whole = split(table(), {"test": {"split": 0.25}}, 3)
    assert all(ids(one.test) == ids(whole.test) for one in found)


def test_stratified_and_grouped() -> None:
    label = np.array(list("aab") * 20)
    whole = table(60, label=label, who=np.arange(60) // 7)
    for one in folds(whole, {"validation": {"split": 0.1, "stratify": "label"}}, 4):
        assert one.validation.values("label").tolist().count("b") == 5
    seen = []
    for one in folds(whole, {"validation": {"split": 0.1, "group": "who"}}, 3):
        held = set(one.validation.values("who").tolist())
        assert not held & set(one.train.values("who").tolist())
        assert 14 <= len(one.validation) <= 25
        seen += sorted(held)
    assert sorted(seen) == list(range(9))


def test_groups_of_two_classes_are_shared_out_evenly() -> None:
    who = np.arange(120) // 10
    whole = table(120, who=who, label=(who % 3 == 0).astype(int))
    how = {"validation": {"split": 0.1, "group": "who", "stratify": "label"}}
    for one in folds(whole, how, 4):
        assert not set(ids(one.train)) & set(ids(one.validation))
        assert np.bincount(one.validation.values("label")).tolist() == [20, 10]


def test_in_order_each_fold_is_trained_on_what_is_before_it() -> None:
    for whole, more in ((replace(table(), time=("i",)), {}), (table(), {"ordered": True})):
        found = folds(whole, {"test": {"rows": [36, 40]}}, 5, **more)
        assert [len(one.train) for one in found] == [6, 12, 18, 24, 30]
        for one in found:
            end = len(one.train)
            assert ids(one.train) + ids(one.validation) == list(range(end + 6))


def test_in_order_all_groups_are_in_every_fold() -> None:
    whole = table(24, shop=np.repeat(["b", "a"], 12), day=np.tile(np.arange(12), 2))
    for one in folds(replace(whole, time=("day",), group="shop"), {}, 3):
        days = {name: set(part.values("day").tolist()) for name, part in one.given().items()}
        assert max(days["train"]) < min(days["validation"])
        for part in one.given().values():
            assert part.values("shop").tolist().count("a") == len(part) / 2


def test_rows_that_the_validation_part_names_are_folded_too() -> None:
    part = np.array(["a"] * 20 + ["b"] * 10 + ["c"] * 10)
    parts = {"train": {"where": {"part": "a"}}, "validation": {"where": {"part": "b"}}}
    found = folds(table(part=part), parts, 3)
    assert sorted(row for one in found for row in ids(one.validation)) == list(range(30))
    own = folds(table(), {"train": table(12), "validation": table(9)}, 3)
    assert sorted(row for one in own for row in ids(one.validation)) == list(range(12))


def test_what_is_refused() -> None:
    for wrong in ((0, 1), (3, 3), (-1, 3)):
        with pytest.raises(ArgumentError, match="0 <= k < n"):
            split(table(), {}, fold=wrong)
    with pytest.raises(DataError, match="more than 40 rows"):
        split(table(), {}, fold=(0, 40))
    whole = table(10, who=np.zeros(10, int))
    with pytest.raises(DataError, match="too few groups"):
        folds(whole, {"validation": {"split": 0.1, "group": "who"}}, 3)
