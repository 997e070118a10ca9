from __future__ import annotations

import gzip
import os
import struct

import numpy as np
import pytest

from kerasish.datasets import fashion_mnist, mnist
from kerasish.datasets.idx import read_idx
from kerasish.errors import FileFormatError, LimitError


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4)])
def test_read(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx(array)))
    np.testing.assert_array_equal(read_idx(tmp_path / "a.gz"), array)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b""),
        gzip.compress(b"\0\0"),
        gzip.compress(idx(np.zeros(3, np.uint8), kind=0x0D)),
        gzip.compress(idx(np.zeros((3, 4), np.uint8))[:-1]),
        gzip.compress(idx(np.zeros((3, 4), np.uint8))[:9]),
        gzip.compress(idx(np.zeros(3, np.uint8)))[:-9],
        gzip.compress(struct.pack(">HBBII", 0, 8, 2, 2**32 - 1, 2**32 - 1)),
    ],
    ids=range(9),  # of their own: a gzip header holds the time
)
def test_broken(tmp_path, content):
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"a\.gz"):
        read_idx(tmp_path / "a.gz")


@pytest.mark.skipif(not os.environ.get("KERASISH_DATA"), reason="KERASISH_DATA is not set")
@pytest.mark.parametrize(
    ("module", "per_class"),
    [
        (mnist, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
        (fashion_mnist, [1000] * 10),
    ],
    ids=["mnist", "fashion_mnist"],
)
def test_the_real_files(module, per_class):
    (x_train, y_train), (x_test, y_test) = module.load_data()
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert (y_train.shape, x_train.dtype, y_train.dtype) == ((60000,), np.uint8, np.uint8)
    assert np.bincount(y_test).tolist() == per_class


def test_damage_and_bombs_are_typed(tmp_path):
    path = tmp_path / "a.gz"
    damaged = bytearray(gzip.compress(idx(np.arange(200, dtype=np.uint8))))
    damaged[20:30] = b"\xff" * 10
    path.write_bytes(damaged)
    with pytest.raises(FileFormatError, match="a whole gzip file"):
        read_idx(path)
    huge = struct.pack(">HBB4I", 0, 8, 4, 0, *[2**32 - 1] * 3)
    path.write_bytes(gzip.compress(huge))
    with pytest.raises(FileFormatError, match="shape"):
        read_idx(path)
    path.write_bytes(gzip.compress(bytes(2**25)))
    with pytest.raises(LimitError, match="its content"):
        read_idx(path)
