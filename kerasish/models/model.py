"""Model: a layer that can be trained, saved and looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from kerasish import budget, registry, tree
from kerasish.arguments.remembered import fields_in, fields_of
from kerasish.errors import ArgumentError, told
from kerasish.graph import Tensor
from kerasish.layers.base import call as _call
from kerasish.layers.base import tracking
from kerasish.layers.base.layer import Layer
from kerasish.models.graph_config import GraphBuilder, graph_config
from kerasish.models.inside import Inside
from kerasish.models.network import Network
from kerasish.models.state_tree import StateTree
from kerasish.models.summary import summary_text
from kerasish.ops.operation import is_operation, operation_from_config
from kerasish.ops.stateless import StatelessScope, paired
from kerasish.ops.symbol import KerasTensor
from kerasish.saving import weights, whole_model
from kerasish.serialization import deserialize_keras_object
from kerasish.showing.screen import preformatted
from kerasish.texts import gathered
from kerasish.training.trainer import Trainer

_HTML_WIDTH = 88
_OWN = frozenset(("network", "optimizer", "loss", "history", "_plans", "_runs", "_functions"))


class Model(Inside, Trainer, StateTree, Layer):
    """Layers put together, with `compile`, `fit`, `evaluate`, `predict` and `save`.

    Three ways: `Model(inputs, outputs)` from symbols; a subclass with its layers as attributes
    and a `call`; `Sequential([...])`.

    Args:
        inputs: a symbol of `keras.Input()`, or a structure of symbols.
        outputs: symbols that layers gave for them.
        name: name of the model.
        trainable: whether its weights are trained.

    Example:
        >>> import kerasish as keras
        >>> x = keras.Input((4,))
        >>> y = keras.layers.Dense(2)(x)
        >>> keras.Model(x, y).output_shape
        (None, 2)
    """

    untracked = Layer.untracked | _OWN
    unversioned = Layer.unversioned | {"history"}
    network: Network | None = None
    _positional_values = True
    rematerialises = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made: Any = Functional if cls is Model and _is_functional(args, kwargs) else cls
        return super().__new__(made, *args, **kwargs)

    def _made_of(self, args: tuple[Any, ...]) -> bool:
        """Symbols are inputs and outputs, whatever fields a subclass has."""
        return any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(args[:1]))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = dict(zip(("inputs", "outputs", "name"), args, strict=False))
        twice = sorted(given.keys() & kwargs.keys())
        kwargs = {**given, **kwargs}
        inputs, outputs = kwargs.pop("inputs", None), kwargs.pop("outputs", None)
        if len(args) > 3 or twice or (inputs is None) != (outputs is None):
            shown = f"{', '.join(twice)} twice" if twice else f"inputs={inputs}, outputs={outputs}"
            raise ArgumentError(
                "Model",
                expected="Model(inputs, outputs, name=...), or no positional arguments",
                received=shown,
            )
        super().__init__(**kwargs)
        if inputs is not None:
            self.network = Network(inputs, outputs, self.name)
            self.built = True
            if not self.trainable:
                self.trainable = False  # reaches the layers, which are there only now

    # --- calling ----------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """What the model computes: the calls recorded between inputs and outputs."""
        if self.network is None:
            raise NotImplementedError(
                told(
                    f"{type(self).__name__} has no call()",
                    expected="a method call(self, inputs), or super().__init__(inputs, outputs)",
                ),
            )
        outputs = self.network.run(inputs, mask)
        # As in Keras, a list of one output stands for that output.
        lone = isinstance(outputs, (list, tuple)) and len(outputs) == 1
        return outputs[0] if lone else outputs

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        if not self._fits_inputs():
            return super()._converted(values)
        # Each input is cast to the dtype of its own Input.
        return _call.as_given(gathered(values))

    @property
    def inner_network(self) -> Network | None:
        """The calls between the model's symbols, where these are all that it computes."""
        return self.network if type(self).call is Model.call else None

    def _fits_inputs(self) -> bool:
        """Whether the model knows its inputs and casts each by itself."""
        return self.network is not None

    def _can_be_called(self) -> bool:
        """Whether the model computes something as a whole, and not only in steps of its own."""
        return self.network is not None or type(self).call is not Model.call

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: outputs carry the masks that their own layers gave them."""
        return None

    # --- parts ------------------------------------------------------------------------------------

    def _sublayers(self, held: tracking.Held | None = None) -> list[Any]:
        found = super()._sublayers(held)
        if self.network is None:
            return found
        own = self.network.layers
        inside = {id(layer) for layer in own}
        return own + [layer for layer in found if id(layer) not in inside]

    @property
    def layers(self) -> list[Layer]:
        """The direct sublayers."""
        return self._sublayers()

    @property
    def operations(self) -> list[Any]:
        """Layers and operations of a functional model, in order."""
        return list(self._network("operations").operations)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The direct sublayer of that name or position.

        Raises:
            ArgumentError: there is none, or not exactly one of both was given.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ArgumentError("get_layer", expected="either a name or an index")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    "get_layer", expected=f"an index below {len(layers)}", received=index
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        known = [layer.name for layer in layers]
        raise ArgumentError(
            "get_layer",
            expected=f"one of {', '.join(map(repr, known))}",
            received=repr(name),
            fix=registry.hint(str(name), known, 3),
        )

    def _network(self, what: str) -> Network:
        if self.network is None:
            raise AttributeError(
                f"The model {self.name!r} has no {what}: it is not made of symbols, or its input "
                "shape is not known yet."
            )
        return self.network

    @property
    def inputs(self) -> list[KerasTensor]:
        """The input symbols, flat."""
        return list(self._network("inputs").inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The output symbols, flat."""
        return list(self._network("outputs").outputs)

    @property
    def input(self) -> Any:
        """The input symbols in their structure."""
        return self._network("input").inputs_struct

    @property
    def output(self) -> Any:
        """The output symbols in their structure."""
        return self._network("output").outputs_struct

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [s.history.operation.name for s in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the operations that give the outputs."""
        return [s.history.operation.name for s in self.outputs]

    @property
    def input_shape(self) -> Any:
        """The shape of the only input, or a list of the shapes of all."""
        return _shapes(self.inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of the only output, or a list of the shapes of all."""
        return _shapes(self.outputs)

    @property
    def file_class(self) -> str:
        """The name of the class in files: a model made of symbols is a Functional in Keras."""
        return "Functional" if self.network is not None else type(self).__name__

    # --- config -----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the model, in the form of Keras's files."""
        if self.network is not None and self._keeps_constructor():
            config = {"name": self.name, "trainable": self.trainable, **fields_of(self)}
            return {**config, **graph_config(self.input, self.output)}
        return super().get_config()

    def _keeps_constructor(self) -> bool:
        """Whether the class is built from (inputs, outputs), and not from arguments of its own."""
        usual = type(self).__init__ in (Model.__init__, Functional.__init__)
        return usual or self._parts_given

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """The model that `get_config` described."""
        if "input_layers" not in config or "layers" not in config:
            return super().from_config(config, custom_objects)
        inputs, outputs = _symbols_of(config, custom_objects)
        fields = fields_in(cls, config, custom_objects)
        made = cls(inputs, outputs, name=config.get("name"), **fields)
        # Each layer's own flag stands in its own config.
        made._set_own_trainable(bool(config.get("trainable", True)))
        return made

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that `build` was called with."""
        return {"input_shape": None} if self.network is not None else super().get_build_config()

    # --- files --------------------------------------------------------------------------------

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Tensor, tuple[list[Tensor], list[Tensor], list[Tensor]]]:
        """`compute_loss` with given values for all variables, which stay as they are.

        Returns:
            (loss, (trainable, non-trainable and metrics variables' values after it)).

        Raises:
            ArgumentError: the model is not built, or another number of values.
        """
        what = "stateless_compute_loss"
        given = self._given_state(what, trainable_variables, non_trainable_variables)
        given += paired(f"{what}, metrics_variables", self.metrics_variables, metrics_variables)
        with StatelessScope(given) as scope:
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
        kinds = self.trainable_variables, self.non_trainable_variables, self.metrics_variables
        trained, fixed, metrics = map(scope.current_values, kinds)
        return loss, (trained, fixed, metrics)

    # The functions of `kerasish.saving`, called on the model.
    save = whole_model.save_model
    save_weights = weights.save_weights
    load_weights = weights.load_weights
    to_json = whole_model.to_json

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print layers, output shapes and numbers of parameters as a table.

        Args:
            line_length: width of the table.
            positions: relative widths of the columns.
            print_fn: where the text goes; printed by default.
            expand_nested: whether the layers of models inside are listed too.
            show_trainable: whether a column says what is trained.
            layer_range: names of the first and the last layer to list (regular expressions).
        """
        text = summary_text(
            self, line_length, positions, expand_nested, show_trainable, layer_range
        )
        (print_fn or print)(text)

    def _repr_html_(self) -> str:
        return preformatted(summary_text(self, _HTML_WIDTH) if self.built else repr(self))


class Functional(Model):
    """`Model(inputs, outputs)`: the calls between symbols, repeated on other inputs."""

    keras_module = "keras.src.models.functional"
    keras_registered_name = "Functional"

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The model that `get_config` described."""
        return super().from_config(config, custom_objects)


def _shapes(symbols: list[KerasTensor]) -> Any:
    shapes = [symbol.shape for symbol in symbols]
    return shapes[0] if len(shapes) == 1 else shapes


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return len(args) >= 2 or ("outputs" in kwargs and ("inputs" in kwargs or len(args) == 1))


def _symbols_of(config: Mapping[str, Any], custom_objects: Any) -> tuple[Any, Any]:
    """The input and output structures that a functional config describes."""
    layers: dict[str, Any] = {}
    nodes: dict[str, list[Any]] = {}
    for item in config["layers"]:
        if is_operation(item):
            made = operation_from_config(str(item["class_name"]), item["config"])
        else:
            made = deserialize_keras_object(item, custom_objects, kind="layer")
        name = item.get("name") or made.name
        layers[name] = made
        nodes[name] = item.get("inbound_nodes") or []
    graph = GraphBuilder("the config of a functional model", layers)
    graph.run(nodes)
    return graph.structure(config["input_layers"]), graph.structure(config["output_layers"])
