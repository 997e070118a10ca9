"""Layers around layers: Wrapper, TimeDistributed, Bidirectional."""

from __future__ import annotations

import math
from typing import Annotated, Any

from kerasish import budget, ops
from kerasish.arguments.contract import Field
from kerasish.arguments.rules import LayerField, one_of, optional
from kerasish.graph.tensor import Tensor
from kerasish.layers.base import call as _call
from kerasish.layers.base.layer import Layer
from kerasish.serialization import deserialize_keras_object, serialize_keras_object
from kerasish.spec import Shape, alike


class Wrapper(Layer):
    """A layer that holds another one in `layer`.

    Args:
        layer: the layer inside.
    """

    layer: LayerField

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)


class TimeDistributed(Wrapper):
    """The same layer on every timestep.

    All timesteps are rows of one call, unless the layer (or one in it) trains on the batch as a
    whole, as BatchNormalization does: then each timestep is a call of its own, one after another.

    Args:
        layer: what is applied to (batch, ...) for every time of (batch, time, ...).
    """

    supports_masking = True

    def build(self, input_shape: Shape) -> None:
        super().build((input_shape[0], *input_shape[2:]))

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        batch, steps = inputs.shape[:2]
        if mask is not None and not (mask.ndim > 1 and alike(mask.shape[:2], (batch, steps))):
            raise self._misfit(f"a mask of shape ({batch}, {steps}), or more axes", mask.shape)
        rows = _product(batch, steps)
        options: dict[str, Any] = {}
        if self.layer._call_takes("training"):
            options["training"] = training
        held = self.layer._flatten_layers()
        if training and steps is not None and any(one.sees_batch for one in held):
            return self._step_by_step(inputs, mask, options)
        if mask is not None and self.layer._call_takes("mask"):
            options["mask"] = ops.reshape(mask, (rows, *mask.shape[2:]))
        y = self._inner(ops.reshape(inputs, (rows, *inputs.shape[2:])), options)
        return ops.reshape(y, (batch, steps, *y.shape[1:]))

    def _step_by_step(self, inputs: Tensor, mask: Tensor | None, options: dict[str, Any]) -> Tensor:
        masked = mask is not None and self.layer._call_takes("mask")
        outputs = []
        for t in range(inputs.shape[1]):
            more = {"mask": mask[:, t]} if mask is not None and masked else {}
            outputs.append(self._inner(inputs[:, t], {**options, **more}))
        return ops.stack(outputs, axis=1)

    def _inner(self, x: Tensor, options: dict[str, Any]) -> Tensor:
        """The layer on rows, computed in this layer's dtypes, as in Keras."""
        with _call.lending(self.dtype_policy, self.layer):
            return self.layer(x, **options)


def _product(*sizes: int | None) -> int | None:
    return None if None in sizes else math.prod(d for d in sizes if d is not None)


_MERGED = optional(one_of("sum", "mul", "concat", "ave"))
_Mode = Annotated[str | None, _MERGED]
_MODE = Field("merge_mode", rule=_MERGED)


class Bidirectional(Layer):
    """A recurrent layer run forwards and another backwards, their outputs merged.

    Args:
        layer: an RNN layer.
        merge_mode: "concat", "sum", "mul", "ave", or None for a list of both outputs.
        weights: initial weights of both.
        backward_layer: the backward layer; by default a copy of `layer` that runs backwards.

    Source: Schuster and Paliwal, Bidirectional Recurrent Neural Networks (1997).
    """

    supports_masking = True
    unwritten = ("weights",)

    def __init__(
        self,
        layer: LayerField,
        merge_mode: _Mode = "concat",
        weights: Any = None,
        backward_layer: LayerField | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(weights=weights, **kwargs)
        layer, backward_layer = _revived(layer), _revived(backward_layer)
        for of, one in {"layer": layer, "backward_layer": backward_layer or layer}.items():
            if not isinstance(one, Layer) or not hasattr(one, "return_sequences"):
                raise self._refusal("a recurrent layer", repr(one), of=of)
        self.merge_mode = _MODE.convert(merge_mode, type(self).__name__)
        self.forward_layer: Any = _copy(layer, f"forward_{_plain_name(layer)}", False)
        if backward_layer is None:
            self.backward_layer: Any = _copy(layer, f"backward_{_plain_name(layer)}", True)
        else:
            self.backward_layer = backward_layer
        self._check()
        for one in (self.forward_layer, self.backward_layer):
            if not self.trainable:
                one.trainable = False
            if hasattr(layer, "use_cudnn"):  # which configs do not hold
                one.use_cudnn = layer.use_cudnn
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences

    def _check(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, name) != getattr(backward, name):
                raise self._refusal(
                    f"forward and backward layers of equal {name}",
                    f"{getattr(forward, name)} and {getattr(backward, name)}",
                )
        if forward.go_backwards == backward.go_backwards:
            raise self._refusal(
                "a backward layer of the other direction",
                f"go_backwards={backward.go_backwards} in both",
            )

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        """The shape (or shapes) of the output, found without states that last."""
        one: Any = self
        if self.stateful and not self.built:
            one = type(self).from_config(self.get_config())
            one.forward_layer.stateful = one.backward_layer.stateful = False
        return Layer.compute_output_shape(one, sequences_shape)

    @property
    def return_sequences(self) -> bool:
        """Whether all outputs are returned."""
        return self.forward_layer.return_sequences

    @property
    def return_state(self) -> bool:
        """Whether the last states are returned too."""
        return self.forward_layer.return_state

    @property
    def states(self) -> Any:
        """The states of both layers, None where they are not stateful."""
        held = self.forward_layer.states
        return None if held is None else (*held, *self.backward_layer.states)

    @property
    def stateful(self) -> bool:
        """Whether a batch goes on from the states that the one before left."""
        return self.forward_layer.stateful

    def reset_state(self) -> None:
        """Set the states of both layers to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool | None = None,
    ) -> Any:
        options: dict[str, Any] = {"training": training, "mask": mask}
        starts: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            half = len(initial_state) // 2
            starts = initial_state[:half], initial_state[half:]
        y = self.forward_layer(sequences, initial_state=starts[0], **options)
        back = self.backward_layer(sequences, initial_state=starts[1], **options)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*y[1:], *back[1:])
            y, back = y[0], back[0]
        y, back = ops.cast(y, self.compute_dtype), ops.cast(back, self.compute_dtype)
        if self.return_sequences:
            back = ops.flip(back, axis=1)
        merged = self._merged(y, back)
        if not self.return_state:
            return merged
        return (*merged, *states) if isinstance(merged, tuple) else (merged, *states)

    def _merged(self, y: Tensor, back: Tensor) -> Any:
        if self.merge_mode is None:
            return y, back
        if self.merge_mode == "concat":
            return ops.concatenate([y, back], axis=-1)
        if self.merge_mode == "mul":
            return y * back
        total = y + back
        return total / 2 if self.merge_mode == "ave" else total

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The input's mask for sequences, none for last outputs or states."""
        mask = previous_mask[0] if isinstance(previous_mask, list) else previous_mask
        kept = mask if self.return_sequences else None
        outputs = [kept, kept] if self.merge_mode is None else [kept]
        if self.return_state:
            outputs += [None] * (2 * len(self.forward_layer.state_size))
        return outputs if len(outputs) > 1 else kept

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal layer, as plain data."""
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize_keras_object(self.forward_layer),
            "backward_layer": serialize_keras_object(self.backward_layer),
        }


def _revived(value: Any) -> Any:
    return deserialize_keras_object(value, kind="layer") if isinstance(value, dict) else value


def _plain_name(layer: Layer) -> str:
    """A layer's name without the direction that a Bidirectional put before it."""
    return layer.name.removeprefix("forward_").removeprefix("backward_")


def _copy(layer: Any, name: str, turn: bool) -> Layer:
    """An unbuilt layer of the same arguments, running the other way if `turn`."""
    config = layer.get_config()
    config["name"] = name
    if turn:
        config["go_backwards"] = not layer.go_backwards
    with budget.own():
        return type(layer).from_config(config)
