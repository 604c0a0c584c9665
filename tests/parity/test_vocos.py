"""Vocos against its package, at toy and at published size: behind an EnCodec, and of mels."""

from __future__ import annotations

import pytest
import torch

from tests.golden.encodec.opened import checkpoint, load
from tests.parity import vocos as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import sound
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.encodec import EnCodec, encodec_24khz
from vocable.codecs.keys import vocos_mel as keys
from vocable.load.converting import convert
from vocable.load.second_decoder import decoded_by_vocos
from vocable.testing.block_examples import seeded

peer("vocos")


def toy() -> tuple[Codec, theirs.Sizes]:
    sizes = theirs.Sizes(
        8, width=16, hidden=20, blocks=3, window=32, hop=8, bandwidths=(10.0, 20.0)
    )
    return load(checkpoint("causal", target_bandwidths=[10.0, 20.0])), sizes


def published() -> tuple[Codec, theirs.Sizes]:
    return Codec(seeded(lambda: EnCodec(encodec_24khz())).eval()), theirs.Sizes()


@pytest.mark.parametrize("make", [toy, pytest.param(published, marks=pytest.mark.slow)])
@torch.no_grad()
def test_sound_is_the_package_s(make, tmp_path):
    encodec, sizes = make()
    stack = encodec.model.quantizer.stack
    entries = len(stack[0].codebook.entries)
    most = 4 if make is toy else 16
    books = torch.cat([level.codebook.entries for level in stack[:most]])
    reference = theirs.behind(books, entries, sizes)
    theirs.write(reference, sizes, tmp_path)
    ours, worst = decoded_by_vocos(encodec, tmp_path), 0.0
    for bandwidth, levels in enumerate(ours.model.config.conditions):
        for frames in (1, 2, 40):
            generator = torch.Generator().manual_seed(frames)
            codes = torch.randint(entries, (levels, 2, frames), generator=generator)
            wanted = reference(codes, bandwidth)
            got = ours.from_codes(Codes(codes.unbind(0)))
            worst = max(worst, compare_samples(got, wanted))
    size = "toy" if make is toy else "published"
    record("EnCodec 24 kHz, Vocos", size=size, reference="vocos", samples=worst)


MEL_TOY = theirs.MelSizes(rate=8000, bands=12, width=16, hidden=20, blocks=3, window=128, hop=32)
EDGE = 2  # rows at each end whose windows the package fills by a mirror


@pytest.mark.parametrize(
    "sizes", [MEL_TOY, pytest.param(theirs.MelSizes(), marks=pytest.mark.slow)]
)
@torch.no_grad()
def test_spectra_and_their_sound_are_the_package_s(sizes, tmp_path):
    reference = theirs.of_mels(sizes)
    checkpoint = open_checkpoint(theirs.write_mels(reference, sizes, tmp_path))
    model = convert(keys, checkpoint, keys.recognise(checkpoint)).eval()
    apart = {"latents": 0.0, "samples": 0.0}
    for frames in (5, 6, 40):
        x = sound(frames * sizes.hop + 3, batch=2, seed=frames)
        mels = reference.mels(x[:, 0]).transpose(1, 2)
        inner = slice(EDGE, -EDGE)
        found = model.encoder(model._rows(x))[:, inner]
        apart["latents"] = max(apart["latents"], compare_latents(found, mels[:, inner]))
        wanted = reference(mels.transpose(1, 2))
        got = model.decoder(mels).transpose(1, 2)[..., : wanted.shape[2]]
        apart["samples"] = max(apart["samples"], compare_samples(got, wanted))
    size = "toy" if sizes is MEL_TOY else "published"
    record("Vocos of mel spectra", size=size, reference="vocos", **apart)
