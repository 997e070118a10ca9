"""Writing files whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving.files import atomic

WRITER = """
import sys
from kerasish.saving.files import atomic
path, i = sys.argv[1], 0
print("ready", flush=True)
while True:
    i += 1
    block = bytes([i % 256]) * 65536
    with atomic.replacing(path) as temporary, temporary.open("wb") as file:
        for _ in range(20):
            file.write(block)
"""


def test_a_new_file_and_its_replacement(tmp_path):
    path = tmp_path / "a.bin"
    atomic.write_bytes(path, b"one", b"two")
    assert path.read_bytes() == b"onetwo"
    atomic.write_bytes(path, b"three")
    assert path.read_bytes() == b"three"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail():
        with atomic.replacing(path) as temporary:
            temporary.write_bytes(b"half of the new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_full_disk_is_a_typed_error(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileFormatError, match="No space left"):
        atomic.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_permissions_and_links_stay(tmp_path):
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    atomic.write_bytes(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize("where", [".", "absent/a.bin"])
def test_impossible_targets(tmp_path, where):
    with pytest.raises(ArgumentError):
        atomic.write_bytes(tmp_path / where, b"x")


def test_kill_at_random_moments_leaves_a_whole_file(tmp_path):
    """A process killed while it replaces a file again and again never leaves half a file."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(20 * 65536))
    for moment in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.003 * moment)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        data = path.read_bytes()
        assert len(data) == 20 * 65536
        assert len(set(data)) == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes and locks of POSIX")
class TestOnPosix:
    def test_pipes_and_devices_are_no_targets(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path / "pipe", "/dev/null"):
            with pytest.raises(ArgumentError, match="a pipe, socket or device"):
                atomic.write_bytes(path, b"x")
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)

    def test_the_new_file_never_has_another_mode(self, tmp_path):
        path = tmp_path / "a.bin"
        path.write_bytes(b"old")
        for mode in (0o600, 0o640, 0o400):
            path.chmod(mode)
            with atomic.replacing(path) as temporary:
                assert stat.S_IMODE(temporary.stat().st_mode) == mode | 0o600
                temporary.write_bytes(b"new")
            assert stat.S_IMODE(path.stat().st_mode) == mode

    def test_what_a_killed_writer_left_goes_and_what_another_writes_stays(self, tmp_path):
        code = WRITER.replace("file.write(block)", "file.write(block); file.flush()")
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "b.bin")], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        leftovers: list[str] = []
        while not leftovers and child.poll() is None:
            time.sleep(0.01)
            os.kill(child.pid, signal.SIGSTOP)
            leftovers = [n for n in os.listdir(tmp_path) if n.endswith(".tmp")]
            if not leftovers:
                os.kill(child.pid, signal.SIGCONT)
        atomic.write_bytes(tmp_path / "a.bin", b"x")
        assert set(leftovers) < set(os.listdir(tmp_path))
        child.kill()
        child.communicate()
        other = tmp_path / ".mine.1234.tmp"
        other.write_bytes(b"")
        atomic.write_bytes(tmp_path / "a.bin", b"y")
        found = {n for n in os.listdir(tmp_path) if n.endswith(".tmp")}
        assert found == {other.name}


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_name_that_no_file_can_have(tmp_path, name):
    with pytest.raises(ArgumentError, match="the name of a file"):
        atomic.write_bytes(tmp_path / name, b"x")
