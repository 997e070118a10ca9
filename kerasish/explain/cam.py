"""Class activation maps: where in a layer's feature maps the evidence for the output lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasish import config
from kerasish.errors import ArgumentError
from kerasish.explain.attribution import Attribution
from kerasish.explain.flat import active, depending
from kerasish.explain.running import Explained
from kerasish.explain.scene import Scene
from kerasish.graph.node import Node, toposort
from kerasish.graph.primitives import add, multiply, reshape, sum_, transpose
from kerasish.graph.tensor import Tensor, node_of, tensor_of
from kerasish.hints import hinted
from kerasish.layers.base.layer import Layer
from kerasish.models import Model
from kerasish.ops.basic.elementwise import cast, divide, maximum, select, square
from kerasish.ops.image.resizing import resize
from kerasish.registry import hint

_CONVOLUTIONS = frozenset({"conv", "conv_input_grad"})
Weights = Callable[[Tensor, Tensor], Tensor]


@hinted
def grad_cam(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    layer: str | Layer | None = None,
    **choice: Any,
) -> Attribution:
    """Where a layer's feature maps speak for the output: their sum weighted by its gradient.

    Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
    localization" (2017), section 3, equations 1 and 2, but for the factor 1 / positions: the
    gradient is summed over the positions of a map, so that of a network that ends in global average
    pooling and one Dense layer the map is the class activation map of Zhou et al., "Learning deep
    features for discriminative localization" (2016), section 2, where that is positive.

    Args:
        model: the model.
        x: its input: images, sequences or tokens, (rows, ...), or a structure of inputs.
        target: which element of each row's output; by default the largest of a row of classes.
        layer: the layer whose output, (rows, positions..., channels), is looked at, by its name,
            its path or itself; a layer inside a model inside too. None is the last one with as
            many positions as the last convolution. Of a layer that is called several times the
            last call counts.
        choice: `output` (which of several), `before_activation` (True by default), `batch_size`;
            see `Explained`.

    Returns:
        Values >= 0, float32, shaped like the input without its channels: (rows, H, W), or (rows, T)
        of sequences and tokens, by bilinear interpolation. `layers` holds the map itself,
        (rows, positions...), under the path of the layer. Inputs that do not come to the layer
        have None.

    Raises:
        ArgumentError: no such layer, none behind a convolution, or none of the inputs has the
            positions of the layer; the message lists the layers that can be picked.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([
        ...     keras.Input((8, 8, 1)),
        ...     keras.layers.Conv2D(4, 3, activation="relu"),
        ...     keras.layers.GlobalAveragePooling2D(),
        ...     keras.layers.Dense(3),
        ... ])
        >>> x = np.ones((2, 8, 8, 1), "float32")
        >>> keras.explain.grad_cam(model, x).values.shape
        (2, 8, 8)
    """
    return _mapped("Grad-CAM", _summed, model, x, target, layer, choice)


@hinted
def grad_cam_plus_plus(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    layer: str | Layer | None = None,
    **choice: Any,
) -> Attribution:
    """Grad-CAM with weights under which every place that speaks for the output counts alike.

    Chattopadhay et al., "Grad-CAM++: generalized gradient-based visual explanations for deep
    convolutional networks" (2018), section 3, equations 14, 18 and 19, without the factor
    exp(score), which all of a row share.

    Args:
        model, x, target, layer, choice: as `grad_cam`.

    Returns:
        As `grad_cam`.

    Raises:
        ArgumentError: as `grad_cam`.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([
        ...     keras.Input((8, 3)),
        ...     keras.layers.Conv1D(4, 3, activation="relu"),
        ...     keras.layers.GlobalMaxPooling1D(),
        ...     keras.layers.Dense(2),
        ... ])
        >>> x = np.ones((2, 8, 3), "float32")
        >>> keras.explain.grad_cam_plus_plus(model, x, 1).values.shape
        (2, 8)
    """
    return _mapped("Grad-CAM++", _plus_plus, model, x, target, layer, choice)


def _summed(maps: Tensor, g: Tensor) -> Tensor:
    return _over_positions(g)


def _plus_plus(maps: Tensor, g: Tensor) -> Tensor:
    """Equation 14, with the share of each position by equation 19."""
    second = square(g)
    below = add(multiply(second, 2.0), multiply(_over_positions(maps), multiply(second, g)))
    some = below != 0
    share = select(some, divide(second, select(some, below, 1.0)), 0.0)
    return _over_positions(multiply(share, maximum(g, 0.0)))


def _over_positions(x: Tensor) -> Tensor:
    """(rows, positions..., channels) summed to (rows, 1..., channels)."""
    return sum_(x, axis=tuple(range(1, x.ndim - 1)), keepdims=True)


def _mapped(
    method: str,
    weights: Weights,
    model: Model,
    x: Any,
    target: Any,
    layer: str | Layer | None,
    choice: dict[str, Any],
) -> Attribution:
    explained = Explained(model, x, target, **{"before_activation": True} | choice)
    held = model._flatten_layers()
    formats = {one.path: one.data_format for one in held if hasattr(one, "data_format")}

    def look(scene: Scene) -> Any:
        path, node = _picked(scene, layer, formats)
        first = _channels_first(node, formats)
        (g,) = scene.gradients_by([node], None)
        maps, g = (cast(_channels_last(t, first), "float32") for t in (tensor_of(node), g))
        raw = sum_(multiply(weights(maps, g), maps), axis=(maps.ndim - 1,), keepdims=False)
        raw = maximum(raw, 0.0)
        sizes = _sizes(scene, node, first, path)
        return {i: resized(raw, s) for i, s in sizes.items()}, scene.score(), {path: raw}

    found, score, layers = explained.batches(explained.step(look))
    values = [found.get(i) for i in range(len(explained.leaves))]
    return explained.told(method, values, score, layers=layers)


# --- the layer --------------------------------------------------------------------------------


def _picked(
    scene: Scene, layer: str | Layer | None, formats: Mapping[str, str]
) -> tuple[str, Node]:
    """The path and the node of a layer's feature maps."""
    order = toposort([scene.output])
    found = _maps(scene, order)
    if layer is None:
        for convolution in reversed([n for n in order if n.op.name in _CONVOLUTIONS]):
            behind = depending([scene.output], [convolution])
            for path, node in reversed(found.items()):
                start = 2 if _channels_first(node, formats) else 1
                positions = node.shape[start : start + len(node.shape) - 2]
                if node in behind and positions == convolution.shape[1:-1]:
                    return path, node
        raise _unknown("feature maps behind a convolution", "a model that has none", found)
    name = layer.path if isinstance(layer, Layer) else str(layer)
    for path, node in reversed(found.items()):
        if path == name or path.endswith(f"/{name}"):
            return path, node
    raise _unknown("a layer with feature maps", repr(name), found)


def _unknown(wanted: str, received: str, found: dict[str, Node]) -> ArgumentError:
    listed = ", ".join(path.split("/", 1)[1] for path in found) or "none of this model"
    near = hint(received.strip("'"), [path.split("/", 1)[1] for path in found])
    return ArgumentError(
        "layer", expected=wanted, received=received, fix=f"{near} There are: {listed}.".strip()
    )


def _maps(scene: Scene, order: Sequence[Node]) -> dict[str, Node]:
    """What layers, and models inside, hand on by path: (rows, positions..., channels)."""
    live = active([scene.output], scene.every)
    rows = scene.output.spec.shape[0]
    readers: dict[Node, set[str]] = {}
    for node in order:
        for source in node.inputs:
            readers.setdefault(source, set()).add(node.scope)
    found: dict[str, Node] = {}
    for node in order:
        if node not in live or node is scene.output or len(node.specs) > 1 or len(node.shape) < 3:
            continue
        parts = node.scope.split("/")
        for end in range(2, len(parts) + 1) if node.shape[0] == rows else ():
            path = "/".join(parts[:end])
            if any(not f"{r}/".startswith(f"{path}/") for r in readers[node]):
                found.pop(path, None)  # what is handed on last stands last
                found[path] = node
    return found


def _channels_first(node: Node, formats: Mapping[str, str]) -> bool:
    """Whether the channels of a map are its second axis, by the nearest layer that says so."""
    for near in reversed(toposort([node])):
        parts = near.scope.split("/")
        for end in range(len(parts), 0, -1):
            said = formats.get("/".join(parts[:end]))
            if said is not None:
                return said == "channels_first"
    return config.image_data_format() == "channels_first"


def _channels_last(x: Tensor, first: bool) -> Tensor:
    return transpose(x, axes=(0, *range(2, x.ndim), 1)) if first else x


# --- back to the input ------------------------------------------------------------------------


def _sizes(scene: Scene, node: Node, first: bool, path: str) -> dict[int, tuple[int, ...]]:
    """The positions of the inputs, by number, that come to a map."""
    count = len(node.shape) - 2
    read = set(toposort([node]))
    sizes: dict[int, tuple[int, ...]] = {}
    for number, given in enumerate(scene.inputs):
        if node_of(given) in read and given.ndim in (count + 1, count + 2):
            start = 2 if first and given.ndim == count + 2 else 1
            sizes[number] = tuple(given.shape[start : start + count])
    if not sizes:
        raise ArgumentError(
            f"The map of {path!r}",
            expected=f"an input with its {count} axes of positions",
            received=f"inputs {[t.shape for t in scene.inputs]}, a map {node.shape}",
            fix="Explain the layers behind: keras.Model(layer.output, model.output).",
        )
    return sizes


def resized(x: Tensor, sizes: Sequence[int]) -> Tensor:
    """(rows, positions...) at other numbers of positions, bilinear, one axis after another."""
    for axis, size in enumerate(sizes, 1):
        before, now, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
        if now == size:
            continue
        flat = (math.prod(before), now, math.prod(after), 1)
        made = resize(reshape(x, shape=flat), (size, flat[2]), data_format="channels_last")
        x = reshape(made, shape=(*before, size, *after))
    return x
