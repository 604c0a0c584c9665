"""NanoCodec against NeMo's own parts: latents, codes and sound, at toy and at published size.

Sound is decoded from the reference's codes. Needs a clone of the repository, see `nanocodec`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import pytest
import torch

from tests.parity import nanocodec as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.keys import nanocodec as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

CASES = {"toy": theirs.TOY} | theirs.PUBLISHED


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    name: str
    reference: theirs.Networks
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
    made = theirs.Networks(CASES[request.param])
    reference = randomise(made, seed=1, samples=8000, books=False)
    path = reference.write(tmp_path_factory.mktemp("nanocodec") / "x.nemo")
    return Pair(request.param, reference, ours(path), path)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    assert found.name == ("nanocodec" if pair.name == "toy" else pair.name)
    assert pair.ours.frame == prod(CASES[pair.name].strides)


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, few = pair.ours.frame, 40 if pair.name == "toy" else 5
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    model = pair.ours.model
    for samples in (few * frame, few * frame + 1, few * frame - 1, frame + 1, 1, 3):
        x = sound(samples, batch=2, seed=samples)
        wanted, codes = pair.reference.encode(x)
        z = model.encoder(model._rows(x))
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        found = pair.ours.to_codes(x).stacked()
        worst["ties"] += compare_codes(model.quantizer, z, found, wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got, sounds = model.from_codes(codes.unbind(1)), pair.reference.decode(codes)
        worst["samples"] = max(worst["samples"], compare_samples(got, sounds))
    size = "toy" if pair.name == "toy" else "published"
    kbps = pair.name.partition("_")[2].removesuffix("kbps").replace("_", ".") or "0.6"
    record(f"NanoCodec {kbps}", size=size, reference="NeMo", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (3 * frame, 3 * frame + 3, 1, 40)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        assert torch.equal(torch.tensor(tokens.codes).long(), pair.reference.encode(x[None])[1])


def test_streams_equal_whole(pair):
    if pair.name == "toy":
        check_streams_equal_whole(pair.ours, sound(31 * pair.ours.frame + 5, seed=9), [7, 100])


def test_all_forms_of_weight_norm_give_equal_tensors(tmp_path):
    reference = randomise(theirs.Networks(theirs.TOY), seed=3, samples=2000, books=False)
    loaded = [
        ours(reference.write(tmp_path / form / "x.nemo", form)).model.state_dict()
        for form in ("old", "parametrised", "fused")
    ]
    for tensors in loaded[1:]:
        assert all(torch.equal(value, loaded[0][key]) for key, value in tensors.items())
