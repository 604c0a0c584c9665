"""Qwen3-TTS's tokenizer against its authors' package: latents, codes, sound, and its chunks.

At toy and at published size. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.golden.qwen3_tts.make import CONFIG
from tests.parity import qwen3_tts as package
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import qwen3_tts as keys
from vocable.codecs.qwen3_tts import PUBLISHED_CHUNKS, qwen3_tts_12hz
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole
from vocable.tokens import AudioTokens

package.modeling()  # or all of the file is skipped
# as in the published config.json; what is not here is a default of the package, or of its Mimi
PUBLISHED: dict[str, Any] = dict(
    encoder_config={},
    decoder_config=dict(
        codebook_dim=512, hidden_size=512, intermediate_size=1024, head_dim=64,
        semantic_codebook_size=4096, num_semantic_quantizers=1,
    ),
    encoder_valid_num_quantizers=16, encode_downsample_rate=1920, decode_upsample_rate=1920,
    input_sample_rate=24_000, output_sample_rate=24_000,
)  # fmt: skip
CASES = {"toy": CONFIG, "published": PUBLISHED}


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    size: str
    reference: torch.nn.Module
    ours: Codec
    path: Path


LONG = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module", params=["toy", pytest.param("published", marks=LONG)])
def pair(request, tmp_path_factory) -> Pair:
    config = CASES[request.param]
    reference = package.randomised(config, seed=1)
    path = package.write(reference, config, tmp_path_factory.mktemp("qwen3-tts"))
    checkpoint = open_checkpoint(path)
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    return Pair(request.param, reference, ours, path)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    if pair.size == "published":
        assert found.name == "qwen3_tts_12hz"
        assert pair.ours.model.config == qwen3_tts_12hz()
    else:
        assert found.name == "qwen3-tts"


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, toy = pair.ours.frame, pair.size == "toy"
    few = 14 if toy else 12  # fewer rows than the encoder's attention sees
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (few * frame, few * frame + 1, few * frame - 1, 1, frame - 1, 3, frame + 1):
        x, model = sound(samples, batch=2, seed=samples), pair.ours.model
        z, wanted = model.encoder(model._rows(x)), package.latents(pair.reference, x)
        codes = package.codes(pair.reference, x)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        worst["ties"] += compare_codes(
            model.quantizer, z, pair.ours.to_codes(x).stacked(), wanted, codes
        )
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got = model.from_codes(Codes(codes.unbind(1)))
        theirs = package.decode(pair.reference, codes)
        worst["samples"] = max(worst["samples"], compare_samples(got, theirs))
    record("Qwen3-TTS 12 Hz", size=pair.size, reference="qwen-tts", **worst)


@torch.no_grad()
def test_sound_in_chunks_is_the_reference_s(pair):
    frames = 640 if pair.size == "toy" else 310
    size = pair.ours.spec.levels[0].size
    shape = 1, len(pair.ours.spec.levels), frames
    codes = torch.randint(size, shape, generator=torch.Generator().manual_seed(2))
    tokens = AudioTokens(pair.ours.spec, tuple(codes[0].numpy().astype(np.int32)[:, None]))
    audio = pair.ours.decode(tokens, chunks=PUBLISHED_CHUNKS)
    wanted = package.decode_in_chunks(pair.reference, codes)
    compare_samples(torch.tensor(audio.samples)[None], wanted)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    short = 11 * pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (short, short + 3, 1, short, 40)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = package.codes(pair.reference, x[None])[0]
        assert torch.equal(torch.tensor(tokens.codes[0]).long(), wanted)


def test_streams_equal_the_whole(pair):
    frame = pair.ours.frame
    check_streams_equal_whole(pair.ours, sound(31 * frame + 5, seed=9), [frame // 3, 7 * frame])
