"""Do the jobs of one call one by one: a failure is said, the others are done, counts come last."""

from collections.abc import Callable
from typing import Any

import click

from vocable.cli.paths import PIPE, Job, Plan, make_folder
from vocable.cli.refusal import one_line, sentence
from vocable.cli.say import TimeLeft, Voice


def run(plan: Plan, do: Callable[[Job, TimeLeft], tuple[str, dict[str, Any]]], voice: Voice) -> int:
    """Call `do(job, time_left)` for each job; it returns a line and the facts for --json.

    A folder that could not be searched has failed, too. Returns the exit code: 1 when an input
    failed, else 0.
    """
    failed = len(plan.unread)
    for error in plan.unread:
        _report_failure(error.filename, error, voice)
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
            _report_failure(job.source, error, voice)
        else:
            voice.line(one_line(line))
            voice.result({"input": job.source, "output": job.target, **facts})
    _summarize(plan, failed, voice)
    return 1 if failed else 0


def _report_failure(source: str, error: Exception, voice: Voice) -> None:
    message, name = sentence(error), "stdin" if source == PIPE else one_line(source)
    voice.failure(message if name in message else f"{name}: {message}")
    voice.result({"input": source, "output": None, "error": message})


def _summarize(plan: Plan, failed: int, voice: Voice) -> None:
    done = len(plan.jobs) + len(plan.unread) - failed
    parts = [f"{done} done"]
    parts += [f"{plan.skipped} skipped, existing"] if plan.skipped else []
    parts += [f"{failed} failed"] if failed else []
    if len(plan.jobs) + plan.skipped + len(plan.unread) > 1 or plan.skipped:
        voice.line(", ".join(parts))
