"""What layers offer beside a call: shapes that a class states, and Keras's further methods."""

# pyright: reportPrivateUsage=false
# The files of this room share what a layer keeps to itself.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from kerasish import tree
from kerasish.errors import told
from kerasish.graph.tensor import Tensor, input_tensor
from kerasish.layers.base import call as _call
from kerasish.layers.base.building import Buildable
from kerasish.layers.base.remat import rematerialised
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import finding, infer, is_shape, known_shape, symbols
from kerasish.spec import TensorSpec


class Beside(Buildable):
    """Stated shapes, and what of Keras's interface is not about one call."""

    # Whether a class of the user's says what comes out, so that `call` is not traced for it.
    states_shape: ClassVar[bool] = False
    states_spec: ClassVar[bool] = False
    supports_jit = True  # every layer is compiled
    quantization_mode = None
    _hooks: ClassVar[tuple[Any, ...]] = ()  # see hooks.py; those of a layer are its own
    _traced = False  # whether such a class asks what tracing gives

    if TYPE_CHECKING:

        def _found(self, *args: Any, **kwargs: Any) -> Any: ...
        def call(self, *args: Any, **kwargs: Any) -> Any: ...

    def _states(self) -> bool:
        """Whether what comes out is stated, and no sublayer waits for a call to be built."""
        return (self.states_shape or self.states_spec) and not (
            self._traced or (self.builds_by_calling and not self.built and self._sublayers())
        )

    def _stated(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Symbols as the class states them, for a call on symbols."""
        if self.states_spec:
            args, kwargs = tree.map_structure(_outside, (args, kwargs))
            found: Any = self.compute_output_spec(*args, **kwargs)
            return tree.map_structure(_inside_again, found)
        signature = _call.signature_of(type(self).call)
        values = signature.bind(args, kwargs, type(self).__name__)
        shapes = self._asked_shapes("compute_output_shape", values)
        return self._of_shapes(self.compute_output_shape(**shapes))

    def _of_shapes(self, shape: Any) -> Any:
        if is_shape(shape):
            return _inside(shape, self.compute_dtype)
        if hasattr(shape, "keys"):
            return {key: self._of_shapes(shape[key]) for key in shape}
        return type(shape)(self._of_shapes(item) for item in shape)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols of the shapes and dtypes that a call on these symbols gives."""
        return self._by_tracing(self.states_spec, args, kwargs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape (or structure of shapes) of the output for inputs of the given shapes."""
        given = [symbols(shape, self.input_dtype) for shape in (*args, *kwargs.values())]
        return _call.shapes(self._by_tracing(self.states_shape, tuple(given), {}))

    def _by_tracing(self, traced: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call on symbols gives; `traced`: whatever the class states, which asks for it."""
        if not traced:
            return infer(self._found, args, kwargs)
        before = self._traced
        object.__setattr__(self, "_traced", True)
        try:
            return infer(self._found, args, kwargs)
        finally:
            object.__setattr__(self, "_traced", before)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols of what a call on symbols gives; the call is not recorded."""
        return self.compute_output_spec(*args, **kwargs)

    @property
    def call_signature_parameters(self) -> list[str]:
        """The names of what `call` takes."""
        return list(_call.signature_of(type(self).call).parameters)

    def rematerialized_call(
        self, layer_call: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Callable[..., Any]:
        """`layer_call`, computed again in gradients if the `RematScope` of the layer says so.

        Args:
            layer_call: what to call.
            args, kwargs: what it will be called with, from which its size follows.
        """
        return rematerialised(self, layer_call, args, kwargs)

    # --- what Keras's layers have and these do not ------------------------------------------------

    def _lacks(self, method: str, fix: str) -> NotImplementedError:
        what = f"{type(self).__name__} does not have a {method}() that does anything"
        return NotImplementedError(told(what, fix=fix))

    def quantize(self, mode: Any = None, type_check: bool = True, config: Any = None) -> None:
        """Raises: weights stay floats."""
        raise self._lacks("quantize", _FLOATS)

    def quantized_build(self, input_shape: Any, mode: Any) -> None:
        """Raises: weights stay floats."""
        raise self._lacks("quantized_build", _FLOATS)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Raises: weights stay floats."""
        raise self._lacks("quantized_call", _FLOATS)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Raises: Keras 3 has none either."""
        fix = "Give metrics to compile(metrics=[...]), or hold one and call its update_state()."
        raise self._lacks("add_metric", fix)


_FLOATS = "Weights stay floats: dtype='mixed_bfloat16' computes in 16 bits."


def _outside(leaf: Any) -> Any:
    if not isinstance(leaf, Tensor):
        return leaf
    return KerasTensor(known_shape(leaf.shape), leaf.dtype)


def _inside_again(spec: Any) -> Tensor:
    return _inside(spec.shape, spec.dtype)


def _inside(shape: Any, dtype: str) -> Tensor:
    return input_tensor(TensorSpec(tuple(finding.size if d is None else d for d in shape), dtype))
