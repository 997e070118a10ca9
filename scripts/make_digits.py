"""Write kerasish/datasets/digits.npz from scikit-learn's copy of the digits.

Run from the repository's root, with scikit-learn installed:

    python scripts/make_digits.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path("kerasish/datasets/digits.npz")


def main() -> None:
    """Check that nothing is lost as uint8, and write the file."""
    pixels, labels = load_digits(return_X_y=True)
    images = pixels.reshape(-1, 8, 8).astype(np.uint8)
    if not np.array_equal(images.reshape(-1, 64), pixels):
        raise SystemExit("The pixels are not whole numbers from 0 to 255.")
    np.savez_compressed(TARGET, images=images, labels=labels.astype(np.uint8))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes, images {images.shape}")


if __name__ == "__main__":
    main()
