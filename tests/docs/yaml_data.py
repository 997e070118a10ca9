"""Small data that the examples of docs/yaml name in their comment `# data:`."""

from __future__ import annotations

import json
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

import kerasish as keras

PEOPLE = "age,hours,city,zip,size,children,team,joined,note,points,price,weight,label"
COMMON = """kerasish: 1
data: {dataset: digits, train: {rows: [0, 128]}, batch_size: 64}
model: {input: [8, 8, 1], layers: [Flatten, Dense: {units: 10, activation: softmax}]}
train: {optimizer: {Adam: {learning_rate: 0.01}}, loss: sparse_categorical_crossentropy, epochs: 1}
"""
PLUGIN = """import kerasish as keras


@keras.register("loss")
def soft_l1(y_true, y_pred):
    return keras.ops.mean(keras.ops.sqrt(1 + keras.ops.square(y_true - y_pred)) - 1, axis=-1)
"""


def people(folder: Path) -> None:
    """people.csv (60 rows) and later.csv (10 rows) of the same columns."""
    rng = np.random.default_rng(0)
    rows = [
        [
            "?" if n in (3, 17) else 20 + n % 50,
            f"{rng.normal(40, 5):.1f}",
            ["Ulm", "Oslo", "Bath", "Rome"][n // 3 % 4],
            f"0{n % 5}123",
            ["small", "large"][n // 2 % 2],
            "" if n == 8 else n % 3,
            f"team {n // 6}",
            f"202{n % 2}-0{n % 9 + 1}-01",
            " ".join(["good", "bad", "day", "today"][: n % 4 + 1]),
            "?" if n == 5 else n % 7,
            f"{rng.uniform(100, 900):.0f}",
            1 + n % 2,
            ["no", "yes"][n % 2],
        ]
        for n in range(70)
    ]
    lines = [",".join(map(str, row)) for row in rows]
    (folder / "people.csv").write_text("\n".join([PEOPLE, *lines[:60]]), encoding="utf-8")
    (folder / "later.csv").write_text("\n".join([PEOPLE, *lines[60:]]), encoding="utf-8")


def plain(folder: Path) -> None:
    """plain.csv: three numbers a line, without a header."""
    lines = [f"{n % 7};{n % 5};{n % 7 * 3 + n % 5}" for n in range(40)]
    (folder / "plain.csv").write_text("\n".join(lines), encoding="utf-8")


def tabs(folder: Path) -> None:
    """plain.tsv: the same with a header."""
    lines = [f"{n % 7}\t{n % 5}\t{n % 7 * 3 + n % 5}" for n in range(40)]
    (folder / "plain.tsv").write_text("\n".join(["width\theight\tprice", *lines]), encoding="utf-8")


def parts(folder: Path) -> None:
    """part-1.csv and part-2.csv with columns a, b, c."""
    for name in (1, 2):
        lines = [f"{n},{n % 3},{n + name}" for n in range(20)]
        (folder / f"part-{name}.csv").write_text("\n".join(["a,b,c", *lines]), encoding="utf-8")


def lines(folder: Path) -> None:
    """posts.jsonl: a title inside `words`, and a kind."""
    texts = ["rain again", "sun at last", "goal in the last minute", "they lost again"]
    rows = [
        {"words": {"title": texts[n % 4]}, "kind": "weather" if n % 4 < 2 else "sport"}
        for n in range(32)
    ]
    (folder / "posts.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def parquet(folder: Path) -> None:
    """people.parquet: age, hours, label."""
    import pyarrow as arrow
    import pyarrow.parquet as files

    columns = {"age": [*range(20, 60)], "hours": [1.5 * n for n in range(40)], "label": [0, 1] * 20}
    files.write_table(arrow.table(columns), folder / "people.parquet")


def hdf5(folder: Path) -> None:
    """waves.h5: `inside/wave` (30, 12) and `kind`."""
    import h5py

    with h5py.File(folder / "waves.h5", "w") as file:
        file["inside/wave"] = np.random.default_rng(0).normal(size=(30, 12))
        file["kind"] = np.arange(30) % 3


def arrays(folder: Path) -> None:
    """image.npy, digit.npy, and arrays.npz of X, digit, held_out."""
    rng = np.random.default_rng(0)
    image, digit = rng.random((30, 4, 4), "float32"), np.arange(30) % 3
    np.save(folder / "image.npy", image)
    np.save(folder / "digit.npy", digit)
    np.savez(folder / "arrays.npz", X=image, digit=digit, held_out=np.arange(30) >= 24)


def clips(folder: Path) -> None:
    """clips.npz: samples of 24 clips, their offsets, digit and is_test."""
    sizes = 40 + np.arange(24)
    np.savez(
        folder / "clips.npz",
        samples=np.random.default_rng(0).integers(-900, 900, sizes.sum()).astype("int16"),
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        digit=np.arange(24) % 3,
        is_test=np.arange(24) % 4 == 3,
    )


def idx(folder: Path) -> None:
    """Images and labels of a training and a test part as MNIST has them."""
    for part, count in (("train", 24), ("test", 9)):
        pixels = np.random.default_rng(0).integers(0, 255, (count, 4, 4)).astype("uint8")
        labels = (np.arange(count) % 3).astype("uint8")
        for name, array in (("images", pixels), ("labels", labels)):
            head = struct.pack(f">{1 + array.ndim}i", 0x800 + array.ndim, *array.shape)
            (folder / f"{part}-{name}").write_bytes(head + array.tobytes())


def verses(folder: Path) -> None:
    """verses.txt of 20 lines and kind.npy."""
    (folder / "verses.txt").write_text("the sea\nthe open land\n" * 10, encoding="utf-8")
    np.save(folder / "kind.npy", np.arange(20) % 2)


def letters(folder: Path) -> None:
    """letters/{kind,stern}: eight text files each."""
    for kind, text in (("kind", "thank you very much"), ("stern", "pay at once")):
        (folder / "letters" / kind).mkdir(parents=True)
        for n in range(8):
            (folder / "letters" / kind / f"{n}.txt").write_text(text + "!" * n, encoding="utf-8")


def photos(folder: Path) -> None:
    """photos/{cat,dog}: eight images each, and stars.csv with a number for each."""
    from PIL import Image

    rows = ["photo,stars"]
    for kind, color in (("cat", (200, 90, 10)), ("dog", (20, 60, 200))):
        (folder / "photos" / kind).mkdir(parents=True)
        for n in range(8):
            Image.new("RGB", (9, 7 + n), color).save(folder / "photos" / kind / f"{n}.png")
            rows.append(f"{kind}/{n}.png,{n % 5}")
    (folder / "stars.csv").write_text("\n".join(rows), encoding="utf-8")


def sounds(folder: Path) -> None:
    """sounds/{high,low}: eight tones each."""
    for kind, tone in (("high", 2000), ("low", 300)):
        (folder / "sounds" / kind).mkdir(parents=True)
        for n in range(8):
            samples = 9000 * np.sin(np.arange(500 + 60 * n) * tone * 2 * np.pi / 8000)
            with wave.open(str(folder / "sounds" / kind / f"{n}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(samples.astype("<i2").tobytes())


def extra(folder: Path) -> None:
    """extra.npy: a number for each row of people.csv."""
    np.save(folder / "extra.npy", np.random.default_rng(1).normal(size=60))


def hours(folder: Path) -> None:
    """hours.csv: three days of two stations, with a gap in the wind."""
    rows = ["date,station,load,wind"]
    for station in "AB":
        for hour in range(72):
            wind = "" if hour == 5 else hour % 11
            rows.append(f"2021-01-0{hour // 24 + 1} {hour % 24}:00,{station},{hour % 24},{wind}")
    (folder / "hours.csv").write_text("\n".join(rows), encoding="utf-8")


def poem(folder: Path) -> None:
    """poem.txt: 124 characters."""
    (folder / "poem.txt").write_text("the sea, the sea, the open sea " * 4, encoding="utf-8")


def base(folder: Path) -> None:
    """common.yaml: a small network on digits."""
    (folder / "common.yaml").write_text(COMMON, encoding="utf-8")


def plugin(folder: Path) -> None:
    """mine.py: a loss."""
    (folder / "mine.py").write_text(PLUGIN, encoding="utf-8")


def body(folder: Path) -> None:
    """body.keras: a network on digits with a layer `code`."""
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(12, activation="relu", name="code"),
        keras.layers.Dense(3),
    ]
    keras.Sequential(layers).save(folder / "body.keras")


MAKERS: dict[str, Callable[[Path], None]] = {
    made.__name__: made
    for made in (people, plain, tabs, parts, lines, parquet, hdf5, arrays, clips, idx, verses)
} | {
    made.__name__: made
    for made in (letters, photos, sounds, extra, hours, poem, base, plugin, body)
}
