"""X-Codec 2 and NeuCodec against transformers: latents, codes and sound, at toy and published size.

Sound is decoded from the reference's codes. NeuCodec's reference gets recordings of whole frames,
filled up with silence as ours does: of others it leaves the end out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from tests.parity.peers import peer

peer("transformers")
from tests.parity import xcodec2 as theirs  # noqa: E402
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
from vocable.testing.references import Reference, reference_of  # noqa: E402

FRAME = 320
pytestmark = pytest.mark.timeout(1800)  # networks of published size are made and written
slow = pytest.mark.slow


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights."""

    kind: str
    size: str
    model: torch.nn.Module
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
        ("xcodec2", "toy"),
        ("neucodec", "toy"),
        pytest.param(("xcodec2", "published"), marks=slow),
        pytest.param(("neucodec", "published"), marks=slow),
    ],
    ids="-".join,
)
def pair(request, tmp_path_factory) -> Pair:
    kind, size = request.param
    model = theirs.random_reference(kind, toy=size == "toy")
    path = write_hub_folder(model, tmp_path_factory.mktemp(kind))
    checkpoint = open_checkpoint(path)
    _, found = recognise(checkpoint)
    assert found.name == kind and found.layout == "transformers"
    return Pair(kind, size, model, reference_of(checkpoint, found), ours(path))


def heard(pair: Pair, x: torch.Tensor) -> torch.Tensor:
    """Return what the reference gets of a recording."""
    return F.pad(x, (0, -x.shape[2] % FRAME)) if pair.kind == "neucodec" else x


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    few = 20 if pair.size == "toy" else 6
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    model = pair.ours.model
    for samples in (few * FRAME, few * FRAME + 1, few * FRAME - 1, FRAME + 1, 1, 3):
        x = sound(samples, batch=2, seed=samples)
        z, wanted = model.encoder(model._rows(x)), pair.reference.latents(heard(pair, x))
        codes = torch.stack(pair.reference.codes(heard(pair, x)), 1)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        worst["ties"] += compare_codes(
            model.quantizer, z, pair.ours.to_codes(x).stacked(), wanted, codes
        )
        worst["frames"] += codes.shape[0] * codes.shape[2]
        assert samples < 1000 or len(codes.unique()) > few
        given = Codes(codes.unbind(1))
        apart = compare_samples(model.from_codes(given), pair.reference.sound(given))
        worst["samples"] = max(worst["samples"], apart)
    name = {"xcodec2": "X-Codec 2", "neucodec": "NeuCodec"}[pair.kind]
    record(name, size=pair.size, reference="transformers", **worst)


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    sounds = [sound(n, seed=n)[0] for n in (7 * FRAME, 7 * FRAME + 3, 40, 7 * FRAME)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    again = pair.ours.decode_batch(found)
    for x, tokens, audio in zip(sounds, found, again, strict=True):
        wanted = pair.reference.codes(heard(pair, x[None]))
        assert torch.equal(torch.tensor(tokens.codes).long()[0], wanted[0])
        assert len(audio) == x.shape[1] and audio.rate == 16_000
    tokens = found[0]
    y = pair.ours.decode(tokens, rate=pair.ours.spec.writes)
    wanted = pair.reference.sound(Codes(pair.reference.codes(heard(pair, sounds[0][None]))))
    compare_samples(torch.tensor(y.samples)[None], wanted[..., : len(y)])


def test_the_authors_file_gives_equal_tensors(tmp_path):
    model = theirs.random_reference(
        "xcodec2", left_max_position_embeddings=64, right_max_position_embeddings=8
    )
    wanted = ours(write_hub_folder(model, tmp_path / "hub")).model.state_dict()
    (tmp_path / "own").mkdir()
    tensors = {key: value.contiguous() for key, value in theirs.by_authors(model).items()}
    save_file(tensors, tmp_path / "own" / "model.safetensors")
    found = ours(tmp_path / "own").model
    assert found.config.heads == 1  # heads are 64 wide where no config.json says how many
    tensors = found.state_dict()
    assert tensors.keys() == wanted.keys()
    assert all(torch.equal(value, wanted[key]) for key, value in tensors.items())
