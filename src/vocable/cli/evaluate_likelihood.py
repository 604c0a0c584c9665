"""`vocable evaluate likelihood MODEL… --pairs FOLDER`: which of two recordings is the likelier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.units import columns
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.evaluate.likelihood import Accuracy

HEADINGS = ("model", "part", "group", "pairs", "items", "owners", "accuracy", "95 %", "chance")


@click.command("likelihood")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--pairs",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    metavar="FOLDER",
    help="What `vocable data pairs` made; or SALMon, or sLM21 of ZeroSpeech, as unpacked.",
)
@click.option(
    "--ngrams",
    type=click.Path(exists=True, file_okay=False),
    metavar="SET",
    help="Also n-grams of the recordings of split train of this set of tokens.",
)
@click.option(
    "--by",
    type=click.Choice(("mean", "sum")),
    default="mean",
    show_default=True,
    help="What is compared: the log likelihood of a token, or of a whole recording.",
)
@click.option(
    "--codec",
    metavar="NAME_OR_FOLDER",
    help="What encodes, where tokens have not the name of a model that is here; several by +.",
)
@options.machine
@options.output
def command(
    models: tuple[str, ...], folder: str, ngrams: str | None, by: Any, codec: str | None,
    device: str | None, threads: int | None, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Ask models of tokens which of two recordings is the more likely.

    Of pairs of which one is right: who speaks, the room, the noise goes on, words come in their
    order, words and sentences exist. A model is one that was trained at home; of a folder with
    AudioLM's stages the semantic one, the coarse one given its tokens, and both together. Pairs of
    one item (voices of a word, the two directions of a splice) are averaged first; intervals are
    over speakers, where they are known. Exit code 1: some pair could not be judged.
    """
    from vocable.cli.likelihood_systems import open_systems
    from vocable.evaluate.likelihood import judge, read_pairs

    console = Console(as_json=as_json, quiet=quiet)
    try:
        pairs = read_pairs(folder)
        opened = open_systems(models, ngrams, codec, device, threads)
        with console.progress(folder) as progress:
            found = judge(pairs, opened.encode, opened.systems, by=by, progress=progress)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    for row in found.rows:
        console.result(_facts(row, by))
    if not (as_json or quiet):
        click.echo(columns([HEADINGS, *map(_cells, found.rows)]))
    for refusal in found.refusals:
        console.failure(str(refusal))
    return FAILED if found.refusals else 0


def _cells(row: Accuracy) -> tuple[str, ...]:
    from vocable.evaluate.likelihood import CHANCE

    mean, ends = row.interval.mean, _ends(row)
    interval = "-" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"
    counts = str(row.pairs), str(row.items), str(row.owners)
    shares = f"{100 * mean:.1f}", interval, f"{100 * CHANCE:g}"
    return row.system, row.part, row.group or "-", *counts, *shares


def _facts(row: Accuracy, by: str) -> dict[str, Any]:
    from vocable.evaluate.likelihood import CHANCE

    return {
        "model": row.system, "part": row.part, "group": row.group or None, "pairs": row.pairs,
        "items": row.items, "owners": row.owners, "accuracy": row.interval.mean,
        "interval": _ends(row), "chance": CHANCE, "by": by,
    }  # fmt: skip


def _ends(row: Accuracy) -> Sequence[float] | None:
    """Return the interval; None of one owner alone, who has none."""
    interval = row.interval
    return [interval.low, interval.high] if interval.low == interval.low else None
