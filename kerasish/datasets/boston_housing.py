"""Boston housing: 506 districts around Boston, 1970 (Harrison and Rubinfeld, 1978; StatLib)."""

from __future__ import annotations

from kerasish import registry
from kerasish.datasets.housing import Arrays, load

FILE = "boston_housing.npz"
SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


@registry.entry("dataset", "boston_housing")
def load_data(path: str = FILE, test_split: float = 0.2, seed: int = 113) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): thirteen features and the median house value.

    One feature, `B`, was made by its authors on the assumption that prices depend on the share of
    black inhabitants. Use `california_housing` where the point is not to show that.

    Read from `$KERASISH_DATA/boston_housing/` or the cache, and downloaded otherwise. The order
    and the split are Keras's for the same arguments. The source states no licence.

    Args:
        path: what the file is called there.
        test_split: fraction for testing, 0 <= fraction < 1.
        seed: of the order before the split.

    Returns:
        x: float (n, 13). y: float (n,), thousands of US dollars.

    Raises:
        ArgumentError: a fraction out of range.
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    return load("boston_housing", path, SHA256, test_split, seed)
