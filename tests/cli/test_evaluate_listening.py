"""`vocable evaluate listening`: make a test of folders, analyse what came back."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from tests.evaluate.listening.made_up import a_key, changed, lines, sound, usual
from vocable.cli.evaluate_listening import command


@pytest.fixture
def folders(here: Path) -> Path:
    """Three references, and what the systems a and b made of them."""
    for seed in range(3):
        reference = sound(seed, seconds=1.1)
        for folder, noise in (("original", 0.0), ("a", 0.001), ("b", 0.02)):
            (here / folder).mkdir(exist_ok=True)
            changed(reference, noise=noise).save(here / folder / f"{seed}.wav")
    return here


MAKE = ("make", "--reference", "original", "--system", "A=a", "--system", "B=b", "-o", "test")


def run(*args: object) -> tuple[int, str, str]:
    """Run a form of the command; return its code and what it prints."""
    done = CliRunner().invoke(command, [str(arg) for arg in args], standalone_mode=False)
    code = done.return_value
    if done.exception is not None:
        code = getattr(done.exception, "exit_code", 1)
        return code, done.stdout, str(getattr(done.exception, "message", done.exception))
    return code, done.stdout, done.stderr


def test_make_says_where_the_test_and_its_key_are(folders):
    code, out, said = run(*MAKE)
    assert code == 0 and out == ""
    assert said.splitlines() == [
        "test  3 trials  reference, anchor 3.5 kHz, anchor 7 kHz, A, B",
        "test-key.json  the key: keep it from listeners",
    ]
    assert (folders / "test" / "index.html").exists()


def test_make_takes_so_many_clips_and_tells_programs(folders):
    code, out, said = run(*MAKE, "--clips", 2, "--json", "--quiet")
    facts = json.loads(out)
    assert code == 0 and said == "" and facts["trials"] == 2 and facts["left_out"] == {}
    assert facts["systems"][-2:] == ["A", "B"] and facts["key"] == "test-key.json"


def test_make_names_what_is_left_out_and_its_exit_code_says_so(folders):
    (folders / "b" / "0.wav").unlink()
    soundfile.write(folders / "a" / "1.wav", np.zeros(17_600), 16_000)
    code, _, said = run(*MAKE)
    assert code == 1
    first, second, summary, _ = said.splitlines()
    assert first == "error: 0: there is no such file of B"
    assert second.startswith("error: 1: A: what it made is silent")
    assert summary.startswith("test  1 trials, 2 left out")


@pytest.mark.parametrize(
    ("changed_to", "message"),
    [
        ("A", "--system wants NAME=FOLDER with a folder that is there, got A"),
        ("A=none", "--system wants NAME=FOLDER with a folder that is there, got A=none"),
        ("B=a", '--system names "B" twice; give each system another name'),
        ("anchor 7 kHz=a", '"anchor 7 kHz" is added to every trial; name your system otherwise'),
    ],
)
def test_make_refuses_systems_that_cannot_be(folders, changed_to, message):
    args = [changed_to if arg == "A=a" else arg for arg in MAKE]
    assert run(*args) == (2, "", message)


def test_make_replaces_nothing(folders):
    run(*MAKE)
    code, _, said = run(*MAKE)
    assert code == 2 and said == "test exists already; name another, or remove it"


@pytest.fixture
def sent(here: Path) -> Path:
    """What three listeners sent, one of whom does not hear the reference, and the key."""
    key = a_key()
    key.save(here / "key.json")
    for who, reference in (("ann", 100), ("ben", 95), ("cid", 30)):
        given = {who: [usual(reference=reference), usual(70, 40, reference=reference)]}
        (here / f"{who}.jsonl").write_text("\n".join(lines(given, key)))
    return here


def test_analyse_prints_scores_and_differences(sent):
    code, out, said = run("analyse", "ann.jsonl", "ben.jsonl", "cid.jsonl", "--key", "key.json")
    assert code == 0 and out == ""
    head, left_out, *tables = said.splitlines()
    assert head == "2 of 3 listeners count"
    assert left_out == "left out: cid: rates the hidden reference below 90 in 2 of 2 trials"
    assert tables[0].split() == ["system", "mean", "95", "%", "median", "quartiles", "ratings"]
    assert tables[1].startswith("reference       97.5  95.0 to 100.0  97.5    95 to 100  4")
    assert [line.split("  ")[0] for line in tables[6:]] == [
        "difference", "one - reference", "two - reference", "two - one",
    ]  # fmt: skip


def test_analyse_names_bad_lines_and_its_exit_code_says_so(sent):
    (sent / "bad.jsonl").write_text('{"test":\n')
    code, _, said = run("analyse", "ann.jsonl", "bad.jsonl", "--key", "key.json")
    assert code == 1
    assert said.splitlines()[0].startswith("error: bad.jsonl:1: not a line of results")


def test_analyse_tells_programs_in_plain_json(sent):
    code, out, _ = run("analyse", "ann.jsonl", "--key", "key.json", "--json")
    facts = json.loads(out, parse_constant=pytest.fail)
    assert code == 0 and facts["listeners"] == ["ann"]
    assert facts["systems"][0]["mean"] == {"mean": 100.0, "low": None, "high": None}


def test_analyse_refuses_a_file_that_is_no_key(sent):
    code, _, said = run("analyse", "ann.jsonl", "--key", "ann.jsonl")
    assert code == 2 and said.startswith("ann.jsonl is not the key of a listening test")
