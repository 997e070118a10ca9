"""Windows of series: which there are, and that they hold what a plain loop finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish.errors import DataError
from kerasish.preparation import Columns, Parts, Prepared, Table, Window, column_of, split
from kerasish.preparation.clock import clock
from kerasish.preparation.windows import moments
from kerasish.utils import timeseries_dataset_from_array


def series(n: int = 12, **more: Any) -> Table:
    columns = {"a": column_of(np.arange(n) * 1.0)} | {k: column_of(v) for k, v in more.items()}
    return Table(columns)


def prepared(parts: Parts, window: Window, y: str = "a") -> Prepared:
    columns = Columns(parts.train)
    return Prepared(parts, columns, {"x": columns["a"]}, {"y": columns[y]}, window=window)


def all_of(data: Prepared, name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = list(data.dataset(data.part(name)))
    return np.stack([x for x, _ in rows]), np.stack([y for _, y in rows])


@settings(max_examples=40, deadline=None)
@given(
    total=st.integers(8, 30),
    history=st.integers(1, 4),
    horizon=st.integers(1, 3),
    stride=st.integers(1, 3),
    groups=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    gaps=st.sets(st.integers(1, 29), max_size=2),
    cut=st.integers(3, 25),
    lost=st.sets(st.integers(0, 29), max_size=2),
)
def test_a_plain_loop_finds_the_same(
    total: int,
    history: int,
    horizon: int,
    stride: int,
    groups: list[int],
    gaps: set[int],
    cut: int,
    lost: set[int],
) -> None:
    cut = min(cut, total - 1)
    rng = np.random.default_rng(total)
    a, y = rng.normal(size=total), rng.normal(size=total)
    y[[one for one in lost if one < total]] = np.nan
    group = np.repeat(np.arange(len(groups)), groups)
    group = np.resize(np.sort(np.resize(group, total)), total)
    time = np.arange(total) + sum((np.arange(total) >= gap) * 5 for gap in gaps)
    columns = {"a": a, "y": y, "g": group, "t": time}
    table = Table({k: column_of(v) for k, v in columns.items()}, time=("t",), group="g")
    parts = split(table, {"test": {"rows": [cut, total]}})
    steps = [time[i + 1] - time[i] for i in range(total - 1) if group[i] == group[i + 1]]
    usual = np.median(steps) if steps else 1

    def joined(i: int) -> bool:
        return group[i] == group[i - 1] and abs(time[i] - time[i - 1] - usual) <= usual / 2

    expected: dict[str, list[int]] = {}
    for part, (first, last) in {"train": (0, cut), "test": (cut, total)}.items():
        found = []
        for m in range(history, total - horizon + 1):
            whole = all(joined(i) for i in range(m - history + 1, m + horizon))
            if whole and first <= m and m + horizon <= last:
                found.append(m)
        expected[part] = [m for m in found[::stride] if not np.isnan(y[m : m + horizon]).any()]
    window = Window(history, horizon, stride)
    columns_of = Columns(parts.train)
    for part, wanted in expected.items():
        one = Parts(parts.get(part) or table)
        if not wanted:
            with pytest.raises(DataError, match="windows"):
                prepared_of(one, columns_of, window)
            continue
        data = prepared_of(one, columns_of, window)
        xs, ys = all_of(data, "train")
        for m, x, target in zip(wanted, xs, ys, strict=True):
            np.testing.assert_allclose(x[:, 0], a[m - history : m], rtol=1e-6)
            np.testing.assert_allclose(np.ravel(target), y[m : m + horizon], rtol=1e-6)


def prepared_of(parts: Parts, columns: Columns, window: Window) -> Prepared:
    return Prepared(parts, columns, {"x": columns["a"]}, {"y": columns["y"]}, window=window)


def test_windows_are_those_of_timeseries_dataset_from_array() -> None:
    table = series(20)
    data = prepared(Parts(table), Window(history=5, horizon=1))
    ours = all_of(data, "train")
    a = np.arange(20.0)
    theirs = timeseries_dataset_from_array(a[:-1, None], a[5:], 5, batch_size=None)
    rows = list(theirs)
    np.testing.assert_array_equal(ours[0], np.stack([x for x, _ in rows]))
    np.testing.assert_array_equal(ours[1], np.stack([y for _, y in rows]))


def test_interleaved_groups_are_told_apart() -> None:
    n = 12
    store = np.array(["b", "a"] * (n // 2), object)
    table = Table(
        {"a": column_of(np.arange(n) * 1.0), "g": column_of(store)},
        group="g",
    )
    data = prepared(Parts(table), Window(history=2))
    x, y = all_of(data, "train")
    np.testing.assert_array_equal(np.diff(x[:, :, 0], axis=1), np.full((len(x), 1), 2))
    np.testing.assert_array_equal(y.ravel() - x[:, -1, 0], np.full(len(x), 2))
    assert len(x) == 8


def test_next_token_targets_share_the_vocabulary() -> None:
    text = np.array(list("abcabcabcabc"), object)
    table = Table({"text": column_of(text)})
    columns = Columns(table)
    layer = keras.layers.StringLookup()
    chars = columns.apply(layer, columns["text"])
    window = Window(offsets={"chars": (-4, 0), "next": (-3, 1)})
    data = Prepared(Parts(table), columns, {"chars": chars}, {"next": layer(columns["text"])},
                    window=window)  # fmt: skip
    x, y = all_of(data, "train")
    assert x.shape == y.shape == (8, 4)
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    assert data.facts["chars"] == {"shape": [4], "size": 4, "length": 4}
    assert (data.facts["rows"], data.facts["steps"]) == (8, 1)


def test_windows_without_targets_belong_to_the_part_of_their_rows() -> None:
    parts = split(series(), {"test": {"rows": [6, 12]}})
    columns = Columns(parts.train)
    data = Prepared(parts, columns, {"x": columns["a"]}, {}, window=Window(history=3))
    assert np.asarray(data.part("train").moments).tolist() == [3, 4, 5, 6]
    assert np.asarray(data.part("test").moments).tolist() == [9, 10, 11, 12]


def test_gaps_of_inputs_are_refused_and_filled() -> None:
    a = np.array([np.nan, 1, np.nan, 3, 4, 5, 6, 7])
    table = Table({"a": column_of(a), "y": column_of(np.arange(8.0))})
    with pytest.raises(DataError, match=r"row 0, column 'a'.*fill: previous"):
        prepared(Parts(table), Window(history=2), "y")
    columns = Columns(table)
    filled = columns.previous("a")
    data = Prepared(Parts(table), columns, {"x": filled}, {"y": columns["y"]}, window=Window(2))
    x, _ = all_of(data, "train")
    np.testing.assert_array_equal(x[0, :, 0], [1, 1])
    assert data.notes == ["1 windows of the train part begin before the first value of an input"]


def test_times() -> None:
    one = Table({"t": column_of(["2016-07-01 00:00", "2016/7/1 1:00"])}, time=("t",))
    assert np.diff(clock(one)).tolist() == [3600]
    for text in ("1.7.2016 2:00", "2016-07-01T04:00:00.5+02:00", "2016-06-30 22:00-0400"):
        other = Table({"t": column_of(["2016-07-01 00:00", text])}, time=("t",))
        assert np.diff(clock(other)).tolist() == [7200]
    several = Table(
        {
            "year": column_of(np.array([2015, 2016])),
            "month": column_of(np.array([12, 1])),
            "day": column_of(np.array([31, 1])),
            "hour": column_of(np.array([23, 0])),
        },
        time=("year", "month", "day", "hour"),
    )
    assert np.diff(clock(several)).tolist() == [3600]
    wrong = Table({"t": column_of(["2016-07-01", "soon"])}, time=("t",))
    with pytest.raises(DataError, match=r"row 1, column 't'.*'soon'"):
        clock(wrong)


def test_a_time_orders_the_rows() -> None:
    """The newest row first, and two shops in turn: windows are as in the sorted file."""
    n = 6
    held = {"a": np.arange(2.0 * n), "t": np.tile(np.arange(n), 2), "g": np.repeat(["b", "a"], n)}

    def windows(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        columns = {name: column_of(values[order]) for name, values in held.items()}
        table = Table(columns, time=("t",), group="g")
        return all_of(prepared(Parts(table), Window(history=2)), "train")

    expected = windows(np.arange(2 * n))
    for order in (np.argsort(-held["t"], kind="stable"), np.argsort(held["t"], kind="stable")):
        for found, wanted in zip(windows(order), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_two_rows_of_one_time_are_refused() -> None:
    table = Table({"a": column_of(np.arange(4.0)), "t": column_of(np.array([0, 1, 1, 2]))},
                  time=("t",))  # fmt: skip
    with pytest.raises(DataError, match="row 2, column 't'"):
        moments(table, table, [(-1, 0)], [(0, 1)], 1)


def test_a_window_counts_as_its_moment_does() -> None:
    table = series(6, w=np.array([0.0, 1, 2, 3, 4, 5]))
    columns = Columns(table)
    data = Prepared(Parts(table), columns, {"x": columns["a"]}, {"y": columns["a"]},
                    sample_weight="w", window=Window(history=2))  # fmt: skip
    rows = list(data.dataset(data.part("train")))
    assert [float(weight) for _, _, weight in rows] == [2, 3, 4, 5]
    assert [float(np.ravel(y)[0]) for _, y, _ in rows] == [2, 3, 4, 5]
