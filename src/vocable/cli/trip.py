"""One recording there and back: what `vocable roundtrip` measures, and how it shows it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.audio import Audio
from vocable.cli.say import kbps, size, table, times
from vocable.errors import MeasureError
from vocable.measures.speech import pesq_wb, stoi

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.tokens import AudioTokens

MEASURED = 30.0  # seconds: PESQ is not defined for more
RATE = 16_000  # Hz at which PESQ-WB and STOI are quoted


@dataclass(frozen=True)
class Trip:
    """A recording before and after, its tokens, and what each way took."""

    before: Audio
    after: Audio
    tokens: AudioTokens
    encode_seconds: float  # wall clock
    decode_seconds: float
    pitch: float  # semitones
    scores: dict[str, float | str]  # by measure; a text says why there is none


def make(codec: Codec, source: str, *, levels: int | None, mix: bool, pitch: float | None) -> Trip:
    """Encode and decode a recording, with its pitch shifted if asked, and score the result."""
    before = Audio.read(source)
    _warm_up(codec, before)
    began = time.perf_counter()
    tokens = codec.encode(before, levels=levels, mix=mix)
    encoded = time.perf_counter()
    if pitch is not None:
        tokens = codec.shift_pitch(tokens, pitch)  # type: ignore[operator]
    shifted = time.perf_counter()
    after = codec.decode(tokens)
    ended = time.perf_counter()
    scores = _score(before, after, pitch)
    return Trip(before, after, tokens, encoded - began, ended - shifted, pitch or 0.0, scores)


def _warm_up(codec: Codec, audio: Audio) -> None:
    """Run half a second through the codec: the first call of a process pays for its threads."""
    start = Audio(audio.samples[:1, : audio.rate // 2], audio.rate)
    codec.decode(codec.encode(start))


def _score(before: Audio, after: Audio, pitch: float | None) -> dict[str, float | str]:
    if pitch:
        why = "not measured: the pitch is shifted"
        return {"pesq_wb": why, "stoi": why}
    pair = _first(before), _first(after)
    return {"pesq_wb": _scored(pesq_wb, pair), "stoi": _scored(stoi, pair)}


def _first(audio: Audio) -> Any:
    """Return the first 30 s as `[samples]` at 16 kHz."""
    start = Audio(audio.samples[:, : round(MEASURED * audio.rate)], audio.rate)
    return start.mono().resample(RATE).samples[0]


def _scored(measure: Callable[..., float], pair: tuple[Any, Any]) -> float | str:
    try:
        return measure(*pair, RATE)
    except MeasureError as error:
        return f"not measured: {error}"


def facts(trip: Trip) -> dict[str, Any]:
    """Return what `--json` prints; the keys carry the units, None stands for what has no value."""
    tokens, seconds = trip.tokens, trip.before.seconds
    on_disk = _bytes(tokens)
    return {
        "codec": tokens.spec.name,
        "space": tokens.spec.space,
        "seconds": seconds,
        "rate_hz": trip.before.rate,
        "channels": trip.before.channels,
        "streams": tokens.streams,
        "frames": len(tokens),
        "frames_per_second": float(tokens.spec.frame_rate),
        "levels": tokens.levels,
        "bits_per_second": float(tokens.bitrate),
        "bytes": on_disk,
        "bits_per_second_on_disk": 8 * on_disk / seconds,
        "pitch_semitones": trip.pitch,
        **{name: None if isinstance(s, str) else s for name, s in trip.scores.items()},
        "encode_times_real_time": seconds / trip.encode_seconds,
        "decode_times_real_time": seconds / trip.decode_seconds,
    }


def _bytes(tokens: AudioTokens) -> int:
    """Return how large the token file is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.vcb"
        tokens.save(path)
        return path.stat().st_size


def as_table(trip: Trip, facts: dict[str, Any]) -> str:
    """Return the facts as the table that people read."""
    channels = f", {facts['channels']} channels" if facts["channels"] > 1 else ""
    streams = f", {facts['streams']} streams" if facts["streams"] > 1 else ""
    disk = f"{kbps(facts['bits_per_second_on_disk'])} ({size(facts['bytes'])})"
    rows = [
        ("codec", facts["space"]),
        ("duration", f"{facts['seconds']:.2f} s at {facts['rate_hz']} Hz{channels}"),
        ("frames", f"{facts['frames']} ({facts['frames_per_second']:g} frames/s{streams})"),
        ("levels", f"{facts['levels']} of {len(trip.tokens.spec.levels)}"),
        ("bit rate, nominal", kbps(facts["bits_per_second"])),
        ("bit rate, on disk", disk),
        ("PESQ-WB", _shown(trip.scores["pesq_wb"], ".2f")),
        ("STOI", _shown(trip.scores["stoi"], ".3f")),
        ("encode", times(facts["encode_times_real_time"])),
        ("decode", times(facts["decode_times_real_time"])),
    ]
    if trip.pitch:
        rows.insert(4, ("pitch", f"{trip.pitch:+g} semitones"))
    return table(rows)


def _shown(score: float | str, digits: str) -> str:
    return score if isinstance(score, str) else format(score, digits)
