"""One recording of a voice, as a reader of the tutorial has it: the sample voice in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vocable.audio import Audio

VOICE = Path(__file__).parents[1] / "train" / "voice"


def write_recording(path: Path) -> None:
    """Join the clips, which were cut at quiet places: 56 s of one reader."""
    clips = [Audio.read(clip) for clip in sorted(VOICE.glob("*.ogg"))]
    joined = np.concatenate([clip.samples for clip in clips], axis=1)
    Audio(joined, clips[0].rate).save(path)
