"""The arguments of every command."""

from __future__ import annotations

import argparse

from kerasish.declarative.building.model import MAX_PARAMS
from kerasish.declarative.sections.validate import BACKENDS
from kerasish.version import __version__

_EXAMPLES = """examples:
  kerasish fit configs/digits_cnn.yaml
  kerasish fit model.yaml --set train.epochs=5 --set 'model.layers[probs].units=100'
  kerasish evaluate runs/digits_cnn
"""


def parser() -> argparse.ArgumentParser:
    """The parser; each command's name is left in `command`."""
    made = argparse.ArgumentParser(
        prog="kerasish",
        description="Train and use models that are described in YAML.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"kerasish {__version__}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _fit(commands)
    _evaluate(commands)
    _predict(commands)
    check = commands.add_parser("check", help="check a config: everything but the data")
    _config(check)
    summary = commands.add_parser("summary", help="print the layers of a config or a run")
    summary.add_argument("source", metavar="CONFIG|RUN_DIR", help="a .yaml file or a run folder")
    _options(summary)
    _show(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of config files")
    schema.add_argument("-o", "--output", metavar="FILE", help="write it here instead")
    _plugins(schema)
    commands.add_parser("info", help="print versions, backend and what is registered")
    return made


def _fit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fit = commands.add_parser("fit", help="train a model and write a run folder")
    _config(fit)
    fit.add_argument("--run", metavar="DIR", help="the run folder; by default a new runs/NAME")
    _backend(fit)
    _verbose(fit)


def _evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    evaluate = commands.add_parser("evaluate", help="measure a trained run on its test data")
    evaluate.add_argument("run", metavar="RUN_DIR")
    parts = ("test", "validation", "train")
    evaluate.add_argument("--part", choices=parts, help="which data; test where there is any")
    _plugins(evaluate)
    _backend(evaluate)
    _verbose(evaluate)


def _predict(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    predict = commands.add_parser("predict", help="the outputs of a trained run for an array")
    predict.add_argument("run", metavar="RUN_DIR")
    predict.add_argument("input", metavar="INPUT.npy", help="an array, or .npz with one per input")
    predict.add_argument("-o", "--output", metavar="OUT.npy", help="where the outputs go")
    predict.add_argument("--batch-size", type=int, default=256, metavar="N")
    _plugins(predict)
    _backend(predict)


def _show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = commands.add_parser("show", help="print a config after bases, --set and variables")
    _config(show)
    show.add_argument("--resolved", action="store_true", help="as YAML (the default)")
    show.add_argument("--origins", action="store_true", help="every value with where it is set")


def _config(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", metavar="CONFIG", help="a .yaml file")
    _options(command)


def _options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change a value; PATH+=VALUE appends, ~PATH removes; may be repeated",
    )
    command.add_argument("--allow-env", action="store_true", help="let $env.NAME be read")
    command.add_argument(
        "--max-params", type=int, default=MAX_PARAMS, metavar="N", help="refuse larger models"
    )
    _plugins(command)


def _allowance(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--allowance",
        type=float,
        metavar="TIMES",
        help="how many times the usual limits of memory and work a file may take",
    )


def _plugins(command: argparse.ArgumentParser) -> None:
    _allowance(command)
    command.add_argument(
        "--allow",
        dest="plugins",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this module, which registers layers, losses, ...; may be repeated",
    )


def _backend(command: argparse.ArgumentParser) -> None:
    command.add_argument("--backend", choices=BACKENDS, help="overrides the config's")


def _verbose(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--verbose", type=int, choices=(0, 1, 2), help="0 silent, 1 bar, 2 one line an epoch"
    )
