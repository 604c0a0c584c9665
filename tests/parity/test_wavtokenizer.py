"""WavTokenizer against its authors' code: latents, codes and sound, at toy and at published size.

Sound is decoded from the reference's codes. Needs a clone of the repository, see `wavtokenizer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.parity import wavtokenizer as theirs
from tests.parity.checkpoints import in_form, open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import wavtokenizer as keys
from vocable.load.converting import convert
from vocable.testing.references import compare, reference_of

CASES = {"toy": theirs.TOY} | theirs.PUBLISHED


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    name: str
    reference: torch.nn.Module
    ours: Codec
    path: Path


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


@pytest.fixture(
    scope="module",
    params=[pytest.param(c, marks=pytest.mark.slow if c != "toy" else ()) for c in CASES],
)
def pair(request, tmp_path_factory) -> Pair:
    sizes = CASES[request.param]
    reference = randomise(theirs.reference(sizes), seed=1, run=theirs.run, samples=16_000)
    folder = tmp_path_factory.mktemp("wavtokenizer")
    path = theirs.write_lightning(reference.state_dict(), sizes, folder)
    return Pair(request.param, reference, ours(path), path)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    assert found.name == ("wavtokenizer" if pair.name == "toy" else pair.name)
    assert pair.ours.frame == torch.tensor(CASES[pair.name].ratios).prod()


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, few = pair.ours.frame, 40 if pair.name == "toy" else 12
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    model = pair.ours.model
    for samples in (few * frame, few * frame + 1, few * frame - 1, frame + 1, 1, frame - 1, 3):
        x = sound(samples, batch=2, seed=samples)
        z, wanted = model.encoder(model._rows(x)), theirs.latents(pair.reference, x)
        codes = theirs.codes(pair.reference, x).transpose(0, 1)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        worst["ties"] += compare_codes(
            model.quantizer, z, pair.ours.to_codes(x).stacked(), wanted, codes
        )
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got = model.from_codes(Codes(codes.unbind(1)))
        sounds = theirs.decoded(pair.reference, codes.transpose(0, 1))
        worst["samples"] = max(worst["samples"], compare_samples(got, sounds))
    size = "toy" if pair.name == "toy" else "published"
    name = {"wavtokenizer_40": "WavTokenizer 40"}.get(pair.name, "WavTokenizer 75")
    record(name, size=size, reference="WavTokenizer", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    short = 11 * pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (short, short + 3, 40, short)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    again = pair.ours.decode_batch(found)
    for x, tokens, audio in zip(sounds, found, again, strict=True):
        wanted = theirs.codes(pair.reference, x[None])
        assert torch.equal(torch.tensor(tokens.codes).long(), wanted.transpose(0, 1))
        y = theirs.decoded(pair.reference, wanted)[0, :, : x.shape[1]]
        compare_samples(torch.tensor(audio.samples)[None], y[None])
        assert len(audio) == x.shape[1]


@pytest.mark.slow
def test_a_published_size_is_verified_by_its_yaml(tmp_path):
    """As `vocable verify` does where the repository is on the path of Python."""
    sizes = theirs.PUBLISHED["wavtokenizer_40"]
    reference = randomise(theirs.reference(sizes), seed=2, run=theirs.run, samples=12_000)
    path = theirs.write_lightning(reference.state_dict(), sizes, tmp_path)
    checkpoint = open_checkpoint(path)
    made = reference_of(checkpoint, keys.recognise(checkpoint))
    found = compare(ours(path), made, sound(8 * 600, seed=1))
    assert found.frames == 8 and found.package == "WavTokenizer"


def test_all_forms_of_weight_norm_give_equal_tensors(tmp_path):
    reference = randomise(theirs.reference(theirs.TOY), seed=3, run=theirs.run, samples=8000)
    loaded = []
    for form in ("old", "parametrised", "fused"):
        tensors = in_form(reference.state_dict(), form)
        path = theirs.write_lightning(tensors, theirs.TOY, tmp_path / form)
        loaded.append(ours(path).model.state_dict())
    for tensors in loaded[1:]:
        assert all(torch.equal(value, loaded[0][key]) for key, value in tensors.items())
