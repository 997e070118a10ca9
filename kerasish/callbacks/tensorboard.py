"""`TensorBoard`: what a run measures, in files that the program TensorBoard shows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from kerasish import config, registry
from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.event_file import EventFile
from kerasish.callbacks.rates import rates_of
from kerasish.errors import ArgumentError, KerasishError, told
from kerasish.hints import is_whole, refuse_unknown
from kerasish.layers.core import Embedding
from kerasish.tracebacks import users_level

_EVERY_BATCH = frozenset(("on_train_batch_begin", "on_train_batch_end"))


class TensorBoard(Callback):
    """Writes metrics, histograms, pictures and the model's graph for TensorBoard.

    TensorFlow is not needed, neither here nor there: `pip install tensorboard`, then
    `tensorboard --logdir logs`. Training writes into the subfolder `train`, validation into
    `validation`; every event is on disk at once, also when the program is killed.

    Args:
        log_dir: the folder.
        histogram_freq: epochs between histograms of all weights; 0 for none.
        write_graph: whether the model is drawn.
        write_images: whether weights are also shown as pictures, with the histograms.
        write_steps_per_second: whether steps per second are noted.
        update_freq: "epoch", or "batch", or after how many batches logs are noted too.
        profile_batch: only 0; `model.profile(x, y)` tells how long each step takes.
        embeddings_freq: epochs between saves of `Embedding` weights for the projector; 0 for none.
        embeddings_metadata: a file with a line per row of an embedding, or one by layer's name.

    Raises:
        ArgumentError: an argument is none of these, or the folder cannot be written.

    Attributes:
        train_file, validation_file: `EventFile`s, for what else a program notes:
            `board.train_file.text("notes", "**better**", step=3)`.
    """

    _step = 0  # of training since it began, over epochs
    _first_iteration = 0
    _epoch_begun = _batch_begun = 0.0

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        update_freq = 1 if update_freq == "batch" else update_freq
        if update_freq != "epoch" and (not is_whole(update_freq) or update_freq < 1):
            expected = "'epoch', 'batch' or a number of batches"
            raise ArgumentError("update_freq", expected=expected, received=repr(update_freq))
        for name, value in (
            ("histogram_freq", histogram_freq),
            ("embeddings_freq", embeddings_freq),
        ):
            if value is not None and (not is_whole(value) or value < 0):
                raise ArgumentError(name, expected="a number of epochs", received=repr(value))
        _check_profiled(profile_batch)
        if profile_batch:
            warnings.warn(
                told(
                    f"TensorBoard: profile_batch={profile_batch!r} writes nothing here",
                    fix="model.profile(x, y) times every step of a batch.",
                ),
                stacklevel=users_level(),
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq or 0
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = update_freq
        self.embeddings_freq = embeddings_freq or 0
        self.embeddings_metadata = embeddings_metadata
        self.train_file = EventFile(os.path.join(self.log_dir, "train"))
        self.validation_file = EventFile(os.path.join(self.log_dir, "validation"))
        self.idle = _EVERY_BATCH if update_freq == "epoch" else frozenset()

    # --- a run --------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs = None) -> None:
        self._step = 0
        if self.write_graph:
            self._write_model()
        if self.embeddings_freq:
            self._write_projector()

    def on_train_end(self, logs: Logs = None) -> None:
        self.train_file.close()
        self.validation_file.close()

    def on_test_end(self, logs: Logs = None) -> None:
        iterations = getattr(self.model.optimizer, "iterations", None)
        if iterations is not None:
            for name, value in (logs or {}).items():
                tag = f"evaluation_{name}_vs_iterations"
                self.validation_file.scalar(tag, value, int(np.asarray(iterations)))

    # --- batches ------------------------------------------------------------------------------

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._step += 1
        self._batch_begun = perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._notes(self._step):
            noted = {f"batch_{name}": value for name, value in (logs or {}).items()}
            if self.write_steps_per_second:
                seconds = max(perf_counter() - self._batch_begun, 1e-9)
                noted["batch_steps_per_second"] = 1 / seconds
            for tag, value in noted.items():
                self.train_file.scalar(tag, value, self._step)

    def _notes(self, step: int) -> bool:
        return isinstance(self.update_freq, int) and step % self.update_freq == 0

    # --- epochs -------------------------------------------------------------------------------

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._first_iteration = int(np.asarray(self.model.optimizer.iterations))
        self._epoch_begun = perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        rates = rates_of(self.model)
        if self.write_steps_per_second:
            steps = int(np.asarray(self.model.optimizer.iterations)) - self._first_iteration
            rates["steps_per_second"] = steps / max(perf_counter() - self._epoch_begun, 1e-9)
        for name, value in {**(logs or {}), **rates}.items():
            file = self.validation_file if name.startswith("val_") else self.train_file
            file.scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()

    # --- the model ----------------------------------------------------------------------------

    def _write_model(self) -> None:
        try:
            self.train_file.model(self.model.to_json())
        except (KerasishError, NotImplementedError, TypeError):
            pass  # a model of one's own need have no config; its graph is written all the same
        self.train_file.graph(registry.above("model.nodes")(self.model))

    def _write_weights(self, epoch: int) -> None:
        for weight in self.model.weights:
            tag, value = str(weight.path).replace(":", "_"), weight.numpy()
            self.train_file.histogram(f"{tag}/histogram", value, epoch)
            pictures = as_pictures(value) if self.write_images else None
            if pictures is not None:
                self.train_file.image(f"{tag}/image", pictures, epoch)

    def _embeddings(self) -> dict[str, Any]:
        return {one.name: one for one in self.model.layers if isinstance(one, Embedding)}

    def _write_projector(self) -> None:
        """Say where the rows of embeddings, and what they stand for, are to be found."""
        metadata, found = self.embeddings_metadata or {}, self._embeddings()
        if not isinstance(metadata, str):
            refuse_unknown("embeddings_metadata", [n for n in metadata if n not in found], found)
        lines = []
        for name in found:
            told_by = metadata if isinstance(metadata, str) else metadata.get(name)
            lines += ["embeddings {", f'  tensor_name: "{name}"']
            lines += [f'  metadata_path: "{told_by}"'] if told_by else []
            lines += [f'  tensor_path: "{_table_of(name)}"', "}"]
        folder = Path(self.log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{line}\n" for line in lines)
        (folder / "projector_config.pbtxt").write_text(text, encoding="utf-8")

    def _write_embeddings(self) -> None:
        for name, layer in self._embeddings().items():
            rows = layer.get_weights()[0]
            path = Path(self.log_dir) / _table_of(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savetxt(path, rows.astype("float64"), fmt="%.7g", delimiter="\t")


def _check_profiled(batches: Any) -> None:
    """Raise unless it is what Keras takes: a batch, or the first and last of some, "2,5" too."""
    parts = batches.split(",") if isinstance(batches, str) else batches
    listed = parts if isinstance(parts, (list, tuple)) else [parts]
    alone = len(listed) == 1 and listed is not batches
    if not (alone or len(listed) == 2) or not all(str(n).strip().isdecimal() for n in listed):
        raise ArgumentError(
            "profile_batch",
            expected="0 for none, the number of a batch, or the first and the last of some",
            received=repr(batches),
        )


def _table_of(layer: str) -> str:
    return f"train/keras_embedding-{layer.replace('/', '_')}.tsv"


def as_pictures(weight: np.ndarray) -> np.ndarray | None:
    """A weight as pictures (number, height, width, channels) of numbers from 0 to 1, as Keras lays
    them out; None for one of more than three dimensions that are no colours."""
    array = np.squeeze(weight)
    if array.ndim == 1:
        array = array[None, :, None, None]
    elif array.ndim == 2:
        array = (array.T if array.shape[0] > array.shape[1] else array)[None, :, :, None]
    elif array.ndim == 3:
        last = config.image_data_format() == "channels_last"
        array = (np.moveaxis(array, -1, 0) if last else array)[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3, 4) or not array.size:
        return None
    low, high = float(array.min()), float(array.max())
    return (array.astype("float64") - low) / ((high - low) or 1.0)
