"""Two processes train one model: the same weights in both, and a resume that is exact."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from tests.train.test_resume import assert_same
from tests.train.toy import make_loop
from vocable.errors import RecipeError
from vocable.train import checkpoint

pytest.importorskip("accelerate")


def run_two(code: str) -> None:
    """Run code in two processes, as `accelerate launch --cpu --num_processes 2` starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={
                **os.environ,
                **shared,
                "OMP_NUM_THREADS": "1",
                "ACCELERATE_USE_CPU": "1",
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
            },
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]


def train_in_two(
    table: dict, manifest: Path, out: Path, *, resume: bool = False, last_step: int = -1
) -> None:
    """Train by two processes.

    Both die after `last_step` steps without a word.
    """
    code = f"""
        import json, os, pathlib, sys
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        import torch
        torch.set_num_threads(1)
        from tests.train.toy import make_loop
        manifest, out = map(pathlib.Path, ({str(manifest)!r}, {str(out)!r}))
        loop = make_loop(json.loads({json.dumps(table)!r}), manifest, out, resume={resume})
        after = loop._after_step
        loop._after_step = lambda: os._exit(0) if loop.step == {last_step} else after()
        loop.run()
        torch.save(loop.task.model.state_dict(), out / f"replica{{loop.distributed.rank}}.pt")
    """
    run_two(code)


@pytest.mark.slow
def test_the_main_process_gives_the_others_its_weights(tmp_path: Path) -> None:
    code = f"""
        import os, torch
        from vocable.train.distributed import Distributed
        rank = int(os.environ["RANK"])
        layer = torch.nn.Linear(2, 2)
        torch.nn.init.constant_(layer.weight, 1.0 + rank)
        Distributed().broadcast_module(layer)
        torch.save(layer.weight, {str(tmp_path)!r} + f"/{{rank}}.pt")
    """
    run_two(code)
    for rank in range(2):
        assert torch.equal(torch.load(tmp_path / f"{rank}.pt").data, torch.ones(2, 2))


@pytest.mark.slow
def test_the_threads_that_the_processes_meet_by_end_before_the_interpreter() -> None:
    run_two("""
        import atexit, os, psutil, torch
        from vocable.train.distributed import Distributed
        threads = psutil.Process().num_threads
        before = threads()
        atexit.register(lambda: os._exit(threads() - before))
        distributed = Distributed("cpu")
        torch.optim.AdamW(torch.nn.Linear(2, 2).parameters()).step()
        distributed.wait()
        assert threads() > before
    """)


def test_two_replicas_train_one_model(table: dict, manifest: Path, tmp_path: Path) -> None:
    table["schedule"]["steps"] = 4
    train_in_two(table, manifest, tmp_path / "whole")
    replicas = [torch.load(tmp_path / "whole" / f"replica{rank}.pt") for rank in range(2)]
    for name, value in replicas[0].items():
        assert torch.equal(value, replicas[1][name]), name
    whole = checkpoint.load(tmp_path / "whole")
    assert whole["others"][0]["task"] != whole["task"]  # each draws segments of its own
    with pytest.raises(RecipeError, match="was trained by 2 processes, this is one of 1"):
        make_loop(table, manifest, tmp_path / "whole", resume=True)


@pytest.mark.slow
def test_two_replicas_resume_exactly(table: dict, manifest: Path, tmp_path: Path) -> None:
    train_in_two(table, manifest, tmp_path / "whole")
    train_in_two(table, manifest, tmp_path / "killed", last_step=8)
    assert checkpoint.load(tmp_path / "killed")["step"] == 5
    train_in_two(table, manifest, tmp_path / "killed", resume=True)
    assert_same(*(checkpoint.load(tmp_path / name) for name in ("whole", "killed")))
