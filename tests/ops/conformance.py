"""Runs generated calls in Keras (on jax) and in kerasish, and says where they part."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import kerasish
from kerasish import layers, tree
from kerasish.errors import KerasishError
from kerasish.graph import GradientTape, convert_to_tensor
from kerasish.ops.basic.reduction import sum as total
from kerasish.spec import TensorSpec, is_float
from tests.beside import jax, keras
from tests.ops.generated_calls import Call
from tests.tolerances import tolerance

RAISES = (KerasishError, ValueError, TypeError, IndexError, NotImplementedError)


@dataclass
class Outcome:
    """What a call gave: arrays, names of dtypes, gradients of float inputs, or an error."""

    arrays: list[np.ndarray] = field(default_factory=list)
    dtypes: list[set[str]] = field(default_factory=list)
    grads: list[np.ndarray | None] | None = None
    error: str = ""


def find(root: Any, name: str) -> Any:
    """The function of a call, in one of the two packages."""
    dotted = name if name.startswith(("activations.", "ops.")) else f"ops.{name}"
    return functools.reduce(getattr, dotted.split("."), root)


def cotangent(shape: tuple[int, ...]) -> np.ndarray:
    """What outputs are multiplied by before they are summed and differentiated."""
    return np.cos(1 + np.arange(np.prod(shape, dtype=int))).reshape(shape).astype("float32")


def leaves_of(value: Any) -> list[Any]:
    """The arrays among arguments, and everything else, in order."""
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in leaves_of(v)]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves_of(v)]
    return [value]


def swap(value: Any, arrays: Iterator[Any]) -> Any:
    """`value` with its arrays replaced in order."""
    if isinstance(value, np.ndarray):
        return next(arrays)
    if isinstance(value, dict):
        return {k: swap(v, arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(swap(v, arrays) for v in value)
    return value


def arrays_of(call: Call) -> list[np.ndarray]:
    return [leaf for leaf in leaves_of((call.args, call.kwargs)) if isinstance(leaf, np.ndarray)]


def applied(root: Any, call: Call, arrays: list[Any]) -> Any:
    """The call made with other arrays in the place of its own."""
    args, kwargs = swap((call.args, call.kwargs), iter(arrays))
    return find(root, call.name)(*args, **kwargs)


def differentiable(call: Call) -> list[int]:
    """Which arrays a gradient is compared for."""
    chosen = arrays_of(call) if call.grad else []
    return [i for i, a in enumerate(chosen) if a.dtype.name in ("float32", "float64")]


def outputs(result: Any) -> list[Any]:
    return [leaf for leaf in tree.flatten(result) if leaf is not None]


def _with_gradients(call: Call, tensors: list[Any], grad: bool) -> tuple[list[Any], Any]:
    """The results of a call, and the gradients of their weighted sum for its float inputs."""
    chosen = [tensors[i] for i in differentiable(call)] if grad else []
    with GradientTape() as tape:
        tape.watch(chosen)
        found = outputs(applied(kerasish, call, tensors))
        parts = [
            total(y * convert_to_tensor(cotangent(y.shape), y.dtype))
            for y in found
            if is_float(getattr(y, "dtype", ""))
        ]
        parts = [kerasish.ops.cast(p, "float64") for p in parts]
        loss = sum(parts[1:], parts[0]) if parts else None
    return found, tape.gradient(loss, chosen) if chosen and parts else None


def _outcome(found: list[Any], grads: list[Any] | None) -> Outcome:
    return Outcome(
        [np.asarray(y) for y in found],
        [{getattr(y, "dtype", "")} for y in found],
        None if grads is None else [None if g is None else np.asarray(g) for g in grads],
    )


def in_kerasish(call: Call, grad: bool = True) -> Outcome:
    """What kerasish makes of a call, op by op."""
    tensors = [convert_to_tensor(a) for a in arrays_of(call)]
    try:
        return _outcome(*_with_gradients(call, tensors, grad))
    except RAISES as error:
        return Outcome(error=f"{type(error).__name__}: {error}")


def in_plan(call: Call, grad: bool = True) -> Outcome:
    """What kerasish makes of a call, compiled."""
    tensors = [convert_to_tensor(a) for a in arrays_of(call)]

    @kerasish.function
    def run(*given: Any) -> Any:
        return _with_gradients(call, list(given), grad)

    try:
        return _outcome(*run(*tensors))
    except RAISES as error:
        return Outcome(error=f"{type(error).__name__}: {error}")


def on_symbols(call: Call, hidden: int) -> list[TensorSpec]:
    """The specs of a call on symbols: the first `hidden` arrays have an unknown first dimension.

    Results that are no tensors are left out.
    """
    symbols = [
        kerasish.KerasTensor(
            (None, *a.shape[1:]) if i < hidden and a.ndim else a.shape, a.dtype.name
        )
        for i, a in enumerate(arrays_of(call))
    ]
    assert layers.Layer  # importing layers is what makes public functions take symbols
    found = tree.flatten(applied(kerasish, call, symbols))
    return [y.spec for y in found if hasattr(y, "spec")]


# --- Keras ----------------------------------------------------------------------------------------


@contextmanager
def wide(call: Call) -> Iterator[None]:
    """64 bits where an array has them; jax cuts them off otherwise, with a warning."""
    needs = any(a.dtype.itemsize == 8 for a in arrays_of(call))
    with jax.enable_x64(True) if needs else nullcontext(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def documented(call: Call) -> list[str]:
    """The dtypes that Keras's rules name, whatever jax gives; empty where it has none to say."""
    symbols = [keras.KerasTensor(a.shape, a.dtype.name) for a in arrays_of(call)]
    try:
        found = outputs(applied(keras, call, symbols)) if symbols else []
    except Exception:
        return []
    return [str(getattr(y, "dtype", "")) for y in found]


def in_keras(call: Call, grad: bool = True) -> Outcome:
    """What Keras makes of a call."""
    arrays = arrays_of(call)
    chosen = differentiable(call) if grad else []
    with wide(call):
        held = [jax.numpy.asarray(a) for a in arrays]

        def run(*given: Any) -> list[Any]:
            filled = list(held)
            for i, array in zip(chosen, given, strict=True):
                filled[i] = array
            return outputs(applied(keras, call, filled))

        def loss(*given: Any) -> Any:
            parts = [
                (y * cotangent(y.shape).astype(y.dtype)).sum().astype("float32")
                for y in run(*given)
                if hasattr(y, "dtype") and jax.numpy.issubdtype(y.dtype, jax.numpy.floating)
            ]
            return sum(parts[1:], parts[0])

        given = [held[i] for i in chosen]
        try:
            found = run(*given)
        except Exception as error:
            return Outcome(error=f"{type(error).__name__}: {error}")
        outcome = Outcome(
            [np.asarray(y) for y in found], [{str(getattr(y, "dtype", ""))} for y in found]
        )
        floats = [d for dtypes in outcome.dtypes for d in dtypes if is_float(d)]
        if given and floats:
            try:
                found = jax.grad(loss, argnums=tuple(range(len(given))))(*given)
                outcome.grads = [np.asarray(g) for g in found]
            except Exception:
                outcome.grads = None
    said = documented(call)
    if len(said) == len(outcome.dtypes):
        for dtypes, name in zip(outcome.dtypes, said, strict=True):
            dtypes.add(name)
    return outcome


# Vectors that any sign, and in eig any order, may stand for.
UP_TO_SIGN = ("eig", "eigh", "qr", "svd")

# --- comparing ------------------------------------------------------------------------------------


def difference(call: Call, mine: Outcome, theirs: Outcome) -> str:
    """Where two outcomes part, or nothing."""
    if bool(mine.error) != bool(theirs.error):
        return f"kerasish {mine.error or 'gave a result'}; Keras {theirs.error or 'gave a result'}"
    if mine.error:
        return ""
    if len(mine.arrays) != len(theirs.arrays):
        return f"{len(mine.arrays)} outputs; Keras {len(theirs.arrays)}"
    for i, (x, y) in enumerate(zip(mine.arrays, theirs.arrays, strict=True)):
        if not narrow(mine.dtypes[i]) <= narrow(theirs.dtypes[i]):
            return f"dtype {mine.dtypes[i]}; Keras {theirs.dtypes[i]}"
        if x.shape != y.shape:
            return f"shape {x.shape}; Keras {y.shape}"
        if call.name in UP_TO_SIGN:
            x, y = (np.sort(np.abs(a), axis=-1) for a in (x, y))
        # Vectors lose digits where eigenvalues are close.
        found = unequal(x, y, "first_gradient" if call.name in UP_TO_SIGN else "value")
        if found:
            return f"output {i}: {found}"
    if mine.grads is None or theirs.grads is None:
        return ""
    for i, (g, h) in enumerate(zip(mine.grads, theirs.grads, strict=True)):
        if g is None and h is None:
            continue
        g = np.zeros_like(h) if g is None else g
        h = np.zeros_like(g) if h is None else h
        if g.dtype != h.dtype or g.shape != h.shape:
            return f"gradient {i}: {g.dtype}{g.shape}; Keras {h.dtype}{h.shape}"
        found = unequal(g, h, "first_gradient", *mine.arrays)
        if found:
            return f"gradient {i}: {found}"
    return ""


_NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}


def narrow(dtypes: set[str]) -> set[str]:
    """Dtypes in 32 bits: Keras's rules cut 64 bits off, kerasish keeps them."""
    return {_NARROW.get(name, name) for name in dtypes}


_COARSE = ("bfloat16", "float16", "float32", "float64")


def unequal(x: np.ndarray, y: np.ndarray, kind: str, *through: np.ndarray) -> str:
    """Whether arrays differ by more than the coarsest dtype, of `through` too, allows."""
    names = {a.dtype.name for a in (x, y, *through)}
    names |= {"float32" for a in (x, y) if a.dtype.kind == "c"}
    coarse = next((name for name in _COARSE if name in names), "")
    if not coarse:
        return "" if np.array_equal(x, y) else f"{short(x)}; Keras {short(y)}"
    # Keras computes some functions of float64 in float32.
    coarse = "float32" if coarse == "float64" else coarse
    limits = tolerance("value" if coarse in _COARSE[:2] else kind, coarse)
    wide = "complex128" if "c" in (x.dtype.kind, y.dtype.kind) else "float64"
    a, b = x.astype(wide), y.astype(wide)
    finite = np.abs(b[np.isfinite(b)]).max(initial=1.0)
    limits["atol"] *= float(finite)
    same = np.isclose(a, b, equal_nan=True, **limits)
    return "" if same.all() else f"{short(a[~same])}; Keras {short(b[~same])}"


def short(x: np.ndarray) -> str:
    return np.array2string(x.reshape(-1)[:4], precision=6, separator=",")
