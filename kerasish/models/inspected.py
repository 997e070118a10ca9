"""The methods of models that look into their steps."""

from __future__ import annotations

from typing import Any

from kerasish import registry


class Inspected:
    """Mixin of `Model`: `profile`, `memory` and `graph`.

    What they give is made by `kerasish.inspect`, which stands on models and is found by name.
    """

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
