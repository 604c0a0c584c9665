"""The disturbance that is learnt from is the one that PESQ measures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vocable.audio import Audio
from vocable.measures import pesq
from vocable.signal.disturbance import disturbance

RATE = 16_000
RECORDING = Path(__file__).parents[2] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def speech() -> torch.Tensor:
    samples = Audio.read(RECORDING).mono().resample(RATE).samples
    return torch.tensor(samples[:, : 5 * RATE])


def degraded(speech: torch.Tensor) -> list[torch.Tensor]:
    """Return the recording in white noise, without its upper bands, and with smeared harmonics."""
    random = torch.Generator().manual_seed(0)
    hiss = torch.randn(speech.shape, generator=random) * speech.square().mean().sqrt()
    spectrum = torch.fft.rfft(speech)
    hz = torch.linspace(0, RATE / 2, spectrum.shape[1])
    rows = torch.stft(speech, 512, 128, window=torch.hann_window(512), return_complex=True)
    turned = [
        rows * torch.polar(torch.ones(rows.shape), w * torch.randn(rows.shape, generator=random))
        for w in (0.3, 0.6, 1.0, 1.5)
    ]
    return [
        *(speech + hiss * 10 ** (-snr / 20) for snr in (0, 5, 10, 15, 20, 30)),
        *(torch.fft.irfft(spectrum * (hz < top), speech.shape[1]) for top in (1500, 2500, 4000)),
        *(
            torch.istft(r, 512, 128, window=torch.hann_window(512), length=speech.shape[1])
            for r in turned
        ),
    ]


def test_it_orders_recordings_as_pesq_does(speech) -> None:
    outputs = degraded(speech)
    scores = [pesq(speech[0].numpy(), output[0].numpy(), RATE) for output in outputs]
    costs = [float(disturbance(speech, output)[0]) for output in outputs]
    ranks = [np.argsort(np.argsort(values)) for values in (scores, np.negative(costs))]
    assert np.corrcoef(*ranks)[0, 1] > 0.9


def test_a_signal_does_not_disturb_itself_and_silence_has_a_gradient(speech) -> None:
    assert all(float(cost) < 1e-3 for cost in disturbance(speech, speech))
    silence = torch.zeros_like(speech).requires_grad_()
    whole, frames = disturbance(speech, silence)
    (whole + frames).sum().backward()
    assert whole > 1 and bool(silence.grad.isfinite().all())


def test_what_is_added_costs_more_than_what_is_missing(speech) -> None:
    loud, quiet = (disturbance(speech, speech * gain)[0] for gain in (4.0, 0.25))
    assert float(loud) > float(quiet) > 0.1


def test_items_do_not_touch_each_other(speech) -> None:
    outputs = torch.cat([speech, speech * 0.5, speech.flip(1)])
    together = disturbance(speech.expand(3, -1), outputs)[0]
    alone = [float(disturbance(speech, output[None])[0]) for output in outputs]
    assert together.tolist() == pytest.approx(alone, rel=1e-4, abs=1e-5)


def test_one_window_is_enough() -> None:
    x = torch.randn(1, 512, generator=torch.Generator().manual_seed(0))
    assert all(bool(cost.isfinite()) for cost in disturbance(x, 0.5 * x))
