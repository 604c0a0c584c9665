"""Turn sounds into what a probe reads, once for each: frames of tokens, or log-mels.

Log-mels are the ceiling: what the same head finds in the sound itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from vocable.errors import MeasureError
from vocable.evaluate.phones import token_times
from vocable.evaluate.probes.kept import Kept, as_arrays, as_tokens
from vocable.evaluate.probes.sound import Sound
from vocable.evaluate.stability import Tokenizes
from vocable.measures.mel import slaney_filters
from vocable.measures.spectral import magnitudes
from vocable.tokens import AudioTokens

BANDS, FLOOR = 40, 1e-4  # mels of 10 ms; of magnitude
MIDDLE, SPREAD = -5.0, 2.0  # of their logarithms, about
STACKED = 2  # of them in a frame


@dataclass(frozen=True)
class Heard:
    """What was made of one sound.

    frames   `[frames, levels]` codes, or `[frames, bands]` log-mels
    times    the middle of each frame in seconds
    sizes    of the codebooks; empty for log-mels
    tokens   all levels, where they are tokens
    """

    frames: np.ndarray
    times: Float64[np.ndarray, "frames"]
    sizes: tuple[int, ...] = ()
    tokens: AudioTokens | None = None

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return float(1 / np.diff(self.times).mean()) if self.times.size > 1 else 1.0


@runtime_checkable
class Input(Protocol):
    """Something that a probe can read."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def levels(self) -> str:
        """Which levels it has, as tables say it."""
        ...

    @property
    def identity(self) -> str:
        """What decides on the frames."""
        ...

    def hear(self, sound: Sound) -> Heard:
        """Return what it makes of a sound."""
        ...


@dataclass(frozen=True)
class TokenInput:
    """The tokens of a tokenizer, all levels or some, without what lies beside them.

    space    identity of what encodes: that of the tokens that it gives
    kept     where tokens are kept
    chosen   numbers of the levels, from 0; empty: all
    """

    name: str
    tokenizer: Tokenizes
    space: str
    kept: Kept = field(compare=False)
    chosen: tuple[int, ...] = ()

    @property
    def levels(self) -> str:
        """The chosen levels, "all" of them or as `0-3` or `2`."""
        if not self.chosen:
            return "all"
        first, last = self.chosen[0], self.chosen[-1]
        if len(self.chosen) > 1 and self.chosen == tuple(range(first, last + 1)):
            return f"{first}-{last}"
        return ",".join(map(str, self.chosen))

    @property
    def identity(self) -> str:
        """The space and the levels."""
        return f"{self.space} {self.levels}"

    def hear(self, sound: Sound) -> Heard:
        """Encode, or read what has been encoded; MeasureError for tokens of several streams."""
        tokens = self._tokens(sound)
        if tokens.streams != 1:
            raise MeasureError(f"a probe reads tokens of one stream, got {tokens.streams}")
        chosen = self.chosen or tuple(range(tokens.levels))
        if chosen[-1] >= tokens.levels:
            raise MeasureError(f"{self.name} has levels 0 to {tokens.levels - 1}, got {chosen[-1]}")
        spec = tokens.spec
        finest = min(range(tokens.levels), key=lambda k: spec.levels[k].stride)
        times = token_times(tokens, finest)
        step = spec.levels[finest].stride
        rows = [
            np.repeat(tokens.stacks[k][0], spec.levels[k].stride // step)[: times.size]
            for k in chosen
        ]
        sizes = tuple(spec.levels[k].size for k in chosen)
        return Heard(np.stack(rows, axis=1), times, sizes, tokens)

    def _tokens(self, sound: Sound) -> AudioTokens:
        known = self.kept.find(sound.key, self.space)
        if known is not None:
            return as_tokens(known)
        tokens = self.tokenizer.encode(sound.read())
        if tokens.spec.space != self.space:
            raise MeasureError(f"tokens are of {tokens.spec.space}, expected {self.space}")
        if tokens.durations is not None:
            raise MeasureError("a probe reads even frames; take tokens before dedup")
        if tokens.sides:  # which a probe of codes does not read
            spec = replace(tokens.spec, sides=())
            tokens = AudioTokens(spec, tokens.stacks, source=tokens.source)
        self.kept.add(sound.key, self.space, **as_arrays(tokens))
        return tokens


def levels_named(names: Sequence[str], levels: int) -> list[tuple[int, ...]]:
    """Return what is chosen of so many levels by "all", "each", "2" or "0-3", numbered from 0.

    MeasureError for anything else.
    """
    found: list[tuple[int, ...]] = []
    for name in names:
        first, _, last = name.partition("-")
        if name == "all":
            found.append(())
        elif name == "each":
            found += [(level,) for level in range(levels)]
        elif first.isdigit() and (last or first).isdigit() and int(first) <= int(last or first):
            found.append(tuple(range(int(first), int(last or first) + 1)))
        else:
            raise MeasureError(f'levels are "all", "each", "2" or "0-3", got "{name}"')
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class LogMels:
    """Log-mels of the sound itself: 40 bands every 10 ms up to half of `rate`, two to a frame."""

    rate: int
    kept: Kept = field(compare=False)
    name: str = "log-mel"
    levels: str = ""

    @property
    def identity(self) -> str:
        """All that they depend on."""
        return f"log-mel {BANDS} {FLOOR} {MIDDLE} {SPREAD} {STACKED} {self.rate}"

    def hear(self, sound: Sound) -> Heard:
        """Compute, or read what has been computed."""
        known = self.kept.find(sound.key, self.identity)
        if known is None:
            known = {"mels": self.compute(sound.read().resample(self.rate).samples[0])}
            self.kept.add(sound.key, self.identity, **known)
        frames = known["mels"].astype(np.float32)
        times = (np.arange(len(frames)) * STACKED + (STACKED - 1) / 2) / 100
        return Heard(frames, times)

    def compute(self, samples: np.ndarray) -> np.ndarray:
        """Return `[frames, bands]` of samples at `rate`, of about unit spread, float16.

        The same map for all recordings: their own mean over time says who speaks.
        """
        hop = self.rate // 100
        window = 4 * hop
        padded = np.pad(samples.astype(np.float64), (0, max(0, window - samples.size)))
        mels = magnitudes(padded, window, hop) @ slaney_filters(self.rate, window, BANDS)
        logs = np.log(np.maximum(mels, FLOOR))
        logs = logs[: len(logs) // STACKED * STACKED]
        logs = (logs - MIDDLE) / SPREAD
        found: np.ndarray = logs.reshape(-1, STACKED * BANDS).astype(np.float16)
        return found
