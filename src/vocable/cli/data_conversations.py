"""`vocable data conversations`: recordings of single speakers as recordings of two channels."""

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.units import duration
from vocable.errors import VocableError

SHARE = 5  # minutes of train for a minute of another split


@click.command("conversations")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--out", type=click.Path(), required=True, help="The folder of the recordings.")
@click.option(
    "--minutes",
    type=options.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Of split train; each other split has a fifth of it.",
)
@click.option(
    "--seconds",
    type=options.FloatRange(min=5, max=600),
    default=30.0,
    show_default=True,
    help="Of a conversation, at most.",
)
@click.option(
    "--seed", type=options.SEED, default=0, show_default=True, help="Equal seeds, equal sound."
)
@options.output
def command(
    manifest: str, out: str, minutes: float, seconds: float, seed: int, as_json: bool, quiet: bool
) -> int:
    """Make conversations of two channels, of recordings of single speakers.

    Turns, gaps and overlaps are drawn; what is said means nothing. Of the rows of a manifest that
    name their speaker. 16 kHz FLAC, with a manifest beside.
    """
    from pathlib import Path

    from vocable.audio.manifest import read_manifest
    from vocable.train.data.conversations import make_conversations

    console = Console(as_json=as_json, quiet=quiet)
    try:
        clips = read_manifest(manifest)
        splits = {clip.split or "train" for clip in clips}
        wanted = {split: minutes if split == "train" else minutes / SHARE for split in splits}
        wanted = dict(sorted(wanted.items()))
        with console.progress(manifest) as progress:
            made = make_conversations(
                clips, Path(out), wanted, seconds=seconds, seed=seed, progress=progress
            )
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    shown = ", ".join(f"{duration(60 * each)} of {split}" for split, each in made.minutes.items())
    console.line(f"{made.manifest}  {shown}")
    done = {split: round(each, 3) for split, each in made.minutes.items()}
    console.result({"manifest": str(made.manifest), "minutes": done})
    return 0
