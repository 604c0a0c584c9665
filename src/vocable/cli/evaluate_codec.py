"""`vocable evaluate codec NAME... --data MANIFEST`: judge codecs side by side over recordings."""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.process import import_modules
from vocable.errors import MeasureError

if TYPE_CHECKING:
    from vocable.audio.manifest import Clip
    from vocable.cli.evaluate_systems import Chosen
    from vocable.evaluate.sweep import Study

FOLDER = "evaluation"


@click.command("codec")
@click.argument("names", nargs=-1, metavar="[NAME_OR_FOLDER]...")
@click.option(
    "--data",
    required=True,
    multiple=True,
    metavar="[SET=]MANIFEST",
    help="Recordings, as `vocable data scan` lists them; SET names the set that they are. "
    "Give it again for more.  [default: each row's set, else the manifest's folder]",
)
@click.option(
    "--clips", type=click.IntRange(min=1), metavar="N", help="Only N of each set, evenly."
)
@click.option(
    "--levels",
    metavar="all|N,N...",
    help="Numbers of levels to judge.  [default: four, from the fewest to all]",
)
@click.option(
    "--anchors/--no-anchors",
    default=True,
    help="Judge Opus, MP3 and Codec2 beside them, where installed.  [default: anchors]",
)
@click.option(
    "--external",
    multiple=True,
    metavar="'NAME=CMD {in} {out}'",
    help="Judge a program that makes a WAV file of a WAV file.",
)
@click.option(
    "--tokens",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Judge token files named like the recordings, as the codec that they name decodes them.",
)
@click.option(
    "--decoded",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Judge recordings that something else decoded, named like the originals.",
)
@click.option(
    "--measures",
    metavar="NAME,...|all",
    help="What to compute.  [default: a choice for speech, and one for other sound]",
)
@click.option("--words", metavar="RECOGNISER", help="Count word errors, say by whisper-tiny.en.")
@click.option("--voices", metavar="EMBEDDING", help="Compare voices, say by resemblyzer.")
@click.option(
    "--jobs",
    type=click.IntRange(1, options.JOBS),
    default=1,
    metavar="N",
    help="Judge N recordings at once, each in a process with one thread.  [default: 1]",
)
@click.option(
    "--limit",
    type=options.FloatRange(min=0, min_open=True),
    default=120.0,
    metavar="SECONDS",
    help="Give up on a system, or a measure, that takes longer for one recording.  [default: 120]",
)
@click.option(
    "-o", "--out", default=FOLDER, show_default=True, metavar="FOLDER", help="Where results go."
)
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    data: tuple[str, ...],
    clips: int | None,
    levels: str | None,
    anchors: bool,
    external: tuple[str, ...],
    tokens: tuple[str, ...],
    decoded: tuple[str, ...],
    measures: str | None,
    words: str | None,
    voices: str | None,
    jobs: int,
    limit: float,
    out: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Judge codecs side by side, over recordings.

    Each is judged with several numbers of its levels, beside the recordings as they are, damaged
    ones, and classical codecs. Of each recording the first 30 s are judged, channels mixed. FOLDER
    keeps every score; run it again with the same FOLDER, and only what is missing is done: after it
    was stopped, or with more recordings, codecs or measures. It then holds table.csv, summary.json
    and report.html as well. Exit code 1: of some recording nothing came, or nothing that could be
    measured.
    """
    from vocable.cli.evaluate_data import clips_of
    from vocable.cli.evaluate_results import finish
    from vocable.cli.evaluate_systems import Options, systems_of

    if os.path.exists(out) and not os.path.isdir(out):
        raise Refusal(f"-o {out} is a file; name a folder")
    console, clips_chosen = Console(as_json=as_json, quiet=quiet), clips_of(data, clips)
    systems = systems_of(Options(names, levels, anchors, external, tokens, decoded))
    named = measures if measures in (None, "all") else measures.split(",")
    asked: dict[str, Any] = {"measures": named, "words": words or "", "voices": voices or ""}
    prepare = partial(import_modules, ctx.find_root().params["modules"])
    how: dict[str, Any] = {"processes": jobs, "limit": limit, "prepare": prepare}
    _check(systems, clips_chosen, asked)
    for line in systems.missing:
        console.line(f"without {line}")
    study = _swept(systems, clips_chosen, out, console, asked | how)
    return finish(study, systems, clips_chosen, out, console, how)


def _check(systems: Chosen, clips: list[Clip], asked: dict[str, Any]) -> None:
    """Refuse what cannot be done at all."""
    from vocable.evaluate.sweep import check

    try:
        check(systems, clips, **asked)
    except MeasureError as error:
        raise Refusal(message_of(error)) from error


def _swept(
    systems: Chosen, clips: list[Clip], out: str, console: Console, settings: dict[str, Any]
) -> Study:
    """Run the sweep; what is done stays, however it ends."""
    from vocable.cli.evaluate_results import Reporter
    from vocable.evaluate.sweep import sweep

    about = {"command": shlex.join(["vocable", *sys.argv[1:]])}
    try:
        with console.progress(f"{len(clips)} recordings") as progress:
            report = Reporter(console, progress)
            return sweep(systems, clips, out, progress=report, about=about, **settings)
    except FileExistsError as error:
        raise Refusal(message_of(error)) from error
    except KeyboardInterrupt:
        console.line("what is done is kept; the same command goes on")
        raise
