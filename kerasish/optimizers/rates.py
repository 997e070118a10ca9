"""Learning rates of single layers: factors of the optimizer's own, by the names of layers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from kerasish import ops
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.state import OptimizerState, Variables
from kerasish.registry import hint


class LayerRates(OptimizerState):
    """The part of `Optimizer` by which layers learn at rates of their own; see `rates`."""

    built: bool
    _rates: Mapping[str, float] | None = None
    _factors: Mapping[Variable, float] | None = None
    weight_paths: Mapping[Variable, str] | None = None  # in the model; by default as they were made

    @property
    def rates(self) -> dict[str, float]:
        """Factors of the learning rate for the weights of some layers: {pattern: factor}.

        A pattern is the name of a layer or of a model inside, or names in a row with "/" between
        ("body/conv1", "head/kernel"); `*` stands for any characters. Where several fit, the last
        one counts. Weight decay, which goes by the rate, follows; 0 keeps the weights as they are.
        Set before the first step.

        Example:
            >>> import kerasish as keras
            >>> optimizer = keras.optimizers.Adam(1e-3)
            >>> optimizer.rates = {"body": 0.1, "head_*": 2.0}

        Raises:
            ArgumentError: a factor is no number of at least 0, or the optimizer is built; when it
                is built: a pattern fits none of the weights.
        """
        return dict(self._rates or {})

    @rates.setter
    def rates(self, value: Mapping[str, float]) -> None:
        if not isinstance(value, Mapping):
            raise ArgumentError("rates", expected="{pattern: factor}", received=repr(value))
        if self.built:
            raise ArgumentError(
                "rates", expected="to be set before the first step", received="a built optimizer"
            )
        for pattern, factor in value.items():
            number = isinstance(factor, (int, float)) and not isinstance(factor, bool)
            if not isinstance(pattern, str) or not number or not 0 <= factor < float("inf"):
                raise ArgumentError(
                    f"rates[{pattern!r}]",
                    expected="a text as pattern, and a number of at least 0",
                    received=repr(factor),
                )
        self._rates = {pattern: float(factor) for pattern, factor in value.items()}

    def _factors_of(self, variables: Variables) -> dict[Variable, float]:
        """The factors of variables that have one."""
        found: dict[Variable, float] = {}
        given = self.weight_paths or {}
        paths = {variable: given.get(variable, variable.path) for variable in variables}
        for pattern, factor in (self._rates or {}).items():
            fitting = [one for one, path in paths.items() if fits(pattern, path)]
            if not fitting:
                known = list(dict.fromkeys(p.rpartition("/")[0] or p for p in paths.values()))
                raise ArgumentError(
                    f"rates[{pattern!r}]",
                    expected="a pattern that fits the path of a weight that is trained",
                    received=f"one that fits none of {', '.join(known[:8])}",
                    fix=hint(pattern, known, 3),
                )
            found.update(dict.fromkeys(fitting, factor))
        return found

    def _rate_for(self, variable: Variable, rate: Tensor) -> Tensor:
        """The learning rate of one variable."""
        factor = 1.0 if self._factors is None else self._factors.get(variable, 1.0)
        return rate if factor == 1.0 else ops.convert_to_tensor(rate) * factor

    def get_config(self) -> dict[str, Any]:
        """The arguments, and the rates of layers where there are some."""
        config: dict[str, Any] = super().get_config()
        return {**config, "rates": self.rates} if self._rates else config

    @classmethod
    def _of(cls, config: Mapping[str, Any]) -> Self:
        """The optimizer of a config."""
        arguments = dict(config)
        rates = arguments.pop("rates", None)
        made = cls(**arguments)
        if rates:
            made.rates = rates
        return made


def fits(pattern: str, path: str) -> bool:
    """Whether a pattern fits a weight's path, or some names in a row of it."""
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    return any(expression.fullmatch(part) for part in _parts(path.split("/")))


def _parts(names: list[str]) -> Iterator[str]:
    for start in range(len(names)):
        for end in range(start + 1, len(names) + 1):
            yield "/".join(names[start:end])


def unfit(patterns: Iterable[str], paths: Iterable[str]) -> list[str]:
    """The patterns that fit none of the paths."""
    known = list(paths)
    return [pattern for pattern in patterns if not any(fits(pattern, path) for path in known)]
