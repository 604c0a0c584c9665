"""`vocable generate --model M`: let a model of tokens begin a recording."""

from __future__ import annotations

from typing import Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.generating import open_model, targets, write, writing
from vocable.cli.paths import check_endings, check_input, check_outputs
from vocable.errors import ModelError, VocableError


@click.command("generate")
@click.option("-o", "--out", type=options.FILE, required=True, help="The recording.")
@click.option("--text", help="What it shall be like, in words, for models that read them.")
@click.option(
    "--like", type=options.FILE, help="What it shall be like: a recording, for such models."
)
@writing
def command(
    out: str, text: str | None, like: str | None, model: str, codec: str | None, seconds: float,
    context: str, seed: int, device: str | None, threads: int | None, force: bool, as_json: bool,
    quiet: bool,
) -> int:  # fmt: skip
    """Let a model of tokens begin a recording.

    One with a condition is told what it shall be like, by --text or --like. The tokens are kept
    beside OUT, as .vcb.
    """
    from vocable.audio.formats import WRITABLE

    if text is not None and like is not None:
        raise Refusal("--text and --like both say what it shall be like; give one of them")
    if like is not None:
        check_input(like)
    check_endings([out], tuple(WRITABLE))
    check_outputs(targets(out), like or "", force=force)
    console = Console(as_json=as_json, quiet=quiet)
    try:
        opened = open_model(model, codec, context, device, threads)
        begin = _wanted(opened, text, like)
        write(console, opened, begin, out, seconds=seconds, context=context, seed=seed, force=force)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    return 0


def _wanted(model: Any, text: str | None, like: str | None) -> Any:
    """Return what is given: what the sound shall be like, or nothing."""
    if text is None and like is None:
        return None
    from vocable.language.audiolm import AudioLM

    if not isinstance(model, AudioLM):
        raise ModelError(f"{model.name} takes neither --text nor --like; it has no condition")
    return model.like(like) if text is None else model.describe(text)
