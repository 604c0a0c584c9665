"""Write recordings of any length: the repository's example, repeated."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

EXAMPLE = Path(__file__).parent.parent / "examples" / "speech.flac"


def example(rate: int) -> np.ndarray:
    """Return the example recording as float32 [samples] at `rate`."""
    samples, own = soundfile.read(EXAMPLE, dtype="float32", always_2d=True)
    return soxr.resample(samples.mean(axis=1), own, rate)


def write_recording(path: Path, seconds: float, rate: int) -> None:
    """Write so many seconds of 16-bit mono WAV, in memory no larger than the example."""
    samples, left = example(rate), round(seconds * rate)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        while left > 0:
            file.write(samples[:left])
            left -= samples.size
