"""Law 5, layouts step by step: what is written is legal, and what is cut off gives whole frames."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vocable import testing
from vocable.tokens import AudioTokens, Layout, Legal, Level, TokenSpec
from vocable.tokens.layouts import (
    ByTime,
    Chunks,
    Joint,
    JointLayout,
    Lasting,
    Parts,
    cosyvoice,
    glm_voice,
    kimi_audio,
    moshi,
)

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


def voice(levels: int, frames: int, stride: int = 1) -> AudioTokens:
    spec = TokenSpec("v@1:0a", 16_000, 160, 1, (Level(2048, stride),) * levels, (levels,))
    codes = np.random.default_rng(frames).integers(0, 2048, (levels, 1, -(-frames // stride)))
    return AudioTokens(spec, [*codes])


def joint_examples(frames: int) -> dict[str, tuple[JointLayout, dict[str, Any]]]:
    text, audio = np.arange(frames // 4), voice(1, frames)
    eight = {"moshi": voice(8, frames), "user": voice(8, frames)}
    tracks = {"units": voice(1, frames), "pitch": voice(2, frames, stride=4)}
    return {
        "chunks": (Chunks(2, 3), {"text": text, "audio": voice(3, frames)}),
        "cosyvoice": (cosyvoice(), {"text": text, "audio": audio}),
        "glm": (glm_voice(), {"text": text, "audio": audio}),
        "kimi": (kimi_audio(), {"text": text, "audio": audio}),
        "moshi": (moshi(), {"text": np.arange(frames), **eight}),
        "by-time": (ByTime(("pitch", "units")), tracks),
        "lasting": (Lasting("units"), {"units": testing.lasting(frames)}),
    }


@pytest.mark.parametrize("name", joint_examples(0))
def test_parts_of_several_kinds_come_back(name: str):
    for frames in (0, 1, 8, 40, 61):
        testing.check_joint_no_loss(*joint_examples(frames)[name])


class Swaps(Chunks):
    """Gives the text back in the wrong order."""

    def restore(self, joint, specs, **settings):
        found = super().restore(joint, specs, **settings)
        return {**found, "text": found["text"][::-1]}


class Leads(Chunks):
    """Has each token predicted a step too early."""

    def targets(self, joint):
        found = super().targets(joint)
        return Joint(found.kinds, np.roll(found.kind, -1, 1), np.roll(found.token, -1, 1))


class Loses(Chunks):
    """Says that a frame was lost of what is whole."""

    def recover(self, joint, specs):
        return Parts(super().recover(joint, specs).parts, {"audio": 1}, 0)


@pytest.mark.parametrize(
    "broken, message",
    [
        (Swaps(2, 3), r"Swaps: part text is array\(\[1, 0\]\) after a round trip"),
        (Leads(2, 3), "Leads: what is predicted at row 0, step 0 is not there"),
        (Loses(2, 3), "Loses: {'audio': 1} lost, 0 dropped of whole parts"),
    ],
)
def test_broken_orders_of_parts_are_caught(broken: JointLayout, message: str):
    with pytest.raises(AssertionError, match=message):
        testing.check_joint_no_loss(broken, {"text": np.arange(2), "audio": voice(2, 4)})


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
