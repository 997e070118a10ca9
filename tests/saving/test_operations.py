"""Every public function as a node of a functional model, in every format, both ways with Keras.

What Keras writes is kept in tests/golden/keras_operations.json (scripts/make_operation_golden.py),
so that reading it is tested without Keras; the other way, Keras reads files of kerasish where it is
installed.
"""

from __future__ import annotations

import functools
import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish
from kerasish import registry, saving, tree
from kerasish.ops import keras_forms
from tests.beside import keras
from tests.ops.conformance import applied, arrays_of
from tests.ops.generated_all import MAKERS, Call, calls_of
from tests.ops.test_generated_runs import BY_VALUE, NO_TENSORS

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "keras_operations.json"
NAMES = sorted(MAKERS.keys() - BY_VALUE - NO_TENSORS)
COUNT = 8
# Classes of Keras without a function of ops of their own: a base class, and what only layers use.
NO_FUNCTION = {"SegmentReduction"}
# What the two compute differently, as docs/differences.md or tests/ops/test_generated.py say.
DIFFERENT = {"fold", "linalg.cholesky_inverse", "quantile", "nanquantile", "saturate_cast",
             "sparsemax", "activations.sparsemax"}  # fmt: skip
# A block that reaches beyond the end is refused here; jax moves it.
MOVES = {"slice", "slice_update"}
# Keras turns tuples into lists in its files, and these refuse lists when the model is run; its
# Reshape refuses a lone number.
KERAS_REFUSES_LISTS = {"count_nonzero", "nanmean", "nanmin", "nanmax", "nanprod", "nansum",
                       "nanvar", "nanstd", "nanpercentile", "nanquantile", "nanmedian", "norm",
                       "reshape", "rot90"}  # fmt: skip


@functools.cache
def golden() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text())


def symbols(package: Any, call: Call) -> list[Any]:
    return [package.Input(batch_shape=a.shape, dtype=a.dtype.name) for a in arrays_of(call)]


def model_of(package: Any, call: Call) -> Any:
    """The functional model that makes one call."""
    inputs = symbols(package, call)
    found = tree.flatten(applied(package, call, list(inputs)))
    return package.Model(inputs, [y for y in found if isinstance(y, package.KerasTensor)])


def values(model: Any, call: Call) -> list[np.ndarray]:
    return [np.asarray(y) for y in tree.flatten(model(arrays_of(call)))]


def equal(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for x, y in zip(found, expected, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        np.testing.assert_array_equal(x, y)


@functools.cache
def models(name: str) -> list[tuple[Call, Any]]:
    """The first calls of a function that make a model."""
    found = []
    for call in calls_of(name, COUNT):
        if not arrays_of(call):
            continue
        try:
            model = model_of(kerasish, call)
            values(model, call)
            found.append((call, model))
        except (ValueError, TypeError, IndexError):
            continue  # a call that is refused
        if len(found) == 2:
            break
    return found


def test_most_functions_are_tried() -> None:
    assert sum(bool(models(name)) for name in NAMES) > 300


@pytest.mark.parametrize("name", NAMES)
def test_own_formats(name: str, tmp_path: Path) -> None:
    for call, model in models(name):
        expected = values(model, call)
        equal(values(kerasish.models.clone_model(model), call), expected)
        equal(values(kerasish.models.model_from_json(model.to_json()), call), expected)
        equal(values(kerasish.Model.from_config(model.get_config()), call), expected)
        for suffix in ("keras", "h5"):
            model.save(tmp_path / f"m.{suffix}")
            loaded = saving.load_model(tmp_path / f"m.{suffix}")
            equal(values(loaded, call), expected)
            both = [json.dumps(one.get_config()["layers"]) for one in (loaded, model)]
            assert both[0] == both[1]  # as text: a file has lists where tuples were


# Those of which Keras makes a file that it can run itself.
@pytest.mark.parametrize("name", sorted(golden()["models"].keys() & {*NAMES} - MOVES))
def test_what_keras_writes_is_read(name: str) -> None:
    number, config = golden()["models"][name]
    call = next(c for c in calls_of(name, COUNT) if c.number == number)
    model = kerasish.models.model_from_json(json.dumps(config))
    equal(values(model, call), values(model_of(kerasish, call), call))


def test_the_table_of_forms_is_kerass() -> None:
    for name, (module, init, call) in golden()["classes"].items():
        if name in NO_FUNCTION:
            continue
        form = keras_forms.form_of_class(name)
        assert form is not None, name
        assert (form.module, list(form.call)) == (module, call), name
        function = registry.lookup("function", form.function)
        kinds = inspect.signature(function).parameters
        plain = [n for n in kinds if n not in {c.lstrip("*") for c in call} and n != "kwargs"]
        more = {"rms_scaling", "**kwargs"}
        assert set(plain) == set(init) - more, name


@pytest.mark.conformance
@pytest.mark.parametrize("name", NAMES)
def test_keras_reads_what_is_written(name: str, tmp_path: Path) -> None:
    for call, model in models(name)[:1]:
        wide = any(a.dtype.itemsize > 4 or a.dtype.name == "bfloat16" for a in arrays_of(call))
        if wide or name in KERAS_REFUSES_LISTS:
            continue
        try:
            theirs = values(model_of(keras, call), call)
        except Exception:
            continue  # Keras refuses this call
        model.save(tmp_path / "m.keras")
        found = values(keras.models.load_model(tmp_path / "m.keras"), call)
        for x, y in zip(found, theirs, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
        if name not in DIFFERENT:
            for x, y in zip(values(model, call), theirs, strict=True):
                np.testing.assert_allclose(x, y, rtol=2e-2, atol=2e-2)
