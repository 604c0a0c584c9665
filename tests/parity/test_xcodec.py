"""X-Codec and the Higgs audio tokenizer against transformers: latents, codes and sound.

Recordings are of whole frames, as the extractor of transformers makes them. Sound is decoded from
the reference's codes. Higgs' resampling stands in for torchaudio's, see `xcodec`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.parity.peers import peer

peer("transformers")
from tests.parity import xcodec as theirs  # noqa: E402
from tests.parity.checkpoints import open_checkpoint, write_hub_folder  # noqa: E402
from tests.parity.compare import (  # noqa: E402
    compare_codes,
    compare_latents,
    compare_samples,
    record,
)
from tests.parity.randomise import sound  # noqa: E402
from vocable.audio import Audio  # noqa: E402
from vocable.codecs import Codec, Codes  # noqa: E402
from vocable.load.converting import convert, recognise  # noqa: E402
from vocable.testing.references import Reference  # noqa: E402
from vocable.testing.semantic_references import xcodec_reference  # noqa: E402

pytestmark = pytest.mark.timeout(1800)  # networks of published size are made and written
slow = pytest.mark.slow
NAMES = {"xcodec": "X-Codec", "xcodec_wavlm": "X-Codec WavLM", "higgs": "Higgs audio"}


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    name: str
    size: str
    reference: Reference
    ours: Codec


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    layout, found = recognise(checkpoint)
    return Codec(convert(layout, checkpoint, found).eval())


@pytest.fixture(
    scope="module",
    params=[
        *((name, "toy") for name in NAMES),
        *(pytest.param((name, "published"), marks=slow) for name in NAMES),
    ],
    ids="-".join,
)
def pair(request, tmp_path_factory) -> Pair:
    name, size = request.param
    kind = name.removesuffix("_wavlm")
    model = theirs.random_reference(kind, wavlm=name != kind, toy=size == "toy")
    path = write_hub_folder(model, tmp_path_factory.mktemp(name))
    _, found = recognise(open_checkpoint(path))
    assert found.name == name and found.layout == "transformers"
    return Pair(name, size, xcodec_reference(model), ours(path))


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    model, frame = pair.ours.model, pair.ours.frame
    for frames in (20 if pair.size == "toy" else 6, 7, 1):
        x = sound(frames * frame, batch=2, seed=frames)
        z, wanted = model.encoder(model._rows(x)), pair.reference.latents(x)
        codes = torch.stack(pair.reference.codes(x), 1)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        worst["ties"] += compare_codes(
            model.quantizer, z, pair.ours.to_codes(x).stacked(), wanted, codes
        )
        worst["frames"] += codes.shape[0] * codes.shape[2]
        given = Codes(codes.unbind(1))
        apart = compare_samples(model.from_codes(given), pair.reference.sound(given))
        worst["samples"] = max(worst["samples"], apart)
    record(NAMES[pair.name], size=pair.size, reference="transformers", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (7 * frame, 5 * frame + 3, 40, 7 * frame)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    again = pair.ours.decode_batch(found)
    for x, tokens, audio in zip(sounds, found, again, strict=True):
        filled = torch.nn.functional.pad(x, (0, -x.shape[1] % frame))
        wanted = torch.stack(pair.reference.codes(filled[None]), 1)
        assert torch.equal(torch.tensor(tokens.codes).long(), wanted)
        y = pair.reference.sound(Codes(wanted.unbind(1)))[..., : x.shape[1]]
        compare_samples(torch.tensor(audio.samples)[None], y)
        assert len(audio) == x.shape[1]


def test_levels_are_those_of_the_bit_rates(pair):
    counts = {"xcodec": (1, 2, 4), "higgs": (2, 4)}
    published = {"xcodec": (1, 2, 3, 4, 8), "higgs": (2, 4, 6, 8)}
    kind = pair.name.removesuffix("_wavlm")
    assert pair.ours.spec.prefixes == (counts if pair.size == "toy" else published)[kind]
