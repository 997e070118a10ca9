from __future__ import annotations

import hashlib
import socket
import threading

import pytest

from kerasish.data.fetch import cache_dir, fetch, sha256_of
from kerasish.errors import DataError

CONTENT = b"some bytes" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


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


def test_sha256_of(origin):
    assert sha256_of(origin) == SHA256


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
