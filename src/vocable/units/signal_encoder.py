"""Encoders without weights: MFCC and log-mels in kaldi's form, which others are compared with.

They are what HuBERT's first targets were made of (39 channels, Hsu et al. 2021), and GSLM's log-mel
units (80 bands, Lakhotia et al. 2021): 100 frames/s, of samples in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from vocable.errors import ModelError
from vocable.quantize.precision import full_precision
from vocable.signal.kaldi import fbank, mfcc, window_and_hop, with_deltas
from vocable.units.inputs import Features, as_list, joined, one_channel
from vocable.units.windows import Window

RATE, BANDS = 16_000, 80
SEEN = Window(1000, 4)  # frames that stay in the cache; slopes of slopes see 4 on either side

# By name: what is computed of samples, then of all frames; channels; the version of the numbers.
_KINDS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor], int, str]] = {
    "mfcc": (lambda x: mfcc(x, RATE), with_deltas, 39, "mfcc@1:kaldi-13-deltas"),
    "log-mel": (lambda x: fbank(x, RATE, BANDS), lambda y: y, BANDS, "log-mel@1:kaldi-80"),
}
SIGNAL_ENCODERS = tuple(_KINDS)


class SignalEncoder:
    """Give the frames of "mfcc" or "log-mel", as a `FeatureEncoder` gives those of a layer.

    There is one layer, 0.
    """

    layers = 0
    normalize = False
    rate = RATE

    def __init__(self, name: str) -> None:
        if name not in _KINDS:
            raise ModelError(f'no features "{name}"; known: {", ".join(_KINDS)}')
        self.name = name
        self._frames, self._after, self._channels, self.space = _KINDS[name]
        self.window, self.frame = window_and_hop(RATE)

    def __repr__(self) -> str:
        return f"<SignalEncoder {self.space}>"

    def channels(self, layer: int = 0) -> int:
        """Return the channels of the frames."""
        self._check(layer)
        return self._channels

    def features(
        self,
        sources: Any,
        rate: int | None = None,
        *,
        layer: int = 0,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> list[Features]:
        """Return the frames of each recording, `[frames, channels]`.

        sources: a recording or a list of them, as `Tokenizer.encode` takes them. mix: average the
        channels of one that has several, which is refused otherwise. A recording too short for a
        frame gives none. Raises AudioError for a recording that cannot be used.
        """
        parts = self.feature_parts(sources, rate, layer=layer, mix=mix, allow_loud=allow_loud)
        return joined(parts, len(as_list(sources)))

    def feature_parts(
        self,
        sources: Any,
        rate: int | None = None,
        *,
        layer: int = 0,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> Iterator[tuple[int, Features]]:
        """Yield `(number of the recording, its next frames)`: `features`, as they are computed.

        Files are read in blocks, and memory is that of ten seconds.
        """
        self._check(layer)
        cut = SEEN.cut(self.frame, self.window)
        with ExitStack() as cleanup:
            for number, source in enumerate(as_list(sources)):
                recording = one_channel(source, cleanup, rate, mix=mix, allow_loud=allow_loud)
                for k, (samples, before) in enumerate(cut.parts(recording.at(RATE))):
                    rows = self._of(samples)[before // self.frame :][: cut.fresh // self.frame]
                    if len(rows) or not k:
                        yield number, rows

    def _of(self, x: Tensor) -> Features:
        with torch.inference_mode(), full_precision("cpu"):
            found: Features = self._after(self._frames(x)).numpy()
        return found

    def _check(self, layer: int) -> None:
        if layer != 0:
            raise ModelError(f"layer is {layer!r} but {self.name} has layer 0 only; take 0")
