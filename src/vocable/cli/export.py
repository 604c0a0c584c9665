"""`vocable export CODEC FOLDER`: a codec as files that run without vocable."""

from __future__ import annotations

import time
from dataclasses import asdict

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import open_codec
from vocable.cli.units import file_size
from vocable.errors import ModelError


@click.command("export")
@click.argument("codec", metavar="CODEC")
@click.argument("folder", metavar="FOLDER", type=click.Path())
@click.option(
    "--to",
    type=click.Choice(["onnx", "torch"]),
    default="onnx",
    show_default=True,
    help="For onnxruntime, or for torch.export.load.",
)
@click.option("--force", is_flag=True, help="Replace a folder that holds an exported codec.")
@options.as_json
def command(codec: str, folder: str, to: str, force: bool, as_json: bool) -> int:
    """Write a codec as files that run without vocable.

    CODEC is what --codec takes: a name, a folder, a file. FOLDER gets encoder and decoder, of any
    batch and length; a step of each with its state, where the codec's streams need no start-up; a
    README.md with lines that run; and codec.json. Before it gets its name, its results are compared
    with the codec's.
    """
    console, began = Console(as_json=as_json), time.monotonic()
    opened = open_codec(codec, None, None)
    from vocable.export import export

    try:
        done = export(opened, folder, to=to, overwrite=force)
    except (ModelError, FileExistsError, FileNotFoundError) as error:
        raise Refusal(message_of(error)) from error
    facts = asdict(done.agreement)
    console.result({"folder": folder, "files": done.files, **facts})
    sizes = ", ".join(f"{name} {file_size(size)}" for name, size in done.files.items())
    console.line(f"{folder}: {sizes} ({time.monotonic() - began:.0f} s)")
    console.line(
        f"compared with the codec: sound within {done.agreement.difference:.0e}, codes equal but "
        f"for {done.agreement.ties} near ties in {done.agreement.frames} frames"
    )
    return 0
