"""California housing: 20,640 districts of the 1990 US census (Pace and Barry, 1997; StatLib)."""

from __future__ import annotations

from kerasish import registry
from kerasish.datasets.housing import Arrays, load
from kerasish.hints import one_of

FILE = "california_housing.npz"
SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
SMALL = 600


@registry.entry("dataset", "california_housing")
def load_data(
    version: str = "large", path: str = FILE, test_split: float = 0.2, seed: int = 113
) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): eight features and the median house value.

    Read from `$KERASISH_DATA/california_housing/` or the cache, and downloaded otherwise. The
    order and the split are Keras's for the same arguments. The source states no licence.

    Args:
        version: "large" for all 20,640 districts, "small" for 600.
        path: what the file is called there.
        test_split: fraction for testing, 0 <= fraction < 1.
        seed: of the order before the split.

    Returns:
        x: float (n, 8): median income, house age, rooms and bedrooms per household, population,
        household size, latitude, longitude. y: float (n,), US dollars.

    Raises:
        ArgumentError: an unknown version, or a fraction out of range.
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    one_of("version", version, ("large", "small"))
    rows = SMALL if version == "small" else None
    return load("california_housing", path, SHA256, test_split, seed, rows)
