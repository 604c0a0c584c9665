"""Code written for transformers' audio tokenizers gives the same through `vocable.auto`."""

from __future__ import annotations

import numpy as np
import torch

import vocable.auto
from tests.parity.peers import peer
from tests.parity.test_dac import TOY, Hub

RATE = 16_000
WHOLE = 320 * 12  # the peer takes whole frames


def tokenize(extractors, models, folder, recording):
    """Encode and decode, as one does with transformers."""
    extractor = extractors.from_pretrained(folder)
    model = models.from_pretrained(folder).eval()
    inputs = extractor(
        raw_audio=recording, sampling_rate=extractor.sampling_rate, return_tensors="pt"
    )
    with torch.no_grad():
        codes = model.encode(inputs["input_values"], n_quantizers=4).audio_codes
        sound = model.decode(audio_codes=codes).audio_values
    assert codes.shape[-1] == recording.size // model.config.hop_length
    return codes, sound.reshape(1, 1, -1)


def test_the_same_code_gives_the_same(tmp_path):
    transformers = peer("transformers")
    folder = tmp_path / "dac"
    Hub(TOY["16 kHz"]).write(folder)
    transformers.DacFeatureExtractor(sampling_rate=RATE, hop_length=320).save_pretrained(folder)
    recording = np.random.default_rng(0).uniform(-0.5, 0.5, WHOLE).astype(np.float32)
    theirs, ours = (
        tokenize(each.AutoFeatureExtractor, each.AutoModelForAudioTokenization, folder, recording)
        for each in (transformers, vocable.auto)
    )
    assert torch.equal(ours[0], theirs[0])
    assert ours[1].shape[-1] == WHOLE  # theirs is 8 samples short
    assert torch.allclose(ours[1][..., : theirs[1].shape[-1]], theirs[1], atol=1e-5)
