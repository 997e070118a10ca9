"""`TrainingHealth`: says during training what goes wrong inside of the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerasish import tree
from kerasish.arguments.rules import PositiveInt
from kerasish.callbacks import signs
from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.signs import Sign
from kerasish.showing.screen import tell


class TrainingHealth(Callback):
    """Looks after an epoch at layers, gradients and updates, and says once what is wrong.

    It tells units that are dead (the same for all rows), values at the ends of sigmoid or tanh,
    gradients that explode or vanish, weights that move too fast or not at all, values that are no
    numbers, each with what to do about it. Layers are looked at with rows of the first batch.

    Args:
        every: after each so many epochs.
        rows: of the first batch that are looked at.
        stop: whether training ends where something is no number.

    Attributes:
        found: by epoch, the `Sign`s: kind, layer, value, text, mend.

    Example:

        health = keras.callbacks.TrainingHealth()
        model.fit(x, y, callbacks=[health])
        print(health)
    """

    every: PositiveInt = 1
    rows: PositiveInt = 64
    stop: bool = False

    def __post_init__(self) -> None:
        self.found: dict[int, list[Sign]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self.found = {}
        batch = self.model.runs.active[-1].source.first_batch()
        self._batch = batch.filled(np.array(leaf[: self.rows]) for leaf in batch.leaves)
        self._told: set[tuple[str, str]] = set()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if (epoch + 1) % self.every == 0:
            self._before = signs.trained_weights(self.model.layer_paths())
            self._updates = int(self.model.optimizer.iterations)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if (epoch + 1) % self.every:
            return
        found = self.found[epoch] = list(self._signs())
        for sign in found:
            if (sign.kind, sign.layer) not in self._told:
                self._told.add((sign.kind, sign.layer))
                tell(f"Epoch {epoch + 1}: {sign}")
        if self.stop and any(sign.kind == "not finite" for sign in found):
            self.model.stop_training = True

    def _signs(self) -> Iterator[Sign]:
        model, (x, y, weight) = self.model, self._batch
        layers = model.layer_paths()
        steps = int(model.optimizer.iterations) - self._updates
        yield from signs.of_updates(self._before, signs.trained_weights(layers), steps)
        if y is not None:
            yield from signs.of_gradients(signs.gradient_norms(model, x, y, weight))
        ends = {id(one) for one in tree.flatten(getattr(model, "outputs", None) or [])}
        for record in model.trace(x):
            layer = layers.get(record.name)
            activation = getattr(getattr(layer, "activation", None), "__name__", "")
            activation = "relu" if type(layer).__name__ == "ReLU" else activation
            last = id(getattr(layer, "output", None)) in ends if activation else False
            for values in record.outputs:
                if values.dtype.kind == "f":
                    yield from signs.of_outputs(record.name, "" if last else activation, values)

    def __str__(self) -> str:
        lines = [f"epoch {e + 1}: {sign}" for e, found in self.found.items() for sign in found]
        return "\n".join(lines) or "nothing found"
