from __future__ import annotations

import hashlib
import io
import socket
import tarfile
import threading
from pathlib import Path

import pytest

from kerasish.data.fetch import cache_dir, digest, fetch, get_file
from kerasish.errors import ArgumentError, DataError, FileFormatError

CONTENT = b"some bytes" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASISH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERASISH_DATA", raising=False)
    return tmp_path / "home"


@pytest.fixture
def origin(tmp_path):
    """A server's file; urllib reads file:// as it reads https://."""
    path = tmp_path / "origin" / "a.gz"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def test_the_users_folder_comes_first(tmp_path, monkeypatch):
    (tmp_path / "own" / "set").mkdir(parents=True)
    (tmp_path / "own" / "set" / "a.gz").write_bytes(CONTENT)
    monkeypatch.setenv("KERASISH_DATA", str(tmp_path / "own"))
    found = fetch("set", "a.gz", "file:///nowhere", SHA256)
    assert found == tmp_path / "own" / "set" / "a.gz"


def test_downloaded_once_into_the_cache(origin, home):
    path = fetch("set", "a.gz", origin.as_uri(), SHA256)
    assert path == home / "datasets" / "set" / "a.gz"
    assert path.read_bytes() == CONTENT
    origin.unlink()
    assert fetch("set", "a.gz", origin.as_uri(), SHA256) == path


def test_a_wrong_download_leaves_nothing(origin, home):
    origin.write_bytes(b"other")
    with pytest.raises(DataError, match=f"Expected: SHA-256 {SHA256}"):
        fetch("set", "a.gz", origin.as_uri(), SHA256)
    assert list((home / "datasets" / "set").iterdir()) == []


def test_a_damaged_cache_is_seen(origin):
    fetch("set", "a.gz", origin.as_uri(), SHA256).write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="Delete the file"):
        fetch("set", "a.gz", origin.as_uri(), SHA256)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.gz", "file:///nowhere/a.gz"])
def test_no_network(url, home):
    with pytest.raises(DataError, match=r"could not be downloaded.*KERASISH_DATA"):
        fetch("set", "a.gz", url, SHA256)
    assert list((home / "datasets" / "set").iterdir()) == []


def test_cache_dir(monkeypatch, home):
    assert cache_dir() == home
    monkeypatch.delenv("KERASISH_HOME")
    assert cache_dir().parts[-2:] == (".cache", "kerasish")


def test_digest(origin):
    assert digest(origin) == SHA256
    assert digest(origin, "md5") == hashlib.md5(CONTENT).hexdigest()


ANSWERS = {
    "cut": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "no HTTP": b"\x00\xff garbage\r\n\r\n",
    "odd length": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nx",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_a_server_says_is_one_error(name, home):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        with listener, connection:
            connection.recv(9999)
            connection.sendall(ANSWERS[name])

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(DataError):
        fetch("set", "a.gz", f"http://127.0.0.1:{listener.getsockname()[1]}/a.gz", SHA256)
    thread.join()
    assert not list(home.rglob("a.gz"))


def archive_of(path, **files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_get_file(origin, home):
    path = get_file(origin=origin.as_uri() + "#part", file_hash=SHA256.upper())
    assert path == str(home / "datasets" / "a.gz")
    origin.unlink()
    assert get_file("a.gz", origin.as_uri(), file_hash=SHA256) == path
    assert get_file("a.gz", origin.as_uri(), md5_hash=MD5) == path


def test_get_file_elsewhere(origin, tmp_path):
    path = get_file("b", origin.as_uri(), cache_dir=str(tmp_path / "c"), cache_subdir="d/e")
    assert path == str(tmp_path / "c/d/e/b")
    path = get_file("b", origin.as_uri(), cache_subdir=str(tmp_path / "f"))
    assert path == str(tmp_path / "f/b")


def test_a_cached_file_of_another_hash_is_downloaded_anew(origin):
    path = get_file(origin=origin.as_uri())
    Path(path).write_bytes(b"old")
    assert Path(get_file(origin=origin.as_uri())).read_bytes() == b"old"
    with pytest.warns(UserWarning, match="downloaded anew"):
        get_file(origin=origin.as_uri(), file_hash=MD5)
    assert Path(path).read_bytes() == CONTENT
    Path(path).write_bytes(b"old")
    get_file(origin=origin.as_uri(), force_download=True)
    assert Path(path).read_bytes() == CONTENT


@pytest.mark.parametrize("hashes", [{"file_hash": "0" * 64}, {"md5_hash": "0" * 32}])
def test_get_file_keeps_the_old_file_where_the_new_one_is_wrong(hashes, origin):
    path = Path(get_file(origin=origin.as_uri()))
    path.write_bytes(b"old")
    with pytest.warns(match="anew"), pytest.raises(DataError, match="damaged or has changed"):
        get_file(origin=origin.as_uri(), **hashes)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("fname", "folder", "file"),
    [
        (None, "a.gz", "a.gz_archive"),
        ("flowers", "flowers", "flowers_archive"),
        ("flowers.tar.gz", "flowers_extracted", "flowers.tar.gz"),
    ],
)
def test_get_file_unpacks(fname, folder, file, origin, home):
    archive_of(origin, first=b"1")
    path = Path(get_file(fname, origin.as_uri(), extract=True))
    assert path == home / "datasets" / folder
    assert (home / "datasets" / file).is_file()
    assert (path / "first").read_bytes() == b"1"
    archive_of(origin, second=b"2")
    get_file(fname, origin.as_uri(), untar=True)
    assert (path / "first").exists()
    get_file(fname, origin.as_uri(), untar=True, force_download=True)
    assert [p.name for p in path.iterdir()] == ["second"]


def test_get_file_errors(origin):
    url = origin.as_uri()
    with pytest.raises(ArgumentError, match="URL of the file"):
        get_file("a")
    for wrong in ("a/b", "..", "."):
        with pytest.raises(ArgumentError, match="without folders"):
            get_file(wrong, url)
    with pytest.raises(ArgumentError, match="fname="):
        get_file(origin="https://example.org/")
    with pytest.raises(ArgumentError, match="hash_algorithm"):
        get_file("a", url, hash_algorithm="sha1")
    with pytest.raises(FileFormatError, match="cannot be unpacked"):
        get_file("a", url, extract=True)
    with pytest.raises(ArgumentError, match="archive_format"):
        get_file("a", url, extract=True, archive_format="rar")
    with pytest.raises(DataError, match="can be written"):
        get_file("a", url, cache_dir=str(origin))
