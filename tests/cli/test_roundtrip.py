"""`vocable roundtrip`: one table, one picture, one file each."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import soundfile

import vocable
from tests.cli.calls import call, results
from tests.cli.small import write_tone
from tests.measures.signals import LOUDER
from vocable.measures import register, score

SPEECH = Path(__file__).parents[2] / "examples" / "speech.flac"
PNG = b"\x89PNG\r\n\x1a\n"
ROWS = (
    *("codec", "duration", "frames", "levels", "bit rate, nominal", "bit rate, on disk"),
    *("level", "pesq_wb", "stoi", "encode", "decode"),
)


def test_the_table_and_the_files(here: Path, small: Path, speech: Path) -> None:
    how = ["--tokens", "x.vcb", "--report", "x.png", "--levels", 3, "--codec", small]
    done = call("roundtrip", "speech.wav", "-o", "y.wav", *how)
    assert tuple(line.split("  ")[0] for line in done.stdout.splitlines()) == ROWS
    assert done.stdout.count("× real time") == 2
    assert soundfile.info("y.wav").frames == 16_000
    assert vocable.read_tokens("x.vcb") == vocable.load(small).encode("speech.wav", levels=3)
    assert Path("x.png").read_bytes().startswith(PNG)
    assert {path.name for path in here.iterdir()} == {"speech.wav", "y.wav", "x.vcb", "x.png"}


def test_the_report_shows_what_went_in_and_what_came_out(
    monkeypatch: pytest.MonkeyPatch, here: Path, small: Path, speech: Path
) -> None:
    pytest.importorskip("matplotlib")
    from vocable.cli import report

    drawn = []
    figure = report.figure
    monkeypatch.setattr(report, "figure", lambda *how: drawn.append(how) or figure(*how))
    call("roundtrip", "speech.wav", "-o", "y.wav", "--report", "x.png", "--codec", small)
    ((reference, decoded, tokens, title),) = drawn
    assert reference == vocable.Audio.read("speech.wav")
    assert decoded == vocable.Audio.read("y.wav")
    assert tokens == vocable.load(small).encode("speech.wav")
    assert title.startswith("speech.wav    ") and "4 levels, 0.50 kbps" in title


def test_pipes(here: Path, small: Path, speech: Path) -> None:
    done = call("roundtrip", "-", "-o", "-", "--codec", small, stdin=speech.read_bytes())
    Path("y.wav").write_bytes(done.stdout_bytes)
    assert soundfile.info("y.wav").frames == 16_000
    assert "pesq_wb" in done.stderr
    Path("x.vcb").write_bytes(b"mine")
    how = ["--tokens", "x.vcb", "--codec", small]
    call("roundtrip", "speech.wav", "-o", "-", *how, code=2)
    bad = call("roundtrip", "-", "-o", "z.wav", "--codec", small, stdin=b"text", code=1)
    assert bad.stderr.startswith("error: stdin is ") and not Path("z.wav").exists()


def test_json_says_what_the_table_says(here: Path, small: Path, speech: Path) -> None:
    (facts,) = results("roundtrip", "speech.wav", "-o", "y.wav", "--codec", small)
    assert facts["seconds"] == 1.0 and facts["frames"] == 25 and facts["levels"] == 4
    assert facts["bits_per_second"] == 500.0
    assert facts["encode_times_real_time"] > 0 and facts["decode_times_real_time"] > 0
    assert facts["pitch_semitones"] == 0.0


def test_scores_are_those_of_the_measures(here: Path) -> None:
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    (facts,) = results("roundtrip", SPEECH, "-o", "y.wav")
    reference, decoded = (vocable.Audio.read(path).samples[0] for path in (SPEECH, "y.wav"))
    for name in ("pesq_wb", "stoi"):
        expected = score(name, reference, decoded, 16_000)
        assert abs(expected - score(name, decoded, reference, 16_000)) > 0.001
        assert facts[name] == pytest.approx(expected, abs=1e-6)


def test_a_measure_that_is_registered_has_a_row_and_a_key(
    registry: Any, here: Path, small: Path, speech: Path
) -> None:
    register(LOUDER)
    done = call("roundtrip", "speech.wav", "-o", "y.wav", "--codec", small)
    rows = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert rows == [*ROWS[:-2], "louder", *ROWS[-2:]] and done.stdout.count(" dB") == 2
    (facts,) = results("roundtrip", "speech.wav", "-o", "y.wav", "--codec", small, "--force")
    reference, decoded = (vocable.Audio.read(path).samples[0] for path in ("speech.wav", "y.wav"))
    assert facts["louder"] == pytest.approx(score(LOUDER, reference, decoded, 16_000), abs=1e-6)


def test_pitch_moves_the_prosody_and_nothing_else(here: Path, small: Path, speech: Path) -> None:
    call("roundtrip", "speech.wav", "-o", "y.wav", "--tokens", "y.vcb", "--codec", small)
    how = ["--pitch", "+3", "--tokens", "z.vcb", "--codec", small]
    done = call("roundtrip", "speech.wav", "-o", "z.wav", *how)
    assert re.search(r"^pitch +\+3 semitones$", done.stdout, re.M)
    assert "not measured: the pitch is shifted" in done.stdout
    plain, moved = vocable.read_tokens("y.vcb"), vocable.read_tokens("z.vcb")
    assert (plain.stacks[0] != moved.stacks[0]).any()
    for before, after in zip(plain.stacks[1:], moved.stacks[1:], strict=True):
        assert (before == after).all()
    codec = vocable.load(small)
    assert moved == codec.shift_pitch(plain, 3.0)


def test_pitch_needs_tokens_of_pitch(here: Path, speech: Path, tmp_path: Path) -> None:
    from vocable.codecs import build
    from vocable.load import save_model

    sizes = {"filters": 2, "strides": [4, 4], "latent": 8, "sizes": [16, 16]}
    codec = build("soundstream", sizes)
    save_model(codec, tmp_path / "plain")
    done = call("roundtrip", "speech.wav", "-o", "y.wav", "--pitch", 1, "--codec", "plain", code=2)
    assert "has no pitch tokens" in done.stderr


def test_what_has_no_score_says_why(here: Path, small: Path) -> None:
    write_tone(here / "x.wav", 0.1)
    done = call("roundtrip", "x.wav", "-o", "y.wav", "--codec", small)
    assert done.stdout.count("not measured: ") == 2
    (facts,) = results("roundtrip", "x.wav", "-o", "z.wav", "--codec", small)
    assert facts["stoi"] is None and facts["pesq_wb"] is None


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["speech.wav", "-o", "speech.wav", "--force"], "is both input and output"),
        (["speech.wav", "-o", "y.wav", "--tokens", "y.wav"], "must be different files"),
        (["speech.wav", "-o", "no/y.wav"], "the folder no does not exist"),
        (["gone.wav", "-o", "y.wav"], "no such file: gone.wav"),
        (["speech.wav", "-o", "y.wav", "--pitch", "nan"], "'--pitch': nan is not a finite number"),
    ],
)
def test_refused_before_work(
    here: Path, small: Path, speech: Path, args: list[str], words: str
) -> None:
    done = call("roundtrip", *args, "--codec", small, code=2)
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["speech.wav"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_said_of_the_report(here: Path, small: Path, speech: Path) -> None:
    os.symlink("/dev/full", "x.png")
    how = ["--report", "x.png", "--codec", small]
    done = call("roundtrip", "speech.wav", "-o", "y.wav", *how, code=1)
    assert done.stderr == "error: x.png: the disk is full; free some space and run again\n"
