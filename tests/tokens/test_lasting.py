"""Codes and durations in one row, and back."""

import numpy as np
import pytest

from vocable import testing
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.tokens.layouts import Joint, Lasting, from_ids

SPEC = TokenSpec("two@1:0a", 16_000, 320, 1, (Level(10), Level(8)), (1, 2))
TOKENS = AudioTokens(SPEC, ([[7, 8, 9]], [[1, 2, 3]]), durations=[1, 16, 4])
IDS = {"audio.0": range(100, 110), "audio.1": range(110, 118), "audio.lasts": range(118, 134)}


def test_a_duration_follows_its_codes():
    order = Lasting()
    joint = order.arrange({"audio": TOKENS})
    ids = joint.to_ids(IDS)
    assert ids.tolist() == [[107, 111, 118, 108, 112, 133, 109, 113, 121]]
    assert order.steps(TOKENS) == joint.steps == 9
    again = from_ids(ids, [order.kinds(2)], IDS)
    assert order.restore(again, {"audio": SPEC}) == {"audio": TOKENS}


def test_a_duration_beyond_its_ids_is_refused():
    with pytest.raises(TokenError, match="token 15 at row 0, step 5 is beyond the 8 ids of audio"):
        Lasting().arrange({"audio": TOKENS}).to_ids(IDS | {"audio.lasts": range(118, 126)})


def test_what_is_written_is_legal():
    order, joint = Lasting(), Lasting().arrange({"audio": TOKENS})
    legal = order.legal(SPEC, range(joint.steps + 1))
    assert legal.kinds[0, :-1].argmax(1).tolist() == joint.kind[0].tolist()
    assert legal.end[0].tolist() == [True, False, False] * 3 + [True]
    assert (legal.kinds.sum(2) == 1).all()


def test_what_stops_early_keeps_whole_tokens():
    order, joint = Lasting(), Lasting().arrange({"audio": TOKENS})
    for steps in range(joint.steps + 1):
        found = order.recover(joint[:steps], {"audio": SPEC})
        kept = found.parts["audio"]
        assert kept.durations.tolist() == TOKENS.durations[: steps // 3].tolist()
        assert found.lost["audio"] == (steps % 3 > 0) and found.dropped == steps % 3


def test_a_token_that_lacks_something_is_lost_and_the_next_ones_are_found():
    joint = Lasting().arrange({"audio": TOKENS})
    kept = np.delete(np.arange(9), 4)
    holed = Joint(joint.kinds, joint.kind[:, kept], joint.token[:, kept])
    found = Lasting().recover(holed, {"audio": SPEC})
    assert found.parts["audio"].durations.tolist() == [1, 4]
    assert found.lost["audio"] == 1 and found.dropped == 2
    with pytest.raises(TokenError, match="8 positions are not whole tokens of 2 codes and a dur"):
        Lasting().restore(holed, {"audio": SPEC})


def test_codes_out_of_turn_are_refused():
    joint = Lasting().arrange({"audio": TOKENS})
    turned = Joint(joint.kinds, joint.kind[:, [1, 0, *range(2, 9)]], joint.token)
    with pytest.raises(TokenError, match="by turns must have audio.0 at row 0, step 0, got audio"):
        Lasting().restore(turned, {"audio": SPEC})


def test_tokens_of_a_fixed_rate_are_refused():
    with pytest.raises(TokenError, match="must have durations; take tokens.dedup"):
        Lasting().arrange({"audio": TOKENS.expand()})
    with pytest.raises(TokenError, match="no durations .layouts.Lasting takes them"):
        testing.layouts()["delay"].arrange(TOKENS)
