"""Where every object of a model stands in Keras's `.weights.h5`: the path of its `vars` group.

Paths are made of attributes and of snake_case keys in lists; layers stand in an order of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from kerasish.budget import holding
from kerasish.graph.variable import Variable
from kerasish.layers.base import tracking
from kerasish.layers.base.holder import Holder
from kerasish.naming import is_automatic, member_keys, snake_case
from kerasish.optimizers.state import OptimizerState
from kerasish.saving.files.text import children

# Held by a model, but written elsewhere or not at all.
_ELSEWHERE = frozenset(("optimizer", "loss", "stop_training", "history"))


Walks = dict[tuple[int, bool, frozenset[int]], list[tuple[str, Any]]]
_walks: ContextVar[Walks | None] = ContextVar("walks", default=None)


@contextmanager
def walked_once() -> Generator[None, None, None]:
    """Context manager and decorator: a model stays as it is inside, and is walked once each way."""
    with holding(_walks, Walks()):
        yield


def file_class(obj: Any) -> str:
    """The class name that an object has in files: a model of symbols is a Functional."""
    return str(getattr(obj, "file_class", type(obj).__name__))


def walk(
    model: Any, by_name: bool = False, without: Iterable[Any] = ()
) -> Iterator[tuple[str, Any]]:
    """Pairs (path, object) for a model and everything below it, each object once.

    `layers` comes first for models that are lists or graphs of layers, then attributes by name,
    public ones before private ones, as Keras goes through them.

    Args:
        by_name: call the layers of a model by their names instead of Keras's keys ("probs"
            instead of "layers/dense_1"); automatic names are counted within the model.
        without: objects that are passed over, with all that only they hold.
    """
    seen = {id(obj) for obj in without}
    walks = _walks.get()
    if walks is None:
        return _walk(model, "", seen, by_name)
    key = id(model), by_name, frozenset(seen)
    if key not in walks:
        walks[key] = list(_walk(model, "", seen, by_name))
    return iter(walks[key])


def _walk(here: Any, path: str, seen: set[int], by_name: bool) -> Iterator[tuple[str, Any]]:
    if id(here) in seen:
        return
    seen.add(id(here))
    yield path, here
    if file_class(here) in ("Sequential", "Functional"):
        if by_name:
            for name, layer in zip(layer_keys(here.layers), here.layers, strict=True):
                yield from _walk(layer, _join(path, name), seen, by_name)
        else:
            yield from _enter(here.layers, _join(path, "layers"), seen, by_name)
    for name, value in _attributes(here):
        yield from _enter(value, _join(path, name), seen, by_name)


def layer_keys(layers: Iterable[Any]) -> list[str]:
    """The names of a model's layers, the automatic ones counted within the model."""
    return member_keys([(layer.name, layer._base_name) for layer in layers])


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _enter(
    value: Any, path: str, seen: set[int], by_name: bool, around: tuple[int, ...] = ()
) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Holder):
        yield from _walk(value, path, seen, by_name)
    elif id(value) not in around:  # a container may hold itself
        around = (*around, id(value))
        held = [item for item in children(value) if _may_hold(item)]
        names = container_keys(
            file_class(item) if isinstance(item, Holder) else "container" for item in held
        )
        for name, item in zip(names, held, strict=True):
            yield from _enter(item, _join(path, name), seen, by_name, around)


def _may_hold(value: Any) -> bool:
    return isinstance(value, (Holder, list, tuple, dict))


def _attributes(here: Any) -> Iterator[tuple[str, Any]]:
    cls = here.__class__
    untracked: frozenset[str] = getattr(cls, "untracked", frozenset[str]())
    elsewhere = _ELSEWHERE | untracked
    held = {n: v for n, v in here.__dict__.items() if n not in elsewhere and v is not None}
    listed = hasattr(cls, "layers") and "layers" not in untracked
    if listed and file_class(here) not in ("Sequential", "Functional"):
        # In a subclass of Model, Keras comes upon this list among the attributes.
        held["layers"] = here.layers
    for name in sorted(held, key=lambda n: (n.startswith("_"), n)):
        # Keras reaches a private attribute through the public property of the same name.
        public = name.lstrip("_")
        yield (public if hasattr(cls, public) else name), held[name]


def other_optimizers(model: Any) -> list[tuple[str, Any]]:
    """Pairs (path, optimizer) of those that a model and the models in it hold, but for the one
    that the model itself was compiled with; each once."""
    found: dict[int, tuple[str, Any]] = {}
    first = getattr(model, "optimizer", None)
    for path, obj in walk(model):
        for name in sorted(obj.__dict__):
            value = obj.__dict__[name]
            if isinstance(value, OptimizerState) and value is not first:
                found.setdefault(id(value), (_join(path, name), value))
    return list(found.values())


def shared_layers(model: Any) -> list[Any]:
    """The layers below a model that more than one other layer or model holds."""
    holders: dict[int, set[int]] = {}
    found: dict[int, Any] = {}
    for _, obj in walk(model):
        for child in obj._sublayers():
            holders.setdefault(id(child), set()).add(id(obj))
            found[id(child)] = child
    return [child for key, child in found.items() if len(holders[key]) > 1]


def named_weights(model: Any) -> dict[str, Variable]:
    """All weights by a path that a model built again from its config has too."""
    return _numbered(model, tracking.variable_keys)


def random_state(model: Any) -> dict[str, Variable]:
    """The variables of seed generators, by such a path."""
    return _numbered(model, _states)


def _states(obj: Any) -> Iterator[tuple[str, Variable]]:
    for generator in tracking.seed_generators(obj):
        automatic = is_automatic(generator.name, "seed_generator")
        yield "seed_generator" if automatic else generator.name, generator.state


def _numbered(
    model: Any, keyed: Callable[[Any], Iterable[tuple[str, Variable]]]
) -> dict[str, Variable]:
    """What `keyed` gives of every object, by path, each once; one path again is numbered."""
    walked = walk(model, by_name=True)
    pairs = [(_join(path, key), variable) for path, obj in walked for key, variable in keyed(obj)]
    found: dict[Variable, str] = {}
    for name, (_, variable) in zip(unique_keys(name for name, _ in pairs), pairs, strict=True):
        found.setdefault(variable, name)
    return {name: variable for variable, name in found.items()}


# --- keys and the order of layers ---------------------------------------------------------------


N = TypeVar("N", bound=Hashable)
Op = TypeVar("Op", bound=Hashable)


def unique_keys(names: Iterable[str]) -> list[str]:
    """Repeats numbered in order: dense, dense, relu -> dense, dense_1, relu."""
    seen: dict[str, int] = {}
    keys: list[str] = []
    for name in names:
        count = seen.get(name, -1) + 1
        seen[name] = count
        keys.append(f"{name}_{count}" if count else name)
    return keys


def container_keys(classes: Iterable[str]) -> list[str]:
    """The keys of a list of objects, from the names of their classes."""
    return unique_keys(snake_case(name) for name in classes)


def operation_order(
    outputs: Sequence[N],
    inputs: Sequence[N],
    parents: Callable[[N], Sequence[N]],
    operation: Callable[[N], Op],
) -> list[Op]:
    """The operations of a functional model in the order that Keras's files count them in.

    A node is one call of an operation. Operations come by decreasing depth (the longest way to
    an output; a shared one counts at its deepest), and at equal depth in the order in which a
    depth-first search from the outputs meets them. Inputs that reach no output come with the
    outputs' depth and before them.

    Args:
        outputs: the nodes that make the outputs, flattened.
        inputs: the nodes of the inputs, flattened.
        parents: the nodes that made a node's tensors, in argument order.
        operation: the operation that a node is a call of.
    """
    finished, met = _depth_first(outputs, parents, operation)
    inside = set(finished)
    node_depth: dict[N, int] = {}
    depth: dict[Op, int] = {}
    for node in reversed(finished):
        here = operation(node)
        # A later call of a shared operation inherits the depth of the earlier ones.
        deepest = max(node_depth.get(node, 0), depth.get(here, 0))
        depth[here] = node_depth[node] = deepest
        for parent in parents(node):
            if parent in inside:
                node_depth[parent] = max(deepest + 1, node_depth.get(parent, 0))
    for node in inputs:
        if operation(node) not in depth:
            depth[operation(node)] = 0
            met[operation(node)] = -1
    return sorted(depth, key=lambda op: (-depth[op], met[op]))


def _depth_first(
    outputs: Sequence[N], parents: Callable[[N], Sequence[N]], operation: Callable[[N], Op]
) -> tuple[list[N], dict[Op, int]]:
    """Nodes in the order they are left, and the number at which each operation is first met."""
    finished: dict[N, None] = {}
    met: dict[Op, int] = {}
    for output in outputs:
        if output in finished:
            continue
        met.setdefault(operation(output), len(met))
        stack: list[tuple[N, Iterator[N]]] = [(output, iter(parents(output)))]
        while stack:
            node, rest = stack[-1]
            for parent in rest:
                if parent not in finished:
                    met.setdefault(operation(parent), len(met))
                    stack.append((parent, iter(parents(parent))))
                    break
            else:
                finished[node] = None
                stack.pop()
    return list(finished), met
