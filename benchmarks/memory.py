"""Measure the peak memory of encoding and decoding, each in a process of its own.

    python -m benchmarks.memory [--codec NAME_OR_FOLDER] [--minutes 10 120]

The recordings are written block by block to a temporary folder (16-bit WAV: 115 MB an hour). What
is printed is the peak resident memory of the whole process, Python and torch included.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.recording import write_recording
from benchmarks.tables import heading, row


def main() -> None:
    """Print a Markdown table; with --only, do one job and print its peak."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 120])
    parser.add_argument("--threads", type=int, default=2)
    # One job and its two files: how `measure` starts a process of its own.
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        job, source, target = options.only
        do(job, options.codec, Path(source), Path(target), options.threads)
        return
    head = ["job", "audio, min", "peak memory, MB", "× real time"]
    print(heading(head))
    with tempfile.TemporaryDirectory() as folder:
        print(measure("load alone", 0.0, folder, options), flush=True)
        print(measure("encode", 1.0, folder, options), flush=True)
        for minutes in options.minutes:
            print(measure("encode_to", minutes, folder, options), flush=True)
            print(measure("decode_to", minutes, folder, options), flush=True)
    print(f"\n{describe(threads=options.threads)}")


def measure(job: str, minutes: float, folder: str, options: argparse.Namespace) -> str:
    """Run one job in a fresh process; return its row of the table."""
    wav, tokens = Path(folder, f"{minutes:g}.wav"), Path(folder, f"{minutes:g}.vcb")
    decoded = Path(folder, f"{minutes:g}-decoded.wav")
    if job != "decode_to":
        write_recording(wav, 60 * minutes, 16000)
    source, target = (tokens, decoded) if job == "decode_to" else (wav, tokens)
    command = [sys.executable, "-m", "benchmarks.memory", "--codec", options.codec]
    command += ["--threads", str(options.threads), "--only", job, str(source), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, seconds = done.stdout.split()
    speed = f"{60 * minutes / float(seconds):.0f}" if minutes else ""
    if job == "decode_to":
        for path in (wav, tokens, decoded):
            path.unlink()
    return row([job, f"{minutes:g}", f"{float(peak):.0f}", speed])


def do(job: str, name: str, source: Path, target: Path, threads: int) -> None:
    """Do one job, then print the peak in MB and the seconds that it took."""
    import torch

    import vocable

    torch.set_num_threads(threads)
    codec = vocable.load(name)
    start = time.perf_counter()
    if job == "encode":
        codec.encode(source)
    elif job == "encode_to":
        codec.encode_to(source, target)
    elif job == "decode_to":
        codec.decode_to(source, target)
    print(peak_megabytes(), time.perf_counter() - start)


def peak_megabytes() -> float:
    """Return the largest resident memory of this process so far, in MB (10⁶ bytes).

    On Linux /proc has it for this program alone; getrusage there also counts its parent.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return next(int(x.split()[1]) * 1024 / 1e6 for x in lines if x.startswith("VmHWM"))


if __name__ == "__main__":
    main()
