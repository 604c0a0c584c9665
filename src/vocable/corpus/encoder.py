"""Encode the recordings of a window, so that one bad recording costs no other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vocable.codecs import Tokenizer
from vocable.corpus.hearing import Heard
from vocable.errors import ModelError, VocableError
from vocable.tokens import AudioTokens, TokenSpec, read_tokens
from vocable.units import UnitTokenizer

# What one recording may cause: torch reports a lack of memory as a RuntimeError.
FAULTS = (VocableError, MemoryError, RuntimeError)


@dataclass(frozen=True)
class Settings:
    """How recordings are encoded: `levels`, `mix` and `allow_loud` of `Tokenizer.encode`."""

    levels: int | None = None
    mix: bool = False
    allow_loud: bool = False


class Encoder:
    """A tokenizer and how it is used. ModelError for what makes no integers, or several tracks."""

    def __init__(self, tokenizer: Any, settings: Settings) -> None:
        if not isinstance(tokenizer, Tokenizer | UnitTokenizer):
            raise ModelError(
                f"{type(tokenizer).__name__} gives no tokens of one space; a corpus takes a codec "
                "or a tokenizer of units"
            )
        if tokenizer.spec.latent is not None:
            raise ModelError(f"tokens of {tokenizer.name} are floats; a corpus holds integers")
        self.tokenizer, self.settings = tokenizer, settings
        self._given: dict[str, Any] = {"allow_loud": settings.allow_loud}
        if isinstance(tokenizer, Tokenizer):
            self.levels = tokenizer.spec.check_levels(settings.levels)
            self._given["levels"] = settings.levels
        elif settings.levels is not None:
            raise ModelError(f"{tokenizer.name} has all its levels or none; leave levels out")
        else:
            self.levels = len(tokenizer.spec.levels)

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are."""
        return self.tokenizer.spec

    @property
    def rate(self) -> int:
        """Hz that it reads."""
        return self.spec.rate

    def encode(self, recordings: Sequence[Heard]) -> list[AudioTokens | str]:
        """Return the tokens of each recording, or what is wrong with it."""
        short = [each for each in recordings if each.audio is not None]
        try:
            together = iter(self._batch(short))
        except FAULTS:
            together = iter([self._alone(each) for each in short])
        return [
            each.fault or (self._long(each) if each.audio is None else next(together))
            for each in recordings
        ]

    def _batch(self, recordings: Sequence[Heard]) -> list[AudioTokens | str]:
        found = self.tokenizer.encode_batch([each.audio for each in recordings], **self._given)
        return [_from(tokens, each) for tokens, each in zip(found, recordings, strict=True)]

    def _alone(self, recording: Heard) -> AudioTokens | str:
        try:
            return self._batch([recording])[0]
        except FAULTS as error:
            return _reason(error)

    def _long(self, recording: Heard) -> AudioTokens | str:
        """Encode in a stream through a file, so that memory does not grow with the recording."""
        with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
            path = os.path.join(folder, "tokens.vcb")
            try:
                self.tokenizer.encode_to(
                    recording.sound, path, mix=self.settings.mix, **self._given
                )
            except FAULTS as error:
                return _reason(error)
            return read_tokens(path)


def _reason(error: BaseException) -> str:
    """Return the first line of what an error says."""
    line = (str(error).splitlines() or [""])[0]
    return line if isinstance(error, VocableError) else f"{type(error).__name__}: {line}"


def _from(tokens: AudioTokens, recording: Heard) -> AudioTokens:
    """Return tokens that know the recording at its own rate."""
    return AudioTokens(tokens.spec, tokens.stacks, tokens.sides, tokens.durations, recording.source)
