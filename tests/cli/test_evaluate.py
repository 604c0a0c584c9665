"""`vocable evaluate codec`: a table, files, what failed, what is refused, what goes on."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.calls import call, results
from tests.cli.small import RATE, tone
from vocable.evaluate.sweep import read_study

QUICK = ("--no-anchors", "--measures", "si_sdr,stft_distance_dac", "-o", "out")


@pytest.fixture
def data(here: Path) -> str:
    """A manifest of four recordings in two sets, of which one names no set."""
    rows = []
    for number in range(4):
        samples = tone(0.6) * np.float32(0.5 + 0.1 * number)
        soundfile.write(here / f"{number}.wav", samples, RATE, subtype="PCM_16")
        rows.append({"path": f"{number}.wav", "speaker": f"s{number % 2}"})
        rows[-1] |= {"set": "named"} if number < 2 else {}
    (here / "list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return "list.jsonl"


def test_a_table_and_its_files(here: Path, small: Path, data: str) -> None:
    done = call("evaluate", "codec", small, "--data", data, *QUICK, "--levels", "2,4")
    name = here.name
    assert "named: 2 recordings" in done.stdout and f"{name}: 2 recordings" in done.stdout
    assert "speech, 4 levels" in done.stdout and "si_sdr" in done.stdout
    assert "out/report.html" in done.stderr.replace("\\", "/") and "failed" not in done.stderr
    rows = list(csv.DictReader((here / "out/table.csv").open(encoding="utf-8")))
    assert {row["set"] for row in rows} == {"named", name}
    study = read_study("out")
    assert study.sets == ("named", name) and "vocable" in study.about["command"]
    codec = [each for each in study.systems if each.startswith("speech")]
    assert codec == ["speech, 2 levels", "speech, 4 levels"]
    assert (here / "out/report.html").read_text(encoding="utf-8").startswith("<!")
    again = results("evaluate", "codec", small, "--data", data, *QUICK, "--levels", "2,4")
    assert [row["system"] for row in again if row["set"] == "named"] == list(study.systems)
    assert json.loads((here / "out/summary.json").read_text("utf-8"))["rows"] == again
    assert read_study("out").results == study.results


def test_what_failed_is_named_and_counted(here: Path, small: Path, data: str) -> None:
    rows = (here / data).read_text()
    (here / data).write_text(rows + '\n{"path": "gone.wav"}\n{"path": "quiet.wav"}')
    soundfile.write(here / "quiet.wav", np.zeros(RATE), RATE)
    line = ("--data", f"mine={data}", "--levels", "4", "--clips", "6", "--quiet")
    done = call("evaluate", "codec", small, *line, *QUICK, code=1)
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert errors[0].startswith("error: gone: cannot be read: FileNotFoundError")
    assert any("quiet, speech, 4 levels: no measure could be taken" in each for each in errors)
    assert len([each for each in errors if each.startswith("error: gone")]) == 1
    assert read_study("out").asked("mine") == 6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="cp")
def test_what_vocable_did_not_make_is_judged_too(here: Path, small: Path, data: str) -> None:
    call("encode", ".", "-o", "coded", "--codec", small, "--quiet")
    call("decode", "coded", "-o", "again", "--codec", small, "--quiet")
    (here / "again/3.wav").unlink()
    given = (
        "--tokens",
        "coded=coded",
        "--decoded",
        "again=again",
        "--external",
        "copy=cp {in} {out}",
    )
    call("evaluate", "codec", small, "--data", data, *QUICK, "--levels", "4", *given, code=1)
    study = read_study("out")
    whole, coded, again = (study.of(name) for name in ("speech, 4 levels", "coded", "again"))
    for one, other, decoded in zip(whole, coded, again, strict=True):
        assert one.tokens == other.tokens and one.scores == other.scores
        assert decoded.fault or decoded.scores["si_sdr"] == pytest.approx(
            one.scores["si_sdr"], abs=0.01
        )
    assert [each.name for each in again if each.fault] == ["3"]
    assert all(each.scores["si_sdr"] > 80 for each in study.of("copy"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["SMALL", "--data", "gone.jsonl"], "--data: gone.jsonl: no such file"),
        (["SMALL", "--data", "0.wav"], "--data: 0.wav is not text"),
        (["gone", "--data", "list.jsonl"], 'no model named "gone"'),
        (["SMALL", "--levels", "1"], "--levels: "),
        (["SMALL", "--levels", "few"], '--levels is "all" or numbers, as in 1,4,8; got "few"'),
        (["SMALL", "--measures", "stoy"], 'no measure named "stoy"; nearest: "stoi"'),
        (["SMALL", "--words", "whispr"], 'no recogniser named "whispr"'),
        (["SMALL", "--voices", "nobody"], 'no embedding named "nobody"'),
        (["SMALL", "-o", "0.wav"], "-o 0.wav is a file; name a folder"),
        (["--external", "mine=cp {in} out.wav"], "mine: the command has no {out}"),
        (["--tokens", "gone"], '--tokens is NAME=FOLDER, got "gone"'),
        (["--decoded", "mine=gone"], "gone is not a folder"),
    ],
)
def test_refused_before_work(
    here: Path, small: Path, data: str, args: list[str], words: str
) -> None:
    given = [str(small) if each == "SMALL" else each for each in args]
    given += [] if "--data" in args else ["--data", data]
    done = call("evaluate", "codec", *given, code=2)
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert sorted(path.suffix for path in here.iterdir()) == [".jsonl", *[".wav"] * 4]


def test_help_of_the_group_loads_no_torch() -> None:
    code = (
        "import sys\nfrom vocable.cli.group import commands\n"
        "try: commands.main(['evaluate', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numpy', 'soundfile'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
