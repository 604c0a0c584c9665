"""What `vocable stream` does with blocks: hand them on, and write what comes at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vocable.cli.lower_rate import lower_rate
from vocable.codecs.live import LiveDecoder, LiveEncoder
from vocable.errors import AudioError, FormatError
from vocable.tokens import AudioTokens, LiveReader, TokenWriter, Track
from vocable.tokens.file.records import Truncated

if TYPE_CHECKING:
    from vocable.binary_streams import LiveReadable
    from vocable.cli.pcm import PcmWriter, Samples
    from vocable.codecs import Codec, Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.tokens import TokenReader

log = logging.getLogger("vocable")

_NOTHING = "stdin has no samples; is what should write them running?"
_READ_SIZE = 2**16  # bytes at most per read; a pipe gives what it has


def encode_stream(
    codec: Tokenizer,
    blocks: Iterator[Samples],
    target: Any,
    *,
    rate: int,
    channels: int,
    levels: int | None = None,
    allow_loud: bool = False,
) -> None:
    """Encode `[channels, samples]` at `rate` Hz as they come to a live stream of tokens."""
    encoder = LiveEncoder(codec, rate=rate, channels=channels, levels=levels, allow_loud=allow_loud)
    with TokenWriter(target, encoder.track, live=True) as file:
        for block in blocks:
            for tokens in encoder.push(block):
                file.write(tokens)
        if not encoder.samples:
            raise AudioError(_NOTHING)
        file.announce(encoder.samples)
        for tokens in encoder.finish():
            file.write(tokens)


def encode_tracks(
    bundle: Bundle,
    blocks: Iterator[Samples],
    target: Any,
    *,
    rate: int,
    channels: int,
    allow_loud: bool = False,
) -> None:
    """Encode samples as they come to a growing file of several tracks; each chunk is flushed."""
    live = bundle.live(rate=rate, channels=channels, allow_loud=allow_loud)
    with TokenWriter(target, live.tracks, chunk_seconds=0) as file:
        for block in blocks:
            _write(file, live.push(block))
        if not live.samples:
            raise AudioError(_NOTHING)
        _write(file, live.finish())
        file.finish(dict.fromkeys(live.tracks, live.samples))


def _write(file: TokenWriter, found: Mapping[str, list[AudioTokens]]) -> None:
    for name, pieces in found.items():
        for tokens in pieces:
            file.write(tokens, name)


def decode_stream(
    codec: Codec,
    reader: TokenReader,
    target: PcmWriter,
    *,
    track: str,
    rate: int | None,
    channels: int | None,
) -> None:
    """Decode a track of a stream as its tokens come, to exactly the samples that its end states."""
    decoder = _decoder(codec, reader.tracks[track], rate, channels)
    for name, tokens in _arriving(reader):
        if name == track:
            target.write(decoder.push(tokens, reader.source(track), whole=reader.live))
    target.write(decoder.finish(reader.source(track)))


def _decoder(codec: Codec, track: Track, rate: int | None, channels: int | None) -> LiveDecoder:
    """Return what decodes a stream; say so where a rate was not asked for, and is not all."""
    if rate is None and (why := lower_rate(codec, track.rate)):
        log.warning("stdout: %s", why)
    return LiveDecoder(codec, track, rate=rate, channels=channels)


def _arriving(reader: TokenReader) -> Iterator[tuple[str, AudioTokens]]:
    """Yield track and tokens of each whole chunk; warn where the stream breaks off inside one."""
    try:
        yield from reader
    except Truncated:
        log.warning("the tokens end without a trailer: the stream was broken off")


def decode_with_gaps(
    source: LiveReadable,
    target: PcmWriter,
    codec_of: Callable[[Track], Codec],
    *,
    track: Track | None,
    rate: int | None,
    channels: int | None,
) -> None:
    """Decode what arrives of a stream, and fill the gaps; say at the end how many there were.

    track: what the stream is taken to hold until it says so itself.
    """
    reader = LiveReader(track)
    decoder: LiveDecoder | None = None
    try:
        for start, tokens in _pieces(source, reader):
            if decoder is None:
                assert reader.track is not None  # tokens have come
                decoder = _decoder(codec_of(reader.track), reader.track, rate, channels)
            known = reader.source()
            target.write(decoder.conceal(start - decoder.frames, known))
            target.write(decoder.push(tokens, known, whole=reader.live))
        if decoder is None:
            raise FormatError(
                f"no tokens in it, of {reader.missed + reader.damaged} bytes that are damaged or "
                "something else; is it what `vocable stream encode` writes?"
            )
        known = reader.source()
        target.write(decoder.conceal(reader.frames - decoder.frames, known))
        target.write(decoder.finish(known))
    finally:
        _report(reader, decoder)


def _pieces(source: LiveReadable, reader: LiveReader) -> Iterator[tuple[int, AudioTokens]]:
    while data := source.read1(_READ_SIZE):
        yield from reader.push(data)
    reader.finish()


def _report(reader: LiveReader, decoder: LiveDecoder | None) -> None:
    """Say what of the stream was not heard as it was sent."""
    if decoder is None or reader.track is None:
        return
    lost, spec = decoder.concealed, reader.track.spec
    found = [
        (lost, f"{lost} of {decoder.frames} frames ({float(spec.seconds(lost)):.2f} s) were lost "
               "and are filled in"),
        (reader.late, f"{reader.late} chunks came twice or too late"),
        (reader.damaged, f"{reader.damaged} bytes were damaged"),
        (reader.skipped, f"{reader.skipped} gaps of over a minute are left out"),
        (reader.missed, f"it was joined after {reader.missed} bytes"),
        (not reader.complete, "it ends without a trailer"),
    ]  # fmt: skip
    if any(count for count, _ in found):
        log.warning("stdin: %s", "; ".join(text for count, text in found if count))
