"""Moshi gives what transformers gives: logits, and what it says greedily."""

import numpy as np
import torch

from tests.language.moshi.toys import CODES, CONFIG, TEXT, engine, heard, ids, ours, theirs
from vocable.language.moshi import converse
from vocable.language.sampling import GREEDY

CLOSE = {"atol": 1e-4, "rtol": 1e-4}


@torch.no_grad()
def test_logits_of_both_models():
    """Of text, and of the levels with those before each known; all rows have ids here."""
    model, codes = theirs(), ids(30, batch=2).clamp(min=0)
    before, after = codes[:, :-1], codes[:, 1:]
    wanted = model(
        input_ids=before[..., 0],
        moshi_audio_codes=before[..., 1:9].transpose(1, 2),
        user_audio_codes=before[..., 9:].transpose(1, 2),
    )
    depth = model.depth_decoder(
        input_ids=after[..., :8].flatten(0, 1),
        last_hidden_state=wanted.last_hidden_state.flatten(0, 1)[:, None],
        use_cache=False,
    )
    found = ours()(codes)
    torch.testing.assert_close(found.text, wanted.logits, **CLOSE)
    torch.testing.assert_close(found.codes.flatten(0, 1), depth.logits, **CLOSE)


@torch.no_grad()
def test_what_is_said_greedily():
    """Against a loop over transformers' modules: initial ids until a row begins, then 24 frames."""
    model, user, steps = theirs(), heard(25), 25
    late = np.array([0, 0, *[1] * 7, 0, *[1] * 7])
    rows = np.full((17, steps + 2), -1)
    for step in range(steps + 1):
        for row in range(9, 17):  # the frame that comes at step s is heard from step s on
            if 1 <= step - late[row] < steps:
                rows[row, step] = user[step - late[row], row - 9]
        rows[step <= late, step] = CONFIG.initial[step <= late]
        if step == steps:
            break
        column = torch.from_numpy(rows[:, : step + 1])[None]
        found = model(
            input_ids=column[:, 0],
            moshi_audio_codes=column[:, 1:9],
            user_audio_codes=column[:, 9:],
        )
        drawn = found.logits[:, -1:].argmax(-1)
        hidden = found.last_hidden_state[:, -1:]
        for _ in range(8):
            depth = model.depth_decoder(drawn, last_hidden_state=hidden, use_cache=False)
            drawn = torch.cat((drawn, depth.logits[:, -1:].argmax(-1)), 1)
        rows[:9, step + 1] = drawn[0]
    talk = converse(engine(ours()), sampling=(GREEDY, GREEDY))
    said = [talk.step(frame) for frame in user]
    assert said[0] is None and all(each is not None for each in said[1:])
    for number, each in enumerate(said[1:]):
        wanted = [rows[row, number + 1 + late[row]] for row in range(9)]
        assert [each.text, *each.codes] == wanted, number
    assert len({each.text for each in said[1:]}) > TEXT // 5, "the toy repeats itself"
    assert len(np.unique([each.codes for each in said[1:]])) > CODES // 2
