"""A ReLU operator of one's own, in three ways: a new op, `custom_gradient`, another gradient.

Run it:  python examples/custom_relu.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

import kerasish as keras
from kerasish.graph import case, overridden_gradient
from kerasish.ops.declare import elementwise
from kerasish.spec import NUMBERS
from kerasish.testing import check

# 1. A new op: its kernel on any array module, its gradient in ops, where to draw samples.
#    Its tests, its place in fused regions and its printed name follow from the declaration.


def _kernel(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.maximum(x, 0, out=out)


def _vjp(g: Any, y: Any, x: Any) -> Any:
    return keras.ops.where(y > 0, g, 0.0)


my_relu = elementwise(
    "my_relu",
    _kernel,
    _vjp,
    arity=1,
    dtypes=NUMBERS,  # of bools, numpy's maximum with 0 makes integers
    cases=(case((3, 4), domain=(0.2, 2.0)), case((3, 4), domain=(-2.0, -0.2))),
    doc="max(x, 0).",
)


@my_relu.lowering("llvm")
def _(e: Any, x: Any) -> Any:
    zero = e.like(0.0, x)
    return e.select(e.compare("gt", x, zero), x, zero)


@my_relu.lowering("cuda")
def _(x: str) -> str:
    return f"({x} > 0 ? {x} : 0)"


# 2. A composite with a gradient of its own: here the gradient lets everything through.


@keras.ops.custom_gradient
def straight_through_relu(x: Any) -> Any:
    """max(x, 0) forward; backward as if it were the identity."""

    def grad(*args: Any, upstream: Any = None) -> Any:
        return args[0] if upstream is None else upstream

    return keras.ops.maximum(x, 0.0), grad


# 3. Another gradient for an op that has one, while a function is traced inside the block.


def leaky_backward(g: Any, y: Any, x: Any) -> Any:
    """Lets a hundredth of the gradient through where the unit is off."""
    return keras.ops.where(y > 0, g, 0.01 * g)


def main() -> None:
    """Check all three."""
    print("checked               " + ", ".join(check(my_relu)))
    x = keras.ops.convert_to_tensor(np.array([-1.0, 2.0, 3.0], "float32"))

    def total(f: Any) -> Any:
        return keras.grad(lambda t: keras.ops.sum(f(t)))(x).numpy().tolist()

    print("my_relu              ", my_relu(x).numpy(), "gradient", total(my_relu))
    print(
        "straight_through_relu",
        straight_through_relu(x).numpy(),
        "gradient",
        total(straight_through_relu),
    )
    with overridden_gradient("my_relu", leaky_backward):
        print("leaky backward       ", my_relu(x).numpy(), "gradient", total(my_relu))
    fused = keras.function(lambda t: my_relu(t * 2.0) + 1.0)
    print("fused                ", fused(x).numpy())
    print(fused.plan_for(x.spec))


if __name__ == "__main__":
    main()
