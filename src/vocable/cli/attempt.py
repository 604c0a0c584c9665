"""Do one job and say what came of it, in a form that can pass between processes."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from vocable.cli.console import Progress
from vocable.cli.errors import message_of
from vocable.cli.paths import Job, make_folder


@dataclass(frozen=True)
class Outcome:
    """What came of a job: a line and facts, or an error in one line, or another run has it."""

    line: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    warning: str = ""
    kind: str = ""  # of warning, in two words, to be counted
    error: str = ""
    taken: bool = False


Do = Callable[[Job, Progress], Outcome]


@runtime_checkable
class Work(Protocol):
    """What is done to each file of a call; can be pickled, so that other processes do it too."""

    def start(self) -> Do:
        """Open the codec; return what does a job."""
        ...


def attempt(do: Do, job: Job, progress: Progress, *, skips: bool, debug: bool) -> Outcome:
    """Do a job. skips: an output that another run has written or is writing is left to it.

    debug: an error's traceback is printed.
    """
    try:
        make_folder(job.target)
        return _done(do, job, progress, skips)
    except BrokenPipeError:
        raise
    except Exception as error:
        if debug:
            traceback.print_exc()
        return Outcome(error=message_of(error))


def _done(do: Do, job: Job, progress: Progress, skips: bool) -> Outcome:
    try:
        return do(job, progress)
    except FileExistsError:
        if not skips:
            raise
        return Outcome(taken=True)
