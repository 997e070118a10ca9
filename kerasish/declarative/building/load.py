"""`load: {run: folder | file: model.keras | config: model.yaml, until: layer, ...}` -> a model.

Files stand below the config's folder; a run may also stand below the working folder, where runs
are written. They are read as `load_model` reads them: nothing in them runs.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerasish import budget
from kerasish.declarative.building.construct import one_line
from kerasish.declarative.check.items import Item
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.errors import ArgumentError, ConfigError, KerasishError
from kerasish.models import Model
from kerasish.models.network import Network
from kerasish.preparation.saved import KEY
from kerasish.saving import load_model
from kerasish.saving.whole_model import load_with_metadata

RUN_FILE = "model.keras"
MAX_LOADED = 8


class Loader:
    """Makes models of `load` items.

    Args:
        diagnostics: receives K106 and K401.
        folder: the config's; the working folder where None.
        of_config: makes the model of a checked config file: path, place, loader -> model.
    """

    def __init__(
        self,
        diagnostics: Diagnostics,
        folder: Path | None,
        of_config: Callable[[Path, Mark, Loader], Model],
    ) -> None:
        self.diagnostics = diagnostics
        self.folder = (folder or Path()).resolve()
        self._of_config = of_config
        self._above: list[Path] = []

    def load(self, item: Item) -> Model | None:
        """The model of an item, named, cut and frozen as it says; None where there is none, which
        is recorded."""
        key = next(one for one in ("run", "file", "config") if one in item.arguments)
        mark = item.marks[key]
        path = self._found(key, str(item.arguments[key]), mark)
        if path is None:
            return None
        whole = self._read(key, path, mark)
        if whole is None:
            return None
        until = item.arguments.get("until")
        network = _network(whole)
        outputs = network.outputs_struct
        if until is not None:
            outputs = _until(whole, str(until))
            if outputs is None:
                message = f"{path.name} has no layer '{clip(str(until), 60)}'"
                known = list(dict.fromkeys(_names(whole)))
                self.diagnostics.add(
                    "K401", message, item.marks["until"], did_you_mean(str(until), known)
                )
                return None
        name = item.arguments.get("name") or whole.name
        made = Model(inputs=network.inputs_struct, outputs=outputs, name=str(name))
        if not item.arguments.get("trainable", True):
            made.trainable = False
        return made

    def _read(self, key: str, path: Path, mark: Mark) -> Model | None:
        try:
            if key == "config":
                return self._config(path, mark)
            found = _network_in(path)
        except ConfigError:
            raise
        except (KerasishError, OSError, ValueError, TypeError) as error:
            message = f"'{path.name}' cannot be loaded: {one_line(error)}"
            self.diagnostics.add("K106", message, mark)
            return None
        if not isinstance(found, Model) or found.inner_network is None:
            message = f"'{path.name}' holds a model whose graph is not known"
            self.diagnostics.add("K106", message, mark, "save one with known inputs")
            return None
        return found

    def _config(self, path: Path, mark: Mark) -> Model:
        if path in self._above or len(self._above) >= MAX_LOADED:
            chain = " -> ".join(one.name for one in (*self._above, path))
            self.diagnostics.stop("K106", f"configs load each other: {chain}", mark)
        self._above.append(path)
        try:
            return self._of_config(path, mark, self)
        finally:
            self._above.pop()

    def _found(self, key: str, name: str, mark: Mark) -> Path | None:
        """The file, from the folder of the config that names it, inside the project."""
        written_in = Path(mark.source.path).parent if mark.source.path else self.folder
        places = [(written_in, self.folder)]
        if key == "run":
            places.append((Path.cwd(), Path.cwd()))
        inside = [
            (folder / name).resolve()
            for folder, root in places
            if (folder / name).resolve().is_relative_to(root.resolve())
        ]
        if not inside:
            message = f"'{clip(name, 60)}' lies outside the project"
            self.diagnostics.add("K106", message, mark, "move it under the folder of the config")
            return None
        files = [one / RUN_FILE if key == "run" else one for one in inside]
        found = next((one for one in files if one.is_file()), None)
        if found is None:
            what = f"'{clip(name, 60)}' does not exist"
            if any(one.is_dir() for one in inside):
                what = f"'{clip(name, 60)}' is a folder, not a file"
                if key == "run":
                    what = f"'{clip(name, 60)}' holds no {RUN_FILE}"
            hint = f"looked for {files[0]}"
            self.diagnostics.add("K106", what, mark, hint)
        return found


def _network_in(path: Path) -> Any:
    """The model in a file; of a run that was saved with its data the network between preparation
    and way back."""
    if not zipfile.is_zipfile(path):
        return load_model(path, compile=False)
    found, metadata = load_with_metadata(path)
    facts = metadata.get(KEY)
    return found.get_layer(str(facts["network"])) if isinstance(facts, Mapping) else found


def _network(model: Model) -> Network:
    found = model.inner_network
    if found is None:
        raise ArgumentError(model.name, expected="a model with known inputs")
    return found


def _is_open(layer: Any) -> bool:
    """Whether a layer is a model whose layers are known."""
    return isinstance(layer, Model) and layer.inner_network is not None


def _until(model: Model, name: str) -> Any:
    """The symbols that the layer of that name gives in the model, also in models inside it."""
    outer, _, inner = name.partition("/")
    for record in _network(model).records:
        if record.operation.name == name:
            return record.outputs
    for record in _network(model).records:
        layer = record.operation
        if not _is_open(layer) or (inner and layer.name != outer):
            continue
        outputs = _until(layer, inner or name)
        if outputs is not None:
            part = Model(inputs=_network(layer).inputs_struct, outputs=outputs, name=layer.name)
            symbols = {id(one): one for one in record.inputs}
            return record.repeat(symbols, part)
    return None


def _names(model: Model) -> list[str]:
    """The names of all layers and operations, also of models inside."""
    found = []
    for record in _network(model).records:
        budget.spend("work", 1, "a name of a layer")
        found.append(str(record.operation.name))
        if _is_open(record.operation):
            found += _names(record.operation)
    return found
