"""Whole models to a file and back: `.h5` (kerasish's own, which Keras opens) and `.keras`."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kerasish import budget, serialization
from kerasish.errors import ArgumentError, BackendError, FileFormatError, KerasishError
from kerasish.graph.variable import blank_variables
from kerasish.hints import hinted
from kerasish.saving import beside, compile_state, legacy_h5, state
from kerasish.saving.allowed_names import check
from kerasish.saving.beside import State
from kerasish.saving.files import archives
from kerasish.saving.files.safe_h5 import SafeGroup, open_h5
from kerasish.saving.files.sources import as_path, is_path
from kerasish.saving.files.text import is_array, is_list, is_mapping, parse_json
from kerasish.saving.legacy_h5 import Plan
from kerasish.saving.older_configs import fit, modernize
from kerasish.saving.paths import shared_layers, walked_once
from kerasish.saving.weights import (
    assign,
    check_target,
    h5_in,
    new_h5,
    plan_objects,
    write_objects,
)
from kerasish.saving.weights_h5 import WeightsFile

COMPILE = "compile"  # the entries of a file's state for classes that compile themselves
OPTIMIZERS = "optimizers"


# --- saving -----------------------------------------------------------------------------------


@hinted
@walked_once()
def save_model(
    model: Any,
    filepath: str | os.PathLike[str] | BinaryIO,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    state: State | None = None,
    metadata: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Write a model: how it is built and compiled, its weights, and the optimizer's state.

    Args:
        model: the model.
        filepath: ends in `.h5` or `.hdf5` (the layout of Keras's legacy files, with random state,
            digests and `state` beside it), or in `.keras`; or an open binary file, which gets
            the content of a `.keras` file.
        overwrite: whether an existing file may be replaced.
        zipped: only True, an archive.
        include_optimizer: whether to write how it was compiled, and the optimizer's state.
        state: more to keep, for `load_state`: nested dicts and lists of plain values and arrays.
        metadata: more for the metadata of a `.keras` file, for `load_with_metadata`: plain data,
            which other readers pass over.

    The file is replaced whole: a failure, at any moment, leaves an earlier one as it was.

    Raises:
        ArgumentError: another ending, something that has no config, or an unknown argument. An
            older program's `save_format` is taken where the ending says the format.
        FileFormatError: the folder or the disk does not take the file.
    """
    _check_arguments(filepath, zipped, kwargs)
    if not isinstance(filepath, (str, os.PathLike)):
        with tempfile.TemporaryDirectory(prefix="kerasish-") as folder:
            path = Path(folder) / "model.keras"
            save_model(model, path, True, None, include_optimizer, state, metadata)
            with path.open("rb") as file:
                shutil.copyfileobj(file, filepath)
        return
    path = Path(filepath)
    check_target(path, overwrite)
    config = config_of(model)
    compile_config = config.pop("compile_config", None)
    compile_config = compile_config if include_optimizer else None
    kept = {**(state or {}), **beside.state_of(model, compile_config is not None)}
    if path.suffix in (".h5", ".hdf5"):
        _save_h5(path, model, config, compile_config, kept)
    elif path.suffix == ".keras":
        if compile_config:
            config["compile_config"] = compile_config
        _save_archive(path, model, config, kept, include_optimizer, metadata)
    else:
        raise ArgumentError(
            "filepath",
            expected="a name that ends in .keras or .h5",
            received=repr(path.name),
            fix="For weights alone use save_weights.",
        )


def _check_arguments(filepath: Any, zipped: bool | None, kwargs: dict[str, Any]) -> None:
    """Take what older programs pass, and nothing else."""
    more = [name for name in kwargs if name != "save_format"]
    if more:
        raise ArgumentError(
            "save_model",
            expected="filepath, overwrite, zipped, include_optimizer, state",
            received=", ".join(more),
        )
    if not is_path(filepath) and not hasattr(filepath, "write"):
        raise ArgumentError(
            "filepath", expected="a path or an open binary file", received=repr(filepath)
        )
    known = not is_path(filepath) or Path(filepath).suffix in (".keras", ".h5", ".hdf5")
    if kwargs.get("save_format") and not known:
        raise ArgumentError(
            "save_format",
            expected="a path that ends in .keras or .h5, which says the format",
            received=f"save_format={kwargs['save_format']!r} and {str(filepath)!r}",
        )
    if zipped is False:
        raise ArgumentError("zipped", expected="None or True, an archive", received="False")


def _save_h5(
    path: Path, model: Any, config: Mapping[str, Any], compile_config: Any, kept: State
) -> None:
    training = None
    if compile_config and model.compiles_itself:
        # Keras's layout has no place for it.
        kept = {**kept, COMPILE: compile_config, OPTIMIZERS: compile_state.state_of_others(model)}
    elif compile_config:
        training = compile_state.to_legacy(compile_config)
    assets = beside.read_assets(model)
    with new_h5(path) as file:
        legacy_h5.write_configs(file, config, training)
        legacy_h5.write_legacy(file.create_group("model_weights"), model)
        if training is not None:
            variables = [(v.path, v.numpy()) for v in model.optimizer.variables]
            legacy_h5.write_named(file.create_group("optimizer_weights"), variables)
        state.write_state(file, {**kept, beside.ASSETS: beside.packed(assets)} if assets else kept)


def _save_archive(
    path: Path,
    model: Any,
    config: Mapping[str, Any],
    kept: State,
    include_optimizer: bool,
    metadata: Mapping[str, Any] | None,
) -> None:
    buffer = io.BytesIO()
    with h5_in(buffer) as file:
        write_objects(file, model, include_optimizer)
        state.write_state(file, kept)
    assets = beside.read_assets(model)
    archives.write_archive(path, config, buffer.getbuffer(), assets, metadata)


# --- loading ----------------------------------------------------------------------------------


@hinted
def load_model(
    filepath: str | os.PathLike[str] | BinaryIO,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    allowance: float | None = None,
) -> Any:
    """Read a model that kerasish or Keras (1, 2 or 3) saved.

    Args:
        filepath: a `.keras` archive or a whole-model `.h5`, or an open binary file of either;
            told apart by their content.
        custom_objects: names in the file -> classes and functions, besides registered ones.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: accepted for compatibility. Nothing in a file ever runs, imports or reads
            anything else, and no flag changes that.
        allowance: how many times the usual limits of memory and work the file may take; by
            default 1, or what `kerasish.saving.allowance` says.

    Raises:
        LimitError: the file asks for more than a file of its size may.
        FileFormatError: not a model, truncated or damaged.
        UnsafeFileError: the file asks for code, for other files, or for more than it holds.
        UnknownNameError: a layer that is neither built in nor registered.
    """
    scope = serialization.custom_object_scope(custom_objects or {})
    with as_path(filepath) as path, reading(path, allowance), scope:
        if archives.is_archive(path):
            return _load_archive(path, compile, archives.read_archive(path))
        return _load_h5(path, compile)


def load_with_metadata(
    filepath: str | os.PathLike[str], allowance: float | None = None, compile: bool = True
) -> tuple[Any, dict[str, Any]]:
    """The model of a file, and the metadata of a `.keras` file (none of others).

    Args:
        filepath: the file.
        allowance, compile: as in `load_model`.
    """
    path = Path(filepath)
    with reading(path, allowance):
        if not archives.is_archive(path):
            return _load_h5(path, compile), {}
        archive = archives.read_archive(path)
        return _load_archive(path, compile, archive), archive.metadata


def _load_archive(path: Path, compile: bool, archive: archives.Archive) -> Any:
    if archive.weights is None:
        raise FileFormatError(f"{path}: no weights", expected=f"a member {archives.WEIGHTS}")
    config = dict(archive.config)
    compile_config = config.pop("compile_config", None)
    with open_h5(archive.weights, str(path)) as root:
        model, kept = _begun(root, config, str(path))
        file = WeightsFile(root)
        assign(plan_objects(file, model))
        beside.give_assets(model, archive.assets)
        if compile and compile_config:
            saved = list(file.index.get("optimizer", {}).values())
            scaled = compile_state.is_scaled(file.names.get("optimizer"))
            compile_state.compile_model(model, compile_config, str(path), scaled)
            compile_state.restore_optimizer(model, compile_config, saved, kept, str(path))
            others = {p: list(found.values()) for p, found in file.index.items()}
            compile_state.restore_others(model, others, str(path))
        assign(beside.plan_seeds(model, kept, str(path)) if kept is not None else [])
    return model


def _load_h5(path: Path, compile: bool) -> Any:
    with legacy_h5.open_legacy(path) as file:
        model, kept = _begun(file.root, file.config(), str(path))
        assign(legacy_h5.plan_legacy(file, model))
        beside.give_assets(model, beside.unpacked(kept))
        if compile and kept is not None and kept.get(COMPILE):
            compile_state.compile_model(model, kept[COMPILE], str(path))
            compile_state.restore_others(model, _arrays(kept.get(OPTIMIZERS)), str(path))
        training = file.training_config() if compile else None
        if training:
            slots = file.optimizer()
            saved, config = [dataset for _, dataset in slots], compile_state.from_legacy(training)
            scaled = bool(slots) and compile_state.is_scaled(slots[0][0])
            compile_state.compile_model(model, config, str(path), scaled)
            compile_state.restore_optimizer(model, config, saved, kept, str(path))
        assign(beside.plan_seeds(model, kept, str(path)) if kept is not None else [])
    return model


def _begun(root: SafeGroup, config: Any, where: str) -> tuple[Any, dict[str, Any] | None]:
    """The model of an intact file, its weights still to come, and the file's state."""
    kept = state.read_state(root)
    model = build(config, where, _stored(root))
    beside.freeze(model, kept or {})
    return model, kept


def _arrays(value: Any) -> dict[str, list[np.ndarray]]:
    """The lists of arrays in a part of a file's state, which may hold anything."""
    held: State = value if is_mapping(value) else {}
    return {k: v for k, v in held.items() if is_list(v) and all(map(is_array, v))}


def _stored(root: SafeGroup) -> int:
    """Bytes of the variables of a model that the arrays of a file can be: no model needs more.

    Twice what is there, of numbers of 4 bytes or more: optimizers that made no step have no
    slots in the file.
    """
    arrays = state.datasets(root)
    return sum(2 * max(4 // max(1, a.itemsize), 1) * a.backed() for a in arrays)


def build(config: Any, where: str, stored: int | None = None) -> Any:
    """The model that a config describes, not compiled; its weights are still to be read.

    Args:
        config: plain data from a file.
        where: the file, for errors.
        stored: what `_stored` says of the file; None where there are no weights to come, and
            they are to be new.

    Raises:
        UnsafeFileError: the config asks for code.
        LimitError: it asks for more weights than there are, or for too much else.
        FileFormatError: it does not describe a model.
    """
    check(config, where)
    config = fit(modernize(config))
    config.pop("compile_config", None)
    with (
        budget.opened(where) as account,
        blank_variables() if stored is not None else nullcontext(),
    ):
        if stored is not None:
            account.allow("variables", stored + budget.FREE_VARIABLES)
        model = serialization.deserialize_keras_object(config, kind="model")
    if not hasattr(model, "layers"):
        raise FileFormatError(
            f"{where}: not a model",
            expected="a Sequential, a Functional or a registered subclass of Model",
            received=type(model).__name__,
        )
    return model


@contextmanager
def reading(path: Path, allowance: float | None = None) -> Generator[None, None, None]:
    """Context manager: a file is read inside, on one account, and errors name it."""
    size = path.stat().st_size if path.is_file() else 0
    with naming(path), budget.opened(str(path), size, allowance):
        yield


@contextmanager
def naming(path: Path) -> Generator[None, None, None]:
    """Context manager: errors name the file, and are of this package whatever went wrong."""
    try:
        yield
    except KerasishError as error:
        if str(path) not in str(error):
            error.begin(f"{path}: ")
        raise
    except MemoryError as error:
        raise BackendError(
            f"{path}: this machine has not enough memory for it",
            expected="room for the model and once more for its weights",
            received=error or "MemoryError",
        ) from error
    except Exception as error:
        raise FileFormatError(
            f"{path}: the model in it cannot be built",
            expected="a config that its classes accept",
            received=f"{type(error).__name__}: {error}",
        ) from error


def load_state(
    filepath: str | os.PathLike[str], allowance: float | None = None
) -> dict[str, Any] | None:
    """What `save_model` was given as `state`, or None for a file of Keras.

    Args:
        filepath: the file.
        allowance: as in `load_model`.
    """
    with as_path(filepath) as path, reading(path, allowance):
        source = archives.read_archive(path).weights if archives.is_archive(path) else path
        if source is None:
            return None
        with open_h5(source, str(path)) as root:
            return state.read_state(root)


def plan_restore(model: Any, filepath: str | os.PathLike[str]) -> tuple[Plan, dict[str, Any]]:
    """What sets a built and compiled model to the point at which it was saved, and all the rest
    that was saved with it; nothing is changed yet.

    Raises:
        FileFormatError: a damaged file, or the checkpoint of another model.
    """
    with as_path(filepath) as path, reading(path), legacy_h5.open_legacy(path) as file:
        kept = state.read_state(file.root)
        if kept is None:
            raise FileFormatError(f"{path}: no state in it", expected="a file of save_model")
        plan = legacy_h5.plan_legacy(file, model)
        saved = [dataset for _, dataset in file.optimizer()]
        plan += compile_state.plan_optimizer(model, saved, kept, str(path)) if saved else []
        plan += beside.plan_seeds(model, kept, str(path))
    return plan, kept


def restore(model: Any, filepath: str | os.PathLike[str]) -> dict[str, Any]:
    """Bring a built and compiled model to the point at which it was saved, bit for bit.

    Weights, the optimizer's variables and the random state are set; the rest of what was saved
    is returned. Where anything does not fit, nothing is changed.

    Raises:
        FileFormatError: a damaged file, or the checkpoint of another model.
    """
    plan, kept = plan_restore(model, filepath)
    assign(plan)
    return kept


# --- configs alone ----------------------------------------------------------------------------


def model_from_json(
    json_string: str,
    custom_objects: Mapping[str, Any] | None = None,
    allowance: float | None = None,
) -> Any:
    """A model with new weights from the text of `to_json()`, of kerasish or Keras.

    Args:
        json_string: the text.
        custom_objects: as in `load_model`.
        allowance: as in `load_model`.

    Raises:
        LimitError: the text asks for more than a config may.
        UnsafeFileError: the text asks for code or for anything that is not registered.
    """
    where = Path("the JSON text")
    scope = serialization.custom_object_scope(custom_objects or {})
    with naming(where), budget.opened(str(where), 0, allowance), scope:
        return build(parse_json(json_string, str(where)), str(where))


def compiled_from_json(text: str, allowance: float | None = None) -> Any:
    """`model_from_json`, and compiled where the text says how."""
    model = model_from_json(text, allowance=allowance)
    where = "the JSON text"
    config = parse_json(text, where)
    compile_config = config.get("compile_config") if is_mapping(config) else None
    if compile_config:
        with naming(Path(where)), budget.opened(where, 0, allowance):
            compile_state.compile_model(model, compile_config, where)
    return model


def to_json(model: Any, **kwargs: Any) -> str:
    """The config of a model, with what it was compiled with, as JSON text."""
    return json.dumps(config_of(model), **kwargs)


def config_of(model: Any) -> dict[str, Any]:
    """How a model is built and compiled, as plain data in the form of Keras's files."""
    with serialization.sharing(shared_layers(model)):
        return serialization.serialize_keras_object(model)
