"""Models from one kind of file to another: convert, from-keras, plot."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from kerasish.cli.declare import argument, command
from kerasish.cli.models import CONFIGS, WEIGHTS, WHOLE, kind_of, model_of
from kerasish.cli.options import CHANGES, PERMISSIONS, SOURCE
from kerasish.declarative.building.writer import to_yaml
from kerasish.errors import ArgumentError
from kerasish.inspect.pictures import plot_model
from kerasish.models import Model
from kerasish.saving.files.atomic import write_bytes
from kerasish.saving.weights import save_weights
from kerasish.saving.whole_model import save_model, to_json

_KINDS = "{.keras,.h5,.weights.h5,.safetensors,.yaml,.json}"


@command(
    "write",
    "a model from one kind of file to another",
    argument("source", metavar="IN", complete="file", help="a model file, config or run"),
    argument("target", metavar="OUT", complete="file", help=f"a name that ends in {_KINDS}"),
    argument(
        "--model", metavar="SOURCE", help="where IN holds weights alone: what says the layers"
    ),
    argument("--force", action="store_true", help="replace OUT where it exists"),
    *CHANGES,
    example="kerasish convert model.h5 model.keras\n"
    "kerasish convert weights.safetensors model.keras --model model.yaml",
)
def convert(arguments: Namespace) -> None:
    """A model, its weights or its layers from one kind of file to another, as the endings say.

    .keras and .h5 hold layers, weights and how it was compiled; .weights.h5 and .safetensors the
    weights alone; .yaml and .json the layers alone, from which weights begin anew."""
    source, target = arguments.source, Path(arguments.target)
    kind = kind_of(arguments.target)
    if not kind:
        raise ArgumentError(
            "OUT", expected=f"a name that ends in one of {_KINDS}", received=repr(arguments.target)
        )
    if target.exists() and not arguments.force:
        raise ArgumentError(
            f"{arguments.target} exists already", fix="--force replaces it.", expected="a new name"
        )
    model = model_of(source, arguments, arguments.model)
    if kind in WEIGHTS:
        save_weights(model, target)
    elif kind in WHOLE:
        save_model(model, target)
    elif kind in CONFIGS:
        write_bytes(target, to_yaml(model).encode())
    else:
        write_bytes(target, to_json(model, indent=2).encode())
    print(f"wrote {arguments.target}: {_told(model, kind, kind_of(source))}")


def _told(model: Model, kind: str, came: str) -> str:
    """What is in a file that was written."""
    count = f"{len(model.layers)} layers, {model.count_params():,} parameters"
    if kind in (*CONFIGS, ".json"):
        return f"{count}; their values are not part of it"
    fresh = came in (*CONFIGS, ".json")
    return f"{count}{', with new values' if fresh else ''}"


@command(
    "write",
    "a Keras model file as a YAML config",
    argument("file", metavar="FILE", complete="file", help="a .keras, .h5 or .json file"),
    argument("-o", "--output", metavar="FILE", help="write it here instead of printing it"),
    *PERMISSIONS,
    example="kerasish from-keras model.keras -o model.yaml",
)
def from_keras(arguments: Namespace) -> None:
    """The layers of a model that Keras or kerasish saved, and how it was compiled, as a config.

    Its weights stay in the file: `load: {file: model.keras}` as a layer of a config, or
    `kerasish convert`, use them."""
    if kind_of(arguments.file) not in (*WHOLE, ".json"):
        raise ArgumentError(
            "FILE", expected="a .keras, .h5 or .json file", received=repr(arguments.file)
        )
    text = to_yaml(model_of(arguments.file, arguments))
    if arguments.output is None:
        sys.stdout.write(text)
        return
    write_bytes(Path(arguments.output), text.encode())
    print(f"wrote {arguments.output}")


@command(
    "check",
    "draw the layers of a model as a picture",
    SOURCE,
    argument(
        "-o", "--output", metavar="FILE", help="ends in .svg or .dot; by default the name and .svg"
    ),
    argument("--names", action="store_true", help="names of layers beside their classes"),
    argument("--dtypes", action="store_true", help="dtypes of outputs"),
    argument("--activations", action="store_true", help="activations of layers"),
    argument("--nested", action="store_true", help="the layers of models inside"),
    argument(
        "--direction", choices=("TB", "BT", "LR", "RL"), default="TB", help="where arrows point"
    ),
    *CHANGES,
    example="kerasish plot configs/digits_functional.yaml -o model.svg",
)
def plot(arguments: Namespace) -> None:
    """A drawing of a model: a box for each layer with its shapes, an arrow for each tensor.

    SVG and DOT text need no other program; .png and .pdf are drawn by graphviz."""
    model = model_of(arguments.source, arguments)
    path = arguments.output or f"{model.name}.svg"
    plot_model(
        model,
        path,
        show_shapes=True,
        show_dtype=arguments.dtypes,
        show_layer_names=arguments.names,
        show_layer_activations=arguments.activations,
        expand_nested=arguments.nested,
        rankdir=arguments.direction,
    )
    if Path(path).exists():  # where graphviz is missing, that and the SVG beside is told
        print(f"wrote {path}")
