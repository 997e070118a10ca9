"""Linear regression twice: with `fit`, and by hand with `value_and_grad` and gradient descent.

Run it:  python examples/linear_regression.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

import kerasish as keras

TRUE_W, TRUE_B = np.array([[2.0], [-3.4]], "float32"), 4.2


def data(n: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """x of shape (n, 2) and y = x w + b + noise of shape (n, 1)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2)).astype("float32")
    return x, x @ TRUE_W + TRUE_B + 0.01 * rng.normal(size=(n, 1)).astype("float32")


def with_fit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One Dense layer, trained by `fit`."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.fit(x, y, batch_size=100, epochs=10, verbose=0)
    w, b = model.get_weights()
    return w, b


def by_hand(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same model as a function of its parameters, and gradient descent on it."""

    def loss(parameters: dict[str, Any], x: Any, y: Any) -> Any:
        prediction = keras.ops.matmul(x, parameters["w"]) + parameters["b"]
        return keras.ops.mean(keras.ops.square(prediction - y))

    @keras.function
    def step(parameters: dict[str, Any], x: Any, y: Any) -> Any:
        value, gradients = keras.value_and_grad(loss)(parameters, x, y)
        moved = {k: p - 0.1 * gradients[k] for k, p in parameters.items()}
        return value, moved

    parameters = {"w": keras.ops.zeros((2, 1)), "b": keras.ops.zeros((1,))}
    for _ in range(100):
        _, parameters = step(parameters, x, y)
    return parameters["w"].numpy(), parameters["b"].numpy()


def main() -> None:
    """Fit both ways and compare with the truth."""
    x, y = data()
    for name, solve in (("fit", with_fit), ("by hand", by_hand)):
        w, b = solve(x, y)
        print(f"{name:8} w = {w.ravel()}, b = {b}")
        assert np.abs(w - TRUE_W).max() < 0.01
        assert abs(b.item() - TRUE_B) < 0.01


if __name__ == "__main__":
    main()
