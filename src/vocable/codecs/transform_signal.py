"""Blocks of the transform codec that have no weights: a lapped transform, and its exact inverse.

The time-domain-aliasing view of the MDCT (Princen and Bradley 1987; Malvar 1992, "Signal Processing
with Lapped Transforms"): samples around each edge of a frame are rotated pair by pair, then each
frame gets an orthonormal DCT-IV. Both steps are orthogonal, so the energy is that of the samples,
and what comes back is exact. The first and the last edge of a recording are not rotated.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from vocable.codecs.transform_attack import CODES, Attacks
from vocable.nn import Block
from vocable.ratio import Ratio
from vocable.signal.spectra import CPU


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _turns(overlap: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of the rotation of the pairs at 0, 1, … samples from an edge.

    It is Vorbis' power-complementary window over `2 · overlap` samples.
    """
    place = (torch.arange(overlap, dtype=torch.float64, device=CPU) + 0.5) / (2 * overlap)
    angle = math.pi / 2 * torch.sin(math.pi / 2 * (0.5 + place)).square()
    return angle.sin().float().to(device), angle.cos().float().to(device)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _twiddle(size: int, device: torch.device) -> Complex[Tensor, " half"]:
    steps = torch.arange(size // 2, dtype=torch.float64, device=CPU)
    angle = -math.pi * (8 * steps + 1) / (8 * size)
    return torch.polar(torch.ones_like(angle), angle).to(torch.complex64).to(device)


def dct4(x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
    """Return the orthonormal DCT-IV of rows of an even size, its own inverse, by half an FFT."""
    size = x.shape[-1]
    turn = _twiddle(size, x.device)
    folded = torch.complex(x[..., ::2], x[..., 1::2].flip(-1)) * turn
    y = torch.fft.fft(folded) * turn * (2 / size) ** 0.5
    return torch.stack([y.real, -y.imag.flip(-1)], dim=-1).flatten(-2)


class Lapped(Block):
    """Turn samples into rows of coefficients, `[B, T, 1] -> [B, T / frame, frame + 1]`.

    The last column is the frame's attack (`Attacks`), by whose gain the samples are divided first.
    An edge reaches `overlap` samples to each side, which are the look-ahead.

    State: the samples from `overlap` before the next frame, those of them that are scaled first;
    then what `Attacks` keeps. Before the first frame there is nothing.
    """

    def __init__(self, frame: int, overlap: int, attacks: Attacks) -> None:
        super().__init__()
        self.frame, self.overlap, self.attacks = frame, overlap, attacks
        self.stride_in, self.ratio = frame, Ratio(1, frame)
        self.lookahead, self.receptive = overlap, None

    @property
    def step_in(self) -> int:
        """Parts of a frame: what has begun waits, and a stream only for the look-ahead."""
        return math.gcd(self.frame, self.overlap)

    def initial_state(self, batch: int) -> Any:
        empty = self.zeros(batch, 0)
        return empty, empty, self.attacks.start(self.zeros(batch, 1))

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        scaled, raw, attack = state
        line = torch.cat([raw, x[..., 0].to(raw)], dim=1)
        if not scaled.shape[1]:
            if line.shape[1] < self.overlap:
                return x.new_zeros(x.shape[0], 0, self.frame + 1), (scaled, line, attack)
            scaled, line = line[:, : self.overlap], line[:, self.overlap :]
        count = line.shape[1] // self.frame
        taken, rest = line[:, : count * self.frame], line[:, count * self.frame :]
        found, shares, attack = self.attacks.encode(taken, attack)
        rows, scaled = self._rows(torch.cat([scaled, taken / found], dim=1), count)
        return torch.cat([rows, shares[..., None]], dim=2), (scaled, rest.clone(), attack)

    def finish(self, state: Any) -> Tensor:
        scaled, raw, attack = state
        if not scaled.shape[1]:
            return self.zeros(raw.shape[0], 0, self.frame + 1)
        line = torch.nn.functional.pad(raw, (0, self.frame - raw.shape[1]))
        found, shares, _ = self.attacks.encode(line, attack)
        rows, _ = self._rows(torch.cat([scaled, line / found], dim=1), 1, last=True)
        return torch.cat([rows, shares[..., None]], dim=2)

    def _rows(self, line: Tensor, count: int, last: bool = False) -> tuple[Tensor, Tensor]:
        """Return the coefficients of frames, and what the next one needs of `line`.

        line: from `overlap` before the first frame, or from its start, to `overlap` after the last.
        """
        over, frame = self.overlap, self.frame
        if not count:
            return line.new_zeros(line.shape[0], 0, frame), line
        first = line.shape[1] == count * frame + over
        line = torch.nn.functional.pad(line, (over, 0)) if first else line
        edges = line.unfold(1, 2 * over, frame)
        before, after = edges[..., :over].flip(-1), edges[..., over:]
        cosine, sine = _turns(over, line.device)
        early, late = cosine * after + sine * before, cosine * before - sine * after
        if first:
            early = torch.cat([after[:, :1], early[:, 1:]], dim=1)
        if last:
            late = torch.cat([late[:, :-1], before[:, -1:]], dim=1)
        middle = line[:, 2 * over :].unfold(1, frame - 2 * over, frame)[:, :count]
        parts = [early[:, :-1], middle, late[:, 1:].flip(-1)]
        return dct4(torch.cat(parts, dim=2)), line[:, -2 * over :].clone()


class Unlapped(Block):
    """Turn rows of `Lapped` back into samples, `[B, F, frame + 1] -> [B, F · frame, 1]`.

    State: the last samples of a frame, which the next one changes, and the gain of the samples that
    wait; then what `Attacks` keeps.
    """

    def __init__(self, frame: int, overlap: int, attacks: Attacks) -> None:
        super().__init__()
        self.frame, self.overlap, self.attacks = frame, overlap, attacks
        self.stride_in, self.ratio, self.lookahead, self.receptive = 1, Ratio(frame), 1, None

    def settled(self, rows: int) -> int:
        """Return how many samples are final: all but those that the next frame changes."""
        return max(0, rows * self.frame - self.overlap)

    def initial_state(self, batch: int) -> Any:
        empty = self.zeros(batch, 0)
        return empty, empty, self.zeros(batch)

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        waiting, gain, level = state
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, 1), state
        over, first = self.overlap, not waiting.shape[1]
        blocks = dct4(x[..., :-1].float())
        sizes = [over, self.frame - 2 * over, over]
        early, middle, late = torch.split(blocks, sizes, dim=2)
        late = late.flip(-1)
        last = torch.zeros_like(late[:, :1]) if first else waiting[:, None]
        late, rest = torch.cat([last, late[:, :-1]], dim=1), late[:, -1].clone()
        cosine, sine = _turns(over, x.device)
        before, after = sine * early + cosine * late, cosine * early - sine * late
        if first:
            after = torch.cat([early[:, :1], after[:, 1:]], dim=1)
        samples = torch.cat([before.flip(-1), after, middle], dim=2).flatten(1)
        samples = samples[:, over:] if first else samples
        codes = x[..., -1].nan_to_num().round().clamp(0, CODES - 1).long()
        more, level = self.attacks.decode(codes, level)
        gain = torch.ones_like(samples[:, :over]) if first else gain
        gain = torch.cat([gain, more], dim=1)
        done = samples.shape[1]
        return (samples * gain[:, :done])[..., None], (rest, gain[:, done:].clone(), level)

    def finish(self, state: Any) -> Tensor:
        waiting, gain, _ = state
        rest: Tensor = waiting.flip(-1) * gain[:, : waiting.shape[1]]
        return rest[..., None]
