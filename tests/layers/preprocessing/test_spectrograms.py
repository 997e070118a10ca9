"""Spectrograms: what scipy and a plain sum say of them, their weights, what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal

import kerasish as keras
from kerasish.errors import ArgumentError, DTypeError

layers = keras.layers
SOUND = np.random.default_rng(0).uniform(-1, 1, (2, 400, 1)).astype("float32")


@pytest.mark.parametrize("mode", ["magnitude", "psd"])
@pytest.mark.parametrize("scaling", ["density", "spectrum"])
@pytest.mark.parametrize("window", ["hann", "tukey"])
def test_scipy(mode: str, scaling: str, window: str) -> None:
    layer = layers.STFTSpectrogram(mode, 64, 20, 128, window, True, scaling)
    weights = scipy.signal.get_window(window, 64, True)
    *_, wanted = scipy.signal.spectrogram(
        SOUND[..., 0],
        window=weights,
        nperseg=64,
        noverlap=44,
        nfft=128,
        mode=mode,
        scaling=scaling,
        detrend=False,
    )
    np.testing.assert_allclose(layer(SOUND), wanted.swapaxes(1, 2), rtol=1e-4, atol=4e-4)


def test_parts() -> None:
    """Of scipy's complex numbers."""
    *_, wanted = scipy.signal.spectrogram(
        SOUND[..., 0],
        window=scipy.signal.get_window("hann", 64, True),
        nperseg=64,
        noverlap=44,
        mode="complex",
        scaling="density",
        detrend=False,
    )
    wanted = wanted.swapaxes(1, 2)
    options = {"frame_length": 64, "frame_step": 20, "periodic": True, "scaling": "density"}
    real, imag, both, angle = (
        layers.STFTSpectrogram(mode, **options)(SOUND).numpy()
        for mode in ("real", "imag", "stft", "angle")
    )
    np.testing.assert_allclose(real, wanted.real, atol=1e-5)
    np.testing.assert_allclose(imag, wanted.imag, atol=1e-5)
    np.testing.assert_array_equal(both, np.concatenate([real, imag], -1))
    np.testing.assert_allclose(angle, np.arctan2(imag, real), rtol=1e-5)


def test_every_channel_is_one_of_its_own() -> None:
    sounds = np.random.default_rng(1).uniform(-1, 1, (2, 200, 3)).astype("float32")
    alone = [layers.STFTSpectrogram(frame_length=32)(sounds[..., i : i + 1]) for i in range(3)]
    wanted = np.stack([one.numpy() for one in alone], -1)  # (batch, windows, frequencies, channels)
    options = {"frame_length": 32, "expand_dims": True}
    np.testing.assert_allclose(
        layers.STFTSpectrogram(**options)(sounds), wanted, rtol=1e-5, atol=1e-6
    )
    flat = layers.STFTSpectrogram(frame_length=32)(sounds).numpy()
    np.testing.assert_allclose(
        flat, np.concatenate([w.numpy() for w in alone], -1), rtol=1e-5, atol=1e-6
    )
    first = {**options, "data_format": "channels_first"}
    found = layers.STFTSpectrogram(**first)(sounds.transpose(0, 2, 1))
    np.testing.assert_allclose(found, wanted.transpose(0, 3, 1, 2), rtol=1e-5, atol=1e-6)


def test_weights() -> None:
    for mode, names in (("real", ["real_kernel"]), ("log", ["real_kernel", "imag_kernel"])):
        layer = layers.STFTSpectrogram(mode, 16)
        layer(SOUND)
        assert [w.name for w in layer.trainable_weights] == names
        assert layer.weights[0].shape == (16, 1, 9)
    fixed = layers.STFTSpectrogram(frame_length=16, trainable=False)
    fixed(SOUND)
    assert (len(fixed.trainable_weights), len(fixed.non_trainable_weights)) == (0, 2)


def test_it_learns() -> None:
    model = keras.Sequential([layers.STFTSpectrogram("psd", 16), layers.GlobalAveragePooling1D()])
    model.compile("sgd", "mse")
    history = model.fit(SOUND, np.zeros((2, 9), "float32"), epochs=3, verbose=0).history["loss"]
    assert history[2] < history[0]


@pytest.mark.parametrize(
    "given",
    [
        {"frame_step": 300},
        {"frame_step": 0},
        {"fft_length": 128},
        {"padding": "causal"},
        {"scaling": "l2"},
        {"mode": "spectrogram"},
        {"window": "unknowable"},
    ],
)
def test_refusals(given: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(given))):
        layers.STFTSpectrogram(**given)


def test_whole_numbers_and_odd_lengths() -> None:
    with pytest.raises(DTypeError, match="floats"):
        layers.STFTSpectrogram()(np.zeros((1, 400, 1), "int32"))
    with pytest.warns(UserWarning, match="power of two"):
        layers.STFTSpectrogram(fft_length=300)


def test_mel() -> None:
    layer = layers.MelSpectrogram(64, 16, num_mel_bins=6, sampling_rate=1000, mag_exp=1.0)
    assert layer(SOUND[..., 0]).shape == (2, 6, 26)
    assert layer(SOUND[0, :, 0]).shape == (6, 26)
    assert layer.variables == []
    assert (layer.sequence_length, layer.max_freq) == (64, 500)
    with pytest.raises(ArgumentError, match="fft_length"):
        layers.MelSpectrogram(64, sequence_length=65)
    loud = layers.MelSpectrogram(64, 16, num_mel_bins=6, sampling_rate=1000, top_db=3.0)
    y = np.asarray(loud(SOUND[..., 0]))
    assert y.max() - y.min() == pytest.approx(3.0, abs=1e-4)


def test_mel_triangles() -> None:
    """Each frequency counts once in all, between the first middle and the last."""
    layer = layers.MelSpectrogram()
    matrix = np.asarray(layer.linear_to_mel_weight_matrix(10, 129, 8000, 100.0, 3500.0))
    middles = 700 * (
        np.exp(np.linspace(*(1127 * np.log1p(np.array([100, 3500]) / 700)), 12) / 1127) - 1
    )
    hertz = np.linspace(0, 4000, 129)
    inside = (hertz >= middles[1]) & (hertz <= middles[-2])
    np.testing.assert_allclose(matrix[inside].sum(axis=1), 1, rtol=1e-5)
    assert (matrix[hertz < 100] == 0).all()
