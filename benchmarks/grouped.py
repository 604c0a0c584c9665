"""Time the search of grouped quantizers as one batched product, and group by group, in turns.

    python -m benchmarks.grouped [--rounds 15]

The loop calls the search of each group's own quantizer, which is ours too. Beside them stands
vector-quantize-pytorch, which loops, where it is installed. Medians of CPU time in one thread; all
search the same random normal codebooks and find the same codes, near ties apart.
"""

import argparse
import statistics
import time
from importlib.util import find_spec

import torch

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.quantize import GroupedVQ, ResidualVQ

SHAPES = [  # groups, levels of each, entries, channels of a group, and what it is like
    (2, 2, 1024, 256, "HiFi-Codec"),
    (6, 1, 1024, 24, "product, as ESC"),
    (8, 2, 1024, 16, "grouped residual"),
    (32, 1, 256, 4, "product"),
]
FRAMES = (1, 16, 1000)  # a step of a stream, steps of several streams, a recording
CALLS = 2000  # of one round: so many frames are searched
PACKAGE = "vector_quantize_pytorch"


def batched(entries):
    """Our grouped quantizer, frozen; entries: `[groups, levels, size, width]`."""
    groups, levels, size, width = entries.shape
    parts = [ResidualVQ(width, (size,) * levels, update=None) for _ in range(groups)]
    for part, own in zip(parts, entries, strict=True):
        for level, table in zip(part.stack, own, strict=True):
            level.codebook.entries.copy_(table)
    return GroupedVQ(parts).eval()


def looped(quantizer):
    """The same, one group after the other."""

    def search(z):
        pairs = zip(quantizer.parts, z.chunk(len(quantizer.parts), -1), strict=True)
        return torch.stack([part.encode(x) for part, x in pairs], 2).flatten(1, 2)

    return search


def package(entries):
    """The quantizer of vector-quantize-pytorch."""
    from vector_quantize_pytorch import GroupedResidualVQ

    groups, levels, size, width = entries.shape
    peer = GroupedResidualVQ(
        dim=groups * width, groups=groups, num_quantizers=levels, codebook_size=size
    ).eval()
    for part, own in zip(peer.rvqs, entries, strict=True):
        for layer, table in zip(part.layers, own, strict=True):
            layer._codebook.embed.copy_(table[None])
            layer._codebook.initted.fill_(True)
    return lambda z: peer(z)[1].permute(1, 3, 0, 2).flatten(1, 2)


def calls(entries):
    """Return what is timed, by form."""
    quantizer = batched(entries)
    made = {"batched": quantizer.encode, "looped": looped(quantizer)}
    if find_spec(PACKAGE) is not None:
        made["vector-quantize-pytorch"] = package(entries)
    return made


def measure(made, z, rounds):
    """Return median CPU seconds of a call per form; SystemExit where codes differ."""
    codes = {name: search(z) for name, search in made.items()}
    for name, found in codes.items():
        differ = int((found != codes["batched"]).any(1).sum())
        if differ > max(1, z.shape[1] // 100):
            raise SystemExit(f"{name} differs from ours in {differ} of {z.shape[1]} frames")
    times, count = {name: [] for name in made}, max(1, CALLS // z.shape[1] // 10)
    for _ in range(rounds):
        for name, search in made.items():
            before = time.process_time()
            for _ in range(count):
                search(z)
            times[name].append((time.process_time() - before) / count)
    return {name: statistics.median(found) for name, found in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    print(heading(["groups × levels × entries × channels", "frames", "form", "µs", "time / ours"]))
    for groups, levels, size, width, what in SHAPES:
        scales = 0.6 ** torch.arange(levels)[:, None, None]
        entries = torch.randn(groups, levels, size, width, generator=generator) * scales
        made = calls(entries)  # not in inference mode, where nothing is kept for the next call
        for frames in FRAMES:
            z = torch.randn(1, frames, groups * width, generator=generator)
            with torch.inference_mode():
                found = measure(made, z, options.rounds)
            shape = f"{groups} × {levels} × {size} × {width} ({what})"
            for name, seconds in found.items():
                ratio = f"{seconds / found['batched']:.2f}"
                print(row([shape, str(frames), name, f"{seconds * 1e6:.0f}", ratio]), flush=True)
    packages = ("vector-quantize-pytorch",) if find_spec(PACKAGE) else ()
    print(f"\n{describe(*packages, threads=1)}")


if __name__ == "__main__":
    main()
