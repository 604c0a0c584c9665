"""Give what units are compared with one another: 50 frames a second of MFCC, log-mels, networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import vocable
from vocable.audio import Audio
from vocable.codecs import Tokenizer
from vocable.codecs.recording import Recording
from vocable.units import SignalEncoder
from vocable.units.layers import TokenizerLayers
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig

HOP = 320  # samples from frame to frame
MEASURED = 32, 4 * 16_000  # recordings, samples of each, that a network's log-mels are scaled by


@dataclass(frozen=True)
class Row:
    """What is clustered: a layer of an encoder, as it is or standardised; and ready units of it."""

    name: str
    encoder: Any
    layer: int = 0
    standardise: bool = False
    own: Tokenizer | None = None


class EverySecond:
    """The first, third … frame of MFCC or log-mels, as HuBERT's first targets are."""

    normalize, rate, frame = False, 16_000, HOP

    def __init__(self, name: str) -> None:
        self._every = SignalEncoder(name)
        self.space, self.window = f"every-second-{self._every.space}", self._every.window
        self.channels = self._every.channels

    def features(self, sources: list[Audio], rate: int | None = None, **how: Any) -> list:
        """Return the frames of each recording."""
        return [rows[::2] for rows in self._every.features(sources, rate, **how)]

    def feature_parts(self, sources: list[Audio], **how: Any) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the frames of each recording, all at once."""
        yield from enumerate(self.features(sources, **how))


class Kept:
    """An encoder that computes the frames of a recording once."""

    def __init__(self, encoder: Any) -> None:
        self._encoder, self._found = encoder, {}
        self.space, self.rate, self.channels = encoder.space, encoder.rate, encoder.channels
        self.frame, self.window = encoder.frame, encoder.window
        self.normalize = getattr(getattr(encoder, "model", encoder), "normalize", False)

    def features(
        self, sources: list[Audio], rate: int | None = None, *, layer: int, mix: bool = False
    ) -> list[np.ndarray]:
        """Return the frames of each recording."""
        return [self._of(each, layer) for each in sources]

    def feature_parts(
        self, sources: list[Audio], *, layer: int, mix: bool = False
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the frames of each recording, all at once."""
        yield from enumerate(self.features(sources, layer=layer))

    def _of(self, source: Audio | Recording, layer: int) -> np.ndarray:
        audio = source.held if isinstance(source, Recording) else source.mono()
        assert audio is not None  # all recordings are in memory
        key = audio.rate, hash(audio.samples.tobytes())
        if key not in self._found:
            (self._found[key],) = self._encoder.features([audio], layer=layer)
        return self._found[key]


def baselines(units: int, sounds: Sequence[Audio]) -> list[Row]:
    """Return MFCC, log-mels, and a network that has learnt nothing but the scale of log-mels."""
    network = untrained(units, sounds)
    return [
        Row("MFCC", EverySecond("mfcc")),
        Row("log-mel", EverySecond("log-mel")),
        Row("random weights", TokenizerLayers(network), network.model.config.layers, True),
    ]


def untrained(units: int, sounds: Sequence[Audio]) -> Tokenizer:
    """Return the network of the recipes as it is before the first step, by seed 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = StreamingUnits(StreamingUnitsConfig(units=units)).eval()
    count, length = MEASURED
    some = [torch.tensor(np.resize(each.mono().samples[0], length)) for each in sounds[:count]]
    model.encoder.frames.measure(torch.stack(some)[..., None])
    return Tokenizer(model)


def trained(asked: str) -> Row:
    """Return what NAME[@LAYER]=FOLDER asks for; the layer of a tokenizer is that of its units."""
    name, _, folder = asked.rpartition("=")
    layer = int(name.rpartition("@")[2]) if "@" in name else None
    found = vocable.load(folder)
    if hasattr(found, "features"):
        if layer is None:
            raise SystemExit(f"{folder} is an encoder; say of which layer: NAME@LAYER={folder}")
        return Row(name, found, layer)
    layers = TokenizerLayers(found)
    return Row(name, layers, layer or layers.layers, True, None if layer else found)
