"""`vocable stream encode|decode`: bare samples become tokens while they arrive, and back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.open_codec import CodecCache, check_levels, open_codec
from vocable.cli.paths import refuse_terminal
from vocable.errors import FormatError, TokenError

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.tokens import TokenReader

CHANNELS = click.IntRange(1, 256)
form = click.option(
    "--format",
    "form",
    type=click.Choice(["s16le", "f32le"]),
    default="s16le",
    show_default=True,
    help="How samples are stored: 16-bit integers or 32-bit floats, interleaved.",
)


@click.group("stream")
def command() -> None:
    """Turn bare samples into tokens while they arrive, and back."""


@command.command("encode")
@form
@click.option("--rate", type=options.RATE, metavar="HZ", help="[default: the codec's]")
@click.option("--channels", type=CHANNELS, help="[default: the codec's]")
@options.codec
@options.levels
@options.mix
@options.allow_loud
@options.stream_machine
def encode(
    form: str,
    rate: int | None,
    channels: int | None,
    codec: str | None,
    levels: int | None,
    mix: bool,
    allow_loud: bool,
    device: str | None,
    threads: int,
) -> int:
    """Samples on stdin become a .vcb stream on stdout, frame by frame.

    What was written stays readable when the stream breaks off.
    """
    refuse_terminal()
    opened = open_codec(codec or options.DEFAULT_CODEC, device, threads)
    check_levels(opened.spec, levels)
    from vocable.cli.pcm import read_blocks
    from vocable.cli.streaming import encode_stream

    source: Any = sys.stdin.buffer  # buffered, so it has read1
    channels = channels or opened.channels
    channels = channels or opened.channels
    blocks = read_blocks(source, form, channels)
    if mix:
        blocks, channels = (block.mean(axis=0, keepdims=True) for block in blocks), 1
    encode_stream(
        opened,
        blocks,
        sys.stdout.buffer,
        rate=rate or opened.spec.rate,
        channels=channels,
        levels=levels,
        allow_loud=allow_loud,
    )
    return 0


@command.command("decode")
@form
@click.option("--rate", type=options.RATE, metavar="HZ", help="[default: the source's]")
@click.option("--channels", type=CHANNELS, help="[default: the source's]")
@options.codec_of_tokens
@options.stream_machine
def decode(
    form: str,
    rate: int | None,
    channels: int | None,
    codec: str | None,
    device: str | None,
    threads: int,
) -> int:
    """A .vcb stream on stdin becomes samples on stdout, each chunk as it arrives.

    The last frame waits for the next chunk or the end, which says how much of it is sound.
    """
    refuse_terminal()
    from vocable.cli.pcm import PcmWriter
    from vocable.cli.streaming import decode_stream
    from vocable.tokens import TokenReader

    target = PcmWriter(sys.stdout.buffer, form)
    try:
        reader = TokenReader(sys.stdin.buffer)
        opened = _codec_of(reader, CodecCache(codec, device, threads))
        decode_stream(opened, reader, target, rate=rate, channels=channels)
    except FormatError as error:
        raise FormatError(f"stdin: {error}") from error
    target.close()
    return 0


def _codec_of(reader: TokenReader, codecs: CodecCache) -> Codec:
    if len(reader.tracks) > 1:
        names = ", ".join(map(repr, reader.tracks))
        raise TokenError(f"stdin holds the tracks {names}; one track can be streamed")
    return codecs.for_spec(next(iter(reader.tracks.values())).spec)
