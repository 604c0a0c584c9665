"""Parts of a recording are read in one pass, whatever lies between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable.audio import Audio, AudioReader
from vocable.speak.prepare.spans import read_spans
from vocable.speak.prepare.stretches import Stretch

RATE = 8000
SECONDS = 40.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, round(SECONDS * RATE)))
    path = tmp_path_factory.mktemp("spans") / "noise.wav"
    Audio(noise.astype(np.float32), RATE).save(path)
    return path, Audio.read(path).mono().samples


@given(spans=st.lists(st.tuples(st.floats(0, SECONDS - 1), st.floats(0.001, 9.0)), max_size=8))
def test_spans_are_the_sound_between_their_times(recording, spans):
    path, whole = recording
    chosen = [Stretch(begin, min(begin + length, SECONDS)) for begin, length in sorted(spans)]
    found = list(read_spans(path, chosen))
    assert len(found) == len(chosen)
    for span, audio in zip(chosen, found, strict=True):
        wanted = whole[:, round(span.begin * RATE) : round(span.end * RATE)]
        assert audio.rate == RATE and np.array_equal(audio.samples, wanted)


def test_no_more_is_read_than_is_needed(recording, monkeypatch):
    read, blocks = [], AudioReader.blocks

    def counted(self):
        for block in blocks(self):
            read.append(block.shape[1])
            yield block

    monkeypatch.setattr(AudioReader, "blocks", counted)
    list(read_spans(recording[0], [Stretch(1.0, 2.0)]))
    assert len(read) == 1
