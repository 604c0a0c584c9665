"""The features of a teacher for all recordings of a run: made once, kept in its folder.

They are of whole recordings: what a teacher makes of a segment alone is something else, where it
attends to all of what it hears, or normalises over it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from vocable.atomic import replacing
from vocable.audio import Audio
from vocable.errors import RecipeError
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import Place
from vocable.units.tokenizer import Encodes

_log = logging.getLogger(__name__)


class Features:
    """Frames of recordings, float16 and memory-mapped, one recording behind the other.

    `rows` is `[frames, channels]`; recording k has those from `edges[k]` to `edges[k + 1]`.
    """

    def __init__(self, rows: np.ndarray, lengths: Sequence[int], teacher: Encodes) -> None:
        self.rows, self.edges = rows, np.concatenate([[0], np.cumsum(lengths)])
        self._rate, self._frame, self._window = teacher.rate, teacher.frame, teacher.window

    def at(
        self, recordings: Recordings, place: Place, segment: int, frame: int
    ) -> tuple[Float32[np.ndarray, "frames channels"], Bool[np.ndarray, " frames"]]:
        """Return what is told of each frame of a segment, and of which frames something is.

        segment, frame: samples of the segment and of a codec's frame, as played. A frame gets the
        mean over twice its length of the teacher's, around its middle, as Mimi's do (a pool that
        sees both sides); of a teacher of as many frames or fewer, the nearest. Nothing is told
        behind the end of a recording.
        """
        middles = (np.arange(-(-segment // frame)) + 0.5) * frame  # samples
        moments = place.first + middles * place.samples / segment
        first, last = recordings.spans[place.recording]
        begin, end = self.edges[place.recording : place.recording + 2]
        known = (moments < last - first) & (end > begin)
        if end == begin:
            return np.zeros((len(moments), self.rows.shape[1]), np.float32), known
        together = frame / recordings.rate * self._rate / self._frame  # frames of the teacher
        count = round(2 * together) if together > 1.5 else 1
        centres = (moments / recordings.rate * self._rate - self._window / 2) / self._frame
        places = np.round(centres - (count - 1) / 2).astype(np.int64)[:, None] + np.arange(count)
        found = self.rows[begin + places.clip(0, end - begin - 1)].astype(np.float32)
        return found.mean(1), known


def features_of(recordings: Recordings, teacher: Encodes, layer: int, cache: Path) -> Features:
    """Return the features of a layer of all recordings, from `cache` if it holds just these.

    RecipeError where no recording is as long as a frame of the teacher.
    """
    index, key = cache.with_suffix(".json"), _key(recordings, teacher, layer)
    lengths, width = _known(index, key), teacher.channels(layer)
    if lengths is None or not _whole(cache, sum(lengths), width):
        _log.info("computing the features of the teacher of %d recordings", len(recordings))
        lengths = _write(recordings, teacher, layer, cache)
        with replacing(index, overwrite=True) as fresh:
            fresh.write_text(json.dumps({"key": key, "lengths": lengths}))
    rows = np.memmap(cache, dtype=np.float16, mode="r").reshape(-1, width)
    return Features(rows, lengths, teacher)


def _write(recordings: Recordings, teacher: Any, layer: int, cache: Path) -> list[int]:
    lengths = []
    with replacing(cache, overwrite=True) as fresh, fresh.open("wb") as file:
        for number in range(len(recordings)):
            (rows,) = teacher.features(
                [Audio(recordings.clip(number), recordings.rate)], layer=layer
            )
            file.write(rows.astype(np.float16).tobytes())
            lengths.append(len(rows))
        short = lengths.count(0)
        seconds = teacher.window / teacher.rate
        if short == len(lengths):
            raise RecipeError(
                f"all {short} recordings are shorter than the {seconds:g} s of which the teacher "
                "makes a frame; give longer ones"
            )
    if short:
        _log.warning(
            "%d of %d recordings are shorter than the %g s of which the teacher makes a frame; of "
            "them it tells nothing", short, len(lengths), seconds,
        )  # fmt: skip
    return lengths


def _key(recordings: Recordings, teacher: Any, layer: int) -> str:
    """Return what decides the features: a folder may hold those of another recipe or teacher."""
    about = [teacher.space, layer, recordings.fingerprint, recordings.spans.tolist()]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def _known(index: Path, key: str) -> list[int] | None:
    try:
        known = json.loads(index.read_text())
        return [int(n) for n in known["lengths"]] if known["key"] == key else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _whole(cache: Path, frames: int, width: int) -> bool:
    return cache.is_file() and cache.stat().st_size == frames * width * 2
