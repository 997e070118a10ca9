"""HDF5 files that try to reach outside themselves, to be huge, or that are damaged."""

from __future__ import annotations

import io
import subprocess
import sys

import h5py
import ml_dtypes
import numpy as np
import pytest

from kerasish.errors import FileFormatError, LimitError, UnsafeFileError
from kerasish.saving.files.safe_h5 import SafeDataset, open_h5
from kerasish.saving.weights_h5 import write_array

SECRET = b"the content of another file, which must not be read " * 4


def image(build, **options):
    """The bytes of an HDF5 file that `build` fills."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        build(file)
    return buffer.getvalue()


def read(data, path="x", shape=None):
    with open_h5(data, "f.h5") as root:
        return root.dataset(path).read(shape)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint16", ">i4", "uint64", "float16", "float32", ">f8"]
)
@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "shuffle": True}])
def test_arrays_come_back_in_native_order(dtype, options):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    found = read(image(lambda f: f.create_dataset("x", data=array, **options)))
    assert found.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, array)


def test_scalars_empty_arrays_and_bfloat16():
    half = np.array([1.5, -3e38], ml_dtypes.bfloat16)

    def build(file):
        file["scalar"] = np.float32(2.5)
        file["empty"] = np.zeros((0, 3), "f4")
        write_array(file, "half", half)

    data = image(build)
    assert read(data, "scalar") == 2.5
    assert read(data, "empty").shape == (0, 3)
    assert read(data, "half").dtype == half.dtype
    np.testing.assert_array_equal(read(data, "half").view("u2"), half.view("u2"))


def test_a_wrong_shape_is_refused_before_reading():
    data = image(lambda f: f.create_dataset("x", data=np.zeros((2, 3))))
    with pytest.raises(FileFormatError, match=r"f\.h5: /x.*Expected: \(3, 2\).*\(2, 3\)"):
        read(data, shape=(3, 2))


# --- T10: nothing outside the file --------------------------------------------------------------


def linked(tmp_path, build):
    """A file made by `build`, beside a file with a secret."""
    (tmp_path / "secret.bin").write_bytes(SECRET)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.frombuffer(SECRET[:64], "u1")
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as file:
        build(file)
    return path


def virtual(file):
    layout = h5py.VirtualLayout((64,), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "x", (64,))
    file.create_virtual_dataset("x", layout)


ESCAPES = {
    "external link": lambda f: f.__setitem__("x", h5py.ExternalLink("other.h5", "/x")),
    "soft link": lambda f: (
        f.__setitem__("y", np.zeros(64, "u1")),
        f.__setitem__("x", h5py.SoftLink("/y")),
    ),
    "external storage": lambda f: f.create_dataset(
        "x", (64,), "u1", external=[("secret.bin", 0, 64)]
    ),
    "virtual dataset": virtual,
}


@pytest.mark.parametrize("name", ESCAPES)
def test_data_outside_the_file_is_not_read(tmp_path, monkeypatch, name):
    path = linked(tmp_path, ESCAPES[name])
    monkeypatch.chdir(tmp_path)
    with open_h5(path) as root, pytest.raises(UnsafeFileError, match=r"f\.h5: "):
        root.dataset("x").read((64,))


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/"), h5py.SoftLink("/real")])
def test_a_parent_group_may_not_be_a_link(tmp_path, monkeypatch, link):
    def build(file):
        file["real/x"] = np.zeros(64, "u1")
        file["group"] = link

    path = linked(tmp_path, build)
    monkeypatch.chdir(tmp_path)
    with open_h5(path) as root:
        assert root.dataset("real/x").read().sum() == 0
        with pytest.raises(UnsafeFileError, match="link to somewhere else"):
            root.dataset("group/x").read()
        with pytest.raises(UnsafeFileError, match="link to somewhere else"):
            list(root.walk())


def test_other_filters_are_refused():
    data = image(lambda f: f.create_dataset("x", data=np.zeros(100), fletcher32=True))
    with pytest.raises(UnsafeFileError, match="filters"):
        read(data)


@pytest.mark.parametrize("value", [np.array([b"text"]), np.zeros(2, [("a", "i4")]), 1 + 2j])
def test_other_dtypes_are_refused(value):
    with pytest.raises(UnsafeFileError, match="dtype"):
        read(image(lambda f: f.create_dataset("x", data=value)))


def test_references_and_named_types_are_refused():
    def build(file):
        file["x"] = np.dtype("f4")
        file.create_dataset("r", data=[file.ref], dtype=h5py.ref_dtype)

    data = image(build)
    with pytest.raises(UnsafeFileError):
        read(data, "x")
    with pytest.raises(UnsafeFileError):
        read(data, "r")


@pytest.mark.parametrize("name", ["..", ".", "", "a\0b", "a\\b", "x" * 600])
def test_names_that_are_paths_are_refused(name):
    data = image(lambda f: f.create_dataset("x", data=1.0))
    with open_h5(data, "f.h5") as root, pytest.raises(UnsafeFileError):
        root.member(f"{name}/x" if name else "a//x")


def test_groups_in_a_circle_are_refused():
    def build(file):
        group = file.create_group("a")
        group["again"] = group

    with open_h5(image(build), "f.h5") as root, pytest.raises(UnsafeFileError, match="circle"):
        list(root.walk())


def test_groups_nested_too_deep_are_refused():
    data = image(lambda f: f.create_group("/".join("a" * 100)))
    with open_h5(data, "f.h5") as root:
        with pytest.raises(UnsafeFileError, match="deep"):
            list(root.walk())
        with pytest.raises(UnsafeFileError, match="deep"):
            root.member("/".join("a" * 100))


# --- T9: sizes that are declared and not there ---------------------------------------------------

BOMBS = {
    "64 MiB": (2**24,),
    "3.9 GiB": (2**20, 999),
    "8 PiB": (2**25, 2**26),
    "overflow": (2**31, 2**31, 2**31),
}
CHILD = """
import resource, sys
import h5py
from kerasish.errors import KerasishError
from kerasish.saving.files.safe_h5 import open_h5
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
with open_h5(sys.argv[1]) as root:
    dataset = root.dataset("x")
    for shape in (None, dataset.shape):
        try:
            dataset.read(shape)
        except KerasishError as error:
            print(type(error).__name__, peak() - before)
"""


def bomb(path, shape, layout):
    """A file of about a kilobyte whose dataset declares `shape` and holds nothing."""
    options = {
        "contiguous": {},
        "chunked": {"chunks": (1,) * len(shape)},
        "gzip": {"chunks": (1,) * len(shape), "compression": "gzip"},
    }[layout]
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape, "f4", **options)


@pytest.mark.parametrize("layout", ["contiguous", "chunked", "gzip"])
@pytest.mark.parametrize("name", BOMBS)
def test_a_declared_size_allocates_nothing(tmp_path, name, layout):
    path = tmp_path / "bomb.h5"
    try:
        bomb(path, BOMBS[name], layout)
    except (OSError, ValueError) as error:
        pytest.skip(f"this HDF5 cannot write it: {error}")
    assert path.stat().st_size < 10_000
    out = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, timeout=60
    )
    assert out.returncode == 0, out.stderr
    rows = [line.split() for line in out.stdout.splitlines()]
    assert [row[0] for row in rows] == ["UnsafeFileError"] * 2
    assert all(int(row[1]) < 50_000 for row in rows)


def test_a_gzip_bomb_is_bounded_by_the_file():
    data = image(
        lambda f: [
            f.create_dataset(x, data=np.zeros(2**23, "u1"), compression=9, chunks=(2**20,))
            for x in "xyz"
        ]
    )
    assert len(data) < 200_000
    with open_h5(data, "f.h5") as root:  # 1000 to 1 is what gzip can do; 16 MiB are free
        for name in "xxxy":  # an array counts once, however often it is read
            assert root.dataset(name).read().nbytes == 2**23
        with pytest.raises(LimitError, match=r"f\.h5: /z of 8,388,608 bytes"):
            root.dataset("z").read()


def test_an_attribute_may_not_be_large():
    def build(file):
        file.attrs["a"] = np.array([b"x" * 100] * 500_000)

    data = image(build, libver="latest")
    with open_h5(data, "f.h5") as root, pytest.raises(UnsafeFileError, match="attribute 'a'"):
        root.attr_texts("a")


@pytest.mark.parametrize("value", [3, np.zeros(3), [1, 2]])
def test_an_attribute_that_is_no_text(value):
    data = image(lambda f: f.attrs.__setitem__("a", value))
    with open_h5(data, "f.h5") as root, pytest.raises(FileFormatError, match="Expected: text"):
        root.attr_texts("a")


def test_texts_in_every_spelling():
    def build(file):
        file.attrs["vlen"] = ["a", "b"]
        file.attrs["fixed"] = np.array([b"a", b"b"])
        file.attrs["one"] = "a"
        file.attrs["empty"] = []

    with open_h5(image(build), "f.h5") as root:
        assert root.attr_texts("vlen") == root.attr_texts("fixed") == ["a", "b"]
        assert root.attr_text("one") == "a"
        assert root.attr_texts("empty") == []
        assert root.attr_texts("absent") is None
        assert root.attr_text("absent") is None


# --- foreign and damaged files -------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" * 99]
)
def test_what_is_not_hdf5(tmp_path, data):
    path = tmp_path / "f.h5"
    path.write_bytes(data)
    for source in (path, data):
        with pytest.raises(FileFormatError, match=r"f\.h5"), open_h5(source, str(path)):
            pass


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "absent.h5", tmp_path):
        with pytest.raises(FileFormatError, match="cannot be read"), open_h5(path):
            pass


def test_asking_for_what_is_not_there():
    data = image(lambda f: f.create_dataset("a/x", data=1.0))
    with open_h5(data, "f.h5") as root:
        assert "a" in root
        assert "b" not in root
        assert [n.path for n in root.walk()] == ["a", "a/x"]
        assert [isinstance(n, SafeDataset) for n in root.walk()] == [False, True]
        for ask in (
            lambda: root.member("a/y"),
            lambda: root.dataset("a"),
            lambda: root.group("a/x"),
            lambda: root.group("a/x/y"),
        ):
            with pytest.raises(FileFormatError, match=r"f\.h5: /a"):
                ask()
