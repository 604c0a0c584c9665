"""`vocable corpus decode FOLDER -o OUT`: turn a corpus back into sound files."""

from __future__ import annotations

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal
from vocable.cli.open_codec import CodecCache


@click.command("decode")
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False))
@click.option(
    "-o", "--out", required=True, type=click.Path(file_okay=False), help="The folder of the sound."
)
@options.codec_of_tokens
@click.option(
    "--ending", default=".flac", show_default=True, help="The kind of file: .wav, .flac, .ogg …"
)
@options.machine
@options.force
@options.skip_existing
@options.output
def command(
    folder: str, out: str, codec: str | None, ending: str, device: str | None, threads: int | None,
    force: bool, skip_existing: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Decode each recording of a corpus to a file named by its id, exactly as long as it was."""
    from vocable.audio.formats import WRITABLE

    if force and skip_existing:
        raise Refusal("--force replaces outputs and --skip-existing keeps them; give one of them")
    if ending not in WRITABLE:
        raise Refusal(f"--ending {ending}: it must be one of {' '.join(WRITABLE)}")
    from vocable.corpus import Corpus, decode_corpus

    console = Console(as_json=as_json, quiet=quiet)
    found = CodecCache(codec, device, threads).for_spec(Corpus(folder).spec)
    with console.progress(folder) as progress:
        count = decode_corpus(
            folder, out, found, ending=ending, overwrite=force, skip_existing=skip_existing,
            progress=progress,
        )  # fmt: skip
    console.line(f"{out}  {count} recordings decoded")
    console.result({"input": folder, "output": out, "recordings": count})
