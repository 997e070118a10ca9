from __future__ import annotations

import io
import random
import stat
import tarfile
import zipfile

import pytest

from kerasish import budget
from kerasish.data.unpacking import unpack
from kerasish.errors import ArgumentError, FileFormatError, LimitError, UnsafeFileError

FILES = {"a.txt": b"first", "deep/er/b.bin": bytes(range(256)) * 40, "deep/empty": b""}


def tar(path, entries, mode="w"):
    """A tar archive of (TarInfo or name, content)."""
    with tarfile.open(path, mode) as archive:
        for entry, content in entries:
            info = tarfile.TarInfo(entry) if isinstance(entry, str) else entry
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def read(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(mode, tmp_path):
    unpack(tar(tmp_path / "a", FILES.items(), mode), tmp_path / "out")
    assert read(tmp_path / "out") == FILES


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    unpack(tmp_path / "a", tmp_path / "out")
    assert read(tmp_path / "out") == FILES


def test_links_inside_stay(tmp_path):
    entries = [*FILES.items(), link("deep/l", "../a.txt"), link("h", "a.txt", tarfile.LNKTYPE)]
    unpack(tar(tmp_path / "a", entries), tmp_path / "out")
    assert (tmp_path / "out/deep/l").is_symlink()
    assert (tmp_path / "out/deep/l").read_bytes() == (tmp_path / "out/h").read_bytes() == b"first"


def test_no_mode_from_outside(tmp_path):
    info = tarfile.TarInfo("a")
    info.mode = 0o7777
    unpack(tar(tmp_path / "a.tar", [(info, b"x")]), tmp_path / "out")
    assert not (tmp_path / "out/a").stat().st_mode & (stat.S_ISUID | stat.S_IWOTH)


def special(kind):
    info = tarfile.TarInfo("device")
    info.type = kind
    return info, b""


HOSTILE = {
    "parent": [("../out.txt", b"x")],
    "parent within": [("a/../../out.txt", b"x")],
    "absolute": [("/tmp/kerasish-test-of-unpacking", b"x")],
    "link up": [link("l", "..")],
    "absolute link": [link("l", "/etc/passwd")],
    "hard link up": [link("l", "../a.tar", tarfile.LNKTYPE)],
    "through a link": [("d/x", b""), link("l", "d"), ("l/y", b"x")],
    "over a link": [("d", b"first"), link("l", "d"), ("l", b"second")],
    "through a hard link to one": [
        ("d/x", b""), link("l", "d"), link("h", "l", tarfile.LNKTYPE), ("h/y", b"x")
    ],
    "another case": [("d/x", b""), link("l", "d"), ("L/y", b"x")],
    "a chain made backwards": [link("b", "a/.."), link("a", ".")],
    "link to nothing": [link("l", "nothing")],
    "pipe": [special(tarfile.FIFOTYPE)],
    "device": [special(tarfile.CHRTYPE)],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_leaves_the_folder(name, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    tar(inner / "a.tar", HOSTILE[name])
    with pytest.raises(UnsafeFileError, match=r"a\.tar"):
        unpack(inner / "a.tar", inner / "out")
    assert [p.name for p in tmp_path.rglob("*")] == ["inner", "a.tar"]


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt"])
def test_nothing_leaves_the_folder_of_a_zip(name, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    with zipfile.ZipFile(inner / "a.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(UnsafeFileError, match=r"a\.zip"):
        unpack(inner / "a.zip", inner / "out")
    assert [p.name for p in tmp_path.rglob("*")] == ["inner", "a.zip"]


def test_an_old_folder_gives_way_whole(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/old").write_bytes(b"")
    good, bad = tar(tmp_path / "a", FILES.items()), tar(tmp_path / "b", HOSTILE["parent"])
    with pytest.raises(UnsafeFileError):
        unpack(bad, tmp_path / "out")
    assert (tmp_path / "out/old").exists()
    unpack(good, tmp_path / "out")
    assert read(tmp_path / "out") == FILES


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_a_bomb_stops_at_the_limit(mode, tmp_path):
    tar(tmp_path / "a", [("zeros", bytes(20 * budget.MIB))], mode)
    with pytest.raises(LimitError):
        unpack(tmp_path / "a", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with budget.allowance(2):
        unpack(tmp_path / "a", tmp_path / "out")


def test_a_bomb_in_headers_stops_at_the_limit(tmp_path):
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (20 * budget.MIB)}
    with tarfile.open(tmp_path / "a", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    with pytest.raises(LimitError):
        unpack(tmp_path / "a", tmp_path / "out")


def test_a_zip_bomb_stops_at_the_limit(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20 * budget.MIB))
    with pytest.raises(LimitError):
        unpack(tmp_path / "a", tmp_path / "out")


def test_other_files(tmp_path):
    (tmp_path / "text").write_text("no archive " * 100)
    tar(tmp_path / "tar", FILES.items())
    with pytest.raises(FileFormatError, match="text cannot be unpacked"):
        unpack(tmp_path / "text", tmp_path / "out")
    with pytest.raises(FileFormatError, match="zip archive"):
        unpack(tmp_path / "tar", tmp_path / "out", ("zip",))
    with pytest.raises(ArgumentError, match="archive_format"):
        unpack(tmp_path / "tar", tmp_path / "out", ("rar",))


@pytest.mark.parametrize("kind", ["w:gz", "w", "zip"])
def test_damage_is_one_error(kind, tmp_path):
    path = tmp_path / "a"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
    else:
        tar(path, FILES.items(), kind)
    whole = path.read_bytes()
    rng = random.Random(4)
    for _ in range(150):
        damaged = bytearray(whole[: rng.choice([len(whole), rng.randrange(1, len(whole))])])
        for _ in range(rng.randrange(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            unpack(path, tmp_path / "out")
        except FileFormatError:  # which UnsafeFileError and LimitError are
            pass
        assert {p.name for p in tmp_path.iterdir()} <= {"a", "out"}
