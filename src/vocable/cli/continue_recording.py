"""`vocable continue AUDIO --model M`: go on with a recording, as a model of tokens does."""

from pathlib import Path

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.generating import open_model, targets, write, writing
from vocable.cli.paths import check_endings, check_input, check_outputs
from vocable.errors import VocableError


@click.command("continue")
@click.argument("recording", metavar="AUDIO", type=options.FILE)
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help="The longer recording.  [default: beside AUDIO, NAME-continued.wav]",
)
@writing
def command(
    recording: str, out: str | None, model: str, codec: str | None, seconds: float,
    context: str, seed: int, device: str | None, threads: int | None, force: bool, as_json: bool,
    quiet: bool,
) -> int:  # fmt: skip
    """Go on with a recording.

    It is encoded, a model of tokens writes more of them, and all of it is decoded. The tokens are
    kept beside OUT, as .vcb.
    """
    from vocable.audio.formats import WRITABLE

    path = Path(recording)
    out = out or str(path.with_name(f"{path.stem}-continued.wav"))
    check_input(recording)
    check_endings([out], tuple(WRITABLE))
    check_outputs(targets(out), recording, force=force)
    console = Console(as_json=as_json, quiet=quiet)
    try:
        opened = open_model(model, codec, context, device, threads)
        begin = opened.hear(recording)
        write(console, opened, begin, out, seconds=seconds, context=context, seed=seed, force=force)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    return 0
