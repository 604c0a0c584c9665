"""`vocable evaluate listening`: make a listening test, and analyse what listeners sent back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.units import columns
from vocable.errors import MeasureError
from vocable.nearest import listed

if TYPE_CHECKING:
    from vocable.evaluate.listening import ListeningSummary, Preference, SystemScore

FOLDER = click.Path(exists=True, file_okay=False)
CLIPS = 10  # BS.1534-3 advises sessions of 20 to 30 minutes
SCORES = ("system", "mean", "95 %", "median", "quartiles", "ratings")
DIFFERENCES = ("difference", "mean", "95 %", "p", "p of all")


@click.group("listening")
def command() -> None:
    """Let people judge: make a listening test (MUSHRA), analyse its results."""


@command.command("make")
@click.option(
    "--reference",
    type=FOLDER,
    required=True,
    metavar="FOLDER",
    help="The recordings as they are.",
)
@click.option(
    "--system",
    "named",
    multiple=True,
    required=True,
    metavar="NAME=FOLDER",
    help="What a system made of them, under the same names; once for each of 1 to 9 systems.",
)
@click.option(
    "--clips",
    type=click.IntRange(min=1),
    default=CLIPS,
    show_default=True,
    metavar="N",
    help="Take N of the recordings, spread evenly.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    required=True,
    metavar="FOLDER",
    help="The folder to make, for listeners.",
)
@options.output
def make(
    reference: str, named: tuple[str, ...], clips: int, out: str, as_json: bool, quiet: bool
) -> int:
    """Make a folder with a page for any browser, and beside it its key.

    Listeners get the folder, the key stays with you: it says what each version is. A hidden
    reference and anchors of 3.5 and 7 kHz are added, and all versions are made equally loud. Exit
    code 1: some recordings were left out.
    """
    from vocable.evaluate.listening import find_trials, make_test

    systems, console = _systems(named), Console(as_json=as_json, quiet=quiet)
    try:
        trials, lacking = find_trials(reference, systems, clips)
        with console.progress(out) as progress:
            made = make_test(out, trials, progress=progress)
    except (MeasureError, OSError) as error:
        raise Refusal(message_of(error)) from error
    refusals = [*lacking, *made.refusals]
    for refusal in refusals:
        console.failure(str(refusal))
    left_out = f", {len(refusals)} left out" if refusals else ""
    console.line(f"{made.folder}  {made.trials} trials{left_out}  {listed(made.systems, 12)}")
    console.line(f"{made.key}  the key: keep it from listeners")
    console.result(
        {
            "folder": str(made.folder),
            "key": str(made.key),
            "trials": made.trials,
            "systems": list(made.systems),
            "left_out": {refusal.name: refusal.reason for refusal in refusals},
        }
    )
    return FAILED if refusals else 0


def _systems(named: tuple[str, ...]) -> dict[str, str]:
    systems: dict[str, str] = {}
    for each in named:
        name, equals, folder = each.partition("=")
        if not name or not equals or not Path(folder).is_dir():
            raise Refusal(f"--system wants NAME=FOLDER with a folder that is there, got {each}")
        if name in systems:
            raise Refusal(f'--system names "{name}" twice; give each system another name')
        systems[name] = folder
    return systems


@command.command("analyse")
@click.argument(
    "results",
    nargs=-1,
    required=True,
    metavar="RESULTS.jsonl…",
    type=click.Path(exists=True, dir_okay=False),
)
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False), required=True, help="The test's key."
)
@options.output
def analyse(results: tuple[str, ...], key: str, as_json: bool, quiet: bool) -> int:
    """Say how good each system is and which differ, after the screening of listeners.

    RESULTS are the files that listeners sent. Scores are 0 to 100, intervals 95 %, over listeners
    and recordings. Exit code 1: some lines cannot be used.
    """
    from vocable.evaluate import listening

    console = Console(as_json=as_json, quiet=quiet)
    try:
        found = listening.analyse(results, key)
    except (MeasureError, OSError) as error:
        raise Refusal(message_of(error)) from error
    for fault in found.faults:
        console.failure(str(fault))
    for line in _lines(found):
        console.line(line)
    console.result(_facts(found))
    return FAILED if found.faults else 0


def _lines(found: ListeningSummary) -> list[str]:
    """Return what people read: who counts, the scores, the differences."""
    asked = len(found.listeners) + len(found.left_out)
    lines = [f"{len(found.listeners)} of {asked} listeners count"]
    lines += [f"left out: {each}" for each in found.left_out]
    lines += [f"incomplete: {each}" for each in found.incomplete]
    if found.without_mid:
        lines.append(f"the 7 kHz anchor tells nothing in: {listed(found.without_mid)}")
    if found.doubled:
        lines.append(f"{found.doubled} lines came twice")
    scores = [SCORES, *map(_score, found.systems)]
    differences = [DIFFERENCES, *map(_preference, found.preferences)]
    return lines + columns(scores).splitlines() + columns(differences).splitlines()


def _score(row: SystemScore) -> tuple[str, ...]:
    mean, (low, high) = row.mean, row.quartiles
    ends = f"{mean.low:.1f} to {mean.high:.1f}"
    middle = f"{low:g} to {high:g}"
    return row.system, f"{mean.mean:.1f}", ends, f"{row.median:g}", middle, str(row.ratings)


def _preference(row: Preference) -> tuple[str, ...]:
    gain = row.gain
    ends = f"{gain.low:+.1f} to {gain.high:+.1f}"
    names = f"{row.second} - {row.first}"
    return names, f"{gain.mean:+.1f}", ends, f"{row.p:.4f}", f"{row.adjusted:.4f}"


def _facts(found: ListeningSummary) -> dict[str, object]:
    facts = asdict(found)
    for name in ("left_out", "incomplete", "faults"):
        facts[name] = {each.name: each.reason for each in getattr(found, name)}
    # Ends of intervals that are not known are NaN, for which JSON has no word.
    plain: dict[str, object] = json.loads(json.dumps(facts), parse_constant=lambda _: None)
    return plain
