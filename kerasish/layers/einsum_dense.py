"""EinsumDense: a product with a kernel that an einsum equation spells out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasish import budget, ops
from kerasish.arguments.fields import Deferred, weights
from kerasish.arguments.rules import Activation, PartialShape
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.initializers import VarianceScaling
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.layers.core import LORA
from kerasish.spec import Dim, Shape

_FORMS = (
    r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)",
    r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)",
    r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
)


class Parts(NamedTuple):
    """What an equation says about the weights."""

    kernel: list[Dim]
    bias: list[Dim] | None
    input_axes: list[int]
    output_axes: list[int]


class EinsumDense(Layer):
    """activation(einsum(equation, x, kernel) + bias).

    Args:
        equation: "ab,bc->ac", with "..." before or after for axes that stay.
        output_shape: sizes of the output without the batch and what "..." stands for; None for
            sizes that follow from the input.
        activation: name or function.
        bias_axes: the output axes (letters) that the bias has; None for no bias.
        kernel_initializer, bias_initializer: initial values.
        kernel_regularizer, bias_regularizer: penalties.
        kernel_constraint, bias_constraint: applied after each update.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, 64))
        >>> layer(keras.ops.ones((2, 5, 8))).shape
        (2, 5, 64)
    """

    floats_only = True
    equation: str
    output_shape: PartialShape
    activation: Activation = None
    bias_axes: str | None = None
    learned = weights(kernel="glorot_uniform", bias="zeros")

    if TYPE_CHECKING:
        kernel_initializer = Deferred[Any]()

    ignored = {**LORA, "gptq_unpacked_column_size": None}
    written = ("activity_regularizer", "quantization_config")

    def __post_init__(self) -> None:
        if isinstance(self.output_shape, int):
            self.output_shape = (self.output_shape,)

    def build(self, input_shape: Shape) -> None:
        parts = self.parts(input_shape)
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and initializer.input_axes is None:
            config = {
                **initializer.get_config(),
                "seed": initializer._draw_seed,
                "input_axes": parts.input_axes,
                "output_axes": parts.output_axes,
            }
            with budget.own():
                initializer = type(initializer).from_config(config)
        self.kernel = self._declared_weight("kernel", parts.kernel, initializer=initializer)
        self.bias = None if parts.bias is None else self._declared_weight("bias", parts.bias)
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Tensor) -> Tensor:
        y = ops.einsum(self.equation, inputs, self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def parts(self, shape: Shape) -> Parts:
        """The shapes of the weights for inputs of a shape.

        Raises:
            ArgumentError: the equation has another form, or names an axis out of nowhere.
            ShapeError: input and output disagree about a size.
        """
        text = self.equation.replace(" ", "")
        found = [re.fullmatch(form, text) for form in _FORMS]
        match = next((m for m in found if m), None)
        if match is None:
            forms = "'X,Y->Z', '...X,Y->...Z' or 'X...,Y->Z...'"
            raise self._refusal(forms, repr(self.equation), of="equation")
        left = found[1] is not None
        given, weight, out = match.groups()
        elided = len(shape) - len(given)
        if elided < 0:
            axes = f"{len(given)} axes" + (" or more" if "..." in text else "")
            raise self._misfit(f"an input of {axes}, as {self.equation!r} names them", shape)
        sizes: list[Dim] = [shape[0], *self.output_shape]
        if left:
            sizes[1:1] = shape[1:elided]
        elif elided > 0:
            sizes += shape[len(shape) - elided :]
        lead = elided if left else 0
        known = {letter: shape[i + lead] for i, letter in enumerate(given)}
        result = {letter: sizes[i + lead] for i, letter in enumerate(out)}
        self._check(known, result, weight)
        kernel = [result[c] if c in result else known[c] for c in weight]
        bias = None
        if self.bias_axes is not None:
            first = min(map(out.find, self.bias_axes))
            bias = [result[c] if c in self.bias_axes else 1 for c in out[first:]]
            bias += [] if left else [1] * elided
        output_axes = [i for i, c in enumerate(weight) if c in result]
        input_axes = [i for i, c in enumerate(weight) if c not in result]
        return Parts(kernel, bias, input_axes, output_axes)

    def _check(self, known: dict[str, Any], result: dict[str, Any], weight: str) -> None:
        of = f"equation {self.equation!r}"
        for letter, size in result.items():
            if letter not in known and letter not in weight:
                wanted = "output axes that the input or the kernel has"
                raise self._refusal(wanted, repr(letter), of=of)
            if letter in known and size not in (None, known[letter]):
                wanted = f"size {known[letter]} on axis {letter!r} of the output, as in the input"
                raise self._refusal(wanted, size, of=of, kind=ShapeError)
        for letter in weight:
            if letter not in known and letter not in result:
                wanted = "kernel axes that the input or the output has"
                raise self._refusal(wanted, repr(letter), of=of)
        missing = [c for c in self.bias_axes or "" if c not in result]
        if missing:
            raise self._refusal("letters of the output", missing, of="bias_axes")
