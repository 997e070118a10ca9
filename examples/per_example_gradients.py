"""Gradients of every example at once: which examples pull hardest, and a clipped training step.

`vectorized_map` over a gradient gives one gradient per example, computed as one graph on the whole
batch. With them, each example's pull can be bounded before they are averaged, as in DP-SGD (Abadi
et al., "Deep learning with differential privacy", 2016), here without the noise.

Run it:  python examples/per_example_gradients.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

import kerasish as keras
from kerasish import ops

LIMIT = 3.0  # the largest norm an example's gradient may have

model = keras.Sequential(
    [keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.Flatten(),
     keras.layers.Dense(10)]
)  # fmt: skip
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.SGD(0.5)


def gradient(example: Any) -> tuple[Any, Any]:
    """The loss of one example, and its gradients by the model's weights."""
    x, y = example
    with keras.GradientTape() as tape:
        loss = loss_of(y[None], model(x[None], training=True))
    return loss, tape.gradient(loss, model.trainable_variables)


@keras.function
def step(x: Any, y: Any) -> tuple[Any, Any]:
    """One update with clipped gradients; the mean loss and every example's norm before it."""
    losses, grads = ops.vectorized_map(gradient, (x, y))
    squares = [ops.sum(g * g, axis=tuple(range(1, g.ndim))) for g in grads]
    norms = ops.sqrt(sum(squares[1:], squares[0]))
    weights = ops.minimum(1.0, LIMIT / norms)
    clipped = [ops.tensordot(weights, g, axes=1) / len(x) for g in grads]
    optimizer.apply(clipped, model.trainable_variables)
    return ops.mean(losses), norms


def main() -> None:
    """Train on part of the digits, and look at the norms."""
    keras.utils.set_random_seed(0)
    (images, labels), _ = keras.datasets.digits.load_data()
    x, y = images[:256].reshape(-1, 8, 8, 1).astype("float32") / 16, labels[:256].astype("int32")
    start = None
    for epoch in range(50):
        loss, norms = step(x, y)
        start = float(loss) if start is None else start
        above = int(np.sum(norms.numpy() > LIMIT))
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {float(loss):.3f}, {above} norms above {LIMIT}")
    hardest = np.argsort(-norms.numpy())[:5]
    print("digits that pull hardest:", ", ".join(str(y[i]) for i in hardest))
    assert float(loss) < 0.5 * start


if __name__ == "__main__":
    main()
