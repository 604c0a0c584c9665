"""DualCodec against its authors' code behind transformers' w2v-BERT: latents, codes and sound.

Sound is decoded from the reference's codes, of all levels and of the first alone. The reference
gets recordings with the silence that ours adds, and its decoder gives some samples less.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.parity.peers import peer

peer("transformers")
from tests.parity import dualcodec as theirs  # noqa: E402
from tests.parity.checkpoints import open_checkpoint  # noqa: E402
from tests.parity.compare import (  # noqa: E402
    compare_codes,
    compare_latents,
    compare_samples,
    record,
)
from tests.parity.randomise import sound  # noqa: E402
from vocable.audio import Audio  # noqa: E402
from vocable.codecs import Codec  # noqa: E402
from vocable.load.converting import convert  # noqa: E402
from vocable.units.keys import dualcodec as keys  # noqa: E402

pytestmark = pytest.mark.timeout(1800)  # networks of published size are made and written
slow = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """A reference, ours with its weights, and where they came from."""

    name: str
    pair: theirs.Pair
    ours: Codec
    path: Path


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


@pytest.fixture(
    scope="module",
    params=["toy", *(pytest.param(name, marks=slow) for name in theirs.PUBLISHED)],
)
def case(request, tmp_path_factory) -> Case:
    name = request.param
    pair = theirs.random_pair(toy=True) if name == "toy" else theirs.random_pair(False, name)
    path = pair.write(tmp_path_factory.mktemp("dualcodec"))
    return Case(name, pair, ours(path), path)


def test_sizes_are_recognised(case):
    found = keys.recognise(open_checkpoint(case.path))
    assert found.name == ("dualcodec" if case.name == "toy" else case.name)
    assert case.ours.frame == case.pair.frame and found.config["encodes"]


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(case):
    frame, few = case.ours.frame, 12 if case.name == "toy" else 4
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    model = case.ours.model
    for samples in (few * frame, few * frame + 1, few * frame - 1, frame + 1, 240):
        x = sound(samples, batch=2, seed=samples)
        z, wanted = model.encoder(model._rows(x)), case.pair.latents(x)
        codes = case.pair.codes(x)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        found = case.ours.to_codes(x).stacked()
        worst["ties"] += compare_codes(model.quantizer, z, found, wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        for levels in (codes.shape[1], 1):
            sounds = case.pair.decoded(codes[:, :levels])
            got = model.from_codes(codes[:, :levels].unbind(1))[..., : sounds.shape[2]]
            worst["samples"] = max(worst["samples"], compare_samples(got, sounds))
    name = {"dualcodec_25hz": "DualCodec 25 Hz"}.get(case.name, "DualCodec 12.5 Hz")
    size = "toy" if case.name == "toy" else "published"
    record(name, size=size, reference="DualCodec", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(case):
    frame = case.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (3 * frame, 3 * frame + 3, 40)]
    found = case.ours.encode_batch([Audio(x.numpy(), case.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        assert torch.equal(torch.tensor(tokens.codes).long(), case.pair.codes(x[None]))
