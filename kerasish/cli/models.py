"""A model from whatever names one: a config, a run, a model file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from kerasish.cli.configs import project_of
from kerasish.cli.run_folder import CONFIG_FILE
from kerasish.errors import ArgumentError
from kerasish.models import Model
from kerasish.preparation.served import network_of
from kerasish.saving.weights import load_weights
from kerasish.saving.whole_model import compiled_from_json, load_model

WHOLE = (".keras", ".h5", ".hdf5")  # models; an .h5 may hold weights alone
WEIGHTS = (".weights.h5", ".safetensors")
CONFIGS = (".yaml", ".yml")
RUN_MODELS = ("model.keras", "model.h5")


def kind_of(path: str) -> str:
    """The ending of a file's name that says what is in it; "" for a folder or an unknown one."""
    endings = (*WEIGHTS, *WHOLE, *CONFIGS, ".json")
    return next((one for one in endings if path.lower().endswith(one)), "")


def model_of(source: str, arguments: Namespace, architecture: str | None = None) -> Model:
    """The model that a config, a run folder or a model file names.

    Args:
        source: a `.yaml` file, the folder of a run, a `.keras`, `.h5` or `.json` file, or a file of
            weights.
        arguments: what the command allows, as `options.CHANGES` declares it.
        architecture: for a file of weights, what says the layers: any of the others.

    Raises:
        ArgumentError: there is no such thing, or weights have no architecture.
        ConfigError: a config is wrong.
        FileFormatError: a file is damaged, or not what its name says.
    """
    path, kind = Path(source), kind_of(source)
    allowance = getattr(arguments, "allowance", None)
    if path.is_dir():
        return _of_run(path, arguments)
    if kind in CONFIGS:
        return project_of(arguments, source).build(arguments.max_params)
    if not path.is_file():
        raise ArgumentError(
            f"{source!r} does not exist", expected="a .yaml, .keras, .h5 or .json file, or a run"
        )
    if architecture is not None:
        model = model_of(architecture, arguments)
        load_weights(model, path, allowance=allowance)
        return model
    if kind in WEIGHTS:
        raise ArgumentError(
            f"{source} holds weights alone",
            expected="--model with what says the layers: a .yaml, .keras or .json file, or a run",
        )
    if kind == ".json":
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        return compiled_from_json(text, allowance)
    if kind in WHOLE:
        return load_model(path, allowance=allowance)
    raise ArgumentError(
        f"what {source!r} holds", expected=f"a name that ends in {', '.join((*WHOLE, *CONFIGS))}"
    )


def _of_run(folder: Path, arguments: Namespace) -> Model:
    for name in RUN_MODELS:
        if (folder / name).is_file():
            return network_of(folder / name, getattr(arguments, "allowance", None))
    if (folder / CONFIG_FILE).is_file():
        return project_of(arguments, str(folder)).build(arguments.max_params)
    raise ArgumentError(
        f"{str(folder)!r} is no run", expected=f"a folder that holds {RUN_MODELS[0]}"
    )
