"""What a model is beside its config and weights, for the `kerasish/` group of a file.

That is its random state, which parts are frozen, what each variable of the optimizer belongs to,
and the assets of its layers. Everything is found again by keys that hold no count of the program.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, FileFormatError
from kerasish.graph.variable import Variable
from kerasish.saving.files import limits
from kerasish.saving.files.text import is_array, is_list, is_mapping
from kerasish.saving.paths import named_weights, random_state, walk

SEEDS = "seeds"  # the entries of a file's state
FROZEN = "frozen"
OPTIMIZER = "optimizer"
ASSETS = "assets"

State = Mapping[str, Any]
Key = tuple[str, str, int]  # of a weight ("" for none), what is kept for it, which of these
Assets = dict[str, bytes]  # path below the folder of assets -> content


def state_of(model: Any, include_optimizer: bool = True) -> dict[str, Any]:
    """The random state, the frozen parts and the keys of the optimizer's variables."""
    kept: dict[str, Any] = {
        SEEDS: {n: v.numpy() for n, v in random_state(model).items()},
        FROZEN: [path for path, obj in walk(model) if not obj._trainable],
    }
    optimizer = getattr(model, "optimizer", None)
    if include_optimizer and optimizer is not None:
        kept[OPTIMIZER] = [list(key) for key in optimizer_keys(model)]
    return kept


# --- random state -------------------------------------------------------------------------------


def plan_seeds(model: Any, kept: State, where: str) -> list[tuple[Variable, np.ndarray]]:
    """The generators of a model with their saved states, by key, or in order.

    Raises:
        FileFormatError: the model draws from other generators than the saved one did.
    """
    held, saved = random_state(model), kept.get(SEEDS, {})
    arrays: State = saved if is_mapping(saved) and all(map(is_array, saved.values())) else {}
    pairs: list[tuple[Variable, Any]] = []
    fits = arrays is saved and len(held) == len(arrays)
    if fits and set(held) == set(arrays):
        pairs = [(variable, arrays[name]) for name, variable in held.items()]
    elif fits:
        # Keys of earlier versions held automatic names as they were.
        pairs = list(zip(held.values(), arrays.values(), strict=True))
    if not fits or any(v.shape != a.shape for v, a in pairs):
        shown = ", ".join(sorted(saved)) if is_mapping(saved) else "something else"
        raise FileFormatError(
            f"{where}: another random state",
            expected=", ".join(sorted(held)) or "none",
            received=shown or "none",
        )
    return pairs


# --- frozen parts -------------------------------------------------------------------------------


def freeze(model: Any, kept: State) -> None:
    """Freeze and thaw the parts of a model one by one, as they were when it was saved."""
    frozen = kept.get(FROZEN)
    if not isinstance(frozen, list):
        return
    for path, obj in walk(model):
        flag = path not in frozen
        if obj._trainable != flag:
            obj._set_own_trainable(flag)


# --- the optimizer ------------------------------------------------------------------------------


def optimizer_keys(model: Any) -> list[Key]:
    """What every variable of the optimizer is, in their order."""
    names = {variable: name for name, variable in named_weights(model).items()}
    seen: Counter[tuple[str, str]] = Counter()
    keys: list[Key] = []
    for weight, label, _ in model.optimizer.keyed_variables():
        name = "" if weight is None else str(names.get(weight, weight.path))
        keys.append((name, label, seen[name, label]))
        seen[name, label] += 1
    return keys


def saved_keys(kept: State | None, count: int) -> list[Key] | None:
    """The keys in a file's state; None where it has none for its variables."""
    found = (kept or {}).get(OPTIMIZER)
    if not is_list(found) or len(found) != count:
        return None
    forms = (str, str, int)
    for key in found:
        if not is_list(key) or tuple(map(type, key)) != forms:
            return None
    return [(name, label, number) for name, label, number in found]


# --- assets -------------------------------------------------------------------------------------


def read_assets(model: Any) -> Assets:
    """What the layers that have `save_assets` write, by path below the folder of assets."""
    found: Assets = {}
    for path, obj in walk(model):
        if not hasattr(obj, "save_assets"):
            continue
        with tempfile.TemporaryDirectory(prefix="kerasish-") as folder:
            obj.save_assets(folder)
            for file in _files(folder):
                inside = file.relative_to(folder).as_posix()
                name = f"{path}/{inside}" if path else inside
                limits.check_path(name, f"an asset of {obj.name!r}")
                found[name] = file.read_bytes()
    return found


def _files(folder: str) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            file = Path(root) / name
            if file.is_symlink() or not file.is_file():
                raise ArgumentError(
                    "save_assets", expected="plain files in the folder", received=repr(name)
                )
            yield file


def give_assets(model: Any, assets: Mapping[str, bytes]) -> None:
    """Let the layers that have `load_assets` read what belongs to them.

    The files stand in a private folder for as long as the layer reads them.
    """
    for path, obj in walk(model):
        if not hasattr(obj, "load_assets"):
            continue
        prefix = f"{path}/" if path else ""
        mine = {n.removeprefix(prefix): d for n, d in assets.items() if n.startswith(prefix)}
        if not mine:
            continue
        with tempfile.TemporaryDirectory(prefix="kerasish-") as folder:
            for name, data in mine.items():
                file = Path(folder, *limits.check_path(name, f"an asset of {obj.name!r}"))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            obj.load_assets(folder)


def packed(assets: Assets) -> dict[str, np.ndarray]:
    """Assets as arrays, for a file that has no other place for them."""
    return {name: np.frombuffer(data, np.uint8) for name, data in assets.items()}


def unpacked(kept: State | None) -> Assets:
    """The assets that `packed` put into a file's state."""
    found = (kept or {}).get(ASSETS, {})
    held: State = found if is_mapping(found) else {}
    return {n: a.tobytes() for n, a in held.items() if is_array(a) and a.dtype == np.uint8}
