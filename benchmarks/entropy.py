"""Fit coding tables to recordings, and say what they save on others.

    python -m benchmarks.entropy --data MANIFEST [--clips FOLDER] [--codec NAME] [--keep]

The tables are fitted to the codes of the manifest's split "train", and measured on the clips, or
without --clips on the manifest's other splits. --keep puts the tables into the package, as those of
the codec's token space; files written from then on name them, so what a release had stays.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch

import vocable
from benchmarks.clips import Clip, read_manifest
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.codecs import Codec
from vocable.tokens import AudioTokens
from vocable.tokens.coder import TableSet, fit_tables, packed_bits
from vocable.tokens.coder.tables import FOLDER


def main() -> None:
    """Fit, print a Markdown table, keep the tables if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="MANIFEST")
    parser.add_argument("--clips", type=Path, action="append", metavar="FOLDER")
    parser.add_argument("--codec", default="speech-16k", help="a name")
    parser.add_argument("--keep", action="store_true", help="ship the tables with the package")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    train = [clip for data in options.data for clip in read_manifest(data, split="train")]
    tables = fit_tables(encoded(codec, train))
    sources = options.clips or options.data
    unseen = [clip for data in sources for clip in read_manifest(data) if clip not in set(train)]
    print("\n".join(table(codec, tables, list(encoded(codec, unseen)))))
    print(f"\nfitted to {len(train)} clips, measured on {len(unseen)}; {describe(threads=1)}")
    if options.keep:
        FOLDER.mkdir(exist_ok=True)
        print(f"kept as {tables.save(FOLDER, codec.spec.space).name}")


def encoded(codec: Codec, clips: list[Clip]) -> Iterator[AudioTokens]:
    """Yield the tokens of clips."""
    for done, clip in enumerate(clips, start=1):
        yield codec.encode(clip.read(codec.spec.rate), rate=codec.spec.rate)
        progress(f"{done} of {len(clips)} clips")
    progress("")


def table(codec: Codec, tables: TableSet, recordings: list[AudioTokens]) -> list[str]:
    """Return the Markdown table of levels."""
    lines = [heading(["level", "packed, bit", "coded, bit", "saved"])]
    totals = [0.0, 0.0]
    for k, level in enumerate(codec.spec.levels):
        count = sum(tokens.stacks[k].size for tokens in recordings)
        fitted = tables.tables[k]
        packed = coded = packed_bits(level.size, count) / count
        if fitted is not None:
            coded = sum(fitted.bits(tokens.stacks[k]) for tokens in recordings) / count
        totals = [totals[0] + packed, totals[1] + coded]
        lines.append(row([str(k), f"{packed:.2f}", f"{coded:.2f}", f"{1 - coded / packed:.1%}"]))
    packed, coded = totals
    lines.append(row(["all", f"{packed:.2f}", f"{coded:.2f}", f"{1 - coded / packed:.1%}"]))
    return lines


if __name__ == "__main__":
    main()
