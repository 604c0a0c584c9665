"""Law 5 for parts side by side, and the rows of Kimi-Audio and Moshi."""

import pytest

from tests.tokens.joint import FRAMES, MIMI, ONE, E, same, words
from tests.tokens.strategies import made
from tests.tokens.test_layouts import numbered, plain
from vocable.tokens import (
    Level,
    TokenSpec,
    acoustic_delay,
    delay,
    depth,
    parallel,
)
from vocable.tokens.layouts import (
    SideBySide,
    from_ids,
    from_moshi_ids,
    kimi_audio,
    moshi,
    moshi_ids,
)

LAYOUTS = [parallel(), delay(), acoustic_delay(2), depth()]


@FRAMES
@pytest.mark.parametrize("text", [0, 40])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("late", [{"voice": 6}, {"text": 2}], ids=str)
@pytest.mark.parametrize("strides", [(1, 1), (4, 2, 1)])
def test_rows_come_back(text, frames, layout, late, strides):
    spec = plain(len(strides), strides)
    side = SideBySide({"text": None, "voice": layout, "other": parallel()}, late, lead=1)
    parts = {"text": words(text), "voice": made(spec, len(strides), 1, frames),
             "other": made(ONE, 1, 1, 7)}  # fmt: skip
    specs = {"voice": spec, "other": ONE}
    joint = side.arrange(parts)
    lengths = {"text": text, "voice": layout.steps(spec, frames), "other": 7}
    assert joint.steps == side.steps(lengths)
    assert same(side.restore(joint, specs), parts)
    assert same(side.recover(joint, specs).parts, parts)


def test_kimi_starts_its_audio_six_steps_late():
    joint = kimi_audio().arrange({"text": words(3), "audio": numbered(ONE, 4)})
    assert joint.token.tolist() == [[100, 101, 102, *[E] * 7], [*[E] * 6, 0, 1, 2, 3]]
    legal = kimi_audio().legal({"audio": ONE}, range(4, 8))
    assert legal.kinds[1, :, 1].tolist() == [False, False, True, True]
    assert legal.end[1].tolist() == [False, False, True, True] and not legal.end[0].any()


def test_moshi_has_17_rows_in_their_order():
    audio = numbered(MIMI, 3)
    joint = moshi().arrange({"text": words(3), "moshi": audio, "user": audio})
    ids = moshi_ids(joint)
    assert ids.shape == (17, 1 + 3 + 1)
    assert joint.kinds == (
        "text", *(f"moshi.{k}" for k in range(8)), *(f"user.{k}" for k in range(8))
    )  # fmt: skip
    assert ids[0].tolist() == [32000, 100, 101, 102, -1]
    for first in (1, 9):
        assert ids[first].tolist() == [2048, 0, 1, 2, -1]
        for level in range(1, 8):
            row = ids[first + level].tolist()
            assert row == [2048, 2048, 10 * level, 10 * level + 1, 10 * level + 2]
    assert from_moshi_ids(ids, joint.kinds) == joint


def test_moshi_trains_on_as_many_columns_as_frames():
    """In training the delayed rows keep their length: their last frame falls off."""
    parts = {"text": words(6), "moshi": numbered(MIMI, 6), "user": numbered(MIMI, 6)}
    specs = {"moshi": MIMI, "user": MIMI}
    joint = moshi().arrange(parts)
    ids = moshi_ids(joint)[:, : 6 + 1]
    assert (ids >= 0).all()
    read = moshi().recover(from_moshi_ids(ids, joint.kinds), specs)
    assert read.parts["moshi"] == numbered(MIMI, 6)[:5]
    assert read.lost == {"moshi": 1, "user": 1} and read.dropped == 2
    targets = moshi().targets(joint)
    assert (targets.kind[9:] == E).all() and (targets.kind[:9, 2:-1] != E).all()


def test_ten_seconds_of_moshi_are_125_positions():
    spec = TokenSpec("mimi@1:0a", 24_000, 1920, 1, (Level(2048),) * 8, (8,))
    audio = made(spec, 8, 1, spec.frames(240_000))
    joint = moshi().arrange({"text": words(125), "moshi": audio, "user": audio})
    assert moshi_ids(joint)[:, : audio.frames].shape == (17, 125)


def test_what_moshi_writes_is_legal():
    parts = {"text": words(5), "moshi": numbered(MIMI, 5), "user": numbered(MIMI, 5)}
    specs, joint = {"moshi": MIMI, "user": MIMI}, moshi().arrange(parts)
    legal = moshi().legal(specs, range(joint.steps), frames={"moshi": 5})
    targets = moshi().targets(joint)
    at = targets.kind != E
    assert legal.kinds[at, targets.kind[at]].all()
    assert (legal.kinds[1:].sum(axis=2) == at[1:]).all()  # text may always be written
    assert not legal.kinds[:, 0].any()


def test_rows_have_tables_of_their_own():
    ids = {"text": range(32_000), **{f"voice.{k}": range(1024) for k in range(3)}}
    side = SideBySide({"text": None, "voice": delay()})
    joint = side.arrange({"text": words(4), "voice": numbered(plain(3), 4)})
    rows = joint.to_ids(ids, empty=32_000)
    kinds = side.rows({"voice": plain(3)})
    assert kinds == [["text"], ["voice.0"], ["voice.1"], ["voice.2"]]
    assert from_ids(rows, kinds, ids, empty=32_000) == joint
