"""What a token file or a recording holds, as facts for --json and as one line for people.

Only headers are read, and no torch. Keys carry their units.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vocable.cli.paths import PIPE, Job
from vocable.cli.say import kbps, size, times
from vocable.tokens import TokenFile

if TYPE_CHECKING:
    from vocable.tokens import Track

ARRAYS = (".npy", ".npz", ".safetensors")


def token_facts(path: str) -> dict[str, Any]:
    """Return what a token file of one track holds, and its size."""
    with TokenFile(path) as file:
        (name,) = file.tracks
        return track_facts(file, name) | rate_on_disk(path, track_seconds(file, name))


def track_facts(file: TokenFile, name: str) -> dict[str, Any]:
    """Return what one track holds; without its end, samples are not known."""
    track, frames, source = file.tracks[name], file.frames(name), file.source(name)
    spec = track.spec
    return {
        "codec": spec.name,
        "space": spec.space,
        "seconds": track_seconds(file, name),
        "samples": source.samples if source else None,
        "rate_hz": track.rate,
        "channels": track.channels,
        "streams": track.streams,
        "frames": frames,
        "frames_per_second": float(spec.frame_rate),
        "levels": track.levels,
        "bits_per_second": float(spec.bitrate(track.levels) * track.streams),
    }


def track_seconds(file: TokenFile, name: str) -> float:
    """Return how long a track is: its source where that is known, else its frames."""
    source = file.source(name)
    return float(source.seconds if source else _spec(file, name).seconds(file.frames(name)))


def _spec(file: TokenFile, name: str) -> Any:
    track: Track = file.tracks[name]
    return track.spec


def rate_on_disk(path: str, seconds: float) -> dict[str, Any]:
    """Return how large a file is, and what that is per second of audio."""
    count = os.path.getsize(path)
    rate = 8 * count / seconds if seconds else None
    return {"bytes": count, "bits_per_second_on_disk": rate}


def audio_facts(path: str) -> dict[str, Any]:
    """Return what the header of a recording states."""
    from vocable.audio import AudioReader

    with AudioReader(path) as reader:
        seconds = None if reader.samples is None else reader.samples / reader.rate
        facts = {"seconds": seconds, "samples": reader.samples}
        return facts | {"rate_hz": reader.rate, "channels": reader.channels}


def encoded(job: Job, facts: dict[str, Any], took: float) -> tuple[str, dict[str, Any]]:
    """Return the line and the facts of one encoded file."""
    facts = _timed(facts, took)
    line = _from_to(job, facts)
    if facts.get("bits_per_second_on_disk"):
        line += f"  {size(facts['bytes'])}  {kbps(facts['bits_per_second_on_disk'])}"
    return f"{line}  {times(facts['times_real_time'])}", facts


def decoded(job: Job, facts: dict[str, Any], took: float) -> tuple[str, dict[str, Any]]:
    """Return the line and the facts of one decoded file."""
    facts = _timed(facts, took)
    line = _from_to(job, facts)
    if "bytes" in facts:
        line += f"  {size(facts['bytes'])}"
    return f"{line}  {times(facts['times_real_time'])}", facts


def _from_to(job: Job, facts: dict[str, Any]) -> str:
    source = "stdin" if job.source == PIPE else job.source
    target = "stdout" if job.target == PIPE else job.target
    return f"{source}  {facts['seconds']:.1f} s -> {target}"


def _timed(facts: dict[str, Any], took: float) -> dict[str, Any]:
    speed = facts["seconds"] / took
    return {**facts, "elapsed_seconds": took, "times_real_time": speed}
