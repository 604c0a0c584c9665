"""Measure token files: size against packing and cross-entropy, speed of writing and reading.

    python -m benchmarks.token_file [--seconds 60] [--runs 7] [FILE.vcb ...]

"speech-16k" is the example, repeated, coded by the tables that ship for its space. Made-up codes
are "flat", all equally likely, or "skewed", by one draw a level from a Dirichlet distribution with
concentration 0.3; they are coded by tables fitted to them. Files named on the command line are
measured instead. Every case is written packed, then with its tables, in chunks of 10 s. Sizes are
those of whole files without the tables embedded in them; the ideal is the smaller of packing (log2
of the size for powers of two) and the cross-entropy under the tables. Speeds count CPU seconds of
one process, as median and range of the runs.
"""

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402 - after the number of threads is set

import vocable  # noqa: E402
from benchmarks.machine import describe  # noqa: E402
from benchmarks.recording import example  # noqa: E402
from benchmarks.tables import heading, row  # noqa: E402
from vocable.tokens import (  # noqa: E402
    AudioTokens,
    Level,
    Source,
    TokenSpec,
    TokenWriter,
    Track,
    read_tokens,
)
from vocable.tokens.coder import TableSet, fit_tables, packed_bits  # noqa: E402
from vocable.tokens.coder.tables import is_shipped  # noqa: E402

HEAD = ["tokens", "chunk s", "bytes", "of ideal", "form", "write × real time", "read × real time"]


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE.vcb")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(heading(HEAD))
    for name, tokens in cases(options.seconds, options.files):
        fitted = Track.of(tokens).shipped_tables or fit_tables([tokens])
        for tables in (None, fitted):
            print(row(measured(name, tokens, tables, options.runs)), flush=True)
    print(f"\n{options.runs} runs each, median and range; {describe()}")


def cases(seconds: int, files: list[Path]) -> list[tuple[str, AudioTokens]]:
    """Return what is measured: real files, or real and made-up tokens of two shapes."""
    if files:
        return [(path.name, read_tokens(path)) for path in files]
    codec = vocable.load("speech-16k")
    voice = np.resize(example(codec.spec.rate), seconds * codec.spec.rate)
    speech = spec(16_000, 640, 8)
    music = spec(24_000, 320, 32)
    return [("speech-16k, 200 tokens/s", codec.encode(voice, rate=codec.spec.rate))] + [
        (f"{kind}, {made.tokens_per_second()} tokens/s", fill(made, seconds, concentration))
        for made in (speech, music)
        for kind, concentration in (("flat", None), ("skewed", 0.3))
    ]


def spec(rate: int, frame: int, levels: int) -> TokenSpec:
    """Return a codec with levels of 1024."""
    everything = (Level(1024),) * levels
    return TokenSpec("made-up-16k@1:0123456789abcdef", rate, frame, 1, everything,
                     tuple(range(1, levels + 1)))  # fmt: skip


def fill(made: TokenSpec, seconds: int, concentration: float | None) -> AudioTokens:
    """Draw codes, each level from a distribution of its own."""
    random = np.random.default_rng(0)
    samples = seconds * made.rate
    stacks = []
    for level in made.levels:
        share = None if concentration is None else random.dirichlet([concentration] * level.size)
        stacks.append(random.choice(level.size, (1, made.frames(samples)), p=share))
    return AudioTokens(made, tuple(stacks), source=Source(samples, made.rate))


def measured(name: str, tokens: AudioTokens, tables: TableSet | None, runs: int) -> list[str]:
    """Return one line of the table."""
    data = written(tokens, tables)
    shipped = tables is not None and is_shipped(tables.name)
    embedded = len(tables.to_bytes()) if tables and not shipped else 0
    ideal = ideal_bytes(tokens, tables)
    assert read_tokens(io.BytesIO(data)) == tokens
    writing = speeds(lambda: written(tokens, tables), tokens.seconds, runs)
    reading = speeds(lambda: read_tokens(io.BytesIO(data)), tokens.seconds, runs)
    form = "shipped tables" if shipped else "packed"
    if embedded:
        form = f"embedded tables, {embedded} bytes not counted"
    counted = len(data) - embedded
    return [name, "10", str(counted), f"{counted / ideal:.4f}", form, writing, reading]


def written(tokens: AudioTokens, tables: TableSet | None) -> bytes:
    """Return a token file coded by these tables."""
    target = io.BytesIO()
    with TokenWriter(target, Track.of(tokens), tables={"": tables}) as file:
        file.write(tokens)
    return target.getvalue()


def ideal_bytes(tokens: AudioTokens, tables: TableSet | None) -> float:
    """Return the smaller of packing and cross-entropy, summed over the levels."""
    bits = 0.0
    for k, codes in enumerate(tokens.stacks):
        packed = packed_bits(tokens.spec.levels[k].size, codes.size)
        table = tables.tables[k] if tables else None
        bits += packed if table is None else min(packed, table.bits(codes))
    return bits / 8


def speeds(job: Callable[[], object], seconds: Fraction, runs: int) -> str:
    """Return the median speed and its range, as multiples of real time, by CPU time."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        job()
        taken.append(float(seconds) / (time.process_time() - start))
    return f"{statistics.median(taken):.0f} ({min(taken):.0f} to {max(taken):.0f})"


if __name__ == "__main__":
    main()
