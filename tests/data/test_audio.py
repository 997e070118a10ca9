from __future__ import annotations

import sys
import wave
from typing import Any

import numpy as np
import pytest
from scipy.signal import resample_poly

import kerasish as keras
from kerasish.data.audio import read_sound, resampled
from kerasish.errors import ArgumentError, FileFormatError, MissingPackageError

sounds = keras.utils.audio_dataset_from_directory


def write_wav(path: Any, samples: np.ndarray, rate: int = 8000) -> None:
    """Whole numbers (samples, channels) as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(samples.dtype.itemsize)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def noise(count: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(-(2**15), 2**15, (count, channels)).astype(np.int16)


@pytest.fixture
def folder(tmp_path):
    for number, count in enumerate((40, 25, 60, 33, 50)):
        write_wav(tmp_path / "xy"[number % 2] / f"{number}.wav", noise(count, 1, number))
    return tmp_path


def test_what_tensorflow_decodes(folder):
    """decode_wav: 16 bits over 32,768."""
    samples, rate = read_sound(str(folder / "x" / "0.wav"))
    assert samples.dtype == np.float32
    assert rate == 8000
    np.testing.assert_array_equal(samples, noise(40).astype(np.float32) / 32768)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ALAW"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_wav_is_as_libsndfile_reads_it(subtype, channels, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    path = str(tmp_path / "a.wav")
    soundfile.write(path, noise(99, channels) / 2**15, 11025, subtype)
    samples, rate = read_sound(path)
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 11025
    np.testing.assert_array_equal(samples, expected)


def test_other_formats(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    (tmp_path / "a").mkdir()
    soundfile.write(tmp_path / "a" / "0.flac", noise(99, 2), 8000)
    ((x, y),) = sounds(tmp_path, verbose=False)
    np.testing.assert_array_equal(x[0], noise(99, 2) / np.float32(2**15))
    assert y.tolist() == [0]


def test_a_batch_is_filled_up_to_its_longest(folder):
    ((x, y),) = sounds(folder, shuffle=False, verbose=False)
    assert x.shape == (5, 60, 1)
    assert x.dtype == np.float32
    assert y.tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_array_equal(x[0, :40], noise(40) / np.float32(32768))
    assert not x[0, 40:].any()


def test_output_sequence_length(folder):
    train, val = sounds(
        folder, output_sequence_length=30, validation_split=0.4, subset="both", seed=2,
        label_mode="binary", verbose=False,
    )  # fmt: skip
    assert [x.shape for x, _ in train] == [(3, 30, 1)]
    assert [y.shape for _, y in val] == [(2, 1)]
    lone = next(iter(sounds(folder, labels=None, batch_size=None, output_sequence_length=30,
                            shuffle=False, verbose=False)))  # fmt: skip
    assert lone.shape == (30, 1)
    assert train.class_names == ["x", "y"]


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 16000), (16000, 8000), (44100, 16000), (3, 7)])
def test_resampling_is_that_of_scipy(rate, wanted):
    samples = (noise(3000, 2) / 2**15).astype(np.float32)
    expected = resample_poly(samples.astype(float), wanted, rate, axis=0)
    found = resampled(samples, rate, wanted)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_resampling_of_much_and_of_nothing():
    long = (noise(150_000) / 2**15).astype(np.float32)
    np.testing.assert_allclose(
        resampled(long, 2, 3)[:, 0], resample_poly(long[:, 0].astype(float), 3, 2), atol=2e-6
    )
    assert resampled(long, 5, 5) is long
    assert resampled(long[:0], 2, 3).shape == (0, 1)


def test_sampling_rate(folder):
    write_wav(folder / "x" / "9.wav", noise(80, 1), 16000)
    ((x, _),) = sounds(
        folder, sampling_rate=4000, output_sequence_length=22, shuffle=False, verbose=False
    )
    assert x.shape == (6, 22, 1)
    expected = resample_poly(noise(80)[:, 0] / 2**15, 1, 4)
    np.testing.assert_allclose(x[3, :20, 0], expected, atol=2e-6)
    assert not x[3, 20:].any()


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x10\0\0\0WAVEfmt \x04", b"text" * 20])
def test_a_broken_file_is_named(content, folder):
    (folder / "y" / "1.wav").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"1\.wav"):
        list(sounds(folder, verbose=False))
    dataset = sounds(folder, verbose=False, errors="skip")
    assert [len(y) for _, y in dataset] == [4]
    assert dataset.skipped == 1


def test_one_file_by_its_path(folder):
    samples, rate = keras.data.read_sound(folder / "x" / "0.wav")
    assert (samples.shape, samples.dtype, rate) == ((40, 1), np.float32, 8000)
    np.testing.assert_array_equal(samples, noise(40) / np.float32(32768))


def test_a_wav_that_is_cut_off_gives_what_is_there(folder):
    path = folder / "x" / "0.wav"
    path.write_bytes(path.read_bytes()[:-31])
    samples, _ = read_sound(str(path))
    np.testing.assert_array_equal(samples, noise(40)[:24] / np.float32(32768))


def test_without_soundfile(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.flac").write_bytes(b"fLaC")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingPackageError, match=r"kerasish\[audio\]"):
        list(sounds(tmp_path, verbose=False))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"ragged": True}, "no ragged tensors"),
        ({"sampling_rate": 0}, "sampling_rate"),
        ({"sampling_rate": 8000.0}, "sampling_rate"),
        ({"output_sequence_length": 0}, "output_sequence_length"),
        ({"label_mode": "ints"}, "label_mode"),
    ],
)
def test_arguments(options, match, folder):
    with pytest.raises(ArgumentError, match=match):
        sounds(folder, verbose=False, **options)
