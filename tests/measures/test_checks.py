"""Every measure refuses what it is not defined for, in one line that says why."""

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import REGISTRY, check_signal, delay, score

CALLS = {"delay": lambda x, y: delay(x, y, 100)}
CALLS |= {
    name: lambda x, y, measure=measure: measure.function(x, y, measure.rate or RATE)
    for name, measure in REGISTRY.items()
}
CALLS |= {
    f"score {name}": lambda x, y, name=name: score(name, x, y, REGISTRY[name].rate or RATE)
    for name in REGISTRY
}
LINES_UP = ("visqol_speech", "visqol_audio")  # recordings of any lengths
SAMPLES = 3 * RATE  # a second at the highest rate


@pytest.fixture(params=CALLS.values(), ids=CALLS.keys())
def measure(request):
    return request.param


def broken(at: int, value: float) -> np.ndarray:
    x = voice()
    x[at] = value
    return x


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (voice().reshape(2, -1), voice(), r"reference has shape \(2, 16000\)"),
        (voice(), (voice() * 9999).astype(np.int16), "degraded is int16; pass floats"),
        (voice()[:0], voice()[:0], "reference has no samples"),
        (np.zeros(RATE), noise(RATE), "reference is silent"),
        (broken(5, np.nan), voice(), "reference holds 1 NaN or infinite samples, the first at 5"),
        (voice(), broken(9, np.inf), "degraded holds 1 NaN or infinite samples, the first at 9"),
    ],
    ids=["shape", "integers", "empty", "silence", "nan", "infinity"],
)
def test_bad_signals_are_refused(measure, x, y, message):
    with pytest.raises(MeasureError, match=message) as caught:
        measure(x, y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in LINES_UP])
def test_other_lengths_are_refused(name):
    with pytest.raises(MeasureError, match="reference has 48000 samples but degraded 47999"):
        CALLS[name](voice(3.0), voice(3.0)[:-1])


def test_inputs_are_left_as_they_were(measure):
    x, y = voice(3.0), voice(3.0) + noise(SAMPLES)
    before = x.copy(), y.copy()
    measure(x, y)
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])


def test_float32_is_measured_as_float64(measure):
    x, y = voice(3.0).astype(np.float32), (voice(3.0) + noise(SAMPLES)).astype(np.float32)
    assert measure(x, y) == measure(x.astype(np.float64), y.astype(np.float64))


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (voice().reshape(2, -1), r"signal has shape \(2, 16000\); measure one channel"),
        (np.zeros(9, np.int16), "signal is int16; pass floats"),
        (voice()[:0], "signal has no samples"),
        (broken(7, -np.inf), "signal holds 1 NaN or infinite samples, the first at 7"),
    ],
    ids=["shape", "integers", "empty", "infinity"],
)
def test_a_bad_signal_without_a_reference_is_refused(signal, message):
    with pytest.raises(MeasureError, match=message):
        check_signal(signal)


def test_silence_without_a_reference_is_a_signal():
    assert check_signal(np.zeros(3, np.float32)).dtype == np.float64
