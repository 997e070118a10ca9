"""What only shows when a model is run: scales, gradients, learning, dead units."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from kerasish import tree
from kerasish.callbacks import signs
from kerasish.cli.doctoring.finding import Finding
from kerasish.inspect import trials
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.saved import outputs_of

_ROWS, _HELD = 4000, 1000
_BATCH_SECONDS, _LEARN_SECONDS = 12.0, 12.0
_LARGE, _SMALL = 10.0, 1e-3  # sizes of a first layer's inputs
_WHOLE = 3.0  # of all its inputs together
_TARGET = 30.0

Make = Callable[[], Model]


class Trials:
    """The checks that train copies of a model.

    Args:
        make: builds it anew, compiled.
        data: what it is trained on.
    """

    def __init__(self, make: Make, data: Prepared) -> None:
        self.make, self.data = make, data
        self.model = make()
        self.outputs = list(outputs_of(self.model, data.targets).values())
        held = next((p for p in ("validation", "test") if data.parts.get(p) is not None), "")
        self.given = trials.rows_of(data, "train", _ROWS)
        self.x = trials.choose(self.given[0], np.arange(min(256, trials.length(self.given[0]))))
        if held:
            self.held = trials.rows_of(data, held, _HELD)
        else:
            rows = np.arange(trials.length(self.given[0]))
            cut = max(len(rows) // 5, 1)
            self.held = tuple(trials.choose(one, rows[:cut]) for one in self.given)
            self.given = tuple(trials.choose(one, rows[cut:]) for one in self.given)
        self.learner: Model | None = None

    def scale(self) -> Iterator[Finding]:
        """Inputs of first layers, and targets, far from values around 1."""
        for name, values in trials.first_inputs(self.model, self.x).items():
            flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
            sizes = np.sqrt((flat**2).mean(0))
            whole = float(np.sqrt((flat**2).mean()))
            large = int((sizes > _LARGE).sum())
            if large or whole > _WHOLE or 0 < whole < _SMALL:
                text = (
                    f"layer '{name}' gets values from {flat.min():.3g} to {flat.max():.3g} "
                    f"(root mean square {whole:.3g})"
                )
                if large and flat.shape[1] > 1:
                    text += f", {large} of {flat.shape[1]} features beyond {_LARGE:g}"
                mend = "Normalization or float_normalized in data.x, or Rescaling as first layer"
                yield Finding("scale", text, ("data", "x"), mend)
        for output, values in zip(self.outputs, tree.flatten(self.given[1]), strict=True):
            size = float(np.sqrt((np.asarray(values, np.float64) ** 2).mean()))
            if output.form == "quantity" and size > _TARGET:
                text = f"target '{output.name}' has values of size {size:.3g}"
                mend = f"y: {{{output.name}: {{from: ..., Normalization: {{}}}}}}; predictions "
                mend += "come back in its units"
                yield Finding("scale", text, ("data", "y"), mend)

    def gradients(self) -> Iterator[Finding]:
        """The gradient of the first step."""
        optimizer = self.model.optimizer
        if any(getattr(optimizer, key, None) for key in ("clipnorm", "global_clipnorm")):
            return
        some = [trials.choose(one, np.arange(min(32, trials.length(one)))) for one in self.given]
        found = trials.gradients(self.model, *some)
        total = float(np.sqrt(sum(norm**2 for norm in found.values())))
        if total > signs.EXPLODING or not np.isfinite(total):
            worst = max(found, key=lambda one: np.nan_to_num(found[one], nan=np.inf))
            text = f"the gradient of the first step has the norm {total:.3g}, "
            text += f"most of it in layer '{worst}'"
            mend = "scale inputs and targets, smaller kernel_initializer, or clipnorm: 1.0"
            yield Finding("gradients", text, ("train", "optimizer"), mend)
            return
        grown = {
            k: v for k, v in trials.sizes(self.model, self.x).items() if not v <= signs.EXPLODING
        }
        if grown:
            # A crossentropy of probabilities of 0 and 1 has no gradient to measure.
            name, size = next(iter(grown.items()))
            text = f"values grow from layer to layer: '{name}' gives {size:.3g} (root mean square)"
            mend = "smaller kernel_initializer (he_normal, glorot_uniform), BatchNormalization"
            yield Finding("gradients", text, ("model",), mend)

    def batch(self) -> Iterator[Finding]:
        """A few rows learned by heart."""
        wide = max(np.asarray(one[:1]).size for one in tree.flatten(self.given[1]))
        rows = np.arange(min(16 if wide <= 16 else 4, trials.length(self.given[0])))
        x, y = (trials.choose(one, rows) for one in self.given)
        found = trials.overfit(self.make(), x, y, self.outputs, _BATCH_SECONDS)
        if not found.finite:
            text = f"the loss is {found.last} after {found.steps} steps on {len(rows)} rows"
            mend = "a lower learning rate, clipnorm: 1.0, or scaled inputs and targets"
            yield Finding("gradients", text, ("train", "optimizer"), mend)
        elif not found.done and found.last > 0.6 * found.first:
            text = (
                f"{len(rows)} rows cannot be learned by heart: after {found.steps} steps the loss "
                f"went from {found.first:.3g} to {found.last:.3g}"
            )
            mend = "look at the learning rate, at frozen layers, and at loss and last activation"
            yield Finding("batch", text, ("train", "optimizer"), mend)

    def shuffle(self) -> Iterator[Finding]:
        """Labels against shuffled ones."""
        usual = self._usual()
        model = self.learner = self.make()
        size = min(self.data.batch_size, 128)
        best, stretches = -np.inf, 0
        for best in trials.learned(
            model, self.given, self.held, self.outputs, size, 40, _LEARN_SECONDS
        ):
            stretches += 1
            if best > usual + self._margin(usual):
                return
        other = self.make()
        order = np.random.default_rng(1).permutation(trials.length(self.given[0]))
        mixed = self.given[0], trials.choose(self.given[1], order)
        scores = trials.learned(other, mixed, self.held, self.outputs, size, 40, 2 * _LEARN_SECONDS)
        shuffled = [one for one, _ in zip(scores, range(stretches), strict=False)][-1]
        losses = [
            float(one.test_on_batch(*self.held, return_dict=True)["loss"]) for one in (model, other)
        ]
        if best > shuffled + self._margin(usual) or losses[0] < 0.97 * losses[1]:
            return
        what = "accuracy" if self.outputs[0].form != "quantity" else "1 - MSE / variance"
        text = (
            f"trained on its labels the model reaches {what} {best:.3f} on other rows, on shuffled "
            f"labels {shuffled:.3f}, one answer for all {usual:.3f}"
        )
        mend = "the inputs do not say the target (are rows in one order?), or the measure is easy"
        yield Finding("shuffle", text, ("data", "y"), mend)

    def _usual(self) -> float:
        """What the same answer for every row reaches."""
        found = []
        for output, held in zip(self.outputs, tree.flatten(self.held[1]), strict=True):
            values = np.asarray(held)
            if output.form == "quantity":
                found.append(0.0)
            elif (
                output.form == "class"
                and values.ndim > 1
                and values.shape[-1] > 1
                and (values.dtype.kind == "f")
            ):
                found.append(float(values.reshape(-1, values.shape[-1]).mean(0).max()))
            else:
                _, counts = np.unique(values, return_counts=True)
                found.append(float(counts.max() / counts.sum()))
        return float(np.mean(found))

    def _margin(self, usual: float) -> float:
        rows = trials.length(self.held[0])
        chance = float(np.sqrt(max(usual * (1 - usual), 0.01) / rows))
        return max(3 * chance, 0.02)

    def dead(self) -> Iterator[Finding]:
        """Units that give the same for all rows, after some training."""
        rows = np.arange(min(1000, trials.length(self.given[0])))
        x = trials.choose(self.given[0], rows)
        for name, (still, units) in trials.dead_units(self.learner or self.model, x).items():
            if still > signs.DEAD * units and still > 1:
                text = f"{still} of the {units} units of layer '{name}' give the same for all rows"
                yield Finding("dead", text, ("model",), signs.MEND["dead"])
