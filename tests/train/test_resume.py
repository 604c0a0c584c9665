"""Killed and resumed equals undisturbed: the weights, to the last bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from tests.train.toy import train
from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.loop import Stopped
from vocable.train.runner import run


def assert_same(one: dict, other: dict, *parts: str) -> None:
    """Compare the tensors of `parts` of two checkpoints, by default model and average."""
    for part in parts or ("model", "average"):
        assert one[part].keys() == other[part].keys()
        for name, value in one[part].items():
            assert torch.equal(value, other[part][name]), f"{part} {name}"
    assert one["task"] == other["task"]
    assert torch.equal(one["torch_rng"], other["torch_rng"])


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def killed_at(table: dict, manifest: Path, out: Path, step: int, how: str) -> int:
    """Train in a process of its own that ends itself by the signal `how` at `step`."""
    code = f"""
        import os, pathlib, signal, sys, json
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        import torch
        torch.set_num_threads(1)
        from tests.train.toy import train
        from vocable.train import loop

        after = loop.Loop._after_step
        def ended(self):
            if self.step == {step}:
                os.kill(os.getpid(), signal.{how})
            after(self)
        loop.Loop._after_step = ended
        paths = map(pathlib.Path, ({str(manifest)!r}, {str(out)!r}))
        try:
            train(json.loads({json.dumps(table)!r}), *paths)
        except loop.Stopped:
            sys.exit(130)
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, check=False
    ).returncode


@posix
def test_killed_and_resumed_equals_undisturbed(table: dict, manifest: Path, tmp_path: Path) -> None:
    whole = train(table, manifest, tmp_path / "whole")
    assert killed_at(table, manifest, tmp_path / "killed", 8, "SIGKILL") == -signal.SIGKILL
    assert checkpoint.load(tmp_path / "killed")["step"] == 5
    assert_same(whole, train(table, manifest, tmp_path / "killed", resume=True))


@posix
def test_ctrl_c_saves_where_it_stopped(table: dict, manifest: Path, tmp_path: Path) -> None:
    whole = train(table, manifest, tmp_path / "whole")
    assert killed_at(table, manifest, tmp_path / "stopped", 7, "SIGINT") == 130
    assert checkpoint.load(tmp_path / "stopped")["step"] == 7
    assert_same(whole, train(table, manifest, tmp_path / "stopped", resume=True))


@posix
def test_resumed_log_reads_as_undisturbed(table: dict, manifest: Path, tmp_path: Path) -> None:
    train(table, manifest, tmp_path / "whole")
    killed_at(table, manifest, tmp_path / "killed", 9, "SIGKILL")
    train(table, manifest, tmp_path / "killed", resume=True)
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "killed")]
    steps = [[json.loads(line)["step"] for line in log.splitlines()] for log in logs]
    assert steps[0] == steps[1] == [1, 4, 8, 12]


def test_what_changed_at_a_resume_is_warned_of(
    table: dict, manifest: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(table, manifest, tmp_path / "run")
    assert not caplog.text
    rows = manifest.read_text().splitlines()
    manifest.write_text("\n".join(rows[1:]))
    table["optimizer"] = {"lr": 5e-4}
    train(table, manifest, tmp_path / "run", resume=True)
    assert "another recipe: optimizer.lr: 0.001 -> 0.0005" in caplog.text
    assert "goes on, but not exactly" in caplog.text


def test_another_seed_gives_other_weights(table: dict, manifest: Path, tmp_path: Path) -> None:
    """The comparison above can fail."""
    one = train(table, manifest, tmp_path / "one")
    other = train({**table, "seed": 1}, manifest, tmp_path / "other")
    with pytest.raises(AssertionError):
        assert_same(one, other)


def test_a_folder_with_a_run_is_kept(table: dict, manifest: Path, tmp_path: Path) -> None:
    train(table, manifest, tmp_path / "run")
    with pytest.raises(RecipeError, match="holds a run; resume it"):
        run("toy", manifest, tmp_path / "run")


def test_nothing_to_resume(table: dict, manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="start the run without resume"):
        train(table, manifest, tmp_path / "none", resume=True)


def test_a_run_of_another_codec_is_not_resumed(table: dict, manifest: Path, tmp_path: Path) -> None:
    train(table, manifest, tmp_path / "run")
    table["codec"] = {"freeze": ["encoder"]}
    with pytest.raises(
        RecipeError, match="holds a run of other weights .* resume it with the model"
    ):
        train(table, manifest, tmp_path / "run", resume=True)


def test_discriminators_may_join_at_a_resume(table: dict, manifest: Path, tmp_path: Path) -> None:
    train(table, manifest, tmp_path / "run")
    table["schedule"]["steps"] = 14
    table["adversarial"] = {"scales": 1, "channels": 4}
    assert "discriminator" in train(table, manifest, tmp_path / "run", resume=True)


def test_damaged_and_newer_checkpoints_are_refused(tmp_path: Path) -> None:
    (tmp_path / checkpoint.NAME).write_bytes(b"not a checkpoint at all")
    with pytest.raises(RecipeError, match="is not a checkpoint of vocable"):
        checkpoint.load(tmp_path)
    torch.save({"version": 99}, tmp_path / checkpoint.NAME)
    with pytest.raises(RecipeError, match="has version 99, this vocable reads 2"):
        checkpoint.load(tmp_path)


def test_stopped_is_a_keyboard_interrupt() -> None:
    assert issubclass(Stopped, KeyboardInterrupt)
