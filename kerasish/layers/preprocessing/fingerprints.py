"""Fingerprints of texts: 64 bits each, the ones by which Keras's layers choose bins.

Without a key, Fingerprint64 of FarmHash (Geoff Pike, 2014, github.com/google/farmhash, the part
`farmhashna`). With one, SipHash-2-4 (Aumasson and Bernstein, SipHash: a fast short-input PRF,
2012). Crossed features join theirs as TensorFlow's `cross_hashed` does.

Texts of one length are hashed together, as rows of bytes. All sums and products are modulo 2^64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import tables

_Words = np.ndarray  # of uint64
_Hash = Callable[[np.ndarray], _Words]  # (texts, bytes) uint8 -> (texts,)

_K0, _K1, _K2 = (np.uint64(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_CAT = np.uint64(0xC6A4A7935BD1E995)
_CROSS = np.uint64(0xDECAFCAFFE)


def _number(n: int) -> Any:
    return np.uint64(n & 0xFFFFFFFFFFFFFFFF)


def fingerprints(texts: Sequence[str], key: Sequence[int] | None = None) -> _Words:
    """The fingerprint of every text's bytes in UTF-8, uint64.

    Args:
        texts: n texts.
        key: two integers, for SipHash.
    """
    known = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    found = _distinct([t.encode("utf-8", "surrogatepass") for t in known], key)
    if len(known) == len(texts):
        return found
    return found[np.fromiter(map(known.__getitem__, texts), np.int64, len(texts))]


def _distinct(texts: list[bytes], key: Sequence[int] | None) -> _Words:
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    order = np.argsort(lengths, kind="stable")
    found = np.empty(len(texts), np.uint64)
    joined = np.frombuffer(b"".join([texts[i] for i in order.tolist()]), np.uint8)
    begin = start = 0
    for length, count in zip(*np.unique(lengths, return_counts=True), strict=True):
        end = start + count * length
        rows = joined[start:end].reshape(count, length)
        here = _farm(rows) if key is None else _sip(rows, *map(_number, key))
        found[order[begin : begin + count]] = here
        begin, start = begin + count, end
    return found


def crossed(columns: Sequence[_Words]) -> _Words:
    """One fingerprint of several, in their order: of texts their own, of integers they themselves.

    Args:
        columns: arrays (n,) of uint64.
    """
    found = np.broadcast_to(_CROSS, columns[0].shape)
    for column in columns:
        found = _mixed(_mixed((found ^ _CAT ^ (_mixed(column * _CAT) * _CAT)) * _CAT) * _CAT)
    return found


# --- FarmHash ----------------------------------------------------------------------------------


def _turned(x: Any, by: int) -> Any:
    """Bits rotated to the right."""
    return (x >> np.uint64(by)) | (x << np.uint64(64 - by))


def _mixed(x: Any) -> Any:
    return x ^ (x >> np.uint64(47))


def _word(rows: np.ndarray, at: int, size: int = 8) -> _Words:
    """The bytes from `at` on as little-endian numbers."""
    part = np.ascontiguousarray(rows[:, at : at + size])
    return part.view(f"<u{size}")[:, 0].astype(np.uint64)


def _two(u: Any, v: Any, factor: Any) -> Any:
    a = _mixed((u ^ v) * factor)
    return _mixed((v ^ a) * factor) * factor


def _farm(rows: np.ndarray) -> _Words:
    length = rows.shape[1]
    ways: tuple[tuple[int, _Hash], ...] = (
        (0, _of_none), (3, _of_1_to_3), (7, _of_4_to_7), (16, _of_8_to_16), (32, _of_17_to_32),
        (64, _of_33_to_64),
    )  # fmt: skip
    with np.errstate(over="ignore"):
        return next((way for most, way in ways if length <= most), _of_more)(rows)


def _of_none(rows: np.ndarray) -> _Words:
    return np.broadcast_to(_K2, len(rows))


def _of_1_to_3(rows: np.ndarray) -> _Words:
    length = rows.shape[1]
    a, b, c = (rows[:, at].astype(np.uint64) for at in (0, length >> 1, length - 1))
    y, z = a + (b << np.uint64(8)), _number(length) + (c << np.uint64(2))
    return _mixed((y * _K2) ^ (z * _K0)) * _K2


def _of_4_to_7(rows: np.ndarray) -> _Words:
    length = rows.shape[1]
    a, b = _word(rows, 0, 4), _word(rows, length - 4, 4)
    return _two(_number(length) + (a << np.uint64(3)), b, _K2 + _number(2 * length))


def _of_8_to_16(rows: np.ndarray) -> _Words:
    length = rows.shape[1]
    factor = _K2 + _number(2 * length)
    a, b = _word(rows, 0) + _K2, _word(rows, length - 8)
    return _two(_turned(b, 37) * factor + a, (_turned(a, 25) + b) * factor, factor)


def _ends(rows: np.ndarray, first: Any) -> tuple[Any, ...]:
    length = rows.shape[1]
    factor = _K2 + _number(2 * length)
    a, b = _word(rows, 0) * first, _word(rows, 8)
    c, d = _word(rows, length - 8) * factor, _word(rows, length - 16) * _K2
    y = _turned(a + b, 43) + _turned(c, 30) + d
    return factor, a, y, _two(y, a + _turned(b + _K2, 18) + c, factor)


def _of_17_to_32(rows: np.ndarray) -> _Words:
    return _ends(rows, _K1)[-1]


def _of_33_to_64(rows: np.ndarray) -> _Words:
    length = rows.shape[1]
    factor, a, y, z = _ends(rows, _K2)
    e, f = _word(rows, 16) * factor, _word(rows, 24)
    g, h = (y + _word(rows, length - 32)) * factor, (z + _word(rows, length - 24)) * factor
    return _two(
        _turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor
    )  # fmt: skip


def _weak(rows: np.ndarray, at: int, a: Any, b: Any) -> tuple[Any, Any]:
    """Two words of 32 bytes and two seeds."""
    w, x, y, z = (_word(rows, at + 8 * i) for i in range(4))
    a = a + w
    b = _turned(b + a + z, 21)
    c, a = a, a + x + y
    return a + z, b + _turned(a, 44) + c


def _of_more(rows: np.ndarray) -> _Words:
    length = rows.shape[1]
    v = w = (np.uint64(0), np.uint64(0))
    x, y = np.uint64(81) * _K2 + _word(rows, 0), np.uint64(81) * _K1 + np.uint64(113)
    z = _mixed(y * _K2 + np.uint64(113)) * _K2
    last = (length - 1) // 64 * 64

    def block(at: int, factor: Any, nine: Any) -> None:
        nonlocal v, w, x, y, z
        x = _turned(x + y + v[0] + _word(rows, at + 8), 37) * factor
        y = _turned(y + v[1] + _word(rows, at + 48), 42) * factor
        x, y = x ^ (w[1] * nine), y + v[0] * nine + _word(rows, at + 40)
        z = _turned(z + w[0], 33) * factor
        v = _weak(rows, at, v[1] * factor, x + w[0])
        w = _weak(rows, at + 32, z + w[1], y + _word(rows, at + 16))
        z, x = x, z

    for at in range(0, last, 64):
        block(at, _K1, np.uint64(1))
    factor = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w = (w[0] + _number((length - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    block(length - 64, factor, np.uint64(9))
    first = _two(v[0], w[0], factor) + _mixed(y) * _K0 + z
    return _two(first, _two(v[1], w[1], factor) + x, factor)


# --- SipHash -----------------------------------------------------------------------------------


def _sip(rows: np.ndarray, first: Any, second: Any) -> _Words:
    count, length = rows.shape
    padded = tables.zeros((count, length // 8 * 8 + 8), "uint8")
    padded[:, :length] = rows
    padded[:, -1] = length & 0xFF
    words = padded.view("<u8").astype(np.uint64)
    v = [
        np.broadcast_to(np.uint64(k) ^ np.uint64(text), count)
        for k, text in (
            (first, 0x736F6D6570736575), (second, 0x646F72616E646F6D),
            (first, 0x6C7967656E657261), (second, 0x7465646279746573),
        )
    ]  # fmt: skip
    with np.errstate(over="ignore"):
        for word in words.T:
            v[3] = v[3] ^ word
            v = _rounds(v, 2)
            v[0] = v[0] ^ word
        v[2] = v[2] ^ np.uint64(0xFF)
        a, b, c, d = _rounds(v, 4)
    return a ^ b ^ c ^ d


def _rounds(v: list[Any], count: int) -> list[Any]:
    a, b, c, d = v
    for _ in range(count):
        a, c = a + b, c + d
        b, d = _turned(b, 64 - 13) ^ a, _turned(d, 64 - 16) ^ c
        a = _turned(a, 32)
        c, a = c + b, a + d
        b, d = _turned(b, 64 - 17) ^ c, _turned(d, 64 - 21) ^ a
        c = _turned(c, 32)
    return [a, b, c, d]
