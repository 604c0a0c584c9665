"""Say when each symbol of a text is spoken in a recording, without another package.

A small network tells symbols from frames of `units-16k`, which follow what is said and not who says
it; the likeliest path through the text's symbols gives their times. It was fitted to English that
PocketSphinx had aligned, then in turns to its own times of English and German (the card of
`say-16k` says on what).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable import weights
from vocable.audio import Audio
from vocable.load import load_tokenizer
from vocable.nn.settings import plain_settings
from vocable.text.phones import SYMBOLS
from vocable.text.placed import Placed, placed
from vocable.text.spoken import spoken
from vocable.text.timed import HOP

_FILE = Path(__file__).with_name("aligner.safetensors")
_UNITS = "units-16k@1"
_CHANNELS, _AROUND, _INNER = 256, 3, 192
_FRAME = 0.02  # seconds, of the units


class SymbolScores(nn.Module):
    """How much likelier each symbol is in a frame than at any time, by it and its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(_AROUND * _CHANNELS, _INNER), nn.GELU(), nn.Linear(_INNER, len(SYMBOLS))
        )
        self.register_buffer("usual", torch.zeros(len(SYMBOLS)))

    usual: Tensor

    def forward(self, frames: Float[Tensor, "frames channels"]) -> Float[Tensor, "frames symbols"]:
        """Return log-likelihoods, up to a number a frame."""
        wide = torch.cat([frames[:1], frames, frames[-1:]])
        around = torch.cat([wide[:-2], wide[1:-1], wide[2:]], 1)
        found: Tensor = self.net(around).log_softmax(-1) - self.usual
        return found


class Aligner:
    """Give the symbols of a text, and how long each lasts in a recording of it."""

    def __init__(self) -> None:
        self._units = load_tokenizer(_UNITS)
        with plain_settings(), torch.random.fork_rng(devices=[]):
            self._scores = SymbolScores().eval()
            weights.load_tensors(self._scores, weights.read(_FILE))

    @torch.inference_mode()
    def __call__(self, audio: Audio, text: str, language: str, hops: int) -> Placed:
        """Return the symbols of one channel of sound, whose durations come to so many hops.

        TokenError for a text without words, MeasureError for too short a recording.
        """
        samples = torch.tensor(audio.resample(self._units.rate).samples)[..., None]
        frames = self._units.model.encoder(samples)[0]
        return placed(spoken(text, language), _at_hops(self._scores(frames).numpy(), hops))


@cache
def aligner() -> Aligner:
    """Return the aligner that comes with vocable, loaded once."""
    return Aligner()


def _at_hops(scores: np.ndarray, hops: int) -> np.ndarray:
    """Return scores of frames at the middles of hops, straight lines between."""
    places = ((np.arange(hops) + 0.5) * HOP / _FRAME - 0.5).clip(0, len(scores) - 1)
    first = places.astype(np.int64)
    second = np.minimum(first + 1, len(scores) - 1)
    share = (places - first)[:, None]
    found: np.ndarray = scores[first] * (1 - share) + scores[second] * share
    return found
