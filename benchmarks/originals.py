"""Time published codecs against the PyTorch code that they are from, in turns, in one process.

    python -m benchmarks.originals --codec mimi [--seconds 10 60] [--batch 1 8] [--threads 1 2]

Whole recordings, each implementation with the same random weights (benchmarks/implementations.py);
codes must be equal but for ties, at most a frame in 1000. Each turn encodes and decodes with both
and multiplies matrices for a moment; medians are printed. One thread: CPU time of the process,
which other work disturbs least. More: time on the wall. "Share" is the counted arithmetic (LSTMs
are not counted) over the matmul rate of the same turns. Peers run with the allocator's defaults
unless the environment says otherwise, which the last line tells.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.implementations import CODECS, GRAPH, PACKAGES, Coded, Pair, pair
from benchmarks.machine import describe
from benchmarks.tables import heading, row
from tests.parity.randomise import sound
from vocable.audio import Audio
from vocable.codecs.convert import codes_of
from vocable.tokens import AudioTokens

HEAD = ["codec", "job", "audio, s", "batch", "threads", "ours, s", "peer", "peer, s"]
HEAD += ["peer / ours", "share, ours, peer", "frames that differ", "turns", "load"]
SIDE, PRODUCTS = 1024, 10  # of the matrices that say what the machine can do
PEERS = f"packages, or {GRAPH} (default: all packages that have the codec)"
MOST_TIES = 1000  # one frame in so many may tie
Times = dict[str, list[float]]
T = TypeVar("T")


def main() -> None:
    """Print a Markdown table, two rows for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", nargs="+", choices=CODECS, required=True)
    parser.add_argument("--peer", nargs="+", help=PEERS)
    parser.add_argument("--seconds", type=float, nargs="+", default=[10])
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--turns", type=int, default=7, help="at most")
    parser.add_argument("--budget", type=float, default=60, help="seconds for the turns of a case")
    options = parser.parse_args()
    print(heading(HEAD))
    for codec in options.codec:
        for package in (*PACKAGES[codec], GRAPH):
            if package in (options.peer or PACKAGES[codec]):
                measure(pair(codec, package), options)
    packages = {"descript-audio-codec" if p == "dac" else p for c in CODECS for p in PACKAGES[c]}
    packages |= {GRAPH} & set(options.peer or ())
    print(f"\n{describe(*sorted(packages))}; allocator: {allocator()}")


def measure(made: Pair, options: argparse.Namespace) -> None:
    """Print the rows of one pair."""
    flops = count(made)
    for seconds in options.seconds:
        for batch in options.batch:
            frame = made.ours.spec.frame * made.ours.model.frames_together
            frames = round(seconds * made.ours.spec.rate / frame)
            x = sound(frames * frame, batch)
            for threads in options.threads:
                torch.set_num_threads(threads)
                warm_up(made, x[:, :, : made.ours.spec.rate // frame * frame])
                times, differ = in_turns(made, x, threads, options)
                for line in rows(made, x, times, flops, (seconds, batch, threads), differ):
                    print(row(line), flush=True)


def in_turns(
    made: Pair, x: torch.Tensor, threads: int, options: argparse.Namespace
) -> tuple[Times, str]:
    """Return the seconds of each turn, by job and whose they are, and what differs in codes."""
    times: Times = defaultdict(list)
    items = [Audio(samples.numpy(), made.ours.spec.rate) for samples in x]
    clock = time.process_time if threads == 1 else time.perf_counter
    end = time.perf_counter() + options.budget
    for _ in range(options.turns):
        tokens = timed(clock, times["encode ours"], lambda: encode_ours(made, items))
        timed(clock, times["decode ours"], lambda t=tokens: made.ours.decode_batch(t))
        with torch.inference_mode():
            codes = timed(clock, times["encode peer"], lambda: made.peer.encode(x))
            timed(clock, times["decode peer"], lambda c=codes: made.peer.decode(c))
        timed(clock, times["matmul"], multiply)
        if time.perf_counter() > end:
            break
    return times, frames_that_differ(made, tokens, codes)


def multiply() -> None:
    """Multiply square matrices, PRODUCTS times."""
    a = torch.ones(SIDE, SIDE)
    for _ in range(PRODUCTS):
        torch.mm(a, a)


def warm_up(made: Pair, x: torch.Tensor) -> None:
    """Encode and decode a second with both."""
    made.ours.decode_batch(encode_ours(made, [Audio(x[0].numpy(), made.ours.spec.rate)]))
    with torch.inference_mode():
        made.peer.decode(made.peer.encode(x[:1]))


def encode_ours(made: Pair, items: list[Audio]) -> list[AudioTokens]:
    """Encode as a user does, with the pair's levels."""
    return made.ours.encode_batch(items, levels=made.levels)


def timed(clock: Callable[[], float], found: list[float], call: Callable[[], T]) -> T:
    """Call, note what it took, return the result."""
    start = clock()
    result = call()
    found.append(clock() - start)
    return result


def frames_that_differ(made: Pair, tokens: Sequence[AudioTokens], theirs: Coded) -> str:
    """Return how many frames have other codes than the peer's; refuse more than ties can be."""
    ours = [codes_of(item) for item in tokens]
    frames = ours[0][-1].shape[1] * made.ours.spec.levels[made.levels - 1].stride
    other = torch.zeros(len(tokens), frames, dtype=torch.bool)
    for level, wanted in enumerate(theirs):
        found = torch.cat([codes[level] for codes in ours])
        stride = made.ours.spec.levels[level].stride
        other |= (found != wanted).repeat_interleave(stride, 1)[:, :frames]
    if other.sum() > max(1, other.numel() // MOST_TIES):
        raise SystemExit(f"{made.codec}: codes differ from {made.peer.package}'s: {other.sum()}")
    return f"{int(other.sum())} of {other.numel()}"


def rows(
    made: Pair, x: torch.Tensor, times: Times, flops: dict[str, float], case: tuple, differ: str
) -> list[list[str]]:
    """Return the rows of one case: encoding and decoding."""
    middle = {name: statistics.median(found) for name, found in times.items()}
    rate = PRODUCTS * 2 * SIDE**3 / middle["matmul"]
    lines = []
    for job in ("encode", "decode"):
        ours, peer = times[f"{job} ours"], times[f"{job} peer"]
        ratio = statistics.median(b / a for a, b in zip(ours, peer, strict=True))
        work = flops[job] * x.shape[0] * x.shape[2]
        shares = [work / middle[f"{job} {who}"] / rate for who in ("ours", "peer")]
        lines.append([
            made.codec, job, *(f"{value:g}" for value in case), f"{middle[f'{job} ours']:.3f}",
            made.peer.package, f"{middle[f'{job} peer']:.3f}", f"{ratio:.2f}",
            f"{shares[0]:.0%}, {shares[1]:.0%}", differ, str(len(ours)),
            f"{os.getloadavg()[0]:.1f}",
        ])  # fmt: skip
    return lines


def count(made: Pair) -> dict[str, float]:
    """Return FLOP a sample of encoding and decoding, by torch's counter on our blocks."""
    model = made.ours.model
    frame = made.ours.spec.frame * model.frames_together
    samples = frame * max(1, made.ours.spec.rate // frame)
    with torch.inference_mode():
        with FlopCounterMode(display=False, custom_mapping=PACKED) as encode:
            z = model.encoder(torch.zeros(1, samples, 1))
            codes = model.quantizer.encode(z, made.levels)
        with FlopCounterMode(display=False, custom_mapping=PACKED) as decode:
            model.decoder(model.quantizer.decode(codes))
    counters = {"encode": encode, "decode": decode}
    return {job: counter.get_total_flops() / samples for job, counter in counters.items()}


def packed_flops(x: torch.Size, weight: torch.Size, *_: object, **__: object) -> int:
    """Return the FLOP of a product that the counter does not know."""
    return 2 * x.numel() * weight[0]


PACKED = {torch.ops.mkldnn._linear_pointwise: packed_flops}


def allocator() -> str:
    """Return what the environment sets of the allocator."""
    names = ("LD_PRELOAD", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")
    found = [f"{name}={os.environ[name]}" for name in names if name in os.environ]
    return ", ".join(found) or "defaults"


if __name__ == "__main__":
    main()
