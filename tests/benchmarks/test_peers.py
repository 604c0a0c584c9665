"""Codec2 and Opus, where their commands are installed: length, rate, delay."""

import numpy as np
import pytest

from benchmarks.peers import Codec2, Opus, missing
from tests.measures.signals import RATE, voice
from vocable.measures import delay, stoi

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")


@pytest.mark.parametrize(
    ("peer", "rates", "least"),
    [
        (Codec2("1300"), (1300, 1301), 0.5),
        (Codec2("3200"), (3200, 3201), 0.6),
        (Opus(6), (4000, 8000), 0.8),
    ],
    ids=["codec2-1300", "codec2-3200", "opus-6"],
)
def test_peer_keeps_length_time_and_rate(peer, rates, least):
    x = voice(3.0)
    y, rate = peer(x)
    assert y.shape == x.shape and rates[0] <= rate < rates[1]
    assert abs(delay(envelope(x), envelope(y), RATE // 20)) < RATE // 200  # 5 ms
    assert stoi(x, y, RATE) > least


def envelope(x: np.ndarray) -> np.ndarray:
    smooth = np.convolve(np.abs(x), np.hanning(320), "same")
    return smooth - smooth.mean()
