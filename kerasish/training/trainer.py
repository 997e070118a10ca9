"""`Trainer`: the half of a model that is compiled, fitted, evaluated and asked for predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasish import ops
from kerasish.config import floatx, settings
from kerasish.data.batch import Batch, unpack_x_y_sample_weight
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError
from kerasish.graph import GradientTape, Tensor
from kerasish.graph.node import scope
from kerasish.hints import hinted
from kerasish.signatures import takes
from kerasish.spec import is_float
from kerasish.training.by_name import by_name
from kerasish.training.compile_loss import NOTHING_RETURNED
from kerasish.training.compiling import Compiling
from kerasish.training.evaluate import evaluate, flat_logs
from kerasish.training.fit import fit
from kerasish.training.predict import predict
from kerasish.training.run import need_compiled


class Trainer(Compiling):
    """Mixin of `Model`: `compile`, `fit`, `evaluate`, `predict` and their one-batch forms."""

    if TYPE_CHECKING:
        trainable_variables: list[Any]

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """A model is a layer too."""

    def _can_be_called(self) -> bool:
        """Whether the model computes something as a whole, and not only in steps of its own."""
        return True

    # --- what a step does -------------------------------------------------------------------------

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """The loss of a batch: that of `compile`, `add_loss` and the penalties of regularizers.

        Args:
            x: inputs.
            y: targets.
            y_pred: predictions.
            sample_weight: weights.
            training: whether this is a training step.
        """
        parts: list[Any] = []
        if self._compile_loss is not None:
            parts.append(self._compile_loss(y, y_pred, sample_weight))
        for loss in getattr(self, "losses", []):
            parts.append(ops.sum(loss if is_float(loss.dtype) else ops.cast(loss, floatx())))
        if not parts:
            raise ArgumentError(
                "No loss to compute",
                expected="compile(loss=...), or add_loss in a layer",
                received="neither",
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + ops.cast(part, total.dtype)
        return total

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Tensor:
        flag = {"training": training} if takes(self.compute_loss, "training") else {}
        with scope("loss"):
            return self.compute_loss(x, y, y_pred, sample_weight, **flag)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Take a batch into the metrics of `compile`; all results so far."""
        with scope("metrics"):
            if self._compile_metrics is not None:
                self._compile_metrics.update_state(y, y_pred, sample_weight)
            return self.get_metrics_result()

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training; a subclass may define its own with a `GradientTape`.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            Logs by name; those of `metrics` are read once per epoch, whatever is returned here.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        if self.optimizer is None:
            raise ArgumentError(
                "fit",
                expected="an optimizer, compile(optimizer=...)",
                received="None",
                fix="A model that is not trained is only evaluated.",
            )
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._loss_of(x, y, y_pred, sample_weight, True)
            with scope("loss"):
                scaled = self.optimizer.scale_loss(loss)
        self._track_loss(loss, x)
        variables = list(self.trainable_variables)
        if variables:
            self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation; see `train_step`."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self._loss_of(x, y, y_pred, sample_weight, False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The predictions for a batch of inputs."""
        x, _, _ = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        if y_pred is None:
            raise ArgumentError(NOTHING_RETURNED)
        return y_pred

    def steps_itself(self, mode: str) -> bool:
        """Whether a subclass defines the step of a mode: "train" or "test"."""
        own = type(self)
        return getattr(own, f"{mode}_step") is not getattr(Trainer, f"{mode}_step")

    def _track_loss(self, loss: Any, x: Any) -> None:
        if self._loss_tracker is not None:
            rows = float(Batch(x).leaves[0].shape[0])  # an optional input may be None
            with scope("metrics"):
                self._loss_tracker.update_state(loss, sample_weight=rows)

    # --- layers on the host -------------------------------------------------------------------

    inner_network: Any = None  # the calls between symbols, of a model that is nothing else

    def head_for(self, first: Callable[[], Any]) -> Any:
        """What makes of a batch's x what is compiled: layers that read text have run; or None.

        Args:
            first: gives the x of a batch, to a model that is not built yet.
        """
        network = self.inner_network
        if network is None or not network.head or self.runs_op_by_op:
            return None
        return network.head

    @property
    def runs_op_by_op(self) -> bool:
        """Whether steps are not compiled: as it was asked for, or since they give text."""
        network = self.inner_network
        texts = network is not None and network.head.gives_text
        return bool(self.run_eagerly or settings.run_eagerly or texts)

    def with_head(self, batch: Batch, mode: str) -> Batch:
        """A batch whose texts the layers on the host have read."""
        head = self.head_for(lambda: batch.x)
        return batch if head is None else batch._replace(x=head(batch.x, mode == "train"))

    # --- whole runs -------------------------------------------------------------------------------

    fit = hinted(fit)
    evaluate = hinted(evaluate)
    predict = hinted(predict)

    # --- single batches ---------------------------------------------------------------------------

    @hinted
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update; returns the loss and the metrics of this batch alone."""
        if class_weight is not None and sample_weight is not None:
            raise ArgumentError(
                "train_on_batch", expected="class_weight or sample_weight", received="both"
            )
        need_compiled(self, "train_on_batch")
        given = by_name(self, x, y, sample_weight)
        batch = standardize_batch(given, self._class_weights(class_weight))
        return self._on_batch("train", batch, return_dict)

    @hinted
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch; returns the loss and the metrics of it alone."""
        need_compiled(self, "test_on_batch")
        batch = standardize_batch(by_name(self, x, y, sample_weight))
        return self._on_batch("test", batch, return_dict)

    def _class_weights(self, given: Any) -> Any:
        compiled = self._compile_loss
        return given if compiled is None else compiled.class_weights(given)

    def _on_batch(self, mode: str, batch: Batch, return_dict: bool) -> Any:
        with self.runs.metrics_aside():
            logs = self.plans.run(mode, batch)
        return logs if return_dict else flat_logs(self.plans.metrics, logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The predictions for one batch, as numpy arrays."""
        return self.plans.predict(x if type(x) is np.ndarray else by_name(self, x)[0])
