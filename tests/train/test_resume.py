"""Killed and resumed equals undisturbed: the weights, to the last bit."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
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
@pytest.mark.parametrize("how", [pytest.param("SIGINT", marks=pytest.mark.slow), "SIGTERM"])
def test_asked_to_stop_it_saves_where_it_is(
    table: dict, manifest: Path, tmp_path: Path, how: str
) -> None:
    """By Ctrl-C, or as batch systems ask."""
    whole = train(table, manifest, tmp_path / "whole")
    assert killed_at(table, manifest, tmp_path / "stopped", 7, how) == 130
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


BAD = {
    "empty": (lambda whole: b"", "is empty"),
    "short": (lambda whole: whole[:5000], "is cut short after 5000 bytes"),
    "longer": (lambda whole: whole[:-10], "is cut short after"),
    "text": (lambda whole: b"not a checkpoint at all", "is not a checkpoint of vocable"),
    "changed": (
        lambda whole: whole[:20_000] + bytes([whole[20_000] ^ 8]) + whole[20_001:],
        "is damaged (the record ",
    ),
    "list": (lambda whole: torch_file([1, 2]), "but another file of torch"),
    "weights": (lambda whole: torch_file({"w": torch.ones(2)}), "but another file of torch"),
    "table": (lambda whole: torch_file({"version": 2, "step": 3}), 'it has no "seconds"'),
    "code": (lambda whole: torch_file({"version": 2, "model": Path("x")}), "cannot be read"),
}


def torch_file(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two checkpoints, of steps 3 and 4."""
    folder = tmp_path_factory.mktemp("saved")
    state = {"seconds": 1.0, "recipe": {}, "model": {"w": torch.arange(9000.0)}, "average": {}}
    state |= {"optimizer": {}, "task": {}, "others": []}
    for step in (3, 4):
        checkpoint.save(folder, {"step": step, **state})
    return folder


def test_the_checkpoint_before_the_last_is_kept(saved: Path) -> None:
    assert checkpoint.load(saved)["step"] == 4
    assert checkpoint.load(saved / checkpoint.PREVIOUS)["step"] == 3
    assert {path.name for path in saved.iterdir()} == {checkpoint.NAME, checkpoint.PREVIOUS}


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit there")
def test_a_full_disk_is_said_and_the_last_checkpoint_is_still_good(saved: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # a file takes no more
    try:
        with pytest.raises(OSError) as caught:
            checkpoint.save(saved, {"step": 5, "model": {"w": torch.arange(9000.0)}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (caught.value.errno, caught.value.filename) == (
        errno.ENOSPC,
        str(saved / checkpoint.NAME),
    )
    assert checkpoint.load(saved)["step"] == 4
    assert {path.name for path in saved.iterdir()} == {checkpoint.NAME, checkpoint.PREVIOUS}


@pytest.mark.parametrize("kind", BAD)
def test_a_damaged_checkpoint_is_named_with_the_last_good_one(
    kind: str, saved: Path, tmp_path: Path
) -> None:
    change, says = BAD[kind]
    (tmp_path / checkpoint.NAME).write_bytes(change((saved / checkpoint.NAME).read_bytes()))
    with pytest.raises(RecipeError) as alone:
        checkpoint.load(tmp_path)
    assert says in str(alone.value) and "\n" not in str(alone.value)
    assert str(tmp_path / checkpoint.NAME) in str(alone.value)
    assert str(alone.value).endswith("start the run again in another folder")
    shutil.copy(saved / checkpoint.PREVIOUS, tmp_path)
    with pytest.raises(RecipeError, match="the one before it is good, of step 3: rename"):
        checkpoint.load(tmp_path)
    os.replace(tmp_path / checkpoint.PREVIOUS, tmp_path / checkpoint.NAME)
    assert checkpoint.load(tmp_path)["step"] == 3


def test_checkpoints_of_other_versions_are_refused(tmp_path: Path) -> None:
    torch.save({"version": 99}, tmp_path / checkpoint.NAME)
    with pytest.raises(RecipeError, match="has version 99, this vocable reads 2"):
        checkpoint.load(tmp_path)


def test_a_damaged_log_and_cut_recordings_do_not_end_a_resume(
    table: dict, manifest: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = tmp_path / "run"
    train(table, manifest, run)
    text = (run / "log.jsonl").read_bytes().splitlines(keepends=True)
    (run / "log.jsonl").write_bytes(b"".join([text[0], b"\xff\x00 [1]\n", *text[1:], b'{"st']))
    (run / "train.int16").write_bytes((run / "train.int16").read_bytes()[:100])
    (run / "held_out.json").write_text('{"key": ')
    table["schedule"]["steps"] = 14
    train(table, manifest, run, resume=True)
    assert "log.jsonl: line 2 is damaged; it is left out" in caplog.text
    steps = [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert steps[:4] == [1, 4, 8, 12]


def test_stopped_is_a_keyboard_interrupt() -> None:
    assert issubclass(Stopped, KeyboardInterrupt)
