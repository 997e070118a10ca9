"""Sequential: layers one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from kerasish import budget, naming, tree
from kerasish.arguments.remembered import fields_in, fields_of
from kerasish.data.batch import Prepared
from kerasish.errors import ArgumentError
from kerasish.layers.base import tracking
from kerasish.layers.base.call import convert_structure
from kerasish.layers.base.layer import Layer
from kerasish.layers.input_layer import InputLayer
from kerasish.models.model import Model
from kerasish.models.network import Network
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import is_shape
from kerasish.serialization import deserialize_keras_object, serialize_keras_object
from kerasish.spec import TEXT, is_int
from kerasish.texts import gathered


class Sequential(Model):
    """Layers one after another, each with one input and one output.

    Args:
        layers: the layers; an Input first makes the shapes known at once, otherwise they follow
            from the first data.
        trainable: whether the weights are trained.
        name: name of the model.

    Example:
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> model.output_shape
        (None, 2)
    """

    untracked = Model.untracked | {"_stack", "_symbols", "_chain"}

    def __init__(
        self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        self._stack: list[Layer] = []
        # The symbol after each layer of the stack, as far as shapes are known.
        self._symbols: list[KerasTensor] = []
        self._chain: Network | None = None
        self._loose = False
        if isinstance(trainable, Layer):
            raise ArgumentError(
                "Sequential", expected="all layers in one list", received=f"{layers}, {trainable}"
            )
        super().__init__(trainable=trainable, name=name)
        self._push_all(layers or ())
        self._settle()

    def _made_of(self, args: tuple[Any, ...]) -> bool:
        """A list of layers is the stack, whatever fields a subclass has."""
        held = args[0] if args and isinstance(args[0], (list, tuple)) else ()
        return bool(held) and all(isinstance(one, (Layer, KerasTensor)) for one in held)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k != "_symbols"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        chain, entry = self._chain, self._stack[:1]
        symbols = [one.output for one in entry if isinstance(one, InputLayer)]
        if chain is not None:
            symbols += [record.outputs for record in chain.records]
        object.__setattr__(self, "_symbols", symbols)

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer (or the symbol of an Input) on top."""
        self._push(layer)
        self._settle()
        self.reset_functions()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off and return it."""
        layer = self._stack.pop()
        del self._symbols[len(self._stack) :]
        self._settle()
        self.reset_functions()
        return layer

    def _push_all(self, layers: Iterable[Any]) -> None:
        """Put many layers on top, and look at all their names once."""
        found = [_layer_of(layer) for layer in layers]
        own = [layer for layer in found if isinstance(layer, Layer)]
        tracking.make_names_unique([*self._stack, *own], self.name)
        for layer in found:
            self._push(layer, named=True)
        tracking.make_names_unique(self._stack, self.name)

    def _complete(self, layers: Iterable[Any]) -> None:
        """Put on top those of all layers that are missing: fields may have made the first ones."""
        found = [_layer_of(layer) for layer in layers]
        own = [layer for layer in self._stack if not isinstance(layer, InputLayer)]
        if own and found and type(self).fields:
            entry = found.pop(0) if isinstance(found[0], InputLayer) else None
            self._push_all(found[len(own) :])
            if entry is not None and not isinstance(self._stack[0], InputLayer):
                self._start_from(entry)
                return
        else:
            self._push_all(found)
        self._settle()

    def _push(self, layer: Any, named: bool = False) -> None:
        layer = _layer_of(layer)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"Sequential {self.name!r}",
                expected="layers",
                received=f"{layer!r} of type {type(layer).__name__}",
                fix=f"Make one: {layer.__name__}(...)." if isinstance(layer, type) else "",
            )
        if isinstance(layer, InputLayer) and self._stack:
            raise ArgumentError(
                f"Sequential {self.name!r}",
                expected="one Input, as the first layer",
                received=f"{layer.name!r} after {self._stack[-1].name!r}",
            )
        if not self._stack and not isinstance(layer, InputLayer):
            shape, dtype = _own_input(layer)
            if shape is not None:
                self._push(InputLayer(batch_shape=shape, dtype=dtype))
        self._stack.append(layer)
        if not named:
            tracking.make_names_unique(self._stack, self.name)
        if isinstance(layer, InputLayer):
            self._symbols = [layer.output]
        elif self._symbols:
            try:
                with self._scope():
                    self._symbols.append(layer(self._symbols[-1]))
            except NotImplementedError:
                if not _states_shapes(layer):
                    raise
                self._symbols = []  # it does not say its shape: the layers run one by one

    def _settle(self) -> None:
        """Follow a change of the stack."""
        complete = len(self._symbols) == len(self._stack) > 1
        self._chain = None
        if complete:
            # In Keras the chain is a model inside, which takes an automatic name.
            naming.auto_name("Functional")
            self._chain = Network(self._symbols[0], self._symbols[-1], self.name, any_size=True)
            self._finish_build({"input_shape": self._symbols[0].shape})
        else:
            object.__setattr__(self, "built", False)
        if not self.trainable:
            self.trainable = False

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of a shape (with the batch dimension)."""
        self._check_stack()
        if self._chain is not None or not is_shape(input_shape):
            return
        if isinstance(self._stack[0], InputLayer):
            return
        first = self._stack[0]
        dtype = TEXT if first.input_dtype == TEXT else first.compute_dtype
        self._start_from(InputLayer(batch_shape=input_shape, dtype=dtype))

    def _check_stack(self) -> None:
        if not self._stack:
            raise ArgumentError(
                f"Sequential {self.name!r}",
                expected="a layer or more",
                received="none",
                fix="Give layers when it is made, or with add().",
            )

    def _start_from(self, entry: InputLayer) -> None:
        rest, self._stack = self._stack, []
        self._symbols = []
        self._push_all((entry, *rest))
        self._settle()

    def _build_for(self, values: dict[str, Any]) -> None:
        inputs = values["inputs"]
        self._check_stack()
        if tree.is_nested(inputs) or isinstance(self._stack[0], InputLayer):
            return
        kept = is_int(inputs.dtype) or inputs.dtype == TEXT
        dtype = inputs.dtype if kept else self._stack[0].compute_dtype
        # The first data say how many features there are, not how long later sequences may be.
        self._loose = True
        self._start_from(InputLayer(batch_shape=(None, *inputs.shape[1:]), dtype=dtype))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The layers applied one after another."""
        self._check_stack()
        x: Any = inputs
        if self._chain is not None and (not self._loose or isinstance(inputs, Prepared)):
            return self._chain.run(inputs, mask)
        if mask is not None and getattr(inputs, "mask", None) is None:
            x.mask = mask
        for layer in self.layers:
            x = layer(x)
        return x

    @property
    def inner_network(self) -> Network | None:
        return self._chain if type(self).call is Sequential.call else None

    def head_for(self, first: Callable[[], Any]) -> Any:
        if self._chain is None and self._stack and self._stack[0].runs_on_host:
            self._build_for({"inputs": convert_structure(gathered(first()), None)})
        return super().head_for(first)

    def _fits_inputs(self) -> bool:
        return self._chain is not None and not self._loose

    def _network(self, what: str) -> Network:
        return super()._network(what) if self._chain is None else self._chain

    @property
    def input(self) -> Any:
        """The symbol of the first call on symbols; that of its own Input where there was none."""
        return self._calls[0].inputs[0] if self._calls else super().input

    @property
    def output(self) -> Any:
        """The symbol that the first call on symbols gave; its own where there was none."""
        return self._calls[0].outputs if self._calls else super().output

    def _sublayers(self, held: tracking.Held | None = None) -> list[Any]:
        return list(self._stack)

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        first = 1 if self._stack and isinstance(self._stack[0], InputLayer) else 0
        return self._stack[first:]

    @property
    def file_class(self) -> str:
        """The name of the class in files."""
        return "Sequential"

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the model, in the form of Keras's files."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
            **fields_of(self),
            "layers": [serialize_keras_object(layer) for layer in self._stack],
        }
        if self._chain is not None:
            config["build_input_shape"] = list(self._symbols[0].shape)
        return config

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The model that `get_config` described."""
        made = cls(name=config.get("name"), **fields_in(cls, config, custom_objects))
        made._complete(
            deserialize_keras_object(item, custom_objects, kind="layer")
            for item in config["layers"]
        )
        made._set_own_trainable(bool(config.get("trainable", True)))
        shape = config.get("build_input_shape")
        if made._chain is None and shape and made._stack:
            made.build(tuple(shape))
        return made

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape that the model was built for."""
        return None if self._chain is None else {"input_shape": self._symbols[0].shape}


def _states_shapes(layer: Layer) -> bool:
    """Whether a layer has its own way to say its shape, which may be none."""
    own = type(layer)
    names = ("compute_output_spec", "compute_output_shape")
    return any(getattr(own, name) is not getattr(Layer, name) for name in names)


def _layer_of(layer: Any) -> Any:
    """A layer; for the symbol of an Input, its layer."""
    if isinstance(layer, KerasTensor) and layer.history is not None:
        return layer.history.operation
    return layer


def _own_input(layer: Layer) -> tuple[Any, str | None]:
    """The batch shape that a first layer knows itself, a given input_shape or a model's own, and
    the dtype where it is text."""
    if layer._batch_shape_arg is not None:
        return layer._batch_shape_arg, TEXT if layer.input_dtype == TEXT else None
    if isinstance(layer, Model):
        known = getattr(layer, "network", None) or getattr(layer, "_chain", None)
        if known is not None and len(known.inputs) == 1:
            entry = known.inputs[0]
            return entry.shape, TEXT if entry.dtype == TEXT else None
    return None, None
