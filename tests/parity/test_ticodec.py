"""TiCodec against its authors' code: latents, codes, voices and sound, at toy and published size.

Sound is decoded from the reference's codes and voices. Needs a clone of it, see `peers.checkout`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tests.parity import ticodec as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import ticodec as keys
from vocable.load.converting import convert

MODELS = theirs.module()
NARROW = theirs.narrowed(MODELS)
CASES = {
    "toy": (NARROW, theirs.TOY, 4000),
    "grouped": (NARROW, theirs.GROUPED, 4000),
    "published": (MODELS, theirs.PUBLISHED, 24_000),
}


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    name: str
    reference: theirs.Networks
    ours: Codec
    path: Path


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


@pytest.fixture(
    scope="module", params=["toy", "grouped", pytest.param("published", marks=pytest.mark.slow)]
)
def pair(request, tmp_path_factory) -> Pair:
    models, config, samples = CASES[request.param]
    reference = theirs.networks(models, config, 1, samples)
    path = reference.write(tmp_path_factory.mktemp("ticodec"))
    return Pair(request.param, reference, ours(path), path)


@torch.no_grad()
def test_latents_voices_codes_and_sound_are_the_reference_s(pair):
    frame, model = pair.ours.frame, pair.ours.model
    few = 12 if pair.name == "published" else 40
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (few * frame, few * frame + 1, few * frame - 1, 1, frame + 1):
        x = sound(samples, seed=samples)
        wanted, codes, voice = pair.reference.encode(F.pad(x, (0, -samples % frame)))
        z, sides = model.latents_and_sides(x)
        found = pair.ours.to_codes(x)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        assert torch.equal(sides["voice"], voice) and torch.equal(found.sides["voice"], voice)
        worst["ties"] += compare_codes(model.quantizer, z, found.stacked(), wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got = model.from_codes(Codes(codes.unbind(1), {"voice": voice}))
        compared = compare_samples(got, pair.reference.decode(codes, voice))
        worst["samples"] = max(worst["samples"], compared)
    record("TiCodec", size=pair.name, reference="TiCodec", **worst)


@torch.no_grad()
def test_the_vector_of_a_voice_is_the_reference_s(pair):
    x = sound(10 * pair.ours.frame, batch=2, seed=2)
    middle = pair.ours.model.encoder.with_middle(pair.ours.model._rows(x))[0]
    got = pair.ours.model.side_encoder.vector(middle)
    compare_latents(got[:, None], pair.reference.encoder(x)[1][:, None])
    assert float((got[0] - got[1]).abs().max()) > 0.01


@torch.no_grad()
def test_in_another_voice(pair):
    codes, voice = pair.reference.encode(sound(10 * pair.ours.frame, seed=1))[1:]
    other = (voice + 1) % pair.ours.model.config.size
    wanted = pair.reference.decode(codes, other)
    compare_samples(pair.ours.model.from_codes(Codes(codes.unbind(1), {"voice": other})), wanted)
    assert float((wanted - pair.reference.decode(codes, voice)).abs().max()) > 1e-3


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (11 * frame, 11 * frame + 3, 1, 11 * frame)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        _, codes, voice = pair.reference.encode(F.pad(x[None], (0, -x.shape[1] % frame)))
        assert torch.equal(torch.tensor(tokens.codes).long(), codes)
        assert torch.equal(torch.tensor(tokens.sides["voice"]).long(), voice)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    assert found.name == ("ticodec_1g2r" if pair.name == "published" else "ticodec")
    if pair.name == "published":
        (pair.path / "config.json").unlink()
        assert keys.recognise(open_checkpoint(pair.path)) == found


def test_all_forms_of_weight_norm_and_older_names_give_equal_tensors(tmp_path):
    reference = theirs.networks(NARROW, theirs.TOY, 3, 4000)
    loaded = [
        ours(reference.write(tmp_path / form, form)).model.state_dict()
        for form in ("old", "parametrised", "fused")
    ]
    kept = torch.load(tmp_path / "old" / "g_00250000")
    older = {k.replace("s_globaltokens", "s3"): v for k, v in kept["quantizer"].items()}
    torch.save(kept | {"quantizer": older}, tmp_path / "old" / "g_00250000")
    loaded.append(ours(tmp_path / "old").model.state_dict())
    for tensors in loaded[1:]:
        assert all(torch.equal(value, loaded[0][key]) for key, value in tensors.items())
