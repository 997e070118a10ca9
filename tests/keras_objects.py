"""Initializers, regularizers and constraints whose results and configs by Keras are kept.

scripts/make_op_golden.py writes tests/golden/weight_objects.npz from this table. Only numpy is
imported here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

W = np.random.default_rng(7).normal(size=(4, 3)).astype(np.float32) * 2
KERNEL = np.random.default_rng(8).normal(size=(2, 3, 4, 2)).astype(np.float32) * 2
_STFT = (16, 1, 9)

# "space.Class": (constructor's arguments, the calls made: positional arguments)
Table = list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]]
INITIALIZERS: Table = [
    ("initializers.Zeros", {}, [((2, 3),), ((2,), "int32")]),
    ("initializers.Ones", {}, [((2, 3),), ((), "float16")]),
    ("initializers.Constant", {"value": 2.5}, [((2, 3),), ((2,), "int32")]),
    ("initializers.Identity", {}, [((3, 3),), ((2, 4),)]),
    ("initializers.Identity", {"gain": 2.0}, [((3, 2),)]),
    ("initializers.STFTInitializer", {}, [(_STFT,)]),
    ("initializers.STFTInitializer", {"side": "imag", "window": "hamming"}, [(_STFT,)]),
    ("initializers.STFTInitializer", {"scaling": "spectrum", "periodic": True}, [(_STFT,)]),
    # Configs only: computed in float32 there; and draws, which are not Keras's.
    ("initializers.STFTInitializer", {"window": None, "scaling": None}, []),
    ("initializers.RandomNormal", {"mean": 1.0, "seed": 3}, []),
    ("initializers.RandomUniform", {"minval": -1.0, "seed": 3}, []),
    ("initializers.TruncatedNormal", {"stddev": 0.1, "seed": 3}, []),
    ("initializers.VarianceScaling", {"scale": 2.0, "mode": "fan_out", "seed": 3}, []),
    ("initializers.GlorotUniform", {"seed": 3}, []),
    ("initializers.GlorotNormal", {}, []),
    ("initializers.HeUniform", {"seed": 3}, []),
    ("initializers.HeNormal", {"seed": 3}, []),
    ("initializers.LecunUniform", {"seed": 3}, []),
    ("initializers.LecunNormal", {"seed": 3}, []),
    ("initializers.Orthogonal", {"gain": 2.0, "seed": 3}, []),
]
REGULARIZERS: Table = [
    ("regularizers.L1", {}, [(W,)]),
    ("regularizers.L1", {"l1": 0.3}, [(W,), (KERNEL,)]),
    ("regularizers.L2", {}, [(W,)]),
    ("regularizers.L2", {"l2": 0.3}, [(W,), (KERNEL,)]),
    ("regularizers.L1L2", {}, [(W,)]),
    ("regularizers.L1L2", {"l1": 0.2, "l2": 0.3}, [(W,), (KERNEL,)]),
    ("regularizers.OrthogonalRegularizer", {}, [(W,)]),
    ("regularizers.OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}, [(W,)]),
]
CONSTRAINTS: Table = [
    ("constraints.MaxNorm", {}, [(W,), (KERNEL,)]),
    ("constraints.MaxNorm", {"max_value": 1.5, "axis": [0, 1, 2]}, [(KERNEL,)]),
    ("constraints.MinMaxNorm", {}, [(W,)]),
    ("constraints.MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "axis": 1}, [(W,)]),
    ("constraints.MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.3}, [(W,)]),
    ("constraints.NonNeg", {}, [(W,)]),
    ("constraints.UnitNorm", {}, [(W,)]),
    ("constraints.UnitNorm", {"axis": [0, 1, 2]}, [(KERNEL,)]),
]
ALL = [*INITIALIZERS, *REGULARIZERS, *CONSTRAINTS]


def key(name: str, kwargs: dict[str, Any]) -> str:
    """How an entry is called in the file."""
    return f"{name}({', '.join(f'{k}={v}' for k, v in kwargs.items())})"
