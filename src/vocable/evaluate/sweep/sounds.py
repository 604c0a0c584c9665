"""Make chosen recordings again, so that they can be listened to."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.sweep.bench import Piece
from vocable.evaluate.sweep.clips import read_recording
from vocable.evaluate.sweep.keys import key_of_audio
from vocable.evaluate.sweep.pool import Job, Pool
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.run import LIMIT
from vocable.evaluate.sweep.store import SOUNDS
from vocable.evaluate.sweep.study import Study
from vocable.evaluate.systems.lineup import LineUp, Systems


@dataclass(frozen=True)
class Sounds:
    """What chosen results sound like.

    clips    by the hash of their recording
    faults   why nothing was made this time, by `Result.key`
    """

    folder: Path
    clips: Mapping[str, Clip]
    faults: Mapping[tuple[str, str], str]

    def made(self, result: Result) -> Audio:
        """Return what the system made of it, with 16 bits; MeasureError with the reason if none."""
        if why := self.faults.get(result.key):
            raise MeasureError(why)
        return Audio.read(_path(self.folder, result))

    def original(self, recording: str) -> Audio:
        """Return the recording as it was judged; MeasureError if it is not among the clips."""
        if recording not in self.clips:
            raise MeasureError("the recording is not what it was; run the sweep again")
        return read_recording(self.clips[recording]).audio


def sounds(
    study: Study,
    results: Iterable[Result],
    systems: Systems,
    clips: Sequence[Clip],
    folder: str | os.PathLike[str],
    *,
    processes: int = 1,
    limit: float = LIMIT,
    prepare: Callable[[], None] | None = None,
) -> Sounds:
    """Make what systems made of recordings again, unless `folder` has it from the last time.

    results: some of the study's. systems, clips, folder and the others: as of its sweep.
    """
    wanted = list(results)
    found = _found(wanted, clips)
    line_up = LineUp.of(systems)
    by_recording: dict[str, list[Result]] = defaultdict(list)
    for result in wanted:
        if result.recording in found and not _path(Path(folder), result).exists():
            by_recording[result.recording].append(result)

    def piece(result: Result) -> Piece:
        place = line_up.place(result.system, result.set in study.speech)
        if place is None:
            raise MeasureError(f"{result.system} is not among the systems; give those of the sweep")
        return Piece(place, sound=str(_path(Path(folder), result)))

    jobs = [
        Job(found[recording], [piece(each) for each in some], some)
        for recording, some in by_recording.items()
    ]
    with Pool(line_up.every, Path(folder), processes, limit, prepare) as pool:
        faults = {each.key: each.fault for each in pool.do(jobs) if each.fault}
    return Sounds(Path(folder), found, faults)


def _path(folder: Path, result: Result) -> Path:
    return folder / SOUNDS / f"{result.recording}-{result.made_by}.flac"


def _found(results: Iterable[Result], clips: Sequence[Clip]) -> dict[str, Clip]:
    """Return the clip of each recording, told by its content among those of its name."""
    wanted = {(each.set, each.name): set[str]() for each in results}
    for each in results:
        wanted[each.set, each.name].add(each.recording)
    found = {}
    for clip in clips:
        if keys := wanted.get((clip.set, clip.name)):
            key = key_of_audio(read_recording(clip).audio)
            if key in keys:
                found[key] = clip
    return found
