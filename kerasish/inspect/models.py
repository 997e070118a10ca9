"""Looking into the steps of models: the methods `profile`, `memory` and `graph` of `Model`."""

from __future__ import annotations

from typing import Any

from kerasish.compiler.functions import Compiled
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError
from kerasish.inspect.memory import Memory, memory_of
from kerasish.inspect.profile import Profile, profile_plan
from kerasish.inspect.samples import arguments
from kerasish.inspect.stages import show_compiled
from kerasish.models import Model
from kerasish.training.plans import MODES

Locked = tuple[Compiled, list[Any], Any]


def _step(model: Model, x: Any, y: Any, sample_weight: Any, mode: str | None) -> Locked:
    """(compiled step, the batch's arrays, its lock); without targets the step predicts."""
    if mode is None:
        mode = "predict" if y is None else "train"
    if mode not in MODES:
        raise ArgumentError("mode", expected=f"one of {', '.join(MODES)}", received=repr(mode))
    if mode != "predict" and not model.compiled:
        raise ArgumentError(
            f"A {mode} step",
            expected="a model after compile()",
            received=f"{model.name!r}, which is not compiled",
            fix="Call compile, or pass x alone to look at predictions.",
        )
    batch = standardize_batch(arguments((x, y, sample_weight)))
    model.plans.refresh()
    made = model.plans.for_batch(mode, batch).compiled
    if made is None:
        raise ArgumentError(
            f"A {mode} step", expected="a compiled one", received="a model with run_eagerly=True"
        )
    return made, batch.leaves, model.plans.lock


def profile(
    model: Model,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    mode: str | None = None,
    runs: int = 20,
    warmup: int = 2,
) -> Profile:
    """Time every step of what the model does with one batch; the model is left as it was.

    Args:
        x, y, sample_weight: one batch; a `TensorSpec` stands for an array.
        mode: "train", "test" or "predict"; by default "train", or "predict" without `y`.
        runs: timed runs.
        warmup: runs before, which are not timed.
    """
    compiled, leaves, lock = _step(model, x, y, sample_weight, mode)
    with lock:
        return profile_plan(compiled.plan, leaves, runs, warmup)


def memory(
    model: Model, x: Any, y: Any = None, sample_weight: Any = None, mode: str | None = None
) -> Memory:
    """What a step on such a batch takes in memory, before it runs; see `profile`."""
    compiled, _, _ = _step(model, x, y, sample_weight, mode)
    optimizer = getattr(model.optimizer, "variables", ())
    groups = {
        "parameters": model.trainable_variables,
        "frozen weights": model.non_trainable_weights,
        "optimizer": list(optimizer),
        "metrics": [v for metric in model.metrics for v in metric.variables],
    }
    return memory_of(compiled.plan, groups)


def graph(
    model: Model,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    mode: str | None = None,
    stage: str | None = None,
) -> str:
    """The step on such a batch as text; see `profile`.

    Args:
        stage: "traced", the name of a pass, or "plan"; None shows all.
    """
    return show_compiled(_step(model, x, y, sample_weight, mode)[0], stage)
