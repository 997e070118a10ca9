"""Looking into the steps of models: the methods `profile`, `memory` and `graph` of `Model`."""

from __future__ import annotations

from typing import Any

from kerasish.compiler.functions import Compiled
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError
from kerasish.hints import one_of
from kerasish.inspect.cost import graph_flops
from kerasish.inspect.memory import Memory, memory_of
from kerasish.inspect.profile import Profile, profile_plan
from kerasish.inspect.samples import arguments
from kerasish.inspect.stages import show_compiled
from kerasish.models import Model
from kerasish.training.plans import MODES

Batch = tuple[Any, Any, Any]  # x, y, sample_weight; a `TensorSpec` stands for an array


def step_of(
    model: Model, given: Batch, mode: str | None, anew: bool = False
) -> tuple[Compiled, list[Any], Any]:
    """(compiled step, the batch's arrays, its lock); without targets the step predicts.

    Args:
        anew: whether it is traced again, for who watches.
    """
    if mode is None:
        mode = "predict" if given[1] is None else "train"
    one_of("mode", mode, MODES)
    if mode != "predict" and not model.compiled:
        raise ArgumentError(
            f"A {mode} step",
            expected="a model after compile()",
            received=f"{model.name!r}, which is not compiled",
            fix="Call compile, or pass x alone to look at predictions.",
        )
    batch = model.with_head(standardize_batch(arguments(given)), mode)
    model.plans.refresh()
    made = model.plans.for_batch(mode, batch, anew=anew).compiled
    if made is None:
        raise ArgumentError(
            f"A {mode} step", expected="a compiled one", received="a model with run_eagerly=True"
        )
    return made, batch.leaves, model.plans.lock


def profile(model: Model, given: Batch, mode: str | None, runs: int, warmup: int) -> Profile:
    """`Model.profile`."""
    compiled, leaves, lock = step_of(model, given, mode)
    with lock:
        return profile_plan(compiled.plan, leaves, runs, warmup)


def memory(model: Model, given: Batch, mode: str | None) -> Memory:
    """`Model.memory`."""
    return _memory(model, step_of(model, given, mode)[0])


def cost(model: Model, given: Batch, mode: str | None) -> tuple[Memory, int]:
    """What a step takes in memory, and how many floating-point operations it does."""
    compiled = step_of(model, given, mode)[0]
    return _memory(model, compiled), graph_flops(compiled.traced)


def _memory(model: Model, compiled: Compiled) -> Memory:
    groups = {
        "parameters": model.trainable_variables,
        "frozen weights": model.non_trainable_weights,
        "optimizer": list(getattr(model.optimizer, "variables", ())),
        "metrics": [v for metric in model.metrics for v in metric.variables],
    }
    return memory_of(compiled.plan, groups)


def graph(model: Model, given: Batch, mode: str | None, stage: str | None) -> str:
    """`Model.graph`."""
    return show_compiled(step_of(model, given, mode)[0], stage)
