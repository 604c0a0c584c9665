"""Law 5 for speakers by turns."""

import numpy as np
import pytest

from tests.tokens.joint import FRAMES, ONE
from tests.tokens.strategies import made
from tests.tokens.test_layouts import plain
from vocable.tokens import (
    AudioTokens,
    depth,
    flatten,
    parallel,
)
from vocable.tokens.layouts import (
    Joint,
    Speakers,
)


@FRAMES
@pytest.mark.parametrize("layout", [flatten(), parallel(), depth()], ids=lambda layout: layout.name)
@pytest.mark.parametrize("speakers", [1, 2, 3])
@pytest.mark.parametrize("strides", [(1,), (1, 1), (4, 2, 1)])
def test_speakers_come_back(layout, frames, speakers, strides):
    spec = plain(len(strides), strides)
    some = made(spec, len(strides), speakers, frames)
    joint = Speakers(layout).arrange(some)
    assert joint.steps == Speakers(layout).steps(spec, frames, speakers)
    assert Speakers(layout).restore(joint, spec) == some
    read = Speakers(layout).recover(joint, spec)
    assert (read.tokens, read.lost, read.dropped) == (some, 0, 0)


def test_speakers_take_turns():
    """A_t, B_t, A_{t+1}, B_{t+1} …"""
    some = AudioTokens(ONE, [[[1, 2, 3], [4, 5, 6]]])
    joint = Speakers().arrange(some)
    assert joint.token[0].tolist() == [1, 4, 2, 5, 3, 6]
    assert joint.kind[0].tolist() == [0, 1] * 3 and joint.kinds == ("0.0", "1.0")


def test_a_turn_of_which_a_token_is_missing_is_lost():
    some = made(plain(2), 2, 2, 9)
    joint = Speakers().arrange(some)
    cut = Joint(joint.kinds, np.delete(joint.kind, 14, 1), np.delete(joint.token, 14, 1))
    read = Speakers().recover(cut, plain(2))
    assert (read.lost, read.gaps, read.dropped) == (1, (3,), 3)
    assert read.tokens == some[:3] + some[4:]
    for layout in (flatten(), parallel(), depth()):
        joint = Speakers(layout).arrange(some)
        read = Speakers(layout).recover(joint[:-1], plain(2))
        assert (read.tokens, read.lost) == (some[:8], 1)
