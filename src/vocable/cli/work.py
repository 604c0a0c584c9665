"""Do the jobs of one call one by one: a failure is said, the others are done, counts come last."""

from collections.abc import Callable
from typing import Any

import click

from vocable.cli.paths import Job, Plan, make_folder
from vocable.cli.refusal import sentence
from vocable.cli.say import TimeLeft, Voice


def run(plan: Plan, do: Callable[[Job, TimeLeft], tuple[str, dict[str, Any]]], voice: Voice) -> int:
    """Call `do(job, time_left)` for each job; it returns a line and the facts for --json.

    Returns the exit code: 1 when an input failed, else 0.
    """
    failed = 0
    for job in plan.jobs:
        try:
            make_folder(job.target)
            with voice.time_left(job.source) as left:
                line, facts = do(job, left)
        except BrokenPipeError:
            raise
        except Exception as error:
            if click.get_current_context().find_root().params["debug"]:
                raise
            failed += 1
            _report_failure(job, error, voice)
        else:
            voice.line(line)
            voice.result({"input": job.source, "output": job.target, **facts})
    _summarize(plan, failed, voice)
    return 1 if failed else 0


def _report_failure(job: Job, error: Exception, voice: Voice) -> None:
    message = sentence(error)
    voice.failure(message if job.source in message else f"{job.source}: {message}")
    voice.result({"input": job.source, "output": None, "error": message})


def _summarize(plan: Plan, failed: int, voice: Voice) -> None:
    done = len(plan.jobs) - failed
    parts = [f"{done} done"]
    parts += [f"{plan.skipped} skipped, existing"] if plan.skipped else []
    parts += [f"{failed} failed"] if failed else []
    if len(plan.jobs) + plan.skipped > 1 or plan.skipped:
        voice.line(", ".join(parts))
