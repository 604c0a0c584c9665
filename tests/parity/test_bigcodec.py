"""BigCodec against its authors' code, as the package `bigcodec` holds it.

At toy and at published size. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.parity.bigcodec_networks import Networks
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.keys import bigcodec as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

peer("bigcodec")

TOY = dict(ngf=4, strides=(2, 2, 5), latent=16, channels=32, lstm_layers=2, size=64, width=4)
CASES = {"toy": TOY, "published": {}}


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    name: str
    reference: Networks
    ours: Codec
    path: Path


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


@pytest.fixture(scope="module", params=["toy", pytest.param("published", marks=pytest.mark.slow)])
def pair(request, tmp_path_factory) -> Pair:
    reference = randomise(Networks(**CASES[request.param]), seed=1, samples=4000)
    path = reference.write(tmp_path_factory.mktemp("bigcodec") / "bigcodec.pt")
    return Pair(request.param, reference, ours(path), path)


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, model = pair.ours.frame, pair.ours.model
    few = 40 if pair.name == "toy" else 12
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (few * frame, few * frame + 1, few * frame - 1, 1, frame - 1, 3, frame + 1):
        x = sound(samples, batch=2, seed=samples)
        wanted, codes = pair.reference.encode(F.pad(x, (0, -samples % frame)))
        wanted, codes = wanted.transpose(1, 2), codes.transpose(0, 1)
        z = model.encoder(model._rows(x))
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        found = pair.ours.to_codes(x).stacked()
        worst["ties"] += compare_codes(model.quantizer, z, found, wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got, theirs = model.from_codes(codes), pair.reference.decode(codes.transpose(0, 1))
        worst["samples"] = max(worst["samples"], compare_samples(got, theirs))
    record("BigCodec", size=pair.name, reference="bigcodec", **worst)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    assert found.name == "bigcodec" and found.config["strides"] == pair.ours.model.config.strides
    if pair.name == "published":
        pair.path.with_name("config.json").unlink()
        assert keys.recognise(open_checkpoint(pair.path)) == found


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (11 * frame, 11 * frame + 3, 1, 11 * frame, 40)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        filled = F.pad(x[None], (0, -x.shape[1] % frame))
        wanted = pair.reference.encode(filled)[1].transpose(0, 1)
        assert torch.equal(torch.tensor(tokens.codes).long(), wanted)


def test_streams_equal_whole(pair):
    check_streams_equal_whole(pair.ours, sound(31 * pair.ours.frame + 5, seed=9), [7, 100])


def test_all_forms_of_weight_norm_give_equal_tensors(tmp_path):
    reference = randomise(Networks(**TOY), seed=3, samples=4000)
    loaded = [
        ours(reference.write(tmp_path / form / "x.pt", form)).model.state_dict()
        for form in ("old", "parametrised", "fused")
    ]
    for tensors in loaded[1:]:
        assert all(torch.equal(value, loaded[0][key]) for key, value in tensors.items())
