"""Measure the codebook search beside the usual forms, as shares of the machine's matmul rate.

    python -m benchmarks.search [--rows 4096] [--rounds 15]

All forms take their turn in every round, in one thread; the table has medians of their CPU time.
"""

import argparse
import statistics
import time

import torch

from benchmarks.machine import describe
from vocable.quantize.search import nearest, prepare

# entries, dimensions, and whose they are
SHAPES = [(4096, 48, "speech-16k"), (1024, 128, "EnCodec"), (2048, 256, "Mimi")]
SIDE = 1024  # of the square matrices that give the matmul rate


def ours(entries):
    """Our search, its table kept between calls."""
    table = prepare(entries)
    return lambda x: nearest(x, table)


def argmax(entries):
    """One product with the half norms as bias, one argmax, unblocked."""
    bias = -0.5 * entries.square().sum(1)
    return lambda x: torch.addmm(bias, x, entries.T).argmax(1)


def all_terms(entries):
    """All three terms of the distance, unblocked: EnCodec's form."""
    turned = entries.T

    def search(x):
        distance = x.pow(2).sum(1, keepdim=True) - 2 * x @ turned + turned.pow(2).sum(0, True)
        return (-distance).max(dim=-1).indices

    return search


def cdist(entries):
    """torch.cdist and argmin: Moshi's form."""
    return lambda x: torch.cdist(x[None], entries[None])[0].argmin(-1)


FORMS = {"ours": ours, "argmax": argmax, "all terms": all_terms, "cdist": cdist}


def cpu_seconds(work, *arguments):
    """Return the CPU time of one call."""
    before = time.process_time()
    work(*arguments)
    return time.process_time() - before


def measure(size, dim, rows, rounds):
    """Return median CPU seconds per form, and of a square product under the name `matmul`."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, dim, generator=generator)
    entries = torch.randn(size, dim, generator=generator)
    square = torch.randn(SIDE, SIDE, generator=generator)
    calls = {name: (form(entries), x) for name, form in FORMS.items()}
    calls["matmul"] = (torch.mm, square, square)
    codes = {name: calls[name][0](x) for name in FORMS}
    for name, found in codes.items():
        differ = int((found != codes["ours"]).sum())
        if differ > rows // 1000:
            raise SystemExit(f"{name} differs from ours in {differ} of {rows} codes")
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (work, *arguments) in calls.items():
            times[name].append(cpu_seconds(work, *arguments))
    return {name: statistics.median(found) for name, found in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| codebook | form | µs per 1000 frames | share of the matmul rate | time / ours |")
    print("| --- | --- | --- | --- | --- |")
    with torch.inference_mode():
        for size, dim, whose in SHAPES:
            found = measure(size, dim, options.rows, options.rounds)
            rate = 2 * SIDE**3 / found.pop("matmul")
            for name, seconds in found.items():
                share = 2 * options.rows * size * dim / seconds / rate
                frames, ratio = seconds / options.rows * 1e9, seconds / found["ours"]
                codebook = f"{size} × {dim} ({whose})"
                print(f"| {codebook} | {name} | {frames:.0f} | {share:.0%} | {ratio:.2f} |")
    print(f"\n{describe(threads=1)}")


if __name__ == "__main__":
    main()
