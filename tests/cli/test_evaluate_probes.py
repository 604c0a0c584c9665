"""`vocable evaluate probes`: tables, files, what is missing, and refusals."""

import csv
import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from vocable.cli.evaluate_probes import command

RATE = 16_000


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A manifest of two words by ten speakers, three times each: a low and a high tone."""
    folder = tmp_path_factory.mktemp("words")
    rows = []
    for speaker in range(10):
        for n in range(6):
            label, time = "ab"[n % 2], np.arange(RATE // 4) / RATE
            hertz = (200 if label == "a" else 1500) + 5 * speaker + n
            name = f"{speaker}-{n}.wav"
            soundfile.write(folder / name, 0.3 * np.sin(2 * np.pi * hertz * time), RATE)
            rows.append({"path": name, "speaker": f"s{speaker}", "language": "en", "label": label})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def run(*args, code=0):
    """Run, return the exit code that the command would end with, and what it printed."""
    line = [str(arg) for arg in args]
    done = CliRunner().invoke(command, line, standalone_mode=False, catch_exceptions=False)
    assert (done.return_value or 0) == code, done.output
    return done


def test_tokens_are_probed_and_only_once(small, words, tmp_path):
    args = [small, "--data", words, "--tasks", "keyword", "--heads", "pooling", "--seeds", 1]
    done = run(*args, "-o", tmp_path / "out")
    lines = (tmp_path / "out" / "probes.jsonl").read_text().splitlines()
    assert len(lines) == 2 and {json.loads(line)["system"] for line in lines} >= {"log-mel"}
    assert "usual" in done.output and "keyword" in done.output
    rows = json.loads((tmp_path / "out" / "probes.json").read_text())
    assert [row["system"] for row in rows][0] == "log-mel" and rows[0]["mean"] > 0.9
    table = list(csv.DictReader((tmp_path / "out" / "probes.csv").open()))
    assert [row["task"] for row in table] == ["keyword", "keyword"]
    again = run(*args, "-o", tmp_path / "out", "--json", "--quiet")
    assert (tmp_path / "out" / "probes.jsonl").read_text().splitlines() == lines
    assert [json.loads(line)["task"] for line in again.stdout.splitlines()] == ["keyword"] * 2


def test_decoded_recordings_are_judged(small, words, tmp_path):
    args = [small, "--data", words, "--tasks", "keyword", "--decoded", "--seeds", 1]
    run(*args, "-o", tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "probes.json").read_text())
    assert [row["measure"] for row in rows] == ["accuracy", "original", "difference"]
    assert rows[1]["mean"] > 0.9


def test_what_cannot_be_asked_is_said_and_the_code_is_1(small, words, tmp_path):
    args = [small, "--data", words, "--tasks", "keyword", "--tasks", "phone", "--seeds", 1]
    done = run(*args, "--heads", "poling", "-o", tmp_path / "out", code=1)
    assert "phone: needs timed phones" in done.output
    assert 'no head of whole recordings named "poling"; nearest: "pooling"' in done.output


@pytest.mark.parametrize(
    "args, message",
    [
        ([], "probes need recordings; give --data MANIFEST or the folder of a set"),
        (["--tasks", "keywrd"], 'no task named "keywrd"; nearest: "keyword"'),
        (["--tasks", "phone"], "no task can be asked of these recordings; the first reason: "),
        (["--levels", "some"], 'levels are "all", "each", "2" or "0-3", got "some"'),
        (["--decoded", "--words", "whisprr"], 'no recogniser named "whisprr"'),
        (["--decoded", "--levels", "1-2"], "what is decoded are the first levels"),
    ],
)
def test_wrong_calls_are_refused_in_a_line(small, words, tmp_path, args, message):
    data = ["--data", words] if args else []
    done = CliRunner().invoke(
        command, [str(a) for a in (small, *data, *args, "-o", tmp_path / "o")]
    )
    assert done.exit_code == 2 and message in done.output
    assert not (tmp_path / "o" / "probes.jsonl").exists()
