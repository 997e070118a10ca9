"""`Compiling`: what a model is compiled with, and its metrics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from kerasish import budget, optimizers
from kerasish import serialization as _serialization
from kerasish.errors import told
from kerasish.hints import hinted
from kerasish.layers.base import tracking
from kerasish.layers.base.holder import Holder
from kerasish.metrics import Mean
from kerasish.optimizers import LossScaleOptimizer
from kerasish.signatures import parameters
from kerasish.training.compile_loss import CompileLoss, check_names, check_weights
from kerasish.training.compile_metrics import CompileMetrics, results
from kerasish.training.functions import StepFunctions
from kerasish.training.plans import Plans
from kerasish.training.run import Runs


def _stop(mode: str, text: str) -> Any:
    """The flag of the runs of a mode, as a property."""

    def stopped(self: Any) -> bool:
        return self.runs.stopped(mode)

    def stop(self: Any, value: bool) -> None:
        self.runs.stop(mode, value)

    return property(stopped, stop, doc=text)


class Compiling(StepFunctions):
    """The part of `Trainer` that is set up by `compile`."""

    compiled: bool = False
    optimizer: Any = None
    loss: Any = None
    history: Any = None
    run_eagerly: bool = False
    jit_compile: Any = "auto"
    steps_per_execution: int = 1
    _compile_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _loss_tracker: Mean | None = None
    # What `compile` was given, for files; an object of its own, so that a model does not count the
    # metrics in it as its own.
    _compiled_with: SimpleNamespace | None = None
    _plans: Plans | None = None
    _runs: Runs | None = None

    # --- compile ----------------------------------------------------------------------------------

    @hinted
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
            steps_per_execution: batches between two calls of callbacks' batch hooks.
            jit_compile: accepted for compatibility; steps are always compiled.
            auto_scale_loss: whether a "mixed_float16" model gets a `LossScaleOptimizer`.
        """
        made = optimizers.get(optimizer)
        check_names(loss)
        check_weights(loss_weights)
        self._compiled_with = SimpleNamespace(
            optimizer=made,
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
        policy = getattr(getattr(self, "dtype_policy", None), "name", "")
        if auto_scale_loss and policy == "mixed_float16" and made is not None:
            made = made if isinstance(made, LossScaleOptimizer) else LossScaleOptimizer(made)
        self.optimizer = made
        self.loss = loss
        names = _output_names(self)
        self._compile_loss = (
            None if loss is None else CompileLoss(loss, loss_weights, names, _last_layer(self))
        )
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
        """Compile as `get_compile_config` says, and make the optimizer's state.

        A class with a `compile` of its own is not compiled: nobody knows what it takes.
        """
        if type(self).compile is not Compiling.compile:
            warnings.warn(
                told(
                    f"{type(self).__name__} has its own compile(), so it is loaded without being "
                    "compiled",
                    expected="get_compile_config() and compile_from_config() beside it, or a "
                    "call of compile()",
                ),
                stacklevel=2,
            )
            return
        known = set(parameters(Compiling.compile)) - {"self"}
        with budget.described(config, budget.FREE_VARIABLES, "compile_from_config"):
            revive = _serialization.deserialize_keras_object
            arguments = {
                name: value if name == "optimizer" else revive(value)
                for name, value in config.items()
                if name in known
            }
            if isinstance(arguments.get("optimizer"), Mapping):
                arguments["optimizer"] = optimizers.deserialize(arguments["optimizer"])
            self.compile(**arguments)
        if self.optimizer is not None and getattr(self, "built", False):
            self._build_optimizer()

    def _build_optimizer(self) -> None:
        """Make the optimizer's state for the weights that are trained."""
        optimizer: Any = self.optimizer
        inner = getattr(optimizer, "inner_optimizer", None)
        inside: Any = getattr(optimizer, "optimizers", (inner,))
        for one in (optimizer, *inside):
            if isinstance(self, Holder) and getattr(one, "rates", None):
                one.weight_paths = tracking.weight_paths(self)
        optimizer.build(list(getattr(self, "trainable_variables", [])))

    @property
    def compiles_itself(self) -> bool:
        """Whether a subclass has its own way to compile, or to write or read what it compiled."""
        own = type(self)
        return any(
            getattr(own, name) is not getattr(Compiling, name)
            for name in ("compile", "get_compile_config", "compile_from_config")
        )

    def reset_functions(self) -> None:
        """Forget the compiled steps; the next call traces anew."""
        super().reset_functions()
        object.__setattr__(self, "_plans", None)

    @property
    def plans(self) -> Plans:
        """The compiled steps of this model."""
        if self._plans is None:
            object.__setattr__(self, "_plans", Plans(self))
        made: Any = self._plans
        return made

    # --- runs -------------------------------------------------------------------------------------

    @property
    def runs(self) -> Runs:
        """The runs of `fit`, `evaluate` and `predict` that are going on."""
        if self._runs is None:
            object.__setattr__(self, "_runs", Runs(self))
        made: Any = self._runs
        return made

    @property
    def fit_state(self) -> Any:
        """The position of the innermost `fit` that is going on; None where there is none."""
        run = self.runs.innermost("train")
        return None if run is None else run.state

    stop_training = _stop(
        "train", "Whether the innermost `fit` is to end, or the last one was ended by a callback."
    )
    stop_evaluating = _stop("test", "`stop_training` for `evaluate`, validation included.")
    stop_predicting = _stop("predict", "`stop_training` for `predict`.")

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
        layers, inherited = tracking.with_metrics(self) if isinstance(self, Holder) else ([], [])
        # Metrics of a compiled model inside this one are not this one's.
        inner = [one for one in layers if isinstance(one, Compiling) and one is not self]
        foreign = {id(m) for model in inner for m in model.metrics}
        return own + [m for m in inherited if id(m) not in held and id(m) not in foreign]

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [m.name for m in self.metrics]

    @property
    def reads_metrics_itself(self) -> bool:
        """Whether a subclass has its own way to read or reset metrics."""
        own = type(self)
        return (
            own.get_metrics_result is not Compiling.get_metrics_result
            or own.reset_metrics is not Compiling.reset_metrics
        )

    def reset_metrics(self) -> None:
        """Forget what all metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics by name."""
        return results((metric.name, metric) for metric in self.metrics)


def _output_names(model: Any) -> list[str] | None:
    """The names of a functional model's outputs; None where the model has none."""
    if getattr(model, "network", None) is None:
        return None
    return list(model.output_names)


def _last_layer(model: Any) -> str | None:
    """The name of a Sequential's last layer, by which targets may call its output."""
    chain = getattr(model, "_chain", None)
    return None if chain is None else str(chain.outputs[0].history.operation.name)
