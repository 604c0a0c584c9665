"""The speech codec with a flow behind its decoder: bands are drawn, where the decoder has means.

    tokens, rate, latency   those of `codecs/channel_vocoder.py`, whose encoder, quantizer and
                            decoder it has: either decodes what the other encodes
    flow                    4 steps of Euler's from noise to the levels of 40 bands, 100 rows/s

What a token does not say, a decoder that learns by distances can only average, and one that learns
against discriminators has to invent. Here it is drawn from what it may be: the decoder's spectra
are made louder or quieter in each band, by gains that a flow-matching network draws, given the
tokens and those spectra. "FlowDec" (Welker et al. 2025, arXiv:2503.01485) has a flow behind a codec
too; of waveforms, whose phases these tokens do not have. Decoding repeats to the bit: the noise is
a function of seed and row. `model.flow.draw = seeded_noise(7)` draws another reading of the same
tokens, `model.flow.steps = 8` takes more steps.

Only the flow learns, by the recipe `flow-16k`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float
from torch import Tensor, nn

from vocable.codecs.channel_rows import band_shape, bands_told_apart
from vocable.codecs.channel_vocoder import ChannelDecoder, ChannelVocoder, ChannelVocoderConfig
from vocable.codecs.codec_model import CodecOutput
from vocable.codecs.codes import as_codes
from vocable.errors import ModelError
from vocable.nn import Flow, FlowSource
from vocable.signal.pitch import POINTS
from vocable.signal.spectra import CPU, root_hann

_FLOOR = 1e-10  # of the power of a band
_MOST = 6.0  # of a gain that is drawn, in units of `spread`
_QUIET = -8.0  # nepers: of bands below it, some 90 dB under full scale, nothing is learnt


@dataclass(frozen=True)
class FlowVocoderConfig(ChannelVocoderConfig):
    """The sizes of a channel vocoder, and of the flow behind its decoder."""

    flow_bands: int = 40  # whose gains are drawn
    flow_channels: int = 192
    flow_blocks: int = 4
    steps: int = 4  # from noise to gains
    spread: float = 0.5  # nepers: about what recordings differ by from the decoder's own bands


FLOW = ("flow_bands", "flow_channels", "flow_blocks", "steps", "spread")  # fields of the config


class FlowDecoder(ChannelDecoder):
    """A channel vocoder's decoder whose spectra get gains that are drawn."""

    def __init__(self, config: FlowVocoderConfig, source: FlowSource) -> None:
        super().__init__(config)
        c = config
        if not 2 <= c.flow_bands <= (most := bands_told_apart(self.bins, c.rate)):
            raise ModelError(
                f"flow_bands is {c.flow_bands}; a row of {self.bins} bins tells 2 to {most} apart"
            )
        self.requires_grad_(False)  # of all there is so far: it keeps what it has learnt
        self.drawn, self.spread = c.flow_bands, c.spread
        self.into_flow = nn.Linear(self.into.in_features, POINTS * c.flow_channels)
        self.flow = Flow(
            c.flow_channels + c.flow_bands, c.flow_bands, width=c.flow_channels,
            blocks=c.flow_blocks, source=source,
        )  # fmt: skip

    def initial_state(self, batch: int) -> Any:
        return *super().initial_state(batch), self.flow.initial_state(batch)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, 1), state
        spectra, told, (source, trunk, level) = self.spectra(x, state)
        gains, flow = self.flow.step(self.conditions(spectra, told), state[4])
        samples, late = self.overlap.step(self.raised(spectra, gains), state[2])
        return samples.to(x.dtype), (source, trunk, late, level, flow)

    def conditions(
        self, spectra: Complex[Tensor, "batch rows bins"], told: Float[Tensor, "batch frames width"]
    ) -> Float[Tensor, "batch rows conditions"]:
        """Return what gains are drawn by: what the network was told, and the bands it made.

        These are relative to the loudest of the row.
        """
        bands = self.bands_of(spectra)
        shape = (bands - bands.amax(-1, keepdim=True)).clamp(min=-8)
        rows = self.into_flow(told).reshape(*spectra.shape[:2], -1)
        return torch.cat([rows, shape.to(rows.dtype)], -1)

    def bands_of(
        self, spectra: Complex[Tensor, "batch rows bins"]
    ) -> Float[Tensor, "batch rows drawn"]:
        """Return the levels of bands in nepers."""
        with torch.autocast(spectra.device.type, enabled=False):
            power = spectra.real.square() + spectra.imag.square()
            means = _means(self.drawn, self.bins, self.rate, power.device)
            return 0.5 * (power @ means + _FLOOR).log()

    def raised(
        self, spectra: Complex[Tensor, "batch rows bins"], gains: Float[Tensor, "batch rows drawn"]
    ) -> Complex[Tensor, "batch rows bins"]:
        """Return spectra with gains of their bands, in units of `spread`; silence stays silent."""
        with torch.autocast(spectra.device.type, enabled=False):
            nepers = self.spread * gains.float().clamp(-_MOST, _MOST)
            shape = band_shape(self.drawn, self.bins, self.rate, spectra.device)
            return spectra * (nepers @ shape).exp()

    def learn(
        self, z: Float[Tensor, "batch frames dim"], sound: Float[Tensor, "batch time"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, "batch time 1"]]:
        """Return the loss of gains of whole recordings or segments, and what they sound like.

        The mean square of what velocities are off, over the bands and rows that have sound.
        """
        spectra, told, _ = self.spectra(z, super().initial_state(len(z)))
        rows = F.pad(sound.float(), (self.hop, 0)).unfold(1, 2 * self.hop, self.hop)
        wanted = torch.fft.rfft(rows * root_hann(2 * self.hop, rows.device))
        own = self.bands_of(spectra)
        data = ((self.bands_of(wanted) - own) / self.spread).clamp(-_MOST, _MOST)
        off, gains = self.flow.drawn(self.conditions(spectra, told), data)
        audible = (own > _QUIET).float()
        loss = (off.square() * audible).sum() / audible.sum().clamp(min=1)
        return loss, self.overlap(self.raised(spectra, gains))


class FlowVocoder(ChannelVocoder):
    """The speech codec with a flow behind its decoder.

    flow: what gains are drawn by; all that hold the model share it.
    """

    not_in_codes = ChannelVocoder.not_in_codes | set(FLOW)

    decoder: FlowDecoder

    def __init__(self, config: FlowVocoderConfig) -> None:
        super().__init__(config)
        self.flow = FlowSource(steps=config.steps)
        self.decoder = FlowDecoder(config, self.flow)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> CodecOutput:
        """Return for training the flow's loss, and sound of the gains that its velocities lead to.

        These are means over what may come, early on a path: sound is drawn by `from_codes`.
        """
        rows = self._rows(x)
        found = self.quantizer(self.encoder(rows))
        loss, sound = self.decoder.learn(found.z, rows[..., 0])
        audio = sound.transpose(1, 2)[..., : x.shape[-1]]
        losses = {**found.losses, "flow": loss}
        return CodecOutput(audio, as_codes(found.codes), losses, found.health, found)

    def calibrate(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Leave the level as it is: bands that are drawn are as loud as those they stand for."""


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _means(
    bands: int, bins: int, rate: int, device: torch.device = CPU
) -> Float[Tensor, "bins bands"]:
    """Return what makes powers of bins the mean powers of bands."""
    shape = band_shape(bands, bins, rate, device)
    return (shape / shape.sum(1, keepdim=True)).T
