"""Compare a rate that follows the sound with fixed ones: what it costs, and what is left.

    python -m benchmarks.adaptive MANIFEST [--codec speech-16k] [--prices 0.2 0.5 1 2 4]
        [--strides 2 4] [--clips N] [--figure FILE]

Each row encodes the same recordings another way: every frame a token; every 2, every 4 frames a
token, by the same mean of latents (or best entry, of one level) as segments of the adaptive rate;
segments at each price of a bit. Bits are those of codes and durations in a token file. DAC's mel
distance and STOI are those of the decoded sound, for a codec that decodes. For rows with TIMIT's
phones: PNMI of the expanded tokens (of the first level that is not prosody), with 38 phones, and F1
of the tokens' edges with those of the phones within 20 ms, beside as many edges evenly spaced and
drawn at random from the frames. The last column is the share of the saved tokens that silent frames
saved. Brackets hold 95 % intervals over speakers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.boundaries import drawn, hits, phone_edges, uniform
from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import AdaptiveRate, Codec
from vocable.codecs.adaptive_runs import Cut
from vocable.errors import MeasureError
from vocable.evaluate.by_speaker import count_by_speaker
from vocable.evaluate.intervals import Interval, bootstrap_interval, ratio_interval
from vocable.evaluate.phones import token_times
from vocable.evaluate.systems.tokenizer import evenly
from vocable.measures import score
from vocable.measures.phones import labels_at, pnmi
from vocable.measures.timit import fold_timit
from vocable.quantize.merging import Merger
from vocable.signal.silence import FrameLevels, Silence, SilenceFinder
from vocable.tokens import AudioTokens, TokenSpec, coded_bytes

COLUMNS = ["a token for", "tokens/s", "bits/s", "mel distance", "STOI", "PNMI", "edges, F1",
           "evenly", "at random", "saved in silence"]  # fmt: skip
SCORES = "mel_distance_dac", "stoi"


class Every(Merger):
    """Cuts a run every `longest` frames, whatever that costs."""

    def __init__(self, frames: int) -> None:
        super().__init__(frames, frames)
        self._waiting = 0

    def push(self, costs: np.ndarray) -> list[int]:
        """Return the segments that are full."""
        count, self._waiting = divmod(self._waiting + len(costs), self.longest)
        return [self.longest] * count

    def finish(self) -> list[int]:
        """Return the last segment."""
        waiting, self._waiting = self._waiting, 0
        return [waiting] if waiting else []


class FixedRate(AdaptiveRate):
    """A token for every `frames` frames."""

    def __init__(self, tokenizer: Codec, frames: int) -> None:
        super().__init__(tokenizer, 0, silence=None)
        self.frames = frames

    def cut(self, silent: bool) -> Cut:
        """Return how any run is cut."""
        return Cut(Every(self.frames), 1, np.zeros(self.frames, np.int64))


@dataclass(frozen=True)
class Heard:
    """A recording of one channel at the codec's rate, and who speaks in it."""

    clip: Clip
    audio: Audio
    silent: np.ndarray

    @classmethod
    def of(cls, clip: Clip, spec: TokenSpec) -> Heard:
        """Read a clip."""
        audio = clip.read().mono().resample(spec.rate)
        return cls(clip, audio, silent_frames(audio, spec))

    @property
    def owner(self) -> str:
        """Who speaks."""
        return self.clip.speaker or self.clip.name


@dataclass(frozen=True)
class Row:
    """What one way gave of all recordings."""

    name: str
    tokens: list[AudioTokens]
    scores: dict[str, list[float]]  # NaN where a recording has none
    lasts: bool  # whether the tokens last by turns, so that a file has to say how long each

    def bits(self, tokens: AudioTokens) -> int:
        """Return what tokens take in a file; at a fixed rate nothing says how long each lasts."""
        kept = tokens if self.lasts else AudioTokens(tokens.spec, tokens.stacks)
        return 8 * coded_bytes(kept)


def main() -> None:
    """Print a Markdown table, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--codec", default="speech-16k", help="a codec, or units")
    parser.add_argument("--prices", type=float, nargs="+", default=[0.2, 0.5, 1, 2, 4])
    parser.add_argument("--strides", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--clips", type=int, help="evenly over the manifest  [default: all]")
    parser.add_argument("--figure", type=Path, help="draw rate against distortion to this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    clips = read_manifest(options.manifest)
    heard = [Heard.of(clip, codec.spec) for clip in evenly(clips, options.clips or len(clips))]
    ways: dict[str, AdaptiveRate] = {
        **{
            f"{n} frames" if n > 1 else "1 frame": FixedRate(codec, n)
            for n in [1, *options.strides]
        },
        **{f"λ = {price:g}": AdaptiveRate(codec, price) for price in options.prices},
    }
    rows = [measured(name, way, codec, heard) for name, way in ways.items()]
    progress("")
    print(heading(COLUMNS))
    for each in rows:
        print(line(each, heard))
    if options.figure:
        from benchmarks.adaptive_figure import draw

        draw({each.name: point(each, heard) for each in rows}, options.figure)
    minutes = sum(each.audio.seconds for each in heard) / 60
    speakers = len({each.owner for each in heard})
    print(
        f"\n{codec.spec.space}; {len(heard)} recordings of {speakers} speakers, {minutes:.1f} min; "
        f"{describe(threads=1)}"
    )


def measured(name: str, way: AdaptiveRate, codec: Codec, heard: Sequence[Heard]) -> Row:
    """Encode all recordings one way, and decode them where the codec does."""
    tokens, scores = [], {measure: [] for measure in SCORES}
    for number, each in enumerate(heard, 1):
        progress(f"{name}: {number} of {len(heard)}")
        found = way.encode(each.audio)
        tokens.append(found)
        decoded = codec.decode(found).samples[0] if isinstance(codec, Codec) else None
        for measure, values in scores.items():
            values.append(scored(measure, each.audio, decoded))
    return Row(name, tokens, scores, not isinstance(way, FixedRate))


def scored(measure: str, audio: Audio, decoded: np.ndarray | None) -> float:
    """Return a score, NaN where it is not defined."""
    if decoded is None:
        return float("nan")
    try:
        return score(measure, audio.samples[0], decoded, audio.rate)
    except MeasureError:
        return float("nan")


def line(found: Row, heard: Sequence[Heard]) -> str:
    """Return one row of the table."""
    of_edges = [
        edges_of(*pair, seed) for seed, pair in enumerate(zip(found.tokens, heard, strict=True))
    ]
    cells = [
        found.name,
        shown(rate_of(found, heard, lambda tokens: len(tokens.durations)), 2),
        shown(rate_of(found, heard, found.bits), 0),
        *(shown(mean_of(found.scores[measure], heard)) for measure in SCORES),
        shown(pnmi_of(found, heard)),
        *(shown(f1_of([each and each[k] for each in of_edges], heard)) for k in range(3)),
        shown(silent_share(found, heard), 2),
    ]
    return row(cells)


def point(found: Row, heard: Sequence[Heard]) -> tuple[float, ...]:
    """Return bits a second, mel distance, STOI and PNMI; NaN for what there is not."""
    bits = rate_of(found, heard, found.bits)
    scores = [mean_of(found.scores[measure], heard) for measure in SCORES]
    return tuple(each.mean if each else np.nan for each in (bits, *scores, pnmi_of(found, heard)))


def rate_of(found: Row, heard: Sequence[Heard], count: Callable[[AudioTokens], int]) -> Interval:
    """Return how many there are a second."""
    counts = np.array([count(each) for each in found.tokens], np.float64)
    seconds = np.array([each.audio.seconds for each in heard], np.float64)
    return ratio_interval(counts, seconds, [each.owner for each in heard])


def mean_of(values: Sequence[float], heard: Sequence[Heard]) -> Interval | None:
    """Return the mean over the recordings that have a score."""
    kept = [
        (value, each.owner) for value, each in zip(values, heard, strict=True) if value == value
    ]
    if not kept:
        return None
    return bootstrap_interval(np.array([value for value, _ in kept]), [owner for _, owner in kept])


def pnmi_of(found: Row, heard: Sequence[Heard]) -> Interval | None:
    """Return the PNMI of the expanded tokens, where phones are known."""
    pairs = [pair for pair in zip(found.tokens, heard, strict=True) if pair[1].clip.phones]
    if not pairs:
        return None
    levels = found.tokens[0].spec.levels
    level = next((k for k, each in enumerate(levels) if each.role != "prosody"), 0)
    labels, codes = [], []
    for tokens, each in pairs:
        even = tokens.expand()
        labels.append(labels_at(fold_timit(each.clip.phones), token_times(even, level)))
        codes.append(even.stacks[level][0])
    owners = [each.owner for _, each in pairs]
    return count_by_speaker(labels, codes, owners, levels[level].size).interval(pnmi)


Edges = tuple[int, int, int]
"""Edges that agree, those that were found, and those of the phones."""


def edges_of(tokens: AudioTokens, heard: Heard, seed: int) -> tuple[Edges, Edges, Edges] | None:
    """Return how the edges of tokens agree, as many evenly spaced, as many drawn at random."""
    if not heard.clip.phones:
        return None
    spec, wanted = tokens.spec, phone_edges(fold_timit(heard.clip.phones, "sil"))
    shift = ((spec.window or spec.frame) - spec.frame) / 2  # between the middles of two frames
    places = (np.arange(1, tokens.frames) * spec.frame + shift) / spec.rate
    found = places[np.cumsum(tokens.durations)[:-1] - 1]
    kinds = found, uniform(len(found), float(tokens.seconds)), drawn(len(found), places, seed)
    one, other, last = ((hits(each, wanted), len(each), len(wanted)) for each in kinds)
    return one, other, last


def f1_of(edges: Sequence[Edges | None], heard: Sequence[Heard]) -> Interval | None:
    """Return F1, twice the edges that agree over all edges of both."""
    kept = [(each, one.owner) for each, one in zip(edges, heard, strict=True) if each]
    if not kept:
        return None
    parts = np.array([2.0 * each[0] for each, _ in kept])
    wholes = np.array([float(each[1] + each[2]) for each, _ in kept])
    return ratio_interval(parts, wholes, [owner for _, owner in kept])


def silent_frames(audio: Audio, spec: TokenSpec) -> np.ndarray:
    """Return which frames of a recording are silent."""
    levels, finder = FrameLevels(spec.frame), SilenceFinder(Silence(), float(spec.frame_rate))
    found = [finder.push(levels.push(audio.samples[0])), finder.push(levels.finish())]
    return np.concatenate([*found, finder.finish()])


def silent_share(found: Row, heard: Sequence[Heard]) -> Interval | None:
    """Return the share of the saved tokens that were saved in silence."""
    saved, silent = [], []
    for tokens, each in zip(found.tokens, heard, strict=True):
        quiet = each.silent[: tokens.frames]
        begins = np.cumsum(tokens.durations) - tokens.durations
        saved.append(float(tokens.frames - len(begins)))
        silent.append(float(quiet.sum() - quiet[begins].sum()))
    if not sum(saved):
        return None
    return ratio_interval(np.array(silent), np.array(saved), [each.owner for each in heard])


if __name__ == "__main__":
    main()
