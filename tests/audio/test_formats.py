"""Every ending in the list of formats is really read or written, and the docs show the list."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.audio.media import BY_AV, tone, write_tone
from vocable import Audio
from vocable.audio.formats import AV, READABLE, SOUNDFILE, WRITABLE

PAGE = Path(__file__).parents[2] / "docs" / "audio.md"


def check_is_the_tone(audio: Audio, rate: int) -> None:
    """Check the rate, the length up to two frames of an encoder, and that 440 Hz is loudest."""
    assert (audio.rate, audio.channels) == (rate, 1)
    assert abs(len(audio) - rate) <= 2 * 1152
    loudest = np.abs(np.fft.rfft(audio.samples[0])).argmax() / audio.seconds
    assert abs(loudest - 440) <= 1


@pytest.mark.parametrize("ending", SOUNDFILE)
def test_soundfile_reads_it_without_the_extra(tmp_path, monkeypatch, ending):
    if ending in BY_AV:
        pytest.importorskip("av")
    path = tmp_path / f"tone{ending}"
    rate = write_tone(path)
    monkeypatch.setattr("vocable.audio.av_decoder.is_installed", lambda: False)
    check_is_the_tone(Audio.read(path), rate)


@pytest.mark.parametrize("ending", AV)
def test_pyav_reads_it_with_the_extra(tmp_path, ending):
    pytest.importorskip("av")
    path = tmp_path / f"tone{ending}"
    rate = write_tone(path)
    check_is_the_tone(Audio.read(path), rate)


@pytest.mark.parametrize("ending", WRITABLE)
def test_what_can_be_written_can_be_read_without_the_extra(tmp_path, ending):
    assert ending in SOUNDFILE
    Audio(tone(16_000), 16_000).save(tmp_path / f"tone{ending}")
    check_is_the_tone(Audio.read(tmp_path / f"tone{ending}"), 16_000)


def test_no_ending_is_listed_twice():
    assert len(set(READABLE)) == len(READABLE)


def test_the_docs_list_the_endings_and_the_extra():
    rows = re.findall(
        r"^\| [^|]+ \| (`\.[^|]+) \| ([^|]+) \| ([^|]+) \|", PAGE.read_text("utf-8"), re.M
    )
    listed = [(ending, read, written) for cell, read, written in rows for ending in endings(cell)]
    assert sorted(ending for ending, read, _ in listed if "media" not in read) == sorted(SOUNDFILE)
    assert sorted(ending for ending, read, _ in listed if "media" in read) == sorted(AV)
    written = {ending for cell in (row[2] for row in rows) for ending in endings(cell)}
    assert written == set(WRITABLE)


def endings(cell: str) -> list[str]:
    return re.findall(r"`(\.\w+)`", cell)
