"""`vocable decode TOKENS… [-o OUT]`: token files become recordings."""

import os
import time
from typing import Any

import click

from vocable.cli import options
from vocable.cli.machine import Codecs
from vocable.cli.paths import Job, check_channel, check_endings, plan
from vocable.cli.pipes import arriving, leaving
from vocable.cli.say import TimeLeft, Voice
from vocable.cli.work import run


@click.command("decode")
@click.argument("inputs", nargs=-1, required=True, metavar="TOKENS...", type=options.FILE)
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help="Recording, or a folder.  [default: beside the input, .wav]",
)
@options.codec_of_tokens
@click.option("--rate", type=options.RATE, metavar="HZ", help="[default: the source's]")
@options.machine
@options.force
@options.skip_existing
@options.speech
def command(
    inputs: tuple[str, ...],
    out: str | None,
    codec: str | None,
    rate: int | None,
    device: str | None,
    threads: int | None,
    force: bool,
    skip_existing: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Turn tokens into sound.

    TOKENS is a .vcb file, "-" for stdin, or a folder whose tree is recreated under -o. A recording
    gets exactly the samples, channels and rate it had. OUT may end in .wav, .flac, .ogg, .opus or
    .mp3.
    """
    from vocable.audio.formats import WRITABLE
    from vocable.cli.results import audio_facts, decoded

    voice = Voice(as_json=as_json, quiet=quiet)
    work = plan(
        inputs, out, ending=".wav", collect=(".vcb",), force=force, skip_existing=skip_existing
    )
    check_channel(work, as_json=as_json)
    check_endings([job.target for job in work.jobs], WRITABLE, " ".join(WRITABLE))
    codecs = Codecs(codec, device, threads)

    def decode(job: Job, left: TimeLeft) -> tuple[str, dict[str, Any]]:
        with arriving(job.source) as source, leaving(job.target, ".wav") as target:
            opened = codecs.of(source)
            began = time.perf_counter()
            opened.decode_to(source, target, rate=rate, overwrite=force, progress=left)
            took = time.perf_counter() - began
            facts = audio_facts(target) | {"bytes": os.path.getsize(target)}
        return decoded(job, facts, took)

    return run(work, decode, voice)
