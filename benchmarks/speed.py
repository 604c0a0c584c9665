"""Time encoding and decoding of whole files, one stream, beside the machine's own matmul rate.

    python -m benchmarks.speed [--codec NAME_OR_FOLDER] [--seconds 60 600] [--threads 1 2]

A turn encodes a 16-bit WAV file from its path, decodes the tokens to an array, and multiplies
matrices for a moment; all turns run in one process, and medians are printed. "Share" is the counted
arithmetic (benchmarks/flops.py) per second of wall time over the matmul rate of the same turn.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

import vocable
from benchmarks.flops import count
from benchmarks.machine import describe
from benchmarks.recording import write_recording
from benchmarks.tables import heading, row
from vocable.codecs import Codec

SIDE = 1024  # of the matrices
PRODUCTS = 20


@dataclass(frozen=True)
class Turn:
    """What one turn took: seconds on the wall and of CPU, and the rate of matmul in FLOP/s."""

    encode: float
    decode: float
    encode_cpu: float
    decode_cpu: float
    matmul: float


def main() -> None:
    """Print a Markdown table, one row for each length and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--seconds", type=int, nargs="+", default=[60, 600])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    codec = vocable.load(options.codec)
    flops = [total for total, _ in count(codec)]
    head = ["audio, s", "threads", "encode, × real time", "decode, × real time"]
    head += ["the same per CPU second", "matmul, GFLOP/s", "share encode, decode", "load"]
    print(heading(head))
    with tempfile.TemporaryDirectory() as folder:
        for seconds in options.seconds:
            wav = Path(folder, f"{seconds}.wav")
            write_recording(wav, seconds, codec.spec.rate)
            for threads in options.threads:
                torch.set_num_threads(threads)
                run(codec, wav, options.turns // 2 + 1)  # the first turns warm up
                turns = run(codec, wav, options.turns)
                print(line(seconds, threads, turns, flops), flush=True)
    print(f"\nmedians of {options.turns} turns; {describe()}")


def run(codec: Codec, wav: Path, turns: int) -> list[Turn]:
    """Return what each turn took."""
    found = []
    for _ in range(turns):
        tokens, encode, encode_cpu = timed(lambda: codec.encode(wav))
        _, decode, decode_cpu = timed(lambda t=tokens: codec.decode(t))
        found.append(Turn(encode, decode, encode_cpu, decode_cpu, matmul_rate()))
    return found


def matmul_rate() -> float:
    """Return the FLOP/s of square fp32 matrix products at this moment and number of threads."""
    a, b = torch.ones(SIDE, SIDE), torch.ones(SIDE, SIDE)
    torch.mm(a, b)
    _, wall, _ = timed(lambda: [torch.mm(a, b) for _ in range(PRODUCTS)])
    return PRODUCTS * 2 * SIDE**3 / wall


def timed(call: Callable) -> tuple:
    """Return the result, the seconds on the wall, and the CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def line(seconds: int, threads: int, turns: list[Turn], flops: list[float]) -> str:
    """Return one row of the table."""

    def median(name: str) -> float:
        return statistics.median(getattr(turn, name) for turn in turns)

    speeds = [seconds / median(name) for name in ("encode", "decode", "encode_cpu", "decode_cpu")]
    shares = [
        statistics.median(work * seconds / getattr(turn, name) / turn.matmul for turn in turns)
        for name, work in zip(("encode", "decode"), flops, strict=True)
    ]
    cells = [str(seconds), str(threads), f"{speeds[0]:.0f}", f"{speeds[1]:.0f}"]
    cells += [f"{speeds[2]:.0f}, {speeds[3]:.0f}", f"{median('matmul') / 1e9:.0f}"]
    return row([*cells, f"{shares[0]:.0%}, {shares[1]:.0%}", f"{os.getloadavg()[0]:.2f}"])


if __name__ == "__main__":
    main()
