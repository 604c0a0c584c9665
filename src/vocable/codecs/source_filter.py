"""Blocks without weights of codecs that excite and filter: spectra and pitch of samples, and back.

Each gives the same whole and in steps; a row is a hop of samples, 10 ms in the shipped models.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.nn import Block
from vocable.nn.block import tail
from vocable.ratio import Ratio
from vocable.signal.excitation import phase_advance, pulses
from vocable.signal.noise import noise
from vocable.signal.pitch import CONTEXT, POINTS, pitch, to_octaves
from vocable.signal.spectra import hann, root_hann


class Placed(Block):
    """A block without weights: an empty buffer keeps where it is.

    Its windows are not buffers, which whoever holds the module may cast, empty or leave out.
    """

    place: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("place", torch.zeros(0, dtype=torch.float32), persistent=False)


class Spectra(Placed):
    """Turn samples into spectral features, one row a hop, from a window that ends with the hop.

    `[B, T, 1] -> [B, T / hop, 3 · (window / 2 + 1)]`: log magnitudes, and real and imaginary parts
    compressed to magnitude^0.3.
    """

    def __init__(self, window: int, hop: int) -> None:
        super().__init__()
        self.size, self.stride_in = window, hop
        self.ratio, self.lookahead, self.receptive = Ratio(1, hop), 0, window

    def initial_state(self, batch: int) -> Any:
        return self.zeros(batch, self.size - self.stride_in)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        with torch.autocast(x.device.type, enabled=False):
            line = torch.cat([state, x[..., 0].float()], dim=1)
            window = hann(self.size, line.device)
            found = torch.fft.rfft(line.unfold(1, self.size, self.stride_in) * window)
            # The root of the power: complex abs takes half of the encoder's time.
            power = found.real.square() + found.imag.square()
            magnitude = power.sqrt().clamp(min=1e-5)
            scale = magnitude**-0.7
            parts = [0.4 * magnitude.log(), found.real * scale, found.imag * scale]
            after = tail(line, line.shape[1] - state.shape[1])
            return torch.cat(parts, dim=-1).to(x.dtype), after


class PitchRows(Placed):
    """Turn samples into pitch, `[B, T, 1] -> [B, T / frame, 4]` in Hz, 0 = unvoiced.

    What is quieter than `silence`, as a mean square, is unvoiced.
    """

    def __init__(self, rate: int, frame: int, silence: float = 1e-7) -> None:
        super().__init__()
        self.rate, self.stride_in, self.silence = rate, frame, silence
        self.ratio, self.lookahead, self.receptive = Ratio(1, frame), 0, CONTEXT

    def initial_state(self, batch: int) -> Any:
        return self.zeros(batch, CONTEXT - self.stride_in)

    @torch.no_grad()
    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        line = torch.cat([state, x[..., 0].to(state.dtype)], dim=1)
        frames = line.unfold(1, CONTEXT, self.stride_in)
        hz = pitch(frames.reshape(-1, CONTEXT), self.rate, self.silence)
        hz = hz.reshape(*frames.shape[:2], POINTS)
        return hz.to(x.dtype), tail(line, line.shape[1] - state.shape[1])


def pitch_features(hz: Float[Tensor, "*batch points"]) -> Float[Tensor, "*batch features"]:
    """Return voicing (0 or 1) and octaves (0 if unvoiced) of each point."""
    voiced, octaves = to_octaves(hz.float())
    return torch.cat([voiced.float(), octaves], dim=-1)


class Excitation(Placed):
    """Turn pitch, `[B, N, 1]` Hz a hop, into spectra of pulses and of noise, `[B, N, 2 · bins]`.

    State: the last hop of both signals, the last voiced pitch's phase in cycles, the position.
    """

    def __init__(self, rate: int, hop: int, window: int) -> None:
        super().__init__()
        self.rate, self.hop, self.size = rate, hop, window
        self.stride_in, self.ratio, self.lookahead, self.receptive = 1, Ratio(1), 0, None

    def initial_state(self, batch: int) -> Any:
        past = self.zeros(batch, 2, self.size - self.hop)
        phase, position = self.zeros(batch).double(), self.zeros(batch).long()
        return past, self.zeros(batch, 1), phase, position

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        past, last, phase, position = state
        hz = x[..., 0].float()
        before = torch.cat([last, hz[:, :-1]], dim=1)
        before = torch.where(before > 0, before, hz)
        advance = phase_advance(before, hz, self.rate, self.hop)
        ends = phase[:, None] + advance.cumsum(dim=1)
        train = pulses(before, hz, ends - advance, self.rate, self.hop).flatten(1)
        samples = position[:, None] + torch.arange(train.shape[1], device=x.device)
        learns = self.training and torch.is_grad_enabled()  # random in a training step only
        hiss = torch.randn_like(train) if learns else noise(samples)
        line = torch.cat([past, torch.stack([train, hiss], dim=1)], dim=2)
        rows = line.unfold(2, self.size, self.hop) * root_hann(self.size, line.device)
        found = torch.fft.rfft(rows).transpose(1, 2).flatten(2)
        ends = ends[:, -1] - ends[:, -1].floor() if hz.shape[1] else phase
        last = hz[:, -1:].clone() if hz.shape[1] else last
        return found, (
            line[..., line.shape[2] - past.shape[2] :].clone(),
            last,
            ends,
            position + train.shape[1],
        )


class OverlapAdd(Placed):
    """Turn spectra into samples, `[B, N, bins] -> [B, N · hop, 1]`; the look-ahead is one hop.

    State: the half of a window that waits for the next; empty before the first, whose early half
    lies before the recording.
    """

    def __init__(self, hop: int) -> None:
        super().__init__()
        self.hop = hop
        self.stride_in, self.ratio, self.lookahead, self.receptive = 1, Ratio(hop), 1, 2

    def initial_state(self, batch: int) -> Any:
        return self.zeros(batch, 0)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[1]:
            return state.new_zeros(x.shape[0], 0, 1), state
        rows = torch.fft.irfft(x, 2 * self.hop) * root_hann(2 * self.hop, x.device)
        early, late = rows.split(self.hop, dim=2)
        waiting = state[:, None] if state.shape[1] else torch.zeros_like(late[:, :1])
        samples = (early + torch.cat([waiting, late[:, :-1]], dim=1)).flatten(1)
        begun = samples if state.shape[1] else samples[:, self.hop :]
        return begun[..., None], late[:, -1].clone()

    def finish(self, state: Any) -> Tensor:
        rest: Tensor = state[..., None]
        return rest
