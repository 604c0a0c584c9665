"""`vocable convert-checkpoint IN OUT`: the checkpoint of a codec in another layout."""

from __future__ import annotations

from dataclasses import asdict

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.units import file_size
from vocable.errors import ModelError


@click.command("convert-checkpoint")
@click.argument("source", metavar="IN", type=options.FILE)
@click.argument("folder", metavar="OUT", type=click.Path())
@click.option(
    "--to",
    metavar="LAYOUT",
    default="vocable",
    show_default=True,
    help="vocable, transformers, or the codec's own package: encodec, moshi, dac, …",
)
@click.option("--force", is_flag=True, help="Replace a folder that holds a checkpoint.")
@options.as_json
def command(source: str, folder: str, to: str, force: bool, as_json: bool) -> int:
    """Write the checkpoint of a codec in another layout, with its config.

    IN is what --codec takes, a name, a folder or a file, of vocable or of a published family. OUT
    is a new folder. Before it gets its name it is read again, and must be the same model, bit for
    bit. Nothing in the files of IN is run.
    """
    console = Console(as_json=as_json)
    from vocable.load import convert_checkpoint

    try:
        done = convert_checkpoint(source, folder, to=to, overwrite=force)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    console.result({"input": source, **asdict(done), "folder": folder})
    sizes = ", ".join(f"{name} {file_size(size)}" for name, size in done.files.items())
    console.line(f"{folder}: {done.name}, {done.was} → {done.layout}: {sizes}")
    return 0
