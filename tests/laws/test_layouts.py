"""Law 5, layouts step by step: what is written is legal, and what is cut off gives whole frames."""

from collections.abc import Callable

import numpy as np
import pytest

from vocable import testing
from vocable.tokens import AudioTokens, Layout, Legal

LAYOUTS = testing.layouts()
KINDS = ("mono", "streams", "multi-rate", "sided")  # what is generated: no segments
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_layout
@every_kind
@pytest.mark.parametrize("frames", [1, 8, 13])
def test_what_is_written_is_legal(layout: str, kind: str, frames: int):
    tokens = testing.tokens(frames)[kind]
    testing.check_layout_is_legal(LAYOUTS[layout], tokens)
    testing.check_layout_is_legal(LAYOUTS[layout], tokens.first(1))


@every_layout
@every_kind
def test_what_stops_early_gives_whole_frames(layout: str, kind: str):
    for frames in (1, 8, 13):
        tokens = testing.tokens(frames)[kind]
        for steps in range(LAYOUTS[layout].steps(tokens.spec, frames) + 1):
            testing.check_layout_recovers(LAYOUTS[layout], tokens, steps)


class Anything(Layout):
    """Calls every kind legal everywhere."""

    def legal(self, *args, **settings):
        found = super().legal(*args, **settings)
        return Legal(np.ones_like(found.kinds), found.end)


class Endless(Layout):
    """Never lets the end stand anywhere."""

    def legal(self, *args, **settings):
        found = super().legal(*args, **settings)
        return Legal(found.kinds, np.zeros_like(found.end))


class Counts(Layout):
    """Counts the first step, whatever stands there."""

    def counted(self, *args, **settings):
        found = super().counted(*args, **settings)
        found[:, 0] = True
        return found


class Slips(Layout):
    """Reads a truncated grid from its second step on."""

    def recover(self, grid, *args, **settings):
        return super().recover(np.roll(grid, -1, axis=2), *args, **settings)


class Hides(Layout):
    """Says of nothing that it was lost."""

    def recover(self, *args, **settings):
        found = super().recover(*args, **settings)
        return type(found)(found.tokens, 0, (), 0)


def recovers(layout: Layout, tokens: AudioTokens) -> None:
    testing.check_layout_recovers(layout, tokens, 5)


@pytest.mark.parametrize(
    "broken, check, message",
    [
        (Anything("delay"), testing.check_layout_is_legal, "what is legal with the frames known"),
        (Endless("delay"), testing.check_layout_is_legal, r"end may stand at steps \[\] of 10"),
        (Counts("delay"), testing.check_layout_is_legal, "what is counted by the loss is not"),
        (Slips("parallel"), recovers, "level 0 of 5 frames out of 5 steps is not the beginning"),
        (Hides("delay"), recovers, "3 frames kept, 0 lost in 0 places, 0 tokens dropped; there"),
    ],
)
def test_broken_layouts_are_caught(
    broken: Layout, check: Callable[[Layout, AudioTokens], None], message: str
):
    with pytest.raises(AssertionError, match=message):
        check(broken, testing.tokens()["mono"])
