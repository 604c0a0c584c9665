"""Say how many tokens stay the same when a recording is disturbed in ways that listeners ignore.

The share of equal tokens at equal times, per level. A level whose tokens are mostly one and the
same agrees by chance; the share that unrelated recordings would have stands beside the others.
Level weighting, loudness and padding decide such figures: compare them only within one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, Int64

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording, Refusal, attempt, check_some
from vocable.measures.tokens import chance_agreement, count_codes
from vocable.tokens import AudioTokens

Disturbance = Callable[[Audio], Audio]
Shares = Float64[np.ndarray, "levels"]


@runtime_checkable
class Tokenizes(Protocol):
    """Anything that turns a recording into tokens; a vocable Tokenizer does."""

    def encode(self, source: Audio, /) -> AudioTokens:
        """Return the tokens of a recording."""
        ...


@runtime_checkable
class Decodes(Tokenizes, Protocol):
    """Anything that also turns tokens into a recording; a vocable Codec does."""

    def decode(self, tokens: AudioTokens, /) -> Audio:
        """Return the recording that tokens stand for."""
        ...


@dataclass(frozen=True)
class Stability:
    """Shares of equal tokens per level, 0 to 1.

    shares    by disturbance, `[levels]`
    chance    of two unrelated recordings, `[levels]`
    tokens    tokens of each level that were compared, `[levels]`
    scored    recordings that were
    refusals  those that were not, and why
    """

    shares: Mapping[str, Shares]
    chance: Shares
    tokens: Int64[np.ndarray, "levels"]
    scored: int
    refusals: tuple[Refusal, ...]


def stability(
    tokenizer: Tokenizes,
    recordings: Iterable[Recording],
    disturbances: Mapping[str, Disturbance] | None = None,
) -> Stability:
    """Return the share of equal tokens under each disturbance, over all tokens of the recordings.

    disturbances: by name, each from a recording to one of the same length; left out,
    `usual_disturbances(tokenizer)`. A recording that cannot be encoded, or is silent, is a refusal;
    MeasureError if all are.
    """
    chosen = usual_disturbances(tokenizer) if disturbances is None else disturbances
    refusals: list[Refusal] = []
    parts = [
        found for _, found in attempt(recordings, partial(_compare, tokenizer, chosen), refusals)
    ]
    check_some(parts, refusals)
    tokens: np.ndarray = np.sum([part.tokens for part in parts], axis=0)
    shares = {
        name: np.sum([part.equal[name] for part in parts], axis=0) / tokens for name in chosen
    }
    counts = [np.sum(level, axis=0) for level in zip(*(part.counts for part in parts), strict=True)]
    chance = np.array([chance_agreement(level) for level in counts])
    return Stability(shares, chance, tokens, len(parts), tuple(refusals))


@dataclass(frozen=True)
class _Part:
    """One recording's counts: of each entry, of its tokens, and of those that stayed."""

    counts: list[np.ndarray]
    tokens: Int64[np.ndarray, "levels"]
    equal: dict[str, Int64[np.ndarray, "levels"]]


def _compare(
    tokenizer: Tokenizes, disturbances: Mapping[str, Disturbance], recording: Recording
) -> _Part:
    before = tokenizer.encode(recording.sound)
    levels = zip(before.stacks, before.spec.levels, strict=False)
    counts = [count_codes(codes, level.size) for codes, level in levels]
    equal = {
        name: _equal(before, tokenizer.encode(disturb(recording.audio)), name)
        for name, disturb in disturbances.items()
    }
    return _Part(counts, np.array([codes.size for codes in before.stacks]), equal)


def _equal(before: AudioTokens, after: AudioTokens, name: str) -> Int64[np.ndarray, "levels"]:
    shapes = [[codes.shape for codes in each.stacks] for each in (before, after)]
    if shapes[0] != shapes[1]:
        raise MeasureError(
            f"{name}: tokens are {shapes[1]} after it and {shapes[0]} before; "
            "a disturbance keeps the recording's length"
        )
    pairs = zip(before.stacks, after.stacks, strict=True)
    return np.array([np.count_nonzero(a == b) for a, b in pairs])


# ---- what is done to recordings ------------------------------------------------------------------


def add_noise(decibels: float | int, seed: int = 0) -> Disturbance:
    """Return what adds white noise so many dB below the recording's mean power."""

    def disturb(audio: Audio) -> Audio:
        power = np.mean(np.square(audio.samples, dtype=np.float64))
        noise = np.random.default_rng(seed).standard_normal(audio.samples.shape)
        return _like(audio, audio.samples + noise * np.sqrt(power / 10 ** (decibels / 10)))

    return disturb


def amplify(decibels: float | int) -> Disturbance:
    """Return what makes a recording louder by so many dB; nothing is clipped."""
    return lambda audio: _like(audio, audio.samples * np.float64(10 ** (decibels / 20)))


def delay_by(seconds: float | int) -> Disturbance:
    """Return what starts a recording later, after silence; its end is cut off."""

    def disturb(audio: Audio) -> Audio:
        late = np.pad(audio.samples, ((0, 0), (round(seconds * audio.rate), 0)))
        return _like(audio, late[:, : len(audio)])

    return disturb


def reencode(codec: Decodes, rounds: int = 1) -> Disturbance:
    """Return what encodes and decodes a recording so many times."""

    def disturb(audio: Audio) -> Audio:
        for _ in range(rounds):
            audio = codec.decode(codec.encode(audio))
        return audio

    return disturb


def usual_disturbances(tokenizer: Tokenizes) -> dict[str, Disturbance]:
    """Return those of the usual table; encoding again only for what decodes."""
    found = {f"noise at {snr} dB": add_noise(snr) for snr in (30, 20, 10)}
    found |= {f"{gain:+d} dB": amplify(gain) for gain in (6, -6)}
    found |= {"2 ms later": delay_by(0.002)}
    if isinstance(tokenizer, Decodes):
        found |= {f"encoded {n + 1} times": reencode(tokenizer, n) for n in (1, 3)}
    return found


def _like(audio: Audio, samples: np.ndarray) -> Audio:
    return Audio(samples.astype(np.float32), audio.rate, allow_loud=True)
