"""Stages: what stands where, the laws, and what they write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.language.stages.toys import (
    CODEC,
    CONFIGS,
    TRUNK,
    UNITS,
    network,
    some_tracks,
    stepped,
)
from vocable import load
from vocable.errors import ModelError, TokenError
from vocable.language.lessons import GIVEN, Lesson, Lessons
from vocable.language.sampling import GREEDY
from vocable.language.stages import Part, StageConfig, StageGenerator
from vocable.load.own_language import save_language
from vocable.tokens import AudioTokens

every_stage = pytest.mark.parametrize("name", CONFIGS)


def test_ids_stand_where_they_belong():
    """Written out by hand: specials 0 to 2, 5 units, then 8 codes and the end, then 6 codes."""
    tracks = {
        "semantic": AudioTokens(UNITS, [[[3, 3, 3, 1, 1, 4]]]),
        "acoustic": AudioTokens(CODEC, [[[7, 0, 5]], [[2, 5, 1]], [[9, 9, 9]], [[0, 8, 1]]]),
    }
    lesson = network("coarse").lesson(tracks)
    begin, inside, turn, end = 0, 1, 2, 16
    units, first, second = 3, 8, 17
    wanted = [begin, units + 3, units + 1, units + 4, turn]
    wanted += [first + 7, second + 2, first + 0, second + 5, first + 5, second + 1, end]
    assert lesson.ids[:, 0].tolist() == wanted
    assert lesson.levels[:, 0].tolist() == [GIVEN] * 5 + [0, 1] * 3 + [4]
    middle = network("coarse").lesson(tracks, begins=False, ends=False)
    assert middle.ids[:, 0].tolist() == [inside, *wanted[1:-1]]
    fine = network("fine").lesson(tracks)
    assert fine.ids[:, 0].tolist() == [
        begin, 3 + 7, 11 + 2, 3 + 0, 11 + 5, 3 + 5, 11 + 1, turn,
        17 + 9, 30 + 0, 17 + 9, 30 + 8, 17 + 9, 30 + 1, 29,
    ]  # fmt: skip
    assert fine.levels[8:, 0].tolist() == [2, 3, 2, 3, 2, 3, 4]


def test_levels_of_several_rates_are_flattened_as_the_layout_does():
    tracks = some_tracks(8, name="snac")
    lesson = network("snac").lesson(tracks, ends=False)
    assert lesson.levels[1:8, 0].tolist() == [0, 1, 2, 2, 1, 2, 2]
    for level, codes in enumerate(tracks["acoustic"].stacks):
        found = lesson.ids[lesson.levels == level] - CONFIGS["snac"].offsets[-1][level]
        assert np.array_equal(found, codes[0])


@every_stage
def test_steps_equal_the_whole(name):
    made = network(name)
    lesson = made.lesson(some_tracks(6, name=name))
    logits = stepped(made, lesson.ids[:-1, 0])
    told = made.nats(Lessons.of([lesson]))
    found = []
    for level in (*range(made.config.target.first, made.config.target.last), made.config.last):
        for step in np.flatnonzero(lesson.levels[:, 0] == level):
            shown = level if level < made.config.last else made.config.target.first
            offset = made.config.offsets[-1][shown - made.config.target.first]
            block = logits[step - 1, offset : offset + made.config.block(shown)]
            found.append((level, -float(block.log_softmax(-1)[lesson.ids[step, 0] - offset])))
    for level in told.levels.unique().tolist():
        mine = sum(nats for each, nats in found if each == level)
        assert mine == pytest.approx(float(told.nats[told.levels == level].sum()), abs=1e-3)


@every_stage
def test_a_batch_equals_singles(name):
    made = network(name)
    lessons = [made.lesson(some_tracks(n, n, name), ends=n > 3) for n in (7, 2, 4)]
    sums, counts = made.nats(Lessons.of(lessons)).sums(5)
    alone = [made.nats(Lessons.of([each])).sums(5) for each in lessons]
    torch.testing.assert_close(sums, torch.stack([each[0] for each in alone]).sum(0))
    assert counts.tolist() == sum(each[1] for each in alone).tolist()


@every_stage
def test_nothing_is_seen_ahead(name):
    made = network(name)
    lesson = made.lesson(some_tracks(5, name=name))
    asked = np.flatnonzero(lesson.levels[:, 0] != GIVEN)
    for last in asked[1:]:
        ids = lesson.ids.copy()
        ids[last] = ids[last] + 1 if ids[last] + 1 < made.config.ids else ids[last] - 1
        levels = lesson.levels.copy()
        levels[last:] = GIVEN
        same = [made.nats(Lessons.of([Lesson(each, levels)])).nats for each in (lesson.ids, ids)]
        assert torch.equal(*same)


@pytest.mark.parametrize("given", [0, 3])
def test_greedy_codes_are_the_likeliest(given):
    made = StageGenerator(network("flatten"), name="toy@1")
    begin = some_tracks(given)["acoustic"]
    frames = np.stack(list(made.generate(begin, seconds=0.2, sampling=GREEDY)), 1)
    assert frames.shape == (4, 5)
    codes = np.concatenate((begin.codes[0], frames), 1)
    lesson = made.network.lesson({"acoustic": AudioTokens(CODEC, list(codes[:, None]))}, ends=False)
    logits, config = stepped(made.network, lesson.ids[:, 0]), made.network.config
    for step in range(1 + 4 * given, len(lesson)):
        level = lesson.levels[step, 0]
        offset = config.offsets[-1][level]
        block = logits[step - 1, offset : offset + CODEC.levels[level].size]
        assert int(block.argmax()) == lesson.ids[step, 0] - offset


def test_a_stage_writes_behind_what_it_is_given():
    made = StageGenerator(network("coarse"), name="toy@1")
    tracks = some_tracks(6)
    before = made.network.config.target.arrange(tracks["acoustic"][:2].first(2))[0]
    runs = [list(made.write(tracks, before, 8, seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2] and len(runs[0]) == 8
    assert max(runs[0][::2]) < 8 and max(runs[0][1::2]) < 6
    reasons = set()
    for seed in range(20):
        written = made.write(tracks, before, 30, may_end=True, seed=seed)
        reasons.add((len(list(written)) % 2, written.reason))
    assert (0, "end") in reasons and all(reason == "end" or odd == 0 for odd, reason in reasons)


@pytest.mark.parametrize("sinks", [0, 4])
def test_what_forgets_has_no_end(sinks):
    made = StageGenerator(network("flatten"), name="toy@1")
    known = list(made.generate(seconds=1.9, seed=3))
    frames = list(made.generate(seconds=3, seed=3, engine=made.start_endless(sinks=sinks)))
    assert np.array_equal(frames[: len(known)], known) and len(frames) == 75


def test_it_is_saved_and_loaded(tmp_path: Path):
    made = network("flatten")
    for weight in made.parameters():
        weight.copy_(weight.half())
    save_language(made, tmp_path / "m", "toy")
    loaded = load(tmp_path / "m")
    one = list(StageGenerator(made, name="toy@1").generate(seconds=0.4, seed=3))
    assert np.array_equal(one, list(loaded.generate(seconds=0.4, seed=3)))


@pytest.mark.parametrize("name", ["flatten", "narrow"])
def test_in_8_bits_it_takes_little_more_than_half_and_foretells_alike(name, tmp_path: Path):
    made, tracks = network(name), some_tracks(20)
    save_language(made, tmp_path / "half", "toy")
    save_language(made, tmp_path / "byte", "toy", dtype=torch.int8)
    half, byte = (tmp_path / each / "model.safetensors" for each in ("half", "byte"))
    assert byte.stat().st_size < 0.85 * half.stat().st_size, "these are mostly names and norms"
    loaded = load(tmp_path / "byte").network
    for key, weight in made.state_dict().items():
        off = (loaded.state_dict()[key] - weight).abs()
        most = weight.abs().amax(-1, keepdim=True) / 253 if weight.dim() == 2 else 1e-3
        assert (off <= most).all(), key
    lesson = Lessons.of([made.lesson(tracks)])
    assert torch.allclose(loaded.nats(lesson).nats, made.nats(lesson).nats, atol=0.2)


def test_what_cannot_be_is_refused():
    with pytest.raises(ModelError, match="embedding is 16; wanted 0, or a width below"):
        StageConfig(TRUNK, CONFIGS["flatten"].target, embedding=16)
    said, codec = UNITS.to_dict(), CODEC.to_dict()
    with pytest.raises(ModelError, match="levels 0 to 3, so a part has none from 2 up to 2"):
        Part("acoustic", codec, 2, first=2)
    with pytest.raises(ModelError, match="several rates"):
        snac = CONFIGS["snac"].target
        StageConfig(TRUNK, Part("acoustic", snac.spec, 3, dedup=True))
    coarse = StageGenerator(network("coarse"), name="toy@1")
    with pytest.raises(ModelError, match="is a stage of others"):
        coarse.generate(seconds=1)
    with pytest.raises(TokenError, match='a track "semantic"; there are acoustic'):
        coarse.write({"acoustic": some_tracks(2)["acoustic"]}, np.zeros(0, int), 4)
    with pytest.raises(TokenError, match="semantic is of toy@1:0a, the model reads units@1:0a"):
        coarse.write({"semantic": some_tracks(2)["acoustic"]}, np.zeros(0, int), 4)
    with pytest.raises(ModelError, match="sees 200 positions, but 7 are given and 400"):
        coarse.write(some_tracks(6), np.zeros(0, int), 400)
    flat = StageGenerator(network("flatten"), name="toy@1")
    with pytest.raises(
        ModelError, match="room for 49 frames, of which 0 are given and 250 are asked"
    ):
        flat.generate(seconds=10)
    assert said["levels"]
