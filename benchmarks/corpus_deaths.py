"""Kill a corpus's runs and workers at random moments, for benchmarks.corpus."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.corpus_memory import workers

TRIES = 40  # times that a command is given again, at most


@dataclass
class Deaths:
    """What was killed, and what came of it."""

    runs: int = 0
    workers: int = 0
    corpora: int = 0
    files: int = 0
    different: set[str] = field(default_factory=set)

    @property
    def kills(self) -> int:
        """All that were killed."""
        return self.runs + self.workers

    def cells(self) -> list[int]:
        """Return the numbers of a row."""
        return [
            self.kills, self.runs, self.workers, self.corpora, self.files, len(self.different)
        ]  # fmt: skip


def disturbed(folder: Path, arguments: list[str], kills: int, seed: int) -> Deaths:
    """Encode FOLDER/sounds undisturbed, then as often as it takes to kill so many processes."""
    begun = time.perf_counter()
    whole = folder / "whole"
    assert _start(folder, whole, arguments).wait() == 0
    lasts, expected = time.perf_counter() - begun, digests(whole)
    deaths, draw = Deaths(files=len(expected)), random.Random(seed)
    while deaths.kills < kills:
        out = folder / "killed"
        for _ in range(TRIES):  # the same command again, until it ends well
            if _run(_start(folder, out, arguments), draw, lasts, deaths, kills) == 0:
                break
        found = digests(out)
        deaths.corpora += 1
        deaths.different |= {name for name, _ in expected.items() ^ found.items()}
        shutil.rmtree(out)
    return deaths


def digests(folder: Path) -> dict[str, str]:
    """Return SHA-256 of all files of a corpus but the account of its runs."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "runs.jsonl"
    }


def _start(folder: Path, out: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "vocable", "corpus", "encode", str(folder / "sounds")]
    return subprocess.Popen([*command, "-o", str(out), *arguments, "--quiet"])


def _run(
    run: subprocess.Popen[bytes], draw: random.Random, lasts: float, deaths: Deaths, kills: int
) -> int:
    """Kill workers of a run, or it, at random moments until it ends; return its exit code."""
    while deaths.kills < kills:
        try:
            return run.wait(draw.uniform(0, lasts))
        except subprocess.TimeoutExpired:
            _kill(run, draw, deaths)
    return run.wait()


def _kill(run: subprocess.Popen[bytes], draw: random.Random, deaths: Deaths) -> None:
    made = workers(psutil.Process(run.pid)) if run.poll() is None else []
    if made and draw.random() < 0.5:
        draw.choice(made).kill()
        deaths.workers += 1
        return
    run.kill()
    run.wait()
    deaths.runs += 1
