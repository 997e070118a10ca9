"""LSTM and GRU (reset after the product) over whole sequences, forward and backward.

Hochreiter & Schmidhuber 1997; Cho et al. 2014, in cuDNN's variant ("linear before reset" in
oneDNN). oneDNN's gates come in Keras's order: i, f, c, o and z, r, h. The forward pass of training
leaves what the backward pass needs in a workspace that the caller owns: `workspace_nbytes`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kerasish.compiler.kernels.onednn.api import (
    Desc,
    PrimitiveDesc,
    attributes,
    engine,
)
from kerasish.compiler.kernels.onednn.constants import LEFT_TO_RIGHT, Arg, Prop
from kerasish.compiler.kernels.onednn.program import (
    Array,
    Memory,
    Program,
    Scratch,
    Step,
    dense,
)
from kerasish.errors import ArgumentError

_TIME_FIRST = (1, 0, 2)  # oneDNN sees (B, T, features) as (T, B, features)
_DIFF = 128  # between an argument and its gradient
GATES = {"lstm": 4, "gru": 3}


class Sizes(NamedTuple):
    """The sizes of one recurrent layer."""

    cell: str  # "lstm" or "gru"
    batch: int
    steps: int
    features: int
    units: int


class _Descs(NamedTuple):
    """The descriptors of one direction, as oneDNN's functions list them."""

    sources: tuple[Desc, ...]  # x, h0 (, c0)
    weights: tuple[Desc | None, ...]  # kernel, recurrent kernel (, peephole, projection), bias
    results: tuple[Desc, ...]  # y, h (, c)

    def all(self) -> tuple[Desc | None, ...]:
        return self.sources + self.weights + self.results


def _descs(s: Sizes, own_weights: bool) -> _Descs:
    gates = GATES[s.cell]
    shapes = [(1, 1, n, gates, s.units) for n in (s.features, s.units)]
    kernels = tuple(dense(shape) if own_weights else Desc.any(shape) for shape in shapes)
    state = dense((1, 1, s.batch, s.units))
    states = (state, state) if s.cell == "lstm" else (state,)
    bias = dense((1, 1, 4, s.units))
    none = (None, None) if s.cell == "lstm" else ()
    return _Descs(
        (dense((s.steps, s.batch, s.features)), *states),
        (*kernels, *none, bias),
        (dense((s.steps, s.batch, s.units)), *states),
    )


def _prefix(cell: str) -> str:
    return "lstm" if cell == "lstm" else "lbr_gru"


@lru_cache(64)
def forward(s: Sizes, training: bool) -> PrimitiveDesc:
    """The forward primitive for these sizes."""
    prop = Prop.FORWARD_TRAINING if training else Prop.FORWARD_INFERENCE
    return PrimitiveDesc(
        f"{_prefix(s.cell)}_forward", engine(), prop, LEFT_TO_RIGHT,
        *_descs(s, False).all(), 0, attributes(),
    )  # fmt: skip


@lru_cache(64)
def backward(s: Sizes) -> PrimitiveDesc:
    """The backward primitive for these sizes; weight gradients in our own layout."""
    return PrimitiveDesc(
        f"{_prefix(s.cell)}_backward", engine(), Prop.BACKWARD, LEFT_TO_RIGHT,
        *_descs(s, False).all(), *_descs(s, True).all(), 0, forward(s, True), attributes(),
    )  # fmt: skip


def workspace_nbytes(s: Sizes) -> int:
    """Bytes of the workspace that a training forward pass writes and the backward pass reads."""
    return forward(s, True).desc(Arg.WORKSPACE).nbytes


class Inputs(NamedTuple):
    """What a recurrent layer reads, or the gradients with respect to it."""

    x: Array | None  # (B, T, I)
    states: tuple[Array | None, ...]  # h0 (B, U); for an LSTM c0 too; None: zeros
    kernel: Array | None  # (I, gates * U)
    recurrent: Array | None  # (U, gates * U)
    bias: Array | None  # LSTM: (4 U,); GRU: (2, 3 U), input side and recurrent side


class Results(NamedTuple):
    """What a recurrent layer computes, or the gradients with respect to it."""

    y: Array | None  # (B, T, U), h after every step
    states: tuple[Array | None, ...]  # the last h (B, U); for an LSTM the last c too


class _Binder:
    """Brings the arrays of one recurrent primitive into the layouts it wants."""

    def __init__(self, s: Sizes, desc: PrimitiveDesc, scratch: Scratch | None) -> None:
        self.sizes, self.desc = s, desc
        self.program = Program(scratch)
        self.args: dict[Arg, Memory] = {}
        self._late: list[tuple[Memory, Memory]] = []
        self._shapes = {
            Arg.SRC: (s.batch, s.steps, s.features),
            Arg.DST: (s.batch, s.steps, s.units),
            Arg.WEIGHTS: (1, 1, s.features, GATES[s.cell], s.units),
            Arg.WEIGHTS_ITER: (1, 1, s.units, GATES[s.cell], s.units),
            Arg.BIAS: (1, 1, 4, s.units),
        }

    def _memory(self, array: Array) -> Memory:
        return self.program.bind(array, _TIME_FIRST if array.ndim == 3 else None)

    def _shape(self, arg: Arg) -> tuple[int, ...]:
        plain = Arg(arg - _DIFF) if arg > _DIFF else arg
        return self._shapes.get(plain, (1, 1, self.sizes.batch, self.sizes.units))

    def read(self, arg: Arg, array: Array | None) -> None:
        """An input; zeros where there is none."""
        shape = self._shape(arg)
        array = np.zeros(shape, np.float32) if array is None else array.reshape(shape)
        self.args[arg] = self.program.fetch(self._memory(array), self.desc.desc(arg))

    def write(self, arg: Arg, array: Array | None) -> None:
        """An output, in our own layout in the end; a temporary where nobody wants it."""
        wanted = self.desc.desc(arg)
        if array is None:
            self.args[arg] = self.program.temporary(wanted)
            return
        target = self._memory(array.reshape(self._shape(arg)))
        if target.desc.same(wanted):
            self.args[arg] = target
            return
        self.args[arg] = self.program.temporary(wanted)
        self._late.append((self.args[arg], target))

    def accumulate(self, arg: Arg, array: Array | None) -> None:
        """A weight gradient: oneDNN adds to it, so it starts every step at zero."""
        array = np.empty(self._shape(arg), np.float32) if array is None else array
        self.program.call(lambda: array.fill(0))
        self.write(arg, array)

    def inputs(self, values: Inputs) -> None:
        """What both passes read."""
        self.read(Arg.SRC, values.x)
        for arg, state in zip((Arg.SRC_ITER, Arg.SRC_ITER_C), values.states, strict=False):
            self.read(arg, state)
        self.read(Arg.WEIGHTS, values.kernel)
        self.read(Arg.WEIGHTS_ITER, values.recurrent)
        bias = values.bias
        if bias is not None and self.sizes.cell == "gru":
            rows = np.empty((4, self.sizes.units), np.float32)
            self.program.call(_gru_rows(bias, rows))
            bias = rows
        self.read(Arg.BIAS, bias)

    def workspace(self, buffer: Array) -> None:
        """The caller's buffer between the passes."""
        self.args[Arg.WORKSPACE] = self.program.bind_as(buffer, self.desc.desc(Arg.WORKSPACE))

    def step(self, after: Step | None = None) -> Step:
        """The finished step, with plain work after the primitive."""
        self.program.execute(self.desc, self.args)
        for written, target in self._late:
            self.program.reorder(written, target)
        if after is not None:
            self.program.call(after)
        return self.program.step()


def _gru_rows(bias: Array, rows: Array) -> Step:
    """Keras's (2, 3 U) -> b_z + r_z, b_r + r_r, b_h, r_h."""
    given = bias.reshape(2, 3, -1)

    def fill() -> None:
        np.add(given[0, :2], given[1, :2], out=rows[:2])
        rows[2:] = given[:, 2]

    return fill


def _gru_bias(rows: Array, bias: Array) -> Step:
    """The gradient of `_gru_rows`."""
    target = bias.reshape(2, 3, -1)

    def fill() -> None:
        target[:, :2] = rows[:2]
        target[:, 2] = rows[2:]

    return fill


def _sizes(cell: str, values: Inputs) -> Sizes:
    if values.x is None or values.recurrent is None:
        raise ArgumentError("A recurrent layer needs x and its recurrent kernel. Received: None.")
    batch, steps, features = values.x.shape
    return Sizes(cell, batch, steps, features, values.recurrent.shape[0])


def bind_rnn(
    cell: str,
    inputs: Inputs,
    results: Results,
    workspace: Array | None = None,
    scratch: Scratch | None = None,
) -> Step:
    """Run a whole sequence through an LSTM or a GRU.

    Args:
        cell: "lstm" or "gru".
        inputs: float32, any strides.
        results: float32, contiguous; written. None where nobody wants it.
        workspace: uint8, `workspace_nbytes` long, for `bind_rnn_grad`; None: inference.
        scratch: where temporaries live; None: the process's.
    """
    s = _sizes(cell, inputs)
    binder = _Binder(s, forward(s, workspace is not None), scratch)
    binder.inputs(inputs)
    binder.write(Arg.DST, results.y)
    for arg, state in zip((Arg.DST_ITER, Arg.DST_ITER_C), results.states, strict=False):
        binder.write(arg, state)
    if workspace is not None:
        binder.workspace(workspace)
    return binder.step()


def bind_rnn_grad(
    cell: str,
    inputs: Inputs,
    results: Results,
    workspace: Array,
    result_grads: Results,
    input_grads: Inputs,
    scratch: Scratch | None = None,
) -> Step:
    """The gradients of `bind_rnn` with respect to all of its inputs.

    Args:
        cell: "lstm" or "gru".
        inputs: as in the forward pass.
        results: as the forward pass left them, all of them.
        workspace: as the forward pass left it.
        result_grads: float32, any strides; None: zeros.
        input_grads: float32, contiguous; written. None where nobody wants it.
        scratch: where temporaries live; None: the process's.
    """
    s = _sizes(cell, inputs)
    binder = _Binder(s, backward(s), scratch)
    binder.inputs(inputs)
    binder.workspace(workspace)
    for pairs, (y, states) in (
        ((Arg.DST, (Arg.DST_ITER, Arg.DST_ITER_C)), results),
        ((Arg.DIFF_DST, (Arg.DIFF_DST_ITER, Arg.DIFF_DST_ITER_C)), result_grads),
    ):
        binder.read(pairs[0], y)
        for arg, state in zip(pairs[1], states, strict=False):
            binder.read(arg, state)
    binder.write(Arg.DIFF_SRC, input_grads.x)
    for arg, state in zip(
        (Arg.DIFF_SRC_ITER, Arg.DIFF_SRC_ITER_C), input_grads.states, strict=False
    ):
        binder.write(arg, state)
    binder.accumulate(Arg.DIFF_WEIGHTS, input_grads.kernel)
    binder.accumulate(Arg.DIFF_WEIGHTS_ITER, input_grads.recurrent)
    if cell == "lstm" or input_grads.bias is None:
        binder.accumulate(Arg.DIFF_BIAS, input_grads.bias)
        return binder.step()
    rows = np.empty((4, s.units), np.float32)
    binder.accumulate(Arg.DIFF_BIAS, rows)
    return binder.step(_gru_bias(rows, input_grads.bias))
