"""Functions that turn functions into derivatives: gradients, products, Jacobians, Hessians."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import GradientError
from kerasish.graph import primitives
from kerasish.graph.autodiff import GradientTape, unit_rows
from kerasish.graph.batching import lift, reshaped, spread
from kerasish.graph.primitives import transpose
from kerasish.graph.recording import alias
from kerasish.graph.tensor import Tensor, convert_to_tensor, filled_like, input_tensor, node_of
from kerasish.spec import is_differentiable, normalize_axis


def _fresh(x: Any) -> Tensor:
    """The tensor to differentiate by: other uses of `x`, here or outside, do not count.

    Raises:
        GradientError: its dtype has no gradients.
    """
    t = convert_to_tensor(x)
    if not is_differentiable(t.dtype):
        raise GradientError(
            "A gradient",
            expected="a floating or complex tensor to differentiate by",
            received=t.spec,
            fix="Cast it, or leave it out of argnums.",
        )
    return Tensor(t.spec, t.value, t.node and alias(t.node))


def value_and_grad(
    func: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function `args -> (func(*args), gradients)`.

    Args:
        func: returns a scalar tensor, or `(scalar, aux)` with `has_aux=True`.
        argnums: the positional argument(s), each a structure of tensors, to differentiate by.
        has_aux: whether `func` returns something beside its value.

    Returns:
        A function. Its gradients have the structure of the argument, in a tuple if `argnums` is
        one; an argument that the value does not depend on gets zeros.

    Raises:
        GradientError: the value is no scalar.
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tape, out, wrt = _followed(func, argnums, args, kwargs)
        value = convert_to_tensor(out[0] if has_aux else out)
        out = (value, *out[1:]) if has_aux else value
        if value.shape != ():
            raise GradientError(
                "value_and_grad",
                expected="a function whose value is a scalar, shape ()",
                received=f"shape {value.shape}",
                fix="Reduce it with kerasish.ops.sum or mean.",
            )
        found = tree.map_structure(_or_zeros, tape.gradient(value, wrt), wrt)
        return out, (found[0] if isinstance(argnums, int) else tuple(found))

    return wrapped


def _followed(
    func: Callable[..., Any], argnums: int | Sequence[int], args: tuple[Any, ...], kwargs: Any
) -> tuple[GradientTape, Any, list[Any]]:
    """(a tape that followed func(*args), its result, what the arguments `argnums` became)."""
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    places = [normalize_axis(i, len(args)) for i in chosen]
    held = [tree.map_structure(_fresh, a) if i in places else a for i, a in enumerate(args)]
    wrt = [held[i] for i in places]
    with GradientTape() as tape:
        tape.watch(wrt)
        out = func(*held, **kwargs)
    return tape, out, wrt


def _or_zeros(g: Tensor | None, like: Tensor) -> Tensor:
    return filled_like(like, 0) if g is None else g


def grad(func: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The gradient function of a scalar function; see `value_and_grad`."""
    both = value_and_grad(func, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def vjp(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """(func(*primals), a function from an output gradient to the tuple of input gradients)."""
    held = [_fresh(p) for p in primals]
    with GradientTape() as tape:
        tape.watch(held)
        out = tree.map_structure(convert_to_tensor, func(*held))

    def pull(cotangents: Any) -> tuple[Any, ...]:
        found = tape.gradient(out, held, cotangents)
        return tuple(_or_zeros(g, x) for g, x in zip(found, held, strict=True))

    return out, pull


def jvp(func: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Forward mode: (func(*primals), the directional derivative along `tangents`).

    A vjp is linear in the output gradient u, so the vjp of u -> vjp(u) is the jvp: forward mode
    costs no rule of its own (Townsend, "A new trick for calculating Jacobian vector products").
    """
    held = [_fresh(p) for p in primals]
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(held)
            out = tree.map_structure(convert_to_tensor, func(*held))
        outputs = tree.flatten(out)
        # The u of the docstring: its value never matters, only that it can be traced back to.
        dummies = [convert_to_tensor(np.zeros(o.shape), o.dtype) for o in outputs]
        outer.watch(dummies)
        pulled = inner.gradient(outputs, held, dummies)
    used = [(p, t) for p, t in zip(pulled, tangents, strict=True) if p is not None]
    if not used:
        return out, tree.map_structure(functools.partial(_or_zeros, None), out)
    found = outer.gradient([p for p, _ in used], dummies, [t for _, t in used])
    moved = [_or_zeros(f, o) for f, o in zip(found, outputs, strict=True)]
    return out, tree.pack_sequence_as(out, moved)


def hvp(func: Callable[..., Any], primals: Sequence[Any], vectors: Sequence[Any]) -> Any:
    """Hessian-vector product of a scalar function: d/de grad(primals + e * vectors)."""
    gradient = grad(func, tuple(range(len(primals))))
    return jvp(gradient, primals, vectors)[1]


def jacobian(func: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function of all first derivatives, d output / d argument, by reverse mode.

    The backward pass is made once and batched over the elements of the output: best where there
    are fewer of them than elements of the argument; otherwise see `jacfwd`.

    Args:
        func: returns a tensor or a structure of tensors.
        argnums: as in `value_and_grad`.

    Returns:
        A function. In the structure of the output, each leaf has the structure of the argument
        (in a tuple if `argnums` is one), with tensors (*output.shape, *argument.shape).

    Example:
        >>> import kerasish as keras
        >>> x = keras.ops.convert_to_tensor([1.0, 2.0])
        >>> keras.jacobian(lambda x: x * x)(x).numpy().tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tape, out, wrt = _followed(func, argnums, args, kwargs)

        def of(leaf: Tensor) -> Any:
            outer = functools.partial(_or_outer_zeros, leaf)
            found = tree.map_structure(outer, tape.jacobian(leaf, wrt), wrt)
            return found[0] if isinstance(argnums, int) else tuple(found)

        return tree.map_structure(of, tree.map_structure(convert_to_tensor, out))

    return wrapped


def _or_outer_zeros(y: Tensor, g: Tensor | None, x: Tensor) -> Tensor:
    return filled_like(y, 0, (*y.shape, *x.shape)) if g is None else g


def jacfwd(func: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """`jacobian` by forward mode: one `jvp`, batched over the elements of the argument.

    Best where the argument has fewer elements than the output. The arguments differentiated by
    are tensors.
    """
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        def by(place: int) -> tuple[Any, list[Tensor]]:
            x = convert_to_tensor(args[place])
            direction = input_tensor(x.spec, "direction")

            def of_one(value: Any) -> Any:
                return func(*(value if i == place else a for i, a in enumerate(args)), **kwargs)

            moved = jvp(of_one, [x], [direction])[1]
            nodes = [node_of(t) for t in tree.flatten(moved)]
            known = {node_of(direction): (unit_rows(x), True)}
            return moved, [_columns(row, x) for row in lift(nodes, known, x.size)]

        found = [by(normalize_axis(i, len(args))) for i in chosen]
        out, each = found[0][0], [columns for _, columns in found]
        leaves = each[0] if isinstance(argnums, int) else list(zip(*each, strict=True))
        return tree.pack_sequence_as(out, leaves)

    return wrapped


def _columns(row: tuple[Tensor, bool], x: Tensor) -> Tensor:
    """Derivatives along every element of x, (size, *output), as (*output, *x.shape)."""
    each = row[0] if row[1] else spread(row[0], x.size)
    last = transpose(each, axes=(*range(1, each.ndim), 0))
    return reshaped(last, (*last.shape[:-1], *x.shape))


def hessian(func: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function of all second derivatives of a scalar function: the Jacobian of `grad`.

    Args:
        func: returns a scalar tensor.
        argnums: as in `value_and_grad`; for several, a tuple of tuples.
    """
    return jacobian(grad(func, argnums), argnums)


def stop_gradient(x: Any) -> Tensor:
    """`x` unchanged, through which no gradient flows."""
    return primitives.stop_gradient(x)
