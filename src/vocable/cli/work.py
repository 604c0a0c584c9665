"""Do the jobs of one call: a failed one is reported, the others are done."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from vocable.cli.attempt import Do, Outcome, Work, attempt
from vocable.cli.console import Console, Progress
from vocable.cli.errors import message_of, one_line
from vocable.cli.exit_codes import FAILED
from vocable.cli.paths import PIPE, Job, Plan
from vocable.cli.workers import outcomes_of_workers


def run(plan: Plan, work: Work, console: Console, processes: int = 1) -> int:
    """Do the jobs, in this process or in several; each has a line and the facts for --json.

    Lines come in the order of the jobs. A folder that could not be searched counts as a failed
    input. Returns the exit code.
    """
    failed, taken, kinds = len(plan.unread), 0, Counter[str]()
    with _outcomes(plan, work, console, processes) as outcomes:
        for error in plan.unread:
            _report_failure(error.filename, message_of(error), console)
        for job, outcome in outcomes:
            failed += bool(outcome.error)
            taken += outcome.taken
            kinds.update([outcome.kind] if outcome.kind else [])
            _report(job, outcome, console)
    _report_counts(plan, failed, taken, kinds, console)
    return FAILED if failed else 0


@contextmanager
def _outcomes(
    plan: Plan, work: Work, console: Console, processes: int
) -> Iterator[Iterator[tuple[Job, Outcome]]]:
    """Start the work; give an iterator over the jobs and what came of each."""
    count, debug = min(processes, len(plan.jobs)), _root_option("debug")
    if count < 2:
        yield _in_this_process(plan, work.start(), console, debug)
        return
    settings = _root_option("modules"), plan.skips_existing, debug
    with (
        outcomes_of_workers(plan.jobs, work, count, settings) as outcomes,
        console.progress(f"{len(plan.jobs)} files") as progress,
    ):
        yield _counted(outcomes, progress, len(plan.jobs))


def _counted(
    outcomes: Iterator[tuple[Job, Outcome]], progress: Progress, total: int
) -> Iterator[tuple[Job, Outcome]]:
    for number, outcome in enumerate(outcomes, 1):
        yield outcome
        progress(number / total)


def _in_this_process(
    plan: Plan, do: Do, console: Console, debug: bool
) -> Iterator[tuple[Job, Outcome]]:
    for job in plan.jobs:
        with console.progress(job.source) as progress:
            outcome = attempt(do, job, progress, skips=plan.skips_existing, debug=debug)
        yield job, outcome


def _root_option(name: str) -> Any:
    return click.get_current_context().find_root().params[name]


def _report(job: Job, outcome: Outcome, console: Console) -> None:
    if outcome.error:
        _report_failure(job.source, outcome.error, console)
    elif not outcome.taken:
        if outcome.warning:
            console.line(f"warning: {outcome.warning}")
        console.line(outcome.line)
        console.result({"input": job.source, "output": job.target, **outcome.facts})


def _report_failure(source: str, message: str, console: Console) -> None:
    name = "stdin" if source == PIPE else one_line(source)
    console.failure(message if name in message else f"{name}: {message}")
    console.result({"input": source, "output": None, "error": message})


def _report_counts(
    plan: Plan, failed: int, taken: int, kinds: Mapping[str, int], console: Console
) -> None:
    if plan.left_out:
        console.line(f"left out: {plan.left_out}")
    done = len(plan.jobs) + len(plan.unread) - failed - taken
    counts = [f"{done} done"] + [f"{count} {kind}" for kind, count in sorted(kinds.items())]
    counts += [f"{plan.skipped} skipped, existing"] if plan.skipped else []
    counts += [f"{taken} skipped, taken by another run"] if taken else []
    counts += [f"{failed} failed"] if failed else []
    if len(plan.jobs) + plan.skipped + len(plan.unread) > 1 or plan.skipped or taken:
        console.line(", ".join(counts))
