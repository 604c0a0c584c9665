"""ESC against its authors' code: latents, codes, sound, every number of scales.

At toy and at published sizes. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.parity import esc as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.keys import esc as keys
from vocable.load.converting import convert

theirs.package()
CASES = {"toy": theirs.TOY, **theirs.PUBLISHED}


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    name: str
    reference: Any
    ours: Codec
    path: Path


@pytest.fixture(
    scope="module",
    params=["toy", *(pytest.param(name, marks=pytest.mark.slow) for name in theirs.PUBLISHED)],
)
def pair(request, tmp_path_factory) -> Pair:
    sizes = CASES[request.param]
    reference = theirs.reference(1, **sizes)
    path = theirs.write(reference, tmp_path_factory.mktemp("esc"), sizes)
    checkpoint = open_checkpoint(path)
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    return Pair(request.param, reference, ours, path)


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, model = pair.ours.frame, pair.ours.model
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for frames in (1, 2, 3, 7, 20) if pair.name == "toy" else (1, 13):
        x = sound(frames * frame, batch=2, seed=frames)
        wanted, codes = theirs.latents(pair.reference, x), theirs.codes(pair.reference, x)
        z = model.encoder(model._rows(x))
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        found = pair.ours.to_codes(x).stacked()
        worst["ties"] += compare_codes(model.quantizer, z, found, wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        for levels in model.spec.prefixes:
            got = model.from_codes(codes[:, :levels])
            decoded = theirs.decoded(pair.reference, codes[:, :levels])
            short = decoded.shape[2]
            assert got.shape[2] == frames * frame == short + model.config.hop
            worst["samples"] = max(worst["samples"], compare_samples(got[..., :short], decoded))
    record("ESC", size=pair.name, reference="efficient-speech-codec", **worst)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    assert found.name == ("esc" if pair.name == "toy" else pair.name)
    if pair.name != "toy":
        pair.path.with_name("config.yaml").unlink()
        assert keys.recognise(open_checkpoint(pair.path)) == found


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    sounds = [sound(n * frame, seed=n)[0] for n in (11, 4, 1, 11)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = theirs.codes(pair.reference, x[None])
        assert torch.equal(torch.tensor(tokens.codes).long(), wanted)
