"""How a model was compiled, and the state of its optimizer, in Keras's two forms."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasish import budget, optimizers, registry
from kerasish.errors import FileFormatError, told
from kerasish.saving.allowed_names import check
from kerasish.saving.beside import Key, State, optimizer_keys, saved_keys
from kerasish.saving.files.safe_h5 import SafeDataset
from kerasish.saving.files.text import is_list, is_mapping
from kerasish.saving.older_configs import fit, modernize
from kerasish.saving.paths import other_optimizers
from kerasish.saving.weights import Plan, assign
from kerasish.serialization import deserialize_keras_object

# What `compile` takes; older files hold more.
_ARGUMENTS = (
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "run_eagerly",
    "steps_per_execution",
    "jit_compile",
    "auto_scale_loss",
)


def to_legacy(compile_config: Mapping[str, Any]) -> dict[str, Any]:
    """A `compile_config` as the `training_config` of a legacy file."""
    found = {k: v for k, v in compile_config.items() if k != "optimizer"}
    # Keras's reader of these files does not know the short names of its own losses ("mse").
    found["loss"] = _each(found.get("loss"), _full_name)
    optimizer = compile_config.get("optimizer")
    if is_mapping(optimizer):
        found["optimizer_config"] = {k: optimizer[k] for k in ("class_name", "config")}
        # A user's own class is found again by this name, which Keras passes over.
        if optimizer.get("registered_name"):
            found["optimizer_config"]["registered_name"] = optimizer["registered_name"]
    else:
        found["optimizer_config"] = {"class_name": optimizer, "config": {}}
    return found


def _full_name(loss: Any) -> Any:
    if isinstance(loss, str) and registry.contains("loss", loss):
        return str(registry.lookup("loss", loss).__name__)
    return loss


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Lists and mappings of losses or metrics with each of these changed."""
    if is_mapping(value) and "class_name" not in value:
        return {key: _each(item, change) for key, item in value.items()}
    return [_each(item, change) for item in value] if is_list(value) else change(value)


def from_legacy(training_config: Mapping[str, Any]) -> dict[str, Any]:
    """The `training_config` of a legacy file, of Keras 1, 2 or 3, as a `compile_config`."""
    found = {k: training_config[k] for k in _ARGUMENTS if k in training_config}
    for key in ("metrics", "weighted_metrics"):
        found[key] = _metrics(found.get(key))
    if "optimizer_config" in training_config:
        found["optimizer"] = training_config["optimizer_config"]
    return found


def _metrics(value: Any) -> Any:
    """Keras 2 wrote a list per output, and wrapped functions into MeanMetricWrapper."""
    if is_list(value):
        found = [_metrics(item) for item in value]
        return found[0] if len(found) == 1 and is_list(found[0]) else found
    if is_mapping(value) and value.get("class_name") == "MeanMetricWrapper":
        return value.get("config", {}).get("fn")
    return value


def compile_model(model: Any, compile_config: Any, where: str, scaled: bool = False) -> None:
    """Compile a model as a config says.

    Args:
        scaled: whether the state in the file is that of a `LossScaleOptimizer`. Keras only writes
            down the optimizer inside, since the process's dtype policy once called for the other.

    Raises:
        UnsafeFileError: the config asks for more than registered objects.
        FileFormatError: it is no such config.
    """
    if not is_mapping(compile_config):
        raise FileFormatError(f"{where}: compile_config", expected="an object")
    check(compile_config, where)
    config = fit(modernize(dict(compile_config)))
    if model.compiles_itself:
        model.compile_from_config(config)
        return
    arguments = {k: config[k] for k in (*_ARGUMENTS, "optimizer") if config.get(k) is not None}
    for key, kind in (("loss", "loss"), ("metrics", "metric"), ("weighted_metrics", "metric")):
        if key in arguments:
            arguments[key] = _each(arguments[key], lambda one, kind=kind: _object(one, kind))
    if scaled and isinstance(arguments.get("optimizer"), (str, Mapping)):
        inner = optimizers.get(arguments["optimizer"])
        wrapped = isinstance(inner, optimizers.LossScaleOptimizer)
        arguments["optimizer"] = inner if wrapped else optimizers.LossScaleOptimizer(inner)
    budget.grant("variables", 4 * sum(v.spec.nbytes for v in model.weights))  # slots
    model.compile_from_config(arguments)


def _object(value: Any, kind: str) -> Any:
    """The object of a config; names stay names, which `compile` knows."""
    return deserialize_keras_object(value, kind=kind) if is_mapping(value) else value


def is_scaled(name: str | None) -> bool:
    """Whether the optimizer that a file names is a `LossScaleOptimizer`."""
    return (name or "").startswith("loss_scale_optimizer")


def plan_optimizer(
    model: Any, saved: Sequence[SafeDataset], kept: State | None, where: str
) -> Plan:
    """Compare saved variables with those of a model's optimizer, and read them.

    An optimizer that never made a step has no slots, in the file and here.

    Args:
        kept: the file's state, which knows what each variable belongs to; None for a file of
            Keras, where their order says so.

    Raises:
        FileFormatError: they do not fit.
    """
    optimizer: Any = model.optimizer
    if not optimizer.built and len(saved) > len(optimizer.variables):
        model._build_optimizer()
    held = list(optimizer.variables)
    keys = saved_keys(kept, len(saved))
    if keys is not None and len(saved) == len(held) and keys != optimizer_keys(model):
        raise FileFormatError(
            f"{where}: the state of optimizer {optimizer.name!r} belongs to other weights",
            expected=f"state of {_shown(optimizer_keys(model))}",
            received=_shown(keys),
        )
    if len(saved) < len(held):
        cls = optimizer.__class__
        fresh = len(cls.from_config(optimizer.get_config()).variables)
        held = held[: len(saved)] if len(saved) == fresh else held
    if [d.shape for d in saved] != [v.shape for v in held]:
        raise FileFormatError(
            f"{where}: the state of optimizer {optimizer.name!r} does not fit",
            expected=f"{len(held)} arrays",
            received=len(saved),
            fix="Load with compile=False, and compile the model yourself to start with a new "
            "optimizer.",
        )
    return [(v, d.read(v.shape)) for v, d in zip(held, saved, strict=True)]


def restore_others(
    model: Any, saved: Mapping[str, Sequence[SafeDataset | np.ndarray]], where: str
) -> None:
    """Set the state of the optimizers that a model has beside the one of `compile`.

    One that does not fit keeps its new state, with a warning, as in Keras.

    Args:
        saved: the state by the path of the optimizer in the model.
    """
    plan: Plan = []
    for path, optimizer in _optimizers(model):
        found, held = saved.get(path, ()), optimizer.variables
        if [d.shape for d in found] == [v.shape for v in held]:
            for variable, one in zip(held, found, strict=True):
                array = one if isinstance(one, np.ndarray) else one.read(variable.shape)
                plan.append((variable, array))
        elif found:
            warnings.warn(
                told(
                    f"{where}: the state at /{path} does not fit",
                    expected=f"{len(held)} arrays for {optimizer.name!r}",
                    received=len(found),
                    fix="It starts with new state; build the optimizer in compile_from_config "
                    "to keep it.",
                ),
                stacklevel=6,
            )
    assign(plan)


def _optimizers(model: Any) -> list[tuple[str, Any]]:
    """The optimizers whose state goes by their place in the model, not by how it was compiled."""
    own = [("optimizer", model.optimizer)] if model.compiles_itself and model.optimizer else []
    return own + other_optimizers(model)


def state_of_others(model: Any) -> dict[str, list[np.ndarray]]:
    """What `restore_others` takes, for a layout that has no place for it."""
    return {path: [v.numpy() for v in one.variables] for path, one in _optimizers(model)}


def _shown(keys: Iterable[Key]) -> str:
    names = list(dict.fromkeys(name for name, _, _ in keys if name))
    return f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" or "no weight"


def restore_optimizer(
    model: Any,
    config: Mapping[str, Any],
    saved: Sequence[SafeDataset],
    kept: State | None,
    where: str,
) -> None:
    """Set the state of the optimizer that `config` made; nothing where none was saved.

    A model that Keras 3 once wrote as `.h5` loses its optimizer from what it writes later; the
    state of an optimizer nobody knows is left out, with a warning. So is the state of weights that
    are frozen now; weights that were thawed since the last step have none yet.
    """
    if model.compiles_itself:
        return  # see `restore_others`
    if saved and not config.get("optimizer"):
        warnings.warn(
            f"{where}: does not say which optimizer it was trained with, so compiled with "
            f"{type(model.optimizer).__name__}, without the saved state. Call compile() to choose.",
            stacklevel=5,
        )
    elif saved:
        keys = saved_keys(kept, len(saved))
        if keys is None:
            _restore_in_order(model, saved, where)
        else:
            _restore_by_key(model, dict(zip(keys, saved, strict=True)), where)


def _restore_in_order(model: Any, saved: Sequence[SafeDataset], where: str) -> None:
    """Set the state from a file of Keras, which does not say what its arrays belong to."""
    try:
        plan = plan_optimizer(model, saved, None, where)
    except FileFormatError as error:
        # As after thawing a part of a model that was trained: Keras's own reader warns too.
        warnings.warn(f"{error} The optimizer starts with new state.", stacklevel=6)
    else:
        assign(plan)


def _restore_by_key(model: Any, saved: Mapping[Key, SafeDataset], where: str) -> None:
    optimizer = model.optimizer
    if any(name for name, _, _ in saved) and not optimizer.built:
        model._build_optimizer()
    plan: Plan = []
    fresh: list[Key] = []
    for key, variable in zip(optimizer_keys(model), optimizer.variables, strict=True):
        dataset = saved.get(key)
        if dataset is None:
            fresh.append(key)
        elif dataset.shape != variable.shape:
            raise dataset.wrong(
                f"the state {key[1]!r} of {key[0] or optimizer.name!r} does not fit",
                f"shape {variable.shape}",
                f"shape {dataset.shape}",
            )
        else:
            plan.append((variable, dataset.read(variable.shape)))
    if fresh and any(name for name, _, _ in saved):
        warnings.warn(
            f"{where}: the optimizer made its last step without {_shown(fresh)}, so it starts with "
            "new state there.",
            stacklevel=6,
        )
    assign(plan)
