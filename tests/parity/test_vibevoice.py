"""VibeVoice's tokenizers against transformers: latents and sound, whole and in streams.

At toy and at published size. Sound is decoded from the reference's latents.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.golden.vibevoice.make import SIZES, acoustic, semantic
from tests.parity.checkpoints import open_checkpoint, write_hub_folder
from tests.parity.compare import compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs import Codec, Tokenizer
from vocable.codecs.keys import vibevoice as keys
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole
from vocable.testing.verify import noise_and_tones, verify

peer("transformers")
LONG = [pytest.mark.slow, pytest.mark.timeout(3600)]


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    size: str
    reference: torch.nn.Module
    ours: Tokenizer
    name: str


def pair_of(reference: torch.nn.Module, size: str, folder: Path) -> Pair:
    checkpoint = open_checkpoint(write_hub_folder(reference, folder))
    found = keys.recognise(checkpoint)
    model = convert(keys, checkpoint, found).eval()
    kind = Codec if found.architecture == "vibevoice" else Tokenizer
    return Pair(size, reference, kind(model), found.name)


@pytest.fixture(scope="module", params=["toy", pytest.param("published", marks=LONG)])
def pair(request, tmp_path_factory) -> Pair:
    made = acoustic(SIZES if request.param == "toy" else {}, 1)
    return pair_of(made, request.param, tmp_path_factory.mktemp("acoustic"))


@torch.no_grad()
def test_latents_and_sound(pair):
    frame, worst = pair.ours.frame, {"latents": 0.0, "samples": 0.0, "frames": 0}
    assert pair.name == "vibevoice"  # of both: no name of its own has a hyphen
    for frames in (60 if pair.size == "toy" else 9, 2, 1):
        x = sound(frames * frame, batch=2, seed=frames)
        wanted = pair.reference.encode(x, sample=False).latents
        worst["latents"] = max(worst["latents"], compare_latents(pair.ours.to_codes(x)[0], wanted))
        theirs = pair.reference.decode(wanted).audio
        worst["samples"] = max(
            worst["samples"], compare_samples(pair.ours.from_codes([wanted]), theirs)
        )
        worst["frames"] += 2 * frames
    record("VibeVoice", size=pair.size, reference="transformers", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles_filled_up(pair):
    frame = pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (3 * frame, frame + 5, 1, 3 * frame)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        filled = torch.nn.functional.pad(x, (0, -x.shape[1] % frame))
        wanted = pair.reference.encode(filled[None], sample=False).latents
        compare_latents(tokens.to_torch(), wanted)


def test_streams_equal_the_whole(pair):
    frame = pair.ours.frame
    check_streams_equal_whole(pair.ours, sound(7 * frame + 5, seed=9), [frame // 3, 2 * frame])


@torch.no_grad()
@pytest.mark.parametrize("size", ["toy", pytest.param("published", marks=LONG)])
def test_the_semantic_one(size, tmp_path):
    reference = semantic({**SIZES, "hidden_size": 10} if size == "toy" else {"hidden_size": 128}, 2)
    made = pair_of(reference, size, tmp_path)
    x = sound(5 * made.ours.frame, batch=2, seed=1)
    found = compare_latents(made.ours.to_codes(x)[0], reference(x).latents)
    record("VibeVoice, semantic", size=size, reference="transformers", latents=found, frames=10)
    assert made.name == ("vibevoice_semantic" if size == "published" else "vibevoice-semantic")


def test_a_checkpoint_is_verified(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    path = write_hub_folder(acoustic(SIZES, 5), tmp_path / "x")
    audio = noise_and_tones()
    short = Audio(audio.samples[:, : audio.rate // 20], audio.rate)
    checks = {check.what: check for check in verify(path, short)}
    assert checks.pop("hash").verdict == "not checked"
    assert {check.verdict for check in checks.values()} == {"ok"}, checks
    assert "latents within" in checks["reference"].details
