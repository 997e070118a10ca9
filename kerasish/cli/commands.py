"""The commands and their arguments; run.py and describe.py do them. Errors are text and a code."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence

from kerasish.cli import describe, run
from kerasish.declarative.building.model import MAX_PARAMS
from kerasish.declarative.sections.validate import BACKENDS
from kerasish.errors import ConfigError, KerasishError
from kerasish.version import __version__

_EXAMPLES = """examples:
  kerasish fit configs/digits_cnn.yaml
  kerasish fit model.yaml --set train.epochs=5 --set 'model.layers[probs].units=100'
  kerasish evaluate runs/digits_cnn
"""


def perform(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 done, 2 something the user gave is wrong."""
    chosen = parser().parse_args(arguments)
    try:
        chosen.perform(chosen)
    except ConfigError as error:
        count = len(error.diagnostics)
        return _failed(f"{error}\n\n{count} finding{'s' if count != 1 else ''}")
    except (KerasishError, OSError, MemoryError, ModuleNotFoundError) as error:
        if isinstance(error, BrokenPipeError):
            return _pipe_closed()
        return _failed(f"error: {' '.join(str(error).split()) or type(error).__name__}")
    return 0


def _failed(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def _pipe_closed() -> int:
    # Whoever read our output has left; keep the interpreter from complaining when it flushes.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def parser() -> ArgumentParser:
    """The parser; the function of the command is left in `perform`."""
    made = ArgumentParser(
        prog="kerasish",
        description="Train and use models that are described in YAML.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"kerasish {__version__}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(perform: Callable[[Namespace], None], what: str) -> ArgumentParser:
        added = commands.add_parser(perform.__name__, help=what)
        added.set_defaults(perform=perform)
        return added

    fit = command(run.fit, "train a model and write a run folder")
    _config(fit)
    fit.add_argument("--run", metavar="DIR", help="the run folder; by default a new runs/NAME")
    _backend(fit)
    _verbose(fit)
    evaluate = command(run.evaluate, "measure a trained run on its test data")
    evaluate.add_argument("run", metavar="RUN_DIR")
    parts = ("test", "validation", "train")
    evaluate.add_argument("--part", choices=parts, help="which data; test where there is any")
    _network(evaluate)
    _plugins(evaluate)
    _backend(evaluate)
    _verbose(evaluate)
    predict = command(run.predict, "the outputs of a trained run for an array")
    predict.add_argument("run", metavar="RUN_DIR")
    predict.add_argument("input", metavar="INPUT.npy", help="an array, or .npz with one per input")
    predict.add_argument("-o", "--output", metavar="OUT.npy", help="where the outputs go")
    predict.add_argument("--batch-size", type=int, default=256, metavar="N")
    _plugins(predict)
    _backend(predict)
    _config(command(describe.check, "check a config: everything but the data"))
    summary = command(describe.summary, "print the layers of a config or a run")
    summary.add_argument("source", metavar="CONFIG|RUN_DIR", help="a .yaml file or a run folder")
    _options(summary)
    show = command(describe.show, "print a config after bases, --set and variables")
    _config(show)
    show.add_argument("--resolved", action="store_true", help="as YAML (the default)")
    show.add_argument("--origins", action="store_true", help="every value with where it is set")
    schema = command(describe.schema, "print the JSON Schema of config files")
    schema.add_argument("-o", "--output", metavar="FILE", help="write it here instead")
    _plugins(schema)
    command(describe.info, "print versions, backend and what is registered")
    return made


def _config(command: ArgumentParser) -> None:
    command.add_argument("config", metavar="CONFIG", help="a .yaml file")
    _options(command)


def _options(command: ArgumentParser) -> None:
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change a value; PATH+=VALUE appends, ~PATH removes; may be repeated",
    )
    command.add_argument("--allow-env", action="store_true", help="let $env.NAME be read")
    _network(command)
    command.add_argument(
        "--max-params", type=int, default=MAX_PARAMS, metavar="N", help="refuse larger models"
    )
    _plugins(command)


def _network(command: ArgumentParser) -> None:
    what = "let the file name what opens connections to other machines"
    command.add_argument("--allow-network", action="store_true", help=what)


def _plugins(command: ArgumentParser) -> None:
    command.add_argument(
        "--allowance",
        type=float,
        metavar="TIMES",
        help="how many times the usual limits of memory and work a file may take",
    )
    command.add_argument(
        "--allow",
        dest="plugins",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this module, which registers layers, losses, ...; may be repeated",
    )


def _backend(command: ArgumentParser) -> None:
    command.add_argument("--backend", choices=BACKENDS, help="overrides the config's")


def _verbose(command: ArgumentParser) -> None:
    command.add_argument(
        "--verbose", type=int, choices=(0, 1, 2), help="0 silent, 1 bar, 2 one line an epoch"
    )
