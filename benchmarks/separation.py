"""Part mixtures of two speakers, and ask what is left of each.

    python -m benchmarks.separation MODEL --data MANIFEST [--mixtures 48] [--recogniser NAME]
        [--figure FILE]

Speakers of the manifest are dealt into couples; each mixture is of one recording of either, whole,
the second 0 to 1 s after the first and up to 5 dB louder or quieter, the same in every run. Three
rows: the mixture in place of each part (the baseline), the parts, and the clean sources (the
ceiling).

SI-SDR  against the clean sources, and by how much the parts have more than the mixture
words   that a recogniser hears wrongly, of the text in the manifest; of a recording without one, of
        what it hears of the clean source
units   that are wrong, inserted or missing, of those of the clean source, repeats left out
other   share of the other source in the energy of what both sources explain

Intervals are 95 %, over couples. The last line says how often the part that comes first is whoever
spoke first. --figure draws the mixture whose gain is the median.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.evaluate.intervals import Interval, bootstrap_interval, ratio_interval
from vocable.load import load_separator
from vocable.measures import load_recogniser
from vocable.measures.words import Edits, count_edits, word_edits
from vocable.separation import Separator
from vocable.separation.si_sdr import best_order, in_order, ratios, si_sdr

RATE = 16_000
APART_DB, LATE, LOUDNESS = 5.0, 1.0, 0.05  # most of the level and of the delay (s); rms of a source
LOUDEST = 0.99
SYSTEMS = ("the mixture", "parts", "clean sources")


@dataclass(frozen=True)
class Mixture:
    """Two sources `[2, samples]`, what is said in them, and whose they are."""

    couple: str
    sources: np.ndarray
    texts: tuple[str, str]

    @property
    def audio(self) -> Audio:
        """Their sum."""
        return Audio(self.sources.sum(0, dtype=np.float32), RATE)


@dataclass(frozen=True)
class Found:
    """What became of one source in one system."""

    couple: str
    ratio: float  # dB
    gained: float  # dB, over the mixture
    words: Edits
    units: Edits
    other: float  # share


def main() -> None:
    """Print a table of three rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a separator")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="manifests")
    parser.add_argument("--mixtures", type=int, default=48)
    parser.add_argument("--recogniser", default="whisper-tiny.en")
    parser.add_argument("--units", default="units-16k")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figure", type=Path, help="draw a mixture and its parts to this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    separator, units = load_separator(options.model), vocable.load(options.units)
    clips = [clip for manifest in options.data for clip in read_manifest(manifest)]
    hear = load_recogniser(options.recogniser)
    rows: dict[str, list[Found]] = defaultdict(list)
    first, drawn = 0, []
    mixtures = list(made(clips, options.mixtures, options.seed))
    for number, mixture in enumerate(mixtures, 1):
        progress(f"{number} of {len(mixtures)} mixtures")
        systems, in_turn = parted(separator, mixture)
        first += in_turn
        found = judged(mixture, systems, hear, units)
        for name in SYSTEMS:
            rows[name] += found[name]
        drawn.append((float(np.mean([part.gained for part in found[SYSTEMS[1]]])), systems))
    print(heading(["what is heard", "SI-SDR, dB", "gained, dB", "words wrong, %", "units wrong, %",
                   "other, %"]))  # fmt: skip
    for name in SYSTEMS:
        print(line(name, rows[name]))
    print(f"\n{len(mixtures)} mixtures of {len({m.couple for m in mixtures})} couples; in {first} "
          "the first part is whoever spoke first")  # fmt: skip
    print(f"\n{describe('faster-whisper', threads=1)}")
    if options.figure:
        from benchmarks.separation_figure import draw

        gained, systems = sorted(drawn, key=lambda each: each[0])[len(drawn) // 2]
        draw(systems, RATE, gained, options.figure)


def made(clips: Sequence[Clip], count: int, seed: int) -> Iterator[Mixture]:
    """Yield mixtures of couples of speakers, each couple in turn."""
    random = np.random.default_rng(seed)
    by_speaker: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.speaker:
            by_speaker[clip.speaker].append(clip)
    names = [str(name) for name in random.permutation(sorted(by_speaker))]
    couples = list(zip(names[::2], names[1::2], strict=False))
    if not couples:
        raise SystemExit("the manifests name fewer than two speakers")
    for number in range(count):
        couple, turn = couples[number % len(couples)], number // len(couples)
        chosen = [by_speaker[name][turn % len(by_speaker[name])] for name in couple]
        yield mixed("+".join(couple), chosen, random)


def mixed(couple: str, clips: Sequence[Clip], random: np.random.Generator) -> Mixture:
    """Return a mixture of two recordings."""
    found = [clip.read().mono().resample(RATE).samples[0] for clip in clips]
    late = round(random.uniform(0, LATE) * RATE)
    sources = np.zeros((2, max(len(found[0]), late + len(found[1]))), np.float32)
    apart = random.uniform(-APART_DB, APART_DB)
    for source, samples, begin, db in zip(sources, found, (0, late), (0, apart), strict=True):
        gain = LOUDNESS * 10 ** (db / 20) / (np.sqrt(np.mean(np.square(samples))) + 1e-9)
        source[begin : begin + len(samples)] = gain * samples
    loudest = float(np.abs(sources.sum(0)).max())
    sources *= np.float32(min(1.0, LOUDEST / max(loudest, 1e-9)))
    return Mixture(couple, sources, (clips[0].text, clips[1].text))


def parted(separator: Separator, mixture: Mixture) -> tuple[dict[str, np.ndarray], bool]:
    """Return what each system has of the sources, and whether the parts came in their order."""
    parts = np.concatenate([part.samples for part in separator.separate(mixture.audio)])
    found, wanted = (torch.tensor(each)[None] for each in (parts, mixture.sources))
    order = best_order(ratios(found, wanted))
    systems = {
        SYSTEMS[0]: np.repeat(mixture.audio.samples, 2, axis=0),
        SYSTEMS[1]: in_order(found, order)[0].numpy(),
        SYSTEMS[2]: mixture.sources,
    }
    return systems, order[0].tolist() == [0, 1]


def judged(
    mixture: Mixture, systems: dict[str, np.ndarray], hear: Callable[..., str], units: Any
) -> dict[str, list[Found]]:
    """Return what became of both sources in each system."""
    clean = [hear(source, RATE) for source in mixture.sources]
    said = [text or heard_clean for text, heard_clean in zip(mixture.texts, clean, strict=True)]
    wanted = [units_of(units, source) for source in mixture.sources]
    before = si_sdr(torch.tensor(systems[SYSTEMS[0]]), torch.tensor(mixture.sources))
    rows = {}
    for name, samples in systems.items():
        ratio = si_sdr(torch.tensor(samples), torch.tensor(mixture.sources))
        rows[name] = [
            Found(
                mixture.couple, float(ratio[k]), float(ratio[k] - before[k]),
                word_edits(said[k], clean[k] if name == SYSTEMS[2] else hear(samples[k], RATE)),
                count_edits(wanted[k], units_of(units, samples[k])),
                share_of_other(samples[k], mixture.sources[k], mixture.sources[1 - k]),
            )
            for k in range(2)
        ]  # fmt: skip
    return rows


def units_of(units: Any, samples: np.ndarray) -> list[int]:
    """Return the units of a recording, repeats left out."""
    codes = units.encode(samples, rate=RATE, allow_loud=True).codes[0, 0]
    return [int(unit) for unit, _ in groupby(codes.tolist())]


def share_of_other(part: np.ndarray, own: np.ndarray, other: np.ndarray) -> float:
    """Return the share of the other source in the energy of what both explain of a part."""
    both = np.stack((own, other), 1).astype(np.float64)
    gains = np.linalg.lstsq(both, part.astype(np.float64), rcond=None)[0]
    energies = np.square(gains) * np.square(both).sum(0)
    return float(energies[1] / (energies.sum() + 1e-30))


def line(name: str, found: Sequence[Found]) -> str:
    """Return one row of the table."""
    couples = [each.couple for each in found]

    def mean(values: Sequence[float]) -> Interval:
        return bootstrap_interval(np.array(values), couples)

    def rate(edits: Sequence[Edits]) -> Interval | None:
        wrong, whole = (
            np.array([getattr(each, field) for each in edits], np.float64)
            for field in ("errors", "length")
        )
        return ratio_interval(100 * wrong, whole, couples) if whole.sum() else None

    clean, mixture = name == SYSTEMS[2], name == SYSTEMS[0]
    return row([
        name,
        "" if clean else shown(mean([each.ratio for each in found]), 2),
        "" if clean or mixture else shown(mean([each.gained for each in found]), 2, True),
        shown(rate([each.words for each in found]), 1),
        shown(rate([each.units for each in found]), 1),
        shown(mean([100 * each.other for each in found]), 1),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
