"""What is read block by block is what is read whole: rows, what layers learn, predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import DataError
from kerasish.preparation import Columns, Parts, Prepared, Table, read_table, split, tabular
from kerasish.preparation import table as tables
from kerasish.preparation.later import Later
from kerasish.preparation.ondisk import OnDisk
from kerasish.preparation.streams import Streamed

ROWS = 500


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tables, "CHUNK", 64)
    rng = np.random.default_rng(0)
    lines = ["n,kind,note,label,weight,part"]
    for row in range(ROWS):
        kind = "abc"[rng.integers(3)]
        number = "" if row % 50 == 7 else f"{rng.normal():.5f}"
        words = " ".join("red green blue black white".split()[k] for k in rng.integers(5, size=3))
        lines.append(
            f"{number},{kind},{words},{'yn'[rng.integers(2)]},{rng.random():.3f},"
            f"{'train' if row % 5 else 'test'}"
        )
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "t.csv"


def prepared(table: Table, **more: Any) -> Prepared:
    choices = {"validation": {"split": 0.2, "stratify": "label"},
               "test": {"where": {"part": "test"}}}  # fmt: skip
    parts = split(table, choices, seed=3)
    columns = Columns(parts.train)
    number = columns.apply(keras.layers.FillMissing("median"), columns["n"])
    x = {
        "number": columns.apply(keras.layers.Normalization(), number),
        "kind": columns.apply(
            keras.layers.StringLookup(output_mode="one_hot", num_oov_indices=0), columns["kind"]
        ),
        "words": columns.apply(
            keras.layers.TextVectorization(output_sequence_length=4), columns["note"]
        ),
    }
    y = {"label": keras.layers.StringLookup(vocabulary=["n", "y"], num_oov_indices=0)(
        columns["label"])}  # fmt: skip
    return Prepared(parts, columns, x, y, sample_weight="weight", batch_size=32, **more)


def model(data: Prepared) -> keras.Model:
    keras.utils.set_random_seed(1)
    number = keras.Input((1,), name="number")
    kind = keras.Input((3,), name="kind")
    words = keras.Input((4,), dtype="int32", name="words")
    embedded = keras.layers.Flatten()(keras.layers.Embedding(8, 2)(words))
    joined = keras.layers.Concatenate()([number, kind, embedded])
    made = keras.Model([number, kind, words], keras.layers.Dense(2, activation="softmax")(joined))
    made.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    return made


def test_streamed_is_as_in_memory(file: Path) -> None:
    whole = prepared(read_table({"csv": str(file)}), shuffle=False)
    streamed = prepared(read_table({"csv": str(file), "stream": True}), shuffle=False)
    assert isinstance(streamed.parts.train.columns["n"].values, Streamed)
    assert streamed.part("train").later
    assert streamed.facts == whole.facts
    for name in ("train", "validation", "test"):
        ours, theirs = streamed.part(name), whole.part(name)
        np.testing.assert_array_equal(ours.y["label"], theirs.y["label"])
        np.testing.assert_array_equal(ours.sample_weight, theirs.sample_weight)
        for key, values in theirs.x.items():
            held = ours.x[key]
            assert isinstance(held, Later)
            assert len(held) == len(values)
            np.testing.assert_allclose(np.asarray(held), values, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(held[[9, 3]], values[[9, 3]], rtol=1e-5, atol=1e-6)
    first, second = model(whole), model(streamed)
    theirs = first.fit(**whole.fit_arguments(), epochs=2, verbose=0).history
    ours = second.fit(**streamed.fit_arguments(), epochs=2, verbose=0).history
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-4)
    np.testing.assert_allclose(ours["val_loss"], theirs["val_loss"], rtol=1e-4)
    np.testing.assert_allclose(
        second.predict(streamed.batches("test"), verbose=0),
        first.predict(whole.part("test").x, verbose=0),
        rtol=1e-4,
    )


def test_only_what_decides_is_held(file: Path) -> None:
    table = read_table({"csv": str(file), "stream": True})
    data = prepared(table)
    list(data.fit_arguments()["x"])
    stream = table.columns["n"].values.stream
    assert set(stream._held) <= {"label", "weight", "part"}


def test_every_epoch_shuffles_all_rows(file: Path) -> None:
    data = prepared(read_table({"csv": str(file), "stream": True}))
    epochs = []
    batches = data.fit_arguments()["x"]
    for _ in range(2):
        epochs.append(np.concatenate([np.asarray(weight) for _, _, weight in batches]))
    assert not np.array_equal(epochs[0], epochs[1])
    np.testing.assert_array_equal(np.sort(epochs[0]), np.sort(data.part("train").sample_weight))
    np.testing.assert_array_equal(np.sort(epochs[0]), np.sort(epochs[1]))


def test_a_limit_decides(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not isinstance(read_table({"csv": str(file)}).columns["n"].values, Streamed)
    monkeypatch.setattr(tabular, "LIMIT", 1000)
    assert isinstance(read_table({"csv": str(file)}).columns["n"].values, Streamed)
    off = read_table({"csv": str(file), "stream": False})
    assert not isinstance(off.columns["n"].values, Streamed)


def test_gaps_in_a_stream_are_told_with_their_line(file: Path) -> None:
    parts = Parts(read_table({"csv": str(file), "stream": True}))
    columns = Columns(parts.train)
    data = Prepared(parts, columns, {"n": columns["n"]}, {}, shuffle=False)
    with pytest.raises(Exception, match=r"t\.csv, line 9"):
        list(data.fit_arguments()["x"])


def test_images_are_decoded_when_asked_for(tmp_path: Path) -> None:
    from PIL import Image

    for place in range(12):
        folder = tmp_path / "p" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 20 * place).save(folder / f"{place}.png")
    table = read_table({"images": str(tmp_path / "p"), "color": "grayscale"})
    parts = split(table, {"test": {"split": 0.25}}, seed=1)
    columns = Columns(parts.train)
    scaled = columns.apply(keras.layers.Rescaling(1 / 255), columns["image"])
    known = keras.layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=0)
    data = Prepared(parts, columns, {"image": scaled}, {"label": known(columns["label"])},
                    batch_size=4, cache=str(tmp_path / "cache"))  # fmt: skip
    assert data.facts["image"] == {"shape": [4, 4, 1], "size": 1, "length": 4}
    seen = []
    for _ in range(2):
        for x, y in data.fit_arguments()["x"]:
            value = np.round(np.asarray(x)[:, 0, 0, 0] * 255 / 20).astype(int)
            np.testing.assert_array_equal(value % 2, np.ravel(y))
            seen += value.tolist()
    assert sorted(seen) == sorted(2 * seen[:9])


@pytest.mark.parametrize("form", ["npy", "hdf5"])
def test_arrays_stay_in_their_files(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of two files by number: as from memory, bit for bit, and never all at once."""
    rng = np.random.default_rng(0)
    images, kinds = rng.normal(size=(90, 4, 3)), np.arange(90) % 3
    sources: list[dict[str, Any]] = []
    if form == "npy":
        for number, some in enumerate((slice(0, 40), slice(40, 90))):
            np.save(tmp_path / f"x{number}.npy", images[some])
            np.save(tmp_path / f"y{number}.npy", kinds[some])
        sources = [{"npy": {"x": "x*.npy", "y": "y*.npy"}}]
    else:
        h5py = pytest.importorskip("h5py")
        for number, some in enumerate((slice(0, 40), slice(40, 90))):
            with h5py.File(tmp_path / f"d{number}.h5", "w") as file:
                packed = {"chunks": (7, 4, 3), "compression": "gzip"} if number else {}
                file.create_dataset("in/x", data=images[some], **packed)
                file["in/y"] = kinds[some]
        sources = [{"hdf5": "d*.h5", "names": {"x": "in/x", "y": "in/y"}}]
    most: list[int] = []
    read = OnDisk.__getitem__
    monkeypatch.setattr(
        OnDisk, "__getitem__", lambda self, rows: most.append(len(held := read(self, rows))) or held
        if len(self.shape) > 1 and not isinstance(rows, (int, np.integer)) else read(self, rows)
    )  # fmt: skip
    histories = []
    for stream in (False, True):
        table = read_table({**sources[0], "stream": stream, "types": {"x": "float32"}}, tmp_path)
        parts = split(table, {"validation": {"split": 0.2}}, seed=1)
        columns = Columns(parts.train)
        x = columns.apply(keras.layers.Normalization(), columns["x"])
        data = Prepared(parts, columns, {"x": x}, {"y": columns["y"]}, batch_size=16)
        assert data.part("train").later is stream
        assert table.columns["x"].spec.dtype == "float32"
        keras.utils.set_random_seed(2)
        layers = [keras.Input((4, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
        made = keras.Sequential(layers)
        made.compile("sgd", "sparse_categorical_crossentropy")
        histories.append(made.fit(**data.fit_arguments(), epochs=3, verbose=0).history)
        np.testing.assert_array_equal(table.values("x")[[5, 70]], images[[5, 70]].astype("f4"))
        assert table.where(41).endswith("row 1")
    assert histories[0].keys() == histories[1].keys()
    np.testing.assert_allclose(histories[0]["val_loss"], histories[1]["val_loss"], rtol=0.2)
    assert most
    assert sorted(most)[-2] <= 72  # but for `table.values`, at most what a layer learns from


def test_files_of_other_shapes_do_not_go_together(tmp_path: Path) -> None:
    np.save(tmp_path / "x0.npy", np.zeros((4, 2)))
    np.save(tmp_path / "x1.npy", np.zeros((4, 3)))
    with pytest.raises(DataError, match="arrays of one shape"):
        read_table({"npy": "x*.npy", "stream": True}, tmp_path)
