"""Which rows train, validate and test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.errors import ArgumentError, DataError
from kerasish.layers.preprocessing.dates import as_date
from kerasish.preparation import Table, column_of, split


def table(n: int = 20, **more: Any) -> Table:
    columns = {"n": column_of(np.arange(n))} | {k: column_of(v) for k, v in more.items()}
    return Table(columns)


def rows(base: Table, choices: dict[str, Any], **more: Any) -> dict[str, list[int]]:
    parts = split(base, choices, **more)
    return {name: part.values("n").tolist() for name, part in parts.given().items()}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"rows": [3, 6]}, [3, 4, 5]),
        ({"rows": [17, None]}, [17, 18, 19]),
        ({"every": 5, "from": 4}, [4, 9, 14, 19]),
        ({"every": 5}, [4, 9, 14, 19]),
        ({"every": 10, "from": 0}, [0, 10]),
        ({"where": {"n": 7}}, [7]),
        ({"where": {"n": [7, 3]}}, [3, 7]),
        ({"where": {"n": {"from": 18}}}, [18, 19]),
        ({"where": {"n": {"from": 2, "to": 4}}}, [2, 3]),
        ({"where": {"n": {"to": 4}, "odd": True}}, [1, 3]),
        ({"where": {"day": {"from": "2016-1-3", "to": "2016-01-05"}}}, [2, 3]),
        ({"where": {"word": {"from": "w18"}}}, [18, 19]),
    ],
)
def test_choices(choice: dict[str, Any], expected: list[int]) -> None:
    base = table(
        odd=np.arange(20) % 2 == 1,
        day=[f"2016/01/{d + 1}" for d in range(20)],
        word=[f"w{n:02}" for n in range(20)],
    )
    found = rows(base, {"test": choice})
    assert found["test"] == expected
    assert found["train"] == [n for n in range(20) if n not in expected]


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(10, 60), first=st.floats(0.1, 0.4), second=st.floats(0.1, 0.4),
    seed=st.integers(0, 9), ordered=st.booleans(),
)  # fmt: skip
def test_fractions_share_out_all_rows(
    n: int, first: float, second: float, seed: int, ordered: bool
) -> None:
    choices = {"validation": {"split": first}, "test": {"split": second}}
    found = rows(table(n), choices, seed=seed, ordered=ordered)
    assert sorted(found["train"] + found["validation"] + found["test"]) == list(range(n))
    assert abs(len(found["validation"]) - first * n) <= 1
    assert abs(len(found["test"]) - second * n) <= 1
    assert all(part == sorted(part) for part in found.values())
    assert found == rows(table(n), choices, seed=seed, ordered=ordered)
    if ordered:
        assert found["train"] + found["validation"] + found["test"] == list(range(n))


def test_a_seed_draws_the_rows() -> None:
    choices = {"test": {"split": 0.5}}
    assert rows(table(), choices, seed=1) != rows(table(), choices, seed=2)


def test_every_value_in_the_same_share() -> None:
    kinds = np.array(["a"] * 10 + ["b"] * 40, object)
    base = table(50, kind=kinds)
    parts = split(base, {"test": {"split": 0.2, "stratify": "kind"}})
    assert parts.test is not None
    assert np.unique(parts.test.values("kind"), return_counts=True)[1].tolist() == [2, 8]


def test_groups_stay_together() -> None:
    base = table(60, group=np.arange(60) % 6)
    parts = split(base, {"test": {"split": 0.34, "group": "group"}}, seed=4)
    assert parts.test is not None
    inside = set(parts.test.values("group").tolist())
    assert len(inside) == 2
    assert not inside & set(parts.train.values("group").tolist())


def test_groups_stay_together_with_the_share_of_each_class() -> None:
    group = np.arange(400) // 20
    label = np.where(group % 4 == 0, np.arange(400) % 2, 0)  # every fourth group has both
    held = {"group": group, "label": label}
    table = Table({name: column_of(values) for name, values in held.items()})
    how = {"split": 0.2, "group": "group", "stratify": "label"}
    found = split(table, {"test": how, "validation": how}, 1)
    sides = [part for part in found.given().values()]
    groups = [set(part.values("group").tolist()) for part in sides]
    assert sum(map(len, groups)) == 20
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    for part in (found.validation, found.test):
        assert part is not None
        assert 60 <= len(part) <= 100
        assert 0.08 <= part.values("label").mean() <= 0.17  # 0.125 of all


def test_of_a_series_groups_are_held_out_whole_and_nothing_is_stratified() -> None:
    shop, day = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    columns = {"shop": column_of(shop), "day": column_of(day)}
    table = Table(columns, time=("day",), group="shop")
    parts = {"test": {"split": 0.2, "group": "shop"}, "validation": {"split": 0.2}}
    found = split(table, parts)
    assert found.test is not None
    assert found.validation is not None
    assert len(set(found.test.values("shop").tolist())) == 1
    assert set(found.validation.values("day").tolist()) == {3}
    assert len(found.train) == 12
    with pytest.raises(DataError, match=r"stratify.*a series"):
        split(table, {"test": {"split": 0.2, "stratify": "shop"}})


def test_a_series_is_cut_at_its_end() -> None:
    base = Table(table().columns, time=("n",))
    assert rows(base, {"test": {"split": 0.1}})["test"] == [18, 19]


def test_the_latest_rows_of_all_groups_are_held_out() -> None:
    """A file that has shop after shop: the test part is the end of the time, not the last shop."""
    shop, day = np.repeat(["b", "a"], 10), np.tile(np.arange(10), 2)
    held = {"n": np.arange(20), "shop": shop, "day": day}
    columns = {name: column_of(values) for name, values in held.items()}
    choices = {"validation": {"split": 0.1}, "test": {"split": 0.2}}
    expected = {"test": [8, 9, 18, 19], "validation": [7, 17]}
    for one in (Table(columns, time=("day",), group="shop"), Table(columns, group="shop")):
        found = split(one, choices, ordered=True)
        for name, wanted in expected.items():
            part = found.get(name)
            assert part is not None
            assert part.values("n").tolist() == wanted


def test_rows_of_one_time_are_in_one_part() -> None:
    columns = {"n": column_of(np.arange(12)), "day": column_of(np.arange(12)[::-1] // 3)}
    found = split(Table(columns, time=("day",)), {"test": {"split": 0.3}})
    assert found.test is not None
    assert found.test.values("n").tolist() == [0, 1, 2, 3, 4, 5]


def test_a_part_of_its_own_and_what_train_names() -> None:
    found = rows(table(), {"test": table(3), "train": {"where": {"n": {"from": 10}}},
                           "validation": {"split": 0.2}})  # fmt: skip
    assert found["test"] == [0, 1, 2]
    assert sorted(found["train"] + found["validation"]) == list(range(10, 20))
    assert len(found["validation"]) == 2


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"validation": {"rows": [0, 5]}, "test": {"rows": [4, 6]}}, "1 that one has.*row 4"),
        ({"test": {"rows": [0, 21]}}, "to <= 20"),
        ({"test": {"where": {"n": 99}}}, "a value of the column: 0, 1"),
        ({"test": {"where": {"m": 1}}}, "a column 'm'"),
        ({"test": {"where": {"n": {"from": "a"}}}}, "a number.*'a'"),
        ({"test": {"where": {"word": {"from": 3}}}}, "a text"),
        ({"test": {"where": {"n": {"from": 30}}}}, "'test'.*none"),
        ({"test": {"split": 0.6}, "validation": {"split": 0.4}}, "less than 1"),
        ({"test": {"rows": [0, 20]}}, "'train'.*none"),
    ],
)
def test_what_cannot_be_is_told(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split(table(word=[str(n) for n in range(20)]), choices)


def test_wrong_choices_are_told() -> None:
    with pytest.raises(ArgumentError, match="one of split, rows, every, where"):
        split(table(), {"test": {"rows": [0, 1], "every": 2}})
    with pytest.raises(ArgumentError, match="'from', 'to' or both"):
        split(table(), {"test": {"where": {"n": {"until": 3}}}})


@pytest.mark.parametrize("text", ["", "soon", "2016", "16-01-01", "2016-13-01", "2016-02-30"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"^.*$"):
        as_date(text)


@pytest.mark.parametrize("choice", [{"split": 0.25}, {"rows": [0, 5]}, {"every": 4}])
def test_what_is_taken_of_the_source_of_train_is_not_trained_on(choice: dict[str, Any]) -> None:
    sources = {"train": table(20), "validation": choice, "test": table(3)}
    parts = split(None, sources, seed=1).given()
    held = {name: part.values("n").tolist() for name, part in parts.items()}
    assert len(held["validation"]) == 5
    assert sorted(held["train"] + held["validation"]) == [*range(20)]
    assert len(held["test"]) == 3
