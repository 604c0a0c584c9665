"""One recording there and back: what `vocable roundtrip` does, measures and shows.

It goes through files block by block, so that memory does not grow with the length; scores and
pictures are of the start.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vocable.audio import Audio, AudioReader
from vocable.cli.console import Console
from vocable.cli.results import token_facts
from vocable.cli.units import file_size, kbps, table, times_real_time
from vocable.errors import MeasureError
from vocable.measures.speech import pesq_wb, stoi
from vocable.tokens import AudioTokens, read_tokens

if TYPE_CHECKING:
    from vocable.codecs import Codec

MEASURED = 30.0  # seconds: PESQ is not defined for more
RATE = 16_000  # Hz at which PESQ-WB and STOI are quoted


@dataclass(frozen=True)
class Trip:
    """The tokens of a recording, how it begins before and after, and what can be said of it."""

    tokens: AudioTokens
    before: Audio  # the first 30 s
    after: Audio
    facts: dict[str, Any]  # keys carry units; None stands for what has no value
    unscored: dict[str, str]  # why a measure has no value


def make(
    codec: Codec,
    source: str,
    target: str,
    *,
    levels: int | None,
    mix: bool,
    pitch: float | None,
    voice: Console,
) -> Trip:
    """Encode `source`, shift its pitch if asked, decode to `target` (replaced), and score it."""
    before = _start(source)
    _warm_up(codec, before)
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        file = str(Path(folder) / "tokens.vcb")
        with voice.progress("encoding") as left:
            began = time.perf_counter()
            codec.encode_to(source, file, levels=levels, mix=mix, progress=left)
            encoding = time.perf_counter() - began
        if pitch is not None:
            shifted = codec.shift_pitch(read_tokens(file), pitch)
            shifted.save(file, overwrite=True)
        with voice.progress("decoding") as left:
            began = time.perf_counter()
            codec.decode_to(file, target, overwrite=True, progress=left)
            decoding = time.perf_counter() - began
        facts, tokens = token_facts(file), read_tokens(file)
    after = _start(target)
    scores, unscored = _score(before, after, pitch)
    facts |= {
        "pitch_semitones": pitch or 0.0,
        **scores,
        "encode_times_real_time": facts["seconds"] / encoding,
        "decode_times_real_time": facts["seconds"] / decoding,
    }
    return Trip(tokens, before, after, facts, unscored)


def _start(path: str) -> Audio:
    """Return the first 30 s of a recording."""
    with AudioReader(path) as reader:
        block = next(iter(reader.blocks(round(MEASURED * reader.rate))), None)
        return Audio(np.zeros((1, 0), np.float32) if block is None else block, reader.rate)


def _warm_up(codec: Codec, audio: Audio) -> None:
    """Run half a second through the codec: the first call of a process pays for its threads."""
    start = Audio(audio.samples[:1, : audio.rate // 2], audio.rate)
    codec.decode(codec.encode(start))


def _score(
    before: Audio, after: Audio, pitch: float | None
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return PESQ-WB and STOI, and why where there are none."""
    measures = {"pesq_wb": pesq_wb, "stoi": stoi}
    if pitch:
        return dict.fromkeys(measures), dict.fromkeys(measures, "the pitch is shifted")
    x, y = _comparable(before), _comparable(after)
    length = min(len(x), len(y))
    scores: dict[str, float | None] = {}
    unscored = {}
    for name, measure in measures.items():
        found = _scored(measure, x[:length], y[:length])
        scores[name] = None if isinstance(found, str) else found
        if isinstance(found, str):
            unscored[name] = found
    return scores, unscored


def _comparable(audio: Audio) -> Any:
    return audio.mono().resample(RATE).samples[0]


def _scored(measure: Callable[..., float], x: Any, y: Any) -> float | str:
    try:
        return measure(x, y, RATE)
    except MeasureError as error:
        return str(error)


def as_table(trip: Trip) -> str:
    """Return the facts as the table that people read."""
    facts = trip.facts
    channels = f", {facts['channels']} channels" if facts["channels"] > 1 else ""
    streams = f", {facts['streams']} streams" if facts["streams"] > 1 else ""
    disk = f"{kbps(facts['bits_per_second_on_disk'])} ({file_size(facts['bytes'])})"
    rows = [
        ("codec", facts["space"]),
        ("duration", f"{facts['seconds']:.2f} s at {facts['rate_hz']} Hz{channels}"),
        ("frames", f"{facts['frames']} ({facts['frames_per_second']:g} frames/s{streams})"),
        ("levels", f"{facts['levels']} of {len(trip.tokens.spec.levels)}"),
        ("bit rate, nominal", kbps(facts["bits_per_second"])),
        ("bit rate, on disk", disk),
        ("PESQ-WB", _shown(trip, "pesq_wb", ".2f")),
        ("STOI", _shown(trip, "stoi", ".3f")),
        ("encode", times_real_time(facts["encode_times_real_time"])),
        ("decode", times_real_time(facts["decode_times_real_time"])),
    ]
    if facts["pitch_semitones"]:
        rows.insert(4, ("pitch", f"{facts['pitch_semitones']:+g} semitones"))
    return table(rows)


def _shown(trip: Trip, measure: str, digits: str) -> str:
    if measure in trip.unscored:
        return f"not measured: {trip.unscored[measure]}"
    return format(trip.facts[measure], digits)
