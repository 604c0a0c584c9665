"""The network: what it sees of masked codes (nothing), what it tells, in batches as alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.language.soundstorm.toys import PLACES, SIZES, config, network, tokens, tracks, trunk
from vocable.errors import ModelError, TokenError
from vocable.language.lessons import Learns, Lessons
from vocable.language.soundstorm import SoundStorm, SoundStormConfig
from vocable.tokens import AudioTokens, Level, TokenSpec

FRAMES = 9


def changed(tokens, frame, level):
    stacks = [each.copy() for each in tokens.stacks]
    stacks[level][0, frame] = (stacks[level][0, frame] + 1) % SIZES[level]
    return AudioTokens(tokens.spec, stacks)


def nats(made, found):
    """Return nats `[levels, frames]` of each level in its one pass."""
    with torch.no_grad():
        return made.nats(Lessons.of([made.lesson(found)])).nats.reshape(-1, FRAMES)


told = pytest.mark.parametrize("places", [None, PLACES])


@told
@pytest.mark.parametrize("level", range(3))
def test_a_masked_code_plays_no_part(level, places):
    """Another code at one place moves what is told of higher levels, and of nothing else."""
    made, found = network(places=places), tracks(FRAMES)
    other = {**found, "acoustic": changed(found["acoustic"], 4, level)}
    before, after = nats(made, found), nats(made, other)
    same = torch.ones(3, FRAMES, dtype=torch.bool)
    same[level, 4] = False  # another code is told there
    same[level + 1 :] = False
    assert torch.equal(before[same], after[same])
    assert (before[level + 1 :] != after[level + 1 :]).all()


def test_hidden_codes_do_not_reach_what_training_tells():
    made, found = network().train(), tracks(FRAMES)
    other = {**found, "acoustic": tokens(FRAMES, seed=5)}
    lessons = [Lessons.of([made.lesson(each)]) for each in (found, other)]
    for seed in range(30):
        told = []
        for each in lessons:
            torch.manual_seed(seed)
            told.append(made.nats(each))
        assert torch.equal(told[0].levels, told[1].levels) and len(told[0].nats)
        assert torch.equal(told[0].levels, told[0].levels[:1].expand(len(told[0].levels)))


def test_what_is_said_is_heard_at_all_frames():
    made, found = network(), tracks(FRAMES)
    units = found["semantic"]
    stacks = [(units.stacks[0] + np.eye(1, 2 * FRAMES, 7, dtype=int)) % 10]
    other = {**found, "semantic": AudioTokens(units.spec, stacks)}
    assert (nats(made, found) - nats(made, other)).abs().min() > 0


@told
def test_a_batch_equals_singles(places):
    made = network(places=places)
    lessons = [made.lesson(tracks(frames, seed=frames)) for frames in (9, 3, 6)]
    with torch.no_grad():
        together = made.nats(Lessons.of(lessons))
        alone = [made.nats(Lessons.of([each])) for each in lessons]
    for level in range(3):
        expected = torch.cat([each.nats[each.levels == level] for each in alone])
        found = together.nats[together.levels == level]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_levels_that_are_given_are_never_told():
    made = network(given=1)
    lessons = Lessons.of([made.lesson(tracks(FRAMES))])
    assert (made.asked.first, made.asked.last) == (1, 3) and isinstance(made, Learns)
    with torch.no_grad():
        assert made.nats(lessons).levels.unique().tolist() == [1, 2]
        made.train()
        torch.manual_seed(0)
        seen = {int(each) for _ in range(30) for each in made.nats(lessons).levels}
    assert seen == {1, 2}


def test_an_untrained_model_is_at_chance():
    torch.manual_seed(0)
    made = SoundStorm(config()).eval()
    for head in made.heads:
        torch.nn.init.zeros_(head.weight)
    assert nats(made, tracks(FRAMES)).mean(1).tolist() == pytest.approx(list(map(math.log, SIZES)))


def test_what_it_is_not_made_for_is_refused():
    uneven = TokenSpec("u@1:0", 16_000, 320, 1, (Level(4, 2), Level(4)), (2,))
    with pytest.raises(ModelError, match="SoundStorm sees both sides; set trunk.causal"):
        replace(config(), trunk=trunk(causal=True))
    with pytest.raises(ModelError, match="several rates; SoundStorm models a codec of one"):
        SoundStormConfig(trunk(), uneven.to_dict(), 2)
    with pytest.raises(ModelError, match="given is 3; wanted 0 to 2, fewer than the levels"):
        config(given=3)
    made = network()
    with pytest.raises(TokenError, match='reads a track "semantic"; there are acoustic'):
        made.lesson({"acoustic": tokens(4)})
    with pytest.raises(TokenError, match="acoustic has 2 levels, the model models 3"):
        made.lesson({**tracks(4), "acoustic": tokens(4).first(2)})
    with pytest.raises(TokenError, match="acoustic is of toy-units@1:0b, the model models toy@1"):
        made.lesson({**tracks(4), "acoustic": tracks(4)["semantic"]})
    two = AudioTokens(tokens(4).spec, [np.zeros((2, 4), int)] * 3)
    with pytest.raises(TokenError, match="acoustic has 2 streams; SoundStorm models one"):
        made.lesson({**tracks(4), "acoustic": two})
