"""MOSS-Audio-Tokenizer against its authors' code: latents, codes, sound.

At toy size in both layouts, and at the size of the small one; the others have some 2 billion
weights. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.golden.moss.make import FIRST, LATER, patch, stage
from tests.parity import moss as package
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from tests.parity.vllm_omni import module
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import moss as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

module("moss_tts.audio_tokenizer_v2")  # or all of the file is skipped
_SMALL = {"d_model": 256, "num_heads": 4, "dim_feedforward": 1024}
NANO: dict[str, Any] = {
    "sampling_rate": 48_000, "downsample_rate": 3840, "number_channels": 2,
    "enable_channel_interleave": True,
    "encoder_kwargs": [
        patch(240), stage(240, 384, 4.0, **_SMALL, num_layers=4),
        patch(2), stage(768, 384, 6.0, **_SMALL, num_layers=2),
        patch(2), stage(768, 384, 8.0, **_SMALL, num_layers=2),
        patch(2), stage(768, 192, 10.0, **_SMALL, num_layers=4), patch(4),
    ],
    "decoder_kwargs": [
        patch(4), stage(192, 768, 10.0, **_SMALL, num_layers=4),
        patch(2), stage(384, 768, 8.0, **_SMALL, num_layers=2),
        patch(2), stage(384, 768, 6.0, **_SMALL, num_layers=2),
        patch(2), stage(384, 240, 4.0, **_SMALL, num_layers=4), patch(240),
    ],
    "quantizer_kwargs": {
        "input_dim": 768, "rvq_dim": 512, "output_dim": 768, "num_quantizers": 16,
        "codebook_size": 1024, "codebook_dim": 8, "quantizer_type": "rlfq",
    },
}  # fmt: skip
CASES = {"toy, first": FIRST, "toy": LATER, "published": NANO}


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    size: str
    reference: torch.nn.Module
    ours: Codec
    path: Path


LONG = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module", params=["toy, first", "toy", pytest.param("published", marks=LONG)])
def pair(request, tmp_path_factory) -> Pair:
    form: package.Form = "first" if request.param == "toy, first" else "later"
    config = CASES[request.param]
    reference = package.randomised(config, 1, form)
    path = package.write(reference, config, tmp_path_factory.mktemp("moss"), form)
    checkpoint = open_checkpoint(path)
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    return Pair(request.param, reference, ours, path)


def test_sizes_are_recognised(pair):
    name = "moss_audio_tokenizer_nano" if pair.size == "published" else "moss"
    assert keys.recognise(open_checkpoint(pair.path)).name == name


@torch.no_grad()
def test_latents_codes_and_sound(pair):
    """Longer than attention first sees; the reference leaves out a frame that has begun."""
    model, frame = pair.ours.model, pair.ours.frame
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (60 * frame, 3 * frame + 1, frame):
        x = sound(samples, batch=2, channels=pair.ours.spec.channels, seed=samples)
        whole = samples - samples % frame
        z, wanted = model.encoder(model._rows(x)), package.latents(pair.reference, x)
        codes, got = package.codes(pair.reference, x), pair.ours.to_codes(x).stacked()
        n = codes.shape[2]
        assert n == whole // frame and got.shape[2] == -(-samples // frame)
        worst["latents"] = max(worst["latents"], compare_latents(z[:, :n], wanted[:, :n]))
        worst["ties"] += compare_codes(
            model.quantizer, z[:, :n], got[..., :n], wanted[:, :n], codes
        )
        worst["frames"] += 2 * n
        sounds = model.from_codes(Codes(codes.unbind(1))), package.decode(pair.reference, codes)
        worst["samples"] = max(worst["samples"], compare_samples(*sounds))
    record("MOSS-Audio-Tokenizer", size=pair.size, reference="vllm-omni", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame, channels = pair.ours.frame, pair.ours.spec.channels
    sounds = [sound(n * frame, channels=channels, seed=n)[0] for n in (11, 2, 1, 11)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = package.codes(pair.reference, x[None])[0]
        assert torch.equal(torch.tensor(tokens.codes[0]).long(), wanted)


def test_streams_equal_the_whole(pair):
    frame, channels = pair.ours.frame, pair.ours.spec.channels
    x = sound(31 * frame + 5, channels=channels, seed=9)
    check_streams_equal_whole(pair.ours, x, [frame // 3, 7 * frame])
