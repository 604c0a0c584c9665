"""Who speaks, in which language and how high: what a vocoder is told beside the units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from vocable.arrays import to_numpy
from vocable.errors import ModelError
from vocable.nearest import nearest
from vocable.unit_vocoder import Speaker
from vocable.units.vocoder.hifigan import UnitHifiGan


@dataclass(frozen=True)
class Voicing:
    """Rows of tables: `[1, channels]` for all of a recording, pitch for each frame."""

    speaker: Float[Tensor, "1 speaker_width"] | None
    language: Float[Tensor, "1 language_width"] | None
    pitch: Float[Tensor, "streams frames pitch_width"] | None

    def at(self, start: int, frames: int) -> Tensor | None:
        """Return the pitch of some frames; beyond the last it stays as it was."""
        if self.pitch is None:
            return None
        places = torch.arange(start, start + frames, device=self.pitch.device)
        return self.pitch[:, places.clamp(max=self.pitch.shape[1] - 1)]


def voicing_of(
    network: UnitHifiGan,
    name: str,
    names: Sequence[str],
    speaker: Speaker,
    language: Any,
    pitch: Any,
    shape: tuple[int, int],
) -> Voicing:
    """Return what a vocoder is told. ModelError for what it has no table or no place for.

    names: of its speakers. shape: streams and frames of the units that pitch goes with.
    """
    return Voicing(
        _speaker_row(network, name, names, speaker),
        _language_row(network, name, language),
        _pitch_rows(network, name, pitch, shape),
    )


def _speaker_row(
    network: UnitHifiGan, name: str, names: Sequence[str], speaker: Speaker
) -> Tensor | None:
    config, table = network.config, network.speaker
    if table is None:
        if not (speaker is None or (isinstance(speaker, Integral) and speaker == 0)):
            raise ModelError(f"{name} has one speaker; leave speaker out")
        return None
    if config.speakers and (speaker is None or isinstance(speaker, str | Integral)):
        number = _number(name, names, speaker) if isinstance(speaker, str) else speaker or 0
        return _row(table, number, config.speakers, f"speakers of {name}")
    length = config.speaker_vector or config.speaker_width
    kind = f" of {config.embedding}" if config.embedding else ""
    vector = _vector(
        f"{name} takes a speaker as a vector of {length} numbers{kind}", speaker, length
    )
    row = vector.to(network.device)[None]
    found: Tensor = table(row) if isinstance(table, nn.Linear) else row
    return found


def _number(name: str, names: Sequence[str], speaker: str) -> int:
    if speaker in names:
        return list(names).index(speaker)
    known = nearest(speaker, names, most=3) if names else "its speakers have numbers only"
    raise ModelError(f'{name} has no speaker "{speaker}"; {known}')


def _vector(wanted: str, given: Any, length: int) -> Tensor:
    if given is None or isinstance(given, Integral):
        raise ModelError(f"{wanted}, got {given}")
    values = _singles(_numbers(given, wanted))
    if values.shape != (length,) or not np.isfinite(values).all():
        raise ModelError(f"{wanted}, all finite; got shape {list(values.shape)}")
    return torch.from_numpy(values)


def _numbers(given: Any, wanted: str) -> np.ndarray:
    """Return an array of integers or floats. ModelError for anything else."""
    try:
        values = to_numpy(given)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{wanted}, got {type(given).__name__} ({error})") from error
    if values.dtype.kind not in "iuf":
        raise ModelError(f"{wanted}, got {type(given).__name__} of {values.dtype}")
    return values


def _singles(values: np.ndarray) -> Float32[np.ndarray, "..."]:
    """Return numbers as float32; what is beyond it becomes infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _language_row(network: UnitHifiGan, name: str, language: Any) -> Tensor | None:
    table = network.language
    if table is None:
        if not (isinstance(language, Integral) and language == 0):
            raise ModelError(f"{name} has no languages; leave language out")
        return None
    return _row(table, language, network.config.languages, f"languages of {name}")


def _row(table: nn.Module, number: Any, size: int, what: str) -> Tensor:
    if not isinstance(number, Integral):
        raise ModelError(f"the {what} are 0 to {size - 1}, got {type(number).__name__}")
    first = int(number)
    if not 0 <= first < size:
        raise ModelError(f"the {what} are 0 to {size - 1}, and {first} is asked for")
    weight = table.weight
    assert isinstance(weight, Tensor)
    return weight[first : first + 1]


def _pitch_rows(
    network: UnitHifiGan, name: str, pitch: Any, shape: tuple[int, int]
) -> Tensor | None:
    config = network.config
    if not config.pitch:
        if pitch is not None:
            raise ModelError(f"{name} is told no pitch; leave pitch out")
        return None
    what = f"bins, 0 to {config.pitch_bins - 1}" if config.pitch_bins else "values"
    if pitch is None:
        raise ModelError(f"{name} is told the pitch of each frame; give pitch, {what}")
    values = np.atleast_2d(_numbers(pitch, f"pitch must be {what}"))
    streams, frames = shape
    given = values.shape[1]  # points, each of as many frames
    if values.ndim != 2 or len(values) != streams or not given or frames % given:
        raise ModelError(
            f"pitch is {list(values.shape)}; wanted {streams} rows for {frames} frames, or for a "
            "whole share of them"
        )
    values = values.repeat(frames // given, axis=1)
    if network.pitch is None:
        values = _singles(values)
        if not np.isfinite(values).all():
            raise ModelError("pitch must be values, all finite; NaN or infinity came")
        return torch.from_numpy(values)[..., None].to(network.device)
    if values.dtype.kind not in "iu" or not 0 <= values.min() <= values.max() < config.pitch_bins:
        raise ModelError(f"pitch must be {what}, got {values.min()} to {values.max()}")
    found: Tensor = network.pitch(torch.from_numpy(values.astype(np.int64)).to(network.device))
    return found
