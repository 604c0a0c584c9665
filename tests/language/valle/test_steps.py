"""What stands where in a lesson, and what each step sees: exact tables of a small recording."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.language.valle.toys import SPEC, TEXT, first, second, tokens
from vocable.errors import TokenError
from vocable.language.lessons import LearnsWhole, Lessons, Text
from vocable.language.valle.nar.model import in_prompt
from vocable.text.phones import SYMBOLS
from vocable.tokens import AudioTokens

N, OW, BEGIN, DOT = (SYMBOLS.index(name) for name in ("n", "ow", "^", "."))
END = len(SYMBOLS)
TEXT_STEPS = [
    *([BEGIN, 0, 0, 0], [N, 0, 2, 1], [OW, 2, 4, 2], [DOT, 0, 0, 3], [END, -1, -1, 4]),
]
NONE = [-1, -1, -1]


def lesson(network, found):
    return network.lesson({"acoustic": found}, text=TEXT)


def test_a_lesson_of_the_first_model():
    found = tokens(3)
    made = lesson(first(), found)
    a, b, c = found.stacks[0][0].tolist()
    audio = [[*NONE, 0, a], [*NONE, 1, b], [*NONE, 2, c], [*NONE, 3, 8]]
    assert made.ids.tolist() == [[*row, -1] for row in TEXT_STEPS] + audio
    asked = np.full((9, 5), -1)
    asked[5:8, 4], asked[8, 4] = 0, 3
    assert np.array_equal(made.levels, asked)


def test_groups_leave_out_frames_at_the_start_and_the_end_stands_alone():
    found = tokens(5)
    made = lesson(first(groups=2), found)
    _, b, c, d, e = found.stacks[0][0].tolist()
    audio = [[*NONE, 0, b, c], [*NONE, 1, d, e], [*NONE, 2, 8, -1]]
    assert made.ids[5:].tolist() == audio
    assert made.levels[5:, 4:].tolist() == [[0, 0], [0, 0], [3, -1]]
    assert (made.levels[:, :4] == -1).all() and (made.levels[:5] == -1).all()


def test_a_lesson_of_the_second_model():
    found = tokens(2)
    made = lesson(second(), found)
    audio = [[*NONE, at, *codes] for at, codes in enumerate(found.codes[0].T.tolist())]
    assert made.ids.tolist() == [[*row, -1, -1, -1] for row in TEXT_STEPS] + audio
    assert made.levels[5:].tolist() == [[-1, -1, -1, -1, -1, 1, 2]] * 2
    assert (made.levels[:5] == -1).all()


FIRST = """
11111....
11111....
11111....
11111....
11111....
111111...
1111111..
11111111.
111111111
"""  # of a step, a row: which steps it sees; five of the text, four of the audio


def test_what_the_first_model_sees_is_this_table():
    network, ids = first(), torch.from_numpy(lesson(first(), tokens(4)).ids)[None, :9]
    assert moved(lambda some: network.hidden(some), ids, 5) == table(FIRST)


SECOND = {
    1: ("1 1 1", "1 1 1", "1 . .", "1 . ."),  # of two frames of prompt and two of the target:
    2: ("1 1 1", "1 1 1", "1 1 .", "1 1 ."),  # which levels are read to tell this one
}


@pytest.mark.parametrize("level", SECOND)
def test_what_the_second_model_reads_is_this_table(level):
    """Of what is read, each step sees all: text, prompt and target, before it and behind it."""
    network = second()
    ids = torch.from_numpy(lesson(network, tokens(4)).ids)[None]
    for frame, line in enumerate(SECOND[level]):
        for below, sign in enumerate(line.split()):
            other = ids.clone()
            other[0, 5 + frame, 4 + below] = (ids[0, 5 + frame, 4 + below] + 1) % 6
            hidden = [network.trunk(network.embed(x, [2], level), level) for x in (ids, other)]
            seen = (hidden[0] - hidden[1]).abs().amax(-1)[0] > 0
            assert seen.tolist() == [sign == "1"] * 9
    assert (
        moved(lambda x: network.trunk(network.embed(x, [2], level), level), ids, 5)[:5]
        == [[True] * 9] * 5
    )


def test_what_is_asked_for_is_the_target_alone():
    network = second()
    lessons = Lessons.of([lesson(network, tokens(5)), lesson(network, tokens(8, seed=1))])
    assert in_prompt(lessons.ids, [2, 4]).sum(1).tolist() == [2, 4]
    told = network.nats(lessons)  # half is prompt, as 3 s are more
    assert told.levels.bincount().tolist() == [0, 3 + 4, 3 + 4]


def moved(run, ids, text):
    """Return of each step whether it changes with each: symbols of the text, level 0 of audio."""
    found = []
    with torch.no_grad():
        whole = run(ids)
        for step in range(ids.shape[1]):
            other = ids.clone()
            row, size = (0, len(SYMBOLS)) if step < text else (4, 6)
            other[0, step, row] = (other[0, step, row] + 1) % size
            found.append(((run(other) - whole).abs().amax(-1)[0] > 0).tolist())
    return [list(line) for line in zip(*found, strict=True)]


def table(text):
    return [[letter == "1" for letter in line] for line in text.split()]


def test_what_cannot_be_learnt_from():
    network = first(groups=2)
    assert isinstance(network, LearnsWhole) and isinstance(second(), LearnsWhole)
    with pytest.raises(TokenError, match="learns from whole recordings with their text"):
        network.lesson({"acoustic": tokens(4)})
    with pytest.raises(TokenError, match="learns from whole recordings with their text"):
        network.lesson({"acoustic": tokens(4)}, text=TEXT, ends=False)
    with pytest.raises(TokenError, match="no words to say"):
        network.lesson({"acoustic": tokens(4)}, text=Text("…"))
    with pytest.raises(TokenError, match="in en and de, not in 'fr'"):
        network.lesson({"acoustic": tokens(4)}, text=Text("oui", "fr"))
    with pytest.raises(TokenError, match="has 1 frames, fewer than a step's 2"):
        lesson(network, tokens(1))
    two = AudioTokens(SPEC, [np.repeat(each, 2, 0) for each in tokens(4).stacks])
    with pytest.raises(TokenError, match="reads one stream, not 2"):
        lesson(network, two)
    with pytest.raises(TokenError, match="have 2 levels, the model reads 3"):
        lesson(second(), tokens(4).first(2))
