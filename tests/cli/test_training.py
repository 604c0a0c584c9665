"""`vocable data scan` and `train codec`: a manifest, a run, Ctrl-C and on."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import PROGRAM, call, results
from tests.cli.small import write_tone
from vocable.cli.train import described
from vocable.train import read_recipe


@pytest.fixture
def talks(here: Path) -> Path:
    """A folder with four recordings and one file that is none."""
    for k in range(4):
        write_tone(here / "talks" / f"{k}.wav", 1.0 + k / 10)
    (here / "talks" / "bad.wav").write_text("this is text")
    return here / "talks"


def test_scan_lists_the_good_and_names_the_bad(talks: Path) -> None:
    done = call("data", "scan", "talks", code=1)
    lines = Path("talks/manifest.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["path"] for line in lines) == [f"{k}.wav" for k in range(4)]
    assert "4 recordings" in done.stderr and "1 bad" in done.stderr
    assert "bad.wav" in done.stderr.splitlines()[-1]
    (facts,) = results("data", "scan", "talks", "-o", "m.jsonl", code=1)
    assert facts["recordings"] == 4 and list(facts["bad"]) == [str(Path("talks/bad.wav"))]


def test_scan_keeps_what_is_there(talks: Path) -> None:
    Path("talks/manifest.jsonl").write_text("mine")
    done = call("data", "scan", "talks", code=2)
    assert "exists already; --force" in done.stderr
    assert Path("talks/manifest.jsonl").read_text() == "mine"


def test_scan_of_nothing(here: Path) -> None:
    (here / "empty").mkdir()
    assert "holds no recordings" in call("data", "scan", "empty", code=1).stderr


@pytest.fixture
def manifest(talks: Path) -> Path:
    """The manifest of the four recordings."""
    call("data", "scan", "talks", "-o", "talks.jsonl", code=1)
    return Path("talks.jsonl")


def test_a_run_becomes_a_codec(manifest: Path) -> None:
    how = ["--recipe", "toy", "--data", manifest, "--set", "schedule.steps=4"]
    how += ["--set", "checkpoints.log_steps=2"]
    lines = results("train", "codec", *how)
    assert [line["step"] for line in lines if line["kind"] == "train"] == [1, 2, 4]
    assert "left" in lines[-1] or lines[-1]["kind"] != "train"
    call("roundtrip", "talks/0.wav", "-o", "y.wav", "--codec", Path("runs/toy"))
    again = call("train", "codec", *how, code=2)
    assert "holds a run; go on with it by --resume" in again.stderr


@pytest.mark.parametrize("verdicts", [["healthy", "silence: raise loss.mel"], ["sick", "healthy"]])
def test_the_last_line_says_whether_the_run_is_healthy(
    verdicts: list[str], manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*args: object, progress: Callable[[dict[str, Any]], None], **more: object) -> None:
        for step, verdict in enumerate(verdicts, 1):
            progress({"kind": "train", "step": step, "verdict": verdict})
        progress({"kind": "held_out", "step": 2, "stoi": 0.5})

    monkeypatch.setattr("vocable.train.run", run, raising=False)
    done = call("train", "codec", "--recipe", "toy", "--data", manifest, "-o", "run")
    sick = verdicts[-1] != "healthy"
    said = f", but the run is not healthy: {verdicts[-1]}" if sick else ""
    assert done.stderr.splitlines()[-1] == f"done; the model is in run{said}"


def test_a_line_of_the_log_for_people() -> None:
    line = {"kind": "train", "step": 40, "seconds": 9.0, "left": 75.2, "lr": 0.00123456}
    line |= {"times_real_time": 3.25, "losses": {"mel": 2.51111}, "verdict": "healthy"}
    said = "step 40  1 min 15 s left  3.2× real time  lr 0.001235  mel 2.511  verdict healthy"
    assert described(line) == said
    held = {"kind": "held_out", "step": 40, "seconds": 9.0, "stoi": 0.86, "pesq_wb": None}
    assert described(held) == "step 40  held out  stoi 0.86"
    assert described({"kind": "train", "step": 1, "left": None, "seconds": 0.0}) == "step 1"


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_ctrl_c_saves_and_says_how_to_go_on(manifest: Path) -> None:
    how = ["--recipe", "toy", "--data", manifest, "-o", "run", "--set", "schedule.steps=100000"]
    line = [*PROGRAM, "train", "codec", *map(str, how), "--set", "checkpoints.log_steps=5"]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for said in process.stderr:
        if said.startswith("step 5 "):
            break
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    *_, saved, on = rest.splitlines()
    assert saved.startswith("stopped at step ") and saved.endswith("saved in run")
    assert on.startswith("go on with: vocable train codec ") and on.endswith("--resume")
    step = int(saved.split()[3].rstrip(";"))
    how[-1] = f"schedule.steps={step + 2}"
    lines = results("train", "codec", *how, "--resume", "--set", "checkpoints.log_steps=1")
    assert [line["step"] for line in lines if line["kind"] == "train"] == [step + 1, step + 2]


def test_a_teacher_is_a_value_of_the_recipe(
    manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any name is text, one of digits too; without the option the recipe's own stays."""
    taken = []

    def run(recipe, data, out, *, progress, overrides, **how):
        taken.append(read_recipe(recipe, overrides).targets.teacher)

    monkeypatch.setattr("vocable.train.run", run, raising=False)
    how = ["--recipe", "units-16k", "--data", manifest, "-o", "run"]
    call("train", "units", *how, "--teacher", "007")
    call("train", "units", *how)
    assert taken == ["007", "phones"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--recipe", "toi"], "toy"),
        (["--recipe", "toy", "--set", "schedule.stepz=3"], "steps"),
        (["--recipe", "toy", "--data", "gone.jsonl"], "gone.jsonl"),
    ],
)
def test_refused_before_work(manifest: Path, args: list[str], words: str) -> None:
    how = args if "--data" in args else [*args, "--data", str(manifest)]
    done = call("train", "codec", *how, "-o", "run", code=2)
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert not Path("run").exists()
