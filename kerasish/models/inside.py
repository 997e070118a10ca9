"""What a model offers to who looks into it: `kerasish.inspect`, which stands on models, does it."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kerasish import registry
from kerasish.errors import UnknownNameError
from kerasish.layers.base.hooks import Hook, Hooks


class Inside:
    """The methods of `Model` that look inside; x, y and sample_weight are one batch in all."""

    def profile(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        mode: str | None = None,
        runs: int = 20,
        warmup: int = 2,
    ) -> Any:
        """Time every step of what the model does with one batch; the model is left as it was.

        Args:
            x, y, sample_weight: one batch; a `TensorSpec` stands for an array.
            mode: "train", "test" or "predict"; by default "train", or "predict" without `y`.
            runs: timed runs.
            warmup: runs before, which are not timed.

        Returns:
            A `kerasish.inspect.Profile`: print it, or ask `by_layer()`, `by_op()`, `save_trace()`.
        """
        batch = (x, y, sample_weight)
        return registry.above("model.profile")(self, batch, mode, runs, warmup)

    def memory(
        self, x: Any, y: Any = None, sample_weight: Any = None, mode: str | None = None
    ) -> Any:
        """What a step on such a batch takes in memory, before it runs; see `profile`.

        Returns:
            A `kerasish.inspect.Memory`, in bytes: print it, or ask `total`.
        """
        return registry.above("model.memory")(self, (x, y, sample_weight), mode)

    def graph(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        mode: str | None = None,
        stage: str | None = None,
    ) -> str:
        """The step on such a batch as text; see `profile`.

        Args:
            stage: "traced", the name of a pass, or "plan"; None shows all.
        """
        return registry.above("model.graph")(self, (x, y, sample_weight), mode, stage)

    def explore(
        self,
        path: str | os.PathLike[str],
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        mode: str | None = None,
        runs: int = 5,
    ) -> Path:
        """Write one page on which the step on such a batch can be seen at every stage.

        It shows layers, the traced graph with its gradient, what each pass changed, the plan with
        times and code, and memory, with the values of the batch. It loads nothing: open it in any
        browser.

        Args:
            path: the file, such as "model.html".
            x, y, sample_weight, mode: see `profile`.
            runs: timed runs.

        Returns:
            The path.
        """
        batch = (x, y, sample_weight)
        return registry.above("model.explore")(self, path, batch, mode, runs)

    def trace(
        self, x: Any, y: Any = None, sample_weight: Any = None, training: bool = False
    ) -> Any:
        """What every layer, and every node, holds for a batch; with `y` its gradients too.

        Args:
            x, y, sample_weight: one batch.
            training: whether layers such as Dropout do what they do in training.

        Returns:
            A `kerasish.inspect.Trace`: `trace["conv_1"].output`, `.gradient`, `.seconds`;
            `trace["block*"]` is a list.
        """
        return registry.above("model.trace")(self, (x, y, sample_weight), training)

    def debug(
        self, x: Any, y: Any = None, sample_weight: Any = None, mode: str | None = None
    ) -> Any:
        """Step through the plan of a batch in a terminal; `help` there says how. See `profile`."""
        return registry.above("model.debug")(self, (x, y, sample_weight), mode)

    def diff(self, other: Any) -> Any:
        """How another model differs: layers, arguments, shapes and values of weights.

        Returns:
            A `kerasish.inspect.Difference`: print it, or ask `same`, `layers`, `weights`.
        """
        return registry.above("model.diff")(self, other)

    def layer_paths(self) -> dict[str, Any]:
        """The layers of the model, at any depth, by path: "encoder/attention/query"."""
        return layer_paths(self)

    def hook(self, pattern: str, hook: Hook) -> Hooks:
        """Let a function see, or change, what layers give.

        Args:
            pattern: names or paths of layers, such as "conv*", "encoder/*/attention" or "*".
            hook: `hook(layer, inputs, outputs)`; what it returns, if not None, takes the place of
                the outputs. In what is compiled it runs once, while the step is traced, on symbols;
                with `run_eagerly=True` at every call, on values.

        Returns:
            `remove()` takes the hooks away, as does the end of a `with` block.

        Raises:
            UnknownNameError: no layer is called so.

        Example:

            with model.hook("conv*", lambda layer, x, y: y * 0):
                model.evaluate(x, y)  # without what these layers say
        """
        named = layer_paths(self)
        chosen = [layer for path, layer in named.items() if fits(path, pattern)]
        if not chosen:
            raise UnknownNameError(
                "hook", expected=f"a layer: {', '.join(named)}", received=repr(pattern)
            )
        return Hooks(chosen, hook)


def layer_paths(layer: Any, above: str = "") -> dict[str, Any]:
    """Layers inside a layer, at any depth, by path; its own name is no part of them."""
    found: dict[str, Any] = {}
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        path = f"{above}{inner.name}"
        found[path] = inner
        found |= layer_paths(inner, f"{path}/")
    return found


def fits(path: str, pattern: str) -> bool:
    """Whether a layer's path, or its name alone, is what a pattern with `*` and `?` means."""
    return any(fnmatchcase(name, pattern) for name in (path, path.rsplit("/", 1)[-1]))
