"""Memory does not grow with the length: read, resample and write in blocks."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import soundfile

THROUGH = """
    import resource, sys
    from vocable.audio import AudioReader, AudioWriter, Resampler
    with AudioReader(sys.argv[1]) as reader:
        resampler = Resampler(reader.rate, 16000, reader.channels)
        with AudioWriter(sys.argv[2], 16000, reader.channels) as writer:
            for block in reader.blocks():
                writer.write(resampler.step(block))
            writer.write(resampler.finish())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, writer.samples)
"""


def peak(source, target):
    """Return the peak memory in KiB and the samples written, of a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(THROUGH), str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read by the resource module")
def test_half_an_hour_takes_no_more_memory_than_a_minute(tmp_path):
    peaks = {}
    for minutes in (1, 30):
        with soundfile.SoundFile(tmp_path / f"{minutes}.wav", "w", 44100, 2) as file:
            for _ in range(minutes * 60):
                file.write(np.zeros((44100, 2), np.int16))
        peaks[minutes], samples = peak(tmp_path / f"{minutes}.wav", tmp_path / f"{minutes}.flac")
        assert samples == minutes * 60 * 16000
    assert peaks[30] < peaks[1] * 1.05
