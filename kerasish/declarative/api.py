"""The declarative layer from outside: read a config, build its model, compile it, load its data."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kerasish import budget
from kerasish.declarative.building.data import prepare
from kerasish.declarative.building.labels import check_labels
from kerasish.declarative.building.learning import (
    Learning,
    check_learned,
    learning_layers,
    reads_texts,
)
from kerasish.declarative.building.model import MAX_PARAMS, build_model
from kerasish.declarative.building.train import (
    check_inputs,
    compile_model,
    precision,
    training_arguments,
)
from kerasish.declarative.check.specification import Config, SequentialSection
from kerasish.declarative.resolve.document import Options, compose_file, compose_text, resolve
from kerasish.declarative.sections.train import FIT_KEYS
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mapping
from kerasish.errors import ArgumentError, told
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.spec import TensorSpec

__all__ = ["Options", "Project", "from_yaml", "load_config"]


@dataclass(slots=True)
class Project:
    """A checked config, the folder it stands in, and the allowance it is read with.

    Attributes:
        composed: the document over its bases, before variables are put in.
        options: what the caller decides.
        fold: (k, n), to validate on part k of n, from 0, of the rows that are no test rows.
        places: where each layer of the built model stands, "file:line", by its name.
    """

    config: Config
    folder: Path
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    allowance: float | None = None
    composed: Mapping | None = None
    options: Options = field(default_factory=Options)
    fold: tuple[int, int] | None = None
    places: dict[str, str] = field(default_factory=dict[str, str])
    _data: Prepared | None = None

    def data(self) -> Prepared:
        """The data, read, cut into parts and prepared; read once.

        Raises:
            ArgumentError: the config has no data section.
            ConfigError: a file, a column or a value is missing or wrong.
        """
        section = self.config.data
        if section is None:
            raise ArgumentError(self.config.name, expected="a config with a 'data' section")
        if self._data is None:
            seed = self.config.seed or 0
            self._data = prepare(
                section, self.folder, self.diagnostics, seed, self.fold,
                reads_texts(self.config.model),
            )  # fmt: skip
            self._with_facts(self._data.facts)
        return self._data

    def _with_facts(self, facts: dict[str, Any]) -> None:
        """The config once more, with the facts of the data as values."""
        if not self.config.facts_used or self.composed is None:
            return
        known = replace(self.options, facts=facts)
        self.config = _checked(self.composed, self.diagnostics, known, self.config.name)

    @property
    def needs_data(self) -> bool:
        """Whether the model cannot be built before the data are read."""
        known = self._data is not None or self.options.facts is not None
        return not known and (bool(self.config.facts_used) or self._inputs_left_out)

    @property
    def _inputs_left_out(self) -> bool:
        """Whether the model's inputs are those of the data."""
        model = self.config.model
        if isinstance(model, SequentialSection):
            return model.input is None and self.config.data is not None
        return bool(model.entries)

    def build(
        self, max_params: int = MAX_PARAMS, inputs: dict[str, TensorSpec] | None = None
    ) -> Model:
        """The model, compiled where the config says how.

        Data are read where the model needs facts of them, such as the size of a vocabulary.

        Args:
            max_params: the largest number of parameters allowed.
            inputs: what is taken for what the data give, by input; then none are read, and what
                the file says of other facts of them is not known.

        Raises:
            ConfigError: shapes do not fit, or an object refuses its arguments.
        """
        if self.needs_data and inputs is None:
            self.data()
        config = self.config
        if config.data is not None and learning_layers(config.model):
            self.data()
            config = self.config
        opened = budget.opened(config.name, 0, self.allowance)
        with opened as account, precision(config.train):
            given = inputs if self._data is None else self._data.specs
            read = None if config.data is None else self.data
            learn = Learning(read, config.train is not None, self.diagnostics)
            model = build_model(
                config.model, self.diagnostics, config.name, max_params, given, self.folder, learn,
                self.places,
            )  # fmt: skip
            if config.train is not None:
                if given is None or self._data is not None:
                    check_learned(model, config.model, self.diagnostics)
                held = sum(v.spec.nbytes for v in model.weights)
                account.allow("variables", 4 * held + budget.FREE_VARIABLES)
                compile_model(model, config.train, self.diagnostics)
        return model

    def fit_arguments(self, model: Model, data: Prepared | None = None) -> dict[str, object]:
        """What `model.fit` is to be called with, callbacks included.

        Args:
            model: what `build` gave.
            data: what `data` gave, whose labels are held against the outputs; None leaves the
                data, and how they are cut into batches, to the caller.

        Raises:
            ArgumentError: the config has no train section.
            ConfigError: the labels do not fit the outputs and the loss, or a callback refuses its
                arguments.
        """
        train = self.config.train
        if train is None:
            raise ArgumentError(self.config.name, expected="a config with a 'train' section")
        targets, classes = None, None
        if data is not None and train.class_weight is not None:
            targets = data.part("train").y
            if len(targets) == 1:
                ((name, targets),) = targets.items()
                classes = data.targets[name].classes
        found = training_arguments(train, self.diagnostics, targets, classes)
        if data is not None:
            check_inputs(self.config.model, data, self.diagnostics)
            check_labels(model, train, data, self.diagnostics, self.config.data)
            found |= data.fit_arguments()
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
        composed = compose(str(source), diagnostics, chosen)
        config = _checked(composed, diagnostics, chosen, path.stem or "model")
    folder = path.resolve().parent
    return Project(config, folder, diagnostics, chosen.allowance, composed, chosen)


def _checked(composed: Mapping, diagnostics: Diagnostics, options: Options, name: str) -> Config:
    """The config of a composed document; all findings at once."""
    resolved = resolve(composed, diagnostics, options)
    network = options.allow_network
    config = validate(resolved.document, diagnostics, options.plugins, name, network)
    diagnostics.raise_with(resolved.leftovers)
    return replace(config, facts_used=resolved.facts_used)


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
