from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kerasish import registry
from kerasish.declarative.building.arrays import Arrays, load_arrays
from kerasish.declarative.check.items import Checker
from kerasish.declarative.sections.data import read_data
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.errors import DataError
from tests.declarative.helpers import block, error_text


def arrays(text: str, folder: Path) -> Arrays:
    diagnostics = Diagnostics()
    section = read_data(load(block(text), "cnn.yaml", diagnostics), Checker(diagnostics))
    diagnostics.raise_if_any()
    return load_arrays(section, folder, diagnostics)


def errors_of(text: str, folder: Path) -> str:
    return error_text(lambda: arrays(text, folder)).replace(f"{folder}/", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 4)).astype("float32")
    np.savez(
        tmp_path / "d.npz",
        x_train=x,
        y_train=np.arange(20) % 3,
        fortran=np.asfortranarray(x),
        short=x[:5],
        broken=np.where(np.arange(80).reshape(20, 4) == 9, np.nan, x),
        none=x[:0],
    )
    np.savez_compressed(tmp_path / "packed.npz", x=x, y=x[:, :1], weight=np.ones(20))
    return tmp_path


def test_npz(folder: Path) -> None:
    found = arrays(
        """
        train: {npz: d.npz, x: x_train, y: y_train}
        validation: {npz: packed.npz, x: x, y: y, sample_weight: weight}
        test: {npz: d.npz, x: {a: fortran, b: x_train}}
        """,
        folder,
    )
    expected = np.load(folder / "d.npz")
    np.testing.assert_array_equal(found.train.x, expected["x_train"])
    np.testing.assert_array_equal(found.train.y, expected["y_train"])
    assert found.validation is not None
    assert found.validation.y.shape == (20, 1)
    assert found.validation.sample_weight.sum() == 20
    assert found.test is not None
    np.testing.assert_array_equal(found.test.x["a"], expected["x_train"])
    assert found.test.y is None


def test_split_and_hash(folder: Path) -> None:
    digest = hashlib.sha256((folder / "d.npz").read_bytes()).hexdigest()
    text = f"train: {{npz: d.npz, x: x_train, y: y_train, sha256: {digest.upper()}}}\n"
    found = arrays(text + "validation: {split: 0.25}", folder)
    assert found.split == 0.25
    assert found.validation is None


def test_dataset(folder: Path) -> None:
    found = arrays("dataset: digits", folder)
    assert found.train.x.shape == (1442, 8, 8, 1)
    assert found.test is not None
    assert len(found.test.y) == 355


def test_a_dataset_that_cannot_be_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise DataError("no network")

    monkeypatch.setitem(registry._entries["dataset"], "away", fails)
    expected = "cnn.yaml:1:10: K501 the dataset cannot be loaded: no network"
    assert expected in errors_of("dataset: away", folder)


def test_error_texts(folder: Path) -> None:
    text = f"""
    train: {{npz: d.npz, x: x_trian, y: labels}}
    validation: {{npz: none.npz, x: x}}
    test: {{npz: d.npz, x: x_train, sha256: {"0" * 64}}}
    """
    digest = hashlib.sha256((folder / "d.npz").read_bytes()).hexdigest()
    test_line = f"test: {{npz: d.npz, x: x_train, sha256: {'0' * 64}}}"
    assert errors_of(text, folder) == block(f"""
        cnn.yaml:1:24: K502 there is no array 'x_trian' in the file
           | train: {{npz: d.npz, x: x_trian, y: labels}}
           |                        ^^^^^^^      did you mean 'x_train' or 'y_train' or 'fortran'?
           arrays: x_train, y_train, fortran, short, broken, none

        cnn.yaml:1:36: K502 there is no array 'labels' in the file
           | train: {{npz: d.npz, x: x_trian, y: labels}}
           |                                    ^^^^^^
           arrays: x_train, y_train, fortran, short, broken, none

        cnn.yaml:2:19: K501 the data file 'none.npz' does not exist
           | validation: {{npz: none.npz, x: x}}
           |                   ^^^^^^^^

        cnn.yaml:3:13: K501 the data file 'd.npz' has another sha256
           | {test_line}
           |             ^^^^^
           expected {"0" * 64}
           found    {digest}
        """)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("x: x_train, y: short", "K502 the arrays have different lengths (x: 20, y: 5)"),
        ("x: none", "K502 the arrays are empty"),
        ("x: broken", "K503 x holds 1 values that are NaN or infinite, first in row 2"),
        ("x: {a: x_train, b: broken}", "K503 x.b holds 1 values that are NaN or infinite"),
    ],
)
def test_arrays_that_do_not_fit(folder: Path, names: str, message: str) -> None:
    assert message in errors_of(f"train: {{npz: d.npz, {names}}}", folder)


def _npy(shape: str, descr: str = "<f4", body: bytes = b"\0" * 16) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + body


HOSTILE = {
    "a header that asks for petabytes": _npy("(1000000, 1000000, 1000)"),
    "a negative size": _npy("(-4,)"),
    "a size that is no integer": _npy("('a',)"),
    "pickled objects": _npy("(2,)", "|O", b"cos\nsystem\n(S'true'\ntR."),
    "code in the header": _npy("__import__('os').system('true')"),
    "a truncated body": _npy("(40,)"),
    "a long header": b"\x93NUMPY\x02\x00" + (1 << 20).to_bytes(4, "little") + b" " * (1 << 20),
    "another version": b"\x93NUMPY\x09\x00" + b"\0" * 100,
    "no npy at all": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_members(tmp_path: Path, case: str) -> None:
    with zipfile.ZipFile(tmp_path / "h.npz", "w") as archive:
        archive.writestr("x.npy", HOSTILE[case])
    assert "K502 the array 'x' cannot be read" in errors_of("train: {npz: h.npz, x: x}", tmp_path)


def test_hostile_archives(tmp_path: Path) -> None:
    good = io.BytesIO()
    np.savez(good, x=np.zeros(4, "float32"))
    for data in (b"", b"PK", good.getvalue()[:-30], b"\x93NUMPY" + b"\0" * 50):
        (tmp_path / "h.npz").write_bytes(data)
        text = errors_of("train: {npz: h.npz, x: x}", tmp_path)
        assert "K501 'h.npz' is no readable npz file" in text
