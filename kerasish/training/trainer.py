"""`Trainer`: the half of a model that is compiled, fitted, evaluated and asked for predictions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerasish import ops, optimizers, tree
from kerasish import serialization as _serialization
from kerasish.config import floatx
from kerasish.data.batch import Batch, unpack_x_y_sample_weight
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError
from kerasish.graph import GradientTape, Tensor
from kerasish.metrics import Mean
from kerasish.optimizers import LossScaleOptimizer
from kerasish.spec import is_float
from kerasish.training import fitting
from kerasish.training.compile_loss import CompileLoss
from kerasish.training.compile_metrics import CompileMetrics
from kerasish.training.predictor import Predictor
from kerasish.training.steps import Steps


@dataclass(frozen=True, eq=False)
class CompiledWith:
    """The arguments of `compile`, kept for files; an object of its own, so that a model does not
    count the metrics among them as its own."""

    optimizer: Any
    loss: Any
    loss_weights: Any
    metrics: Any
    weighted_metrics: Any
    run_eagerly: bool
    steps_per_execution: int
    jit_compile: Any


class Trainer:
    """Mixin of `Model`: `compile`, `fit`, `evaluate`, `predict` and their one-batch forms."""

    compiled: bool = False
    optimizer: Any = None
    loss: Any = None
    stop_training: bool = False
    history: Any = None
    fit_state: Any = None
    run_eagerly: bool = False
    jit_compile: Any = "auto"
    steps_per_execution: int = 1
    _compile_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _loss_tracker: Mean | None = None
    _compiled_with: CompiledWith | None = None
    _steps: Steps | None = None
    _predictor: Predictor | None = None

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """A model is a layer too."""

    # --- compile ----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train: with which optimizer, towards which loss, watching which metrics.

        Args:
            optimizer: name, config or instance.
            loss: a loss for every output, or a list or dict of losses.
            loss_weights: factors of the losses, in the same form.
            metrics: list of metrics; with several outputs a list of lists or a dict.
            weighted_metrics: metrics that sample and class weights reach.
            run_eagerly: whether to run op by op, to debug with values.
            steps_per_execution: accepted for compatibility; steps cost no dispatch here.
            jit_compile: accepted for compatibility; steps are always compiled.
            auto_scale_loss: whether a "mixed_float16" model gets a `LossScaleOptimizer`.
        """
        made = optimizers.get(optimizer)
        self._compiled_with = CompiledWith(
            made,
            loss,
            loss_weights,
            metrics,
            weighted_metrics,
            run_eagerly,
            steps_per_execution,
            jit_compile,
        )
        policy = getattr(getattr(self, "dtype_policy", None), "name", "")
        if auto_scale_loss and policy == "mixed_float16" and made is not None:
            made = made if isinstance(made, LossScaleOptimizer) else LossScaleOptimizer(made)
        self.optimizer = made
        self.loss = loss
        names = _output_names(self)
        self._compile_loss = None if loss is None else CompileLoss(loss, loss_weights, names)
        self._compile_metrics = None
        if metrics is not None or weighted_metrics is not None:
            self._compile_metrics = CompileMetrics(metrics, weighted_metrics, names)
        self._loss_tracker = Mean(name="loss")
        self.run_eagerly = run_eagerly
        self.steps_per_execution = steps_per_execution
        self.jit_compile = jit_compile
        self.stop_training = False
        self.compiled = True
        self.reset_functions()

    def get_compile_config(self) -> dict[str, Any]:
        """What `compile` was given, as plain data; empty without a `compile`."""
        if self._compiled_with is None:
            return {}
        return {
            name: _serialization.serialize_keras_object(value)
            for name, value in vars(self._compiled_with).items()
        }

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says, and make the optimizer's state."""
        known = set(inspect.signature(Trainer.compile).parameters) - {"self"}
        arguments = {
            name: value if name == "optimizer" else _serialization.deserialize_keras_object(value)
            for name, value in config.items()
            if name in known
        }
        if isinstance(arguments.get("optimizer"), Mapping):
            arguments["optimizer"] = optimizers.deserialize(arguments["optimizer"])
        self.compile(**arguments)
        if self.optimizer is not None and getattr(self, "built", False):
            self.optimizer.build(_trainable(self))

    def reset_functions(self) -> None:
        """Forget the compiled steps; the next call traces anew."""
        self._steps = None
        self._predictor = None

    @property
    def steps(self) -> Steps:
        """The compiled steps of this model."""
        if self._steps is None:
            self._steps = Steps(self)
        return self._steps

    def make_train_function(self, force: bool = False) -> Any:
        """The function from a batch to logs that training uses; `force` traces it anew."""
        if force:
            self.reset_functions()
        return self.train_on_batch

    def make_test_function(self, force: bool = False) -> Any:
        """The function from a batch to logs that evaluation uses; `force` traces it anew."""
        if force:
            self.reset_functions()
        return self.test_on_batch

    def make_predict_function(self, force: bool = False) -> Any:
        """The function from inputs to predictions; `force` traces it anew."""
        if force:
            self.reset_functions()
        return self.predict_on_batch

    # --- metrics ----------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, those of `compile`, those of single losses, those of layers."""
        own: list[Any] = []
        if self._loss_tracker is not None:
            own.append(self._loss_tracker)
        if self._compile_metrics is not None:
            own.append(self._compile_metrics)
        if self._compile_loss is not None:
            own.extend(self._compile_loss.metrics)
        held = {id(m) for m in own}
        inherited: list[Any] = getattr(super(), "metrics", [])
        # Metrics of a compiled model inside this one are not this one's.
        foreign = {id(m) for inner in _inner_models(self) for m in inner.metrics}
        return own + [m for m in inherited if id(m) not in held and id(m) not in foreign]

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Forget what all metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics by name."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            found |= result if isinstance(result, dict) else {metric.name: result}
        return found

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
                "No loss to compute. Expected: compile(loss=...), or add_loss in a layer. "
                "Received: neither."
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + ops.cast(part, total.dtype)
        return total

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Tensor:
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Take a batch into the metrics of `compile`; all results so far."""
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
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._loss_of(x, y, y_pred, sample_weight, True)
            scaled = self.optimizer.scale_loss(loss)
        self._track_loss(loss, x)
        variables = _trainable(self)
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
        return self(x, training=False)

    def _track_loss(self, loss: Any, x: Any) -> None:
        if self._loss_tracker is not None:
            rows = float(tree.flatten(x)[0].shape[0])
            self._loss_tracker.update_state(loss, sample_weight=rows)

    # --- whole runs -------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x: inputs: arrays or a structure of them, an h5py dataset, a generator or iterable of
                batches, or a `PyDataset`.
            y: targets, where `x` is arrays.
            batch_size: samples per update, where `x` is arrays; 32 by default.
            epochs: the epoch to stop before, counted from 0.
            verbose: 0 silent, 1 (or "auto") a progress bar, 2 a line per epoch.
            callbacks: list of callbacks.
            validation_split: fraction of the samples, taken from the end, to validate with.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, or batches.
            shuffle: whether every epoch has a new order.
            class_weight: from integer label to weight.
            sample_weight: a weight per sample, where `x` is arrays.
            initial_epoch: the epoch to begin with.
            steps_per_epoch: batches per epoch; all of them by default.
            validation_steps: batches to validate with; all of them by default.
            validation_batch_size: samples per batch of validation.
            validation_freq: validate every n-th epoch, or a list of epochs counted from 1.

        Returns:
            The `History` callback: `history.history` has a list per log.

        Raises:
            DataError: the data do not fit each other, or the labels the loss.
            ArgumentError: not compiled, or arguments that exclude each other.
        """
        return fitting.fit(
            self,
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
            validation_freq=validation_freq,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics on data; see `fit` for the arguments.

        Returns:
            A list in the order of the logs, the loss alone without metrics, or a dict.
        """
        return fitting.evaluate(
            self,
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
            return_dict=return_dict,
        )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The predictions for all samples, as numpy arrays in the structure of the outputs.

        See `fit` for the arguments.
        """
        return fitting.predict(
            self, x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks
        )

    # --- single batches ---------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update; returns the logs, whose means go on until `reset_metrics()`."""
        if class_weight is not None and sample_weight is not None:
            raise ArgumentError(
                "train_on_batch. Expected: class_weight or sample_weight. Received: both."
            )
        fitting.need_compiled(self, "train_on_batch")
        batch = standardize_batch((x, y, sample_weight), class_weight)
        return self._on_batch("train", batch, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch; returns the logs, whose means go on until `reset_metrics()`."""
        fitting.need_compiled(self, "test_on_batch")
        return self._on_batch("test", standardize_batch((x, y, sample_weight)), return_dict)

    def _on_batch(self, mode: str, batch: Batch, return_dict: bool) -> Any:
        logs = self.steps.run(mode, batch)
        return logs if return_dict else fitting.flat_logs(self, logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The predictions for one batch, as numpy arrays."""
        predictor = self._predictor
        if predictor is None:
            predictor = self._predictor = Predictor(self)
        return predictor(x)


def _output_names(model: Any) -> list[str] | None:
    """The names of a functional model's outputs; None where the model has none."""
    if getattr(model, "network", None) is None:
        return None
    return list(model.output_names)


def _trainable(model: Any) -> list[Any]:
    return list(model.trainable_variables)


def _inner_models(model: Any) -> list[Any]:
    layers = model._flatten_layers(include_self=False) if hasattr(model, "_flatten_layers") else []
    return [layer for layer in layers if isinstance(layer, Trainer)]
