"""Log-mel frames of 20 ms as a block of samples: the front of encoders that read no waveform."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.nn.block import Block, State
from vocable.ratio import Ratio
from vocable.signal import kaldi

RATE, HOP, WINDOW = 16_000, 320, 400  # Hz; samples between frames; samples of a frame
_BEFORE = 160  # samples before the frame that are heard with it: a frame of 10 ms


class LogMelFrames(Block):
    """Samples `[batch, time, 1]` at 16 kHz to kaldi's log-mels, two frames of 10 ms in a row.

    Row t is what begins at sample 320 t and the frame 10 ms before it, `[batch, rows, 2 bands]`:
    the samples 320 t - 160 to 320 t + 399. So there are as many rows as wav2vec 2.0 has frames,
    `floor((samples - 400) / 320) + 1`, and of them each waits for no sample that it has no use for.
    Bands are centred and scaled by fixed numbers, which `measure` learns from training audio:
    statistics of the recording itself would let the end of it change its beginning.
    """

    stride_in, ratio = HOP, Ratio(1, HOP)
    lookahead, receptive, short = WINDOW - HOP, WINDOW + _BEFORE, 1

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.bands, self.channels_out = bands, 2 * bands
        self.register_buffer("mean", torch.zeros(bands))
        self.register_buffer("deviation", torch.ones(bands))

    mean: Tensor
    deviation: Tensor

    @torch.no_grad()
    def measure(self, samples: Float[Tensor, "batch time 1"]) -> None:
        """Set what bands are centred and scaled by: their mean and deviation over `samples`."""
        bands = kaldi.fbank(samples.squeeze(2), RATE, self.bands).flatten(0, 1)
        self.mean.copy_(bands.mean(0))
        self.deviation.copy_(bands.std(0).clamp(min=1e-3))

    def initial_state(self, batch: int) -> State:
        """Return the silence before the first sample."""
        return self.zeros(batch, _BEFORE, 1)

    def step(
        self, x: Float[Tensor, "batch time 1"], state: State
    ) -> tuple[Float[Tensor, "batch rows channels"], State]:
        """Return the rows that are complete; the samples that the next ones hear are kept."""
        samples = torch.cat((state, x), 1)
        rows = max(0, (samples.shape[1] - WINDOW - _BEFORE) // HOP + 1)
        # cloned, so that the state does not keep the whole input alive
        return self._rows(samples, rows), samples[:, rows * HOP :].clone()

    def _rows(self, samples: Tensor, rows: int) -> Tensor:
        if not rows:
            return samples.new_zeros(samples.shape[0], 0, 2 * self.bands)
        needed = samples[:, : WINDOW + _BEFORE + (rows - 1) * HOP].squeeze(2)
        bands = (kaldi.fbank(needed, RATE, self.bands) - self.mean) / self.deviation
        return bands.reshape(len(samples), rows, 2 * self.bands)
