"""Units of several frame rates: means of frames, their own centres, and the laws over them."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import torch

import vocable
from tests.units.sounds import RATE, tones
from vocable import testing
from vocable.audio import Audio
from vocable.cli.units_open import open_centres
from vocable.errors import ModelError
from vocable.tokens import LAYOUTS, read_tokens
from vocable.units.centres import Centres
from vocable.units.fitting import fit
from vocable.units.resolutions import in_steps, pooled
from vocable.units.signal_encoder import SignalEncoder
from vocable.units.tokenizer import UnitTokenizer

SOUNDS = [Audio(tones(seed=seed), RATE) for seed in range(3)]
STRIDES = (6, 2, 1)


@pytest.fixture(scope="module")
def tokenizer() -> UnitTokenizer:
    encoder = SignalEncoder("mfcc")
    return UnitTokenizer(encoder, fit(encoder, SOUNDS, 6, strides=STRIDES).centres)


@pytest.mark.parametrize("stride", [1, 2, 3, 7, 20])
def test_tokens_stand_for_the_mean_of_their_frames(stride):
    rows = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    wanted = torch.stack([part.double().mean(0) for part in rows.split(stride)])
    torch.testing.assert_close(pooled(rows, stride).double(), wanted, rtol=0, atol=1e-6)
    assert pooled(rows[:0], stride).shape == (0, 3)


@pytest.mark.parametrize("sizes", [(20,), (1,) * 20, (7, 0, 11, 2)])
def test_parts_of_any_length_give_the_same_means(sizes):
    """Bit by bit, of two recordings whose parts take turns, the second one without a frame."""
    rows = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    parts = [(0, part.numpy()) for part in rows.split(sizes)]
    given = [*parts[:1], (1, np.zeros((0, 3), np.float32)), *parts[1:]]
    found = [part for number, part in in_steps(given, 6) if number == 0]
    assert all(len(part) % 6 == 0 for part in found[:-1])
    assert torch.equal(torch.cat([pooled(part, 3) for part in found]), pooled(rows, 3))
    assert sum(len(part) for number, part in in_steps(given, 6) if number == 1) == 0


def test_each_level_has_the_nearest_of_its_own_centres(tokenizer):
    tokens = tokenizer.encode(SOUNDS[2])
    rows = torch.from_numpy(tokenizer.encoder.features(SOUNDS[2])[0]).double()
    for codes, block, stride in zip(tokens.stacks, tokenizer.centres.blocks, STRIDES, strict=True):
        means = torch.stack([part.mean(0) for part in rows.split(stride)])
        assert codes[0].tolist() == torch.cdist(means, block.double()).argmin(1).tolist()
    assert [stack.shape[1] for stack in tokens.stacks] == [33, 99, 198]
    assert [level.stride for level in tokens.spec.levels] == list(STRIDES)
    assert {level.role for level in tokens.spec.levels} == {"semantic"}
    assert tokens.spec.tokens_per_second() == 100 + 50 + Fraction(100, 6)
    means = rows[:198].unflatten(0, (33, 6)).mean(1)
    torch.testing.assert_close(tokenizer.features(SOUNDS[2]).double(), means, rtol=0, atol=1e-4)


def test_the_finest_level_is_that_of_units_of_one_rate(tokenizer):
    alone = fit(tokenizer.encoder, SOUNDS, 6).centres
    assert torch.equal(alone.blocks[0], tokenizer.centres.blocks[-1])


@pytest.mark.parametrize("standardise", [False, True])
def test_centres_come_back_from_their_file_and_load(tmp_path, standardise):
    made = fit(SignalEncoder("mfcc"), SOUNDS, 5, strides=(2, 1), standardise=standardise)
    made.centres.save(tmp_path / "centres.safetensors")
    loaded = vocable.load(tmp_path / "centres.safetensors")
    assert loaded.spec.space == made.centres.space
    assert made.centres.space.startswith("mfcc@1/L0/k5x5/s2-1:")
    wanted = UnitTokenizer(SignalEncoder("mfcc"), made.centres).encode(SOUNDS[0])
    assert loaded.encode(SOUNDS[0]) == wanted
    assert open_centres(str(tmp_path / "centres.safetensors"), None).encode(SOUNDS[0]) == wanted
    assert [int(each.counts.sum()) for each in made.clusters] == [297, 594]
    inertia = sum(each.inertia / int(each.counts.sum()) for each in made.clusters)
    assert made.inertia == pytest.approx(inertia) and made.frames == made.seen == 594


# ---- laws ----------------------------------------------------------------------------------------


def test_law_2_files_in_parts_give_the_tokens_of_the_whole(tokenizer, tmp_path):
    """21 s: features come in three parts of ten seconds and what is left, cut inside a step."""
    audio = Audio(np.stack([tones(21.0, seed) for seed in (0, 1)]), RATE)
    audio.save(tmp_path / "long.wav")
    tokenizer.encode_to(tmp_path / "long.wav", tmp_path / "long.vcb")
    assert read_tokens(tmp_path / "long.vcb") == tokenizer.encode(tmp_path / "long.wav")


@pytest.mark.parametrize("samples", [399, 400, 400 + 160 * 5, 400 + 160 * 6])
def test_law_3_batches_equal_singles(tokenizer, samples):
    short = Audio(SOUNDS[0].samples[:, :samples], RATE)
    sounds = [SOUNDS[1], short, SOUNDS[2], short]
    found = tokenizer.encode_batch(sounds)
    assert found == [tokenizer.encode(sound) for sound in sounds]
    assert found[1].frames == tokenizer.spec.frames(samples)


def test_law_5_files_and_layouts_lose_nothing(tokenizer, tmp_path):
    tokens = tokenizer.encode(SOUNDS[0])
    testing.check_file_no_loss(tokens, tmp_path / "units.vcb")
    for layout in LAYOUTS.values():
        testing.check_layout_no_loss(layout, tokens)


def test_law_6_other_strides_are_other_units(tokenizer):
    coarse = dataclasses.replace(tokenizer.centres, strides=(4, 2, 1))
    assert coarse.space != tokenizer.centres.space
    assert coarse.space[-16:] != tokenizer.centres.space[-16:]


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("strides", [(), (1, 2), (4, 2), (2, 2, 1), (0,)])
def test_strides_that_do_not_descend_to_1_are_refused(strides):
    with pytest.raises(ModelError, match=r"strides must descend to 1, as 4, 2, 1; got \["):
        fit(SignalEncoder("mfcc"), SOUNDS, 5, strides=strides)


def test_what_does_not_go_together_is_refused(tokenizer):
    with pytest.raises(ModelError, match="blocks part the channels and strides the frames"):
        fit(SignalEncoder("mfcc"), SOUNDS, 5, strides=(2, 1), blocks=(13, 13, 13))
    with pytest.raises(ModelError, match="40 centres need .* or more, got 33 of 6 frames each"):
        fit(SignalEncoder("mfcc"), SOUNDS[:1], 40, strides=STRIDES)
    origin, blocks = tokenizer.centres.origin, tokenizer.centres.blocks
    with pytest.raises(ModelError, match=r"2 strides must be as many blocks .* got 3 of \[39, 39"):
        Centres(origin, blocks, strides=(2, 1))
    with pytest.raises(ModelError, match="has centres in 3 blocks, not 1"):
        _ = tokenizer.vectors
