"""Buildable: the part of a layer's contract that is about making weights from shapes."""

# pyright: reportPrivateUsage=false
# The files of this room share what a layer keeps to itself.

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, dataclass_transform

import numpy as np

from kerasish import budget, naming, tree
from kerasish.arguments.fields import OF_WEIGHTS, keyword, placed
from kerasish.errors import ArgumentError, KerasishError, ShapeError
from kerasish.graph.trace import eagerly
from kerasish.graph.variable import Variable
from kerasish.hints import hinted, whole
from kerasish.layers.base import call as _call
from kerasish.layers.base import tracking
from kerasish.layers.base.holder import Holder
from kerasish.layers.base.remat import RematScope
from kerasish.ops.symbolic import is_shape
from kerasish.serialization import resolve
from kerasish.signatures import parameters, signature
from kerasish.spec import dtype_name, is_float


@dataclass_transform(eq_default=False, field_specifiers=(keyword, placed))
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

    @hinted
    def add_weight(
        self,
        shape: Sequence[int | None] | int | None = None,
        initializer: Any = None,
        dtype: Any = None,
        *,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a weight of this layer.

        Args:
            shape: its shape; () by default.
            initializer: name, config or callable; glorot_uniform for floats, else zeros.
            dtype: dtype; the layer's variable dtype by default.
            trainable: whether optimizers change it.
            autocast: whether a mixed precision layer reads it in its compute dtype.
            regularizer: adds a penalty to the losses.
            constraint: applied after each update.
            aggregation: Keras's word on replicas, kept; there is one replica.
            overwrite_with_gradient: whether its gradient replaces it, instead of an update.
            name: last part of its path.
        """
        owner = f"{type(self).__name__}.add_weight"
        used = self.built or self._parent_path is not None
        if used and _call.calls.training and not self._building:
            raise ArgumentError(
                f"{owner} in a call of the layer {self.name!r}",
                expected="weights that are made once",
                received="another one",
                fix="Make them in build(self, input_shape), which runs before the first call.",
            )
        size = _sizes(shape, owner)
        kept = self.variable_dtype if dtype is None else dtype_name(dtype)
        default = "glorot_uniform" if is_float(kept) else "zeros"
        with eagerly(), naming.opened(self.name, self, self._parent_path):
            try:
                made = Variable(
                    resolve("initializer", default if initializer is None else initializer),
                    shape=size,
                    dtype=kept,
                    trainable=trainable,
                    name=name or None,
                    regularizer=resolve("regularizer", regularizer),
                    constraint=resolve("constraint", constraint),
                    autocast=autocast,
                    aggregation=aggregation,
                )
            except KerasishError as error:
                error.begin(f"{owner}: ")
                raise
        made.overwrite_with_gradient = overwrite_with_gradient
        self._own(made)
        return made

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """`add_weight` under its older name; shape and initializer must be given."""
        return self.add_weight(
            shape,
            initializer,
            dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
        )

    def _declared_weight(self, field: str, shape: Sequence[int | None], **options: Any) -> Variable:
        """`add_weight` with what the fields `<field>_initializer` and the like say."""
        options = {kind: getattr(self, f"{field}_{kind}", None) for kind in OF_WEIGHTS} | {
            "name": field,
            **options,
        }
        return self.add_weight(shape, **options)

    def _made_of(self, args: tuple[Any, ...]) -> bool:
        """Whether such first arguments are parts, which a constructor without fields takes."""
        return False

    def _build_for(self, values: dict[str, Any]) -> None:
        """Call `build` with the shapes of the given tensors, by name where it asks for names."""
        if self.builds_by_calling:
            first = next(iter(_shapes_of(values).values()), None)
            shapes = {} if first is None else {"input_shape": first}
            object.__setattr__(self, "_build_shapes", shapes)
            return  # sublayers build themselves when they are called
        self.build(**self._asked_shapes("build", values))

    def _asked_shapes(self, method: str, values: dict[str, Any]) -> dict[str, Any]:
        """The shapes of given tensors, by the names under which a method asks for them."""
        given = _shapes_of(values)
        asked = list(parameters(getattr(self, method)).values())
        names = [p.name for p in asked if p.kind is not p.VAR_KEYWORD]
        missing = [
            p.name
            for p in asked
            if p.default is p.empty and p.name in names and p.name not in given
        ]
        if len(names) == 1:
            return {names[0]: next(iter(given.values()), None)}
        if missing and not any(p.kind is p.VAR_POSITIONAL for p in asked):
            wanted, found = (
                ", ".join(name.removesuffix("_shape") for name in listed)
                for listed in (missing, given)
            )
            raise self._refusal(
                f"tensors for {wanted} too",
                found or "none",
                "Of several arguments, name_shape is the shape of what call() calls name.",
                of=f"{method}({', '.join(names)})",
            )
        return {name: given[name] for name in names if name in given}

    def _finish_build(self, shapes: dict[str, Any]) -> None:
        object.__setattr__(self, "_build_shapes", shapes)
        object.__setattr__(self, "built", True)
        if self._initial_weights is not None:
            given, self._initial_weights = self._initial_weights, None
            self.set_weights(given if tree.is_nested(given) else [given])

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
                of = "build_from_config, input_shape"
                raise self._refusal("a shape, or a list or dict of shapes", shape, of=of)
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
            names = ", ".join(v.name for v in held) or "none: is it built?"
            raise self._refusal(f"{len(held)} variables ({names})", len(store.keys()))
        for i, variable in enumerate(held):
            variable.assign(store[str(i)])


def _sizes(shape: Any, owner: str) -> tuple[int, ...]:
    """The shape of a weight, checked.

    Raises:
        ArgumentError: it is none.
        ShapeError: it has unknown dimensions.
    """
    if isinstance(shape, str):
        raise ArgumentError(
            owner,
            expected="a shape, then an initializer",
            received=repr(shape),
            fix=f"Give a name by name: add_weight(shape, name={shape!r}).",
        )
    sizes: Any = () if shape is None else (shape,) if np.isscalar(shape) else shape
    if not np.iterable(sizes):
        raise ArgumentError(owner, expected="a shape", received=repr(shape))
    if any(size is None for size in sizes):
        raise ShapeError(
            owner,
            expected="a shape without unknown dimensions",
            received=sizes,
            fix="Give the Input its full feature shape.",
        )
    return tuple(whole(f"{owner}, shape", size) for size in sizes)


def _shapes_of(values: dict[str, Any]) -> dict[str, Any]:
    """The shapes of the tensors among the arguments of a call, but for the mask."""
    held = {k: v for k, v in values.items() if k != "mask" and _call.has_tensor(v)}
    return {f"{name}_shape": _call.shapes(value) for name, value in held.items()}


def _nothing(self: Any) -> None: ...


def check_method(cls: type, name: str, first: str) -> None:
    """Raise unless a method that a class has, takes the object itself, and then `first`.

    Raises:
        ArgumentError: it does not.
    """
    method: Any = vars(cls).get(name, _nothing)
    bound = type(method) in (staticmethod, classmethod)
    if bound or not parameters(method):
        raise ArgumentError(
            f"{cls.__name__}.{name}",
            expected=f"def {name}(self, {first})",
            received=f"a {type(method).__name__}" if bound else "no argument for the object itself",
        )


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
        except Exception as error:
            shown = ", ".join(map(str, (*args, *kwargs.values())))
            _call.note(error, f"{type(self).__name__} {self.name!r}", f"built for {shown}")
            raise
        finally:
            object.__setattr__(self, "_building", False)
        shapes = dict(held.bind(self, *args, **kwargs).arguments)
        del shapes[next(iter(shapes))]
        self._finish_build(shapes)
        return None

    return wrapper


def _leaves(value: Any) -> list[Any]:
    if not isinstance(value, (dict, list)):
        return [value]
    return [leaf for item in tracking.inside(value) for leaf in _leaves(item)]


def as_shape(value: Any) -> Any:
    """Shapes as tuples, also inside lists and dicts."""
    if is_shape(value):
        return tuple(value)
    if not tree.is_nested(value):
        return value
    if hasattr(value, "keys"):
        return {key: as_shape(value[key]) for key in value}
    return [as_shape(item) for item in value]
