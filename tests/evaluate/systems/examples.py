"""What the tests of systems share: a recording, and the laws that hold for whatever codes it."""

import pickle

import numpy as np

from tests.measures.signals import voice
from vocable.audio import Audio
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import Made, System
from vocable.measures.delays import find_delay


def recording(rate: int = 16000, channels: int = 1, seconds: float = 1.5) -> Recording:
    """Return a voice that differs between channels, of an odd number of samples."""
    samples = voice(seconds, rate)[: round(seconds * rate) - 3]
    rows = [samples * (1 - 0.2 * channel) for channel in range(channels)]
    return Recording("talk", Audio(np.stack(rows).astype(np.float32), rate))


def made(system: System, of: Recording) -> Made:
    """Return what a system makes after a way through pickle, as in another process."""
    return pickle.loads(pickle.dumps(system)).open()(of)


def check_keeps(system: System, of: Recording, late: float = 0.0005, level: float = 1.0) -> Made:
    """Check rate, channels, exact length, delay (s), level (dB), and that it is always the same."""
    first, again = made(system, of), made(system, of)
    x, y = of.audio, first.audio
    assert y == again.audio and first.bits == again.bits
    assert (y.rate, y.samples.shape) == (x.rate, x.samples.shape)
    for a, b in zip(x.samples.astype(float), y.samples.astype(float), strict=True):
        assert abs(find_delay(a, b, x.rate)) <= late
        assert abs(20 * np.log10(b.std() / a.std())) < level
    return first
