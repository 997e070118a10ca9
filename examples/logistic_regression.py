"""Logistic regression on the handwritten digits, one layer and a softmax.

Run it:  python examples/logistic_regression.py
"""

from __future__ import annotations

import kerasish as keras


def main() -> None:
    """Train, evaluate and look at the confusion of one digit."""
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Flatten(),
            keras.layers.Dense(
                10, activation="softmax", kernel_regularizer=keras.regularizers.L2(1e-4)
            ),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=40, verbose=0)
    result = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    print(f"test accuracy {result['accuracy']:.3f}")
    assert result["accuracy"] > 0.85  # the test images are by other writers
    eights = model.predict(x_test[y_test == 8], verbose=0).mean(axis=0)
    print("mean probability of each digit, given an 8:", eights.round(3))


if __name__ == "__main__":
    main()
