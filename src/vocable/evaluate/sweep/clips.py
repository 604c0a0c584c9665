"""Read the recordings of a sweep: what they are, and which sets are of speech."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.sweep.asked import Known
from vocable.evaluate.sweep.keys import key_of, key_of_audio
from vocable.evaluate.systems.system import LONGEST
from vocable.measures import Listener

_MORE = 0.01  # seconds read beyond it, to see whether there are more
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A row of a manifest, what its recording is, whether that is speech, or why it is not read."""

    clip: Clip
    known: Known
    speech: bool = False
    fault: str = ""


def read_recording(clip: Clip) -> Recording:
    """Return the first 30 s of what a row lists, its channels mixed, since measures hear one.

    Its text goes where that is not all of it.
    """
    end = clip.start + LONGEST
    part = clip if clip.end is not None and clip.end <= end else replace(clip, end=end + _MORE)
    recording = Recording.of(part)
    audio, most = recording.audio.mono(), round(LONGEST * recording.audio.rate)
    if len(audio) <= most:
        return replace(recording, audio=audio)
    start = Audio(audio.samples[:, :most], audio.rate, allow_loud=True)
    return replace(recording, audio=start, text="", phones=())


def look(clips: Sequence[Clip], progress: Callable[[float], None] | None = None) -> list[Found]:
    """Read all recordings once, leave out what a set holds twice, and log that."""
    found: list[Found] = []
    seen: set[tuple[str, str]] = set()
    for number, clip in enumerate(clips):
        one = _look(clip)
        place = one.known.set, one.known.recording
        if place not in seen:
            found.append(one)
        seen.add(place)
        if progress:
            progress((number + 1) / len(clips))
    if len(found) < len(clips):
        twice = len(clips) - len(found)
        _log.warning("left out recordings that their set holds already: %d", twice)
    return found


def speech_sets(found: Iterable[Found]) -> frozenset[str]:
    """Return the sets of which the most recordings that can be read are speech."""
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for one in found:
        if not one.fault:
            verdicts[one.known.set].append(one.speech)
    return frozenset(name for name, each in verdicts.items() if 2 * sum(each) > len(each))


def reason_of(error: BaseException) -> str:
    """Return an error in one line."""
    line = str(error).partition("\n")[0]
    return line if isinstance(error, MeasureError) else f"{type(error).__name__}: {line}"


def _look(clip: Clip) -> Found:
    speaker = clip.speaker or clip.name
    try:
        recording = read_recording(clip)
    except Exception as error:  # whatever a file may do to its reader
        place = key_of([str(clip.path), clip.start, clip.end])
        known = Known(place, clip.name, clip.set, speaker, 0.0)
        return Found(clip, known, fault=f"cannot be read: {reason_of(error)}")
    audio = recording.audio
    key = key_of_audio(audio)
    known = Known(key, clip.name, clip.set, speaker, audio.seconds, recording.text)
    return Found(clip, known, _is_speech(clip, audio))


def _is_speech(clip: Clip, audio: Audio) -> bool:
    """Return whether somebody speaks: words in its row say so, else what it sounds like."""
    if clip.text or clip.phones:
        return True
    listener = Listener(audio.rate)
    try:
        listener(audio.samples)
        found = listener.finish().speech
    except MeasureError:  # a rate below that of a telephone
        found = None
    return clip.language not in ("", "none") if found is None else found
