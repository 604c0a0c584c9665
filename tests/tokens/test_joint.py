"""Law 5 for layouts of several kinds of tokens, and the orders of published models."""

import numpy as np
import pytest

from tests.tokens.strategies import made
from tests.tokens.test_layouts import numbered, plain
from tests.tokens.test_spec import SNAC
from vocable.errors import TokenError
from vocable.tokens import (
    EMPTY,
    AudioTokens,
    Layout,
    Level,
    Source,
    TokenSpec,
    acoustic_delay,
    delay,
    depth,
    flatten,
    parallel,
)
from vocable.tokens.layouts import (
    ByTime,
    Chunks,
    Joint,
    SideBySide,
    Speakers,
    cosyvoice,
    from_ids,
    from_moshi_ids,
    glm_voice,
    kimi_audio,
    moshi,
    moshi_ids,
)

ONE, MIMI, E = plain(1), plain(8, sizes=[2048] * 8), EMPTY
FRAMES = pytest.mark.parametrize("frames", [0, 1, 5, 23])
COSY = cosyvoice()


def words(count: int) -> np.ndarray:
    return 100 + np.arange(count)


def named(joint: Joint) -> list[str]:
    """What stands in the only row: its kind's first letter, and its token."""
    pairs = zip(joint.kind[0], joint.token[0], strict=True)
    return [joint.kinds[kind] if kind != E else "-" for kind, _ in pairs]


def same(found, wanted) -> bool:
    return all(np.array_equal(found[name], part) if isinstance(part, np.ndarray)
               else found[name] == part for name, part in wanted.items())  # fmt: skip


# ---- text and audio by turns -------------------------------------------------------------------


@FRAMES
@pytest.mark.parametrize("text", [0, 1, 4, 5, 12])
@pytest.mark.parametrize("chunks", [glm_voice(), COSY, Chunks(1, 2), Chunks(2, 3, end="end")])
@pytest.mark.parametrize("spec", [ONE, plain(3, (4, 2, 1))], ids=["one", "rates"])
def test_chunks_come_back(chunks, text, frames, spec):
    parts = {"text": words(text), "audio": made(spec, len(spec.levels), 1, frames)}
    tokens = sum(codes.shape[1] for codes in parts["audio"].stacks)
    if chunks is COSY and tokens < text // 5 * 15:
        with pytest.raises(TokenError, match="tokens of audio in chunks of 5 and 15, got"):
            chunks.arrange(parts)
        return
    joint = chunks.arrange(parts)
    assert joint.steps == chunks.steps(text, tokens)
    assert same(chunks.restore(joint, {"audio": spec}), parts)
    read = chunks.recover(joint, {"audio": spec})
    assert same(read.parts, parts) and read.lost == {"audio": 0} and read.dropped == 0


def test_five_of_text_and_fifteen_of_speech():
    """CosyVoice 2: sos, 5 text, 15 speech, …, the rest of text, task_id, the rest of speech, eos"""
    joint = COSY.arrange({"text": words(7), "audio": numbered(ONE, 20)})
    text, speech = ["text"], ["audio.0"]
    assert named(joint) == [
        "start", *text * 5, *speech * 15, *text * 2, "rest", *speech * 5, "end"
    ]  # fmt: skip
    assert joint.of("text").tolist() == words(7).tolist()
    # its labels: speech, fill where more text is wanted, eos; nothing of text, sos and task_id
    assert named(COSY.targets(joint)) == [
        "-", *["-"] * 5, *speech * 15, "fill", "-", "-", *speech * 5, "end"
    ]  # fmt: skip


def test_text_that_ends_with_a_chunk_is_asked_for_once_more():
    """CosyVoice 2 writes fill after every whole chunk, also where no text is left."""
    joint = COSY.arrange({"text": words(5), "audio": numbered(ONE, 16)})
    assert named(joint)[-3:] == ["rest", "audio.0", "end"]
    assert named(COSY.targets(joint))[-3:] == ["fill", "audio.0", "end"]


def test_thirteen_of_text_and_26_of_audio():
    joint = glm_voice().arrange({"text": words(15), "audio": numbered(ONE, 60)})
    text, audio = ["text"], ["audio.0"]
    assert named(joint) == [*text * 13, *audio * 26, *text * 2, *audio * 34]
    assert glm_voice().targets(joint) == joint  # the model writes the text too


@pytest.mark.parametrize("chunks", [glm_voice(), COSY, Chunks(2, 6)])
@pytest.mark.parametrize("text", [0, 2, 5, 10, 13])
@pytest.mark.parametrize("spec", [ONE, SNAC], ids=["one", "snac"])
def test_what_the_loss_counts_is_legal(chunks, text, spec):
    levels = len(spec.levels)
    parts = {"text": words(text), "audio": made(spec, levels, 1, 40)}
    joint = chunks.arrange(parts)
    wanted = chunks.targets(joint).kind[0]
    legal = chunks.legal(spec, range(joint.steps + 1), text=text)
    end = joint.kinds.index("end") if "end" in joint.kinds else None
    for step, kind in enumerate(wanted.tolist()):
        if kind == end:
            assert legal.end[0, step]
        else:
            allowed = np.flatnonzero(legal.kinds[0, step]).tolist()
            assert allowed == ([] if kind == E else [kind]), step
    if end is None:
        assert legal.end[0, joint.steps]
    assert not legal.end[0, :text].any()


def test_text_that_still_comes_leaves_no_room_for_the_end():
    legal = COSY.legal(ONE, range(1, 41))
    assert not legal.end.any()
    assert legal.kinds[0, :, 1].tolist() == ([False] * 5 + [True] * 15) * 2
    assert np.flatnonzero(legal.kinds[0, :, 2 + 2]).tolist() == [20]  # fill, in place of text


def test_lost_tokens_in_chunks_are_counted():
    spec = plain(3)
    parts = {"text": words(4), "audio": numbered(spec, 12)}
    joint = Chunks(2, 9).arrange(parts)
    at = 3  # level 1 of frame 0
    cut = Joint(joint.kinds, np.delete(joint.kind, at, 1), np.delete(joint.token, at, 1))
    read = Chunks(2, 9).recover(cut, {"audio": spec})
    assert read.lost == {"audio": 1} and read.dropped == 2
    assert (read.parts["audio"].stacks[0] == np.arange(1, 12)).all()
    short = Chunks(2, 9).recover(joint[:-4], {"audio": spec})
    assert (short.parts["audio"].frames, short.lost, short.dropped) == (10, {"audio": 1}, 2)


def test_ids_of_one_table():
    """CosyVoice 2 has 6561 codes, then eos, task and fill; text is in front of them here."""
    marks = {"end": 7061, "rest": 7062, "fill": 7063, "start": 7064}
    ids = {name: range(number, number + 1) for name, number in marks.items()}
    ids |= {"text": range(500), "audio.0": range(500, 7061)}
    joint = COSY.arrange({"text": words(6), "audio": numbered(ONE, 17)})
    flat = joint.to_ids(ids)
    assert flat[0, :7].tolist() == [7064, 100, 101, 102, 103, 104, 500]
    assert from_ids(flat[0], [COSY.kinds(1)], ids) == joint


# ---- side by side ------------------------------------------------------------------------------

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


# ---- speakers by turns -------------------------------------------------------------------------


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


# ---- by time -----------------------------------------------------------------------------------


def track(rate: int, size: int, seconds: int, source: bool = True) -> AudioTokens:
    spec = TokenSpec(f"t{rate}@1:0a", 16_000, 16_000 // rate, 1, (Level(size),), (1,))
    codes = np.random.default_rng(rate).integers(0, size, (1, rate * seconds))
    return AudioTokens(spec, [codes], source=Source(16_000 * seconds, 16_000) if source else None)


def spirit(seconds: int) -> dict[str, AudioTokens]:
    return {"style": track(1, 100, seconds), "pitch": track(10, 64, seconds),
            "units": track(25, 501, seconds)}  # fmt: skip


def test_tracks_stand_in_the_order_of_time():
    parts = {"style": track(1, 100, 1), "pitch": track(2, 64, 1), "units": track(5, 501, 1)}
    joint = ByTime(("style", "pitch", "units")).arrange(parts)
    assert [name.partition(".")[0][0] for name in named(joint)] == list("spuuupuu")


@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_tracks_come_back(seconds):
    parts = spirit(seconds)
    order = ByTime(("style", "pitch", "units"))
    joint = order.arrange(parts)
    assert joint.steps == order.steps(parts) == 36 * seconds
    specs = {name: tokens.spec for name, tokens in parts.items()}
    sources = {name: tokens.source for name, tokens in parts.items()}
    assert same(order.restore(joint, specs, sources=sources), parts)


def test_deduplicated_units_need_their_durations():
    parts = spirit(2)
    codes = np.repeat(np.arange(10), 5)[None]
    parts["units"] = AudioTokens(parts["units"].spec, [codes]).dedup()
    order = ByTime(("style", "pitch", "units"))
    joint = order.arrange(parts)
    assert joint.steps == 2 + 20 + 10
    specs = {name: tokens.spec for name, tokens in parts.items()}
    sources = {name: tokens.source for name, tokens in parts.items() if tokens.source}
    back = order.restore(joint, specs, sources=sources, durations={"units": [5] * 10})
    assert same(back, parts)
    with pytest.raises(TokenError, match="the order of time must have units.0 at row 0, step"):
        order.restore(joint, specs, sources=sources)


def test_the_next_track_is_the_one_whose_time_it_is():
    parts, order = spirit(1), ByTime(("style", "pitch", "units"))
    joint, specs = order.arrange(parts), {name: each.spec for name, each in parts.items()}
    for step in range(joint.steps):
        legal = order.legal(joint[:step], specs)
        assert np.flatnonzero(legal.kinds[0, 0]).tolist() == [joint.kind[0, step]]
        assert legal.end[0, 0] == (step == 0)
    assert order.legal(joint, specs).end[0, 0]


def test_a_merge_that_stops_early_keeps_what_is_there():
    parts, order = spirit(2), ByTime(("style", "pitch", "units"))
    specs = {name: each.spec for name, each in parts.items()}
    read = order.recover(order.arrange(parts)[:-5], specs)
    frames = [read.parts[name].frames for name in order.tracks]
    assert frames[0] == 2 and sum(frames) == 72 - 5 and read.lost["units"] == 0


# ---- bad input ---------------------------------------------------------------------------------


class Hurries(Chunks):
    """Forgets the last of the text."""

    def arrange(self, parts):
        return super().arrange({**parts, "text": parts["text"][:-1]})


def test_a_broken_order_is_caught():
    parts = {"text": words(4), "audio": numbered(ONE, 9)}
    joint = Chunks(2, 3).arrange(parts)
    with pytest.raises(TokenError, match="chunks of these parts must be 1 × 12 positions, got 1 ×"):
        Hurries(2, 3).restore(joint, {"audio": ONE})


AUDIO = numbered(ONE, 4)
JOINT = Chunks(2, 3).arrange({"text": words(4), "audio": numbered(ONE, 9)})
SIDE = SideBySide({"text": None, "voice": parallel()}, {"voice": 2})
ROWS = SIDE.arrange({"text": words(4), "voice": AUDIO})
SHIFTED = Joint(JOINT.kinds, np.roll(JOINT.kind, 1), np.roll(JOINT.token, 1))
TALL = Joint(ROWS.kinds, np.tile(ROWS.kind, (2, 1))[:3], np.tile(ROWS.token, (2, 1))[:3])
EARLY = Joint(ROWS.kinds, np.roll(ROWS.kind, -1, 1), np.roll(ROWS.token, -1, 1))


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: Chunks(0, 3), "text must be an integer from 1"),
        (lambda: Chunks(2, 3, layout=parallel()), "chunks are cut from tokens in flatten, got par"),
        (lambda: Chunks(2, 3).arrange({"text": [1]}), "parts must be text, audio, got text"),
        (lambda: Chunks(2, 3).arrange({"text": [1], "audio": [1]}),
         'part "audio" must be AudioTokens, got list'),
        (lambda: Chunks(2, 3).arrange({"text": AUDIO, "audio": AUDIO}),
         'part "text" must be ids of text, got tokens of plain'),
        (lambda: Chunks(2, 3).arrange({"text": [-1], "audio": AUDIO}), "must be a row of ids from"),
        (lambda: Chunks(2, 3).arrange({"text": [1], "audio": made(ONE, 1, 2, 3)}),
         'part "audio" must have 1 stream, got 2'),
        (lambda: Chunks(2, 3).restore(SHIFTED, {"audio": ONE}),
         "chunks must have text at row 0, step 0, got audio.0"),
        (lambda: JOINT.to_ids({"text": range(9)}), "ids has no range for audio.0; it has text"),
        (lambda: JOINT.to_ids({"text": range(9), "audio.0": range(9, 99)}),
         "token 100 at row 0, step 0 is beyond the 9 ids of text"),
        (lambda: ROWS.to_ids({"text": range(999), "voice.0": range(9)}),
         "there are positions without a token; give the id that fills them"),
        (lambda: from_ids([5, 12], [["a", "b"]], {"a": range(9), "b": range(20, 30)}),
         "id 12 at row 0, step 1 is of no kind there; wanted a: 0 to 8 or b: 20 to 29"),
        (lambda: from_ids([5], [["a", "b"]], {"a": range(9), "b": range(8, 30)}),
         "the ids of a and b overlap: 0 to 8 and 8 to 29"),
        (lambda: from_ids([5], [["a"], ["b"]], {}), r"ids must have 2 rows, got shape \[1, 1\]"),
        (lambda: SideBySide({"text": None}, {"voice": 1}),
         "late and given name parts; there are text, got voice"),
        (lambda: SideBySide({"a": flatten()}), 'part "a" needs a layout with a row per level'),
        (lambda: SIDE.restore(EARLY, {"voice": ONE}),
         'part "voice" begins before step 2, where it has nothing'),
        (lambda: SIDE.restore(JOINT, {"voice": ONE}),
         'there is no part "voice" here; there are text, audio.0'),
        (lambda: SIDE.restore(TALL, {"voice": ONE}), "these parts have 2 rows, got 3"),
        (lambda: from_moshi_ids(np.full((1, 2), 32_001), ("text",)),
         "id 32001 at row 0, step 0 is not one of text: they go from 0 to 31999"),
        (lambda: from_moshi_ids(np.zeros((2, 2), int), ("text",)), "must have 1 rows, got 2"),
        (lambda: Speakers(Layout("delay")), "speakers take turns in flatten, parallel or depth"),
        (lambda: Speakers().restore(Speakers().arrange(made(ONE, 1, 2, 3))[:5], ONE),
         "5 steps are not as many of each of 2 speakers"),
        (lambda: Speakers().restore(Speakers().arrange(made(ONE, 1, 2, 3))[1:5], ONE),
         "a speaker's token stands in another's turn"),
        (lambda: ByTime(("a", "a")), "tracks must be different names, got a, a"),
        (lambda: ByTime(("a",)).arrange({"b": AUDIO}), "parts must be a, got b"),
    ],
)  # fmt: skip
def test_refused(wrong, message):
    with pytest.raises(TokenError, match=message):
        wrong()
