"""Spectra equal their definitions, computed in another way."""

import numpy as np
import torch

from vocable.signal.spectra import (
    hann,
    hz_to_mel,
    log_mel,
    magnitude,
    mel_filters,
    mel_to_hz,
    spectrum,
)


def test_spectrum_is_the_windowed_fourier_transform():
    x = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    found = spectrum(x, 256, 64)
    padded = np.pad(x.numpy(), 128)
    for frame in (0, 3, 15):
        piece = padded[frame * 64 : frame * 64 + 256] * hann(256).numpy()
        assert np.allclose(found[:, frame].numpy(), np.fft.rfft(piece), atol=1e-4)


def test_magnitude_is_that_of_the_spectrum():
    x = torch.randn(2, 800, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(magnitude(x, 128, 32), spectrum(x, 128, 32).abs(), atol=1e-4)


def test_signals_shorter_than_a_window_work():
    assert log_mel(torch.ones(3, 10), 16_000, 512, 40).shape == (3, 1, 40)


def test_no_mel_band_is_empty_and_peaks_are_one():
    filters = mel_filters(16_000, 256, 80)
    assert filters.shape == (129, 80) and torch.all(filters.sum(0) > 0)
    assert float(mel_filters(16_000, 4096, 40).max()) <= 1.0


def test_the_mel_scale_has_an_inverse():
    hz = torch.tensor([0.0, 440.0, 1000.0, 7999.0])
    assert torch.allclose(mel_to_hz(hz_to_mel(hz)), hz, atol=0.05)
    assert abs(float(hz_to_mel(torch.tensor(1000.0))) - 999.99) < 0.01


def test_a_tone_is_loudest_in_its_band():
    t = torch.arange(8000) / 16_000
    bands = log_mel(torch.sin(2 * torch.pi * 1000 * t), 16_000, 1024, 40).mean(0)
    filters = mel_filters(16_000, 1024, 40)
    assert int(bands.argmax()) == int(filters[64].argmax())


def test_tables_cached_in_inference_mode_work_in_training():
    hann.cache_clear()
    mel_filters.cache_clear()
    with torch.inference_mode():
        log_mel(torch.ones(1, 2000), 16_000, 512, 40)
    x = torch.randn(1, 2000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    log_mel(x, 16_000, 512, 40).sum().backward()
    assert x.grad is not None and x.grad.any()
