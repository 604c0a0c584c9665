"""Voxtral's codec against the package `vllm-omni`: latents, codes, sound.

At toy and at published size, each with an encoder, which the published file lacks. Sound is decoded
from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.golden.voxtral.make import ARGS
from tests.parity import voxtral as package
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import voxtral as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

package.code()  # or all of the file is skipped
PUBLISHED: dict[str, Any] = {
    **ARGS, "sampling_rate": 24_000, "pretransform_patch_size": 240, "patch_proj_kernel_size": 7,
    "semantic_codebook_size": 8192, "semantic_dim": 256, "acoustic_codebook_size": 21,
    "acoustic_dim": 36, "attn_sliding_window_size": 16, "dim": 1024, "hidden_dim": 4096,
    "head_dim": 128, "n_heads": 8, "n_kv_heads": 8,
    "encoder_transformer_lengths_str": "2,2,2,2", "encoder_convs_kernels_str": "4,4,4,3",
    "encoder_convs_strides_str": "2,2,2,1", "decoder_transformer_lengths_str": "2,2,2,2",
    "decoder_convs_kernels_str": "3,4,4,4", "decoder_convs_strides_str": "1,2,2,2",
}  # fmt: skip
CASES = {"toy": ARGS, "published": PUBLISHED}


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
    args = CASES[request.param]
    reference = package.randomised(args, seed=1)
    path = package.write(reference, args, tmp_path_factory.mktemp("voxtral"), encoder=True)
    checkpoint = open_checkpoint(path)
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    return Pair(request.param, reference, ours, path)


def test_the_published_file_is_recognised_without_its_config(pair, tmp_path):
    folder = tmp_path / "x"
    package.write(pair.reference, CASES[pair.size], folder, encoder=False)
    if pair.size == "published":
        (folder / "config.json").unlink()
        assert keys.recognise(open_checkpoint(folder)).name == "voxtral_tts"
    else:
        found = keys.recognise(open_checkpoint(folder))
        assert (found.name, found.config["encodes"]) == ("voxtral", False)


@torch.no_grad()
def test_latents_codes_and_sound(pair):
    model, frame = pair.ours.model, pair.ours.frame
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for frames in (60 if pair.size == "toy" else 25, 2, 1):
        x = sound(frames * frame, batch=2, seed=frames)
        z, wanted = model.encoder(model._rows(x)), package.latents(pair.reference, x)
        codes = package.codes(pair.reference, x)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        worst["ties"] += compare_codes(
            model.quantizer, z, pair.ours.to_codes(x).stacked(), wanted, codes
        )
        worst["frames"] += 2 * frames
        sounds = model.from_codes(Codes(codes.unbind(1))), package.decode(pair.reference, codes)
        worst["samples"] = max(worst["samples"], compare_samples(*sounds))
    record("Voxtral's codec", size=pair.size, reference="vllm-omni", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    sounds = [sound(n * pair.ours.frame, seed=n)[0] for n in (11, 2, 1, 11)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = package.codes(pair.reference, x[None])[0]
        assert torch.equal(torch.tensor(tokens.codes[0]).long(), wanted)


def test_streams_equal_the_whole(pair):
    frame = pair.ours.frame
    check_streams_equal_whole(pair.ours, sound(31 * frame + 5, seed=9), [frame // 3, 7 * frame])
