"""Buildable: the part of a layer's contract that is about making weights from shapes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, dataclass_transform

from kerasish import budget
from kerasish.arguments.fields import keyword
from kerasish.arguments.signatures import parameters, signature
from kerasish.errors import ArgumentError
from kerasish.graph.trace import eagerly
from kerasish.layers.base import call as _call
from kerasish.layers.base import tracking
from kerasish.layers.base.holder import Holder
from kerasish.layers.base.remat import RematScope
from kerasish.ops.symbolic import is_shape


@dataclass_transform(eq_default=False, field_specifiers=(keyword,))
class Buildable(Holder):
    """`build` called with shapes, what it was called with remembered, and weights stored."""

    supports_masking: bool = False
    autocast: bool = True
    activity_regularizer: Any = None
    _initialized: bool
    _remat_scope: RematScope | None
    _building: bool
    _build_shapes: dict[str, Any] | None
    _initial_weights: Any = None
    _input_spec: Any = None
    builds_by_calling = True  # there is no `build`: sublayers build when they are called
    _parts_given = False  # whether the constructor with fields was given parts too
    if TYPE_CHECKING:

        def build(self, *args: Any, **kwargs: Any) -> None: ...

    def _made_of(self, args: tuple[Any, ...]) -> bool:
        """Whether such first arguments are parts, which a constructor without fields takes."""
        return False

    def _build_for(self, values: dict[str, Any]) -> None:
        """Call `build` with the shapes of the given tensors, by name where it asks for names."""
        given = {
            f"{name}_shape": _call.shapes(value)
            for name, value in values.items()
            if not name.endswith("mask") and _call.has_tensor(value)
        }
        first = next(iter(given.values()), None)
        if self.builds_by_calling:
            shapes = {} if first is None else {"input_shape": first}
            object.__setattr__(self, "_build_shapes", shapes)
            return  # sublayers build themselves when they are called
        asked = list(parameters(self.build).values())
        names = [p.name for p in asked if p.kind is not p.VAR_KEYWORD]
        missing = [
            p.name
            for p in asked
            if p.default is p.empty and p.name in names and p.name not in given
        ]
        if len(names) == 1:
            self.build(first)
        elif missing and not any(p.kind is p.VAR_POSITIONAL for p in asked):
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}",
                expected="tensors for "
                f"{', '.join(name.removesuffix('_shape') for name in missing)} too",
                received=", ".join(name.removesuffix("_shape") for name in given) or "none",
            )
        else:
            self.build(**{name: given[name] for name in names if name in given})

    def _finish_build(self, shapes: dict[str, Any]) -> None:
        object.__setattr__(self, "_build_shapes", shapes)
        object.__setattr__(self, "built", True)
        if self._initial_weights is not None:
            given, self._initial_weights = self._initial_weights, None
            self.set_weights(given if isinstance(given, (list, tuple)) else [given])

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that `build` was called with."""
        shapes = self._build_shapes
        if not shapes:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": dict(shapes)}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build for the shapes of a `get_build_config`."""
        if self.built or not config:
            return
        with budget.typed(f"{self.name}.build_from_config"):
            self._build_as(config)

    def _build_as(self, config: Mapping[str, Any]) -> None:
        if "input_shape" in config:
            shape = as_shape(config["input_shape"])
            if not all(isinstance(s, tuple) or s is None for s in _leaves(shape)):
                raise ArgumentError(
                    f"{self.name}.build_from_config, input_shape",
                    expected="a shape, or a list or dict of shapes",
                    received=shape,
                )
            if shape is not None:
                self.build(shape)
        elif "shapes_dict" in config:
            self.build(**{k: as_shape(v) for k, v in config["shapes_dict"].items()})

    @property
    def input_spec(self) -> Any:
        """What the layer asks of its first argument: an InputSpec, a structure of them, or None."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        object.__setattr__(self, "_input_spec", value)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into a dict-like store, keyed "0", "1", ..."""
        for i, variable in enumerate(tracking.own_variables(self)):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Assign the layer's own variables from a store that `save_own_variables` filled."""
        held = tracking.own_variables(self)
        if len(store.keys()) != len(held):
            raise ArgumentError(
                f"Layer {self.name!r}",
                expected=f"{len(held)} variables "
                f"({', '.join(v.name for v in held) or 'none: is it built?'})",
                received=len(store.keys()),
            )
        for i, variable in enumerate(held):
            variable.assign(store[str(i)])


def recorded_build(build: Callable[..., None]) -> Callable[..., None]:
    """`build` run eagerly, its shapes remembered; calls of super().build() are left alone."""
    held = signature(build)

    @functools.wraps(build)
    def wrapper(self: Buildable, *args: Any, **kwargs: Any) -> None:
        if self._building:
            return build(self, *args, **kwargs)
        args = tuple(map(as_shape, args))
        kwargs = {name: as_shape(value) for name, value in kwargs.items()}
        object.__setattr__(self, "_building", True)
        try:
            with eagerly(), self._scope():
                build(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_building", False)
        shapes = dict(held.bind(self, *args, **kwargs).arguments)
        del shapes[next(iter(shapes))]
        self._finish_build(shapes)
        return None

    return wrapper


def _leaves(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value
    nested = isinstance(value, (dict, list))
    return [leaf for item in inner for leaf in _leaves(item)] if nested else [value]


def as_shape(value: Any) -> Any:
    """Shapes as tuples, also inside lists and dicts."""
    if is_shape(value):
        return tuple(value)
    if isinstance(value, dict):
        return {key: as_shape(item) for key, item in value.items()}
    return [as_shape(item) for item in value] if isinstance(value, (list, tuple)) else value
