"""`.keras` archives: those of Keras, those written here, and those that attack."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest

from kerasish.errors import FileFormatError, UnsafeFileError
from kerasish.saving.files import archives

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CONFIG = json.dumps({"class_name": "Sequential", "config": {}})


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn", "transformer", "nested"])
def test_archives_of_keras(name):
    assert archives.is_archive(GOLDEN / name / "model.keras")
    found = archives.read_archive(GOLDEN / name / "model.keras")
    assert found.config["config"]["name"] == name
    assert found.metadata["keras_version"].startswith("3.")
    assert found.weights is not None
    assert found.weights[:4] == b"\x89HDF"


def test_round_trip(tmp_path):
    path = tmp_path / "m.keras"
    archives.write_archive(
        path, {"class_name": "Model"}, b"\x89HDF weights", {"a/words.txt": b"hi"}
    )
    found = archives.read_archive(path)
    assert found.config == {"class_name": "Model"}
    assert found.weights == b"\x89HDF weights"
    assert found.assets == {"a/words.txt": b"hi"}
    with zipfile.ZipFile(path) as file:
        assert [i.filename for i in file.infolist()][:3] == [
            "metadata.json",
            "config.json",
            "model.weights.h5",
        ]
        assert {i.compress_type for i in file.infolist()} == {zipfile.ZIP_STORED}


def test_deflated_members_and_missing_metadata(tmp_path):
    path = archive(tmp_path / "m.keras", [("config.json", CONFIG)], zipfile.ZIP_DEFLATED)
    found = archives.read_archive(path)
    assert found.config["class_name"] == "Sequential"
    assert found.weights is None
    assert found.metadata == {}


@pytest.mark.parametrize(
    "name",
    [
        "more.txt",
        "../x",
        "/etc/x",
        "assets/../../x",
        "assets/..",
        "assets//x",
        "C:\\x",
        "assets/a\\b",
        "config.json/../x",
        "assets_evil/x",
        "model.weights.npz",
    ],
)
def test_unknown_members_are_refused(tmp_path, name):
    path = archive(tmp_path / "m.keras", [("config.json", CONFIG), (name, b"x")])
    with pytest.raises(UnsafeFileError, match=r"m\.keras"):
        archives.read_archive(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path):
    path = archive(tmp_path / "m.keras", [("config.json", CONFIG), ("config.json", "{}")])
    with pytest.raises(UnsafeFileError, match="twice"):
        archives.read_archive(path)


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5", "assets/a"])
def test_zip_bombs_are_refused(tmp_path, name):
    members = [("config.json", CONFIG)] if name != "config.json" else []
    path = archive(
        tmp_path / "m.keras", [*members, (name, bytes(32 * 2**20))], zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 100_000
    with pytest.raises(UnsafeFileError, match=r"takes more than|Expected: at most"):
        archives.read_archive(path)


def test_a_size_that_lies_is_found_out(tmp_path):
    """The directory says 10 bytes; the stream holds 32 MiB. Only 10 bytes are ever unpacked."""
    path = archive(
        tmp_path / "m.keras",
        [("config.json", CONFIG), ("assets/a", bytes(32 * 2**20))],
        zipfile.ZIP_DEFLATED,
    )
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")  # the directory's entry of the last member
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(data)
    with pytest.raises(FileFormatError):
        archives.read_archive(path)


def test_links_are_no_members(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", CONFIG)
        info = zipfile.ZipInfo("model.weights.h5")
        info.external_attr = 0o120777 << 16  # a symbolic link: read as the bytes it is
        file.writestr(info, "/etc/passwd")
    assert archives.read_archive(path).weights == b"/etc/passwd"


def test_an_encrypted_member_is_refused(tmp_path):
    path = archive(tmp_path / "m.keras", [("config.json", CONFIG)])
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    path.write_bytes(data)
    with pytest.raises(UnsafeFileError, match="encrypted"):
        archives.read_archive(path)


def test_other_compressions_are_refused(tmp_path):
    path = archive(tmp_path / "m.keras", [("config.json", CONFIG)], zipfile.ZIP_LZMA)
    with pytest.raises(UnsafeFileError, match="compression"):
        archives.read_archive(path)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x89HDF\r\n\x1a\n"]
)
def test_what_is_no_archive(tmp_path, data):
    path = tmp_path / "m.keras"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"m\.keras"):
        archives.read_archive(path)


def test_a_missing_file(tmp_path):
    assert not archives.is_archive(tmp_path / "absent.keras")
    with pytest.raises(FileFormatError, match="absent"):
        archives.read_archive(tmp_path / "absent.keras")


def test_a_config_without_a_model(tmp_path):
    path = archive(tmp_path / "m.keras", [("metadata.json", "{}")])
    with pytest.raises(FileFormatError, match=r"config\.json"):
        archives.read_archive(path)
