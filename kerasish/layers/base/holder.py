"""Holder: the half of a layer's contract that is about what it holds: weights, losses, names."""

# pyright: reportPrivateUsage=false, reportUnnecessaryIsInstance=false
# The files of this room share what a layer keeps to itself, and users may give what no hint allows.

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from kerasish import naming, tree
from kerasish.changes import Versioned, tick
from kerasish.errors import ArgumentError, KerasishError, ShapeError, told
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.graph.trace import current_trace
from kerasish.graph.variable import Variable
from kerasish.hints import asked
from kerasish.layers.base import tracking
from kerasish.layers.base.policy import DTypePolicy, as_policy
from kerasish.naming import snake_case

# What belongs to the process: symbols and losses of calls, compiled steps, runs.
_LEFT_BEHIND = frozenset(("_calls", "_losses", "_version", "_plans", "_runs", "_functions"))


def _bookkeeping(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a layer keeps about itself, as it is before any constructor runs."""
    return {
        "_weights": [],
        "_frozen": set(),
        "_losses": [],
        "_calls": [],
        "_given": given,
        "_path": None,
        "_parent_path": None,
        "_trainable": True,
        "_warned": False,
        "_auto_named": True,
        "_base_name": name,
        "_name": name,
        "_initialized": False,
        "_build_shapes": None,
        "_building": False,
        "built": False,
        "_version": tick(),
    }


# What no subclass may set; of these others it may.
BOOKKEEPING = frozenset(_bookkeeping("", {})) - {"_name", "_initialized", "built"}


def _revived(cls: type[Holder]) -> Holder:
    """A layer without its state, for copies."""
    made = object.__new__(cls)
    made._start({})
    return made


class Holder(Versioned):
    """Variables, sublayers, seed generators and losses of a layer, found through attributes."""

    # Attributes that hold bookkeeping or objects of someone else.
    untracked: ClassVar[frozenset[str]] = frozenset(
        "_weights _frozen _losses _calls _given _build_shapes _input_spec _initial_weights "
        "_remat_scope".split()
    )
    unversioned = frozenset(("trainable",))
    _weights: list[Variable]
    _frozen: set[int]
    _any_losses: ClassVar[bool] = False  # whether anything ever added one
    _losses: list[Tensor]
    _calls: list[Any]
    _given: dict[str, Any]
    _path: str | None
    _parent_path: str | None
    _name: str
    _base_name: str
    _auto_named: bool
    _trainable: bool
    _warned: bool

    def _start(self, given: dict[str, Any]) -> None:
        """Set the bookkeeping up before any constructor of a subclass runs."""
        vars(self).update(_bookkeeping(snake_case(type(self).__name__), given))

    # --- copies -------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _revived, (type(self),), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in _LEFT_BEHIND}
        state["_frozen"] = [v for v in self._weights if id(v) in self._frozen]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        frozen = {id(variable) for variable in state["_frozen"]}
        super().__setstate__({**state, "_frozen": frozen})

    # --- name ---------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The given name, or one made from the class name and counted over the program."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        if not isinstance(value, str) or "/" in value or not value:
            raise ArgumentError(
                f"{type(self).__name__}.name",
                expected="a string without '/'",
                received=f"name={value!r}",
            )
        self._rename(value)
        object.__setattr__(self, "_auto_named", False)

    def _rename(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refusal(
        self,
        expected: object,
        received: object,
        fix: str = "",
        of: str = "",
        kind: type[KerasishError] = ArgumentError,
    ) -> KerasishError:
        """The error of what this layer does not take, as an argument or in a call.

        Args:
            of: what about the layer, where its name does not say enough.
        """
        label = f"{type(self).__name__} {self.name!r}" + (f", {of}" if of else "")
        return kind(label, expected=expected, received=received, fix=fix)

    def _misfit(self, expected: str, shape: Any, **more: Any) -> KerasishError:
        """The error of a shape that this layer does not take."""
        return self._refusal(expected, f"shape {shape}", kind=ShapeError, **more)

    def _need_built(self, what: str) -> None:
        if not self.built:
            fix = "Call it on data, or call build(input_shape), first."
            raise self._refusal("a built layer", "an unbuilt one", fix, what)

    @property
    def path(self) -> str | None:
        """The names around this layer when it was first used, and its own; None before."""
        return self._path

    def _scope(self) -> naming.opened:
        """Context manager: variables made inside have paths below this layer's.

        The names around it are those of its first use, wherever it is used later.
        """
        if self._parent_path is None:
            parent = naming.current_path()
            object.__setattr__(self, "_parent_path", parent)
            object.__setattr__(self, "_path", naming.below(parent, self.name))
        return naming.opened(self.name, self, self._parent_path)

    # --- what is held ---------------------------------------------------------------------------

    def _sublayers(self, held: tracking.Held | None = None) -> list[Any]:
        """The direct sublayers.

        Args:
            held: what `tracking.attributes` gives for this layer, where it is known.
        """
        held = tracking.attributes(self) if held is None else held
        return tracking.sublayers(self, Holder, held)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """All layers below this one, each once, depth first."""
        if not recursive:
            return [*([self] if include_self else []), *self._sublayers()]
        found = tracking.collect(self, lambda layer, _: [layer])
        return found if include_self else found[1:]

    def _own(self, variable: Variable) -> None:
        """Count a variable among this layer's own."""
        if any(variable is held for held in self._weights):
            return
        self._weights.append(variable)
        if not variable.trainable:
            self._frozen.add(id(variable))
        elif not self._trainable:
            variable.trainable = False

    @property
    def weights(self) -> list[Variable]:
        """All weight variables: of the layer itself (trainable ones first), then of sublayers."""
        return tracking.collect(self, tracking.own_variables)

    @property
    def variables(self) -> list[Variable]:
        """`weights` and the states of seed generators."""

        def own(layer: Any, held: tracking.Held) -> list[Variable]:
            states = [generator.state for generator in tracking.seed_generators(layer, held)]
            return tracking.own_variables(layer, held) + states

        return tracking.collect(self, own)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that an optimizer changes."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that an optimizer leaves alone."""
        return [v for v in self.weights if not (v.trainable and self.trainable)]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that an optimizer changes."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Statistics, seed states and frozen weights."""
        return [v for v in self.variables if not (v.trainable and self.trainable)]

    @property
    def metrics(self) -> list[Any]:
        """The metrics held by this layer and its sublayers."""
        return tracking.with_metrics(self)[1]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained; setting it reaches all sublayers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise ArgumentError(
                f"{type(self).__name__}.trainable", expected="True or False", received=repr(value)
            )
        self._set_own_trainable(bool(value))
        for child in self._sublayers():
            child.trainable = value

    def _set_own_trainable(self, value: bool) -> None:
        """Freeze or thaw this layer alone."""
        if self._trainable != value:
            object.__setattr__(self, "_trainable", value)
            tick()
        for variable in tracking.own_variables(self):
            if id(variable) not in self._frozen:
                variable.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in the order of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign all weights, in the order of `weights`.

        Raises:
            ArgumentError: another number of arrays.
            ShapeError: a shape differs.
        """
        held = self.weights
        if not isinstance(weights, (Sequence, np.ndarray)) or isinstance(weights, str):
            raise self._refusal(f"a list of {len(held)} arrays", repr(weights), of="set_weights")
        if len(held) != len(weights):
            raise self._refusal(f"{len(held)} arrays", len(weights), of="set_weights")
        for variable, value in zip(held, weights, strict=True):
            if tuple(np.shape(value)) != variable.shape:
                of = f"set_weights, {variable.path}"
                raise self._misfit(f"shape {variable.shape}", np.shape(value), of=of)
        for variable, value in zip(held, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of scalars in all weights."""
        self._need_built("count_params")
        return sum(math.prod(v.shape) for v in self.weights)

    # --- making weights -----------------------------------------------------------------------

    _dtype_policy: DTypePolicy
    built: bool

    @property
    def dtype_policy(self) -> Any:
        """The `DTypePolicy`; setting it takes a policy, a name, a dtype or a config."""
        try:
            return self._dtype_policy
        except AttributeError:
            raise AttributeError(
                told(
                    f"{type(self).__name__} has no dtype yet",
                    expected="super().__init__() called first in its __init__",
                )
            ) from None

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._set_policy(value)

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation; floating inputs are cast to it."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floating inputs are cast to."""
        return self.compute_dtype

    def _set_policy(self, dtype: Any) -> None:
        object.__setattr__(self, "_dtype_policy", as_policy(dtype))
        self._moved()

    # --- losses ---------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add scalars to what training minimises; for use inside `call`."""
        Holder._any_losses = True
        self._losses.extend(convert_to_tensor(part) for part in tree.flatten(loss))

    @property
    def losses(self) -> list[Tensor]:
        """The scalars of `add_loss` in the last call, then the penalties of regularizers."""
        added: list[Tensor] = tracking.collect(self, lambda layer, _: layer._losses)
        if current_trace() is None:
            # What a trace added means nothing outside it.
            added = [loss for loss in added if not loss.is_symbolic]
        penalties = [
            asked(f"The regularizer of {v.path!r}", "f(weight)", v.regularizer, v.value)
            for v in self.trainable_weights
            if v.regularizer
        ]
        return added + penalties

    def _clear_losses(self) -> None:
        if not Holder._any_losses:
            return  # nothing ever added one: a walk through the model would be for nothing
        for layer in self._flatten_layers():
            layer._losses.clear()

    def _warn_once(self, message: str) -> None:
        if not self._warned:
            object.__setattr__(self, "_warned", True)
            warnings.warn(message, stacklevel=2)
