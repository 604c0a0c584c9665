"""`vocable data scan`: what it collects, and what it says."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.calls import call, results
from tests.cli.small import write_tone
from vocable.audio.formats import READABLE


def test_scan_and_encode_collect_the_same_files(here: Path, small: Path) -> None:
    names = [f"{number}{ending}" for number, ending in enumerate(READABLE)]
    names += ["deep/er/UPPER.WAV", "two.dots.flac", ".hidden.ogg", "not.txt", "wav", "raw.pcm"]
    for name in names:
        path = here / "talks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not a recording")
    write_tone(here / "talks" / "good.flac", 0.2)
    (scanned,) = results("data", "scan", "talks", code=1)
    encoded = results("encode", "talks", "-o", "out", "--codec", small, code=1)
    bad = {str(Path("talks", name)) for name in names[: len(READABLE) + 3]}
    assert set(scanned["bad"]) == bad and scanned["recordings"] == 1
    assert {facts["input"] for facts in encoded} == {*bad, str(Path("talks", "good.flac"))}


def test_scan_says_what_it_found(here: Path) -> None:
    write_tone(here / "talks" / "a.wav", 1.0)
    write_tone(here / "talks" / "b.flac", 2.0, rate=8000)
    (here / "talks" / "c.wav").write_text("not a recording")
    done = call("data", "scan", "talks", code=1)
    manifest = Path("talks", "manifest.jsonl")
    summary, bad = done.stderr.splitlines()
    assert summary == f"{manifest}  2 recordings  3 s  8000 Hz, 16000 Hz  1 bad"
    assert bad.startswith(f"error: {Path('talks', 'c.wav')} is not a recording")
    assert len(manifest.read_text().splitlines()) == 2


def test_scan_names_poor_recordings(here: Path) -> None:
    write_tone(here / "talks" / "good.wav", 1.0)
    for number in range(7):
        soundfile.write(here / "talks" / f"silent{number}.wav", np.zeros(800 + number), 8000)
    (here / "talks" / "same.wav").write_bytes((here / "talks" / "good.wav").read_bytes())
    done = call("data", "scan", "talks", "-o", "m.jsonl")
    summary, silent, copy = done.stderr.splitlines()
    assert summary == "m.jsonl  2 recordings  2 s  16000 Hz"
    names = ", ".join(str(Path("talks", f"silent{number}.wav")) for number in range(5))
    assert silent == f"7 silent throughout, so left out: {names} and 2 more"
    assert copy == f"1 the same samples as another: {Path('talks', 'same.wav')}"
    (facts,) = results("data", "scan", "talks", "-o", "n.jsonl")
    assert len(facts["noted"]["silent"]) == 7


def test_scan_of_silence_only(here: Path) -> None:
    (here / "talks").mkdir()
    soundfile.write(here / "talks" / "a.wav", np.zeros(8000), 8000)
    summary, silent = call("data", "scan", "talks").stderr.splitlines()
    assert summary == "no recording can be used, so no manifest was written"
    assert silent.startswith("1 silent throughout") and not Path("talks", "manifest.jsonl").exists()


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_scan_takes_a_line_for_a_note_whatever_the_names(here: Path) -> None:
    for name in ("a\nb.wav", "c\nd.wav"):
        write_tone(here / "talks" / name, 1.0)
    (here / "talks" / "e\nf").symlink_to(here / "talks")
    summary, left_out, copy = call("data", "scan", "talks").stderr.splitlines()
    assert "2 recordings" in summary and left_out.startswith("left out: 1 link")
    assert copy == "1 the same samples as another: talks/c d.wav"
