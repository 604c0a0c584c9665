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
from vocable.evaluate import Bitrates, TokenUse, token_use
from vocable.tokens import AudioTokens


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
    use = count(codec, clips, options.hours * 3600, options.seed)
    print("\n".join(table(use)))
    print(f"\nbit/s: {rates(use.bitrates)}")
    print(f"\n{counted(use, clips)}, seed {options.seed}; {describe(threads=options.threads)}")


def count(codec: Codec, clips: list[Clip], seconds: float, seed: int) -> TokenUse:
    """Return how the tokens of so many seconds are used."""
    return token_use(encoded(codec, clips, seconds, seed))


def encoded(codec: Codec, clips: list[Clip], seconds: float, seed: int) -> Iterator[AudioTokens]:
    """Yield the tokens of shuffled clips until `seconds` are full."""
    done = 0.0
    for samples in draw(clips, codec.spec.rate, seconds, seed):
        yield codec.encode(samples, rate=codec.spec.rate)
        done += samples.size / codec.spec.rate
        progress(f"{done:.0f} of {seconds:.0f} s")
    progress("")


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


def table(use: TokenUse) -> list[str]:
    """Return the Markdown table of levels."""
    head = ["level", "role", "entries", "used", "perplexity", "entropy, bit", "never used"]
    lines = [heading([*head, "repeats"])]
    for n, found in enumerate(use.levels):
        named = [str(n), found.level.role, str(found.level.size)]
        rest = [f"{found.used:.1%}", f"{found.perplexity:.0f}", f"{found.entropy:.2f}"]
        never = str(int((found.counts == 0).sum()))
        lines.append(row([*named, *rest, never, f"{found.repeat_rate:.1%}"]))
    return lines


def rates(found: Bitrates) -> str:
    """Return the bitrates in one line."""
    return f"nominal {found.nominal:.0f}, entropy {found.entropy:.0f}, in files {found.coded:.0f}"


def counted(use: TokenUse, clips: list[Clip]) -> str:
    """Say what was counted."""
    return f"{float(use.seconds) / 3600:.3f} h, {use.recordings} of {len(clips)} clips"


if __name__ == "__main__":
    main()
