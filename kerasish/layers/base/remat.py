"""RematScope: layers whose intermediate values are computed again in the backward pass."""

# pyright: reportPrivateUsage=false
# The files of this room share what a layer keeps to itself.

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kerasish import tree
from kerasish.errors import told
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import current_trace
from kerasish.hints import one_of
from kerasish.layers.base import tracking
from kerasish.layers.base.call import calls, set_masks
from kerasish.ops.control.remat import call_again, remat

if TYPE_CHECKING:
    from kerasish.layers.base.layer import Layer

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.open: list[RematScope] = []
        self.inside = False  # a call that is computed again as a whole


_scopes = _Scopes()


class RematScope:
    """Context manager: layers made, or called, inside are rematerialised in compiled training.

    What such a layer computes on the way is not kept for the backward pass but computed again
    there: memory for time, with the same gradients. `model.memory()` shows what it saves. A layer
    keeps the scope it was made in; the innermost scope counts. Inside a layer that is computed
    again as a whole, layers are not so once more; a model is not itself computed again but its
    layers are, unless it is listed by name.

    Args:
        mode: "full": every layer. "activations": the `activation` of layers that have one.
            "larger_than": layers whose outputs together have more than `output_size_threshold`
            elements. "list_of_layers": those named in `layer_names`. None: no layer.
        output_size_threshold: number of elements, the batch included.
        layer_names: names of layers.

    Raises:
        ArgumentError: there is no such mode.

    Example:
        >>> import kerasish as keras
        >>> with keras.RematScope(mode="larger_than", output_size_threshold=2048):
        ...     layer = keras.layers.Dense(128, activation="gelu")
        >>> layer(keras.ops.ones((2, 4))).shape
        (2, 128)
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: list[str] | None = None,
    ) -> None:
        self.mode = one_of("RematScope, mode", mode, MODES)
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())

    def __enter__(self) -> RematScope:
        _scopes.open.append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _scopes.open.pop()


def current_scope() -> RematScope | None:
    """The innermost open scope."""
    return _scopes.open[-1] if _scopes.open else None


def called(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`layer.call(*args, **kwargs)`, rematerialised if the layer's scope says so."""
    scope = layer._remat_scope or current_scope()
    if scope is None or scope.mode is None or _scopes.inside or current_trace() is None:
        return layer.call(*args, **kwargs)
    if scope.mode == "activations":
        return _with_activation_again(layer, args, kwargs)
    if layer.name in scope.layer_names if scope.mode == "list_of_layers" else layer.rematerialises:
        limit = scope.output_size_threshold if scope.mode == "larger_than" else -1
        return _whole(layer, limit, args, kwargs)
    return layer.call(*args, **kwargs)


def rematerialised(
    layer: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Callable[..., Any]:
    """A function of a layer, or one that gradients compute again if the layer's scope says so."""
    scope = layer._remat_scope or current_scope()
    if scope is None or scope.mode in (None, "activations"):
        return call
    if scope.mode == "list_of_layers" and layer.name not in scope.layer_names:
        return call
    if scope.mode == "larger_than":
        if _size(layer.compute_output_spec(*args, **kwargs)) <= scope.output_size_threshold:
            return call
    return remat(call)


def called_first(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`called`, with a warning of layers that get weights inside and are no part of the layer."""
    around, calls.made = calls.made, []
    try:
        outputs = called(layer, args, kwargs)
        parts = set(map(id, layer._flatten_layers()))
        for one in calls.made:
            if id(one) not in parts:
                kind, owner = type(one).__name__, f"{type(layer).__name__} {layer.name!r}"
                layer._warn_once(
                    told(
                        f"{kind} {one.name!r}, called in the call() of {owner}, is no part of it: "
                        "its weights are neither trained nor saved with it",
                        fix=f"Make it once, in __init__ or build: self.inner = {kind}(...).",
                    )
                )
    finally:
        calls.made = around
    if around is not None and tracking.own_variables(layer):
        around.append(layer)
    return outputs


def _with_activation_again(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    held = vars(layer).get("activation")
    if held is None:
        return layer.call(*args, **kwargs)
    object.__setattr__(layer, "activation", remat(held))
    try:
        return layer.call(*args, **kwargs)
    finally:
        object.__setattr__(layer, "activation", held)


def _whole(layer: Layer, limit: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The call as one part that is computed again, if it gives more than `limit` elements.

    Masks of tensors, and losses that layers add, go in and out with the tensors.
    """
    below = layer._flatten_layers()
    counts = [len(one._losses) for one in below]
    masks = [getattr(t, "mask", None) for t in tree.flatten((args, kwargs))]

    def call(inner_args: Any, inner_kwargs: Any, inner_masks: Any) -> Any:
        set_masks((inner_args, inner_kwargs), inner_masks)
        outputs = layer.call(*inner_args, **inner_kwargs)
        added: list[Any] = []
        for one, count in zip(below, counts, strict=True):
            added.append(one._losses[count:])
            del one._losses[count:]
        return outputs, [getattr(t, "mask", None) for t in tree.flatten(outputs)], added

    _scopes.inside = True
    try:
        outputs, out_masks, added = call_again(
            call, (args, kwargs, masks), {}, lambda found: _size(found[0]) > limit
        )
    finally:
        _scopes.inside = False
    set_masks(outputs, out_masks)
    for one, losses in zip(below, added, strict=True):
        one._losses.extend(losses)
    return outputs


def _size(outputs: Any) -> int:
    tensors = [t for t in tree.flatten(outputs) if isinstance(t, Tensor)]
    return sum(math.prod(1 if d is None else d for d in t.shape) for t in tensors)
