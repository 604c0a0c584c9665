"""Count which entries of each codebook a fixed hour of recordings uses.

    python -m benchmarks.codebooks --data MANIFEST [--data MANIFEST] [--codec NAME_OR_FOLDER]

Clips of the split "train" are drawn by a seeded shuffle over all manifests, none of them twice,
until the hours are full; the last one is cut. The same manifests and seed draw the same audio on
every machine.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.clips import Clip, read_manifest
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.codecs import Codec
from vocable.measures import count_codes, entropy, perplexity, used_share


def main() -> None:
    """Encode the hours, count, print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="MANIFEST")
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    codec = vocable.load(options.codec)
    clips = [clip for data in options.data for clip in read_manifest(data, split="train")]
    counts, seconds, used = count(codec, clips, options.hours * 3600, options.seed)
    print("\n".join(table(codec, counts)))
    print(
        f"\n{seconds / 3600:.3f} h, {used} of {len(clips)} clips, seed {options.seed}; "
        f"{describe(threads=options.threads)}"
    )


def count(
    codec: Codec, clips: list[Clip], seconds: float, seed: int
) -> tuple[list[np.ndarray], float, int]:
    """Return the counts of each level, the seconds encoded, and the number of clips."""
    counts = [np.zeros(level.size, np.int64) for level in codec.spec.levels]
    done, used = 0.0, 0
    for samples in draw(clips, codec.spec.rate, seconds, seed):
        tokens = codec.encode(samples, rate=codec.spec.rate)
        for total, stack, level in zip(counts, tokens.stacks, codec.spec.levels, strict=True):
            total += count_codes(stack, level.size)
        done, used = done + samples.size / codec.spec.rate, used + 1
        progress(f"{done:.0f} of {seconds:.0f} s")
    progress("")
    return counts, done, used


def draw(clips: list[Clip], rate: int, seconds: float, seed: int) -> Iterator[np.ndarray]:
    """Yield the samples of shuffled clips until `seconds` are full."""
    left = round(seconds * rate)
    for i in np.random.default_rng(seed).permutation(len(clips)):
        samples = clips[i].read(rate)[:left]
        if samples.size:
            yield samples
        left -= samples.size
        if left <= 0:
            return
    print(f"the manifests hold {left / rate:.0f} s less than was asked for", file=sys.stderr)


def table(codec: Codec, counts: list[np.ndarray]) -> list[str]:
    """Return the Markdown table of levels."""
    head = ["level", "role", "entries", "used", "perplexity", "entropy, bit", "never used"]
    lines = [heading(head)]
    for n, (level, found) in enumerate(zip(codec.spec.levels, counts, strict=True)):
        share = f"{used_share(found):.1%}"
        rest = [f"{perplexity(found):.0f}", f"{entropy(found):.2f}", str(int((found == 0).sum()))]
        lines.append(row([str(n), level.role, str(level.size), share, *rest]))
    return lines


if __name__ == "__main__":
    main()
