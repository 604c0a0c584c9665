"""Recordings of few speakers as those of more: each played at other speeds as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vocable.audio.manifest import Clip


def with_speeds(clip: Clip, speeds: Sequence[float]) -> Iterator[tuple[Clip, str]]:
    """Yield a recording and, if it is trained on, the same at each speed; what names then end in.

    A voice that is played faster is a higher one, of another speaker: the name of the speaker ends
    in @ and the speed, that of the set in @, so that recipes may weigh these apart. Phones and
    parts of a file keep their times in the recording as it is.
    """
    yield clip, ""
    for speed in speeds if (clip.split or "train") == "train" else ():
        at = f"@{speed:g}"
        speaker = (clip.speaker or "unknown") + at
        yield replace(clip, speed=speed, speaker=speaker, set=clip.set + "@"), at
