"""A recording is gone through as often as need be, whatever it is given as."""

import io
import os
import threading
from contextlib import ExitStack
from typing import BinaryIO

import numpy as np
import pytest

from vocable.audio import Audio, resample
from vocable.codecs.recording import open_recording
from vocable.errors import AudioError

SOUND = Audio(np.random.default_rng(0).normal(0, 0.1, (2, 70_001)).astype(np.float32), 24_000)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    target = tmp_path_factory.mktemp("recording") / "talk.wav"
    SOUND.save(target)
    return target


def piped(data: bytes) -> BinaryIO:
    """Return a file that cannot seek, into which a thread writes."""
    read, write = os.pipe()

    def send() -> None:
        with os.fdopen(write, "wb") as file:
            file.write(data)

    threading.Thread(target=send).start()
    return os.fdopen(read, "rb")


FORMS = {
    "path": lambda path: path,
    "open file": lambda path: open(path, "rb"),  # noqa: SIM115
    "bytes": lambda path: path.read_bytes(),
    "bytes in memory": lambda path: io.BytesIO(path.read_bytes()),
    "row": lambda path: {"bytes": path.read_bytes(), "path": "row.wav"},
    "pipe": lambda path: piped(path.read_bytes()),
    "audio": Audio.read,
    "pair": lambda path: (Audio.read(path).samples, 24_000),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_gives_the_same_again(form, path):
    wanted = Audio.read(path).samples
    with ExitStack() as cleanup:
        recording = open_recording(FORMS[form](path), cleanup)
        assert (recording.rate, recording.channels) == (24_000, 2)
        for _ in range(2):
            assert np.array_equal(np.concatenate(list(recording.blocks()), 1), wanted)
        assert recording.samples == wanted.shape[1]
        mixed = np.concatenate([each.numpy() for each in recording.mono().at(16_000)])
        average = wanted.mean(axis=0, dtype=np.float32, keepdims=True)
        assert np.array_equal(mixed, resample(average, 24_000, 16_000)[0])
        for row, one in zip(wanted, recording.apart(), strict=True):
            assert np.array_equal(np.concatenate(list(one.blocks()), 1)[0], row)


def test_what_is_bad_is_refused_by_its_name(path, tmp_path):
    cut = {"bytes": path.read_bytes()[:-50_000], "path": "row.wav"}
    with ExitStack() as cleanup:
        with pytest.raises(AudioError, match=r"row.wav ends after 2.\d+ s of 2.92 s"):
            list(open_recording(cut, cleanup).blocks())
        with pytest.raises(AudioError, match="rate is 8000 Hz but the recording says 24000 Hz"):
            open_recording(path, cleanup, rate=8000)
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            open_recording(tmp_path / "none.wav", cleanup)
        with pytest.raises(AudioError, match="samples need their rate"):
            open_recording(SOUND.samples, cleanup)
