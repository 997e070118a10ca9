"""Generated calls agree with themselves on symbols, in compiled functions and in float64."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.ops.conformance import (
    Outcome,
    arrays_of,
    difference,
    in_kerasish,
    in_plan,
    on_symbols,
    swap,
)  # fmt: skip
from tests.ops.generated_all import MAKERS, Call, calls_of

COUNT = 6
# The values of an argument decide the shape of the result, so that none is known before.
BY_VALUE = {"bincount", "nonzero", "unique", "repeat", "segment_sum", "segment_max", "segment_min",
            "segment_prod"}  # fmt: skip
# Functions whose dtype or values do not follow from those of their arguments.
FIXED = {"cast", "saturate_cast", "view"}
WIDER = {"float32": "float64", "complex64": "complex128"}
NO_TENSORS = {"shape", "size", "ndim"}


def runs(name: str) -> list[tuple[Call, Outcome]]:
    """The first calls of a function that give a result."""
    pairs = [(call, in_kerasish(call)) for call in calls_of(name, COUNT)]
    return [(call, outcome) for call, outcome in pairs if not outcome.error]


def fits(symbolic: tuple, shape: tuple, exact: bool) -> bool:
    return len(symbolic) == len(shape) and all(
        s == d or (s is None and not exact) for s, d in zip(symbolic, shape, strict=True)
    )


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - BY_VALUE - NO_TENSORS))
def test_symbols_have_the_shape_and_dtype_of_the_result(name):
    for call, outcome in runs(name):
        hidden = [0]
        if arrays_of(call) and not needs_sizes(call):
            hidden.append(1)
        for count in hidden:
            specs = on_symbols(call, count)
            assert len(specs) == len(outcome.arrays), str(call)
            for spec, array, dtypes in zip(specs, outcome.arrays, outcome.dtypes, strict=True):
                assert {spec.dtype} == dtypes, str(call)
                assert fits(spec.shape, array.shape, count == 0), f"{call}: {spec}, {array.shape}"


def needs_sizes(call: Call) -> bool:
    """Whether the form of the result follows from the size of the first axis."""
    array = arrays_of(call)[0]
    last = call.name in ("view_as_complex", "view") and array.ndim == 1
    first = call.name == "unstack" and call.kwargs["axis"] in (0, -array.ndim)
    image = call.name.startswith("image.") and array.ndim == 3  # height or channels come first
    return call.name == "squeeze" or last or first or image


@pytest.mark.parametrize("name", sorted(MAKERS.keys()))
def test_compiled_calls(name):
    for call, outcome in runs(name)[:3]:
        compiled = in_plan(call)
        if compiled.error and name in BY_VALUE:
            assert "values" in compiled.error or "symbolic" in compiled.error
            continue
        assert not difference(call, compiled, outcome), str(call)


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - FIXED))
def test_float64_is_float32_with_more_digits(name):
    for call, outcome in runs(name):
        arrays = arrays_of(call)
        kinds = {a.dtype.name for a in arrays if a.dtype.kind in "fV"}
        if (
            kinds != {"float32"}
            or arrays[0].dtype != "float32"
            or call.kwargs.get("dtype") is not None
        ):
            continue
        wide = iter([a.astype("float64") if a.dtype == "float32" else a for a in arrays])
        args, kwargs = swap((call.args, call.kwargs), wide)
        found = in_kerasish(dataclasses.replace(call, args=args, kwargs=kwargs), grad=False)
        wanted = [{WIDER.get(d, d) for d in dtypes} for dtypes in outcome.dtypes]
        assert found.dtypes == wanted, str(call)
        single = dataclasses.replace(outcome, dtypes=wanted, grads=None)
        assert not difference(call, found, single), str(call)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_errors_say_what_was_expected(name):
    for call in calls_of(name):
        error = in_kerasish(call, grad=False).error
        assert not error or re.match(r"\w+Error: .*Expected: .*Received", error, re.S), (
            f"{call}: {error}"
        )
