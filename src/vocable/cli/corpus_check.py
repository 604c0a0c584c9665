"""`vocable corpus check FOLDER`: see whether a corpus is whole."""

from __future__ import annotations

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.exit_codes import FAILED


@click.command("check")
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False))
@click.option(
    "--source", metavar="SOURCE", help="Also compare this with what the corpus was made from."
)
@options.output
def command(folder: str, source: str | None, as_json: bool, quiet: bool) -> int:
    """Check that all of a corpus is there and what it was; exit code 1 and a line a fault if not.

    Each file is read: its size and SHA-256 are those of its mark, its tokens those of the plan's
    weights, its recordings as many and as long as noted. Ids are unique, and nothing else is there.
    """
    from vocable.corpus import check_corpus

    console = Console(as_json=as_json, quiet=quiet)
    count = 0
    with console.progress(folder) as progress:
        for fault in check_corpus(folder, source, progress=progress):
            count += 1
            console.failure(fault)
            console.result({"input": folder, "fault": fault})
    if count:
        return FAILED
    console.line(f"{folder}  all is there, and as it was written")
    console.result({"input": folder, "fault": None})
    return 0
