"""The closed reader of pickles, on what Python 2 and 3 write and on what nobody should read."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
from typing import Any

import numpy as np
import pytest

from kerasish.errors import FileFormatError, LimitError, UnsafeFileError
from kerasish.saving.files.pickled import read_pickled


class Python2(pickle._Pickler):
    """Writes bytes as Python 2 writes its strings."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, obj):
        if self.proto == 0:
            text = repr(obj)[1:].encode()
            self.write(b"S" + text + b"\n")
        elif len(obj) < 256:
            self.write(b"U" + struct.pack("<B", len(obj)) + obj)
        else:
            self.write(b"T" + struct.pack("<i", len(obj)) + obj)
        self.memoize(obj)

    dispatch[bytes] = save_bytes


def python2(value: Any, protocol: int) -> bytes:
    file = io.BytesIO()
    Python2(file, protocol).dump(value)
    return file.getvalue()


def lists(count: int = 5) -> np.ndarray:
    found = np.empty(count, object)
    for i in range(count):
        found[i] = [1, 255, 256, 65535, 65536, 2**31, -1, -(2**40)][: i + 2]
    return found


def same(found: Any, expected: Any) -> None:
    if isinstance(expected, np.ndarray):
        assert type(found) is np.ndarray
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        if expected.dtype.hasobject:
            same(found.ravel().tolist(), expected.ravel().tolist())
        else:
            np.testing.assert_array_equal(found, expected)
            assert found.flags.f_contiguous == expected.flags.f_contiguous
        return
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        same(list(found.values()), list(expected.values()))
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            same(a, b)
    else:
        assert found == expected


VALUES = {
    "plain": [None, True, False, 0, 1.5, -1e300, "text \u00fc\u4e2d", "", b"",
              b"by\x00tes\xff'\"\\\n"],
    "numbers": [*range(-3, 3), 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**70],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),)],
    "long": [b"x" * 300, "y" * 300, list(range(3000))],
    "lists": lists(),
    "matrix of lists": lists(6).reshape(2, 3),
    "cifar": {
        b"batch_label": b"training batch 1 of 5",
        b"labels": [6, 9, 9, 4],
        b"data": np.arange(4 * 12, dtype=np.uint8).reshape(4, 12),
        b"filenames": [b"leptodactylus_pentadactylus_s_000004.png", b"camion_s_000148.png"],
    },
    "arrays": [
        np.arange(6, dtype=dtype).reshape(2, 3)
        for dtype in ("u1", "i2", ">i4", "i8", "u4", "f2", "f4", ">f8", "c16")
    ],
    "bools": np.array([True, False]),
    "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "empty": [np.zeros((0, 3)), np.zeros(()), np.empty(0, object)],
    "shared": [[shared := [1, "a"], shared], {"k": shared}, [np.arange(3)] * 2],
}  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", VALUES)
def test_what_python_3_writes(name, protocol):
    same(read_pickled(pickle.dumps(VALUES[name], protocol), "it"), VALUES[name])


@pytest.mark.parametrize("protocol", range(3))
@pytest.mark.parametrize("name", VALUES)
def test_what_python_2_writes(name, protocol):
    same(read_pickled(python2(VALUES[name], protocol), "it"), VALUES[name])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_names_of_other_versions_of_numpy(protocol):
    pickled = pickle.dumps(VALUES["lists"], protocol)
    if protocol > 2:
        return
    assert b"numpy._core.multiarray" in pickled or b"numpy.core.multiarray" in pickled
    same(read_pickled(pickled.replace(b"numpy._core", b"numpy.core"), "it"), VALUES["lists"])


class Calls:
    """What a pickle runs when Python reads it."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def reduced(name: bytes, args: bytes = b")") -> bytes:
    return b"\x80\x02c" + name + b"\n" + args + b"R."


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n"
MADE = ARRAY + b"(cnumpy\nndarray\nK\x00\x85U\x01btR"
TYPE = (
    b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)
UNSAFE = {
    "system": pickle.dumps(Calls(os.system, "true"), 2),
    "system, 4": pickle.dumps(Calls(os.system, "true"), 4),
    "eval": pickle.dumps([Calls(eval, "1")], 0),
    "an object": pickle.dumps(pickle.Pickler.__mro__[0], 2),
    "another of numpy": reduced(b"numpy\nload", b"U\x01a\x85"),
    "another of codecs": reduced(b"_codecs\ndecode", b"X\x01\x00\x00\x00a\x85"),
    "dotted": b"\x80\x04\x8c\x05numpy\x8c\x0bndarray.sum\x93.",
    "instance": b"\x80\x02(cos\nsystem\no.",
    "instance by name": b"(S'true'\nios\nsystem\n.",
    "new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent": b"\x80\x02U\x01aQ.",
    "buffer": b"\x80\x05\x97.",
    "set": b"\x80\x04\x8f.",
    "a name alone": b"\x80\x02cnumpy\ndtype\n.",
    "a call of a class": b"\x80\x02cnumpy\nndarray\n)R.",
    "a call of a value": b"\x80\x02K\x01)R.",
    "a call with a list": b"\x80\x02cnumpy\ndtype\n]R.",
    "a state for a list": b"\x80\x02]}b.",
    "a state for bytes": reduced(b"__builtin__\nbytes")[:-1] + b"}b.",
    "an array without state": b"\x80\x02" + MADE + b".",
    "a dtype": b"\x80\x02" + TYPE + b".",
    "an array in itself": b"\x80\x02" + MADE + b"q\x00(K\x01K\x01\x85cnumpy\ndtype\nU\x01OK\x00K"
    b"\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftbK\x00]q\x01h\x00atb.",
    "a list in itself": b"\x80\x02]q\x00h\x00a.",
    "deep lists": b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
    "deep tuples": b"\x80\x02)" + b"\x85" * 200_000 + b".",
}  # fmt: skip
DAMAGED = {
    "nothing": b"",
    "text": b"no pickle\n",
    "no end": b"\x80\x02K\x01",
    "nothing at the end": b"\x80\x02.",
    "two values": b"\x80\x02K\x01K\x02.",
    "an open mark": b"\x80\x02K\x01(.",
    "no mark": b"\x80\x02]e.",
    "a value under a mark": b"\x80\x02](K\x01aa.",
    "a pop under a mark": b"\x80\x02K\x01(\x85.",
    "protocol 9": b"\x80\x09K\x01.",
    "huge bytes": b"\x80\x04\x8e" + b"\xff" * 8 + b".",
    "negative bytes": b"\x80\x02T\xff\xff\xff\xffx.",
    "negative number": b"\x80\x02\x8b\xff\xff\xff\xffx.",
    "huge frame": b"\x80\x04\x95" + b"\xff" * 7,
    "number of letters": b"Iabc\n.",
    "number of too many digits": b"I" + b"9" * 10_000 + b"\n.",
    "no utf-8": b"\x80\x02X\x01\x00\x00\x00\xff.",
    "no quotes": b"Sabc\n.",
    "odd escape": b"S'\\q'\n.",
    "odd items": b"\x80\x02}(K\x01u.",
    "a key that is a list": b"\x80\x02}]K\x01s.",
    "a key that is a number": b"\x80\x02}K\x01K\x01s.",
    "items of a tuple": b"\x80\x02)K\x01a.",
    "nothing remembered": b"\x80\x02h\x05.",
    "a negative place": b"K\x01p-1\n.",
    "an array of another class": b"\x80\x02" + ARRAY + b"(K\x01K\x00\x85U\x01btR.",
    "few arguments": b"\x80\x02" + ARRAY + b")R.",
    "a dtype of objects in fields": b"\x80\x02cnumpy\ndtype\nU\x02V8\x85R.",
    "a dtype with fields": b"\x80\x02cnumpy\ndtype\nU\x02u1\x85R(K\x03U\x01|NU\x01aNtb.",
    "a dtype of a deep name": b"\x80\x02cnumpy\ndtype\n)" + b"\x85" * 100_000 + b"\x85R.",
    "a huge array": b"\x80\x02" + MADE + b"(K\x01J\xff\xff\xff\x7f\x85" + TYPE + b"K\x00U\x01xtb.",
    "a negative array": b"\x80\x02" + MADE + b"(K\x01J\xff\xff\xff\xff\x85" + TYPE
    + b"K\x00U\x00tb.",
    "an array of many axes": b"\x80\x02" + MADE + b"(K\x01(" + b"K\x01" * 99 + b"t" + TYPE
    + b"K\x00U\x01xtb.",
    "a shape of a list": b"\x80\x02" + MADE + b"(K\x01]" + TYPE + b"K\x00U\x01xtb.",
    "no dtype": b"\x80\x02" + MADE + b"(K\x01K\x01\x85K\x00K\x00U\x01xtb.",
    "too little content": b"\x80\x02" + MADE + b"(K\x01K\x02\x85" + TYPE + b"K\x00U\x01xtb.",
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_whatever_else_is_refused(name):
    with pytest.raises(UnsafeFileError, match="that file"):
        read_pickled(UNSAFE[name], "that file")


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_one_error(name):
    with pytest.raises(FileFormatError, match="that file"):
        read_pickled(DAMAGED[name], "that file")


def test_it_says_what_a_file_asks_for():
    with pytest.raises(UnsafeFileError, match=r"asks for (posix|nt)\.system"):
        read_pickled(UNSAFE["system, 4"], "that file")


def test_a_small_file_that_stands_for_much():
    bomb: Any = [b"x"] * 100
    for _ in range(8):
        bomb = [bomb] * 100
    with pytest.raises(LimitError):
        read_pickled(pickle.dumps(bomb, 4), "that file")
    wide: Any = [[0] * 100_000] * 10_000
    with pytest.raises(LimitError):
        read_pickled(pickle.dumps(wide, 4), "that file")


def test_noise_is_one_error():
    rng = random.Random(9)
    whole = [pickle.dumps(VALUES[n], p) for n in ("cifar", "lists", "plain") for p in range(6)]
    whole += [python2(VALUES[n], p) for n in ("cifar", "lists", "plain") for p in range(3)]
    whole += [*UNSAFE.values(), *filter(None, DAMAGED.values())]
    opcodes = [ord(op) for op in "(.0123FIJKLMNPQRSTUVX]abcdeghijlopqrstu}\x80\x81\x85\x93\x94\x96"]
    read = 0
    for _ in range(6000):
        damaged = bytearray(rng.choice(whole)[:2000])
        for _ in range(rng.choice([1, 1, 1, 2, 8])):
            at = rng.randrange(len(damaged) or 1)
            if damaged and rng.random() < 0.5:
                damaged[at] = rng.randrange(256)
                continue
            piece = bytes(rng.choices(opcodes, k=rng.randrange(3)))
            damaged[at : at + rng.randrange(4)] = piece + rng.randbytes(rng.randrange(3))
        try:
            read_pickled(bytes(damaged), "that file")
        except FileFormatError:
            continue
        read += 1
    assert read > 100  # some of the damage is in what numbers and texts hold
