"""Work for the processes of --jobs: what it does follows from a file's name; it loads no torch."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from vocable.atomic import replacing
from vocable.cli.attempt import Do, Outcome
from vocable.cli.console import Progress
from vocable.cli.errors import Refusal
from vocable.cli.paths import Job
from vocable.errors import AudioError


@dataclass(frozen=True)
class FakeWork:
    """fails: "refuse" or "die" when it starts."""

    fails: str = ""

    def start(self) -> Do:
        if self.fails == "refuse":
            raise Refusal("no such codec")
        if self.fails == "die":
            os._exit(3)
        return work


def work(job: Job, progress: Progress) -> Outcome:
    """Write the name of the source to the target, unless the name says otherwise."""
    name = Path(job.source).stem
    if name == "bad":
        raise AudioError(f"{job.source} is bad")
    with replacing(job.target) as fresh:
        fresh.write_text(name)
        if name == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "deaf":
            with contextlib.suppress(SystemExit):
                time.sleep(60)
        if name.startswith("slow"):
            time.sleep(60 if name == "slowest" else 0.3)
    return Outcome(f"{name} done", {"process": os.getpid()})
