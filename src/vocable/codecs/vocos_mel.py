"""Vocos of mel spectra as a codec: its spectra rounded, as dMel rounds its own.

"Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for high-quality audio
synthesis" (Siuzdak 2023, arXiv:2306.00814); for rounding "dMel: Speech Tokenization made Simple"
(Bai et al. 2024, arXiv:2407.15835), whose sound comes from a vocoder that was trained too.

    model            Hz      samples a frame  frames/s  levels × size  bits/s
    vocos_mel_24khz  24 000  256              93.75     100 × 64       56 250

    encoder    magnitudes under a Hann window around the beginning of each frame, triangular filters
               of peak 1 on the HTK scale, natural logarithms from 1e-7 on
    quantizer  values of each band at equal distances: a level a band, side by side
    decoder    Vocos' own, trained to hear such spectra unrounded; `model.decoder` takes those

Vocos has no tokens of its own: these are ours, and their steps of 3 dB too.

Differences from the package: there is silence before and after the recording, where the package
mirrors it, so that the two frames at each end may differ; and its last frame, which begins with the
end, is not a frame here. The decoder goes on as if the last frame came again, to the exact length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dmel import EvenSteps, bands_spec
from vocable.codecs.source_filter import Placed
from vocable.codecs.vocos_decoder import vocos_decoder
from vocable.errors import ModelError
from vocable.nn import Prolonged
from vocable.nn.block import tail
from vocable.quantize.fsq import GroupedQuantizer
from vocable.ratio import Ratio
from vocable.signal.spectra import hann, mel_filters

FLOOR = 1e-7  # of a band's magnitude


@dataclass(frozen=True)
class VocosMelConfig:
    """The sizes of a Vocos of mel spectra, and how these are rounded. Defaults are published."""

    rate: int = 24_000  # Hz
    frame: int = 256  # samples between windows
    window: int = 1024  # samples of a spectrum, both ways
    bands: int = 100
    width: int = 512  # channels of the decoder
    hidden: int = 1536  # channels of the MLP in each of its blocks
    blocks: int = 8
    steps: int = 64  # values of a band
    least: float = math.log(FLOOR)  # value of a band
    most: float = 6.0

    def __post_init__(self) -> None:
        if self.frame < 1 or self.window % 2 or self.window < 2 * self.frame:
            raise ModelError(
                f"a window has an even number of samples, two frames or more, but window is "
                f"{self.window} and frame {self.frame}"
            )


def vocos_mel_24khz() -> VocosMelConfig:
    """Return the sizes of `charactr/vocos-mel-24khz`, with 64 values of each band."""
    return VocosMelConfig()


PUBLISHED = (vocos_mel_24khz,)


class CentredMels(Placed):
    """Turn samples into log-mel spectra, `[B, T, 1] -> [B, T / frame, bands]`.

    The window of row f stands around sample f · frame, between silence and silence.
    """

    def __init__(self, config: VocosMelConfig) -> None:
        super().__init__()
        self.config, self.channels_out = config, config.bands
        self.stride_in, self.ratio = config.frame, Ratio(1, config.frame)
        self.lookahead, self.receptive = config.window // 2 - config.frame, config.window

    def initial_state(self, batch: int) -> Any:
        """Return the silence before the first sample."""
        return self.zeros(batch, self.config.window // 2)

    def step(
        self, x: Float[Tensor, "batch time 1"], state: Any
    ) -> tuple[Float[Tensor, "batch rows bands"], Any]:
        """Return the rows whose windows are complete."""
        c = self.config
        line = torch.cat([state, x[..., 0].to(state.dtype)], dim=1)
        rows = max(0, (line.shape[1] - c.window) // c.frame + 1)
        return self._rows(line, rows), tail(line, rows * c.frame)

    def finish(self, state: Any) -> Float[Tensor, "batch rows bands"]:
        """Return the last rows, whose windows reach into what follows."""
        c = self.config
        rows = (state.shape[1] - c.window // 2) // c.frame
        return self._rows(F.pad(state, (0, c.window // 2 - c.frame)), rows)

    def _rows(self, line: Tensor, rows: int) -> Float[Tensor, "batch rows bands"]:
        c = self.config
        if not rows:  # of no rows there is no transform
            return line.new_zeros(len(line), 0, c.bands)
        with torch.autocast(line.device.type, enabled=False):
            windows = line.float().unfold(1, c.window, c.frame)
            found = torch.fft.rfft(windows * hann(c.window, line.device))
            power = found.real.square() + found.imag.square()
            filters = mel_filters(c.rate, c.window, c.bands).to(line.device)
            mels: Tensor = (power.sqrt() @ filters).clamp(min=FLOOR).log()
            return mels


class VocosMel(CodecModel):
    """Vocos of mel spectra, as its config says."""

    def __init__(self, config: VocosMelConfig) -> None:
        c = config
        quantizer = GroupedQuantizer(EvenSteps(c.steps, c.bands, c.least, c.most), None)
        super().__init__(config, bands_spec("vocos-mel", c.rate, c.frame, quantizer))
        self.encoder, self.quantizer = CentredMels(c), quantizer
        decoder = vocos_decoder(
            c.bands, c.width, c.hidden, c.blocks, window=c.window, hop=c.frame, edge="center"
        )
        self.decoder = Prolonged(decoder)
