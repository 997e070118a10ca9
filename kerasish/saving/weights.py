"""The weights of a model to a file and back: all of them or none, by path, name and shape."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kerasish import budget
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.graph.variable import Variable
from kerasish.hints import hinted
from kerasish.layers.base import tracking
from kerasish.layers.base.layer import Layer
from kerasish.registry import hint
from kerasish.saving import legacy_h5, state
from kerasish.saving.files import archives, atomic, safetensors
from kerasish.saving.files.safe_h5 import SafeGroup, open_h5
from kerasish.saving.files.sources import as_path, is_path
from kerasish.saving.legacy_h5 import Plan
from kerasish.saving.paths import named_weights, other_optimizers, walk
from kerasish.saving.weights_h5 import WeightsFile, shard_files, write_weights


@hinted
def save_weights(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    max_shard_size: float | None = None,
    objects_to_skip: Sequence[Any] | None = None,
) -> None:
    """Write the weights of a model.

    Args:
        model: a built model.
        filepath: ends in `.weights.h5` (Keras 3's format), `.safetensors`, or `.h5` (the format
            of Keras 1 and 2).
        overwrite: whether an existing file may be replaced.
        max_shard_size: only None: one file takes it all. Shards that Keras wrote are read.
        objects_to_skip: layers that are left out of a `.weights.h5` file.

    Raises:
        ArgumentError: another ending, an unbuilt model, or a file that may not be replaced.
    """
    if max_shard_size is not None:
        raise ArgumentError(
            "max_shard_size", expected="None, one file for all", received=repr(max_shard_size)
        )
    if not is_path(filepath):
        raise ArgumentError(
            "filepath",
            expected="a path, whose ending says the format",
            received=repr(filepath),
            fix="model.save writes a whole model into an open file.",
        )
    path = Path(filepath)
    check_target(path, overwrite)
    _check_built(model)
    if path.name.endswith(".weights.h5"):
        with new_h5(path) as file:
            write_objects(file, model, without=objects_to_skip or ())
            state.write_state(file, {})
    elif objects_to_skip is not None:
        raise _only_objects(path)
    elif path.suffix == ".safetensors":
        arrays = {name: v.numpy() for name, v in named_weights(model).items()}
        safetensors.write(path, arrays, {"format": "kerasish"})
    elif path.suffix in (".h5", ".hdf5"):
        with new_h5(path) as file:
            legacy_h5.write_legacy(file, model)
            state.write_state(file, {})
    else:
        raise ArgumentError(
            "filepath",
            expected="a name that ends in .weights.h5, .safetensors or .h5",
            received=repr(path.name),
        )


def _only_objects(path: Path) -> ArgumentError:
    return ArgumentError(
        "objects_to_skip",
        expected="a file that ends in .weights.h5, which goes by objects",
        received=repr(path.name),
    )


def check_target(path: Path, overwrite: bool) -> None:
    """Raise unless `path` may be written."""
    if atomic.check_target(path).exists() and not overwrite:
        raise ArgumentError(
            "filepath", expected="a new name, or overwrite=True", received=f"{path}, which exists"
        )


def _check_built(model: Any) -> None:
    if not model.built:
        raise ArgumentError(
            f"{model.name!r} has no weights yet",
            expected="a built model",
            fix="Call it on data once, or call build(input_shape) first.",
        )


@contextmanager
def new_h5(path: str | os.PathLike[str]) -> Generator[Any, None, None]:
    """Context manager: an `h5py.File` that takes the place of `path` when the block ends well.

    Raises:
        ArgumentError: `path` is no name of a file.
        FileFormatError: the folder or the disk does not take the file.
    """
    atomic.check_target(path)
    buffer = io.BytesIO()
    with h5_in(buffer) as file:
        yield file
    atomic.write_bytes(path, buffer.getbuffer())


def h5_in(buffer: io.BytesIO) -> Any:
    """A new `h5py.File` in memory: the HDF5 library does not survive a disk that is full."""
    import h5py  # pyright: ignore[reportMissingTypeStubs]

    return h5py.File(buffer, "w")


# --- .weights.h5 ------------------------------------------------------------------------------


def write_objects(
    file: Any, model: Any, include_optimizer: bool = True, without: Sequence[Any] = ()
) -> None:
    """All objects of a model, and its optimizer, into an open `.weights.h5`."""
    objects = dict(saved_objects(model, include_optimizer, without))
    arrays = {path: stored(obj) for path, obj in objects.items()}
    write_weights(file, arrays, {path: obj.name for path, obj in objects.items()})


def saved_objects(
    model: Any, include_optimizer: bool = True, without: Sequence[Any] = ()
) -> Iterator[tuple[str, Any]]:
    """Everything that a `.weights.h5` has a place for, by its path there."""
    for path, obj in walk(model, without=without):
        yield path, obj
        yield from ((also, obj) for also in _also(path, obj))
    if not include_optimizer:
        return
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        yield "optimizer", optimizer
        inner = getattr(optimizer, "inner_optimizer", None)
        if inner is not None:  # Keras writes, and looks for, its state in both places
            yield "optimizer/inner_optimizer", inner
    yield from other_optimizers(model)


def stored(obj: Any) -> dict[str, np.ndarray]:
    """What an object's `save_own_variables` puts into a store."""
    found: dict[str, Any] = {}
    obj.save_own_variables(found)
    return {str(key): np.asarray(value) for key, value in found.items()}


def plan_objects(
    file: WeightsFile, model: Any, skip_mismatch: bool = False, without: Sequence[Any] = ()
) -> Plan:
    """Compare an open `.weights.h5` with a model, and read what is to be assigned."""
    label = file.root.file
    known = {at for path, obj in walk(model) for at in (path, *_also(path, obj))}
    plan: Plan = []
    for path, obj in walk(model, without=without):
        held = tracking.own_variables(obj)
        cls = obj.__class__
        if cls.load_own_variables is not Layer.load_own_variables and path in file.index:
            plan.append((obj, file.read_named(path)))
            continue
        found = [d.shape for d in file.index.get(path, {}).values()]
        if found == [v.shape for v in held]:
            plan += zip(held, file.read(path, found), strict=True)
        elif skip_mismatch:
            warnings.warn(str(_difference(label, path, obj, held, found)), stacklevel=5)
        elif found or held:
            near = "" if found else hint(path, file.shapes(), 3)
            raise _difference(label, path, obj, held, found, near)
    # Beside "optimizer" Keras writes "optimizer/inner_optimizer", whose state is in both.
    stored_paths = {p for p in file.shapes() if p not in known and not _is_optimizer(file, p)}
    extra = sorted(p for p in stored_paths if p.split("/")[0] != "optimizer")
    if extra and not skip_mismatch:
        raise FileFormatError(
            (
                f"{label}: holds weights that {model.name!r} does not have: "
                f"{', '.join('/' + p for p in extra[:5])}"
            ),
            expected="the weights of this model",
            fix="Is it the model that was saved? Pass skip_mismatch=True to leave them out.",
        )
    return plan


def _also(path: str, obj: Any) -> list[str]:
    """The other paths where Keras keeps an object's variables: a layer inside that ours is."""
    return [f"{path}/{name}" for name in getattr(obj, "stored_also", ())]


def _is_optimizer(file: WeightsFile, path: str) -> bool:
    """Whether what no layer has is the state of an optimizer: it begins with a count of steps."""
    first = next(iter(file.index[path].values()))
    return first.shape == () and first.dtype.startswith(("int", "uint"))


def _difference(
    label: str,
    path: str,
    obj: Any,
    held: Sequence[Variable],
    found: Sequence[tuple[int, ...]],
    fix: str = "",
) -> FileFormatError:
    return FileFormatError(
        f"{label}: the weights of {obj.name!r} at /{path} do not fit",
        expected=", ".join(f"{v.name} {v.shape}" for v in held) or "none",
        received=", ".join(map(str, found)) or "none",
        fix=fix,
    )


# --- reading any of them ------------------------------------------------------------------------


@hinted
def load_weights(
    model: Any,
    filepath: str | os.PathLike[str] | BinaryIO,
    skip_mismatch: bool = False,
    by_name: bool = False,
    objects_to_skip: Sequence[Any] | None = None,
    allowance: float | None = None,
) -> None:
    """Set the weights of a built model from a file; where anything does not fit, none is set.

    Args:
        model: the model.
        filepath: `.weights.h5` (or its `.weights.json` of shards), `.keras`, `.h5` of weights or
            of a whole model, `.safetensors`.
        skip_mismatch: leave layers alone, with a warning, whose weights do not fit.
        by_name: legacy files: load the layers whose names are in the file, and no others.
        objects_to_skip: `.weights.h5` files: layers that are left as they are.
        allowance: how many times the usual limits of memory and work the file may take.

    Raises:
        LimitError: the file asks for more than a file of its size may.
        FileFormatError: the file is damaged or holds the weights of another model.
        UnsafeFileError: the file tries to reach outside itself.
    """
    _check_built(model)
    _check_options(filepath, by_name, objects_to_skip)
    with as_path(filepath) as path, budget.opened(str(path), _size(path), allowance):
        if path.suffix == ".safetensors" or (not is_path(filepath) and safetensors.begins(path)):
            plan = _plan_safetensors(path, model, skip_mismatch)
        elif path.name.endswith(".weights.json"):
            plan = _plan_shards(path, model)
        elif archives.is_archive(path):
            weights = archives.read_archive(path).weights
            if weights is None:
                raise FileFormatError(f"{path}: no weights in it", expected=archives.WEIGHTS)
            with open_h5(weights, str(path)) as root:
                state.verify(root)
                plan = plan_objects(WeightsFile(root), model, skip_mismatch, objects_to_skip or ())
        else:
            with open_h5(path) as root:
                state.verify(root)
                plan = _plan_h5(root, model, skip_mismatch, by_name, objects_to_skip)
        assign(plan)


def _check_options(filepath: Any, by_name: bool, objects_to_skip: Any) -> None:
    """Raise on options that files of this kind do not have."""
    name = os.fspath(filepath) if is_path(filepath) else ""
    kept = name.endswith((".weights.h5", ".weights.json", ".keras", ".safetensors"))
    if by_name and kept:
        raise ArgumentError("by_name", expected="a legacy '.h5' or '.hdf5' file", received=name)
    if objects_to_skip is not None and name and not name.endswith((".weights.h5", ".weights.json")):
        raise ArgumentError("objects_to_skip", expected="a '.weights.h5' file", received=name)


def _size(path: Path) -> int:
    """Bytes of a file, and of the shards that it lists."""
    shards = shard_files(path) if path.name.endswith(".weights.json") else []
    return sum(one.stat().st_size for one in [path, *shards] if one.is_file())


def assign(plan: Plan) -> None:
    """Set variables; every shape has been compared before, and every array charged.

    A layer with a `load_own_variables` of its own may still refuse: nothing is set then.
    """
    with budget.charged():
        own = [(layer, arrays) for layer, arrays in plan if not isinstance(layer, Variable)]
        before = [(v, v.numpy()) for layer, _ in own for v in layer.variables]
        try:
            for layer, arrays in own:
                layer.load_own_variables(arrays)
        except BaseException:
            for variable, array in before:
                variable.assign(array)
            raise
        for variable, array in plan:
            if isinstance(variable, Variable):
                variable.assign(array)


def _plan_h5(
    root: SafeGroup, model: Any, skip_mismatch: bool, by_name: bool, skipped: Sequence[Any] | None
) -> Plan:
    if not legacy_h5.is_legacy(root):
        return plan_objects(WeightsFile(root), model, skip_mismatch, skipped or ())
    if skipped is not None:
        raise _only_objects(Path(root.file))
    return legacy_h5.plan_legacy(legacy_h5.LegacyFile(root), model, skip_mismatch, by_name)


def _plan_shards(path: Path, model: Any) -> Plan:
    plan: Plan = []
    for shard in shard_files(path):
        with open_h5(shard) as root:
            file = WeightsFile(root)
            for at, obj in walk(model):
                if file.index.get(at):
                    held = tracking.own_variables(obj)
                    plan += zip(held, file.read(at, [v.shape for v in held]), strict=True)
    set_ones = {id(v) for v, _ in plan}
    missing = [v.path for v in model.weights if id(v) not in set_ones]
    if missing:
        raise FileFormatError(
            f"{path}: not all weights are in its shards",
            expected=f"also {', '.join(missing[:5])}",
            received=f"{len(plan)} arrays",
        )
    return plan


def _plan_safetensors(path: Path, model: Any, skip_mismatch: bool) -> Plan:
    arrays, _ = safetensors.read(path)
    held = named_weights(model)
    plan: Plan = []
    for name, variable in held.items():
        shape = arrays[name].shape if name in arrays else None
        if shape == variable.shape:
            plan.append((variable, arrays[name]))
        elif not skip_mismatch:
            raise FileFormatError(
                f"{path}: {name!r} does not fit",
                expected=f"shape {variable.shape}",
                received=shape or "nothing of that name",
                fix=hint(name, arrays, 3) if shape is None else "",
            )
    extra = sorted(set(arrays) - set(held))
    if extra and not skip_mismatch:
        raise FileFormatError(
            f"{path}: holds weights that {model.name!r} does not have: {', '.join(extra[:5])}."
        )
    return plan
