"""The steps of a dataset: what they give, in which order, and that a pass begins anywhere."""

import itertools
import threading

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from kerasish.data.nodes import Pass
from kerasish.errors import ArgumentError, DataError
from kerasish.spec import TensorSpec

RUN = Pass((3,), (7, 1))


def numbers(count: int = 10) -> Dataset:
    return Dataset.range(count)


def streamed(count: int = 10) -> Dataset:
    return Dataset.from_generator(lambda: (np.int64(i) for i in range(count)))


def blocks(count: int = 10) -> Dataset:
    return streamed(count).batch(4).unbatch()


def plain(dataset) -> list:
    return [np.asarray(e).tolist() for e in dataset]


def flat(dataset) -> list[int]:
    return [int(n) for e in dataset for n in np.ravel(e)]


def test_rows_of_lists_may_have_different_lengths():
    boxes = [[[1, 2, 3, 4]], [], [[5, 6, 7, 8], [1, 1, 2, 2]]]
    rows = Dataset.from_tensor_slices({"boxes": boxes, "words": [["a"], [], ["b", "c"]]})
    assert rows.element_spec == {
        "boxes": TensorSpec((None, 4), "int32"),
        "words": TensorSpec((None,), "string"),
    }
    assert [e["boxes"].shape for e in rows] == [(1, 4), (0, 4), (2, 4)]
    assert {e["boxes"].dtype for e in rows} == {np.dtype("int32")}
    assert [e["words"].tolist() for e in rows] == [["a"], [], ["b", "c"]]
    assert sorted(len(e["boxes"]) for e in rows.shuffle(3, seed=1)) == [0, 1, 2]
    assert plain(rows.skip(2).map(lambda e: e["boxes"])) == [boxes[2]]
    assert rows.padded_batch(3).get_single_element()["boxes"].shape == (3, 2, 4)
    with pytest.raises(DataError, match="padded_batch"):
        rows.batch(3).get_single_element()
    with pytest.raises(ValueError, match="read-only"):
        next(iter(rows))["boxes"][0, 0] = 9
    for wrong in ([[1], [[2]]], [[1], "a"], [[1, 2], 3]):
        with pytest.raises(DataError, match="rows of one rank"):
            Dataset.from_tensor_slices(wrong)


def test_the_single_element():
    assert numbers(4).batch(4).get_single_element().tolist() == [0, 1, 2, 3]
    for count, told in ((0, "none"), (2, "several")):
        with pytest.raises(DataError, match=f"Received: {told}"):
            numbers(count).get_single_element()


def test_slices_of_tuples_and_dicts():
    x = {"a": np.arange(6.0).reshape(3, 2), "b": ["x", "y", "z"]}
    first, *_, last = Dataset.from_tensor_slices((x, [1, 2, 3]))
    assert first[0]["a"].tolist() == [0.0, 1.0]
    assert (first[0]["b"], last[0]["b"]) == ("x", "z")
    assert first[1] == 1
    assert first[1].dtype == "int32"  # a Python number, as in tf.data


def test_slices_of_other_lengths_are_refused():
    with pytest.raises(DataError, match="one length"):
        Dataset.from_tensor_slices((np.zeros(3), np.zeros(4)))
    with pytest.raises(DataError, match="one length"):
        Dataset.from_tensor_slices(3.0)


def test_slices_of_tables():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    assert plain(Dataset.from_tensor_slices(table)) == [[1, 0.5], [2, 1.5]]
    table["c"] = ["x", "y"]
    _, row = Dataset.from_tensor_slices(dict(table))
    assert row == {"a": 2, "b": 1.5, "c": "y"}
    with pytest.raises(DataError, match=r"'c'.*dict\(table\)"):
        Dataset.from_tensor_slices(table)


def test_one_element():
    assert plain(Dataset.from_tensors([1, 2])) == [[1, 2]]


def test_parts_of_a_tuple_are_arguments():
    pairs = Dataset.from_tensor_slices((np.arange(3), np.arange(3) * 10))
    assert flat(pairs.map(lambda x, y: x + y)) == [0, 11, 22]
    assert flat(pairs.filter(lambda x, y: y == 10)) == [1, 10]
    rows = Dataset.from_tensor_slices({"a": [1, 2]})
    assert flat(rows.map(lambda row: row["a"] * 2)) == [2, 4]


def test_results_that_are_tensors_become_arrays():
    (found,) = Dataset.from_tensors(np.ones(2, np.float32)).map(lambda x: (keras.ops.sum(x), "t"))
    assert isinstance(found[0], (np.ndarray, np.generic))
    assert (float(found[0]), found[1]) == (2.0, "t")


def test_batches():
    assert plain(numbers(7).batch(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert plain(numbers(7).batch(3, drop_remainder=True)) == [[0, 1, 2], [3, 4, 5]]
    assert plain(streamed(7).batch(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert plain(blocks(7).batch(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert plain(blocks(7).batch(3, drop_remainder=True)) == [[0, 1, 2], [3, 4, 5]]
    assert plain(numbers(6).batch(2).batch(2, drop_remainder=True)) == [[[0, 1], [2, 3]]]


def test_text_in_batches_is_an_array_of_objects():
    (batch,) = Dataset.from_tensor_slices(["a", "bc"]).batch(2)
    assert batch.dtype == object
    assert batch.tolist() == ["a", "bc"]


def test_elements_of_other_shapes_make_no_batch():
    ragged = numbers(3).map(lambda n: np.zeros(n))
    with pytest.raises(DataError, match=r"Dataset\.batch.*padded_batch"):
        list(ragged.batch(3))


def test_padded_batches():
    ragged = numbers(4).map(lambda n: (np.arange(n), "x"))
    first, second = ragged.padded_batch(2)
    assert first[0].tolist() == [[0], [0]]
    assert second[0].tolist() == [[0, 1, 0], [0, 1, 2]]
    assert second[1].tolist() == ["x", "x"]
    (whole,) = ragged.padded_batch(4, padded_shapes=([4], []), padding_values=(-1, ""))
    assert whole[0].tolist() == [[-1] * 4, [0, -1, -1, -1], [0, 1, -1, -1], [0, 1, 2, -1]]
    assert len(list(ragged.padded_batch(3, drop_remainder=True))) == 1
    assert ragged.padded_batch(2).element_spec[0] == TensorSpec((None, None), "int64")
    texts = Dataset.from_generator(lambda: iter([["a"], ["b", "c"]]))
    assert plain(texts.padded_batch(2)) == [[["a", ""], ["b", "c"]]]
    with pytest.raises(DataError, match=r"padded_batch.*at most \(2,\).*\(3,\)"):
        list(ragged.padded_batch(4, padded_shapes=((2,), ())))
    with pytest.raises(DataError, match="dimensions"):
        list(ragged.padded_batch(4, padded_shapes=((2, 2), ())))


def test_windows():
    def windows(*args, **options):
        return [flat(window) for window in numbers(5).window(*args, **options)]

    assert windows(2) == [[0, 1], [2, 3], [4]]
    assert windows(2, drop_remainder=True) == [[0, 1], [2, 3]]
    assert windows(3, 1, 2) == [[0, 2, 4], [1, 3], [2, 4], [3], [4]]
    assert windows(2, 3) == [[0, 1], [3, 4]]
    assert windows(2, 4) == [[0, 1], [4]]
    for options in ((2,), (3, 1, 2), (2, 3), (2, 4), (3, 1, 2, True), (9, 1, 1, True)):
        dataset = numbers(5).window(*options)
        assert len(dataset) == len(list(dataset))
    pairs = Dataset.zip(numbers(4), numbers(4)).window(2)
    assert [(flat(a), flat(b)) for a, b in pairs] == [([0, 1], [0, 1]), ([2, 3], [2, 3])]


def test_unbatch_undoes_batch():
    assert flat(numbers(7).batch(3).unbatch()) == list(range(7))
    assert len(numbers(7).batch(3).unbatch()) == 7


def test_order_of_take_skip_repeat_and_others():
    assert flat(numbers().skip(3).take(4)) == [3, 4, 5, 6]
    assert flat(numbers(3).take(-1)) == [0, 1, 2]
    assert flat(numbers(3).skip(-1)) == []
    assert flat(numbers(3).repeat(2)) == [0, 1, 2, 0, 1, 2]
    assert flat(streamed(3).repeat().take(7)) == [0, 1, 2, 0, 1, 2, 0]
    assert flat(numbers(2).concatenate(numbers(3))) == [0, 1, 0, 1, 2]
    assert flat(numbers(7).shard(3, 1)) == [1, 4]
    assert plain(numbers(2).map(lambda n: n * 5).enumerate(3)) == [[3, 0], [4, 5]]
    assert flat(numbers().take_while(lambda n: n < 3)) == [0, 1, 2]
    assert flat(numbers(3).flat_map(lambda n: Dataset.range(n))) == [0, 0, 1]
    turns = numbers(3).interleave(lambda n: Dataset.from_tensors(n).repeat(3), 2, 2)
    assert flat(turns) == [0, 0, 1, 1, 0, 1, 2, 2, 2]
    assert numbers(4).reduce(0, lambda state, n: state + n) == 6
    assert flat(numbers(3).apply(lambda ds: ds.skip(1))) == [1, 2]


def test_zip_stops_with_the_shortest():
    pairs = Dataset.zip(numbers(3), numbers(5).map(lambda n: n * 2))
    assert plain(pairs) == [[0, 0], [1, 2], [2, 4]]
    (first, *_) = Dataset.zip({"a": numbers(2), "b": streamed(3)})
    assert first == {"a": 0, "b": 0}
    assert len(pairs) == 3


PIPELINES = {
    "map": lambda ds: ds.map(lambda n: n * 2),
    "threads": lambda ds: ds.map(lambda n: n * 2, num_parallel_calls=3),
    "shuffle": lambda ds: ds.shuffle(4),
    "whole": lambda ds: ds.shuffle(100, seed=5),
    "batch": lambda ds: ds.batch(3),
    "dropped": lambda ds: ds.shuffle(5).batch(3, drop_remainder=True),
    "take": lambda ds: ds.skip(2).take(5),
    "shard": lambda ds: ds.shard(2, 1),
    "repeat": lambda ds: ds.shuffle(3).repeat(3).batch(4),
    "zip": lambda ds: Dataset.zip(ds.shuffle(4), ds.map(lambda n: n + 1)),
    "joined": lambda ds: ds.concatenate(ds.shuffle(9)).shuffle(30),
    "filter": lambda ds: ds.filter(lambda n: n % 3 == 0),
    "ahead": lambda ds: ds.map(lambda n: n + 1).prefetch(2).batch(2).prefetch(AUTOTUNE),
    "numbered": lambda ds: ds.enumerate().shuffle(6),
    "unbatched": lambda ds: ds.batch(4).unbatch().shuffle(6).batch(3),
    "cut": lambda ds: ds.batch(4).unbatch().skip(1).take(6).batch(4),
    "draws": lambda ds: ds.map(lambda n: keras.random.uniform((2,))).batch(2),
}


@pytest.mark.parametrize("source", [numbers, streamed, blocks], ids=["index", "stream", "blocks"])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_pass_begins_anywhere(name, source):
    node = PIPELINES[name](source(10)).node
    whole = plain(node.items(RUN))
    assert whole
    for start in range(len(whole) + 2):
        assert plain(node.items(RUN, start)) == whole[start:]
    if node.length() >= 0:
        assert node.length() == len(whole)
    if node.indexable:
        order = np.random.default_rng(0).permutation(len(whole)).tolist()
        assert plain(node.pick(RUN, order)) == [whole[i] for i in order]
    rows = node.rows(RUN)
    if rows is not None:
        assert len(rows(np.arange(len(whole)))) in (len(whole), 2)


def test_what_comes_before_is_not_made():
    made = []

    def note(n):
        made.append(int(n))
        return n

    node = numbers(100).map(note).shuffle(100, seed=2).batch(10).node
    (last,) = node.items(RUN, 9)
    assert sorted(made) == sorted(last.tolist())


def test_order_and_draws_do_not_depend_on_the_number_of_workers():
    layer = keras.layers.RandomBrightness(0.5, value_range=(0.0, 1.0))
    barrier = threading.Barrier(2)

    def draw(n):
        return layer(np.full((2, 2, 3), 0.5, np.float32), training=True), keras.random.normal((2,))

    def late(n):
        if n < 2:
            barrier.wait(timeout=10)  # two at a time, or it fails
        return draw(n)

    def passes(func, parallel):
        keras.utils.set_random_seed(5)
        dataset = Dataset.range(8).map(func, num_parallel_calls=parallel)
        return [[a.tolist() for a in e] for _ in range(2) for e in dataset]

    one, several = passes(draw, None), passes(late, 3)
    assert one == several
    assert len({str(e) for e in one}) == 16  # every element of every pass has its own
    shuffled = Dataset.range(8).map(draw, num_parallel_calls=2)
    in_order = plain([e[1] for e in shuffled.node.items(RUN)])
    other = shuffled.shuffle(8, seed=1).node
    found = plain([e[1] for e in other.items(RUN)])
    assert [in_order[i] for i in other.order(RUN)] == found


def test_draws_in_map_leave_generators_alone():
    generator = keras.random.SeedGenerator(3)
    before = generator.state.numpy()
    list(numbers(3).map(lambda n: keras.random.uniform((), seed=generator)))
    np.testing.assert_array_equal(generator.state.numpy(), before)


def test_seeds_of_layers_count_in_map():
    def draws(seed):
        generator = keras.random.SeedGenerator(seed)
        node = numbers(3).map(lambda n: keras.random.uniform((), seed=generator)).node
        return plain(node.items(RUN))

    assert draws(1) == draws(1) != draws(2)
    assert draws(None) == draws(None)  # by its place among those that draw


def test_cardinality_and_length():
    assert numbers().repeat().cardinality() == INFINITE_CARDINALITY == -1
    assert streamed().cardinality() == UNKNOWN_CARDINALITY == -2
    assert numbers().filter(bool).cardinality() == UNKNOWN_CARDINALITY
    assert numbers().repeat().take(3).cardinality() == 3
    assert numbers().repeat().batch(3).cardinality() == -1
    assert numbers().repeat(3).cardinality() == len(numbers().repeat(3)) == 30
    assert Dataset.zip(numbers(4), numbers().repeat()).cardinality() == 4
    assert numbers().skip(12).cardinality() == 0
    assert numbers().concatenate(streamed()).cardinality() == -2
    with pytest.raises(TypeError, match="no end"):
        len(numbers().repeat())
    with pytest.raises(TypeError, match="not known"):
        len(streamed())
    assert bool(streamed())


def test_element_spec():
    slices = Dataset.from_tensor_slices(({"a": np.zeros((4, 3), np.float32)}, ["x"] * 4))
    assert slices.element_spec == (
        {"a": TensorSpec((3,), "float32")},
        TensorSpec((), "string"),
    )
    batches = slices.shuffle(2).batch(2)
    assert batches.element_spec[0]["a"] == TensorSpec((None, 3), "float32")
    assert batches.map(lambda x, y: x["a"] + 1).element_spec == TensorSpec((None, 3), "float32")
    assert slices.batch(2, drop_remainder=True).element_spec[1] == TensorSpec((2,), "string")
    assert slices.map(lambda x, y: x["a"][:2]).element_spec == TensorSpec((2,), "float32")


def test_names_and_paths_stay():
    dataset = numbers(4)
    dataset.class_names, dataset.file_paths = ["a", "b"], ["1", "2"]
    for made in (dataset.map(lambda n: n).shuffle(3).batch(2), Dataset.zip(dataset, numbers())):
        assert made.class_names == ["a", "b"]
        assert made.file_paths == ["1", "2"]


def test_generators_are_called_for_every_pass_and_may_reuse_an_array():
    held = np.zeros(2)

    def make(count):
        for i in range(count):
            held[:] = i
            yield held

    dataset = Dataset.from_generator(make, args=(3,))
    assert plain(dataset) == plain(dataset) == [[0, 0], [1, 1], [2, 2]]
    assert plain(dataset.batch(3)) == [[[0, 0], [1, 1], [2, 2]]]


def test_signatures_of_generators():
    signature = (TensorSpec((None,), "float32"), TensorSpec((), "int64"))
    dataset = Dataset.from_generator(
        lambda: iter([([1, 2], 3), ([4], 5)]), output_signature=signature
    )
    assert [(x.tolist(), x.dtype.name, int(y)) for x, y in dataset] == [
        ([1, 2], "float32", 3),
        ([4], "float32", 5),
    ]
    assert dataset.element_spec == signature
    told = Dataset.from_generator(lambda: iter([{"a": 1}]), {"a": "int8"}, {"a": ()})
    assert told.element_spec == {"a": TensorSpec((), "int8")}
    bad = Dataset.from_generator(
        lambda: iter([1.0, [2.0]]), output_signature=TensorSpec((), "float32")
    )
    with pytest.raises(DataError, match=r"element 1.*float32"):
        list(bad)
    with pytest.raises(ArgumentError, match="without calling it"):
        Dataset.from_generator(iter([1]))


def test_the_element_and_the_function_that_failed_are_named():
    def fails(n):
        if n == 7:
            raise KeyError("no such thing")
        return n

    for parallel in (None, 2):
        with pytest.raises(KeyError, match=r"In Dataset\.map\(fails\), element 7"):
            list(numbers().map(fails, num_parallel_calls=parallel))
    with pytest.raises(Exception, match="element 0"):
        list(numbers().map(lambda n: None))
    with pytest.raises(Exception, match=r"Dataset\.filter.*element 0"):
        list(numbers().filter(lambda n: undefined))  # noqa: F821


def test_elements_that_fail_are_skipped_and_counted():
    def fails(n):
        if n % 4 == 1:
            raise ValueError
        return n

    dataset = numbers().map(fails, 2, errors="skip")
    assert flat(dataset) == [0, 2, 3, 4, 6, 7, 8]
    assert flat(dataset) == [0, 2, 3, 4, 6, 7, 8]
    assert dataset.skipped == dataset.batch(2).skipped == 3
    assert plain(dataset.batch(4)) == [[0, 2, 3], [4, 6, 7], [8]]
    assert plain(Dataset.zip(dataset, numbers()).take(3)) == [[0, 0], [2, 2]]
    assert plain(numbers(2).map(fails, errors="skip").batch(1)) == [[0]]


def test_threads_end_with_the_pass():
    before = threading.active_count()
    for element in numbers().map(lambda n: n, num_parallel_calls=4).prefetch(3):
        if element == 2:
            break
    del element
    for _ in range(100):
        if threading.active_count() <= before:
            break
        threading.Event().wait(0.02)
    assert threading.active_count() <= before


def test_what_is_kept_cannot_be_written_to():
    def doubles(x):
        x *= 2
        return x

    rows = np.ones((4, 2))
    for dataset in (Dataset.from_tensor_slices(rows), Dataset.from_tensors(rows).cache()):
        with pytest.raises(ValueError, match="read-only"):
            list(dataset.map(doubles))
    assert rows.max() == 1


def test_endless_passes_are_lazy():
    endless = Dataset.from_generator(itertools.count).map(lambda n: n * 2).prefetch(2)
    assert flat(itertools.islice(iter(endless), 3)) == [0, 2, 4]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ds: ds.batch(0),
        lambda ds: ds.shuffle(0),
        lambda ds: ds.take(-2),
        lambda ds: ds.shard(2, 2),
        lambda ds: ds.map(3),
        lambda ds: ds.map(lambda n: n, num_parallel_calls=0),
        lambda ds: ds.map(lambda n: n, errors="ignore"),
        lambda ds: ds.concatenate([1]),
        lambda ds: Dataset.zip(ds, 3),
        lambda ds: ds.repeat(1.5),
    ],
)
def test_what_is_refused(wrong):
    with pytest.raises(ArgumentError, match="Dataset"):
        wrong(numbers())
