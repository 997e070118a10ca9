"""Running an explanation: the number that is explained, batches of one size, one compiled step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.compiler import function
from kerasish.data.batch import Prepared
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError
from kerasish.explain.attribution import Attribution
from kerasish.explain.parts import names
from kerasish.explain.scene import chosen_output, scene
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.hints import whole
from kerasish.models import Model

Step = Callable[..., Any]


class Rows:
    """A model and some rows, which functions of its inputs are run on, batch by batch.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such.
        batch_size: rows that are looked at together.

    Attributes:
        x: what the compiled part of the model takes; `leaves` its arrays, `names` what they are
            called, `passed` whether each is an input as it was given and not read by a layer on
            the host.
    """

    def __init__(self, model: Model, x: Any, batch_size: int = 32) -> None:
        if not isinstance(model, Model):
            raise ArgumentError("model", expected="a keras.Model", received=repr(model))
        self.model = model
        self.batch_size = whole("batch_size", batch_size, least=1)
        self.x = self._read(x)
        self.leaves = _leaves(self.x)
        self.rows = len(self.leaves[0])
        head = model.head_for(lambda: x) if isinstance(self.x, Prepared) else None
        self.names = names(self.x) if head is None else head.names
        self.passed = [True] * len(self.leaves) if head is None else head.passed

    def _read(self, x: Any) -> Any:
        """An input as the compiled part of the model takes it."""
        return self.model.with_head(standardize_batch((x,)), "predict").x

    def rows_like_x(self, what: str, given: Any) -> list[np.ndarray]:
        """Other inputs of the model, leaf by leaf.

        Raises:
            ArgumentError: there are none, or of other shapes than rows of x.
        """
        leaves = _leaves(self._read(given))
        shapes, wanted = [v.shape[1:] for v in leaves], [v.shape[1:] for v in self.leaves]
        if shapes != wanted or not len(leaves[0]):
            raise ArgumentError(
                what,
                expected=f"inputs of the model, rows of {wanted}",
                received=f"arrays of shapes {[leaf.shape for leaf in leaves]}",
            )
        return [v.astype(x.dtype) for v, x in zip(leaves, self.leaves, strict=True)]

    def structured(self, leaves: Sequence[Any]) -> Any:
        """Leaves of the input in its structure; of what layers on the host made, by name."""
        if isinstance(self.x, Prepared):
            return leaves[0] if len(leaves) == 1 else dict(zip(self.names, leaves, strict=True))
        rest = iter(leaves)
        return tree.map_structure(lambda v: None if v is None else next(rest), self.x)

    def like_x(self, what: str, given: Any) -> list[np.ndarray]:
        """Arrays like the leaves of x of what was given: such arrays, a row, a number, or None."""
        if given is None:
            return []
        if not isinstance(given, dict) and np.ndim(given) == 0:
            return [np.full_like(leaf, given) for leaf in self.leaves]
        if isinstance(self.x, Prepared) and isinstance(given, dict):
            given = tuple(given[name] for name in self.names if name in given)
        parts = (
            [np.asarray(leaf) for leaf in tree.flatten(given) if leaf is not None]
            if isinstance(given, (dict, tuple)) or len(self.leaves) > 1
            else [np.asarray(given)]
        )
        fits = len(parts) == len(self.leaves) and all(
            part.shape in (leaf.shape, leaf.shape[1:], (1, *leaf.shape[1:]))
            for part, leaf in zip(parts, self.leaves, strict=True)
        )
        if not fits:
            raise ArgumentError(
                what,
                expected=f"a number, or arrays like x: {[leaf.shape for leaf in self.leaves]}",
                received=f"arrays of shapes {[part.shape for part in parts]}",
            )
        return [
            np.broadcast_to(part, leaf.shape).astype(leaf.dtype)
            for part, leaf in zip(parts, self.leaves, strict=True)
        ]

    def compiled(self, method: Callable[..., Any]) -> Step:
        """`method(x, *more)` as one compiled function of (leaves, more), x in its structure."""

        def run(leaves: list[Tensor], more: list[Tensor]) -> Any:
            rest = iter(leaves)
            x = tree.map_structure(lambda v: None if v is None else next(rest), self.x)
            return method(x, *more)

        return function(run)

    def batches(self, step: Step, *more: Any, only: np.ndarray | None = None) -> Any:
        """What a step gives for all rows.

        Args:
            more: other arrays of the step: (rows, ...), or numbers for all rows.
            only: the numbers of the rows that are asked for.
        """
        rows = np.arange(self.rows) if only is None else only
        parts: list[Any] = []
        made: Any = None
        size = min(self.batch_size, self.rows)  # the last batch too: a step is compiled once
        for start in range(0, len(rows), size):
            here = rows[np.arange(start, start + size).clip(max=len(rows) - 1)]
            keep = min(size, len(rows) - start)
            leaves = [convert_to_tensor(leaf[here]) for leaf in self.leaves]
            given = [convert_to_tensor(m[here] if np.ndim(m) else m) for m in more]
            made = step(leaves, given)
            parts.append([t.numpy()[:keep] for t in tree.flatten(made)])
        whole_ = map(np.concatenate, zip(*parts, strict=True))
        return tree.pack_sequence_as(made, list(whole_))


class Explained(Rows):
    """A model, some rows and the number of each that is explained.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such.
        target: which element of each row's output: a whole number or a tuple of them for all rows,
            an array (rows,) or (rows, axes); None for the largest of a row of classes, or for the
            only one.
        output: which of several outputs, by number or name.
        before_activation: whether the score before a last softmax or sigmoid is explained.
        batch_size: rows that are looked at together.
    """

    def __init__(
        self,
        model: Model,
        x: Any,
        target: Any = None,
        output: int | str | None = None,
        before_activation: bool = False,
        batch_size: int = 32,
    ) -> None:
        super().__init__(model, x, batch_size)
        self.output, self.before = output, bool(before_activation)
        said = model.predict(x, batch_size=self.batch_size, verbose=0)
        self.predictions = np.asarray(chosen_output(said, output))
        self.target = _target(self.predictions, target)
        self.seed = np.zeros(self.predictions.shape, np.float32)
        self.seed[(np.arange(self.rows), *self.target.T)] = 1

    def told(
        self,
        method: str,
        values: Sequence[np.ndarray | None],
        score: np.ndarray,
        whole: np.ndarray | None = None,
        **more: Any,
    ) -> Attribution:
        """The result: values of every leaf, None where it has none, what they lack to a sum, and
        what else is told."""
        residual = None
        if whole is not None:
            each = [
                v.reshape(self.rows, -1).sum(axis=1, dtype=np.float64)
                for v in values
                if v is not None
            ]
            residual = (whole - sum(each)).astype(np.float32)
        x = self.structured(self.leaves)
        told = self.structured(values)
        return Attribution(method, told, x, score, self.target, residual=residual, **more)

    def step(self, method: Callable[..., Any]) -> Step:
        """`method(scene, *more)` as one compiled function of (leaves, more), for `batches`."""

        def look(x: Any, seed: Tensor, *more: Tensor) -> Any:
            return method(scene(self.model, x, seed, self.output, self.before), *more)

        return self.compiled(look)

    def batches(self, step: Step, *more: Any, only: np.ndarray | None = None) -> Any:
        """What a step of `step` gives for all rows; arguments as of `Rows`."""
        return super().batches(step, self.seed, *more, only=only)


def _leaves(x: Any) -> list[np.ndarray]:
    return [leaf for leaf in tree.flatten(x) if leaf is not None]


def _target(predictions: np.ndarray, target: Any) -> np.ndarray:
    """(rows, axes): the indices of one element in each row of an output."""
    rows, shape = len(predictions), predictions.shape[1:]
    if target is None:
        if len(shape) > 1 and np.prod(shape) > 1:
            raise ArgumentError(
                "target",
                expected=f"which element of each output {shape}",
                received="None",
                fix=f"Give {len(shape)} indices, such as target={(0,) * len(shape)}.",
            )
        flat = predictions.reshape(rows, -1).argmax(axis=1)
        return (
            np.stack(np.unravel_index(flat, shape), axis=1) if shape else np.zeros((rows, 0), int)
        )
    found = np.asarray(target)
    whole_numbers = found.dtype.kind in "iu"
    if found.ndim == 0 or (found.shape == (len(shape),) and len(shape) > 1):
        found = np.broadcast_to(found, (rows, len(shape)))
    elif found.shape == (rows,):
        found = found[:, None]
    if not whole_numbers or found.shape != (rows, len(shape)):
        raise ArgumentError(
            "target",
            expected=f"whole numbers: {len(shape)} for all rows, or for each of {rows}",
            received=repr(target),
        )
    if ((found >= shape) | (found < np.negative(shape))).any():
        raise ArgumentError("target", expected=f"indices into {shape}", received=repr(target))
    return found % np.asarray(shape, int)
