"""`load: {run: folder | file: model.keras | config: model.yaml, until: layer, ...}` -> a model.

Files stand below the config's folder; a run may also stand below the working folder, where runs
are written. They are read as `load_model` reads them: nothing in them runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasish import budget
from kerasish.declarative.building.construct import one_line
from kerasish.declarative.check.items import Item
from kerasish.declarative.sections.steps import LOAD_FROM
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.errors import ArgumentError, ConfigError, KerasishError, UnknownNameError
from kerasish.models import Model
from kerasish.models.network import Network
from kerasish.preparation import network_of

RUN_FILE = "model.keras"
MAX_LOADED = 8


class Loader:
    """Makes models of `load` items.

    Args:
        diagnostics: receives K106 and K401.
        folder: the config's; the working folder where None.
        of_config: makes the model of a checked config file: path, place, loader -> model; None
            where paths are all that is asked for.
    """

    def __init__(
        self,
        diagnostics: Diagnostics,
        folder: Path | None,
        of_config: Callable[[Path, Mark, Loader], Model] | None = None,
    ) -> None:
        self.diagnostics = diagnostics
        self.folder = (folder or Path()).resolve()
        self._of_config = of_config
        self._above: list[Path] = []

    def load(self, item: Item) -> Model | None:
        """The model of an item, named, cut and frozen as it says; None where there is none, which
        is recorded."""
        key = _form(item)
        path = self.path(item)
        if path is None:
            return None
        whole = self._read(key, path, item.marks[key])
        if whole is None:
            return None
        until = item.arguments.get("until")
        try:
            made = cut(whole, until, item.arguments.get("name"))
        except UnknownNameError:
            message = f"{path.name} has no layer '{clip(str(until), 60)}'"
            known = list(dict.fromkeys(_names(whole)))
            hint = did_you_mean(str(until), known)
            self.diagnostics.add("K401", message, item.marks["until"], hint)
            return None
        if not item.arguments.get("trainable", True):
            made.trainable = False
        return made

    def _read(self, key: str, path: Path, mark: Mark) -> Model | None:
        try:
            if key == "config":
                return self._config(path, mark)
            found = network_of(path)
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
        if self._of_config is None:
            raise ArgumentError("Loader", expected="of_config", received="none")
        self._above.append(path)
        try:
            return self._of_config(path, mark, self)
        finally:
            self._above.pop()

    def path(self, item: Item) -> Path | None:
        """The file of an item, from the folder of the config that names it, inside the project;
        None where there is none, which is recorded."""
        key = _form(item)
        name, mark = str(item.arguments[key]), item.marks[key]
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


def _form(item: Item) -> str:
    """What an item loads from."""
    return next(one for one in LOAD_FROM if one in item.arguments)


def cut(model: Model, until: str | None = None, name: str | None = None) -> Model:
    """A model of the same layers and weights, which ends with one of them.

    Args:
        model: one whose graph is known.
        until: the name of the last layer, also of a model inside: "code", "body/code"; all where
            None.
        name: of what is made; the model's where None.

    Raises:
        UnknownNameError: there is no layer of that name.
    """
    network = _network(model)
    outputs = network.outputs_struct if until is None else _until(model, str(until))
    if outputs is None:
        raise UnknownNameError(
            f"{model.name}, until {until!r}",
            expected="the name of a layer",
            received=f"one of none of its {len(network.records)} layers",
            fix="model.summary(expand_nested=True) shows the names.",
        )
    return Model(inputs=network.inputs_struct, outputs=outputs, name=str(name or model.name))


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
