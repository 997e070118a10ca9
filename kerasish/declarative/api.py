"""The declarative layer from outside: read a config, build its model, compile it, load its data."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from kerasish import budget
from kerasish.declarative.building.arrays import Arrays, load_arrays
from kerasish.declarative.building.model import MAX_PARAMS, build_model
from kerasish.declarative.building.train import check_labels, compile_model, fit_arguments
from kerasish.declarative.check.specification import Config
from kerasish.declarative.resolve.document import Options, read_document, read_text
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.errors import ArgumentError
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
            model = build_model(config.model, self.diagnostics, config.name, max_params)
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

    def fit_arguments(self, model: Model, arrays: Arrays) -> dict[str, object]:
        """What `model.fit` is to be called with, once the labels are found to fit.

        Raises:
            ConfigError: the labels do not fit the outputs and the loss.
        """
        data, train = self.config.data, self.config.train
        if data is None or train is None:
            raise ArgumentError(self.config.name, expected="a config with 'data' and 'train'")
        check_labels(model, train, arrays, self.diagnostics)
        return fit_arguments(data, train, arrays, self.diagnostics)


def load_config(path: str | os.PathLike[str], options: Options | None = None) -> Project:
    """The checked config in a file.

    Raises:
        ConfigError: something is wrong in it; all findings at once.
    """
    chosen = options or Options()
    diagnostics = Diagnostics()
    with budget.opened(str(path), 0, chosen.allowance):
        document = read_document(path, diagnostics, chosen)
        config = validate(document, diagnostics, chosen.plugins, Path(path).stem)
    return Project(config, Path(path).resolve().parent, diagnostics, chosen.allowance)


def from_yaml(source: str | os.PathLike[str], options: Options | None = None) -> Model:
    """The model that a YAML file or text describes, compiled where it has a `train` section.

    Args:
        source: a path, or a text of several lines.
        options: overrides and permissions.

    Raises:
        ConfigError: something is wrong in it; all findings at once.
    """
    if not isinstance(source, str) or "\n" not in source:
        return load_config(source, options).build()
    chosen = options or Options()
    diagnostics = Diagnostics()
    with budget.opened("the text", 0, chosen.allowance):
        document = read_text(source, diagnostics, chosen)
        config = validate(document, diagnostics, chosen.plugins)
    return Project(config, Path(), diagnostics, chosen.allowance).build()
