"""Say what codecs cost beside each other: arithmetic, time on one thread, latency, bytes."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.flops import count
from benchmarks.judged import Judged
from benchmarks.recording import example
from benchmarks.speed import timed
from benchmarks.tables import heading, row
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.load import describe

SECONDS = 30


def costs(codecs: Sequence[Judged], turns: int) -> list[str]:
    """Return the section: a row for each codec, times of the same turns in one process."""
    torch.set_num_threads(1)
    times = in_turns([judged.codec for judged in codecs], turns)
    head = ["codec", "GFLOP/s of audio, encode, decode", "× real time of one thread, the same"]
    head += [f"speed / {codecs[-1].name}, the same", "latency, ms", "first sound, ms", "MB"]
    lines = ["## Cost", "", heading(head)]
    for judged, taken in zip(codecs, times, strict=True):
        flops = ", ".join(f"{total / 1e9:.3f}" for total, _ in count(judged.codec))
        speeds = ", ".join(f"{SECONDS / statistics.median(side):.0f}" for side in taken)
        against = ", ".join(
            f"{statistics.median(b / a for a, b in zip(mine, other, strict=True)):.2f}"
            for mine, other in zip(taken, times[-1], strict=True)
        )
        size = f"{folder_bytes(judged.given) / 1e6:.2f}"
        lines.append(row([judged.name, flops, speeds, against, *latencies(judged.codec), size]))
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
                encoding.append(encode), decoding.append(decode)
    return found


def latencies(codec: Codec) -> list[str]:
    """Return what a stream waits for and what its first sound waits for, in ms."""
    if codec.latency is None:
        return ["whole recordings", "whole recordings"]
    return [f"{float(s) * 1000:.1f}" for s in (codec.latency.steady, codec.latency.first)]


def folder_bytes(name: str) -> int:
    """Return the bytes of all files in a model's folder."""
    folder: Path = describe(name).folder
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
