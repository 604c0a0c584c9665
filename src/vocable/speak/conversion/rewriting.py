"""Change the tokens of a recording on their way from file to file, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from vocable.codecs import Codec
from vocable.speak.conversion.sources import Progress, Target, on_the_way, stage
from vocable.tokens import AudioTokens, TokenFile, TokenWriter
from vocable.tokens.file.one_track import counted_chunks

Change: TypeAlias = Callable[[TokenFile], Callable[[AudioTokens], AudioTokens]]


def rewrite(
    codec: Codec, source: Any, target: Target, change: Change, *, overwrite: bool,
    progress: Progress,
) -> None:  # fmt: skip
    """Encode a recording, mixed to one channel, change its tokens, and decode them to a file.

    change: returns what changes a piece, as they come in order; it may read all of them before.
    Tokens lie on the disk meanwhile. The target appears whole or not at all.
    """
    with on_the_way(target, overwrite=overwrite) as folder:
        own, changed = folder / "own.vcb", folder / "changed.vcb"
        codec.encode_to(source, own, mix=True, progress=stage(progress, 0, 3))
        with TokenFile(own) as file, TokenWriter(changed, file.tracks) as writer:
            for tokens in _changed(file, change, stage(progress, 1, 3)):
                writer.write(tokens)
            encoded = file.source()
            assert encoded is not None, "a file that was just written knows its source"
            writer.finish(encoded.samples)
        codec.decode_to(changed, target, overwrite=overwrite, progress=stage(progress, 2, 3))


def _changed(file: TokenFile, change: Change, progress: Progress) -> Iterator[AudioTokens]:
    each = change(file)
    for tokens in counted_chunks(file, "", progress):
        yield each(tokens)
