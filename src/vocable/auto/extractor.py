"""Samples to tensors of one length, and a mask that says what of them is padding."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch

from vocable.auto.outputs import Output
from vocable.errors import AudioError, ModelError
from vocable.load import describe


class AutoFeatureExtractor:
    """What a codec is given: `from_pretrained` reads its rate and channels, without its weights."""

    def __init__(self, sampling_rate: int, feature_size: int) -> None:
        self.sampling_rate, self.feature_size = sampling_rate, feature_size

    @classmethod
    def from_pretrained(cls, name: str | os.PathLike[str]) -> AutoFeatureExtractor:
        """Return what fits a codec; ModelError for a name that is none."""
        found = describe(name)
        if (spec := found.spec) is None:
            raise ModelError(f"{found.name} makes no tokens of sound; take a codec for this")
        return cls(spec.rate, spec.channels)

    def __call__(
        self,
        raw_audio: Any = None,
        sampling_rate: int | None = None,
        return_tensors: str | None = "pt",
        *,
        audio: Any = None,
        padding: bool | str = True,
    ) -> Output:
        """Return `input_values` `[batch, channels, samples]` and `padding_mask` `[batch, samples]`.

        raw_audio (or audio): samples of one recording, `[samples]` or `[channels, samples]` as
        arrays, lists or tensors, or a list of several. Shorter ones are followed by zeros, where
        the mask is 0. AudioError for samples of another rate or number of channels.
        """
        given = raw_audio if audio is None else audio
        if return_tensors != "pt":
            raise ModelError(f'return_tensors is {return_tensors!r}; only "pt" is made')
        if sampling_rate is not None and sampling_rate != self.sampling_rate:
            raise AudioError(
                f"the recording has {sampling_rate} Hz and the codec reads {self.sampling_rate}; "
                "resample it first, vocable.audio.resample"
            )
        items = [self._samples(item) for item in _items(given)]
        longest = max(item.shape[1] for item in items)
        if not padding and any(item.shape[1] != longest for item in items):
            raise AudioError("recordings of several lengths make no tensor without padding=True")
        values = torch.zeros(len(items), self.feature_size, longest)
        mask = torch.zeros(len(items), longest, dtype=torch.int64)
        for k, item in enumerate(items):
            values[k, :, : item.shape[1]] = torch.tensor(item)
            mask[k, : item.shape[1]] = 1
        return Output(input_values=values, padding_mask=mask)

    def _samples(self, item: Any) -> np.ndarray:
        found = np.asarray(item, np.float32)
        found = found[None] if found.ndim == 1 else found
        if found.ndim != 2 or found.shape[0] != self.feature_size or not found.shape[1]:
            raise AudioError(
                f"a recording has the shape {list(np.shape(item))}; wanted [samples] or "
                f"[{self.feature_size}, samples]"
            )
        return found


def _items(given: Any) -> list[Any]:
    """Return each recording of one or of a list of them."""
    if given is None:
        raise AudioError("no recording was given; wanted samples, or a list of those of several")
    if isinstance(given, list | tuple):
        if not given:
            raise AudioError("the list of recordings is empty")
        return [given] if np.ndim(given[0]) == 0 else list(given)
    return [given]
