"""Held-out recordings through their units: how far the sound is, and the durations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int32

from vocable.tokens import AudioTokens
from vocable.train.codec.losses import ReconstructionLoss
from vocable.train.codec.recipe import CodecCheckpoints, Loss
from vocable.train.data.recordings import Recordings
from vocable.train.vocoder.kept import KeptUnits
from vocable.units.vocoder.vocoder import Vocoder


class HeldOut(NamedTuple):
    """A recording at the vocoder's rate, its units and who speaks."""

    sound: Float[np.ndarray, "1 samples"]
    units: Int32[np.ndarray, " frames"]
    speaker: Any  # a number or a vector
    seconds: float  # of it that are used, at most


def held_out_clips(
    recordings: Recordings,
    units: KeptUnits,
    speakers: Sequence[Any],
    plan: CodecCheckpoints,
) -> list[HeldOut]:
    """Return a handful of recordings, evenly over all whose speaker is known.

    speakers: who speaks in each, a number or a vector; None: nobody that is learnt.
    """
    known = [k for k, each in enumerate(speakers) if each is not None and len(units.of(k))]
    chosen = known[:: max(1, len(known) // plan.clips)][: plan.clips]
    return [
        HeldOut(recordings.clip(index), units.of(index), speakers[index], plan.clip_seconds)
        for index in chosen
    ]


@torch.no_grad()
def evaluate(vocoder: Vocoder, clips: Sequence[HeldOut]) -> dict[str, float]:
    """Return means over recordings; none of these, nothing.

    `mel`: the distance that codecs are evaluated by, units lasting as they do. `duration`: mean
    absolute error of predicted durations in frames.
    """
    distance, spec = ReconstructionLoss(Loss(), vocoder.rate), vocoder.spec
    rows = []
    for clip in clips:
        frames = min(len(clip.units), max(1, round(clip.seconds * float(spec.frame_rate))))
        tokens = AudioTokens(spec, [clip.units[None, :frames]])
        sound = vocoder.decode(tokens, speaker=clip.speaker).samples
        target = clip.sound[:, : sound.shape[1]]
        a, b = (torch.tensor(np.ascontiguousarray(x))[None] for x in (target, sound))
        row = {"mel": float(distance(a, b[..., : a.shape[2]])["mel"])}
        if vocoder.network.durations is not None:
            row["duration"] = _duration_error(vocoder, tokens)
        rows.append(row)
    return {name: float(np.mean([row[name] for row in rows])) for name in (rows[0] if rows else ())}


def _duration_error(vocoder: Vocoder, tokens: AudioTokens) -> float:
    found, wanted = vocoder.timed(tokens).durations, tokens.dedup().durations
    assert found is not None and wanted is not None
    return float(np.abs(found - wanted).mean())
