"""`vocable decode TOKENS… [-o OUT]`: turn token files into recordings."""

import os
import time
from typing import Any

import click

from vocable.cli import options
from vocable.cli.console import Console, Progress
from vocable.cli.open_codec import CodecCache
from vocable.cli.paths import Job, check_endings, check_stdout, plan
from vocable.cli.pipes import input_path, output_path
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
@options.output
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

    console = Console(as_json=as_json, quiet=quiet)
    work = plan(
        inputs, out, ending=".wav", collect=(".vcb",), force=force, skip_existing=skip_existing
    )
    check_stdout(work, as_json=as_json)
    check_endings([job.target for job in work.jobs], tuple(WRITABLE))
    codecs = CodecCache(codec, device, threads)

    def decode(job: Job, progress: Progress) -> tuple[str, dict[str, Any]]:
        with input_path(job.source) as source, output_path(job.target, ".wav") as target:
            opened_codec = codecs.for_file(source)
            began = time.perf_counter()
            opened_codec.decode_to(source, target, rate=rate, overwrite=force, progress=progress)
            took = time.perf_counter() - began
            facts = audio_facts(target) | {"bytes": os.path.getsize(target)}
        return decoded(job, facts, took)

    return run(work, decode, console)
