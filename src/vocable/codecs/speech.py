"""A speech codec: spectra in, a source-filter decoder out, pitch as tokens of its own.

    16 kHz mono, 25 frames/s (640 samples, 40 ms), latency 50 ms (a frame and 10 ms of overlap)
    level 0     1024 pitch contours of four values a frame, role "prosody"
    levels 1-7  1024 entries each, residual vector quantization of the spectral envelope
    8 × 10 bits × 25 frames/s = 2000 bits/s; any prefix of 2 to 8 levels decodes by itself

The decoder never sees the waveform's phase. It makes a pulse train from the pitch and white noise,
takes their short-time spectra, shapes them by predicted gains, and overlap-adds: a vocoder in the
line of source-filter synthesis (Wang, Takaki, Yamagishi 2019, "Neural source-filter-based waveform
models") with a spectral head (Siuzdak 2023, "Vocos") and ConvNeXt trunks at 100 rows/s. Residual
codebooks follow SoundStream (Zeghidour et al. 2021), by moving averages and k-means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.contour_quantizer import ContourQuantizer
from vocable.codecs.contours import ContourBook
from vocable.codecs.model import untrained
from vocable.codecs.pitch_level import PitchLevel
from vocable.codecs.source_filter import (
    Excitation,
    OverlapAdd,
    PitchRows,
    Spectra,
    pitch_features,
)
from vocable.nn import Block, ConvNeXtBlock, Linear, Stack
from vocable.quantize import ResidualVQ
from vocable.ratio import Ratio
from vocable.signal.pitch import CONTEXT, POINTS
from vocable.tokens import Level, TokenSpec


@dataclass(frozen=True)
class SpeechConfig:
    """The sizes of a speech codec. Rates in Hz, lengths in samples."""

    rate: int = 16_000
    hop: int = 160  # samples a row of the trunks, 10 ms
    analysis: int = 640  # window of the encoder's spectra, looks back only
    synthesis: int = 320  # window of the decoder's spectra, two hops
    encoder_channels: int = 192
    encoder_blocks: int = 3
    latent: int = 256  # channels a frame before the quantizer
    decoder_channels: int = 256
    decoder_blocks: int = 6
    contours: int = 1024  # entries of the pitch book
    sizes: tuple[int, ...] = (1024,) * 7  # entries of the residual levels
    dimensions: int = 32  # of the space in which the residual levels search
    dropout: float = 0.0  # share of training items that use a random prefix of the levels

    @property
    def frame(self) -> int:
        """Samples a frame: one row of the trunk for each pitch point."""
        return self.hop * POINTS


class SpeechEncoder(Block):
    """Turn samples into one row a frame: a latent of the spectrum, and four pitch values in Hz."""

    def __init__(self, config: SpeechConfig) -> None:
        super().__init__()
        c = config
        bins = c.analysis // 2 + 1
        self.trunk = Stack(
            Spectra(c.analysis, c.hop),
            Linear(3 * bins, c.encoder_channels),
            *(ConvNeXtBlock(c.encoder_channels) for _ in range(c.encoder_blocks)),
        )
        self.pitch = PitchRows(c.rate, c.frame)
        self.out = nn.Linear(POINTS * (c.encoder_channels + 2), c.latent)
        self.norm = nn.LayerNorm(c.latent, elementwise_affine=False)
        self.stride_in, self.ratio = c.frame, Ratio(1, c.frame)
        self.lookahead, self.receptive = 0, max(self.trunk.receptive or 0, CONTEXT)

    def initial_state(self, batch: int) -> Any:
        return self.trunk.initial_state(batch), self.pitch.initial_state(batch)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, self.out.out_features + POINTS), state
        hz, pitch_state = self.pitch.step(x, state[1])
        rows, trunk_state = self.trunk.step(x, state[0])
        rows = rows.reshape(*hz.shape[:2], -1)
        latent = self.norm(self.out(torch.cat([rows, pitch_features(hz).to(rows.dtype)], dim=-1)))
        return torch.cat([latent.float(), hz.float()], dim=-1), (trunk_state, pitch_state)


class SpeechQuantizer(ContourQuantizer):
    """Quantize a row of the encoder: level 0 is the pitch contour, the others the latent."""

    def __init__(self, config: SpeechConfig) -> None:
        super().__init__()
        self.book = ContourBook(config.contours, POINTS)
        self.into = nn.Linear(config.latent, config.dimensions)
        self.norm = nn.LayerNorm(config.dimensions, elementwise_affine=False)
        self.residual = ResidualVQ(config.dimensions, config.sizes, dropout=config.dropout)
        self.dim = config.latent + POINTS
        self._set_levels()

    @property
    def books(self) -> tuple[ContourBook]:
        return (self.book,)

    def latent(self, z: Float[Tensor, "*batch axes"]) -> Float[Tensor, "*batch dimensions"]:
        """Return the projected latent at unit variance: what the residual levels quantize."""
        with torch.autocast(z.device.type, enabled=False):
            latent: Tensor = self.norm(self.into(super().latent(z)))
            return latent


class SpeechDecoder(Block):
    """Turn a row of the quantizer into a frame of samples, `[B, F, D + 4] -> [B, F · frame, 1]`."""

    def __init__(self, config: SpeechConfig) -> None:
        super().__init__()
        c = config
        self.bins, self.channels = c.synthesis // 2 + 1, c.decoder_channels
        self.into = nn.Linear(c.dimensions + 2 * POINTS, POINTS * c.decoder_channels)
        self.trunk = Stack(*(ConvNeXtBlock(c.decoder_channels) for _ in range(c.decoder_blocks)))
        self.norm = nn.LayerNorm(c.decoder_channels)
        self.head = nn.Linear(c.decoder_channels, 3 * self.bins)
        # Both gains start near the level of speech (0.05), the angle at 0.
        nn.init.constant_(self.head.bias, -3.0)
        nn.init.zeros_(self.head.bias.data[self.bins : 2 * self.bins])
        self.source = Excitation(c.rate, c.hop, c.synthesis)
        self.overlap = OverlapAdd(c.hop)
        self.stride_in, self.ratio, self.lookahead = 1, Ratio(c.frame), 1
        self.receptive = None
        self.frame, self.hop = c.frame, c.hop

    def settled(self, rows: int) -> int:
        """Return how many samples are final: all but those that the next frame overlaps."""
        return max(0, rows * self.frame - self.hop)

    def initial_state(self, batch: int) -> Any:
        return (
            self.source.initial_state(batch),
            self.trunk.initial_state(batch),
            self.overlap.initial_state(batch),
        )

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, 1), state
        z, hz = x[..., :-POINTS], x[..., -POINTS:]
        source, source_state = self.source.step(hz.flatten(1)[..., None], state[0])
        train, hiss = source[..., : self.bins], source[..., self.bins :]
        rows = self.into(torch.cat([z, pitch_features(hz).to(z.dtype)], dim=-1))
        rows = rows.reshape(x.shape[0], -1, self.channels)
        rows, trunk_state = self.trunk.step(rows, state[1])
        gains = self.head(self.norm(rows)).float()
        samples, tail = self.overlap.step(self._shape(gains, train, hiss), state[2])
        return samples.to(x.dtype), (source_state, trunk_state, tail)

    def _shape(self, gains: Tensor, train: Tensor, hiss: Tensor) -> Tensor:
        """Multiply pulses by a complex gain (log magnitude, angle) and noise by a real one."""
        voiced, angle, rough = gains.chunk(3, dim=2)
        bounded = torch.polar(voiced.clamp(-12, 3).exp(), angle)
        return bounded * train + rough.clamp(-12, 3).exp() * hiss

    def finish(self, state: Any) -> Tensor:
        return self.overlap.finish(state[2])


class Speech(PitchLevel, CodecModel):
    """The speech codec: spectra and pitch in, residual codes, source and filter out."""

    stored_dtype: ClassVar[torch.dtype] = torch.float16
    speech_only: ClassVar[bool] = True
    not_in_codes = frozenset({"synthesis", "decoder_channels", "decoder_blocks", "dropout"})

    config: SpeechConfig
    encoder: SpeechEncoder
    quantizer: SpeechQuantizer
    decoder: SpeechDecoder

    def __init__(self, config: SpeechConfig) -> None:
        pitch_level = Level(config.contours, role="prosody")
        levels = (pitch_level, *(Level(size) for size in config.sizes))
        spec = TokenSpec(
            space=untrained("speech"),
            rate=config.rate,
            frame=config.frame,
            channels=1,
            levels=levels,
            prefixes=tuple(range(2, len(levels) + 1)),
        )
        super().__init__(config, spec)
        self.encoder = SpeechEncoder(config)
        self.quantizer = SpeechQuantizer(config)
        self.decoder = SpeechDecoder(config)

    @torch.no_grad()
    def prepare(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Learn the book of pitch contours from training audio (an hour is plenty)."""
        found = [self.encoder.pitch(self._rows(x)).flatten(0, 1) for x in audio]
        self.quantizer.book.learn(torch.cat(found))
