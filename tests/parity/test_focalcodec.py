"""FocalCodec and FocalCodec-Stream against their authors' code: latents, codes and sound.

Sound is decoded from the reference's codes. The whole one's reference gets recordings with the
silence that ours adds; the stream's runs in chunks of 80 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from tests.parity import focalcodec as theirs
from tests.parity.checkpoints import open_checkpoint
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole
from vocable.units.keys import focalcodec as keys

pytestmark = pytest.mark.timeout(1800)  # networks of published size are made and written
slow = pytest.mark.slow
NAMES = {"whole": "focalcodec_25hz", "stream": "focalcodec_50hz_4k_causal"}


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    kind: str
    size: str
    model: torch.nn.Module
    ours: Codec
    path: Path


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


@pytest.fixture(
    scope="module",
    params=[
        ("whole", "toy"),
        ("stream", "toy"),
        pytest.param(("whole", "published"), marks=slow),
        pytest.param(("stream", "published"), marks=slow),
    ],
    ids="-".join,
)
def pair(request, tmp_path_factory) -> Pair:
    kind, size = request.param
    model = theirs.random_reference(kind, toy=size == "toy")
    path = theirs.write(model, tmp_path_factory.mktemp(kind))
    return Pair(kind, size, model, ours(path), path)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    family = "focalcodec-stream" if pair.kind == "stream" else "focalcodec"
    assert found.name == (NAMES[pair.kind] if pair.size == "published" else family)
    assert (found.layout, found.architecture) == ("focalcodec", family)
    assert pair.ours.spec.writes == pair.model.sample_rate_output


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, few = pair.ours.frame, 41 if pair.size == "toy" else 6
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    model = pair.ours.model
    for samples in (few * frame, few * frame + 1, few * frame - 1, frame + 1, 1, 3):
        x = sound(samples, batch=2, seed=samples)
        z = F.normalize(model.encoder(model._rows(x)), dim=-1)
        wanted, codes = theirs.latents(pair.model, x), theirs.codes(pair.model, x)[:, None]
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        found = pair.ours.to_codes(x).stacked()
        worst["ties"] += compare_codes(model.quantizer, z, found, wanted, codes)
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got = model.from_codes(codes.unbind(1))
        apart = compare_samples(got, theirs.decoded(pair.model, codes[:, 0]))
        worst["samples"] = max(worst["samples"], apart)
    name = {"whole": "FocalCodec 25 Hz", "stream": "FocalCodec-Stream 4k"}[pair.kind]
    record(name, size=pair.size, reference="focalcodec", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    sounds = [sound(n, seed=n)[0] for n in (9000, 9003, 1, 640)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = theirs.codes(pair.model, x[None])
        assert torch.equal(torch.tensor(tokens.codes).long()[:, 0], wanted)


def test_streams_equal_whole(pair):
    if pair.kind == "stream" and pair.size == "toy":
        check_streams_equal_whole(pair.ours, sound(31 * pair.ours.frame + 5, seed=9), [7, 3000])


def test_files_of_the_first_version_give_equal_tensors(tmp_path):
    model = theirs.random_reference("whole")
    wanted = ours(theirs.write(model, tmp_path / "now")).model.state_dict()
    first = theirs.of_first_version(model)
    again = model._remap_state_dict(first, list(model.state_dict()))
    assert all(torch.equal(value, again[key]) for key, value in model.state_dict().items())
    (tmp_path / "then").mkdir()
    (tmp_path / "now" / "config.json").rename(tmp_path / "then" / "config.json")
    save_file(first, tmp_path / "then" / "model.safetensors")
    found = ours(tmp_path / "then").model.state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(value, wanted[key]) for key, value in found.items())
