"""`vocable verify NAME_OR_FILE`: check a published checkpoint, and say what was checked."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.paths import check_input
from vocable.cli.pipes import input_path
from vocable.errors import ModelError
from vocable.units.published import published_units

if TYPE_CHECKING:
    from vocable.audio import Audio
    from vocable.testing.check import Check


@click.command("verify")
@click.argument("what", metavar="NAME_OR_FILE", type=options.FILE)
@click.option(
    "--audio", type=options.FILE, help="A recording to check with.  [default: noise and tones]"
)
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False),
    help="Where the files of published units lie.  [default: here]",
)
@options.threads
@options.as_json
def command(
    what: str, audio: str | None, folder: str | None, threads: int | None, as_json: bool
) -> int:
    """Check a codec, an encoder or units: hashes, keys, the laws, the reference.

    NAME_OR_FILE is what --codec takes: kyutai/mimi, a folder, a file; or an encoder of features; or
    published units, such as hubert-base-l9-km500, whose files lie in the folder --from. The
    reference is the package that the checkpoint was made for (transformers, encodec,
    descript-audio-codec, moshi, snac); it is compared where it is installed. Of units and of some
    encoders what they gave for one recording is known, and compared. Exit code 1: something that
    was checked has failed.
    """
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    if audio is not None:
        check_input(audio)
    if folder is not None and not published_units(what):
        raise Refusal(f"--from: {what} is not the name of published units; name its folder or file")
    from vocable.testing.verify import verify

    console = Console(as_json=as_json)
    checks = []
    try:
        for check in verify(what, _recording(audio), folder or os.curdir):
            checks.append(check)
            console.result({"input": what, **asdict(check)})
            if not as_json:
                click.echo(_line(check))
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    failed = sum(check.verdict == "failed" for check in checks)
    skipped = sum(check.verdict == "not checked" for check in checks)
    console.line(f"{len(checks) - failed - skipped} ok, {failed} failed, {skipped} not checked")
    return FAILED if failed else 0


def _line(check: Check) -> str:
    return f"{check.verdict:<11}  {check.what:<20}  {check.details}"


def _recording(path: str | None) -> Audio:
    from vocable.audio import Audio
    from vocable.testing.verify import noise_and_tones

    if path is None:
        return noise_and_tones()
    with input_path(path) as source:
        return Audio.read(source)
