"""Conversations: what is said follows a whole forward, streams keep apart, bad input is refused."""

import re

import numpy as np
import pytest
import torch

from tests.language.moshi.toys import CODES, CONFIG, FRAME, engine, heard, ids, made
from tests.language.toys import LLAMA
from vocable.errors import ModelError, TokenError
from vocable.language.cache import Cache
from vocable.language.engine import Engine
from vocable.language.moshi import MoshiFrame, converse, moshi_7b
from vocable.language.sampling import GREEDY, Sampling
from vocable.language.token_model import RowModel
from vocable.tokens import EMPTY, AudioTokens, Level, TokenSpec
from vocable.tokens.layouts import Joint, moshi_ids

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
CPU = torch.device("cpu")
ALL_GREEDY = (GREEDY, GREEDY)


def tokens(frames):
    """Codes `[frames, 8]` as tokens."""
    spec = TokenSpec("toy-mimi@1:aa", 24_000, FRAME, 1, (Level(CODES),) * 8, tuple(range(1, 9)))
    return AudioTokens(spec, list(np.asarray(frames).T[:, None]))


def column(said):
    return [said.text, *said.codes]


def run(shared, user, **options):
    talk = converse(shared, **options)
    return [column(each) for each in map(talk.step, user) if each is not None]


@torch.no_grad()
def test_greedy_frames_follow_a_whole_forward():
    """The layout puts what was said and heard into the rows of one sequence."""
    model, user = made(), heard(24)
    said = run(engine(model), user, sampling=ALL_GREEDY)
    assert len(said) == 23
    frames = np.array(said)
    joint = CONFIG.layout.arrange(
        {"text": frames[:, 0], "moshi": tokens(frames[:, 1:]), "user": tokens(user[1:])}
    )
    sequence = moshi_ids(joint)
    for row, initial in enumerate(CONFIG.initial):  # a toy's initial ids are its own
        begins = np.flatnonzero(joint.kind[row] >= 0)[0]
        sequence[row, :begins] = initial
    logits = model(torch.from_numpy(sequence[:, :24].T)[None])
    likeliest = torch.cat((logits.text.argmax(-1)[..., None], logits.codes.argmax(-1)), 2)[0]
    late = CONFIG.begins[:9] - 1
    for row, steps in enumerate(late):
        np.testing.assert_array_equal(likeliest[steps:, row], frames[: 23 - steps, row])
    assert len(np.unique(frames[:, 1:])) > 4, "the toy repeats itself"


@torch.no_grad()
def test_a_batch_equals_singles_and_steps_equal_the_whole():
    """Both models, with every level's ids known; ids of nothing among them."""
    model, lengths = made(), [6, 10, 2]
    codes = ids(10, batch=3)
    whole = model(codes, lengths)
    for item, length in enumerate(lengths):
        alone = model(codes[item : item + 1, :length])
        for name in ("text", "codes"):
            found = getattr(whole, name)[item, : length - 1]
            torch.testing.assert_close(found, getattr(alone, name)[0], **CLOSE)
        cache, scratch = Cache(CONFIG.temporal, 1), model.make_scratch(1, torch.float32, CPU)
        for step in range(length - 1):
            seen = []
            hidden = model.trunk.step(model.embed(codes[item : item + 1, step : step + 1]), cache)

            def known(row, logits, item=item, step=step, seen=seen):
                seen.append(logits[0])
                return codes[item, step + 1, row][None]

            model.predict(hidden[:, 0], known, scratch)
            torch.testing.assert_close(seen[0], alone.text[0, step], **CLOSE)
            torch.testing.assert_close(torch.stack(seen[1:]), alone.codes[0, step], **CLOSE)


def test_a_conversation_does_not_depend_on_its_neighbours():
    """They join late, are silent for a while, or leave; whatever their settings."""
    model, user = made(), heard(16, seed=3)
    options = dict(sampling=(Sampling(0.7, top_k=5), Sampling(0.8, top_k=9)), seed=7)
    alone = run(engine(model), user, **options)
    shared = engine(model, 3)
    first, said, others = converse(shared, **options), [], []
    for step, frame in enumerate(user):
        if step in (2, 7):
            others.append(converse(shared, seed=step))
        for number, other in enumerate(others):
            if (step + number) % 3:
                other.hear(heard(1, seed=step)[0])
        said.append(first.step(frame))
        for other in others:
            if other.reason is None:
                other.say()
        if step == 11:
            others[0].leave()
    assert [column(each) for each in said if each is not None] == alone
    assert (others[0].reason, others[1].reason, shared.free) == ("left", None, 1)


def test_who_is_not_heard_is_silent():
    """Time goes on: a step without a frame is one of ids of nothing."""
    model, user = made(), heard(14)
    silent = user.copy()
    silent[[4, 5, 11]] = -1
    talk, missing = converse(engine(model), seed=3), []
    for step, frame in enumerate(user):
        missing.append(talk.step(None if step in (4, 5, 11) else frame))
    given = run(engine(model), silent, seed=3)
    assert [column(each) for each in missing[1:]] == given
    assert given != run(engine(model), user, seed=3)


def test_the_first_frame_is_not_used_and_all_others_are():
    model, user = made(), heard(7)
    wanted = run(engine(model), user, sampling=ALL_GREEDY)
    for frame, level in [(0, 0), (0, 5), (3, 0), (3, 7)]:
        other = user.copy()
        other[frame, level] = (other[frame, level] + 1) % CODES
        said = run(engine(model), other, sampling=ALL_GREEDY)
        assert (said == wanted) == (frame == 0), (frame, level)


def test_a_conversation_has_no_end_but_is_guarded():
    model = made()
    talk = converse(engine(model), most=5, seed=1)
    assert [type(talk.step(frame)) for frame in heard(5)] == [type(None)] + [MoshiFrame] * 4
    assert talk.reason == "length"
    with pytest.raises(ModelError, match="the conversation has ended: length; begin another"):
        talk.step(heard(1)[0])
    rule = converse(engine(model), stop=lambda step: "enough")
    with pytest.raises(ModelError, match="has ended: enough"):
        rule.say()
    long = converse(engine(model, 1, window=6), sampling=ALL_GREEDY)
    assert sum(each is not None for each in map(long.step, heard(20))) == 19


def test_bad_input_is_refused_and_nothing_is_lost():
    model, user = made(), heard(9)
    wanted = run(engine(model), user, seed=2)
    bad = {
        "a frame has 8 codes, one a level, but came as [7]": user[0, :7],
        f"code {CODES} of level 3 is out of range; a level has codes 0 to {CODES - 1}": (
            np.where(np.arange(8) == 3, CODES, 0)
        ),
        "code -2 of level 0 is out of range": np.full(8, -2),
    }
    talk, said = converse(engine(model), seed=2), []
    for frame in user:
        for message, codes in bad.items():
            with pytest.raises(TokenError, match=re.escape(message)) as caught:
                talk.step(codes)
            assert "\n" not in str(caught.value)
        said.append(talk.step(frame))
    assert [column(each) for each in said[1:]] == wanted
    talk.hear(user[0])
    with pytest.raises(ModelError, match="a frame was heard for this step already"):
        talk.hear(user[0])
    other = RowModel(LLAMA, (7,), (7,)).eval()
    with pytest.raises(ModelError, match="converse needs a Moshi but the engine has RowModel"):
        converse(Engine(other, 1))
    with pytest.raises(ModelError, match="1 streams want to join but 0 of 1 places are free"):
        shared = engine(model, 1)
        converse(shared), converse(shared)


def test_weights_that_are_not_numbers_end_a_conversation():
    model = made()
    kept = model.tables[9].weight.detach().clone()
    try:
        with torch.no_grad():
            model.tables[9].weight[3] = torch.nan
        shared = engine(model)
        good, bad = converse(shared, seed=1), converse(shared, seed=2)
        said = []
        for step in range(6):
            good.hear(np.full(8, 1))
            if bad.reason is None:
                bad.hear(np.full(8, 3 if step == 3 else 1))
            said.append(good.say())
        assert bad.reason == "error" and shared.free == 3
        for _ in range(3):
            bad.say()
        with pytest.raises(ModelError, match="logits of step 3 are not numbers"):
            bad.say()
    finally:
        with torch.no_grad():
            model.tables[9].weight.copy_(kept)
    alone = run(engine(model), [np.full(8, 1)] * 6, seed=1)
    assert [column(each) for each in said[1:]] == alone


def test_rows_and_initial_ids_are_those_of_the_layout():
    """Of the published size they are the layout's own constants."""
    config = moshi_7b()
    joint = Joint((), np.full((17, 1), EMPTY, np.int32), np.full((17, 1), EMPTY, np.int64))
    np.testing.assert_array_equal(moshi_ids(joint)[:, 0], config.initial)
    np.testing.assert_array_equal(config.begins, [1, 1, *[2] * 7, 1, *[2] * 7])
    assert config.sizes == (32_001, *[2049] * 16) and config.drawn == 9


def test_codes_are_whole_numbers():
    talk = converse(engine(made()))
    with pytest.raises(TokenError, match="^a frame has whole numbers as codes, not float64$"):
        talk.hear(np.full(8, 1.5))


def test_one_setting_is_that_of_text_and_sound():
    one, both = (converse(engine(made()), sampling=each) for each in (GREEDY, (GREEDY, GREEDY)))
    for codes in heard(6):
        found, wanted = one.step(codes), both.step(codes)
    assert found.text == wanted.text and np.array_equal(found.codes, wanted.codes)
