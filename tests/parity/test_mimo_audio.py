"""MiMo-Audio-Tokenizer against its authors' code in `vllm-omni`, whose checkpoints are read.

At toy size, and at the published widths with few layers; all of them are some 1.3 billion weights.
Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.parity import mimo_audio as package
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from tests.parity.vllm_omni import module
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import mimo_audio as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

module("mimo_audio.modeling_audio_tokenizer")  # or all of the file is skipped
# as published, but for the layers: 32, 32 and 16 there
WIDE: dict[str, Any] = package.TOY | {
    "d_model": 1280, "encoder_layers": 4, "encoder_skip_layer_id": 3,
    "encoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_layers": 2,
    "decoder_attention_heads": 20, "decoder_ffn_dim": 5120, "nfft": 960, "vocoder_dim": 256,
    "vocoder_intermediate_dim": 1024, "vocoder_num_layers": 2, "n_mels": 128,
    "sampling_rate": 24_000, "hop_length": 240, "window_size": 960, "num_quantizers": 20,
    "codebook_size": [1024] * 2 + [128] * 18, "vocoder_attention_heads": 16,
    "vocoder_attn_window_size": [40, 10],
}  # fmt: skip
CASES = {"toy": package.TOY, "published": WIDE}


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    size: str
    reference: torch.nn.Module
    ours: Codec


def made(size: str, folder: Path) -> Pair:
    """Return a pair, whose checkpoint goes by way of a folder."""
    reference = package.randomised(CASES[size], 1)
    checkpoint = open_checkpoint(package.write(reference, CASES[size], folder))
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    return Pair(size, reference, ours)


LONG = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module", params=["toy", pytest.param("published", marks=LONG)])
def pair(request, tmp_path_factory) -> Pair:
    return made(request.param, tmp_path_factory.mktemp("mimo_audio"))


@torch.no_grad()
def test_latents_codes_and_sound(pair):
    """Longer than attention next to the sound first sees; the reference has a token more."""
    model, frame = pair.ours.model, pair.ours.frame
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (60 * frame, 59 * frame + 7, 17 * frame - 1, 3 * frame + 1):
        x = sound(samples, seed=samples)
        z, wanted = model.encoder(model._rows(x)), package.latents(pair.reference, x)
        codes, got = package.codes(pair.reference, x), pair.ours.to_codes(x).stacked()
        n = -(-samples // frame)
        assert got.shape[2] == n and codes.shape[2] == n + (samples % frame == 0)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted[:, :n]))
        worst["ties"] += compare_codes(model.quantizer, z, got, wanted[:, :n], codes[..., :n])
        worst["frames"] += n
        sounds = model.from_codes(Codes(codes.unbind(1))), package.decode(pair.reference, codes)
        worst["samples"] = max(worst["samples"], compare_samples(*sounds))
    record("MiMo-Audio-Tokenizer", size=pair.size, reference="vllm-omni", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    sounds = [sound(n * frame - 1, seed=n)[0] for n in (11, 4, 3, 11)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = package.codes(pair.reference, x[None])[0]
        assert torch.equal(torch.tensor(tokens.codes[0]).long(), wanted)


@torch.no_grad()
def test_minutes_are_encoded_as_its_program_does(tmp_path):
    """What the end cuts short as it would be alone."""
    pair = made("toy", tmp_path)
    model, x = pair.ours.model, sound(2 * 1500 * pair.ours.frame + 1003, seed=5)
    z, wanted = model.encoder(model._rows(x)), package.latents(pair.reference, x)
    compare_latents(z, wanted)
    codes, got = package.codes(pair.reference, x), pair.ours.to_codes(x).stacked()
    compare_codes(model.quantizer, z, got, wanted, codes)
    check_streams_equal_whole(pair.ours, x, [1501 * pair.ours.frame])
