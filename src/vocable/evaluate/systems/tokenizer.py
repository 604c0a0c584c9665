"""Judge a codec of vocable, with any number of its levels.

What a recording is encoded to is kept until the next recording comes, so that all numbers of
levels, which are one family, share it.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, runtime_checkable

from vocable.audio import Audio
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems.system import Made, Make
from vocable.tokens import AudioTokens, TokenSpec

SHOWN = 4  # numbers of levels, where nobody says which


@runtime_checkable
class Coder(Protocol):
    """What encodes and decodes: a `vocable.codecs.Codec`, or anything like it."""

    def encode(self, source: Audio, /) -> AudioTokens:
        """Return tokens of all levels."""
        ...

    def decode(self, tokens: AudioTokens, /) -> Audio:
        """Return what the tokens sound like."""
        ...


@dataclass(frozen=True)
class CodecSystem:
    """A codec at the first `levels` of its levels.

    opener, arguments
            `opener(*arguments)` returns the codec, in each process that judges, once: a function of
            a module, say `vocable.load` with ("speech-16k",)
    spec    of the codec's tokens: its space names encoder and quantizer
    weights what else the sound depends on: say a hash of the decoder's weights
    label   what stands for the codec in names; left out, the spec's name
    """

    opener: Callable[..., Coder]
    arguments: tuple[Any, ...]
    spec: TokenSpec
    levels: int
    weights: str = ""
    label: str = ""

    @property
    def family(self) -> str:
        """The codec's name."""
        return self.label or self.spec.name

    @property
    def name(self) -> str:
        """The codec's name and the number of levels: `speech-16k, 4 levels`; or its floats."""
        if self.spec.latent is not None:
            return f"{self.family}, {self.spec.latent.dim} floats"
        return f"{self.family}, {self.levels} level{'s' if self.levels > 1 else ''}"

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the weights, the levels and the version of the code that computes."""
        version = importlib.metadata.version("vocable")
        facts = {"space": self.spec.space, "weights": self.weights, "levels": self.levels}
        return facts | {"vocable": version}

    def open(self) -> Make:
        """Load the codec, unless another number of its levels has."""
        memory = _remembering(self.opener, self.arguments)

        def make(recording: Recording) -> Made:
            tokens = memory.encode(recording.audio).first(self.levels)
            if self.spec.latent is not None:  # no bits, and nothing that a token file keeps
                return Made(memory.codec.decode(tokens))
            bits = float(tokens.bitrate * tokens.seconds)
            return Made(memory.codec.decode(tokens), bits, tokens)

        return make


def codec_systems(
    opener: Callable[..., Coder],
    arguments: tuple[Any, ...],
    spec: TokenSpec,
    levels: Sequence[int] | None = None,
    weights: str = "",
    label: str = "",
) -> list[CodecSystem]:
    """Return a codec at several numbers of levels, as `CodecSystem` takes it.

    levels: each one of `spec.prefixes`, else TokenError; left out, at most four of them, from the
    fewest to all, evenly.
    """
    chosen = evenly(spec.prefixes, SHOWN) if levels is None else sorted(set(levels))
    for count in chosen:
        spec.check_levels(count)
    return [CodecSystem(opener, arguments, spec, count, weights, label) for count in chosen]


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """Return at most so many items, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most < 2:
        return list(items[:most])
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]


class _Memory:
    """A codec, and what the last recording was encoded to."""

    def __init__(self, codec: Coder) -> None:
        self.codec = codec
        self._last: tuple[Audio, AudioTokens] | None = None

    def encode(self, audio: Audio) -> AudioTokens:
        if self._last is None or self._last[0] is not audio:
            self._last = audio, self.codec.encode(audio)
        return self._last[1]


@cache
def _remembering(opener: Callable[..., Coder], arguments: tuple[Any, ...]) -> _Memory:
    return _Memory(opener(*arguments))
