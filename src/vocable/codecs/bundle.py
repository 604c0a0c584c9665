"""Several tokenizers of one recording: semantic and acoustic tokens by one call.

both = vocable.load("units-16k+speech-16k").encode("talk.flac")
both["semantic"], both["acoustic"]; both.save("talk.vcb")
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from vocable.atomic import check_target
from vocable.audio import Audio
from vocable.codecs.codec import Codec
from vocable.codecs.convert import read_source
from vocable.codecs.files import token_file
from vocable.codecs.live import Block, LiveEncoder
from vocable.codecs.recording import Recording, open_recording
from vocable.codecs.tokenizer import Tokenizer
from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens, TokenSpec, TokenWriter, Track
from vocable.tokens.array_files import ENDINGS
from vocable.tokens.file.coding_model import CodingModel
from vocable.tokens.tracks import Tracks


@runtime_checkable
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


@runtime_checkable
class EncodesParts(Protocol):
    """What goes through recordings of any length by itself, as a `UnitTokenizer` does."""

    def token_parts(self, recording: Recording) -> Iterator[AudioTokens]: ...


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

    @property
    def rate(self) -> int:
        """Hz of the tokenizer that reads the highest rate; others resample."""
        return max(each.spec.rate for each in self.tokenizers.values())

    @property
    def channels(self) -> int:
        """Channels that some tokenizer takes together: 1, or 2 with a stereo codec."""
        return max(each.spec.channels for each in self.tokenizers.values())

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
        model: CodingModel | None = None,
    ) -> None:
        """Encode a file of any length to one token file of all tracks, in bounded memory.

        Each tokenizer goes through the recording by itself; all of it is held for one that takes
        whole ones only. The same tokens as `encode(source).save(target)`; the target appears whole
        or not at all. model: codes the tracks that it models, see `vocable.load.load_coder`.
        """
        if Path(target).suffix.lower() in ENDINGS:
            raise TokenError(f"{target}: arrays are of one track; a .vcb file holds several")
        check_target(target, overwrite=overwrite)
        with ExitStack() as cleanup:
            recording = open_recording(source, cleanup, allow_loud=allow_loud)
            recording = recording.mono() if mix else recording
            tracks = {
                name: Track(each.spec, rate=recording.rate, channels=recording.channels)
                for name, each in self._named()
            }
            done = _Done(recording, len(tracks), progress)
            with token_file(target, overwrite=overwrite, done=lambda: done.seconds) as file:
                writer = TokenWriter(file, tracks, model=model)
                for name, each in self._named():
                    done.begin()
                    for tokens in token_parts(each, recording):
                        writer.write(tokens, name)
                        done.add(tokens)
                writer.finish(dict.fromkeys(tracks, recording.samples))
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
        """Start a recording whose samples are still to come, at `rate` Hz (its own by default)."""
        rate = self.rate if rate is None else rate
        encoders = {}
        for name, each in self._named():
            if not _steps(each):
                raise ModelError(f"{each.name} takes whole recordings; use encode")
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


class _Done:
    """How far encoding has come: all of the recording by each tokenizer after the other."""

    def __init__(
        self, recording: Recording, tokenizers: int, progress: Callable[[float], None] | None
    ) -> None:
        self._seconds = recording.stated and recording.stated / recording.rate
        self._tokenizers, self._progress = tokenizers, progress
        self._before, self.seconds = -1, 0.0  # tokenizers that are through; of the recording

    def begin(self) -> None:
        """Start with the next tokenizer."""
        self._before, self.seconds = self._before + 1, 0.0

    def add(self, tokens: AudioTokens) -> None:
        """Count what has been written."""
        self.seconds += float(tokens.spec.seconds(tokens.frames))
        if self._progress and self._seconds:
            share = min(1.0, self.seconds / self._seconds)
            self._progress((self._before + share) / self._tokenizers)


def token_parts(tokenizer: Encodes, recording: Recording) -> Iterator[AudioTokens]:
    """Yield the tokens of a recording in order; all together where it must be whole."""
    if isinstance(tokenizer, EncodesParts):
        yield from (tokens for tokens in tokenizer.token_parts(recording) if len(tokens))
    elif _steps(tokenizer):
        rate, channels = recording.rate, recording.channels
        live = LiveEncoder(tokenizer, rate=rate, channels=channels, allow_loud=True)
        for block in recording.blocks():
            yield from live.push(block)
        yield from live.finish()
    else:
        whole = Audio(np.concatenate(list(recording.blocks()), 1), recording.rate, allow_loud=True)
        yield tokenizer.encode(whole, allow_loud=True)


def _names(tokenizers: Sequence[Encodes]) -> list[str]:
    kinds = [track_name(each.spec) for each in tokenizers]
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


def track_name(spec: TokenSpec) -> str:
    """Return what a track of such tokens is called where nothing names it: by what it holds."""
    roles = {level.role for level in spec.levels}
    return "semantic" if roles == {"semantic"} else "acoustic"
