"""`vocable speak prepare RECORDING… -o SET`: make a set of recordings of a voice."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.paths import check_folder
from vocable.cli.units import duration
from vocable.errors import MeasureError, RecipeError
from vocable.folders import search
from vocable.nearest import listed

if TYPE_CHECKING:
    from vocable.speak.prepare import Prepared

NONE = "none"


@click.command("prepare")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING...", type=click.Path())
@click.option("-o", "--out", required=True, metavar="SET", type=click.Path(), help="The folder.")
@click.option("--speaker", metavar="NAME", help="Whose voice it is.  [default: the folder's name]")
@click.option("--consent", metavar="TEXT", help="Who allowed what; kept in the set.")
@click.option(
    "--language", metavar="CODE", help="As en or de.  [default: what the recogniser hears]"
)
@click.option(
    "--recogniser",
    default="whisper-tiny.en",
    show_default=True,
    metavar="NAME_OR_FOLDER",
    help="What writes the texts; whisper-base knows many languages, whisper-turbo errs least.",
)
@click.option(
    "--activity",
    default="silero",
    show_default=True,
    help="What finds speech: silero, or energy, for quiet rooms and without a package.",
)
@click.option(
    "--speakers",
    default="resemblyzer",
    show_default=True,
    help="What tells voices apart; none takes all for one.",
)
@click.option("--keep-speakers", is_flag=True, help="Keep other voices, as speakers of their own.")
@options.force
@options.output
def command(
    recordings: tuple[str, ...],
    out: str,
    speaker: str | None,
    consent: str | None,
    language: str | None,
    recogniser: str,
    activity: str,
    speakers: str,
    keep_speakers: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Make a set to fine-tune on of recordings of one voice.

    RECORDING is sound or a film of any length, or a folder of them. SET gets snippets, cut at
    pauses, with their texts; correct.html to correct these by ear; and report.md, which says what
    was left out and why. Again with more recordings, it does only what is new. Exit code 1: some
    recording cannot be used.
    """
    from vocable.speak.prepare import Settings, prepare

    found = _files(recordings)
    check_folder(out.rstrip(os.sep))
    console = Console(as_json=as_json, quiet=quiet)
    settings = Settings(
        recogniser=recogniser,
        language=language or "",
        activity=activity,
        speakers="" if speakers == NONE else speakers,
        keep_speakers=keep_speakers,
    )
    try:
        with console.progress(out) as progress:
            done = prepare(
                found, out, settings,
                speaker=speaker or "", consent=consent or "", afresh=force, report=progress,
            )  # fmt: skip
    except (RecipeError, MeasureError) as error:
        raise Refusal(_with_extra(message_of(error))) from error
    for why in done.refused.values():
        console.failure(why)
    for line in _lines(done, out):
        console.line(line)
    console.result(_facts(done, out))
    return FAILED if done.refused else 0


def _files(recordings: tuple[str, ...]) -> list[str]:
    """Return the files, those of folders too. Refusal for what is not there, and for no file."""
    from vocable.audio.formats import READABLE

    missing = [name for name in recordings if not os.path.exists(name)]
    if missing:
        raise Refusal(f"no such file: {listed(missing)}")
    files = [
        file
        for name in recordings
        for file in (search(name, READABLE).files if os.path.isdir(name) else [name])
    ]
    if not files:
        raise Refusal(f"no file ending in {', '.join(READABLE)} in {listed(recordings)}")
    return files


def _lines(done: Prepared, out: str) -> list[str]:
    """Return what people read: how much there is, what was left out, and what to do next."""
    from vocable.speak.prepare.report import CONSENT, lost_seconds, pace

    if done.made is None:
        return ["no recording can be used, so no set was made"]
    made = done.made
    recordings = "recording" if done.fresh == 1 else "recordings"
    lines = [
        f"{out}  {len(made.rows)} snippets  {duration(made.seconds)}  "
        f"{done.fresh} new {recordings}  {pace(made.rows):.1f} characters/s"
    ]
    if done.repeated:
        lines.append(f"in the set already: {listed(done.repeated)}")
    lost = lost_seconds(made.about.sources)
    lines += [f"left out: {duration(each)} {why}" for why, each in lost.items() if each >= 0.5]
    if not made.about.consent:
        lines.append(CONSENT)
    return [*lines, f"correct the texts: {os.path.join(out, 'correct.html')}"]


def _facts(done: Prepared, out: str) -> dict[str, Any]:
    from vocable.speak.prepare.report import lost_seconds, pace

    facts: dict[str, Any] = {"set": None, "refused": done.refused, "repeated": list(done.repeated)}
    if (made := done.made) is None:
        return facts
    return facts | {
        "set": out,
        "snippets": len(made.rows),
        "seconds": round(made.seconds, 2),
        "new": done.fresh,
        "characters_per_second": round(pace(made.rows), 2),
        "lost_seconds": lost_seconds(made.about.sources),
        "consent": made.about.consent,
    }


def _with_extra(message: str) -> str:
    """Return a message that names the extra which brings all that preparing needs."""
    return re.sub(r"vocable\[(?:words|speaker)\]", "vocable[prepare]", message)
