"""`vocable speak correct SET FILE`: apply texts that were corrected by ear or by hand."""

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.errors import VocableError


@click.command("correct")
@click.argument("folder", metavar="SET", type=click.Path())
@click.argument("file", type=click.Path())
@options.output
def command(folder: str, file: str, as_json: bool, quiet: bool) -> int:
    """Apply corrected texts to a prepared set.

    FILE is corrections.tsv, which the page SET/correct.html saves, or an edited transcript.tsv. A
    snippet with an empty text is dropped. Nothing is applied if anything in FILE is wrong; an older
    file brings its texts back, and dropped snippets too.
    """
    from vocable.speak.prepare.correct import correct

    try:
        found = correct(folder, file)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    console = Console(as_json=as_json, quiet=quiet)
    restored = f", {found.restored} restored" if found.restored else ""
    console.line(
        f"{folder}  {found.changed} changed, {found.dropped} dropped{restored}, "
        f"{found.unchanged} unchanged"
    )
    console.result(
        {
            "set": folder,
            "changed": found.changed,
            "dropped": found.dropped,
            "restored": found.restored,
            "unchanged": found.unchanged,
        }
    )
    return 0
