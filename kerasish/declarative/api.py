"""The declarative layer from outside: read a config, build its model, compile it, load its data."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

from kerasish import budget
from kerasish.declarative.building.arrays import Arrays, load_arrays
from kerasish.declarative.building.model import MAX_PARAMS, build_model
from kerasish.declarative.building.train import (
    check_inputs,
    check_labels,
    compile_model,
    data_arguments,
    training_arguments,
)
from kerasish.declarative.check.specification import Config
from kerasish.declarative.resolve.document import Options, compose_file, compose_text, resolve
from kerasish.declarative.sections.train import FIT_KEYS
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mapping
from kerasish.errors import ArgumentError, told
from kerasish.models import Model

__all__ = ["Options", "Project", "from_yaml", "load_config"]


@dataclass(slots=True)
class Project:
    """A checked config, the folder it stands in, and the allowance it is read with."""

    config: Config
    folder: Path
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    allowance: float | None = None

    def build(self, max_params: int = MAX_PARAMS) -> Model:
        """The model, compiled where the config says how; no data are read.

        Raises:
            ConfigError: shapes do not fit, or an object refuses its arguments.
        """
        config = self.config
        with budget.opened(config.name, 0, self.allowance) as account:
            model = build_model(
                config.model, self.diagnostics, config.name, max_params, folder=self.folder
            )
            if config.train is not None:
                held = sum(v.spec.nbytes for v in model.weights)
                account.allow("variables", 4 * held + budget.FREE_VARIABLES)
                compile_model(model, config.train, self.diagnostics)
        return model

    def arrays(self) -> Arrays:
        """The data.

        Raises:
            ArgumentError: the config has no data section.
            ConfigError: a file or an array is missing or wrong.
        """
        if self.config.data is None:
            raise ArgumentError(self.config.name, expected="a config with a 'data' section")
        return load_arrays(self.config.data, self.folder, self.diagnostics, self.allowance)

    def fit_arguments(self, model: Model, arrays: Arrays | None = None) -> dict[str, object]:
        """What `model.fit` is to be called with, callbacks included.

        Args:
            model: what `build` gave.
            arrays: what `arrays` gave, whose labels are held against the outputs; None leaves the
                data, and how they are cut into batches, to the caller.

        Raises:
            ArgumentError: the config has no train section.
            ConfigError: the labels do not fit the outputs and the loss, or a callback refuses its
                arguments.
        """
        data, train = self.config.data, self.config.train
        if train is None:
            raise ArgumentError(self.config.name, expected="a config with a 'train' section")
        found = training_arguments(train, self.diagnostics)
        if data is not None and arrays is not None:
            check_inputs(self.config.model, arrays, self.diagnostics)
            check_labels(model, train, arrays, self.diagnostics)
            found |= data_arguments(data, arrays)
        return found


def load_config(source: str | os.PathLike[str], options: Options | None = None) -> Project:
    """The checked config in a YAML file or text.

    Args:
        source: a path, or a text of several lines.
        options: overrides and permissions.

    Raises:
        ConfigError: something is wrong in it; all findings at once.
    """
    chosen = options or Options()
    diagnostics = Diagnostics(chosen.command)
    is_text = isinstance(source, str) and "\n" in source
    path = Path() if is_text else Path(source)
    with budget.opened("the text" if is_text else str(path), 0, chosen.allowance):
        compose = compose_text if is_text else compose_file
        resolved = resolve(compose(str(source), diagnostics, chosen), diagnostics, chosen)
        diagnostics.raise_if_any()
        name, network = path.stem or "model", chosen.allow_network
        config = validate(resolved.document, diagnostics, chosen.plugins, name, network)
    config = replace(config, facts_used=resolved.facts_used)
    return Project(config, path.resolve().parent, diagnostics, chosen.allowance)


def from_yaml(source: str | os.PathLike[str], options: Options | None = None) -> Model:
    """The model that a YAML file or text describes, compiled where it has a `train` section.

    What the section says of `fit` (`epochs`, `callbacks`, ...) is no part of a model: a warning
    names what the file has of it. `load_config` holds it, and the data.

    Args:
        source: a path, or a text of several lines.
        options: overrides and permissions.

    Raises:
        ConfigError: something is wrong in it; all findings at once.
    """
    project = load_config(source, options)
    model = project.build()
    train = project.config.document.get("train")
    unused = [key for key in FIT_KEYS if isinstance(train, Mapping) and train.get(key) is not None]
    if unused:
        warnings.warn(
            told(
                f"from_yaml gives a model, which does not hold the file's {', '.join(unused)}",
                fix="project = load_config(...); model = project.build() and "
                "model.fit(x, y, **project.fit_arguments(model)) use them.",
            ),
            stacklevel=2,
        )
    return model
