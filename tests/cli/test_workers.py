"""`--jobs`: the same as one process gives, in the same order; one that dies is one failed file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.calls import call, results
from tests.cli.fake_work import FakeWork
from tests.cli.small import write_tone
from vocable import read_tokens
from vocable.atomic import Replacement
from vocable.cli import workers
from vocable.cli.attempt import Outcome
from vocable.cli.errors import Refusal
from vocable.cli.paths import Job
from vocable.cli.workers import outcomes_of_workers
from vocable.errors import VocableError

posix = pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
NAMES = ["slow", "one", "bad", "two", "three"]


def jobs_in(folder: Path, names: list[str]) -> list[Job]:
    return [Job(f"{name}.wav", str(folder / f"{name}.vcb")) for name in names]


def outcomes(jobs: list[Job], count: int = 2, *, skips: bool = False) -> list[Outcome]:
    with outcomes_of_workers(jobs, FakeWork(), count, ((), skips, False)) as pairs:
        done = list(pairs)
    assert [job for job, _ in done] == jobs
    return [outcome for _, outcome in done]


def test_results_come_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    found = outcomes(jobs_in(tmp_path, NAMES))
    assert [outcome.line for outcome in found] == ["slow done", "one done", "", "two done",
                                                   "three done"]  # fmt: skip
    assert found[2].error == "bad.wav is bad"
    assert len({outcome.facts["process"] for outcome in found if not outcome.error}) == 2
    assert sorted(os.listdir(tmp_path)) == sorted(f"{name}.vcb" for name in NAMES if name != "bad")


def test_few_jobs_wait_for_the_first_that_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "AHEAD", 1)
    found = outcomes(jobs_in(tmp_path, NAMES))
    assert [bool(outcome.line) for outcome in found] == [True, True, False, True, True]


@posix
def test_a_process_that_dies_is_one_failed_file(tmp_path: Path) -> None:
    names = ["killed", "one", "two", "three"]
    found = outcomes(jobs_in(tmp_path, names))
    assert found[0].error == "its process was ended by SIGKILL (out of memory?)"
    assert all(outcome.line for outcome in found[1:])
    (again,) = outcomes(jobs_in(tmp_path, ["four"]), 1)
    assert again.line and sorted(os.listdir(tmp_path)) == [
        "four.vcb", "one.vcb", "three.vcb", "two.vcb"]  # fmt: skip


def test_what_another_run_has_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "one.vcb").write_text("theirs")
    other = Replacement(tmp_path / "two.vcb")
    jobs = jobs_in(tmp_path, ["one", "two", "three"])
    assert [outcome.taken for outcome in outcomes(jobs, skips=True)] == [True, True, False]
    refused = outcomes(jobs_in(tmp_path, ["one", "two"]))
    assert "one.vcb exists" in refused[0].error and "being written" in refused[1].error
    other.discard()


def test_work_that_cannot_start_is_refused(tmp_path: Path) -> None:
    jobs, settings = jobs_in(tmp_path, ["one", "two"]), ((), False, False)
    with (
        pytest.raises(Refusal, match="no such codec"),
        outcomes_of_workers(jobs, FakeWork("refuse"), 2, settings),
    ):
        pass
    with (
        pytest.raises(VocableError, match="exit code 3 before it could start; take fewer --jobs"),
        outcomes_of_workers(jobs, FakeWork("die"), 2, settings),
    ):
        pass
    assert os.listdir(tmp_path) == []


INTERRUPTED = """
import sys
from pathlib import Path
from tests.cli.fake_work import FakeWork
from tests.cli.test_workers import jobs_in
from vocable.cli.workers import outcomes_of_workers

if __name__ == "__main__":
    jobs = jobs_in(Path(sys.argv[1]), [sys.argv[2], "one", "two"])
    try:
        with outcomes_of_workers(jobs, FakeWork(), 2, ((), False, False)) as pairs:
            for job, outcome in pairs:
                print(outcome.line)
    except KeyboardInterrupt:
        print("stopped")
"""


@posix
@pytest.mark.parametrize("longest, whole", [("slowest", []), ("deaf", ["deaf.vcb"])])
def test_ctrl_c_ends_all_shows_what_is_done_and_leaves_no_half_file(
    tmp_path: Path, longest: str, whole: list[str]
) -> None:
    """Work that swallows the end of its process, as a destructor may, is done and ends too."""
    out = tmp_path / "out"
    out.mkdir()
    line = [sys.executable, "-c", INTERRUPTED, str(out), longest]
    pipe = subprocess.PIPE
    process = subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(os.listdir(out)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    stdout, stderr = process.communicate(timeout=60)
    assert (stdout, stderr) == ("one done\ntwo done\nstopped\n", "")
    assert sorted(os.listdir(out)) == [*whole, "one.vcb", "two.vcb"]


def test_encode_and_decode_with_jobs_give_the_same(here: Path, small: Path) -> None:
    for number in range(3):
        write_tone(here / "talks" / f"{number}.wav", 0.3 + 0.1 * number)
    call("encode", "talks", "-o", "one", "--codec", small, "--threads", 1)
    found = results("encode", "talks", "-o", "two", "--codec", small, "--jobs", 2)
    assert [facts["input"] for facts in found] == [
        str(Path("talks", f"{number}.wav")) for number in range(3)
    ]
    for number in range(3):
        assert read_tokens(f"one/{number}.vcb") == read_tokens(f"two/{number}.vcb")
    call("decode", "one", "-o", "wav", "--codec", small, "--threads", 1)
    done = call("decode", "one", "-o", "wav2", "--codec", small, "--jobs", 2)
    assert done.stderr.endswith("3 done\n")
    for number in range(3):
        pair = [Path(folder, f"{number}.wav").read_bytes() for folder in ("wav", "wav2")]
        assert pair[0] == pair[1]
