"""A convolutional network on the handwritten digits, saved and loaded again.

Run it:  python examples/cnn.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import kerasish as keras


def main() -> None:
    """Train to better than 97 % and check that the saved model predicts the same."""
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    inputs = keras.Input((8, 8, 1), name="image")
    h = keras.layers.Rescaling(1 / 16)(inputs)
    h = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(h)
    h = keras.layers.MaxPooling2D()(h)
    h = keras.layers.Conv2D(64, 3, padding="same", activation="relu")(h)
    h = keras.layers.GlobalMaxPooling2D()(h)
    h = keras.layers.Dropout(0.25)(h)
    outputs = keras.layers.Dense(10, activation="softmax", name="digit")(h)
    model = keras.Model(inputs, outputs)
    model.summary()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=15, validation_split=0.1, verbose=2)
    result = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    print(f"test accuracy {result['accuracy']:.3f}")
    assert result["accuracy"] > 0.97
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cnn.h5"
        model.save(path)
        again = keras.models.load_model(path)
        np.testing.assert_array_equal(
            again.predict(x_test, verbose=0), model.predict(x_test, verbose=0)
        )


if __name__ == "__main__":
    main()
