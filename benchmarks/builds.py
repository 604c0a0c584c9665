"""Time this checkout against another one, job by job in turns, one thread each.

    python -m benchmarks.builds --before FOLDER --turns 9 [--codec HERE THERE]

FOLDER is a checkout of an earlier commit (`git worktree add FOLDER COMMIT`); --codec names the
codec here, and there if it has another name. Each build is a process of its own that does one job
when it is told to; medians of its CPU time. Jobs: a block of one frame, encoded and decoded, of 1
stream and of 32 stepped together; a minute of the example encoded and decoded whole.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.tables import heading, row

HEAD = ["job", "before, ms", "here, ms", "before / here", "turns", "load"]
JOBS = ("block of 1 stream", "block of 32 streams", "encode a minute", "decode a minute")
CALLS = 50  # blocks a turn
WORKER = """
import sys, time
import soundfile, torch, vocable
torch.set_num_threads(1)
name, path, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
codec = vocable.load(name)
samples, found = soundfile.read(path, dtype="float32")
frame, rate = codec.spec.frame, codec.spec.rate
x = torch.from_numpy(samples)
if found != rate:
    raise SystemExit(f"the example is at {found} Hz")
minute = x.repeat(60 * rate // len(x) + 1)[: 60 * rate].numpy()[None]
whole = vocable.Audio(minute, rate)
tokens = codec.encode(whole)

def blocks(streams):
    pieces = x[: len(x) // frame * frame].reshape(-1, frame)
    encoding, decoding = codec.start_encoding(streams), codec.start_decoding(streams)
    start = 0.0
    for call in range(10 + calls):
        if call == 10:
            start = time.process_time()
        block = torch.stack([pieces[(call + 7 * s) % len(pieces)] for s in range(streams)])[:, None]
        codes, encoding = codec.encode_step(block, encoding)
        _, decoding = codec.decode_step(codes, decoding)
    return (time.process_time() - start) / calls

def once(call):
    start = time.process_time()
    call()
    return time.process_time() - start

jobs = [lambda: blocks(1), lambda: blocks(32), lambda: once(lambda: codec.encode(whole)),
        lambda: once(lambda: codec.decode(tokens))]
print("ready", flush=True)
for line in sys.stdin:
    print(jobs[int(line)](), flush=True)
"""


def main() -> None:
    """Print a Markdown table, a row for each job."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--codec", nargs="+", default=["speech-16k"])
    parser.add_argument("--turns", type=int, required=True)
    options = parser.parse_args()
    here = Path(__file__).resolve().parents[1]
    builds = [worker(options.before, options.codec[-1], here), worker(here, options.codec[0], here)]
    print(heading(HEAD))
    for number, job in enumerate(JOBS):
        turns = [[ask(build, number) for build in builds] for _ in range(options.turns)]
        before, now = (statistics.median(times) for times in zip(*turns, strict=True))
        ratio = statistics.median(a / b for a, b in turns)
        cells = [job, f"{1000 * before:.2f}", f"{1000 * now:.2f}", f"{ratio:.2f}"]
        print(row([*cells, str(options.turns), f"{os.getloadavg()[0]:.1f}"]), flush=True)
    for build in builds:
        build.terminate()
    print(f"\n{describe(threads=1)}")


def worker(folder: Path, codec: str, here: Path) -> subprocess.Popen[str]:
    """Start a build's process and wait until its model is loaded."""
    command = [sys.executable, "-c", WORKER, codec, str(here / "examples/speech.flac"), str(CALLS)]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    build = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert build.stdout is not None
    if build.stdout.readline() != "ready\n":
        raise SystemExit(f"the build in {folder} does not run {codec}; see above")
    return build


def ask(build: subprocess.Popen[str], job: int) -> float:
    """Have a build do one job; return its seconds."""
    assert build.stdin is not None and build.stdout is not None
    print(job, file=build.stdin, flush=True)
    answer = build.stdout.readline()
    if not answer:
        raise SystemExit(f"a build ended in job {JOBS[job]!r}; see above")
    return float(answer)


if __name__ == "__main__":
    main()
