"""A channel vocoder whose bands are learnt: our speech codec, `speech-16k`.

    16 kHz mono, 25 frames/s (640 samples, 40 ms), latency 50 ms (a frame, 10 ms of overlap)
    level 0     1024 pitch contours of four values a frame, role "prosody"
    level 1     1024 level contours of four values a frame in dB, role "prosody"
    levels 2-3  1024 entries each, residual vector quantization of the shape of 32 bands
    levels 4-7  4096 entries each, the same
    88 bits × 25 frames/s = 2200 bits/s, 1000 bits/s with 4 levels; any prefix of 3 to 8 decodes

A channel vocoder (Dudley 1939, "Remaking speech") sends pitch and the levels of bands, and shapes
pulses and noise by them. This one is that from its first step on: the latent starts as the
principal components of four rows of log bands, relative to the level, and the decoder's gains as
their inverse, interpolated. Networks at 100 rows/s add to both what training finds: in the encoder
what else to send, in the decoder gains, a phase and noise for each bin. Such a start is worth more
than ten times the training (docs/log.md). Whatever depends on loudness is in level 1, so the other
tokens and the networks do not change with it.

Pulses, noise and their spectra are those of `codecs/source_filter.py`. Differs from
`codecs/speech.py`: level contours, bands, no normalisation of the latent, larger codebooks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.channel_quantizer import ChannelQuantizer
from vocable.codecs.channel_rows import BandRows, LevelRows, RelativeSpectra, band_shape
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.level_contours import SILENCE
from vocable.codecs.model import untrained
from vocable.codecs.pitch_level import PitchLevel
from vocable.codecs.source_filter import Excitation, OverlapAdd, PitchRows, pitch_features
from vocable.nn import Block, ConvNeXtBlock, Linear, Stack
from vocable.nn.block import tail
from vocable.ratio import Ratio
from vocable.signal.pitch import CONTEXT, POINTS
from vocable.tokens import Level, TokenSpec

_NEPER = math.log(10) / 20  # of a dB
_AUDIBLE = -65.0  # dB: quieter frames say nothing about the shape of speech


@dataclass(frozen=True)
class ChannelVocoderConfig:
    """The sizes of a channel vocoder, those of `speech-16k`. Rates in Hz, lengths in samples."""

    rate: int = 16_000
    hop: int = 160  # samples a row of the trunks, 10 ms
    analysis: int = 640  # window of the encoder's spectra, looks back only
    bands: int = 32
    encoder_channels: int = 224
    encoder_blocks: int = 4
    decoder_channels: int = 320
    decoder_blocks: int = 8
    contours: int = 1024  # entries of the pitch book
    levels: int = 1024  # entries of the level book
    sizes: tuple[int, ...] = (1024,) * 2 + (4096,) * 4  # entries of the residual levels
    dimensions: int = 48  # of the latent, which the residual levels quantize
    dropout: float = 0.0  # share of training items that use a random prefix of the levels

    @property
    def frame(self) -> int:
        """Samples a frame: one row of the trunks for each point of a contour."""
        return self.hop * POINTS


class ChannelEncoder(Block):
    """Turn samples into one row a frame: the latent, four pitch values in Hz, four levels in dB."""

    def __init__(self, config: ChannelVocoderConfig) -> None:
        super().__init__()
        c = config
        self.spectra = RelativeSpectra(c.analysis, c.hop)
        self.bands = BandRows(c.rate, c.hop, c.bands)
        self.pitch = PitchRows(c.rate, c.frame, silence=10 ** (SILENCE / 10))
        self.level = LevelRows(c.hop)
        width = 3 * (c.analysis // 2 + 1) + 2 + c.bands
        self.trunk = Stack(
            Linear(width, c.encoder_channels),
            *(ConvNeXtBlock(c.encoder_channels) for _ in range(c.encoder_blocks)),
        )
        self.components = nn.Linear(POINTS * c.bands, c.dimensions)
        self.more = nn.Linear(POINTS * (c.encoder_channels + 2), c.dimensions)
        nn.init.zeros_(self.more.weight)
        nn.init.zeros_(self.more.bias)
        self.stride_in, self.ratio, self.lookahead = c.frame, Ratio(1, c.frame), 0
        reach = (self.trunk.receptive or 0) * c.hop + (self.spectra.receptive or 0)
        self.receptive = max(reach, CONTEXT)

    @property
    def _members(self) -> tuple[Block, ...]:
        return self.spectra, self.bands, self.pitch, self.level, self.trunk

    def initial_state(self, batch: int) -> Any:
        return tuple(member.initial_state(batch) for member in self._members)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, self.more.out_features + 2 * POINTS), state
        (spectra, a), (bands, b), (hz, c), (level, d) = (
            member.step(x, s) for member, s in zip(self._members[:4], state[:4], strict=True)
        )
        rows, e = self.trunk.step(torch.cat([spectra, bands.to(spectra.dtype)], -1), state[4])
        frames = hz.shape[:2]
        rows = torch.cat([rows.reshape(*frames, -1), pitch_features(hz).to(rows.dtype)], dim=-1)
        with torch.autocast(x.device.type, enabled=False):
            latent = self.components(bands.reshape(*frames, -1))
        latent = latent + self.more(rows).float()
        row = torch.cat([latent, hz.float(), level.reshape(*frames, POINTS)], dim=-1)
        return row, (a, b, c, d, e)


class ChannelDecoder(Block):
    """Turn a row of the quantizer into a frame of samples, `[B, F, D + 8] -> [B, F · frame, 1]`."""

    def __init__(self, config: ChannelVocoderConfig) -> None:
        super().__init__()
        c = config
        self.rate, self.hop, self.frame = c.rate, c.hop, c.frame
        self.channels, self.bands, self.bins = c.decoder_channels, c.bands, c.hop + 1
        self.components = nn.Linear(c.dimensions, POINTS * c.bands)
        width = c.dimensions + POINTS * (3 + c.bands)
        self.into = nn.Linear(width, POINTS * c.decoder_channels)
        self.trunk = Stack(*(ConvNeXtBlock(c.decoder_channels) for _ in range(c.decoder_blocks)))
        self.norm = nn.LayerNorm(c.decoder_channels)
        self.head = nn.Linear(c.decoder_channels, 3 * self.bins)
        nn.init.normal_(self.head.weight, std=0.01)  # at first little is added to the bands
        nn.init.zeros_(self.head.bias)
        self.breath = nn.Parameter(torch.linspace(-2.0, -0.5, self.bins))  # noise of voiced rows
        self.source = Excitation(c.rate, c.hop, 2 * c.hop)
        self.overlap = OverlapAdd(c.hop)
        self.stride_in, self.ratio, self.lookahead = 1, Ratio(c.frame), 1
        self.receptive = None

    def settled(self, rows: int) -> int:
        """Return how many samples are final: all but those that the next frame overlaps."""
        return max(0, rows * self.frame - self.hop)

    def initial_state(self, batch: int) -> Any:
        return (
            self.source.initial_state(batch),
            self.trunk.initial_state(batch),
            self.overlap.initial_state(batch),
            self.breath.new_full((batch, 1), SILENCE, dtype=torch.float32),
        )

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, 1), state
        spectra, _, (source, trunk, level) = self.spectra(x, state)
        samples, late = self.overlap.step(spectra, state[2])
        return samples.to(x.dtype), (source, trunk, late, level)

    def spectra(self, x: Tensor, state: Any) -> tuple[Tensor, Tensor, Any]:
        """Return spectra of two hops, one a row, and for each frame what the network was told.

        Then what comes after them of the state: source, trunk, level.
        """
        latent, hz, frames = x.tensor_split((-2 * POINTS, -POINTS), dim=-1)
        source, source_state = self.source.step(hz.flatten(1)[..., None], state[0])
        levels = torch.cat([state[3], frames.float().flatten(1)], dim=1)
        with torch.autocast(x.device.type, enabled=False):
            bands = self.components(latent.float())
        rise = (levels.diff(dim=1) / 20).clamp(-2, 2).reshape(frames.shape)
        parts = [part.to(latent.dtype) for part in (latent, pitch_features(hz), rise, bands)]
        told = torch.cat(parts, dim=-1)
        rows = self.into(told).reshape(x.shape[0], -1, self.channels)
        rows, trunk_state = self.trunk.step(rows, state[1])
        gains = self.head(self.norm(rows)).float()
        shaped = self._shape(gains, bands.flatten(1), hz.flatten(1), levels[:, 1:], source)
        return shaped, told, (source_state, trunk_state, tail(levels, -1))

    def _shape(
        self, gains: Tensor, bands: Tensor, hz: Tensor, levels: Tensor, source: Tensor
    ) -> Tensor:
        """Multiply pulses and noise by the bands' gain, and each by what the network adds to it.

        It adds a log gain and an angle to pulses, a log gain to noise. Rows of silence are silent.
        """
        pulses, noise = source[..., : self.bins], source[..., self.bins :]
        more, angle, rough = gains.chunk(3, dim=2)
        with torch.autocast(bands.device.type, enabled=False):
            shape = band_shape(self.bands, self.bins, self.rate, bands.device)
            base = bands.reshape(*levels.shape, self.bands) @ shape + levels[..., None] * _NEPER
        base = base.masked_fill((levels <= SILENCE)[..., None], -torch.inf)
        breath = torch.where(hz[..., None] > 0, self.breath.float(), 0.0)
        tone = torch.polar((base + more.clamp(-6, 6)).exp(), angle)
        return tone * pulses + (base + rough.clamp(-8, 6) + breath).exp() * noise

    def finish(self, state: Any) -> Tensor:
        return self.overlap.finish(state[2])


class ChannelVocoder(PitchLevel, CodecModel):
    """The speech codec: bands, pitch, level in; contours, residual codes; pulses and noise out."""

    stored_dtype: ClassVar[torch.dtype] = torch.float16
    speech_only: ClassVar[bool] = True
    not_in_codes = frozenset({"decoder_channels", "decoder_blocks", "dropout"})

    config: ChannelVocoderConfig
    encoder: ChannelEncoder
    quantizer: ChannelQuantizer
    decoder: ChannelDecoder

    def __init__(self, config: ChannelVocoderConfig) -> None:
        contours = (Level(config.contours, role="prosody"), Level(config.levels, role="prosody"))
        levels = (*contours, *(Level(size) for size in config.sizes))
        spec = TokenSpec(
            space=untrained("channel-vocoder"),
            rate=config.rate,
            frame=config.frame,
            channels=1,
            levels=levels,
            prefixes=tuple(range(len(contours) + 1, len(levels) + 1)),
        )
        super().__init__(config, spec)
        self.encoder = ChannelEncoder(config)
        self.quantizer = ChannelQuantizer(
            config.dimensions, config.contours, config.levels, config.sizes, config.dropout
        )
        self.decoder = ChannelDecoder(config)

    @torch.no_grad()
    def prepare(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Learn contours and principal components from training audio (an hour is plenty).

        Level contours are learnt as they would be at any loudness: each frame as if the largest
        sample of its item stood at a level drawn from -36 to 3 dB.
        """
        pitches, levels, bands = [], [], []
        for x in audio:
            rows = self._rows(x[..., : x.shape[-1] // self.spec.frame * self.spec.frame])
            pitches.append(self.encoder.pitch(rows).flatten(0, 1))
            level = self.encoder.level(rows).reshape(len(x), -1, POINTS)
            peak = 20 * x.abs().amax((1, 2)).clamp(min=1e-3).log10()
            wanted = torch.empty_like(level[..., :1]).uniform_(-36, 3)
            levels.append((level - peak[:, None, None] + wanted).flatten(0, 1))
            frames = self.encoder.bands(rows).reshape(len(x), -1, POINTS * self.config.bands)
            bands.append(frames[level.amax(-1) > _AUDIBLE])
        self.quantizer.book.learn(torch.cat(pitches))
        self.quantizer.level_book.learn(torch.cat(levels))
        self._start_from_components(torch.cat(bands))

    @torch.no_grad()
    def calibrate(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Let what is decoded of `audio` be as loud as it, in the mean over clips and prefixes.

        A voice that is not among those of the training comes back quieter, by some 0.3 dB: what is
        not sure is averaged.
        """
        gains = []
        for x in audio:
            codes = self.to_codes(x).stacked()
            for levels in self.spec.prefixes:
                y = self.from_codes(codes[:, :levels])[..., : x.shape[-1]]
                gains.append((x.square().mean() / y.square().mean()).log() / 2)
        found = torch.stack(gains)
        if not (sounds := found.isfinite()).any():  # nothing but silence
            return
        gain = found[sounds].mean()
        tone, _, noise = self.decoder.head.bias.chunk(3)
        tone.add_(gain)
        noise.add_(gain)

    def _start_from_components(self, bands: Float[Tensor, "rows width"]) -> None:
        """Let the latent be the principal components of `bands`, of unit power on average."""
        bands = bands.double()
        mean = bands.mean(0)
        power, axes = torch.linalg.eigh((bands - mean).T.cov())
        power, axes = power.flip(0)[: self.config.dimensions], axes.flip(1)
        axes = axes[:, : self.config.dimensions]
        unit = power.mean().sqrt()
        encoder, decoder = self.encoder.components, self.decoder.components
        encoder.weight.copy_(axes.T / unit)
        encoder.bias.copy_(-(mean @ axes) / unit)
        decoder.weight.copy_(axes * unit)
        decoder.bias.copy_(mean)
