"""`vocable roundtrip AUDIO -o OUT`: encode, decode, measure what is left, and draw it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.lower_rate import lower_rate
from vocable.cli.open_codec import chosen_levels, open_codec
from vocable.cli.paths import PIPE, check_endings, check_input, check_outputs
from vocable.cli.pipes import input_path, output_path
from vocable.errors import MeasureError

if TYPE_CHECKING:
    from vocable.cli.compare import Comparison
    from vocable.codecs import Codec


@click.command("roundtrip")
@click.argument("audio", type=options.FILE)
@click.option(
    "-o", "--out", required=True, type=options.FILE, help="Where the decoded recording goes."
)
@click.option(
    "--tokens", "vcb", type=options.FILE, metavar="VCB", help="Keep the tokens in this file."
)
@click.option(
    "--report",
    type=options.FILE,
    metavar="PNG",
    help="Draw waveforms, log-mel and tokens (needs [plot]).",
)
@click.option(
    "--pitch",
    type=options.FloatRange(-24, 24),
    metavar="SEMITONES",
    help="Shift the pitch, as in --pitch +3.",
)
@options.codec
@options.levels
@options.mix
@options.allow_loud
@options.machine
@options.force
@options.output
def command(
    audio: str,
    out: str,
    vcb: str | None,
    report: str | None,
    pitch: float | None,
    codec: str | None,
    levels: int | None,
    kbps: float | None,
    mix: bool,
    allow_loud: bool,
    device: str | None,
    threads: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Encode and decode a recording, and measure what is lost.

    Measures (extras [eval] and [pesq], which needs a compiler) are of the first 30 s, all channels
    mixed, at the rate that they are defined at, else the codec's.
    """
    check_input(audio)
    check_outputs([out, vcb, report], audio, force=force)
    piped = PIPE in (out, vcb, report)
    if as_json and piped:
        raise Refusal('--json writes to stdout, and so does "-"; take a file for one of them')
    _check_endings(out, vcb, report)
    _check_plot(report)
    opened = open_codec(codec or options.DEFAULT_CODEC, device, threads)
    levels = chosen_levels(opened.spec, levels, kbps)
    _check_pitch(opened, pitch)
    from vocable.cli.compare import as_table, compare
    from vocable.cli.hearing import Hearing

    console = Console(as_json=as_json, quiet=quiet)
    hearing = Hearing(opened)
    listener = hearing.listener()
    with input_path(audio) as source, output_path(out, ".wav") as target:
        result = compare(
            opened, source, target, levels=levels, mix=mix, allow_loud=allow_loud, pitch=pitch,
            listen=listener, console=console,
        )  # fmt: skip
    name = "stdin" if audio == PIPE else audio
    verdict = hearing.judge(name, listener, result.facts["level_db"])
    if verdict.warning:
        console.line(f"warning: {verdict.warning}")
    if why := lower_rate(opened, result.decoded.rate):
        console.line(f"warning: {name}: {why} of vocable decode")
    if vcb is not None:
        result.tokens.save(vcb, overwrite=force)
    if report is not None:
        _draw(result, report, name)
    files = {"input": audio, "output": out, "tokens": vcb, "report": report}
    console.result(
        {**files, **result.facts, **verdict.facts, **result.scores, "unscored": result.unscored}
    )
    if not as_json and not quiet:
        click.echo(as_table(result), err=piped)
    return 0


def _draw(result: Comparison, report: str, name: str) -> None:
    from vocable.cli.compare import as_title
    from vocable.cli.report import draw

    title = as_title(result, os.path.basename(name))
    draw(report, result.reference, result.decoded, result.tokens, title=title)


def _check_endings(out: str, vcb: str | None, report: str | None) -> None:
    from vocable.audio.formats import WRITABLE
    from vocable.tokens.array_files import ENDINGS

    check_endings([out], tuple(WRITABLE))
    check_endings([vcb] if vcb else [], (".vcb", *ENDINGS))
    check_endings([report] if report else [], (".png",))


def _check_plot(report: str | None) -> None:
    if report is None:
        return
    from vocable.cli.report import check_matplotlib

    try:
        check_matplotlib()
    except MeasureError as error:
        raise Refusal(message_of(error)) from error


def _check_pitch(codec: Codec, pitch: float | None) -> None:
    if pitch is not None and not hasattr(codec.model, "shift_pitch"):
        raise Refusal(
            f"--pitch: {codec.name} has no pitch tokens; take a codec with a level of the role "
            'prosody ("vocable info CODEC")'
        )
