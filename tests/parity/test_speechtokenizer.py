"""SpeechTokenizer against its authors' package: latents, codes, sound, every number of levels.

With ELU and with Snake, at toy and at published size. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.parity.checkpoints import in_form, open_checkpoint, write_original
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes
from vocable.codecs.keys import speechtokenizer as keys
from vocable.errors import ModelError
from vocable.load.converting import convert
from vocable.testing.codec_laws import check_streams_equal_whole

package = peer("speechtokenizer")

COMMON = dict(bidirectional=True, dilation_base=2, residual_kernel_size=3, lstm_layers=2)
TOY = COMMON | dict(
    n_filters=4, strides=[4, 2], dimension=16, semantic_dimension=12, n_residual_layers=2,
    codebook_size=32, n_q=4, sample_rate=16_000,
)  # fmt: skip
PUBLISHED = COMMON | dict(
    n_filters=64, strides=[8, 5, 4, 2], dimension=1024, semantic_dimension=768, n_residual_layers=1,
    codebook_size=1024, n_q=8, sample_rate=16_000,
)  # fmt: skip
CASES = {
    "toy-elu": TOY | {"activation": "ELU"},
    "toy-snake": TOY | {"activation": "Snake"},
    "toy-no-map": TOY | {"activation": "ELU", "semantic_dimension": 16},
    "published-elu": PUBLISHED | {"activation": "ELU"},
    "published-snake": PUBLISHED | {"activation": "Snake"},
}


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    name: str
    config: dict
    reference: torch.nn.Module
    ours: Codec
    path: Path


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


@pytest.fixture(
    scope="module",
    params=[pytest.param(c, marks=pytest.mark.slow if "published" in c else ()) for c in CASES],
)
def pair(request, tmp_path_factory) -> Pair:
    config = CASES[request.param]
    reference = randomise(package.SpeechTokenizer(config), seed=1, samples=16_000)
    path = write_original(reference, tmp_path_factory.mktemp("speechtokenizer"), **config)
    return Pair(request.param, config, reference, ours(path), path)


def test_sizes_are_recognised(pair):
    found = keys.recognise(open_checkpoint(pair.path))
    published = pair.name.startswith("published")
    names = {"elu": "speechtokenizer", "snake": "speechtokenizer_snake"}
    assert found.name == (names[pair.name[10:]] if published else "speechtokenizer")
    spec = pair.ours.spec
    assert [level.role for level in spec.levels] == ["semantic"] + ["acoustic"] * (
        len(spec.levels) - 1
    )
    assert spec.prefixes == tuple(range(1, len(spec.levels) + 1))


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    frame, toy = pair.ours.frame, pair.name.startswith("toy")
    few = 40 if toy else 12
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in (few * frame, few * frame + 1, few * frame - 1, 1, frame - 1, 3, frame + 1):
        x = sound(samples, batch=2, seed=samples)
        model = pair.ours.model
        z, wanted = model.encoder(model._rows(x)), pair.reference.encoder(x).transpose(1, 2)
        codes = pair.reference.encode(x).transpose(0, 1)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        worst["ties"] += compare_codes(
            model.quantizer, z, pair.ours.to_codes(x).stacked(), wanted, codes
        )
        worst["frames"] += codes.shape[0] * codes.shape[2]
        got = model.from_codes(Codes(codes.unbind(1)))
        theirs = pair.reference.decode(codes.transpose(0, 1))
        worst["samples"] = max(worst["samples"], compare_samples(got, theirs))
    size = "toy" if toy else "published"
    variant = "SpeechTokenizer, Snake" if "snake" in pair.name else "SpeechTokenizer"
    record(variant, size=size, reference="speechtokenizer", **worst)


@torch.no_grad()
def test_every_number_of_levels_is_the_reference_s(pair):
    x = sound(20 * pair.ours.frame, seed=5)
    for levels in pair.ours.spec.prefixes:
        codes = pair.reference.encode(x, n_q=levels)
        assert torch.equal(pair.ours.to_codes(x, levels).stacked().transpose(0, 1), codes)
        found = pair.ours.from_codes(Codes(codes.unbind(0)))
        compare_samples(found, pair.reference.decode(codes))


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    short = 11 * pair.ours.frame
    sounds = [sound(n, seed=n)[0] for n in (short, short + 3, 1, short, 40)]
    found = pair.ours.encode_batch([Audio(x.numpy(), pair.ours.rate) for x in sounds])
    for x, tokens in zip(sounds, found, strict=True):
        wanted = pair.reference.encode(x[None]).transpose(0, 1)
        assert torch.equal(torch.tensor(tokens.codes).long(), wanted)


def test_decoding_streams_and_encoding_says_that_it_cannot(pair):
    check_streams_equal_whole(pair.ours, sound(31 * pair.ours.frame + 5, seed=9), [7, 100])
    with pytest.raises(ModelError, match="takes whole recordings: its encoder looks over all"):
        pair.ours.start_encoding(1)


def test_all_forms_of_weight_norm_give_equal_tensors(tmp_path):
    config = CASES["toy-snake"]
    reference = randomise(package.SpeechTokenizer(config), seed=3, samples=8000)
    loaded = []
    for form in ("old", "parametrised", "fused"):
        path = write_original(reference, tmp_path / form, **config)
        torch.save(in_form(reference.state_dict(), form), path)
        loaded.append(ours(path).model.state_dict())
    for tensors in loaded[1:]:
        assert all(torch.equal(value, loaded[0][key]) for key, value in tensors.items())
