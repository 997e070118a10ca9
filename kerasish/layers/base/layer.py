"""Layer: the contract of everything that has weights and can be called on tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kerasish import budget, naming, tree
from kerasish.arguments.annotations import rule_for
from kerasish.arguments.contract import Field
from kerasish.arguments.fields import (
    declared,
    hidden,
    keyword,
    make_constructor,
    refuse_hiding,
    takes_its_own,
    together,
)
from kerasish.arguments.remembered import (
    captured,
    fields_in,
    fields_of,
    from_fields,
    ignore,
    untaken,
)
from kerasish.arguments.rules import DTypeOrPolicy, Regularizer, Rule, listed, optional, plain
from kerasish.changes import held
from kerasish.errors import ArgumentError, told
from kerasish.graph.node import making, scope
from kerasish.graph.tensor import Tensor
from kerasish.graph.variable import Variable, reading
from kerasish.hints import asked, refuse_unknown
from kerasish.layers.base import call as _call
from kerasish.layers.base import host
from kerasish.layers.base.beside import Beside
from kerasish.layers.base.building import as_shape, check_method, recorded_build
from kerasish.layers.base.holder import BOOKKEEPING
from kerasish.layers.base.hooks import hooked
from kerasish.layers.base.input_spec import check_inputs
from kerasish.layers.base.policy import named
from kerasish.layers.base.remat import called, called_first, current_scope
from kerasish.layers.base.stateless import Stateless
from kerasish.ops.symbol import has_symbol
from kerasish.ops.symbolic import Called, NeedsNumbers, finding, infer, record_call, symbols
from kerasish.refusals import refusing
from kerasish.serialization import deserialize_keras_object
from kerasish.signatures import MISSING, ours
from kerasish.spec import is_float
from kerasish.tracebacks import shorten

_PENALTY = Field("activity_regularizer", rule=rule_for(Regularizer))
_GIVEN = Field("weights", rule=optional(Rule("a list of arrays, one for each weight", listed)))
COMMON = ("name", "trainable", "dtype", "autocast", "activity_regularizer")
_OF_THE_INPUT = ("input_shape", "batch_input_shape", "input_dim")
# What a subclass may set, with or without an annotation, and no constructor takes.
_ATTRIBUTES = frozenset(
    "supports_masking floats_only sees_batch rematerialises runs_on_host".split()
)


class Layer(Beside, Stateless, Called):
    """A computation with weights: tensors in, tensors out.

    A subclass declares its arguments as fields, or writes an `__init__` in Keras's style; makes
    its weights in `build(input_shape)`; and says what it computes in `call`.

    Args:
        name: unique in a model; made from the class name by default.
        trainable: whether its weights are trained.
        dtype: a dtype, or a policy such as "mixed_float16".
        autocast: whether floating inputs are cast to the compute dtype.
        activity_regularizer: penalty on the output, per sample.

    Example:
        >>> import kerasish as keras
        >>> class Scale(keras.layers.Layer):
        ...     factor: float = 1.0
        ...     def build(self, input_shape):
        ...         self.gain = self.add_weight((input_shape[-1],), "ones", name="gain")
        ...     def call(self, inputs):
        ...         return self.factor * self.gain * inputs
        >>> Scale(2.0)(keras.ops.ones((1, 3))).shape
        (1, 3)
    """

    registry_kind: ClassVar[str] = "layer"

    fields: ClassVar[dict[str, Field]] = {}
    # Arguments of Keras's that mean nothing here, with the value that is let through, or ANY.
    ignored: ClassVar[dict[str, Any]] = {}
    written: ClassVar[tuple[str, ...]] = ()  # what Keras's configs hold all the same
    unwritten: ClassVar[tuple[str, ...]] = ()  # and what they do not
    # Older names of arguments, with the present ones.
    renamed: ClassVar[dict[str, str]] = {}
    # Whether integers among the inputs mean floats: of layers that compute with fractions.
    floats_only: ClassVar[bool] = False
    # Whether what a call gives a row hangs on the other rows, or on the calls before it.
    sees_batch: ClassVar[bool] = False
    # Whether a `RematScope` over all layers means this layer as a whole, not only what is in it.
    rematerialises: ClassVar[bool] = True
    # Whether `call` takes numpy's arrays, texts as arrays of str, and runs when a batch is made:
    # never on a device, and no part of what is compiled.
    runs_on_host: ClassVar[bool] = False
    _positional_values = False
    if TYPE_CHECKING:  # what every constructor takes besides fields
        _n: str | None = keyword(alias="name", default=None)
        _t: bool = keyword(alias="trainable", default=True)
        _d: Any = keyword(alias="dtype", default=None)
        _c: bool = keyword(alias="autocast", default=True)
        _r: Regularizer = keyword(alias="activity_regularizer", default=None)
        _s: Sequence[int | None] | None = keyword(alias="input_shape", default=None)
        _b: Sequence[int | None] | None = keyword(alias="batch_input_shape", default=None)
        _i: int | None = keyword(alias="input_dim", default=None)
        _w: Any = keyword(alias="weights", default=None)

    def __init_subclass__(cls, lent: Mapping[str, Field] | None = None, **kwargs: Any) -> None:
        """Args: lent: fields of another class that are this one's too, before its others."""
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if cls.__doc__ is None and ours(cls):
            cls.__doc__ = cls.__mro__[1].__doc__
        if not ours(cls):
            refuse_hiding(cls)
            check_method(cls, "call", "inputs")
            check_method(cls, "build", "input_shape")
        if "build" in own:
            cls.build = recorded_build(own["build"])
            cls.builds_by_calling = False
        if not ours(cls):
            cls.states_shape |= "compute_output_shape" in own
            cls.states_spec |= "compute_output_spec" in own
        if "compute_mask" in own and "supports_masking" not in own:
            cls.supports_masking = True
        if "__init__" in own:
            if ours(cls):
                type.__setattr__(cls, "__init__", refusing(own["__init__"]))
            return
        written = (vars(b)["__init__"] for b in cls.__mro__ if "__init__" in vars(b))
        base = next(init for init in written if not hasattr(init, "from_fields"))
        if takes_its_own(base):
            return
        new = declared(cls, _ATTRIBUTES)
        if new or lent or from_fields(cls) or (ours(cls) and base is Layer.__init__):
            cls.fields = together(cls, lent or {}, new)
            cls.__init__ = make_constructor(cls, cls.fields, base)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        plain_init = cls.__init__ is Layer.__init__ or from_fields(cls)
        made._start({} if plain_init else captured(cls, args, kwargs))
        object.__setattr__(made, "_remat_scope", current_scope())
        return made

    @refusing
    def __init__(
        self,
        *args: Any,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: DTypeOrPolicy = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        owner = type(self).__name__
        if args:
            fix = f"Give them by name, one of {', '.join(COMMON)}."
            wanted = "no positional arguments"
            raise ArgumentError(owner, expected=wanted, received=args, fix=fix)
        if name is None:
            kind = vars(type(self)).get("named_as", type(self).__name__)
            self._rename(naming.auto_name(kind))
        else:
            self.name = name
        self._set_policy(dtype)
        self.autocast = autocast
        self.activity_regularizer = _PENALTY.convert(activity_regularizer, owner)
        size = kwargs.pop("input_dim", None)
        shape = kwargs.pop("input_shape", None if size is None else (size,))
        batch_shape = kwargs.pop("batch_input_shape", None)
        if batch_shape is None and shape is not None:
            batch_shape = (None, *shape)
        # Of the input of a Sequential that begins with this layer.
        self._batch_shape_arg = None if batch_shape is None else tuple(batch_shape)
        for ignored, harmless in type(self).ignored.items():
            ignore(type(self), ignored, kwargs.pop(ignored, harmless), harmless)
        self._initial_weights = _GIVEN.convert(kwargs.pop("weights", None), owner)
        refuse_unknown(owner, kwargs, [*type(self).fields, *COMMON])
        if trainable is not True:  # which it is from the start
            self.trainable = trainable
        self._initialized = True

    @classmethod
    def keywords(cls) -> set[str]:
        """What the constructor takes by name besides fields."""
        return {*COMMON, *_OF_THE_INPUT, *cls.ignored, "weights", "inputs", "outputs"}

    def __post_init__(self) -> None:
        """Runs after the declared fields are assigned; for what depends on several of them."""

    def __setattr__(self, name: str, value: Any) -> None:
        declared_field = type(self).fields.get(name)
        if declared_field is not None:
            value = declared_field.convert(value, type(self).__name__)
        elif name in _NEEDED and not callable(value):
            raise hidden(type(self).__name__, name, repr(value))
        before = self._put(name, value)
        if not _call.calls.training:  # what a call leaves behind is part of what it does
            self._noted(name, before, value)

    def _take(self, bound: Mapping[str, Any]) -> None:
        """Keep what a constructor bound, which is converted."""
        keep = self._put if type(self).__setattr__ is Layer.__setattr__ else self.__setattr__
        for name, value in bound.items():
            # An array stays the caller's, who may fill it again.
            keep(name, value.copy() if type(value) is np.ndarray else value)
        self._moved()

    def _put(self, name: str, value: Any) -> Any:
        """Keep a value under a name; returns what was there before."""
        if isinstance(value, Variable) and name not in self.untracked:
            self._own(value)
        before = held(self, name)
        if isinstance(before, Variable) and before is not value:
            if isinstance(value, Tensor) and _call.calls.training:
                fix = f"Change it with self.{name}.assign(...), or it is no weight any more."
                raise self._refusal("a variable", value, fix, of=f"{name}, set in a call")
            self._weights[:] = [v for v in self._weights if v is not before]
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            if not ours(getattr(getattr(type(self), name, None), "fget", None)):
                raise  # a property of a subclass
            raise AttributeError(str(hidden(type(self).__name__, name, repr(value)))) from None
        return before

    def __delattr__(self, name: str) -> None:
        value = vars(self).get(name)
        if isinstance(value, Variable):
            self._weights[:] = [v for v in self._weights if v is not value]
        object.__delattr__(self, name)
        self._moved()

    # --- to be written by subclasses ------------------------------------------------------------

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Make the weights for inputs of a shape; by default, by calling the layer on symbols."""
        shapes = [as_shape(value) for value in (*args, *kwargs.values())]
        if self.built or self._building:
            return  # a `build` of one's own that calls super().build() makes its weights itself
        if shapes and type(self).call is not Layer.call and self._sublayers():
            infer(self._run, tuple(symbols(s, self.input_dtype) for s in shapes), {})
        self._finish_build({"input_shape": shapes[0]} if shapes else {})

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the layer computes."""
        raise NotImplementedError(
            told(f"{type(self).__name__} has no call()", expected="a method call(self, inputs)"),
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output; by default that of the input."""
        return previous_mask

    # --- calling --------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._initialized:
            what = f"{type(self).__name__} was not initialised"
            expected = "super().__init__() called in its __init__"
            raise RuntimeError(told(what, expected=expected, received="a call without it"))
        try:
            if has_symbol(args, kwargs):
                return record_call(self, self._found, args, kwargs)
            return self._run(*args, **kwargs)
        except Exception as error:
            shorten(error)
            raise

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        """Convert, check, build, find training flag and masks, call, attach masks."""
        stated = finding.active and self._states()
        if finding.tentative and not stated and self._runs_foreign_code():
            raise NeedsNumbers
        signature = _call.signature_of(type(self).call)
        label = f"{type(self).__name__} {self.name!r}"
        passed_on = signature.training or signature.open
        training = kwargs.get("training") if passed_on else kwargs.pop("training", None)
        values = signature.bind(args, kwargs, type(self).__name__)
        on_host = self.runs_on_host
        values = host.arrays(values) if on_host else self._converted(values)
        if not on_host:
            host.refuse_text(self, values, label)
        first = values.get(signature.first)
        if args and not self._positional_values:
            _call.check_positional(first, args, label)
        spec = self.input_spec
        if spec is not None:
            check_inputs(spec, first, label)
        if not _call.calls.training:
            self._clear_losses()
        first_call = not (self.built or self._building)
        if first_call:
            self._build_for(values)
            if self.input_spec is not spec:
                check_inputs(self.input_spec, first, label)
        training = _call.find_training(signature, values, training)
        mask = _call.fill_masks(signature, values)
        given_args, given_kwargs = signature.unbind(values)
        calls = _call.calls
        around = calls.training, calls.lent, reading.dtype, making.scopes, naming.scopes.open
        try:
            with scope(self.name), self._scope():
                calls.training, reading.dtype = (*around[0], training), self._read_dtype()
                if stated:
                    outputs = self._stated(given_args, given_kwargs)
                else:
                    run = host.called if on_host else called_first if first_call else called
                    outputs = hooked(self, run, given_args, given_kwargs)
                if self.activity_regularizer is not None:
                    self._add_activity_loss(outputs)
                if self.supports_masking:
                    if mask is not None or type(self).compute_mask is not Layer.compute_mask:
                        _call.set_masks(outputs, self.compute_mask(first, mask))
                elif mask is not None:
                    self._warn_once(
                        f"{label} was passed an input with a mask, which it does not carry on: "
                        "later layers will not see which timesteps count. Set supports_masking = "
                        "True in a layer that works on each timestep alone."
                    )
        except Exception as error:
            _call.note(error, label, _call.called_with(values))
            raise
        finally:  # by assignments, between which no interrupt can come
            calls.training, calls.lent, reading.dtype, making.scopes, naming.scopes.open = around
        if not self.built:
            self._finish_build(self._build_shapes or {})
        return outputs

    def _found(self, *args: Any, **kwargs: Any) -> Any:
        """`_run` on symbols: all that it gives are tensors."""
        return _call.given(self._run(*args, **kwargs), type(self).__name__)

    def _runs_foreign_code(self) -> bool:
        """Whether `call` was written outside of this package."""
        return not ours(type(self).call)

    def _call_takes(self, name: str) -> bool:
        """Whether `call` has an argument of this name."""
        return name in _call.signature_of(type(self).call).parameters

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        lent = _call.lent(self)
        compute = self.compute_dtype if lent is None else lent.compute_dtype
        dtype = (self.input_dtype if lent is None else compute) if self.autocast else None
        whole = compute if self.floats_only and is_float(compute) else None
        return {
            name: _call.convert_structure(value, dtype, None if name.endswith("mask") else whole)
            for name, value in values.items()
        }

    def _read_dtype(self) -> str | None:
        """The dtype in which variables are read inside `call`; None for their own."""
        return _call.read_dtype(self, self.compute_dtype if self.autocast else None)

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in tree.flatten(outputs):
            if finding.active and output.ndim:
                continue  # only the shape is being found
            owner = f"{type(self).__name__}.activity_regularizer"
            penalty = asked(owner, "f(outputs)", self.activity_regularizer, output)
            self.add_loss(penalty / max(output.shape[0], 1) if output.ndim else penalty)

    # --- config ---------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal layer, as plain data."""
        cls = type(self)
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": plain(self.dtype_policy),
        }
        if self.activity_regularizer is not None or "activity_regularizer" in cls.written:
            config["activity_regularizer"] = plain(self.activity_regularizer)
        if self._given and cls.get_config is _owner_of_init(cls).get_config:
            given = {k: v for k, v in self._given.items() if k not in config and k != "autocast"}
            return {**config, **{name: plain(value) for name, value in given.items()}}
        config.update(fields_of(self))
        for name in cls.written:
            config.setdefault(name, cls.ignored.get(name))
        return {name: value for name, value in config.items() if name not in cls.unwritten}

    def _argument(self, name: str) -> Any:
        """The value of a field, which a property of a built layer may hide."""
        return vars(self)[name] if name in vars(self) else getattr(self, name, None)

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The layer that `get_config` described."""
        kept = dict(config)
        if isinstance(kept.get("dtype"), dict):
            kept["dtype"] = named(kept["dtype"])
        if from_fields(cls):
            kept.update(fields_in(cls, kept, custom_objects))
        else:
            revived = (k for k in kept if k != "dtype")
            kept.update({k: deserialize_keras_object(kept[k], custom_objects) for k in revived})
        late = {name: kept.pop(name) for name in untaken(cls, kept)}
        made = cls(**kept)
        if "name" in late:
            made.name = late["name"]
        if "dtype" in late:
            made._set_policy(late["dtype"])
        if not late.get("trainable", True):
            made.trainable = False  # what the constructor froze by itself stays frozen
        return made

    def __repr__(self) -> str:
        shown = [f"name={self.name}"]
        for name, one in type(self).fields.items():
            value, usual = one.rule.serialize(self._argument(name)), MISSING
            if one.default is not usual:
                usual = one.rule.serialize(one.convert(one.default, ""))
            if value != usual:
                described = tree.is_nested(value) and "class_name" in value
                shown.append(f"{name}={value['class_name'] if described else value}")
        return f"<{type(self).__name__} {', '.join(shown)}, built={self.built}>"


# What no object may put something else in the place of: methods, and what it keeps about itself.
_NEEDED = BOOKKEEPING.union(
    name
    for base in Layer.__mro__
    for name, held in vars(base).items()
    if name[0] != "_" and isinstance(held, FunctionType)
)


def _owner_of_init(cls: Any) -> Any:
    """The class whose `get_config` holds if nothing was written below the class's `__init__`."""
    owner = next(b for b in cls.__mro__ if "__init__" in vars(b))
    return next(b for b in owner.__mro__[1:] if issubclass(b, Layer))
