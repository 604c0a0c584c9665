"""Read a recording as the one channel that encoders of units take."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from vocable.audio import resample
from vocable.codecs.convert import read_source
from vocable.errors import AudioError


def one_channel(
    source: Any, rate: int | None, wanted: int, *, mix: bool, allow_loud: bool
) -> Tensor:
    """Return the samples `[time]` at `wanted` Hz; AudioError for what cannot be used.

    Several channels are averaged if `mix`, else refused.
    """
    audio = read_source(source, rate, allow_loud=allow_loud)
    if audio.channels > 1 and not mix:
        raise AudioError(
            f"recording has {audio.channels} channels but features are of one; pass mix=True "
            "to average them, or give them one by one"
        )
    samples = audio.mono().samples
    if audio.rate != wanted:
        samples = resample(samples, audio.rate, wanted)
    return torch.from_numpy(np.array(samples[0]))


def is_list(sources: Any) -> bool:
    """Say whether what is given are several recordings: a list that is not itself samples."""
    return isinstance(sources, list) and not (sources and isinstance(sources[0], int | float))
