"""Describe token files and recordings: facts for --json, and one line for people.

Only headers are read, without torch. Keys carry their units.
"""

from __future__ import annotations

import os
from typing import Any

from vocable.cli.attempt import Outcome
from vocable.cli.paths import PIPE, Job
from vocable.cli.units import file_size, kbps, times_real_time
from vocable.tokens import AudioTokens, TokenFile
from vocable.tokens.array_files import latents_in


def token_facts(path: str) -> dict[str, Any]:
    """Return the facts of a token file, of each track where it has several, and its size."""
    if (latents := latents_in(path)) is not None:
        return latent_facts(latents) | rate_on_disk(path, float(latents.seconds))
    with TokenFile(path) as file:
        tracks = {name: track_facts(file, name) for name in file.tracks}
    first = next(iter(tracks.values()))
    facts = first if len(tracks) == 1 else {"seconds": first["seconds"], "tracks": tracks}
    return facts | rate_on_disk(path, first["seconds"])


def track_facts(file: TokenFile, name: str) -> dict[str, Any]:
    """Return the facts of one track; samples are None where the file has no end."""
    track, frames, source = file.tracks[name], file.frames(name), file.source(name)
    spec = track.spec
    model = file.model(name)
    bits, lasting = spec.bitrate(track.levels) * track.streams, {}
    if track.durations:
        tokens = file.tokens(name)
        bits = bits * tokens / max(1, frames)
        seconds = spec.seconds(frames)
        lasting = {"tokens": tokens, "tokens_per_second": float(tokens / (seconds or 1))}
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
        **lasting,
        "levels": track.levels,
        "bits_per_second": float(bits),
        **({} if model is None else {"coded_by": model}),
    }


def latent_facts(tokens: AudioTokens) -> dict[str, Any]:
    """Return the facts of tokens that are floats."""
    spec, source, latent = tokens.spec, tokens.source, tokens.spec.latent
    assert latent is not None
    return {
        "codec": spec.name,
        "space": spec.space,
        "seconds": float(tokens.seconds),
        "samples": source.samples if source else None,
        "rate_hz": source.rate if source else spec.rate,
        "channels": source.channels if source else tokens.streams * spec.channels,
        "streams": tokens.streams,
        "frames": tokens.frames,
        "frames_per_second": float(spec.frame_rate),
        "floats_per_frame": latent.dim,
    }


def track_seconds(file: TokenFile, name: str) -> float:
    """Return the length of a track: that of its source if known, else of its frames."""
    source = file.source(name)
    spec = file.tracks[name].spec
    return float(source.seconds if source else spec.seconds(file.frames(name)))


def rate_on_disk(path: str, seconds: float) -> dict[str, Any]:
    """Return the size of a file, and what that is per second of audio."""
    count = os.path.getsize(path)
    rate = 8 * count / seconds if seconds else None
    return {"bytes": count, "bits_per_second_on_disk": rate}


def audio_facts(path: str) -> dict[str, Any]:
    """Return the facts that the header of a recording states."""
    from vocable.audio import AudioReader

    with AudioReader(path) as reader:
        seconds = None if reader.samples is None else reader.samples / reader.rate
        facts = {"seconds": seconds, "samples": reader.samples}
        return facts | {"rate_hz": reader.rate, "channels": reader.channels}


def encoded(job: Job, facts: dict[str, Any], took: float) -> Outcome:
    """Return the line and the facts of one encoded file."""
    facts = _with_speed(facts, took)
    line = _source_to_target(job, facts)
    if facts.get("bits_per_second_on_disk"):
        line += f"  {file_size(facts['bytes'])}  {kbps(facts['bits_per_second_on_disk'])}"
    return Outcome(f"{line}  {times_real_time(facts['times_real_time'])}", facts)


def decoded(job: Job, facts: dict[str, Any], took: float) -> Outcome:
    """Return the line and the facts of one decoded file."""
    facts = _with_speed(facts, took)
    line = _source_to_target(job, facts)
    if "bytes" in facts:
        line += f"  {file_size(facts['bytes'])}"
    return Outcome(f"{line}  {times_real_time(facts['times_real_time'])}", facts)


def _source_to_target(job: Job, facts: dict[str, Any]) -> str:
    source = "stdin" if job.source == PIPE else job.source
    target = "stdout" if job.target == PIPE else job.target
    return f"{source}  {facts['seconds']:.1f} s -> {target}"


def _with_speed(facts: dict[str, Any], took: float) -> dict[str, Any]:
    return {**facts, "elapsed_seconds": took, "times_real_time": facts["seconds"] / took}
