"""Losses, metrics, optimizers, schedules and callbacks of one's own: mistakes are told."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.errors import ArgumentError, GraphError, KerasishError


def fit(optimizer: Any, loss: Any = "mse", *, y: Any = None, **options: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    asked = ("metrics", "weighted_metrics", "run_eagerly")
    model.compile(optimizer, loss, **{k: options.pop(k) for k in asked if k in options})
    model.fit(np.ones((8, 3)), np.ones((8, 1)) if y is None else y, verbose=0, **options)
    return model


def made(base: type, *args: Any, **members: Any) -> Any:
    """An instance of a class `Own` with these methods, or an argument that says what is wrong."""
    return type("Own", (base,), members)(*args)


def remembers(self: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
    self.total = self.total + ops.sum(y_pred)
    return ops.square(y_true - y_pred)


Loss, Metric, Optimizer = keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer
Schedule = keras.optimizers.schedules.LearningRateSchedule
Callback = keras.callbacks.Callback
Initializer = keras.initializers.Initializer


TOLD: dict[str, tuple[Callable[[], Any], str]] = {
    "state of a metric in an attribute": (
        lambda: fit(
            "sgd",
            metrics=[made(Metric, total=0.0, update_state=remembers, result=lambda self: 0.0)],
        ),
        r"Own\.total would not change .* Make self\.total = self\.add_variable\(\.\.\.\)",
    ),
    "state of a loss in an attribute": (
        lambda: fit("sgd", made(Loss, total=0.0, call=remembers)),
        r"Own\.total .* self\.total = kerasish\.Variable\(.*self\.total\.assign",
    ),
    "state of an optimizer in an attribute": (
        lambda: fit(made(Optimizer, 0.1, total=0.0, update_step=remembers)),
        r"Own\.total would not change .* self\.add_variable",
    ),
    "state of a schedule in an attribute": (
        lambda: fit(
            keras.optimizers.SGD(
                made(Schedule, __call__=lambda self, step: setattr(self, "now", step) or 0.1)
            )
        ),
        r"Own\.now would not change",
    ),
    "a schedule with another signature": (
        lambda: fit(keras.optimizers.SGD(made(Schedule, __call__=lambda self: 0.1))),
        r"Own\. Expected: schedule\(step\)\. Received: .*takes 1 positional argument",
    ),
    "a rate that takes the step": (
        lambda: fit(keras.optimizers.SGD(lambda step: 0.1)),  # type: ignore[arg-type,misc]
        r"learning_rate\. Expected: f\(\)\. Received: .*lambda.* missing .*'step'",
    ),
    "a schedule that gives two numbers": (
        lambda: fit(keras.optimizers.SGD(made(Schedule, __call__=lambda self, step: ops.ones(2)))),
        r"Own\. Expected: one number\. Received: shape \(2,\)",
    ),
    "a schedule that gives nothing": (
        lambda: fit(keras.optimizers.SGD(made(Schedule, __call__=lambda self, step: None))),
        r"Own\. Expected: the learning rate, one number, returned\. Received: None.*`return`",
    ),
    "the class of a schedule": (
        lambda: keras.optimizers.SGD(Schedule),  # type: ignore[arg-type]
        r"learning_rate\. .* Pass LearningRateSchedule\(\.\.\.\)",
    ),
    "an update that is returned": (
        lambda: fit(made(Optimizer, 0.1, update_step=lambda self, g, v, rate: v - rate * g)),
        r"Own\.update_step changed no variable\. .*self\.assign_sub\(variable.*returned",
    ),
    "an update with another signature": (
        lambda: fit(made(Optimizer, 0.1, update_step=lambda self, g, v: None)),
        r"Own\..* Expected: update_step\(gradient, variable, learning_rate\)\. .* takes 3 ",
    ),
    "a loss with another signature": (
        lambda: fit("sgd", made(Loss, call=lambda self, y: y)),
        r"Own\..* Expected: call\(y_true, y_pred\)\. .* takes 2 ",
    ),
    "a function with another signature as loss": (
        lambda: fit("sgd", lambda y, p, w: p),
        r"<lambda>\. Expected: f\(y_true, y_pred\)\. .* missing .*'w'",
    ),
    "several losses": (
        lambda: fit("sgd", lambda y, p: (ops.mean(y - p), ops.mean(p))),
        r"lambda\. Expected: the loss of every sample, returned\. .* their sum, or ops\.stack",
    ),
    "losses by name": (
        lambda: fit("sgd", lambda y, p: {"first": y - p}),
        r"lambda\. Expected: the loss of every sample, returned\. Received: \{'first'",
    ),
    "a complex loss": (
        lambda: fit("sgd", lambda y, p: ops.cast(y - p, "complex64")),
        r"lambda\. Expected: the loss of .*dtype complex64\. Return ops\.abs, ops\.real or",
    ),
    "a loss that is a text": (
        lambda: fit("sgd", lambda y, p: "mse"),
        r"lambda\. Expected: the loss of every sample, returned\. Received: 'mse'",
    ),
    "a metric with another signature": (
        lambda: fit("sgd", metrics=[made(Metric, update_state=lambda self, p: None)]),
        r"Own\..* Expected: update_state\(y_true, y_pred, sample_weight=None\)\. .*takes 2 ",
    ),
    "a metric without sample weights that gets some": (
        lambda: fit(
            "sgd",
            weighted_metrics=[made(Metric, update_state=lambda self, y, p: None)],
            sample_weight=np.ones(8),
        ),
        r"Own\..* Expected: update_state\(y_true, y_pred, sample_weight=None\)\. .*unexpected",
    ),
    "a metric without result": (
        lambda: fit(
            "sgd",
            metrics=[made(Metric, update_state=lambda self, y, p: None, result=lambda self: None)],
        ),
        r"Own\.result\. Expected: a number, a tensor or a dict, returned\. Received: None",
    ),
    "a metric whose result is a property": (
        lambda: fit(
            "sgd",
            metrics=[
                made(Metric, update_state=lambda self, y, p: None, result=property(lambda self: 1))
            ],
        ),
        r"Own\.result\. Expected: a function\. Received: 1",
    ),
    "a function that gives nothing as metric": (
        lambda: fit("sgd", metrics=[lambda y, p: None]),
        r"lambda\. Expected: a value for every sample, returned\. Received: None",
    ),
    "a name in the place of a shape": (
        lambda: made(Metric).add_weight("total"),
        r"shape of a variable\. .* Received: 'total'\. Write name='total'",
    ),
    "the class of a metric that takes arguments": (
        lambda: fit("sgd", metrics=[keras.metrics.IoU]),
        r"metric\. Expected: an instance, .* Received: IoU\. Pass IoU\(\.\.\.\)",
    ),
    "the class of an optimizer that takes arguments": (
        lambda: fit(Optimizer),
        r"optimizer\. Expected: an instance, .* Received: Optimizer\. Pass Optimizer\(",
    ),
    "a hook of an epoch with another signature": (
        lambda: fit("sgd", callbacks=[made(Callback, on_epoch_end=lambda self, epoch: None)]),
        r"Own\..* Expected: on_epoch_end\(number, logs\)\. .* takes 2 ",
    ),
    "a hook of a batch with another signature": (
        lambda: fit("sgd", callbacks=[made(Callback, on_train_batch_end=lambda self: None)]),
        r"Own\..* Expected: .*\(batch, logs\)\. Received: too many",
    ),
    "a function of epochs that takes none": (
        lambda: fit(
            "sgd",
            callbacks=[keras.callbacks.LearningRateScheduler(lambda: 0.1)],  # type: ignore[misc]
        ),
        r"schedule\. Expected: schedule\(epoch, learning_rate\)\. .* takes 0 ",
    ),
    "an initializer without a dtype": (
        lambda: keras.layers.Dense(2, kernel_initializer=lambda shape: 0)(np.ones((1, 3))),
        r"The initializer of .*kernel.* Expected: f\(shape, dtype\)\. .* 'dtype'",
    ),
    "an initializer that gives nothing": (
        lambda: keras.Variable(made(Initializer, __call__=lambda *_, dtype: None), (2,), name="w"),
        r"The initializer of the variable 'w'\. Expected: a result of f\(shape, dtype\)",
    ),
}


@pytest.mark.parametrize("mistake", TOLD)
def test_a_mistake_is_told_with_its_class_and_its_mend(mistake: str) -> None:
    run, message = TOLD[mistake]
    with pytest.raises(KerasishError, match=message):
        run()


def test_a_constraint_that_gives_nothing_is_told_with_its_weight() -> None:
    layer = keras.layers.Dense(1, kernel_constraint=lambda w: None, name="last")
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match=r"The constraint of .*last/kernel\. Expected: a "):
        model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0)


def test_a_variable_is_not_replaced_by_what_is_added_to_it() -> None:
    metric = keras.metrics.Sum()
    with pytest.raises(GraphError, match=r"Sum\.total .* Change it with self\.total\.assign"):
        metric.total += 1


def test_an_update_that_changes_nothing_is_told() -> None:
    def own() -> Any:
        return made(Optimizer, 0.1, update_step=lambda self, g, v, rate: None)

    with pytest.warns(UserWarning, match=r"Own\.update_step changed no variable"):
        fit(own())
    fit(own(), run_eagerly=True)  # op by op, nobody looks


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("on_epoch_ends", "on_epoch_end"),
        ("on_train_start", "on_train_begin"),
        ("on_validation_end", "on_test_end"),
        ("on_train_step_end", "on_train_batch_end"),
        ("on_event", ""),
        ("on_improvement", ""),
        ("on_batch_end", ""),
    ],
)
def test_a_misspelt_hook_is_told_when_its_class_is_made(name: str, meant: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made(Callback, **{name: lambda self, *_: None})
    told = [str(one.message) for one in caught]
    hint = f"Own.{name} is no hook, so no run calls it. Did you mean {meant!r}?"
    assert told == ([hint] if meant else [])


@pytest.mark.parametrize("what", ["loss", "metric"])
@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_targets_set_against_all_predictions_are_told(what: str, shape: tuple[int, ...]) -> None:
    def squares(*given: Any) -> Any:
        return ops.square(given[-2] - given[-1])

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if what == "loss":
            fit("sgd", made(Loss, call=squares), y=np.ones(shape))
        else:
            fit("sgd", metrics=[squares], y=np.ones(shape))
        fit(
            "sgd",
            made(Loss, call=lambda _, y, p: keras.losses.mean_absolute_error(y, p)),
            y=np.ones(shape),
        )
    told = [str(one.message) for one in caught]
    assert len(told) == (shape == (8,))
    assert all("every target against every prediction" in text for text in told)


def appends(self: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
    self.held[0].append(ops.mean(y_pred))


def steps(self: Any, gradient: Any, variable: Any, rate: Any) -> None:
    self.held[0].append(gradient)
    self.assign_sub(variable, gradient * rate)


@pytest.mark.parametrize("kind", [Metric, Optimizer])
def test_a_tensor_of_a_trace_in_a_list_is_told(kind: Any) -> None:
    own = made(kind, *[0.1] * (kind is Optimizer), update_state=appends, update_step=steps)
    own.held = ([],)
    own.result = lambda: 0.0
    with pytest.raises(GraphError, match=r"Own.held would not change .*, kept in an attribute"):
        fit(*([own] if kind is Optimizer else ["sgd"]), metrics=[own] * (kind is Metric))


@pytest.mark.parametrize(
    ("shown", "loss"),
    [
        ("lambda.* loses the axis of the batch.*axis=-1", lambda y, p: ops.sum(y - p, axis=0)),
        ("lambda.* every prediction.*Reshape both", lambda y, p: y - ops.squeeze(p, -1)),
        ("Own loses the axis", made(Loss, call=lambda _, y, p: ops.sum(y - p, axis=0))),
    ],
)
def test_a_loss_of_a_shape_that_is_not_of_the_samples_is_told(shown: str, loss: Any) -> None:
    with pytest.warns(UserWarning, match=f"(?i){shown}"):
        fit("sgd", loss)


def test_slots_are_asked_for_by_their_list() -> None:
    def step(self: Any, gradient: Any, variable: Any, rate: Any) -> None:
        self.slot("mean", variable)

    with pytest.raises(ArgumentError, match=r"Own.slot. Expected: the list .*Received: 'mean'"):
        fit(made(Optimizer, 0.1, update_step=step))


@pytest.mark.parametrize("metric", [keras.metrics.OneHotIoU, keras.metrics.PrecisionAtRecall])
def test_a_class_of_metrics_that_needs_arguments_is_told(metric: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"Pass {metric.__name__}\(\.\.\.\)"):
        fit("sgd", metrics=[metric])
