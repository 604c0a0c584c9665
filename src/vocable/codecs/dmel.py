"""dMel: log-mel spectra rounded to 16 steps a band. Nothing of it is learned.

"dMel: Speech Tokenization made Simple" (Bai et al. 2024, arXiv:2407.15835), with the numbers of
Apple's package `dmel`.

    model       Hz      samples a frame  frames/s  levels × size  bits/s
    dmel_16khz  16 000  400              40        80 × 16        12 800

    encoder    magnitudes under a Hann window of two frames, 80 filters of equal area on Slaney's
               scale from 80 to 7600 Hz, logarithms to base 10
    quantizer  values of each band at equal distances from -7 to 2: a level a band, side by side
    decoder    magnitudes at four times the frames, phases that follow their peaks, and the inverse
               transform (dmel_decoder.py); the paper's is a vocoder that was trained

Encoding waits for nothing, decoding for the next frame and the window: it streams.

Differences from the package: before the recording there is silence, where the package mirrors it,
so that frame 0 may differ; and there is no frame more for what comes after the end. All other
frames are the package's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dmel_decoder import FINER, LOUDER, dmel_decoder
from vocable.codecs.model import Sides, untrained
from vocable.codecs.source_filter import Placed
from vocable.errors import ModelError
from vocable.nn.block import tail
from vocable.quantize.fsq import GroupedQuantizer
from vocable.quantize.lattice import Lattice
from vocable.ratio import Ratio
from vocable.signal.slaney import slaney_filters
from vocable.signal.spectra import CPU, hann
from vocable.tokens import Level, TokenSpec

_FLOOR = 1e-10  # of the power of a bin, and of a band's magnitude


@dataclass(frozen=True)
class DMelConfig:
    """The numbers of a dMel. Defaults are those of Apple's package at 16 kHz."""

    rate: int = 16_000  # Hz
    frame: int = 400  # samples between windows, which have twice as many
    transform: int = 1024  # samples that a window is filled up to with zeros
    bands: int = 80
    lowest: float = 80.0  # Hz
    highest: float = 7600.0  # Hz
    steps: int = 16  # values of a band
    least: float = -7.0  # value of a band: a logarithm to base 10
    most: float = 2.0

    def __post_init__(self) -> None:
        if self.frame < 1 or self.frame % (2 * FINER):
            raise ModelError(
                f"frame is {self.frame} samples; give a multiple of {2 * FINER}, which the decoder "
                "cuts"
            )


def dmel_16khz() -> DMelConfig:
    """Return the numbers of Apple's package, of 16 values a band."""
    return DMelConfig()


class LogMels(Placed):
    """Turn samples into log-mel spectra, `[B, T, 1] -> [B, T / frame, bands]`.

    Row f is of the frame before it and its own, so that it stands around sample f · frame.
    """

    def __init__(self, config: DMelConfig) -> None:
        super().__init__()
        self.config, self.channels_out = config, config.bands
        self.stride_in, self.ratio = config.frame, Ratio(1, config.frame)
        self.lookahead, self.receptive = 0, 2 * config.frame

    def initial_state(self, batch: int) -> Any:
        """Return the silence before the first sample."""
        return self.zeros(batch, self.stride_in)

    def step(
        self, x: Float[Tensor, "batch time 1"], state: Any
    ) -> tuple[Float[Tensor, "batch rows bands"], Any]:
        """Return the rows that are complete."""
        c = self.config
        with torch.autocast(x.device.type, enabled=False):
            line = torch.cat([state, x[..., 0].float()], dim=1)
            parts = line.reshape(len(x), -1, c.frame)  # whole frames: steps are of whole strides
            windows = torch.cat([parts[:, :-1], parts[:, 1:]], -1) * hann(2 * c.frame, line.device)
            if not windows.shape[1]:  # of no rows there is no transform
                return windows.new_zeros(len(x), 0, c.bands), state
            found = torch.fft.rfft(windows, c.transform)
            power = found.real.square() + found.imag.square()
            mels = power.clamp(min=_FLOOR).sqrt() @ _filters(c, line.device)
            return mels.clamp(min=_FLOOR).log10(), tail(line, line.shape[1] - c.frame)


class EvenSteps(Lattice):
    """So many values of each number at equal distances, from `least` to `most`."""

    def __init__(self, steps: int, groups: int, least: float, most: float) -> None:
        super().__init__((steps,), groups)
        self.least, self.last = least, steps - 1
        self.unit = round((most - least) / self.last, 4)  # as the package rounds it

    def place(self, x: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return self.placed(x).clamp(0.0, float(self.last))

    def decoded(self, place: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return self.least + self.unit * place

    def placed(self, value: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return (value - self.least) / self.unit


def bands_spec(name: str, rate: int, frame: int, quantizer: GroupedQuantizer) -> TokenSpec:
    """Return what tokens are that round bands of spectra: a level each, side by side."""
    return TokenSpec(
        untrained(name),
        rate=rate,
        frame=frame,
        channels=1,
        levels=tuple(Level(size) for size in quantizer.levels),
        prefixes=quantizer.prefixes,
    )


class DMel(CodecModel):
    """dMel, as its config says."""

    not_exported: ClassVar[str] = "its decoder follows phases row by row"

    def __init__(self, config: DMelConfig) -> None:
        c = config
        quantizer = GroupedQuantizer(EvenSteps(c.steps, c.bands, c.least, c.most), None)
        super().__init__(config, bands_spec("dmel", c.rate, c.frame, quantizer))
        self.encoder, self.quantizer = LogMels(c), quantizer
        self.decoder = dmel_decoder(c.rate, c.frame, c.transform, c.bands, c.lowest, c.highest)

    def restore_output(
        self, y: Float[Tensor, "batch channels time"], sides: Sides
    ) -> Float[Tensor, "batch channels time"]:
        """Return the sound as loud as it was."""
        return y * LOUDER


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _filters(c: DMelConfig, device: torch.device = CPU) -> Float[Tensor, "bins bands"]:
    found = slaney_filters(c.rate, c.transform, c.bands, c.lowest, c.highest)
    return torch.tensor(found, dtype=torch.float32, device=device)
