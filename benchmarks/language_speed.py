"""Time language models against transformers, with the same random weights, in one process.

    python -m benchmarks.language_speed [--threads 2] csm [--frames 3] [--kinds int8 float16]
    python -m benchmarks.language_speed [--turns 5] small [--widths 256 384] [--layers 4]
    python -m benchmarks.language_speed context [--contexts 256 512 1024 2048 4096]
    python -m benchmarks.language_speed near [--layers 2 2]

csm: CSM-1B at published size, frames of each in turns; share: of the pace at which the same process
reads memory once. small: Llamas over 1024 ids, alone and 16 streams together. context: a step
behind so many positions, and the memory of keys and values. near: a CSM of fewer layers, its greedy
frames in fp32, and what other precisions change. All is greedy; a prompt is not timed. One thread:
CPU time; more: time on the wall.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections import defaultdict
from typing import Any

import torch

from benchmarks.machine import describe
from benchmarks.tables import heading, row

KINDS = {"float16": torch.float16, "int8": torch.int8, "as stored": None}


def main() -> None:
    """Print a Markdown table of the part that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    parts = parser.add_subparsers(dest="part", required=True)
    csm = parts.add_parser("csm", help="frames of CSM-1B")
    csm.add_argument("--frames", type=int, default=3, help="of a turn; the first is not timed")
    csm.add_argument("--layers", type=int, nargs=2, help="fewer, to try it out")
    csm.add_argument("--kinds", nargs="+", choices=KINDS, default=["int8", "float16"])
    small = parts.add_parser("small", help="ids of Llamas of few parameters")
    small.add_argument("--tokens", type=int, default=64)
    small.add_argument("--widths", type=int, nargs="+", default=[256, 384, 512])
    small.add_argument("--layers", type=int, default=4)
    small.add_argument("--streams", type=int, default=16)
    context = parts.add_parser("context", help="a step behind so many positions")
    context.add_argument("--contexts", type=int, nargs="+", default=[256, 512, 1024, 2048, 4096])
    context.add_argument("--steps", type=int, default=20)
    near = parts.add_parser("near", help="what precisions change")
    near.add_argument("--layers", type=int, nargs=2, default=[2, 2])
    near.add_argument("--frames", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tables = {"csm": frames, "small": small_models, "context": contexts, "near": nearness}
    tables[options.part](options)
    print(f"\n{describe('transformers', threads=options.threads)}")


def frames(options: argparse.Namespace) -> None:
    """Print a row for transformers and one for each of ours."""
    from benchmarks.language_models import our_csm, their_csm, weights_of_a_frame
    from benchmarks.language_turns import clock_of, gaps, our_frames, pace, their_frames

    theirs = their_csm(torch.bfloat16, options.layers and tuple(options.layers))
    ours = {kind: our_csm(theirs, KINDS[kind]) for kind in options.kinds}
    times: dict[str, list[float]] = defaultdict(list)
    paces, clock = [], clock_of(options.threads)
    for _ in range(options.turns):
        paces.append(pace(clock))
        times["transformers, bfloat16"] += gaps(their_frames(theirs, options.frames, clock)[0])
        for kind, each in ours.items():
            times[f"ours, {kind}"] += gaps(our_frames(each, options.frames, clock)[0])
    seconds = {name: statistics.median(found) for name, found in times.items()}
    memory = statistics.median(paces)
    kept = {f"ours, {kind}": weights_of_a_frame(each.network) for kind, each in ours.items()}
    kept["transformers, bfloat16"] = 2 * weights_of_a_frame(next(iter(ours.values())).network, True)
    head = ["", "a frame, ms", "transformers / this", "weights, GB", "GB/s", "share", "load"]
    print(heading(head))
    for name, each in seconds.items():
        ratio = seconds["transformers, bfloat16"] / each
        cells = [f"{1000 * each:.0f}", f"{ratio:.2f}", f"{kept[name] / 1e9:.3g}"]
        cells += [f"{kept[name] / each / 1e9:.1f}", f"{kept[name] / each / memory:.0%}"]
        print(row([name, *cells, f"{os.getloadavg()[0]:.1f}"]))
    print(f"\nmemory is read at {memory / 1e9:.1f} GB/s")


def small_models(options: argparse.Namespace) -> None:
    """Print a row for each width: steps of transformers, of ours, and of many streams of ours."""
    from benchmarks.language_models import our_llama, their_llama
    from benchmarks.language_turns import clock_of, gaps, our_ids, their_ids
    from vocable.language.packing import pack, parameters

    clock = clock_of(options.threads)
    many = options.streams
    head = ["width × layers", "M parameters", "weights", "transformers, ms an id", "ours, ms"]
    head += ["transformers / ours", f"{many} streams, ms a step", f"throughput of {many} / of 1"]
    print(heading([*head, "ids that differ"]))
    for width in options.widths:
        theirs = their_llama(width, options.layers, 1024, 2048)
        models: dict[str, Any] = {"float32": our_llama(theirs), "float16": our_llama(theirs)}
        pack(models["float16"], torch.float16)
        times: dict[str, list[float]] = defaultdict(list)
        for _ in range(options.turns):
            at, wanted = their_ids(theirs, options.tokens, clock)
            times["theirs"] += gaps(at)
            for kind, model in models.items():
                at, found = our_ids(model, options.tokens, clock)
                times[kind] += gaps(at)
                times[f"{kind} together"] += gaps(our_ids(model, options.tokens, clock, many)[0])
                times[f"{kind} differ"] = [int((found != wanted).sum())]
        ms = {name: 1000 * statistics.median(each) for name, each in times.items()}
        for kind, model in models.items():
            one, all_of_them = ms[kind], ms[f"{kind} together"]
            cells = [f"{width} × {options.layers}", f"{parameters(model) / 1e6:.1f}", kind]
            cells += [f"{ms['theirs']:.2f}", f"{one:.2f}", f"{ms['theirs'] / one:.1f}"]
            cells += [f"{all_of_them:.2f}", f"{many * one / all_of_them:.1f}"]
            print(row([*cells, f"{times[f'{kind} differ'][0]} of {options.tokens}"]), flush=True)


def contexts(options: argparse.Namespace) -> None:
    """Print a row for each number of positions: a step's time, and the memory it is kept in."""
    from benchmarks.language_models import our_llama, their_llama
    from benchmarks.language_turns import clock_of, steps_behind
    from vocable.language.cache import cache_bytes

    clock = clock_of(options.threads)
    model = our_llama(their_llama(512, 4, 1024, max(options.contexts) + options.steps))
    trunk = model.trunk.config
    times: dict[int, list[float]] = defaultdict(list)
    held: dict[int, tuple[int, bool]] = {}
    for _ in range(options.turns):
        for length in options.contexts:
            at, *held[length] = steps_behind(model, length, options.steps, clock)
            times[length] += at
    head = ["positions before", "a step, ms", "keys and values, MiB", "by the formula, MiB"]
    print(heading([*head, "memory is that of the start"]))
    for length, each in times.items():
        size = length + options.steps
        formula = cache_bytes(trunk.layers, trunk.key_heads, trunk.channels, size, 4)
        cells = [str(length), f"{1000 * statistics.median(each):.2f}"]
        cells += [f"{held[length][0] / 2**20:.2f}", f"{formula / 2**20:.2f}"]
        print(row([*cells, "yes" if held[length][1] else "no"]))


def nearness(options: argparse.Namespace) -> None:
    """Print what is equal in fp32, and what each precision changes of known frames.

    Weights are what bf16 holds, as those of published models.
    """
    from benchmarks.language_models import known_frames, our_csm, their_csm, told
    from benchmarks.language_turns import clock_of, gaps, our_frames, their_frames

    clock, rows = clock_of(options.threads), []
    theirs = their_csm(torch.bfloat16, tuple(options.layers)).float()
    exact = our_csm(theirs, None)
    at, wanted = their_frames(theirs, options.frames, clock)
    _, found = our_frames(exact, options.frames, clock)
    equal = int((wanted == found).all(1).sum())
    print(f"greedy frames equal in fp32: {equal} of {options.frames}")
    slow = statistics.median(gaps(at))
    theirs = theirs.bfloat16()
    quick = statistics.median(gaps(their_frames(theirs, options.frames, clock)[0]))
    print(f"transformers, a frame: fp32 {1000 * slow:.0f} ms, bf16 {1000 * quick:.0f} ms\n")
    ids = known_frames(exact.network)
    reference = told(exact.network, ids)
    for name, kind in KINDS.items():
        probabilities = told(our_csm(theirs, kind).network, ids)
        same = (probabilities.argmax(-1) == reference.argmax(-1)).float().mean()
        costs = (reference.exp() * (reference - probabilities)).sum(-1).mean()
        shown = "bfloat16" if kind is None else name
        rows.append([shown, f"{same:.2%}", f"{costs:.5f}", f"{costs.exp() - 1:.3%}"])
    print(heading(["weights", "likeliest id is the same", "nats an id", "perplexity rises by"]))
    print("\n".join(map(row, rows)))


if __name__ == "__main__":
    main()
