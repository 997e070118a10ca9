"""`TensorBoard`, read back by the package of that name."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.callbacks import TensorBoard
from kerasish.callbacks.event_file import EventFile, crc32c, png, record
from kerasish.callbacks.tensorboard import as_pictures
from kerasish.errors import ArgumentError

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
X, Y = np.random.default_rng(0).normal(size=(20, 4)).astype("float32"), np.ones((20, 1), "float32")


def model(**options: Any) -> Any:
    made = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="one"), layers.Dense(1, name="two")], name="m"
    )
    made.compile("sgd", "mse", metrics=["mae"], **options)
    return made


def read(folder: Path) -> Any:
    everything = {"scalars": 0, "tensors": 0, "images": 0, "histograms": 0}
    found = accumulator.EventAccumulator(str(folder), everything)
    found.Reload()
    return found


def numbers(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.util import tensor_util

    found = read(folder)
    return {
        tag: [(e.step, float(tensor_util.make_ndarray(e.tensor_proto))) for e in found.Tensors(tag)]
        for tag in found.Tags()["tensors"]
        if found.SummaryMetadata(tag).plugin_data.plugin_name == "scalars"
    }


def test_metrics_of_epochs(tmp_path: Path) -> None:
    history = model().fit(
        X, Y, batch_size=5, epochs=3, validation_data=(X, Y), callbacks=[TensorBoard(tmp_path)]
    )
    train, held_out = numbers(tmp_path / "train"), numbers(tmp_path / "validation")
    assert train.keys() == {"epoch_loss", "epoch_mae", "epoch_learning_rate"}
    assert held_out.keys() == {
        "epoch_loss",
        "epoch_mae",
        "evaluation_loss_vs_iterations",
        "evaluation_mae_vs_iterations",
    }
    for name in ("loss", "mae"):
        for file, values in (
            (train, history.history[name]),
            (held_out, history.history[f"val_{name}"]),
        ):
            steps, found = zip(*file[f"epoch_{name}"], strict=True)
            assert steps == (0, 1, 2)
            assert found == pytest.approx(values)
    assert [step for step, _ in held_out["evaluation_loss_vs_iterations"]] == [4, 8, 12]
    assert train["epoch_learning_rate"][2][1] == pytest.approx(0.01)


@pytest.mark.parametrize(("freq", "steps"), [("batch", [1, 2, 3, 4, 5, 6, 7, 8]), (3, [3, 6])])
def test_metrics_of_batches(tmp_path: Path, freq: Any, steps: list[int]) -> None:
    board = TensorBoard(tmp_path, update_freq=freq, write_steps_per_second=True)
    model().fit(X, Y, batch_size=5, epochs=2, callbacks=[board], verbose=0)
    train = numbers(tmp_path / "train")
    for tag in ("batch_loss", "batch_mae", "batch_steps_per_second"):
        assert [step for step, _ in train[tag]] == steps
    assert all(value > 0 for _, value in train["epoch_steps_per_second"])
    assert not (tmp_path / "validation").exists()


def test_batches_cost_nothing_unless_they_are_noted(tmp_path: Path) -> None:
    from kerasish.callbacks import CallbackList

    assert CallbackList([TensorBoard(tmp_path)]).hooks("train").on_end == []
    assert len(CallbackList([TensorBoard(tmp_path, update_freq=2)]).hooks("train").on_end) == 1

    class Mine(TensorBoard):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            pass

    assert len(CallbackList([Mine(tmp_path)]).hooks("train").on_end) == 1


def test_a_second_run_writes_a_second_file(tmp_path: Path) -> None:
    board, made = TensorBoard(tmp_path, write_graph=False), model()
    for _ in range(2):
        made.fit(X, Y, epochs=1, callbacks=[board], verbose=0)
    files = list((tmp_path / "train").iterdir())
    assert len(files) == 2
    assert all(f.name.startswith("events.out.tfevents.") for f in files)


def test_histograms_and_pictures_of_weights(tmp_path: Path) -> None:
    from tensorboard.util import tensor_util

    made = model()
    made.fit(X, Y, epochs=3, callbacks=[TensorBoard(tmp_path, histogram_freq=2, write_images=True)])
    found = read(tmp_path / "train")
    tag = f"{made.layers[0].kernel.path}/histogram"
    events = found.Tensors(tag)
    assert [event.step for event in events] == [0, 2]
    rows = tensor_util.make_ndarray(events[-1].tensor_proto)
    kernel = made.layers[0].kernel.numpy()
    assert rows.shape == (30, 3)
    assert rows[:, 2].sum() == kernel.size
    assert rows[0, 0] == pytest.approx(kernel.min())
    assert rows[-1, 1] == pytest.approx(kernel.max())
    assert found.SummaryMetadata(tag).plugin_data.plugin_name == "histograms"
    image = found.Tensors(tag.replace("histogram", "image"))[0].tensor_proto
    width, height, picture = tensor_util.make_ndarray(image)
    assert (int(width), int(height)) == (4, 3)
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(picture)))
    assert pixels.shape == (3, 4)
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_the_graph_of_a_model(tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="deep")], name="inner")
    made = keras.Model(x, layers.Add(name="sum")([inner(x), layers.Dense(2, name="side")(x)]))
    made.compile("sgd", "mse")
    made.fit(X, X[:, :2], epochs=1, callbacks=[TensorBoard(tmp_path)], verbose=0)
    found = read(tmp_path / "train")
    nodes = {node.name: node for node in found.Graph().node}
    assert nodes.keys() == {"x", "inner/deep", "side", "sum"}
    assert list(nodes["sum"].input) == ["inner/deep", "side"]
    assert nodes["inner/deep"].op == "Dense"
    shape = nodes["sum"].attr["_output_shapes"].list.shape[0]
    assert [d.size for d in shape.dim] == [-1, 2]
    assert "keras" in found.Tags()["tensors"]


def test_text_and_numbers_of_a_program(tmp_path: Path) -> None:
    from tensorboard.util import tensor_util

    file = EventFile(tmp_path)
    file.text("alone", "**bold** é", 3)
    file.text("several", ["a", "b"], 4)
    file.scalar("per class", np.array([1.0, 2.0]), 1)
    file.scalar("negative", -1.5, -2)
    file.histogram("nothing", [np.nan], 0)
    file.histogram("one", [2.0, 2.0], 0)
    file.close()
    found = read(tmp_path)
    assert tensor_util.make_ndarray(found.Tensors("alone")[0].tensor_proto).item() == (
        "**bold** é".encode()
    )
    assert found.Tensors("alone")[0].step == 3
    assert list(tensor_util.make_ndarray(found.Tensors("several")[0].tensor_proto)) == [b"a", b"b"]
    assert found.SummaryMetadata("several").plugin_data.plugin_name == "text"
    assert numbers(tmp_path) == {
        "per class_0": [(1, 1.0)],
        "per class_1": [(1, 2.0)],
        "negative": [(-2, -1.5)],
    }
    assert tensor_util.make_ndarray(found.Tensors("nothing")[0].tensor_proto).shape == (0, 3)
    assert tensor_util.make_ndarray(found.Tensors("one")[0].tensor_proto)[:, 2].sum() == 2


def test_a_killed_program_leaves_whole_records(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from kerasish.callbacks.event_file import EventFile\n"
        "file = EventFile(sys.argv[1])\n"
        "for step in range(100):\n"
        "    file.scalar('a', step, step)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=os.environ, check=False)
    assert len(numbers(tmp_path)["a"]) == 100


def test_checksums() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, appendix B.4, and the usual check value
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert len(record(b"abc")) == 8 + 4 + 3 + 4


def test_the_projector_finds_embeddings(tmp_path: Path) -> None:
    made = keras.Sequential(
        [keras.Input((5,)), layers.Embedding(7, 3, name="words"), layers.Flatten(), layers.Dense(1)]
    )
    made.compile("sgd", "mse")
    board = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "names.tsv"})
    made.fit(np.ones((4, 5)), np.ones((4, 1)), epochs=1, callbacks=[board], verbose=0)
    lines = (tmp_path / "projector_config.pbtxt").read_text().splitlines()
    assert lines[0] == "embeddings {"
    assert '  metadata_path: "names.tsv"' in lines
    path = next(line.split('"')[1] for line in lines if "tensor_path" in line)
    assert np.loadtxt(tmp_path / path) == pytest.approx(made.layers[0].get_weights()[0], rel=1e-5)
    deep = TensorBoard(
        tmp_path / "a" / "b", write_graph=False, embeddings_freq=2, embeddings_metadata="all.tsv"
    )
    made.fit(np.ones((4, 5)), np.ones((4, 1)), epochs=2, callbacks=[deep], verbose=0)
    text = (tmp_path / "a" / "b" / "projector_config.pbtxt").read_text()
    assert text == (
        'embeddings {\n  tensor_name: "words"\n  metadata_path: "all.tsv"\n'
        f'  tensor_path: "{path}"\n}}\n'
    )
    saved = np.loadtxt(tmp_path / "a" / "b" / path)  # after the first epoch, not the second
    assert not np.allclose(saved, made.layers[0].get_weights()[0], rtol=1e-5)
    wrong = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"word": "a.tsv"})
    with pytest.raises(ArgumentError, match="words"):
        made.fit(np.ones((4, 5)), np.ones((4, 1)), callbacks=[wrong], verbose=0)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures(channels: int) -> None:
    from PIL import Image

    array = np.random.default_rng(0).integers(0, 256, (3, 5, channels)).astype("uint8")
    found = np.asarray(Image.open(io.BytesIO(png(array))))
    assert np.array_equal(found.reshape(3, 5, channels), array)
    assert png(array / 255.0) == png(array)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((5,), (1, 5, 1, 1)),
        ((4, 3), (1, 3, 4, 1)),
        ((3, 4), (1, 3, 4, 1)),
        ((3, 4, 6), (6, 3, 4, 1)),
        ((1, 1, 5), (1, 5, 1, 1)),
        ((2, 3, 4, 3), (2, 3, 4, 3)),
        ((2, 3, 4, 5), None),
        ((2, 2, 2, 2, 3), None),
    ],
)
def test_weights_as_pictures(shape: Any, wanted: Any) -> None:
    made = as_pictures(np.random.default_rng(0).normal(size=shape))
    assert (None if made is None else made.shape) == wanted
    assert made is None or (made.min(), made.max()) == (0, 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"update_freq": 0}, "update_freq"),
        ({"update_freq": "epochs"}, "update_freq"),
        ({"histogram_freq": -1}, "histogram_freq"),
        ({"embeddings_freq": 1.5}, "embeddings_freq"),
        ({"log_dirs": "a"}, "log_dir"),
    ],
)
def test_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        TensorBoard(**given)


def test_profiles_are_made_otherwise(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"model\.profile"):
        TensorBoard(tmp_path, profile_batch=(2, 3))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ArgumentError, match=r"log_dir.*taken"):
        model().fit(X, Y, callbacks=[TensorBoard(tmp_path / "taken")], verbose=0)


def test_a_model_with_its_own_call(tmp_path: Path) -> None:
    class Mine(keras.Model):
        def __init__(self, width: Any) -> None:
            super().__init__()
            self.dense = layers.Dense(width)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    made = Mine(1)
    made.compile("sgd", "mse")
    made.fit(X, Y, callbacks=[TensorBoard(tmp_path)], verbose=0)
    assert [node.op for node in read(tmp_path / "train").Graph().node] == ["Mine"]


def test_an_evaluation_without_an_optimizer_has_no_step(tmp_path: Path) -> None:
    made = model()
    made.evaluate(X, Y, callbacks=[TensorBoard(tmp_path / "with")], verbose=0)
    assert [step for step, _ in numbers(tmp_path / "with" / "validation")[
        "evaluation_loss_vs_iterations"
    ]] == [0]  # fmt: skip
    made.compile(None, "mse")
    made.evaluate(X, Y, callbacks=[TensorBoard(tmp_path / "without")], verbose=0)
    assert not (tmp_path / "without" / "validation").exists()
