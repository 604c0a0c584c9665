"""`vocable stream encode|decode`: bare samples become tokens while they arrive, and back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import CodecCache, chosen_levels, heard_track, open_tokenizer
from vocable.cli.paths import refuse_terminal
from vocable.errors import FormatError, ModelError

if TYPE_CHECKING:
    from vocable.cli.pcm import PcmWriter
    from vocable.codecs import Codec, Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.tokens import TokenReader

CHANNELS = click.IntRange(1, 256)
FORM = click.Choice(["s16le", "f32le"])


@click.group("stream")
def command() -> None:
    """Turn bare samples into tokens while they arrive, and back."""


@command.command("encode")
@click.option(
    "--format",
    "form",
    type=FORM,
    help="How samples are stored: 16-bit integers or 32-bit floats, interleaved.  [default: "
    "s16le, or as a WAV header says]",
)
@click.option("--rate", type=options.RATE, metavar="HZ", help="[default: the codec's]")
@click.option("--channels", type=CHANNELS, help="[default: the codec's]")
@options.codec
@options.levels
@options.mix
@options.allow_loud
@options.stream_machine
def encode(
    form: str | None,
    rate: int | None,
    channels: int | None,
    codec: str | None,
    levels: int | None,
    kbps: float | None,
    mix: bool,
    allow_loud: bool,
    device: str | None,
    threads: int,
) -> int:
    """Samples on stdin become a live .vcb stream on stdout, frame by frame.

    A WAV header before them is read for format, rate and channels. What was written stays readable
    when the stream breaks off.
    """
    refuse_terminal()
    name = codec or options.DEFAULT_CODEC
    opened, levels = _opened(name, device, threads, levels, kbps)
    from vocable.cli.pcm import PcmFormat, read_blocks
    from vocable.cli.pcm_header import open_pcm
    from vocable.cli.streaming import encode_stream, encode_tracks
    from vocable.codecs import Tokenizer

    usual = PcmFormat("s16le", opened.rate, opened.channels)
    source: Any = sys.stdin.buffer  # buffered, so it has read1
    source, found = open_pcm(source, usual, form=form, rate=rate, channels=channels)
    blocks, channels = read_blocks(source, found.form, found.channels), found.channels
    if mix:
        blocks, channels = (block.mean(axis=0, keepdims=True) for block in blocks), 1
    how: dict[str, Any] = {"rate": found.rate, "channels": channels, "allow_loud": allow_loud}
    if isinstance(opened, Tokenizer):
        encode_stream(opened, blocks, sys.stdout.buffer, levels=levels, **how)
    else:
        encode_tracks(opened, blocks, sys.stdout.buffer, **how)
    return 0


def _opened(
    name: str, device: str | None, threads: int, levels: int | None, kbps: float | None
) -> tuple[Tokenizer | Bundle, int | None]:
    """Return what encodes in steps, and the levels that are asked for."""
    from vocable.codecs import Tokenizer
    from vocable.codecs.bundle import Bundle

    opened = open_tokenizer(name, device, threads)
    if isinstance(opened, Tokenizer):
        return opened, chosen_levels(opened.spec, levels, kbps)
    if levels is not None or kbps is not None:
        raise Refusal("--levels and --kbps are of one codec; a bundle encodes all levels")
    bundle = opened if isinstance(opened, Bundle) else Bundle({"": opened})
    try:
        bundle.live()
    except ModelError as error:
        raise Refusal(message_of(error)) from error
    return bundle, None


@command.command("decode")
@click.option(
    "--format",
    "form",
    type=FORM,
    default="s16le",
    show_default=True,
    help="How samples are stored: 16-bit integers or 32-bit floats, interleaved.",
)
@click.option("--rate", type=options.RATE, metavar="HZ", help="[default: the source's]")
@click.option("--channels", type=CHANNELS, help="[default: the source's]")
@click.option(
    "--conceal",
    is_flag=True,
    help="Fill what is lost or damaged from the sound before it, join a stream that has begun, and "
    "say how much was lost.",
)
@options.codec_of_tokens
@options.track
@options.stream_machine
def decode(
    form: str,
    rate: int | None,
    channels: int | None,
    conceal: bool,
    codec: str | None,
    track: str | None,
    device: str | None,
    threads: int,
) -> int:
    """A .vcb stream on stdin becomes samples on stdout, each chunk as it arrives.

    With --conceal a late listener joins at the next live record, which comes every 5 s, or with
    --codec at the second chunk of one frame.
    """
    if conceal and track is not None:
        raise Refusal("--conceal is for streams of one track; leave --track out")
    refuse_terminal()
    from vocable.cli.pcm import PcmWriter

    target = PcmWriter(sys.stdout.buffer, form)
    codecs = CodecCache(codec, device, threads)
    try:
        if conceal:
            _decode_with_gaps(target, codecs, rate, channels)
        else:
            _decode_whole(target, codecs, track, rate, channels)
    except FormatError as error:
        raise FormatError(f"stdin: {error}") from error
    target.close()
    return 0


def _decode_whole(
    target: PcmWriter,
    codecs: CodecCache,
    track: str | None,
    rate: int | None,
    channels: int | None,
) -> None:
    from vocable.cli.streaming import decode_stream
    from vocable.tokens import TokenReader
    from vocable.tokens.file.records import DamagedRecord, NotATokenFile

    try:
        reader = TokenReader(sys.stdin.buffer)
    except NotATokenFile as error:
        raise FormatError(f"{error}; --conceal joins a stream that has begun") from error
    name, codec = _track_and_codec(reader, codecs, track)
    try:
        decode_stream(codec, reader, target, track=name, rate=rate, channels=channels)
    except DamagedRecord as error:
        raise FormatError(f"{error}; --conceal goes on over gaps") from error


def _decode_with_gaps(
    target: PcmWriter, codecs: CodecCache, rate: int | None, channels: int | None
) -> None:
    from vocable.cli.streaming import decode_with_gaps
    from vocable.tokens import Track

    source: Any = sys.stdin.buffer  # buffered, so it has read1
    track = None if codecs.named is None else Track(codecs.named.spec)
    decode_with_gaps(
        source,
        target,
        lambda found: codecs.for_spec(found.spec),
        track=track,
        rate=rate,
        channels=channels,
    )


def _track_and_codec(
    reader: TokenReader, codecs: CodecCache, track: str | None
) -> tuple[str, Codec]:
    """Return the track that is asked for, or the only one that can be heard; what decodes it."""
    from vocable.tokens.file.one_track import chosen_track

    if codecs.named is None:
        name = heard_track("stdin", reader.tracks, track)
    else:
        fits = codecs.named.spec.same_codes
        name = chosen_track("stdin", reader.tracks, track, fits, "can be heard by --codec")
    return name, codecs.for_spec(reader.tracks[name].spec)
