"""`kerasish predict`: what a run says of new data."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.cli import run_folder
from kerasish.cli.configs import allow_plugins, use_backend
from kerasish.cli.declare import argument, command, count
from kerasish.cli.options import BACKEND, PERMISSIONS, RUN
from kerasish.data.npz import read_arrays
from kerasish.saving.files.atomic import replacing
from kerasish.saving.whole_model import load_model


@command(
    "train",
    "the outputs of a trained run for an array",
    RUN,
    argument("input", metavar="INPUT.npy", help="an array, or .npz with one per input"),
    argument("-o", "--output", metavar="OUT.npy", help="where the outputs go"),
    argument("--batch-size", type=count, default=256, metavar="N", help="rows at a time"),
    BACKEND,
    *PERMISSIONS,
    example="kerasish predict runs/digits_cnn x.npy -o y.npy",
)
def predict(arguments: Namespace) -> None:
    """The outputs for an array, to a file or the terminal."""
    allow_plugins(arguments.plugins)
    folder = run_folder.existing_folder(arguments.run)
    use_backend(arguments.backend)
    model = load_model(folder / run_folder.MODEL_FILE, allowance=arguments.allowance)
    outputs = model.predict(
        read_arrays(arguments.input, arguments.allowance),
        batch_size=arguments.batch_size,
        verbose=0,
    )
    if arguments.output is None:
        for output in outputs if isinstance(outputs, list) else [outputs]:
            np.savetxt(sys.stdout, np.reshape(output, (len(output), -1)), fmt="%.6g")
        return
    _write(arguments.output, outputs, [str(name) for name in model.output_names])
    print(f"wrote {arguments.output}")


def _write(path: str, outputs: Any, names: list[str]) -> None:
    """One output as .npy, several as .npz by name; the old file stays until the new is whole."""
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        if isinstance(outputs, list):
            np.savez(file, **dict(zip(names, outputs, strict=True)))
        elif isinstance(outputs, dict):
            np.savez(file, **outputs)
        else:
            np.save(file, outputs)
