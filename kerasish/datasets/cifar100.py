"""CIFAR-100: small photographs of a hundred kinds of things in twenty groups (Krizhevsky, 2009)."""

from __future__ import annotations

from kerasish import registry
from kerasish.datasets.cifar import Arrays, load
from kerasish.hints import one_of

FILE = "cifar-100-python.tar.gz"
SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


@registry.entry("dataset", "cifar100")
def load_data(label_mode: str = "fine") -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): 50,000 and 10,000 photographs.

    Read from `$KERASISH_DATA/cifar100/` or the cache, and downloaded otherwise; the archive of
    160 MB is read where it lies, and its pickles are never run. Its authors state no licence and
    ask to cite A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).

    Args:
        label_mode: "fine" for labels of the hundred kinds, "coarse" for those of the groups.

    Returns:
        x: uint8 (n, 32, 32, 3), 0 to 255, or (n, 3, 32, 32) where `image_data_format()` is
        "channels_first". y: int64 (n, 1), 0 to 99 or 0 to 19.

    Raises:
        ArgumentError: another `label_mode`.
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    one_of("label_mode", label_mode, ("fine", "coarse"))
    return load("cifar100", FILE, SHA256, f"{label_mode}_labels", ("train",), ("test",))
