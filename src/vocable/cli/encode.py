"""`vocable encode AUDIO… [-o OUT]`: turn recordings into token files."""

import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console, Progress
from vocable.cli.open_codec import check_levels, open_codec
from vocable.cli.paths import PIPE, Job, check_endings, check_stdout, plan
from vocable.cli.pipes import input_path, output_path
from vocable.cli.work import run

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.measures import Listener


@click.command("encode")
@click.argument("inputs", nargs=-1, required=True, metavar="AUDIO...", type=options.FILE)
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help="Token file, or a folder.  [default: beside the input, .vcb]",
)
@options.codec
@options.levels
@options.mix
@options.machine
@options.force
@options.skip_existing
@options.output
def command(
    inputs: tuple[str, ...],
    out: str | None,
    codec: str | None,
    levels: int | None,
    mix: bool,
    device: str | None,
    threads: int | None,
    force: bool,
    skip_existing: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Turn recordings into tokens.

    AUDIO is a recording, "-" for stdin, or a folder whose tree is recreated under -o. OUT may end
    in .npy, .npz or .safetensors instead of .vcb.
    """
    from vocable.audio.formats import READABLE
    from vocable.cli.hearing import Hearing
    from vocable.cli.results import ARRAYS, encoded

    console = Console(as_json=as_json, quiet=quiet)
    work = plan(
        inputs, out, ending=".vcb", collect=READABLE, force=force, skip_existing=skip_existing
    )
    check_stdout(work, as_json=as_json)
    check_endings([job.target for job in work.jobs], (".vcb", *ARRAYS))
    opened = open_codec(codec or options.DEFAULT_CODEC, device, threads)
    check_levels(opened.spec, levels)
    hearing = Hearing(opened, console)

    def encode(job: Job, progress: Progress) -> tuple[str, dict[str, Any]]:
        began = time.perf_counter()
        with input_path(job.source) as source, output_path(job.target, ".vcb") as target:
            listener = hearing.listener()
            facts = _encode(opened, source, target, levels, mix, force, progress, listener)
        took = time.perf_counter() - began
        facts |= hearing.judge("stdin" if job.source == PIPE else job.source, listener)
        return encoded(job, facts, took)

    code = run(work, encode, console)
    hearing.report_counts()
    return code


def _encode(
    codec: "Codec",
    source: str,
    target: str,
    levels: int | None,
    mix: bool,
    force: bool,
    progress: Progress,
    listener: "Listener | None",
) -> dict[str, Any]:
    """Encode one file, block by block; return the facts for --json."""
    from vocable.cli.results import ARRAYS, rate_on_disk, token_facts
    from vocable.tokens import read_tokens

    if not target.lower().endswith(ARRAYS):
        codec.encode_to(
            source, target, levels=levels, mix=mix, overwrite=force, progress=progress,
            listen=listener,
        )  # fmt: skip
        return token_facts(target)
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        tokens_file = os.path.join(folder, "tokens.vcb")
        codec.encode_to(
            source, tokens_file, levels=levels, mix=mix, progress=progress, listen=listener
        )
        facts = token_facts(tokens_file)
        read_tokens(tokens_file).save(target, overwrite=force)
    return facts | rate_on_disk(target, facts["seconds"])
