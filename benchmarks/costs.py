"""Say what codecs cost beside each other: arithmetic, time on one thread, latency, bytes."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.flops import count
from benchmarks.judged import Judged
from benchmarks.recording import example
from benchmarks.speed import timed
from benchmarks.tables import heading, row
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.latency import Latency
from vocable.load import describe

SECONDS = 30


@dataclass(frozen=True)
class Cost:
    """What one codec costs; pairs are of encoding and decoding."""

    gflops: tuple[float, float]  # per second of audio
    times_real_time: tuple[float, float]
    speed: tuple[float, float]  # over that of the last codec, in pairs of turns
    latency: Latency | None
    megabytes: float  # of the model's folder


def measure(codecs: Sequence[Judged], turns: int) -> list[Cost]:
    """Return what each codec costs; times are of the same turns in this process."""
    torch.set_num_threads(1)
    times = in_turns([judged.codec for judged in codecs], turns)
    found = []
    for judged, taken in zip(codecs, times, strict=True):
        encode, decode = (total / 1e9 for total, _ in count(judged.codec))
        real = [SECONDS / statistics.median(side) for side in taken]
        speed = [_times_as_fast(*sides) for sides in zip(taken, times[-1], strict=True)]
        size = folder_bytes(judged.given) / 1e6
        found.append(Cost((encode, decode), tuple(real), tuple(speed), judged.codec.latency, size))
    return found


def section(costs: dict[str, Cost], turns: int) -> list[str]:
    """Return the section: a row for each codec, by name."""
    head = ["codec", "GFLOP/s of audio, encode, decode", "× real time of one thread, the same"]
    head += [f"speed / {list(costs)[-1]}, the same", "latency, ms", "first sound, ms", "MB"]
    lines = ["## Cost", "", heading(head)]
    for name, cost in costs.items():
        pairs = {".3f": cost.gflops, ".0f": cost.times_real_time, ".2f": cost.speed}.items()
        cells = [", ".join(f"{value:{form}}" for value in pair) for form, pair in pairs]
        latency = cost.latency
        waits = (latency.steady, latency.first) if latency else ()
        cells += [f"{1000 * float(wait):.1f}" for wait in waits] or ["whole recordings"] * 2
        lines.append(row([name, *cells, f"{cost.megabytes:.2f}"]))
    about = f"{SECONDS} s of speech, processor time, medians of {turns} turns that take each codec"
    return [*lines, "", f"{about} once; MB of the model's folder."]


def in_turns(codecs: Sequence[Codec], turns: int) -> list[tuple[list[float], list[float]]]:
    """Return the processor seconds of encoding and of decoding in each turn, by codec."""
    found: list[tuple[list[float], list[float]]] = [([], []) for _ in codecs]
    sound = Audio(example(16000), 16000)
    samples = sound.samples.repeat(SECONDS * sound.rate // len(sound) + 1, axis=1)
    sound = Audio(samples[:, : SECONDS * sound.rate], sound.rate)
    for turn in range(-1, turns):  # the first warms up
        for codec, (encoding, decoding) in zip(codecs, found, strict=True):
            own = sound.resample(codec.rate)
            tokens, _, encode = timed(lambda c=codec, x=own: c.encode(x))
            _, _, decode = timed(lambda c=codec, t=tokens: c.decode(t))
            if turn >= 0:
                encoding.append(encode)
                decoding.append(decode)
    return found


def folder_bytes(name: str) -> int:
    """Return the bytes of all files in a model's folder."""
    folder: Path = describe(name).folder
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _times_as_fast(seconds: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of what another took over what this took, turn by turn."""
    return statistics.median(b / a for a, b in zip(seconds, others, strict=True))
