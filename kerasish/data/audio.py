"""`audio_dataset_from_directory`: sound in files, at one rate and of one length where wanted."""

from __future__ import annotations

import functools
import math
import wave
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np

from kerasish import extras
from kerasish.data.dataset import Dataset
from kerasish.data.folders import Choice, Kind, datasets
from kerasish.errors import ArgumentError, FileFormatError, KerasishError
from kerasish.hints import hinted, whole
from kerasish.saving.files.sources import check_source

SOUNDS = Kind(
    "audio_dataset_from_directory", "sound files", (".wav", ".flac", ".ogg", ".mp3", ".aiff")
)
_ZEROS = 10  # of the sinc, on each side
_BETA = 5.0  # of its Kaiser window
_PIECE = 1 << 16


def read_sound(path: str | PathLike[str]) -> tuple[np.ndarray, int]:
    """The samples in a file, float32 (samples, channels) from -1 to 1, and how many are a second.

    WAV files of whole numbers are read by the standard library, all others by soundfile.

    Raises:
        FileFormatError: the file holds no sound that can be read; it is named.
        MissingPackageError: soundfile is needed and not installed.
    """
    path = fspath(path)
    check_source(path)
    try:
        if path.lower().endswith(".wav"):
            found = _read_wav(path)
            if found is not None:
                return found
        sound = extras.package("soundfile", f"Reading {path}")
        samples, rate = sound.read(path, dtype="float32", always_2d=True)
        return samples, int(rate)
    except (KerasishError, FileNotFoundError):
        raise
    except Exception as error:  # wave.Error, EOFError, RuntimeErrors of libsndfile, ...
        raise FileFormatError(
            f"{path}: no sound that can be read",
            expected="a whole WAV file, or one of a format that soundfile knows",
            received=error or type(error).__name__,
        ) from error


def _read_wav(path: str) -> tuple[np.ndarray, int] | None:
    """As `read_sound`; None where the file does not hold whole numbers."""
    try:
        with wave.open(path, "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except wave.Error as error:
        if "unknown format" in str(error):
            return None
        raise
    raw = raw[: len(raw) - len(raw) % (width * channels)]
    if width == 1:
        samples = np.frombuffer(raw, np.uint8).astype(np.float32) - 128
    elif width == 3:  # as the upper bytes of four
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        samples = (wide.view("<i4")[:, 0] >> 8).astype(np.float32)
    else:
        samples = np.frombuffer(raw, f"<i{width}").astype(np.float32)
    return (samples / 2 ** (8 * width - 1)).reshape(-1, channels), rate


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Samples at another rate: low-passed by a windowed sinc, and taken where the new ones lie.

    The filter is that of `scipy.signal.resample_poly` (Kaiser window, beta 5, ten zeros a side).

    Args:
        samples: float32 (samples, channels).
        rate: how many were a second.
        wanted: how many shall be.
    """
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    if up == down:
        return samples
    count = -(-len(samples) * up // down)
    taps, half = _filter(up, down), _ZEROS * max(up, down)
    out = np.empty((count, samples.shape[1]), np.float32)
    reach = np.arange(2 * half // up + 2)
    for begin in range(0, count, _PIECE):
        at = np.arange(begin, min(begin + _PIECE, count)) * down
        first = -((half - at) // up)  # the first sample that the filter still reaches
        places = first[:, np.newaxis] + reach
        tap = at[:, np.newaxis] - places * up + half
        there = (places >= 0) & (places < len(samples)) & (tap >= 0) & (tap < len(taps))
        weights = np.where(there, taps[tap.clip(0, len(taps) - 1)], 0)
        near = samples[places.clip(0, len(samples) - 1)]
        out[begin : begin + len(at)] = np.einsum("nk,nkc->nc", weights, near)
    return out


@functools.lru_cache(16)
def _filter(up: int, down: int) -> np.ndarray:
    most = max(up, down)
    at = np.arange(-_ZEROS * most, _ZEROS * most + 1)
    low = np.sinc(at / most) * np.kaiser(len(at), _BETA)
    return (up * low / low.sum()).astype(np.float32)


@dataclass(frozen=True)
class LoadSound:
    """Reads a sound at a rate, cut or filled up with silence to a length."""

    rate: int | None
    length: int | None

    def __call__(self, path: str, label: Any = None) -> Any:
        sound, rate = read_sound(path)
        if self.rate is not None:
            sound = resampled(sound, rate, self.rate)
        if self.length is not None:
            sound = sound[: self.length]
            sound = np.pad(sound, ((0, self.length - len(sound)), (0, 0)))
        return sound if label is None else (sound, label)


@hinted
def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
    *,
    errors: str = "raise",
) -> Any:
    """A `Dataset` of the sounds in a folder, each class in a folder of its own.

    WAV files need no other package; .flac, .ogg, .mp3 and .aiff need soundfile.

    Args:
        directory: the folder.
        labels, label_mode, class_names: see `image_dataset_from_directory`.
        batch_size: None for single sounds.
        sampling_rate: samples a second of the result; None for those of each file.
        output_sequence_length: samples of every sound of the result: longer ones are cut, shorter
            ones filled up with zeros. None: those of a batch are filled up to the longest.
        ragged: must be False: there are no ragged tensors.
        shuffle, seed, validation_split, subset, follow_links, verbose, errors: see
            `image_dataset_from_directory`.

    Returns:
        A dataset with `class_names` and `file_paths`, or two of them for `subset="both"`. Sounds
        are float32 (batch, samples, channels), from -1 to 1.

    Raises:
        ArgumentError: arguments that make no sense, alone or together.
        DataError: no folder, or no sound in a part; when it is asked for: the sounds of a batch
            have other numbers of channels.
        FileFormatError: when it is asked for: a sound cannot be read; it is named.
        MissingPackageError: when it is asked for: soundfile is needed and not installed.
    """
    what = SOUNDS.what
    if ragged:
        raise ArgumentError(
            f"{what}, ragged",
            expected="False: there are no ragged tensors",
            received="True",
            fix="Leave it out: sounds of a batch are filled up to the longest, or to "
            "output_sequence_length.",
        )
    if sampling_rate is not None:
        sampling_rate = whole(f"{what}, sampling_rate", sampling_rate, 1)
    if output_sequence_length is not None:
        output_sequence_length = whole(f"{what}, output_sequence_length", output_sequence_length, 1)
    choice = Choice(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, verbose, errors,
    )  # fmt: skip
    load = LoadSound(sampling_rate, output_sequence_length)
    batch = Dataset.padded_batch if output_sequence_length is None else Dataset.batch
    made = datasets(SOUNDS, choice, load, batch)
    return tuple(made) if subset == "both" else made[0]
