"""Kept elements: made once, the same as without, and made anew where their sources are others."""

import datetime
import operator
import os
import re
import sys
import time
import types

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.data.fingerprint import fingerprint
from kerasish.data.folder_cache import SUFFIX, UNFINISHED, InFolder, decoded, encoded
from kerasish.data.nodes import Pass
from kerasish.errors import DataError

RUN = Pass((3,), (7,))


def numbers(count=10):
    return Dataset.range(count)


def streamed(count=10):
    return Dataset.from_generator(lambda: (np.int64(i) for i in range(count)))


def plain(elements):
    return [np.asarray(e).tolist() for e in elements]


class Counted:
    """A function that knows how often it was called."""

    def __init__(self):
        self.calls = 0

    def __call__(self, n):
        self.calls += 1
        return n, np.asarray(f"t{n}"), keras.random.uniform((2,))


def double(n):
    return n * 2


@pytest.mark.parametrize("source", [numbers, streamed])
def test_made_once(source):
    count = Counted()
    dataset = source().map(count).cache()
    whole = [str(e) for e in dataset]
    assert len(whole) == count.calls == 10
    assert [str(e) for e in dataset] == whole
    assert count.calls == 10
    assert len(dataset) == 10
    node = source().map(Counted()).cache().node
    for start in (7, 3, 0, 5, 12):  # from wherever a pass begins
        assert [str(e) for e in node.items(RUN, start)] == whole[start:]


def test_in_any_order(tmp_path):
    for path in (None, tmp_path):
        mapped = numbers().map(lambda n: (n, keras.random.uniform(())))
        expected = [str(e) for e in mapped.cache().node.items(RUN)]
        kept = mapped.map(lambda n, u: (n, u), num_parallel_calls=2).cache(path)
        node = kept.node
        for order in ([3, 1, 3, 9, 1], [0, 1, 2], list(range(10)) * 2):
            assert [str(e) for e in node.pick(RUN, order)] == [expected[i] for i in order]
        assert sorted(plain(kept.map(lambda n, u: n).shuffle(10))) == list(range(10))


def files(folder, end=SUFFIX):
    return sorted(folder.glob("*" + end))


def test_a_folder_serves_later_programs(tmp_path):
    first, second = Counted(), Counted()
    one = numbers().map(first).cache(tmp_path).shuffle(10)
    assert len(list(one)) == 10
    assert len(files(tmp_path)) == 1
    assert not files(tmp_path, UNFINISHED)
    second.calls = 0
    again = numbers().map(Counted()).cache(tmp_path)
    assert [str(e) for e in again] == [str(e) for e in numbers().map(Counted()).cache()]
    assert again.node.input.func.calls == 0
    assert len(files(tmp_path)) == 1


def test_a_pass_that_ends_early_leaves_nothing(tmp_path):
    dataset = numbers().map(double).cache(tmp_path)
    assert int(next(iter(dataset))) == 0
    assert not files(tmp_path)
    assert len(files(tmp_path, UNFINISHED)) == 1
    del dataset
    assert not files(tmp_path, UNFINISHED)


def test_elements_come_back_as_they_were():
    elements = [
        {"a": (np.arange(6, dtype=np.int16).reshape(2, 3), np.float32(2.5)), "b": None},
        ("text ä", b"bytes\xff", np.array(["x", "yz"], object)),
        np.zeros((0, 3), bool),
        np.array([], object),
    ]
    for element in elements:
        assert repr(decoded(encoded(element))) == repr(element)


def test_left_out_elements_stay_left_out(tmp_path):
    def fails(n):
        if n == 3:
            raise ValueError
        return n

    for path in (None, tmp_path, tmp_path):
        dataset = numbers(5).map(fails, errors="skip").cache(path)
        assert plain(dataset) == plain(dataset) == [0, 1, 2, 4]
        assert dataset.skipped == 1


SCALE = 3


def key(dataset):
    return fingerprint(dataset.node)


def made(text, **names):
    exec(text, names)  # noqa: S102
    return names["f"]


def test_the_key_is_the_preparation():
    table = {"x": np.arange(4)}
    base = Dataset.from_tensor_slices(table)

    def scaled(x, by=2):
        """Scaled."""
        return x["x"] * by

    def other_name(y, by=2):  # a comment
        return y["x"] * by

    def other_constant(x, by=3):
        return x["x"] * by

    def with_global(x):
        return x["x"] * SCALE

    expected = key(base.map(scaled))
    assert key(Dataset.from_tensor_slices({"x": np.arange(4)}).map(other_name)) == expected
    assert key(base.prefetch(2).map(scaled, num_parallel_calls=4).prefetch(1)) == expected
    others = [
        base,
        base.map(other_constant),
        base.map(with_global),
        base.map(scaled).shuffle(2, seed=1),
        base.map(scaled).shuffle(2, seed=2),
        base.map(scaled).batch(2),
        base.map(scaled).batch(3),
        base.map(scaled).take(2),
        base.map(lambda x: double(x["x"])),
        base.map(lambda x: double(x["x"] + 1)),
        Dataset.from_tensor_slices({"x": np.arange(5)}).map(scaled),
        Dataset.from_tensor_slices({"x": np.arange(4.0)}).map(scaled),
        Dataset.from_tensor_slices({"y": np.arange(4)}).map(scaled),
        Dataset.range(4),
        base.padded_batch(2, padding_values=1),
        base.padded_batch(2, padding_values=2),
    ]
    keys = [key(dataset) for dataset in others]
    assert len({*keys, expected}) == len(keys) + 1


def test_the_key_follows_functions_and_globals():
    helper = "def g(x): return x + {}\ndef f(x): return g(x)"
    one, same, other = (key(numbers().map(made(helper.format(n)))) for n in (1, 1, 2))
    assert one == same != other
    read = "def f(x): return x * S"
    assert key(numbers().map(made(read, S=2))) != key(numbers().map(made(read, S=3)))
    unread = key(numbers().map(made("def f(x): return x.S", S=object())))
    assert unread == key(numbers().map(made("def f(x): return x.S", S=1)))
    inner = "def f(x): return [y + {} for y in [x]][0]"
    assert key(numbers().map(made(inner.format(1)))) != key(numbers().map(made(inner.format(2))))

    def closed(array):
        return lambda x: x + array.sum()

    assert key(numbers().map(closed(np.ones(2)))) == key(numbers().map(closed(np.ones(2))))
    assert key(numbers().map(closed(np.ones(2)))) != key(numbers().map(closed(np.zeros(2))))


def test_the_key_holds_texts_in_comprehensions_but_no_docstrings():
    for inner in ("[{!r} for y in [x]][0]", "next({!r} for y in [x])", "(lambda: {!r})()"):
        text = "def f(x): return " + inner
        one, other = (key(numbers().map(made(text.format(t)))) for t in "ab")
        assert one != other, text
    documented = "def f(x):\n {!r}\n return x"
    one, other = (key(numbers().map(made(documented.format(t)))) for t in "ab")
    assert one == other


class Slotted:
    __slots__ = ("by",)

    def __init__(self, by):
        self.by = by


class Both(Slotted):
    """Has slots and a dict."""


def test_the_key_holds_objects_of_all_kinds():
    def read(value):
        return key(numbers().map(lambda n: value and n))

    pairs = [
        (re.compile("a"), re.compile("b")),
        (operator.itemgetter(1), operator.itemgetter(2)),
        (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)),
        (Slotted(1), Slotted(2)),
        (Both(1), Both(2)),
    ]
    for one, other in pairs:
        assert read(one) == read(one) != read(other)


def test_the_key_follows_classes_and_modules(monkeypatch):
    def instance(body):
        names = {"np": np, "__name__": "__main__"}
        exec("class A:\n" + body, names)  # noqa: S102
        return key(numbers().map(names["A"]()))

    call = " def __call__(self, n): return n * self.k\n"
    assert instance(call + " k = np.ones(1)") != instance(call + " k = np.zeros(1)")
    assert instance(call + " def __len__(self): return 1") != instance(
        call + " def __len__(self): return 2"
    )
    settings, other = types.ModuleType("settings"), types.ModuleType("other")
    settings.other, other.size = other, 1
    monkeypatch.setitem(sys.modules, "settings", settings)
    monkeypatch.setitem(sys.modules, "other", other)
    keys = []
    for size in (1, 1, 2):
        other.size = size
        keys.append(key(numbers().map(made("def f(n): return n * s.other.size", s=settings))))
    assert keys[0] == keys[1] != keys[2]


def test_the_key_holds_the_labels_of_tables_and_the_dtype_of_floats():
    pd = pytest.importorskip("pandas")

    def labelled(name):
        column = pd.Series([1], index=[name])
        return key(numbers().map(lambda n: column.index[0] and n))

    assert labelled("a") == labelled("a") != labelled("b")
    before = key(numbers().map(lambda n: 0.5))
    keras.config.set_floatx("float64")
    try:
        assert key(numbers().map(lambda n: 0.5)) != before
    finally:
        keras.config.set_floatx("float32")


def test_the_key_holds_layers():
    def scaled(scale):
        return key(numbers().map(keras.layers.Rescaling(scale)))

    assert scaled(0.5) == scaled(0.5) != scaled(0.25)

    def adapted(data):
        layer = keras.layers.Normalization()
        layer.adapt(np.asarray(data))
        return key(numbers().batch(2).map(lambda x: layer(x)))

    assert adapted([[1.0], [2.0]]) == adapted([[1.0], [2.0]]) != adapted([[1.0], [3.0]])

    def words(vocabulary):
        layer = keras.layers.StringLookup()
        layer.adapt(vocabulary)
        return key(Dataset.from_tensor_slices(["a"]).map(keras.Sequential([layer])))

    assert words(["a", "b"]) == words(["a", "b"]) != words(["a", "c"])

    def closed(by):
        def times(x):
            return x * by

        return key(numbers().map(keras.layers.Lambda(times)))

    assert closed(1) == closed(1) != closed(2)


def test_the_key_is_the_bytes_of_files(tmp_path):
    def lines(name, text):
        path = tmp_path / name
        path.write_text(text)
        return key(Dataset.from_lines(path))

    assert lines("a", "x\n") == lines("b", "x\n") != lines("c", "y\n")


def test_what_cannot_be_told_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"from_generator.*cache\(\)"):
        list(streamed().map(double).cache(tmp_path))
    lock = np.random.default_rng(0).bit_generator.lock
    with pytest.raises(DataError, match=r"content.*Lock"):
        list(numbers().map(lambda n: lock and n).cache(tmp_path))


def test_the_key_holds_rows_of_different_lengths():
    keys = [
        fingerprint(Dataset.from_tensor_slices(rows).node)
        for rows in ([[1], [2, 3]], [[1], [2, 3]], [[1, 2], [3]], [[1], [2, 4]])
    ]
    assert keys[0] == keys[1]
    assert len({*keys}) == 3


def test_limits(tmp_path):
    rows = Dataset.from_tensor_slices(np.zeros((10, 100)))
    with pytest.raises(DataError, match=r"4,000 bytes.*element 5.*cache\(path\)"):
        list(rows.cache(limit=4000))
    with pytest.raises(DataError, match="4,000 bytes"):
        list(rows.map(double).cache(tmp_path, limit=4000))
    assert not files(tmp_path)


def test_the_longest_unread_makes_room(tmp_path):
    def keep(number):
        dataset = Dataset.from_tensor_slices(np.full((10, 100), number)).cache(
            tmp_path, limit=20_000
        )
        list(dataset)
        (newest,) = [path for path in files(tmp_path) if path not in seen]
        seen.append(newest)
        return newest

    seen = []
    first, second = keep(1), keep(2)
    now = time.time()
    os.utime(first, (now - 10, now - 10))
    os.utime(second, (now - 20, now - 20))
    third = keep(3)
    assert files(tmp_path) == sorted([first, third])
    list(Dataset.from_tensor_slices(np.full((10, 100), 1)).cache(tmp_path))  # read: not the next
    fourth = keep(4)
    assert first.exists()
    assert fourth.exists()


def test_damaged_files_are_told(tmp_path):
    list(numbers().map(double).cache(tmp_path))
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    for broken in (whole[:-5], whole[:40], b"", whole[:70] + b"\x00" + whole[71:]):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"damaged.*Delete"):
            list(numbers().map(double).cache(tmp_path))


def test_files_that_are_listed_count_by_their_bytes(tmp_path):
    def write(folder, *texts):
        (tmp_path / folder).mkdir(exist_ok=True)
        for number, text in enumerate(texts):
            (tmp_path / folder / f"{number}.txt").write_text(text)
        return Dataset.list_files(tmp_path / folder / "*.txt", shuffle=False)

    one, same, other = write("a", "x", "y"), write("b", "x", "y"), write("c", "x", "z")
    assert key(one) == key(same) != key(other)
    assert [os.path.basename(path) for path in one] == ["0.txt", "1.txt"]
    assert one.file_paths == list(one)
    shuffled = Dataset.list_files([tmp_path / "a" / "*", tmp_path / "c" / "*"], seed=1)
    assert sorted(shuffled) == [*one, *other]
    with pytest.raises(DataError, match=r"list_files.*none\*"):
        Dataset.list_files(tmp_path / "none*")


def test_folders_of_files_count_by_their_bytes(tmp_path):
    def folder(name, text):
        for label in ("p", "q"):
            (tmp_path / name / label).mkdir(parents=True)
            (tmp_path / name / label / "0.txt").write_text(text + label)
        read = keras.utils.text_dataset_from_directory
        return key(read(tmp_path / name, seed=1, verbose=False))

    assert folder("a", "x") == folder("b", "x") != folder("c", "y")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_leaves_an_unfinished_file_to_its_writer(tmp_path):
    store = InFolder(tmp_path, 10**6)
    store.open(numbers().node)
    child = os.fork()
    if not child:
        store.__del__()
        os._exit(0)
    os.waitpid(child, 0)
    assert list(tmp_path.glob(f"*{UNFINISHED}"))
    del store
    assert not list(tmp_path.glob(f"*{UNFINISHED}"))
