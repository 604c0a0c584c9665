"""Several tokenizers of one recording: semantic and acoustic tokens by one call.

both = vocable.load("units-16k+speech-16k").encode("talk.flac")
both["semantic"], both["acoustic"]; both.save("talk.vcb")
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from vocable.atomic import check_target
from vocable.audio import Audio, AudioReader
from vocable.codecs.codec import Codec
from vocable.codecs.convert import read_source
from vocable.codecs.files import token_file
from vocable.codecs.live import Block, LiveEncoder
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens, TokenSpec, TokenWriter
from vocable.tokens.array_files import ENDINGS
from vocable.tokens.tracks import Tracks


class Encodes(Protocol):
    """What a bundle asks of a tokenizer: a `Tokenizer`, or one that takes whole recordings only."""

    @property
    def name(self) -> str: ...

    @property
    def spec(self) -> TokenSpec: ...

    def encode(self, source: Any, *, allow_loud: bool = False) -> AudioTokens: ...

    def encode_batch(
        self,
        sources: Sequence[Any],
        *,
        rate: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> list[AudioTokens]: ...


class Bundle:
    """Tokenizers by the name of their track, which encode each recording together.

    Left to themselves they are named by what their tokens are, `semantic` or `acoustic`; two of a
    kind by their own names.
    """

    def __init__(self, tokenizers: Sequence[Encodes] | Mapping[str, Encodes]) -> None:
        if isinstance(tokenizers, Mapping):
            self.tokenizers = dict(tokenizers)
        else:
            self.tokenizers = dict(zip(_names(tokenizers), tokenizers, strict=True))
        if not self.tokenizers:
            raise ModelError("a bundle needs a tokenizer; give 1 or more")

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {each!r}" for name, each in self.tokenizers.items())
        return f"<Bundle {inside}>"

    def encode(
        self,
        source: Any,
        *,
        rate: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> Tracks:
        """Encode a recording, read once, to a track of each tokenizer; see `Tokenizer.encode`."""
        audio = read_source(source, rate, allow_loud=allow_loud)
        audio = audio.mono() if mix else audio
        return Tracks(
            {name: each.encode(audio, allow_loud=allow_loud) for name, each in self._named()}
        )

    def encode_batch(
        self,
        sources: Sequence[Any],
        *,
        rate: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> list[Tracks]:
        """Encode several recordings; the same as one by one."""
        rows = {
            name: each.encode_batch(sources, rate=rate, mix=mix, allow_loud=allow_loud)
            for name, each in self._named()
        }
        return [
            Tracks(dict(zip(rows, row, strict=True))) for row in zip(*rows.values(), strict=True)
        ]

    def encode_to(
        self,
        source: Any,
        target: str | os.PathLike[str],
        *,
        mix: bool = False,
        allow_loud: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Encode a file of any length to one token file of all tracks, in bounded memory.

        All of a recording is held where a tokenizer takes whole ones only. The same tokens as
        `encode(source).save(target)`; the target appears whole or not at all.
        """
        if Path(target).suffix.lower() in ENDINGS:
            raise TokenError(f"{target}: arrays are of one track; a .vcb file holds several")
        check_target(target, overwrite=overwrite)
        if not all(_steps(each) for _, each in self._named()):
            tracks = self.encode(source, mix=mix, allow_loud=allow_loud)
            tracks.save(target, overwrite=overwrite)
            return
        with AudioReader(source, allow_loud=allow_loud) as reader:
            channels = 1 if mix else reader.channels
            live = self.live(rate=reader.rate, channels=channels, allow_loud=True)
            seconds = lambda: live.samples / reader.rate  # noqa: E731
            with token_file(target, overwrite=overwrite, done=seconds) as file:
                writer = TokenWriter(file, live.tracks)
                for block in reader.blocks():
                    part = block.mean(axis=0, keepdims=True) if mix else block
                    _write(writer, live.push(part))
                    if progress and reader.samples:
                        progress(min(1.0, live.samples / reader.samples))
                _write(writer, live.finish())
                writer.finish(dict.fromkeys(live.tracks, live.samples))
        if progress:
            progress(1.0)

    def decode(self, tracks: Mapping[str, AudioTokens], **options: Any) -> Audio:
        """Decode the track of the one tokenizer here that decodes; see `Codec.decode`."""
        codecs = {name: each for name, each in self.tokenizers.items() if isinstance(each, Codec)}
        if len(codecs) != 1:
            found = ", ".join(codecs) or "none"
            raise ModelError(f"of this bundle {found} decode; take one, as bundle.tokenizers[NAME]")
        ((name, codec),) = codecs.items()
        return codec.decode(tracks[name], **options)

    def live(
        self, *, rate: int | None = None, channels: int = 1, allow_loud: bool = False
    ) -> LiveBundle:
        """Start a recording whose samples are still to come, at `rate` Hz (that of the first)."""
        encoders = {}
        for name, each in self._named():
            if not _steps(each):
                raise ModelError(f"{each.name} takes whole recordings; use encode")
            rate = each.rate if rate is None else rate
            encoders[name] = LiveEncoder(each, rate=rate, channels=channels, allow_loud=allow_loud)
        return LiveBundle(encoders)

    def _named(self) -> Iterable[tuple[str, Encodes]]:
        return self.tokenizers.items()


class LiveBundle:
    """One recording on its way to the tokens of several tokenizers; `tracks` are those of a file.

    live = vocable.load("units-16k+speech-16k").live(rate=48_000)
    for block in microphone:                     # [channels, samples], any number
        for name, tokens in live.push(block).items(): ...
    """

    def __init__(self, encoders: Mapping[str, LiveEncoder]) -> None:
        self._encoders = dict(encoders)
        self.tracks = {name: each.track for name, each in self._encoders.items()}

    @property
    def samples(self) -> int:
        """Samples per channel that have come."""
        return next(iter(self._encoders.values())).samples

    def push(self, block: Block) -> dict[str, list[AudioTokens]]:
        """Return the tokens that these samples settle, by track, perhaps none."""
        return {name: each.push(block) for name, each in self._encoders.items()}

    def finish(self) -> dict[str, list[AudioTokens]]:
        """Return the last tokens by track."""
        return {name: each.finish() for name, each in self._encoders.items()}


def _write(writer: TokenWriter, found: Mapping[str, list[AudioTokens]]) -> None:
    for name, pieces in found.items():
        for tokens in pieces:
            writer.write(tokens, name)


def _names(tokenizers: Sequence[Encodes]) -> list[str]:
    kinds = [_kind(each) for each in tokenizers]
    counts = Counter(kinds)
    names = [
        kind if counts[kind] == 1 else each.name
        for kind, each in zip(kinds, tokenizers, strict=True)
    ]
    if len(set(names)) < len(names):
        raise ModelError(f"two tokenizers are named {Counter(names).most_common(1)[0][0]}")
    return names


def _steps(tokenizer: Encodes) -> TypeGuard[Tokenizer]:
    """Say whether recordings may come block by block."""
    return isinstance(tokenizer, Tokenizer) and tokenizer.model.encodes_in_steps


def _kind(tokenizer: Encodes) -> str:
    roles = {level.role for level in tokenizer.spec.levels}
    return "semantic" if roles == {"semantic"} else "acoustic"
