"""Measure quantizers without codebooks, as shares of the rate at which this machine copies memory.

    python -m benchmarks.scalar [--frames 16384] [--rounds 15]

All take their turn in every round, in one thread; the table has medians of their CPU time. Bytes
are those of latents read and codes written. Beside them stands one pass of `torch.tanh` over the
same numbers, which every bound but that of signs has to take, and vector-quantize-pytorch where it
is installed and has the same quantizer.
"""

import argparse
import statistics
import time
from importlib.util import find_spec

import torch

from benchmarks.machine import describe
from vocable.quantize import BSQ, FSQ, LFQ, AtanhBound, ResidualFSQ

COPIED = 1 << 24  # numbers, 64 MiB: far more than a cache holds
PACKAGE = "vector_quantize_pytorch"


def quantizers():
    """Return each by the name of what has it."""
    return {
        "FSQ 4⁸ of 2048 channels (X-Codec 2)": FSQ((4,) * 8, dim=2048, bound=AtanhBound(times=2)),
        "FSQ 8·5·5·5": FSQ((8, 5, 5, 5), bound=AtanhBound()),
        "FSQ 4 × 9·8·8·7 (NanoCodec)": FSQ((9, 8, 8, 7), groups=4),
        "residual FSQ 4 × 5⁶": ResidualFSQ((5,) * 6, 4),
        "LFQ 16 bits": LFQ(16),
        "BSQ 13 bits (FocalCodec)": BSQ(13),
    }


def theirs():
    """Return those of vector-quantize-pytorch that do the same, by the same names."""
    if find_spec(PACKAGE) is None:
        return {}
    from vector_quantize_pytorch import FSQ as TheirFSQ
    from vector_quantize_pytorch import LFQ as TheirLFQ
    from vector_quantize_pytorch import ResidualFSQ as TheirResidualFSQ

    return {
        "FSQ 8·5·5·5": TheirFSQ([8, 5, 5, 5]).eval(),
        "residual FSQ 4 × 5⁶": TheirResidualFSQ(levels=[5] * 6, num_quantizers=4).eval(),
        "LFQ 16 bits": TheirLFQ(dim=16).eval(),
        "BSQ 13 bits (FocalCodec)": TheirLFQ(dim=13, spherical=True).eval(),
    }


def calls(frames):
    """Return what is timed, by quantizer and form, and the bytes that each reads and writes."""
    generator, peers, made, moved = torch.Generator().manual_seed(0), theirs(), {}, {}
    for name, quantizer in quantizers().items():
        z = torch.randn(1, frames, quantizer.dim, generator=generator)
        numbers = torch.randn(1, frames, quantizer.lattice.width, generator=generator)
        moved[name] = 4 * z.numel() + 8 * frames * len(quantizer.levels)
        made[name, "ours"] = lambda quantizer=quantizer, z=z: quantizer.encode(z)
        made[name, "tanh alone"] = lambda numbers=numbers: numbers.tanh()
        if name in peers:
            made[name, "package"] = lambda peer=peers[name], z=z: peer(z)
    source, target = torch.randn(COPIED, generator=generator), torch.empty(COPIED)
    made["", "copy"], moved[""] = lambda: target.copy_(source), 8 * COPIED
    return made, moved


def cpu_seconds(work):
    """Return the CPU time of one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1 << 14)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        made, moved = calls(options.frames)
        times = {key: [] for key in made}
        for work in made.values():
            work()
        for _ in range(options.rounds):
            for key, work in made.items():
                times[key].append(cpu_seconds(work))
    found = {key: statistics.median(each) for key, each in times.items()}
    rate = moved[""] / found.pop(("", "copy"))
    print("| quantizer | form | ns per frame | share of the rate of copying | time / ours |")
    print("| --- | --- | --- | --- | --- |")
    for (name, form), seconds in found.items():
        share, ratio = moved[name] / seconds / rate, seconds / found[name, "ours"]
        frame = seconds / options.frames * 1e9
        cell = f"{share:.1%}" if form != "tanh alone" else "–"
        print(f"| {name} | {form} | {frame:.0f} | {cell} | {ratio:.2f} |")
    packages = ("vector-quantize-pytorch",) if find_spec(PACKAGE) else ()
    print(f"\nCopying: {rate / 1e9:.1f} GB/s, read and written. {describe(*packages, threads=1)}")


if __name__ == "__main__":
    main()
