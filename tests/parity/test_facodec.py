"""FACodec against Amphion's code: latents, voices, codes and sound, at toy and at published size.

Sound is decoded from the reference's codes and voices. Each recording is run alone: Amphion's voice
depends on where in a batch it stands. Needs a clone of Amphion, see `peers.checkout`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.parity import facodec as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import checkout, stand_ins
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import facodec as keys
from vocable.load.converting import convert
from vocable.signal.slaney import slaney_filters
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

with stand_ins(theirs.NOT_CALLED):
    MODULES = tuple(checkout("Amphion", *theirs.MODULES).values())


def filters(*, sr: int, n_fft: int, n_mels: int, fmin: int, fmax: int) -> np.ndarray:
    """Return what `librosa.filters.mel` does, which made those of the golden checkpoint."""
    return slaney_filters(sr, n_fft, n_mels, fmin, fmax).T.copy()


TOY = dict(ngf=4, strides=(2, 2, 5), latent=16, channels=32, width=4, bits=5, layers=2, hidden=24,
           phones=3)  # fmt: skip
SPECTRUM = dict(rate=8000, bands=24, transform=40, window=30)
CASES = {
    "toy": (theirs.Networks, (), TOY),
    "published": (theirs.Networks, (), {}),
    "toy-v2": (theirs.Second, (filters,), TOY | SPECTRUM),
    "published-v2": (theirs.Second, (filters,), {}),
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
    scope="module",
    params=[
        name if "toy" in name else pytest.param(name, marks=pytest.mark.slow) for name in CASES
    ],
)
def pair(request, tmp_path_factory) -> Pair:
    kind, more, sizes = CASES[request.param]
    made = kind(*MODULES, *more, **sizes)
    reference = randomise(made, seed=1, samples=4000)
    rate = sizes.get("rate", 16_000)
    path = reference.write(tmp_path_factory.mktemp("facodec"), rate=rate)
    return Pair(request.param, reference, ours(path), path)


def shortest(pair: Pair) -> int:
    """Return of how many samples the reference can mirror the ends."""
    return pair.ours.model.config.transform // 2 if pair.name == "published-v2" else 0


@torch.no_grad()
def test_latents_voices_codes_and_sound_are_the_reference_s(pair):
    frame, model = pair.ours.frame, pair.ours.model
    few = 40 if "toy" in pair.name else 12
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (few * frame, few * frame + 1, few * frame - 1, 1, frame - 1, frame + 1):
        if samples < shortest(pair):
            continue
        x = sound(samples, seed=samples)
        wanted, _, codes, voice = pair.reference.encode(F.pad(x, (0, -samples % frame)))
        wanted, codes = wanted.transpose(1, 2), codes.transpose(0, 1)
        z, found = model.encoder(model._rows(x)), pair.ours.to_codes(x)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        check_rows_equal("voice", found.sides["timbre"], voice, atol=WHOLE_CODEC)
        worst["ties"] += compare_codes(model.quantizer, z, found.stacked(), wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got = model.from_codes(Codes(codes.unbind(1), {"timbre": voice}))
        theirs_ = pair.reference.decode(codes.transpose(0, 1), voice)
        worst["samples"] = max(worst["samples"], compare_samples(got, theirs_))
    record("FACodec", size=pair.name, reference="Amphion", **worst)


@torch.no_grad()
def test_without_detail_and_in_another_voice(pair):
    x, other = (sound(10 * pair.ours.frame, seed=n) for n in (1, 2))
    codes, voice = pair.reference.encode(x)[2], pair.reference.encode(other)[3]
    for levels in pair.ours.spec.prefixes:
        some = Codes(codes[:levels].unbind(0), {"timbre": voice})
        wanted = pair.reference.decode(codes, voice, detail=levels == len(codes))
        compare_samples(pair.ours.model.from_codes(some), wanted)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    frame = pair.ours.frame
    lengths = [n for n in (11 * frame, 11 * frame + 3, 1, 11 * frame, 40) if n >= shortest(pair)]
    sounds = [sound(n, seed=n)[0] for n in lengths]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        _, _, codes, voice = pair.reference.encode(F.pad(x[None], (0, -x.shape[1] % frame)))
        assert torch.equal(torch.tensor(tokens.codes).long(), codes.transpose(0, 1))
        check_rows_equal("voice", torch.tensor(tokens.sides["timbre"]), voice, atol=WHOLE_CODEC)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    wanted = {"published-v2": "facodec_v2"}.get(pair.name, "facodec")
    assert found.name == wanted and found.config["strides"] == pair.ours.model.config.strides
    if "published" in pair.name:
        (pair.path / "config.json").unlink()
        assert keys.recognise(open_checkpoint(pair.path)) == found


def test_all_forms_of_weight_norm_give_equal_tensors(tmp_path):
    reference = randomise(theirs.Networks(*MODULES, **TOY), seed=3, samples=4000)
    loaded = [
        ours(reference.write(tmp_path / form, form)).model.state_dict()
        for form in ("old", "parametrised", "fused")
    ]
    for tensors in loaded[1:]:
        assert all(torch.equal(value, loaded[0][key]) for key, value in tensors.items())
