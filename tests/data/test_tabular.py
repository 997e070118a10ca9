"""Rows of csv, parquet and text files as other readers read them, and errors by their place."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.data.nodes import Pass
from kerasish.errors import ArgumentError, DataError
from kerasish.spec import TensorSpec

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pq = pytest.importorskip("pyarrow.parquet")

RUN = Pass((0,), (0,))
RNG = np.random.default_rng(0)
ROWS = 30_000  # more than a block


def table(rows=ROWS):
    return pd.DataFrame(
        {
            "age": RNG.integers(0, 90, rows),
            "height": RNG.normal(size=rows),
            "city": RNG.choice(["Rome", "Paris, F", 'the "other" one', "two\nlines", "Köln"], rows),
            "member": RNG.integers(0, 2, rows) == 1,
            "y": RNG.integers(0, 2, rows),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    whole = table()
    whole.to_csv(folder / "a.csv", index=False)
    whole.to_parquet(folder / "a.parquet", row_group_size=7000)
    whole[:50].to_csv(folder / "b.csv", index=False)
    whole[:50].to_parquet(folder / "b.parquet")
    return folder, whole


def read(name, kind):
    make = {"csv": Dataset.from_csv, "parquet": Dataset.from_parquet}[kind]
    return lambda folder, **options: make(folder / f"{name}.{kind}", **options)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_by_name(files, kind):
    folder, whole = files
    dataset = read("a", kind)(folder, label="y", batch_size=4096)
    parts = list(dataset)
    assert len(parts) == -(-ROWS // 4096)
    for name in ("age", "height", "city", "member"):
        found = np.concatenate([x[name] for x, _ in parts])
        np.testing.assert_array_equal(found, whole[name].to_numpy())
    np.testing.assert_array_equal(np.concatenate([y for _, y in parts]), whole["y"])
    assert dataset.element_spec == (
        {
            "age": TensorSpec((None,), "int64"),
            "height": TensorSpec((None,), "float64"),
            "city": TensorSpec((None,), "string"),
            "member": TensorSpec((None,), "bool"),
        },
        TensorSpec((None,), "int64"),
    )
    assert dataset.file_paths == [str(folder / f"a.{kind}")]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_some_columns_of_several_files(files, kind):
    folder, whole = files
    make = Dataset.from_csv if kind == "csv" else Dataset.from_parquet
    paths = [folder / f"b.{kind}", folder / f"a.{kind}", folder / f"b.{kind}"]
    node = make(paths, columns=["age"]).node
    expected = [*whole["age"][:50], *whole["age"], *whole["age"][:50]]
    for _ in range(2):  # once the files' lengths are known, others are not read
        for start in (0, 30, 50, 20_000, ROWS + 49, ROWS + 60, ROWS + 100):
            assert [row["age"] for row in node.items(RUN, start)] == expected[start:]
    if kind == "parquet":
        assert node.length() == ROWS + 100


def test_rows_are_shuffled_by_a_buffer_as_any_others(files):
    folder, whole = files
    node = Dataset.from_csv(folder / "a.csv", columns=["age"]).shuffle(1000, seed=3).node
    ages = [int(row["age"]) for row in node.items(RUN)]
    other = Dataset.from_tensor_slices(whole["age"].to_numpy()).shuffle(1000, seed=3).node
    assert ages == [int(age) for age in other.items(RUN)]
    batches = Dataset.from_csv(folder / "a.csv", columns=["age"]).shuffle(1000, seed=3).batch(64)
    assert np.concatenate([b["age"] for b in batches.node.items(RUN)]).tolist() == ages


def test_several_passes_in_blocks(files):
    folder, whole = files
    endless = Dataset.from_csv(folder / "b.csv", columns=["age"]).repeat().batch(40)
    first = [b["age"] for b, _ in zip(endless, range(3), strict=False)]
    assert np.concatenate(first).tolist() == [
        *whole["age"][:50],
        *whole["age"][:50],
        *whole["age"][:20],
    ]


def write(folder, text):
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_values(tmp_path):
    path = write(tmp_path, "a,b,c,d\n1,,x,\n,2,,\n3,4,z,\n")
    (batch,) = Dataset.from_csv(path, batch_size=3)
    np.testing.assert_array_equal(batch["a"], [1, np.nan, 3])
    np.testing.assert_array_equal(batch["b"], [np.nan, 2, 4])
    assert batch["c"].tolist() == ["x", "", "z"]
    assert np.isnan(batch["d"]).all()


def test_dtypes_delimiters_and_names(tmp_path):
    path = write(tmp_path, "1;007;2020-01-31\n2;008;2021-01-31\n")
    names = ["n", "code", "day"]
    dtypes = {"code": "string", "n": "float32"}
    (batch,) = Dataset.from_csv(path, dtypes=dtypes, delimiter=";", names=names, batch_size=2)
    assert batch["n"].dtype == np.float32
    assert batch["code"].tolist() == ["007", "008"]
    assert batch["day"].tolist() == ["2020-01-31", "2021-01-31"]


LONG = "a,b\n" + "1,2\n" * 400_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LONG + "1,0.5\n", r"line 400002, column 'b'.*int64, as the first rows.*'0.5'"),
        (LONG + "1,\n", r"column 'b'.*row 400000.*float64"),
        (LONG + "1\n", r"line 400002.*2 values.*Received: 1"),
        ("a,b\n1,2\n3\n", r"line 3.*2 values"),
        ('a,b\n"x\ny",2\n3\n', r"line 4.*2 values"),
        ("", "csv file"),
        ("a,b\n", "row"),
    ],
)
def test_what_is_wrong_is_told_by_file_line_and_column(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=r"t\.csv") as caught:
        list(Dataset.from_csv(path, batch_size=1000))
    assert caught.match(message)


def test_wrong_columns_and_paths(files, tmp_path):
    folder, _ = files
    with pytest.raises(DataError, match=r"'size'.*'age'"):
        Dataset.from_csv(folder / "b.csv", columns=["size"])
    with pytest.raises(DataError, match="'size'"):
        list(Dataset.from_parquet(folder / "b.parquet", label="size"))
    with pytest.raises(ArgumentError, match=r"none\.csv"):
        Dataset.from_csv(tmp_path / "none.csv")
    with pytest.raises(ArgumentError, match="dtypes"):
        Dataset.from_csv(folder / "b.csv", dtypes={"size": "int8"})
    with pytest.raises(DataError, match="parquet file"):
        Dataset.from_parquet(folder / "b.csv")
    other = write(tmp_path, "age,y\n1,2\n")
    with pytest.raises(DataError, match=r"t\.csv.*'height'"):
        list(Dataset.from_csv([folder / "b.csv", other]))


def test_kinds_of_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    columns = {
        "vector": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
        "list": pa.array([[1], [2]]),
        "kind": pa.array(["a", "b"]).dictionary_encode(),
        "gap": pa.array([1.0, None]),
    }
    pq.write_table(pa.table(columns), path)
    dataset = Dataset.from_parquet(path, batch_size=2)
    (batch,) = dataset
    assert batch["vector"].tolist() == [[1, 2], [3, 4]]
    assert batch["list"].tolist() == [[1], [2]]
    assert batch["kind"].tolist() == ["a", "b"]
    np.testing.assert_array_equal(batch["gap"], [1, np.nan])
    assert dataset.element_spec["vector"] == TensorSpec((None, 2), "float32")
    pq.write_table(
        pa.table({"n": pa.array([1, None]), "when": pa.array([1, 2], pa.date32())}), path
    )
    with pytest.raises(DataError, match=r"'n'.*row 1"):
        list(Dataset.from_parquet(path, columns=["n"]))
    with pytest.raises(DataError, match=r"'when'.*date32"):
        list(Dataset.from_parquet(path, columns=["when"]))


def test_lines(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes("eins\r\nzwei\n\nvier ä".encode())
    dataset = Dataset.from_lines(path)
    assert list(dataset) == ["eins", "zwei", "", "vier ä"]
    assert next(iter(dataset.skip(2).batch(3))).tolist() == ["", "vier ä"]
    with pytest.raises(DataError, match=r"t\.txt, line 4.*ascii"):
        list(Dataset.from_lines(path, encoding="ascii"))


def test_a_model_trains_on_columns(files):
    folder, whole = files
    inputs = {"age": keras.Input((1,), name="age"), "height": keras.Input((1,), name="height")}
    x = keras.layers.Concatenate()(list(inputs.values()))
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    data = Dataset.from_csv(folder / "b.csv", ["age", "height"], "y", batch_size=16)
    model.fit(data.shuffle(4), epochs=2, verbose=0)
    expected = model.predict({n: whole[n][:50].to_numpy() for n in inputs}, verbose=0)
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-6)


def parquet(path, **columns):
    table = pa.table(columns)
    pq.write_table(table, path)
    return path


def test_lists_and_structs_keep_their_dtypes(tmp_path):
    inner = pa.array([[1, 2], [3, 4]], pa.list_(pa.int8()))
    fixed = pa.array([[0.5], [1.5]], pa.list_(pa.float32(), 1))
    nested = pa.array([[[1], [2]], [[3], [4]]])
    texts = pa.array([["a"], ["bc"]])
    struct = pa.array([{"x": 1, "y": [1.0]}, {"x": 2, "y": [2.0]}])
    path = parquet(
        tmp_path / "t", i=inner, f=fixed, n=nested, t=texts, s=struct, b=pa.array([b"a", b"b"])
    )
    dataset = Dataset.from_parquet(path)
    row = list(dataset)[1]
    assert row["i"].dtype == np.int8
    assert row["i"].tolist() == [3, 4]
    assert row["f"].dtype == np.float32
    assert row["n"].tolist() == [[3], [4]]
    assert row["t"].dtype == object
    assert row["s"]["x"] == 2
    assert row["s"]["y"].tolist() == [2.0]
    assert row["b"] == b"b"
    spec = dataset.element_spec
    assert spec["i"] == TensorSpec((None,), "int8")
    assert spec["f"] == TensorSpec((1,), "float32")
    assert spec["n"].shape == (None, None)
    assert spec["s"]["y"] == TensorSpec((None,), "float64")
    assert spec["b"].dtype == "string"


def test_what_lists_and_structs_lack_is_told(tmp_path):
    bad = {
        "lists of one length": pa.array([[1], [1, 2]]),
        "'a, in its lists'.*none in row 1": pa.array([[1, None], [1, 2]]),
        "none in row 1": pa.array([[1], None]),
        "'a.x'.*none in row 1": pa.array([{"x": 1}, {"x": None}]),
    }
    for message, column in bad.items():
        with pytest.raises(DataError, match=message):
            list(Dataset.from_parquet(parquet(tmp_path / "t", a=column)))


def test_all_files_have_the_types_of_the_first(tmp_path):
    one, two = parquet(tmp_path / "1", a=[1.5]), parquet(tmp_path / "2", a=[2])
    assert [e["a"].dtype.name for e in Dataset.from_parquet([one, two])] == ["float64"] * 2
    with pytest.raises(DataError, match=r"2, column 'a'|column 'a' of .*1.*int64, as in the first"):
        list(Dataset.from_parquet([two, one]))
    with pytest.raises(DataError, match="type double, as in the first file"):
        list(Dataset.from_parquet([one, parquet(tmp_path / "3", a=["x"])]))


def test_csv_files_that_are_none(tmp_path):
    def read(text, **options):
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(Dataset.from_csv(path, **options))

    with pytest.raises(DataError, match=r"different names.*'a' more than once"):
        read("a,a\n1,2\n")
    with pytest.raises(DataError, match=r"line 2.*text in UTF-8"):
        read("a,b\nCaf\xe9,2\n".encode("latin-1"))
    with pytest.raises(ArgumentError, match=r"float32, float64.*float16"):
        read("a\n1\n", dtypes={"a": "float16"})
    with pytest.raises(DataError, match="a csv file"):
        read('a,b\n"x,2\n' + "3,4\n" * 400_000)
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("b,c\n1,2\n")
    with pytest.raises(DataError, match="the column 'a'"):
        list(Dataset.from_csv([tmp_path / "1.csv", tmp_path / "2.csv"]))


def test_encodings_of_lines_are_known(tmp_path):
    (tmp_path / "t").write_text("a\n")
    for encoding in ("klingon", "utf-16"):
        with pytest.raises(ArgumentError, match="encoding"):
            Dataset.from_lines(tmp_path / "t", encoding)
