"""What `vocable stream` does with blocks: hand them on, and write what comes at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vocable.codecs.live import LiveDecoder, LiveEncoder
from vocable.errors import AudioError
from vocable.tokens import AudioTokens, TokenWriter
from vocable.tokens.file.records import Truncated

if TYPE_CHECKING:
    from vocable.cli.pcm import PcmWriter, Samples
    from vocable.codecs import Codec
    from vocable.tokens import TokenReader

log = logging.getLogger("vocable")


def encode_stream(
    codec: Codec,
    blocks: Iterator[Samples],
    target: Any,
    *,
    rate: int,
    channels: int,
    levels: int | None = None,
    allow_loud: bool = False,
) -> None:
    """Encode `[channels, samples]` at `rate` Hz as they come; each block's tokens are one chunk."""
    encoder = LiveEncoder(codec, rate=rate, channels=channels, levels=levels, allow_loud=allow_loud)
    with TokenWriter(target, encoder.track, chunk_seconds=0) as file:
        for block in blocks:
            for tokens in encoder.push(block):
                file.write(tokens)
        if not encoder.samples:
            raise AudioError("stdin has no samples; is what should write them running?")
        for tokens in encoder.finish():
            file.write(tokens)
        file.finish(encoder.samples)


def decode_stream(
    codec: Codec, reader: TokenReader, target: PcmWriter, *, rate: int | None, channels: int | None
) -> None:
    """Decode a stream of tokens as they come, to exactly the samples that its end states."""
    (track,) = reader.tracks.values()
    decoder = LiveDecoder(codec, track, rate=rate, channels=channels)
    for tokens in _arriving(reader):
        target.write(decoder.push(tokens))
    target.write(decoder.finish(reader.source()))


def _arriving(reader: TokenReader) -> Iterator[AudioTokens]:
    """Yield the tokens of each whole chunk; warn where the stream breaks off inside one."""
    try:
        for _, tokens in reader:
            yield tokens
    except Truncated:
        log.warning("the tokens end without a trailer: the stream was broken off")
