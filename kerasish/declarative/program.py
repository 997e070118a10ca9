"""`to_python`: a whole config as a program: data, model, compile, fit."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from kerasish.declarative.api import Project
from kerasish.declarative.building.construct import construct
from kerasish.declarative.building.expressions import Call, Text
from kerasish.declarative.building.load import Loader
from kerasish.declarative.building.python import Program, Variable, quoted
from kerasish.declarative.building.python_data import DataProgram
from kerasish.declarative.building.train import training_arguments
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import InputDeclaration
from kerasish.declarative.text.errors import Diagnostics
from kerasish.models.feature_space import learns
from kerasish.preparation import Prepared


def to_python(project: Project, title: str = "a config") -> str:
    """The text of a program that trains what a config describes, to the same numbers.

    The data are read: what only they say, such as the size of a vocabulary, is written out.

    Args:
        project: what `load_config` gives.
        title: what the program says that it is made from.

    Raises:
        ArgumentError: the config holds what a program of this form cannot say.
        ConfigError: the data are missing or wrong.
    """
    data = None if project.config.data is None else project.data()
    config = project.config
    folder = os.path.relpath(project.folder)
    program = Program("" if folder == "." else folder, partial(_file_of, project), _has_to_learn)
    for module in config.plugins:
        program.imports.add(f"import {module}  # registers what the model is made of")
    program.say(f"# {title} as a program.")
    if config.seed is not None:
        program.say(f"keras.utils.set_random_seed({config.seed})")
    if config.backend is not None:
        program.say(f"keras.backend.set_backend({quoted(config.backend)})")
    inputs: list[InputDeclaration] = []
    if data is not None and config.data is not None:
        program.say()
        DataProgram(program, config.data, data, config.seed or 0, project.fold).write()
        inputs = [
            InputDeclaration(name, tuple(spec.shape), spec.dtype, config.data.mark)
            for name, spec in data.specs.items()
        ]
    program.say()
    train = config.train
    policy = None if train is None else train.mixed_precision
    if policy is not None:
        program.say(f"keras.config.set_dtype_policy({quoted(policy)})")
    program.model(config.model, config.name, inputs)
    if train is None:
        return program.text()
    compiled: dict[str, Any] = dict(train.compiled)
    if train.rates:
        program.set("optimizer", program.value(compiled["optimizer"]))
        program.set("optimizer.rates", program.value(dict(train.rates)))
        compiled["optimizer"] = Variable("optimizer")
    program.set("", _called(program, "model.compile(", compiled))
    if policy is not None:
        program.say("keras.config.set_dtype_policy(keras.config.floatx())")
    fitted = {key: value for key, value in train.fitted.items() if value != []}
    if train.class_weight is not None and data is not None:
        fitted["class_weight"] = _class_weight(project, data)
    given: list[tuple[str, Text]] = list(_called(program, "", fitted).parts)
    program.say()
    if data is None:
        text = Call("model.fit(", ")", [("", "x"), ("", "y"), *given])
        program.say(f"# The config has no data: history = {text}")
        return program.text()
    given = [("", "**data.fit_arguments()"), *given]
    program.set("history", Call("model.fit(", ")", given))
    if data.parts.test is not None:
        arrays = isinstance(data.batches("test"), tuple)
        test = '*data.batches("test"), batch_size=data.batch_size' if arrays else _BATCHES
        program.say(f"print(model.evaluate({test}, return_dict=True))")
    return program.text()


_BATCHES = 'data.batches("test")'


def _file_of(project: Project, item: Item) -> str:
    """The file of an item that loads a model, from the working folder."""
    loader = Loader(project.diagnostics, project.folder)
    path = loader.path(item)
    if path is None:
        raise project.diagnostics.error()
    return os.path.relpath(path)


def _has_to_learn(item: Item) -> bool:
    """Whether a layer learns from the data, as a run lets it."""
    if item.kind != "layer" or not hasattr(item.factory, "adapt"):
        return False
    return learns(construct(item, Diagnostics()))


def _class_weight(project: Project, data: Prepared) -> Any:
    """How much each class counts, as numbers: what `balanced` and labels come to."""
    train = project.config.train
    targets: Any = data.part("train").y
    classes = None
    if len(targets) == 1:
        ((name, targets),) = targets.items()
        classes = data.targets[name].classes
    if train is None:
        return None
    return training_arguments(train, project.diagnostics, targets, classes)["class_weight"]


def _called(program: Program, head: str, given: dict[str, Any]) -> Call:
    return Call(head, ")", [(f"{key}=", program.value(value)) for key, value in given.items()])
