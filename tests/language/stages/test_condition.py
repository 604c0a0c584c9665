"""A condition: where its tokens stand, that they are never counted, and that they decide."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.stages.toys import LIKE, TRUNK, UNITS, like, network, some_tracks, stepped
from vocable.errors import ModelError, TokenError
from vocable.language.lessons import GIVEN, Lessons
from vocable.language.sampling import GREEDY
from vocable.language.stages import Part, StageConfig, StageGenerator
from vocable.tokens import AudioTokens

told = pytest.mark.parametrize("name", ["semantic, told", "coarse, told"])


def test_its_tokens_stand_first_each_level_by_its_own_ids() -> None:
    """Written out by hand: specials 0 to 2, three levels of 4, then 5 units and the end."""
    tracks = {"condition": like(2, 0, 3), "semantic": AudioTokens(UNITS, [[[1, 1, 4]]])}
    lesson = network("semantic, told").lesson(tracks)
    assert lesson.ids[:, 0].tolist() == [0, 3 + 2, 7 + 0, 11 + 3, 2, 15 + 1, 15 + 4, 20]
    assert lesson.levels[:, 0].tolist() == [GIVEN] * 5 + [0, 0, 1]


@told
def test_it_is_never_counted(name: str) -> None:
    with_it, without = (network(each) for each in (name, name.partition(",")[0]))
    tracks = some_tracks(6)
    counts = [
        made.nats(Lessons.of([made.lesson(tracks)])).sums(5)[1].tolist()
        for made in (with_it, without)
    ]
    assert counts[0] == counts[1]
    # nor does it take more positions for a longer recording
    assert with_it.positions_per_second == without.positions_per_second
    assert with_it.config.fixed == without.config.fixed + 4


@told
@pytest.mark.parametrize("level", range(3))
def test_another_one_changes_what_is_foretold(name: str, level: int) -> None:
    made, tracks = network(name), some_tracks(6)
    other = [0, 0, 0]
    other[level] = 1
    found = []
    for codes in ((0, 0, 0), other):
        lesson = made.lesson({**tracks, "condition": like(*codes)})
        found.append(stepped(made, lesson.ids[:-1, 0])[np.flatnonzero(lesson.levels[1:, 0] >= 0)])
    assert (found[0] != found[1]).any(1).all()


@told
def test_greedy_codes_are_the_likeliest_behind_it(name: str) -> None:
    made, tracks = StageGenerator(network(name), name="toy@1"), some_tracks(6)
    config = made.network.config
    before = config.target.arrange(tracks[config.target.track])[0][:2]
    written = list(made.write(tracks, before, 6, sampling=GREEDY))
    lesson = made.network.lesson(tracks, ends=False)
    first = int(np.flatnonzero(lesson.levels[:, 0] >= 0)[0])
    offsets, cycle = config.offsets[-1], config.target.cycle
    codes = [*before.tolist(), *written]
    ids = [code + offsets[cycle[k % len(cycle)]] for k, code in enumerate(codes)]
    logits = stepped(made.network, np.array([*lesson.ids[:first, 0], *ids]))
    for k in range(2, len(codes)):
        offset, level = offsets[cycle[k % len(cycle)]], cycle[k % len(cycle)]
        block = logits[first + k - 1, offset : offset + config.tokens_of(level).size]
        assert int(block.argmax()) == codes[k]


def test_what_is_not_one_frame_is_refused() -> None:
    made, tracks = network("semantic, told"), some_tracks(4)
    two = AudioTokens(LIKE, [np.zeros((1, 2), int)] * 3)
    with pytest.raises(TokenError, match="condition has 2 frames; a condition has one"):
        made.lesson({**tracks, "condition": two})
    with pytest.raises(TokenError, match='a track "condition"; there are semantic'):
        made.lesson({"semantic": tracks["semantic"]})
    with pytest.raises(ModelError, match="which is given and not foretold"):
        StageConfig(TRUNK, Part("condition", LIKE.to_dict(), 3))
