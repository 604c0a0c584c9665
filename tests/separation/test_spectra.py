"""Spectra are those of the definition, and give the sound again."""

import numpy as np
import pytest
import torch

from vocable.separation.spectra import Overlapped, Spectra

SIZES = [(8, 4), (12, 4), (16, 2)]


def sound(samples: int) -> torch.Tensor:
    return torch.randn(2, samples, 1, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("window", "stride"), SIZES)
def test_a_row_is_the_spectrum_of_its_window(window, stride):
    x = sound(48)
    found = Spectra(window, stride)(x).numpy()
    padded = np.pad(x[..., 0].numpy(), ((0, 0), (0, window)))
    taper = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window))
    for frame in range(48 // stride):
        wanted = np.fft.rfft(padded[:, frame * stride :][:, :window] * taper)
        assert np.allclose(
            found[:, frame], np.concatenate([wanted.real, wanted.imag], 1), atol=1e-5
        )


@pytest.mark.parametrize(("window", "stride"), SIZES)
def test_spectra_give_the_sound_again(window, stride):
    x, late = sound(48), window - stride
    again = Overlapped(window, stride)(Spectra(window, stride)(x))
    assert again.shape == x.shape
    torch.testing.assert_close(again[:, late:], x[:, late:])
