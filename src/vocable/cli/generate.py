"""`vocable generate --model M`: let a model of tokens begin a recording."""

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.generating import open_model, targets, write, writing
from vocable.cli.paths import check_endings, check_outputs
from vocable.errors import VocableError


@click.command("generate")
@click.option("-o", "--out", type=options.FILE, required=True, help="The recording.")
@writing
def command(
    out: str, model: str, codec: str | None, seconds: float, context: str, seed: int,
    device: str | None, threads: int | None, force: bool, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Let a model of tokens begin a recording.

    The tokens are kept beside OUT, as .vcb.
    """
    from vocable.audio.formats import WRITABLE

    check_endings([out], tuple(WRITABLE))
    check_outputs(targets(out), "", force=force)
    console = Console(as_json=as_json, quiet=quiet)
    try:
        opened = open_model(model, codec, context, device, threads)
        write(console, opened, None, out, seconds=seconds, context=context, seed=seed, force=force)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    return 0
