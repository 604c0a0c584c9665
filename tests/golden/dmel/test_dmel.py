"""Apple's package gave these log-mel spectra and codes of a sound; make.py wrote them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vocable import weights
from vocable.codecs import Codec, build
from vocable.errors import ModelError, TokenError
from vocable.testing.compare import check_rows_equal

ANSWERS = weights.read(Path(__file__).parent / "answers.safetensors")
CODEC = Codec(build("dmel", {}).eval())


def test_spectra_and_codes_but_for_the_first_frame():
    """Before the recording the package mirrors it, and here there is silence."""
    rows = CODEC.model._rows(ANSWERS["sound"])[:, :4000]
    z, codes = CODEC.model.encoder(rows), CODEC.to_codes(ANSWERS["sound"]).stacked()
    check_rows_equal("log-mel", z[:, 1:], ANSWERS["mels"][:, 1:], atol=1e-6)
    found = codes.transpose(1, 2)[:, 1:10]
    assert torch.equal(found, ANSWERS["codes"][:, 1:].long())
    assert len(found.unique()) > 8


def test_a_tone_comes_back_at_its_pitch_and_level():
    time = np.arange(16_000) / 16_000
    for hz in (220.0, 440.0, 1000.0):
        tone = 0.3 * np.sin(2 * np.pi * hz * time)[None].astype(np.float32)
        back = CODEC.decode(CODEC.encode(tone, rate=16_000)).samples[0, 4000:12_000]
        spectrum = np.abs(np.fft.rfft(back * np.hanning(len(back))))
        assert abs(spectrum.argmax() * 2 - hz) < 36  # a band
        assert 0.5 < np.sqrt(2 * np.mean(back**2)) / 0.3 < 2


def test_silence_stays_silence():
    codes = CODEC.encode(np.zeros((1, 5000), np.float32), rate=16_000)
    assert np.abs(CODEC.decode(codes).samples).max() < 1e-3


def test_all_bands_decode_together():
    with pytest.raises(TokenError, match="codes have 79 levels but dmel decodes 80"):
        CODEC.from_codes(CODEC.to_codes(ANSWERS["sound"])[:79])


def test_tokens_of_other_steps_are_refused():
    tokens = CODEC.encode(np.zeros((1, 5000), np.float32), rate=16_000)
    with pytest.raises(TokenError, match="tokens come from dmel@"):
        Codec(build("dmel", {"steps": 15}).eval()).decode(tokens)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"steps": 1}, r"steps are \(1,\); give each number of a code 2 or more"),
        ({"bands": 0}, "groups is 0; give 1 or more"),
        ({"frame": 401}, "frame is 401 samples; give a multiple of 8"),
        ({"rate": "fast"}, "rate"),
    ],
)
def test_numbers_that_make_no_codec_are_refused(config, words):
    with pytest.raises(ModelError, match=words):
        build("dmel", config)
