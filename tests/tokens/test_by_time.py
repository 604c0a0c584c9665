"""Law 5 for tracks of several rates, merged by time."""

import numpy as np
import pytest

from tests.tokens.joint import named, same
from vocable.errors import TokenError
from vocable.tokens import (
    AudioTokens,
    Level,
    Source,
    TokenSpec,
)
from vocable.tokens.layouts import (
    ByTime,
)


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
