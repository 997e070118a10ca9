from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.sparse as sp

from kerasish import sparse
from kerasish.sparse import SparseRows, is_sparse

DENSE = np.arange(12.0).reshape(4, 3) * (np.arange(12).reshape(4, 3) % 3 == 1)
FORMATS = "csr_matrix csc_matrix coo_matrix lil_matrix csr_array csc_array coo_array".split()


@pytest.mark.parametrize("name", FORMATS)
def test_rows(name):
    rows = SparseRows(getattr(sp, name)(DENSE))
    assert (rows.shape, rows.dtype, len(rows), rows.size) == ((4, 3), DENSE.dtype, 4, 12)
    np.testing.assert_array_equal(rows[1:3], DENSE[1:3])
    order = np.array([3, 0, 3])
    np.testing.assert_array_equal(rows.take(order), DENSE[order])
    out = np.zeros((3, 3))
    assert rows.take(order, 0, out, "clip") is out
    np.testing.assert_array_equal(out, DENSE[order])
    np.testing.assert_array_equal(rows.between(2, 4)[:], DENSE[2:4])


def test_what_is_sparse():
    assert is_sparse(sp.csr_array(DENSE))
    assert not any(map(is_sparse, (DENSE, [1], {"tocsr": 1}, sp.csr_matrix, None)))


def test_dtypes_that_scipy_has_not():
    rows = SparseRows(sp.csr_array(DENSE))
    assert rows.astype(np.dtype("float32")).dtype == np.float32
    assert rows.astype(np.dtype("float16")).dtype == np.float64


def test_pieces_are_small(monkeypatch):
    monkeypatch.setattr(sparse, "PIECE_BYTES", 2 * DENSE[0].nbytes)
    pieces = list(SparseRows(sp.csr_array(DENSE)).pieces())
    assert [len(piece) for piece in pieces] == [2, 2]
    np.testing.assert_array_equal(np.concatenate(pieces), DENSE)
    assert [len(piece) for piece in SparseRows(sp.csr_array((0, 3))).pieces()] == [0]


def test_scipy_is_not_imported():
    assert "scipy" not in vars(sys.modules["kerasish.sparse"])
