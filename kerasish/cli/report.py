"""`kerasish report`: what a run is worth, on one page."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from kerasish.cli import run_folder
from kerasish.cli.configs import prepare_for, project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.options import ALLOW_NETWORK, BACKEND, PERMISSIONS, RUN
from kerasish.cli.predict import WEIGHTS, weights_of
from kerasish.cli.reporting import classes, front, insides, origin, quantities, worst
from kerasish.cli.reporting.gathered import Answers, Gathered, gathered
from kerasish.errors import ArgumentError, ConfigError, DataError
from kerasish.preparation import Prepared
from kerasish.saving.files.atomic import write_bytes
from kerasish.showing.page.document import Section, document
from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.version import __version__

REPORT_FILE = "report.html"
_PARTS = ("test", "validation", "train")


@command(
    "study",
    "write a page about a run",
    RUN,
    argument("-o", "--output", metavar="OUT.html", help="where it goes; RUN/report.html"),
    argument("--part", choices=_PARTS, help="which data; test where there is any"),
    WEIGHTS,
    BACKEND,
    ALLOW_NETWORK,
    *PERMISSIONS,
    example="kerasish report runs/digits_cnn",
    opening="reading the run and its data",
)
def report(arguments: Namespace) -> None:
    """One HTML file about a run, which loads nothing from elsewhere.

    It has the metrics that `kerasish evaluate` gives, curves of training, for classes the confusion
    matrix, scores of each class and calibration, for quantities the errors in the file's units, for
    series some windows; the worst samples, the model with the time of each layer, the data, and
    what makes the run again. Where the files of data are gone, it has what the run keeps.
    """
    folder = run_folder.existing_folder(arguments.run)
    file = weights_of(arguments)
    target = Path(arguments.output) if arguments.output else folder / REPORT_FILE
    if not target.parent.is_dir():
        raise ArgumentError(
            f"--output {target}", expected="a file in a folder that exists", received="none there"
        )
    project = project_of(arguments, arguments.run)
    prepare_for(arguments, project)
    try:
        data = project.data()
    except ConfigError:
        gone = run_folder.files_gone(folder)
        if not gone:
            raise
        told = f"The data are not here ({', '.join(gone)}): nothing is said of single rows."
        name = _part_measured(folder, arguments.part)
        run = gathered(folder, file, None, name, arguments.allowance)
        run.notes.append(told)
        print(told, file=sys.stderr)
    else:
        run = gathered(folder, file, data, _part(data, arguments.part), arguments.allowance)
    write_bytes(target, page(run).encode())
    print(f"wrote {target}")


def _part_measured(folder: Path, chosen: str | None) -> str:
    """The part that was asked for, else the first that `fit` has measured."""
    held = run_folder.read_json(folder / run_folder.METRICS_FILE)
    return chosen or next((name for name in _PARTS if name in held), "train")


def _part(data: Prepared, chosen: str | None) -> str:
    """The part that was asked for, else the first there is of test, validation and training."""
    order = (chosen,) if chosen else _PARTS
    for name in order:
        if data.parts.get(name) is not None:
            return name
    raise DataError(
        "",
        expected=f"a config with {chosen} data",
        received="one without",
        fix="Leave --part away, or add the part under 'data:'.",
    )


def page(run: Gathered) -> str:
    """The report as the text of an HTML file."""
    sections = [Section("curves", "Training", joined([front.curves(run), tag("h3", "Metrics"),
                                                      front.metrics(run)]))]  # fmt: skip
    several = len(run.answers) > 1
    for place, (name, answers) in enumerate(run.answers.items()):
        title = f"Output {name}" if several else "Predictions"
        sections.append(Section(f"output-{place}", title, _predictions(run, answers)))
        title = f"Worst samples of {name}" if several else "Worst samples"
        about = _about(run, answers)
        sections.append(Section(f"worst-{place}", title, worst.worst(run, answers), about))
    sections += [
        Section("layers", "Layers", insides.layers(run)),
        Section("graph", "Graph", insides.graph(run)),
        Section("data", "Data", origin.data(run)),
        Section("again", "How to reproduce", origin.again(run)),
    ]
    return document(
        run.title,
        front.lead(run),
        front.opening(run),
        sections,
        f"Written by kerasish {__version__}.",
    )


def _predictions(run: Gathered, answers: Answers) -> Markup:
    made: Any
    if answers.of_classes:
        made = classes.of_classes(answers)
    elif answers.output.form == "labels":
        made = classes.of_labels(answers)
    else:
        made = quantities.of_quantities(run, answers)
    return made


def _about(run: Gathered, answers: Answers) -> str:
    what = "rows" if run.part.moments is None else "windows"
    if answers.output.form == "quantity":
        return f"The {what} with the largest errors, the largest first."
    told = f"The {what} whose true class was given the least probability, the least first."
    return f"{told} Positions that were missed are marked." if answers.true.ndim == 2 else told
