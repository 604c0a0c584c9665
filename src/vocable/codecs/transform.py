"""Our codec of any sound: an exact lapped transform, its envelope, and shapes where they count.

    48 kHz mono, 50 frames/s (960 samples, 20 ms), overlap 5 ms to each side of an edge
    level 0      an attack: where and how far the gain rises, or none
    levels 1-3   1024 entries each, residual vector quantization of the log envelope in 29 bands
    levels 4-47  1024 entries each: the shape of a unit of 8 or 16 coefficients; the envelope says
                 of which, from what counts most to what counts least
    23.7 kbit/s; prefixes of 4, 8, 12, 18, 24, 36 levels: 1.7, 3.7, 5.7, 8.7, 11.7, 17.7 kbit/s

What no level codes is noise of the envelope's level. A small causal network sees the envelope and
what is coded, and corrects the level of both. So the transform carries what need not be learnt, as
in MP3 and Opus, and fixed levels spend their bits where these allocate theirs: by the envelope.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import untrained
from vocable.codecs.transform_attack import PLACES, Attacks
from vocable.codecs.transform_plan import SILENT
from vocable.codecs.transform_quantizer import TransformQuantizer
from vocable.codecs.transform_signal import Lapped, Unlapped
from vocable.errors import ModelError
from vocable.nn import Block, ConvNeXtBlock, Stack
from vocable.ratio import Ratio
from vocable.signal.noise import noise
from vocable.signal.spectra import CPU
from vocable.tokens import Level, TokenSpec

TONES = 20  # one frame in so many, of those that codebooks are learned from, is of tones


@dataclass(frozen=True)
class TransformConfig:
    """The sizes of a transform codec, those of `sound-48k`. Rates in Hz, lengths in samples."""

    rate: int = 48_000
    frame: int = 960  # samples, and coefficients, a frame
    overlap: int = 240  # to each side of an edge
    # parts of the spectrum: up to which coefficient, of how many each
    bands: tuple[tuple[int, int], ...] = (
        (64, 8),
        (192, 16),
        (384, 32),
        (768, 64),
        (960, 192),
    )
    units: tuple[tuple[int, int], ...] = ((320, 8), (768, 16))
    envelope: tuple[int, ...] = (1024,) * 3  # entries of its levels
    groups: tuple[int, ...] = (8, 5, 5, 5, 6)  # bands whose envelope is refined together
    planned: int = 44  # levels for units and groups
    size: int = 1024  # entries of each
    stages: int = 4  # that a unit or a group may get, at most
    prefixes: tuple[int, ...] = (4, 8, 12, 18, 24, 36, 48)
    channels: int = 96  # of the network that corrects levels
    blocks: int = 3


class TransformDecoder(Block):
    """Turn rows of the quantizer into samples, `[B, F, axes] -> [B, F · frame, 1]`."""

    def __init__(self, config: TransformConfig, quantizer: TransformQuantizer) -> None:
        super().__init__()
        c = config
        self._split, self._by_bin, self._coded = (
            quantizer.split,
            quantizer.by_bin,
            quantizer.coded,
        )
        self.bands = len(quantizer.bands) - 1
        self.into = nn.Linear(self.bands + quantizer.plan.units + quantizer.plan.groups, c.channels)
        self.trunk = Stack(*(ConvNeXtBlock(c.channels) for _ in range(c.blocks)))
        self.norm = nn.LayerNorm(c.channels)
        self.head = nn.Linear(c.channels, 2 * self.bands)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.inverse = Unlapped(c.frame, c.overlap, Attacks(c.frame))
        self.stride_in, self.ratio, self.lookahead = 1, Ratio(c.frame), 1
        self.receptive = None
        self.frame = c.frame

    def settled(self, rows: int) -> int:
        """Return how many samples are final: all but those that the next frame changes."""
        return self.inverse.settled(rows)

    def initial_state(self, batch: int) -> Any:
        place = self.zeros(batch).long()
        return self.trunk.initial_state(batch), self.inverse.initial_state(batch), place

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, 1), state
        trunk, inverse, place = state
        shapes, log, counts, attack = self._split(x.float())
        seen = torch.cat([log / 8, counts / 2], dim=-1).to(x.dtype)
        rows, trunk = self.trunk.step(self.into(seen), trunk)
        change = self.head(self.norm(rows)).float().clamp(-3, 3)
        scales = torch.where(log > SILENT, log, -torch.inf).repeat(1, 1, 2) + change
        tone, hiss = (self._by_bin(part) for part in scales.exp2().chunk(2, dim=-1))
        fill = torch.where(self._coded(counts) > 0, 0.0, self._noise(place, x.shape[1]))
        found = torch.cat([tone * shapes + hiss * fill, attack], dim=-1)
        samples, inverse = self.inverse.step(found, inverse)
        return samples.to(x.dtype), (trunk, inverse, place + x.shape[1])

    def finish(self, state: Any) -> Tensor:
        return self.inverse.finish(state[1])

    def _noise(self, place: Tensor, rows: int) -> Tensor:
        """Return 1 or -1 by chance: each band of each frame has exactly the level it should."""
        frames = place[:, None] + torch.arange(rows, device=place.device)
        bins = torch.arange(self.frame, device=place.device)
        return noise(frames[..., None] * self.frame + bins).sign()


class Transform(CodecModel):
    """The codec of any sound: lapped transform in, envelope and shapes, and the inverse out."""

    stored_dtype: ClassVar[torch.dtype] = torch.float16
    not_exported: ClassVar[str] = (
        "each frame searches as many codebooks of each width as its envelope asks for, so that "
        "sizes within the graph would depend on the sound"
    )
    not_in_codes = frozenset({"channels", "blocks"})

    config: TransformConfig
    encoder: Lapped
    quantizer: TransformQuantizer
    decoder: TransformDecoder

    def __init__(self, config: TransformConfig) -> None:
        c = config
        _check(c)
        quantizer = TransformQuantizer(
            c.frame,
            c.rate,
            c.bands,
            c.units,
            c.envelope,
            c.groups,
            c.planned,
            c.size,
            c.stages,
            c.prefixes,
        )
        spec = TokenSpec(
            space=untrained("transform"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size) for size in quantizer.levels),
            prefixes=quantizer.prefixes,
        )
        super().__init__(config, spec)
        self.encoder = Lapped(c.frame, c.overlap, Attacks(c.frame))
        self.quantizer = quantizer
        self.decoder = TransformDecoder(c, quantizer)

    @torch.no_grad()
    def prepare(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Learn all codebooks from training audio (a quarter of an hour is plenty) and from tones.

        Recordings alone leave no entry near the spectrum of a pure tone.
        """
        rows = [self.encoder(self._rows(x)).flatten(0, 1) for x in audio]
        frames = sum(len(x) for x in rows) // TONES + 1
        rows.append(
            self.encoder(_tones(self.config.rate, frames * self.config.frame)).flatten(0, 1)
        )
        self.quantizer.start_learning(torch.cat(rows), 1)


def _tones(rate: int, samples: int) -> Float[Tensor, "1 samples 1"]:
    """Return tones of a quarter of a second, sines and square waves in turn.

    Any pitch from 40 Hz to below half the rate, any level from -60 dB to full scale.
    """
    length = rate // 4
    count = -(-samples // length)
    shares = torch.rand(2, count, 1, dtype=torch.float32, device=CPU)
    pitch = 40 * (shares[0] * math.log2(0.45 * rate / 40)).exp2()
    time = torch.arange(length, dtype=torch.float32, device=CPU) / rate
    wave = (2 * math.pi * pitch * time).sin()
    wave[1::2] = wave[1::2].sign()
    found: Tensor = ((-10 * shares[1]).exp2() * wave).flatten()[None, :samples, None]
    return found


def _check(config: TransformConfig) -> None:
    c = config
    if c.frame % (2 * PLACES) or not 0 < 2 * c.overlap < c.frame:
        raise ModelError(
            f"frame is {c.frame} and overlap {c.overlap}; wanted a frame that is a multiple of "
            f"{2 * PLACES}, and twice the overlap below it"
        )
    if c.bands[-1][0] != c.frame or c.units[-1][0] > c.frame:
        raise ModelError(
            f"bands end at {c.bands[-1][0]} and units at {c.units[-1][0]}; wanted bands up to the "
            f"frame's {c.frame}, and units within"
        )
