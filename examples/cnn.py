"""A convolutional network on the handwritten digits, saved and loaded again.

Run it:  python examples/cnn.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import kerasish as keras


def main() -> None:
    """Train to 96 % on digits of other writers, and check that the saved model is the same."""
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    inputs = keras.Input((8, 8, 1), name="image")
    h = keras.layers.Rescaling(1 / 16)(inputs)
    h = keras.layers.RandomTranslation(0.12, 0.12, fill_mode="constant")(h)
    for filters in (32, 64):
        h = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(h)
        h = keras.layers.BatchNormalization(momentum=0.9)(h)
    h = keras.layers.MaxPooling2D()(h)
    h = keras.layers.Flatten()(h)
    h = keras.layers.Dropout(0.4)(h)
    h = keras.layers.Dense(128, activation="relu")(h)
    h = keras.layers.Dropout(0.4)(h)
    outputs = keras.layers.Dense(10, activation="softmax", name="digit")(h)
    model = keras.Model(inputs, outputs)
    model.summary()
    epochs, steps = 20, 21
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, y, batch_size=64, epochs=epochs, validation_split=0.1, verbose=2)
    result = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    print(f"test accuracy {result['accuracy']:.3f}")
    assert result["accuracy"] > 0.96
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cnn.h5"
        model.save(path)
        again = keras.models.load_model(path)
        np.testing.assert_array_equal(
            again.predict(x_test, verbose=0), model.predict(x_test, verbose=0)
        )


if __name__ == "__main__":
    main()
