"""Do the jobs of one call one after the other: a failed one is reported, the others are done."""

from collections.abc import Callable
from typing import Any

import click

from vocable.cli.console import Console, Progress
from vocable.cli.errors import message_of, one_line
from vocable.cli.exit_codes import FAILED
from vocable.cli.paths import PIPE, Job, Plan, make_folder


def run(
    plan: Plan, do: Callable[[Job, Progress], tuple[str, dict[str, Any]]], console: Console
) -> int:
    """Call `do(job, progress)` for each job; it returns a line and the facts for --json.

    A folder that could not be searched counts as a failed input. Returns the exit code.
    """
    failed = len(plan.unread)
    for error in plan.unread:
        _report_failure(error.filename, error, console)
    for job in plan.jobs:
        try:
            make_folder(job.target)
            with console.progress(job.source) as progress:
                line, facts = do(job, progress)
        except BrokenPipeError:
            raise
        except Exception as error:
            if click.get_current_context().find_root().params["debug"]:
                raise
            failed += 1
            _report_failure(job.source, error, console)
        else:
            console.line(one_line(line))
            console.result({"input": job.source, "output": job.target, **facts})
    _report_counts(plan, failed, console)
    return FAILED if failed else 0


def _report_failure(source: str, error: Exception, console: Console) -> None:
    message, name = message_of(error), "stdin" if source == PIPE else one_line(source)
    console.failure(message if name in message else f"{name}: {message}")
    console.result({"input": source, "output": None, "error": message})


def _report_counts(plan: Plan, failed: int, console: Console) -> None:
    done = len(plan.jobs) + len(plan.unread) - failed
    counts = [f"{done} done"]
    counts += [f"{plan.skipped} skipped, existing"] if plan.skipped else []
    counts += [f"{failed} failed"] if failed else []
    if len(plan.jobs) + plan.skipped + len(plan.unread) > 1 or plan.skipped:
        console.line(", ".join(counts))
