"""Layers as pure functions: weights go in, outputs and new states come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.layers.base.holder import Holder
from kerasish.ops.stateless import StatelessScope, paired


class Stateless(Holder):
    """The functional half of a layer's interface."""

    def _given_state(self, what: str, trainable: Sequence[Any], fixed: Sequence[Any]) -> list[Any]:
        """Pairs for a scope, checked."""
        self._need_built(what)
        pairs: list[Any] = []
        for kind, values in (("trainable", trainable), ("non_trainable", fixed)):
            variables = getattr(self, f"{kind}_variables")
            pairs += paired(f"{what} of {self.name!r}, {kind}_variables", variables, values)
        return pairs

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer with given values for its variables, which stay as they are.

        Args:
            trainable_variables: values, in the order of the attribute of that name.
            non_trainable_variables: the same for the others.
            args: what `call` takes.
            return_losses: whether the losses of the call are returned too.
            kwargs: what `call` takes.

        Returns:
            (outputs, values of the non-trainable variables after the call), and the list of losses
            with `return_losses`.

        Raises:
            ArgumentError: the layer is not built, or another number of values.

        Example:
            >>> import kerasish as keras
            >>> layer = keras.layers.Dense(1, kernel_initializer="ones")
            >>> layer.build((None, 2))
            >>> y, states = layer.stateless_call([[[2.0], [3.0]], [1.0]], [], [[1.0, 1.0]])
            >>> y.tolist(), states
            ([[6.0]], [])
        """
        given = self._given_state("stateless_call", trainable_variables, non_trainable_variables)
        with StatelessScope(given) as scope:
            outputs = self(*args, **kwargs)  # type: ignore[operator]
            losses = self.losses if return_losses else []
        states = scope.current_values(self.non_trainable_variables)
        return (outputs, states, losses) if return_losses else (outputs, states)
