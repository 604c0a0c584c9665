"""Encode and decode one recording, score what comes back, and show the result as text.

The recording goes through files block by block, so that memory does not grow with its length; the
scores are of its first 30 s.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vocable.audio import Audio, AudioReader
from vocable.cli.console import Console
from vocable.cli.results import token_facts
from vocable.cli.units import duration, file_size, kbps, table, times_real_time
from vocable.measures import REGISTRY, Scored, default_measures, score_recordings
from vocable.measures.checks import SILENCE
from vocable.tokens import AudioTokens, read_tokens

if TYPE_CHECKING:
    from vocable.codecs import Codec

MEASURED = 30.0  # seconds: PESQ is not defined for more


@dataclass(frozen=True)
class Comparison:
    """The tokens of a recording, how it begins, how what is decoded from them begins, and facts."""

    tokens: AudioTokens
    reference: Audio  # the first 30 s
    decoded: Audio
    facts: dict[str, Any]  # keys carry units
    scores: dict[str, float | None]  # by measure; None where it has no value
    unscored: dict[str, str]  # why it has none


def compare(
    codec: Codec,
    source: str,
    target: str,
    *,
    levels: int | None,
    mix: bool,
    pitch: float | None,
    console: Console,
    allow_loud: bool = False,
    listen: Callable[[Any], None] | None = None,
) -> Comparison:
    """Encode `source`, shift its pitch if asked, decode to `target` (replaced), and score it.

    listen: is given the recording as it is encoded.
    """
    reference = _read_start(source, allow_loud=allow_loud)
    _warm_up(codec, reference)
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        ending = ".vcb" if codec.spec.latent is None else ".safetensors"
        file = str(Path(folder) / f"tokens{ending}")
        with console.progress("encoding") as left:
            began = time.perf_counter()
            how: dict[str, Any] = {"levels": levels, "mix": mix, "allow_loud": allow_loud}
            how |= {"listen": listen} if listen else {}
            codec.encode_to(source, file, progress=left, **how)
            encoding = time.perf_counter() - began
        if pitch is not None:
            shifted = codec.shift_pitch(read_tokens(file), pitch)
            shifted.save(file, overwrite=True)
        with console.progress("decoding") as left:
            began = time.perf_counter()
            codec.decode_to(file, target, overwrite=True, progress=left)
            decoding = time.perf_counter() - began
        facts, tokens = token_facts(file), read_tokens(file)
    decoded = _read_start(target)
    found = _scored(reference, decoded, tokens.spec.rate, shifted=bool(pitch))
    facts |= {
        "pitch_semitones": pitch or 0.0,
        "measured_seconds": min(MEASURED, facts["seconds"]),
        "level_db": _level_db(reference, decoded),
        "delay_seconds": found.delay,
        "encode_times_real_time": facts["seconds"] / encoding,
        "decode_times_real_time": facts["seconds"] / decoding,
    }
    scores = {measure.name: found.scores.get(measure.name) for measure in default_measures()}
    return Comparison(tokens, reference, decoded, facts, scores, found.unscored)


def _read_start(path: str, *, allow_loud: bool = False) -> Audio:
    """Return the first 30 s of a recording."""
    with AudioReader(path, allow_loud=allow_loud) as reader:
        block = next(iter(reader.blocks(round(MEASURED * reader.rate))), None)
        samples = np.zeros((1, 0), np.float32) if block is None else block
        return Audio(samples, reader.rate, allow_loud=allow_loud)


def _level_db(reference: Audio, decoded: Audio) -> float | None:
    """Return by how much the decoded sound is louder, all channels mixed; None without sound."""
    x, y = (np.mean(audio.mono().samples.astype(np.float64) ** 2) for audio in (reference, decoded))
    return float(10 * np.log10(y / x)) if x > SILENCE and y > SILENCE else None


def _warm_up(codec: Codec, audio: Audio) -> None:
    """Run half a second through the codec: the first call of a process pays for its threads."""
    start = Audio(audio.samples[:1, : audio.rate // 2], audio.rate, allow_loud=True)
    codec.decode(codec.encode(start))


def _scored(reference: Audio, decoded: Audio, rate: int, *, shifted: bool) -> Scored:
    """Return what the default measures say."""
    measures = default_measures()
    possible = [measure for measure in measures if not (shifted and measure.reference)]
    found = score_recordings(possible, reference, decoded, rate)
    why = {m.name: "the pitch is shifted" for m in measures if m not in possible}
    return Scored(found.scores, found.unscored | why, 0.0 if shifted else found.delay)


def as_table(comparison: Comparison) -> str:
    """Return the facts as the table that people read."""
    facts = comparison.facts
    channels = f", {facts['channels']} channels" if facts["channels"] > 1 else ""
    streams = f", {facts['streams']} streams" if facts["streams"] > 1 else ""
    disk = f"{kbps(facts['bits_per_second_on_disk'])} ({file_size(facts['bytes'])})"
    rows = [
        ("codec", facts["space"]),
        ("duration", f"{facts['seconds']:.2f} s at {facts['rate_hz']} Hz{channels}"),
        ("frames", f"{facts['frames']} ({facts['frames_per_second']:g} frames/s{streams})"),
        *_held_rows(comparison),
        ("bit rate, on disk", disk),
        *_measured_row(comparison),
        ("level", _level(facts["level_db"])),
        *_delay_row(facts["delay_seconds"]),
        *_score_rows(comparison),
        ("encode", times_real_time(facts["encode_times_real_time"])),
        ("decode", times_real_time(facts["decode_times_real_time"])),
    ]
    if facts["pitch_semitones"]:
        rows.insert(4, ("pitch", f"{facts['pitch_semitones']:+g} semitones"))
    return table(rows)


def as_title(comparison: Comparison, name: str) -> str:
    """Return the one line over a picture of the recording `name`."""
    facts, unscored = comparison.facts, comparison.unscored
    if "floats_per_frame" in facts:
        held = f"{facts['floats_per_frame']} floats a frame"
    else:
        held = f"{facts['levels']} levels, {facts['bits_per_second'] / 1000:.2f} kbps"
    words = [name, f"{facts['codec']}, {held}"]
    if facts["pitch_semitones"]:
        words.append(f"pitch {facts['pitch_semitones']:+g} semitones")
    words += [" ".join(row) for row in _score_rows(comparison) if row[0] not in unscored]
    words += [f"({': '.join(row)})" for row in _measured_row(comparison)]
    return "    ".join(words)


def _held_rows(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what a frame holds: levels and their bit rate, or floats."""
    facts = comparison.facts
    if "floats_per_frame" in facts:
        return [("latent", f"{facts['floats_per_frame']} floats a frame")]
    return [
        ("levels", f"{facts['levels']} of {len(comparison.tokens.spec.levels)}"),
        ("bit rate, nominal", kbps(facts["bits_per_second"])),
    ]


def _measured_row(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what the level and the scores are of, where that is not the whole mono recording."""
    facts, channels = comparison.facts, comparison.reference.channels
    words = []
    if facts["seconds"] > MEASURED:
        words.append(f"the first {MEASURED:g} s of {duration(facts['seconds'])}")
    if channels > 1:
        words.append(f"{channels} channels mixed")
    return [("measured", ", ".join(words))] if words else []


def _level(level_db: float | None) -> str:
    return "not measured: there is no sound" if level_db is None else f"{level_db:+.1f} dB"


def _delay_row(seconds: float) -> list[tuple[str, str]]:
    """Return by how much the decoded sound comes late, where it does."""
    word = "late" if seconds > 0 else "early"
    return [("delay", f"{1000 * abs(seconds):.1f} ms {word}")] if seconds else []


def _score_rows(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Yield name and value, with its unit, of every measure; or why it has no value."""
    for name, value in comparison.scores.items():
        if value is None:
            yield name, f"not measured: {comparison.unscored[name]}"
        else:
            yield name, REGISTRY[name].format(value)
