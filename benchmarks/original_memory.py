"""Measure the peak memory of published codecs beside their peers, each in a process of its own.

    python -m benchmarks.original_memory --codec mimi [--minutes 1 10 60] [--peer transformers]

Ours encodes a file to tokens and decodes these to a file; the peer does both in memory, at the
first length only. Random weights at published size; "loaded" is the process before its first call,
which holds both models, so that the two peaks have the same floor. The peak is that of the call
(Linux only: the mark of the time before is wiped).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks.implementations import CODECS, PACKAGES, pair
from benchmarks.machine import describe
from benchmarks.memory import peak_megabytes
from benchmarks.recording import write_recording
from benchmarks.tables import heading, row
from tests.parity.randomise import sound


def main() -> None:
    """Print a Markdown table; with --only, do one job and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", choices=CODECS, required=True)
    parser.add_argument("--peer", help="package (default: the first that has the codec)")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1])
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)  # whose, and minutes
    options = parser.parse_args()
    package = options.peer or PACKAGES[options.codec][0]
    if options.only:
        print(*do(options.codec, package, options.only[0], float(options.only[1])))
        return
    print(heading(["codec", "whose", "audio, min", "loaded, MB", "peak, MB"]))
    jobs = [("ours", minutes) for minutes in options.minutes]
    for whose, minutes in [*jobs, (package, options.minutes[0])]:
        command = [sys.executable, "-m", "benchmarks.original_memory", "--codec", options.codec]
        command += ["--peer", package, "--only", whose, str(minutes)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        loaded, peak = done.stdout.split()[-2:]
        print(row([options.codec, whose, f"{minutes:g}", loaded, peak]), flush=True)
    print(f"\n{describe(package, threads=1)}")


def do(codec: str, package: str, whose: str, minutes: float) -> tuple[int, int]:
    """Encode and decode so much audio; return the megabytes held before, and the peak."""
    torch.set_num_threads(1)
    made = pair(codec, package)
    Path("/proc/self/clear_refs").write_text("5")  # peaks count from here on
    loaded = round(peak_megabytes())
    if whose == "ours":
        with tempfile.TemporaryDirectory() as folder:
            wav, tokens, back = (Path(folder, name) for name in ("a.wav", "a.vcb", "b.wav"))
            write_recording(wav, 60 * minutes, made.ours.spec.rate)
            made.ours.encode_to(wav, tokens, levels=made.levels)
            made.ours.decode_to(tokens, back)
    else:
        frame = made.ours.spec.frame * made.ours.model.frames_together
        x = sound(int(60 * minutes * made.ours.spec.rate) // frame * frame)
        with torch.inference_mode():
            made.peer.decode(made.peer.encode(x))
    return loaded, round(peak_megabytes())


if __name__ == "__main__":
    main()
