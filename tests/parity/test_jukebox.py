"""Jukebox's VQ-VAE against its authors' code: latents, codes, and the sound of each level.

At toy and at published size. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.parity import jukebox as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import jukebox as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

theirs.package()
CASES = {"toy": theirs.TOY, "published": theirs.PUBLISHED}


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    name: str
    reference: Any
    ours: Codec
    path: Path


@pytest.fixture(scope="module", params=["toy", pytest.param("published", marks=pytest.mark.slow)])
def pair(request, tmp_path_factory) -> Pair:
    reference = theirs.reference(1, **CASES[request.param])
    path = theirs.write(reference, tmp_path_factory.mktemp("jukebox"))
    checkpoint = open_checkpoint(path)
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    return Pair(request.param, reference, ours, path)


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    model, step = pair.ours.model, pair.ours.frame * pair.ours.spec.step
    strides = [level.stride for level in pair.ours.spec.levels]
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for steps in (1, 3, 40):
        x = sound(steps * step, batch=2, seed=steps)
        wanted, codes = theirs.latents(pair.reference, x), theirs.codes(pair.reference, x)
        pairs = zip(wanted, strides, strict=True)
        rows = torch.cat([each.repeat_interleave(n, 1) for each, n in pairs], 2)
        z = model.encoder(model._rows(x))
        worst["latents"] = max(worst["latents"], compare_latents(z, rows))
        found = tuple(pair.ours.to_codes(x))
        worst["ties"] += compare_codes(model.quantizer, z, found, rows, tuple(codes))
        worst["frames"] += z.shape[0] * z.shape[1]
        for levels in (1, 2, 3):
            got = model.from_codes(Codes(codes[:levels]))
            decoded = theirs.decoded(pair.reference, codes[:levels])
            worst["samples"] = max(worst["samples"], compare_samples(got, decoded))
    record("Jukebox", size=pair.name, reference="jukebox", **worst)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    assert (found.name, found.layout) == (
        "jukebox" if pair.name == "published" else "jukebox-vqvae",
        "jukebox",
    )


def test_streams_equal_whole(pair):
    step = pair.ours.frame * pair.ours.spec.step
    check_streams_equal_whole(pair.ours, sound(31 * step + 5, seed=9), [7, 100])


@torch.no_grad()
def test_transformers_up_to_its_fifth_version(tmp_path):
    """It has the same network under other names; the reading of these is shown with its own."""
    from tests.parity.peers import peer

    package = peer("transformers")
    if not hasattr(package, "JukeboxVQVAE"):
        pytest.skip("transformers 5 has no Jukebox; version 4 has")
    config = package.JukeboxVQVAEConfig(
        embed_dim=6, nb_discrete_codes=32, res_conv_depth=2, res_conv_width=4, res_downs_t=[2, 1, 1]
    )
    reference = package.JukeboxVQVAE(config).eval()
    for book in reference.bottleneck.level_blocks:
        book.codebook.normal_(generator=torch.Generator().manual_seed(1))
    reference.save_pretrained(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    ours = Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())
    x = sound(640, seed=3)
    wanted = theirs.codes(reference, x)
    found = tuple(ours.to_codes(x))
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))
    for levels in (1, 2, 3):
        got = ours.model.from_codes(Codes(wanted[:levels]))
        compare_samples(got, theirs.decoded(reference, wanted[:levels]))
