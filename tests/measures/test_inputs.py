"""Measures take what torch, jax and lists hold, and every rate that is a whole number of Hz."""

import numpy as np
import pytest
import torch

from tests.measures.signals import RATE, noise, voice
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures import check_signal, count_codes, mel_distance_dac, score, si_sdr


class OnAnotherDevice:
    """A tensor whose memory numpy cannot read until it is brought here."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __array__(self, *args, **kwargs):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def detach(self):
        return self

    def cpu(self):
        return self.tensor


def test_tensors_with_gradients_or_on_a_device_and_lists_give_what_arrays_give():
    x, y = voice().astype(np.float32), (voice() + noise(2 * RATE)).astype(np.float32)
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    expected = si_sdr(x, y, RATE)
    assert si_sdr(a, b, RATE) == expected
    assert si_sdr(a.requires_grad_(), OnAnotherDevice(b), RATE) == expected
    assert si_sdr(x.tolist(), b, RATE) == expected
    assert score("si_sdr", a, b, RATE) == expected


LEVELLED = ("mel_distance_dac", "mel_distance_encodec", "stft_distance_dac", "visqol_speech")


@pytest.mark.parametrize("measure", [*LEVELLED, "log_spectral_distance", "snr", "segmental_snr"])
def test_integer_scale_is_refused_where_the_level_counts(measure):
    with pytest.raises(MeasureError, match=r"reaches .*, far beyond ±1; .* / 32768"):
        score(measure, 32768 * voice(), 32768 * voice(), RATE)


@pytest.mark.usefixtures("untyped")
def test_a_whole_rate_of_any_type_is_a_rate():
    x, y = voice(), voice() + noise(2 * RATE)
    for rate in (float(RATE), np.int64(RATE), torch.tensor(RATE)):
        assert mel_distance_dac(x, y, rate) == mel_distance_dac(x, y, RATE)


def test_half_precision_is_measured_as_what_it_holds():
    x, y = voice(), voice() + noise(2 * RATE)
    half = torch.from_numpy(y).bfloat16()
    assert si_sdr(x, half, RATE) == si_sdr(x, half.float().numpy(), RATE)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ("a.wav", "degraded is str; pass floats"),
        (b"RIFF", "degraded is bytes; pass floats"),
        ({"array": [0.0]}, "degraded is dict; pass floats"),
        (None, "degraded is NoneType; pass floats"),
        ([[0.0], [0.0, 1.0]], "degraded is not an array of floats .samples.: setting an array"),
        (Audio(voice(), RATE), r"degraded has shape \(1, 32000\)"),
        (torch.tensor([0.0, float("nan")]), "holds 1 NaN or infinite samples, the first at 1"),
    ],
)
def test_what_is_no_signal_is_refused_in_one_line(signal, message):
    with pytest.raises(MeasureError, match=message) as caught:
        check_signal(signal, "degraded")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("rate", [True, 16, 16.0, "16000", None, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(MeasureError, match=r"mel_distance_dac: rate must be a whole number of Hz"):
        mel_distance_dac(voice(), voice(), rate)
    with pytest.raises(MeasureError, match=r"si_sdr: rate must be a whole number of Hz"):
        score("si_sdr", voice(), voice(), rate)


def test_codes_of_a_level_are_counted_in_a_tensor_too():
    assert count_codes(torch.tensor([[0, 2, 2]]), 3).tolist() == [1, 0, 2]
    with pytest.raises(MeasureError, match="codes must be integers, got float32"):
        count_codes(torch.tensor([0.5]), 3)
