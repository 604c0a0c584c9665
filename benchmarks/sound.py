"""Score a codec of any sound at its prefixes beside MP3 and Opus: what is heard, and how fast.

    python -m benchmarks.sound --data FOLDER [--data FOLDER …] --codec NAME_OR_FOLDER [--clips N]

A FOLDER holds a manifest.jsonl and the recordings it names; its name names the set. Channels are
averaged, and the first five seconds of each clip count. Prints Markdown tables by set, and of all
clips where there are several: the systems (ViSQOL audio, mel distance, SI-SDR); the codec less its
bars, MP3 at 1.5 times the rate and Opus at 0.75 times by ViSQOL, both at equal rate by mel
distance; the gain of each prefix (differences are paired, with a 95 % bootstrap interval over
sources); then hard cases made here, and the speed.
"""

import argparse
import json
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import hard_cases, music_peers
from benchmarks.clips import Clip, read_manifest
from benchmarks.judging import load_codec
from benchmarks.machine import describe
from benchmarks.music_peers import RATE, Peer
from benchmarks.scores import Score, cell, gain_cell, valid
from benchmarks.tables import heading, progress, row
from vocable.errors import MeasureError
from vocable.measures import mel_distance_dac, si_sdr, visqol

SECONDS = 5
KBPS = (6, 12, 24)
MEASURES = {
    "ViSQOL": lambda x, y: visqol(x, y, RATE, mode="audio"),
    "mel distance": lambda x, y: mel_distance_dac(x, y, RATE),
    "SI-SDR": lambda x, y: si_sdr(x, y, RATE),
}
# What the codec at a rate is held against: by which measure, and with which sign better is up.
BARS = (("mp3", 1.5, "ViSQOL"), ("opus", 0.75, "ViSQOL"), ("mp3", 1, "mel distance"))
BARS = (*BARS, ("opus", 1, "mel distance"))
PEERS = {
    f"{kind} {kbps * share:g}": Peer(kind, kbps * share) for kind, share, _ in BARS for kbps in KBPS
}


def main() -> None:
    """Parse, score, print."""
    options = parse()
    codec = load_codec(options.codec)
    sets = {folder.name: read_manifest(folder) for folder in options.data}
    kept = options.clips
    sets = {n: c[:: max(1, len(c) // kept)][:kept] if kept else c for n, c in sets.items()}
    report, scores = [], []
    for name, clips in sets.items():
        found = [score for clip in clips for score in score_clip(codec, clip, options.peers)]
        scores += found
        report += tables(name, codec, found, options.peers)
    if len(sets) > 1:
        report += tables("all clips", codec, scores, options.peers)
    report += hard_cases.table(codec)
    report += ["", speed_line(codec, options.beside), describe("soxr", threads=1)]
    print("\n".join(report))
    if options.json:
        options.json.write_text(json.dumps([vars(score) for score in scores], indent=1))


def parse() -> argparse.Namespace:
    """Return the options; refuse peers whose commands are not installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="FOLDER")
    parser.add_argument("--codec", required=True, help="name or folder")
    parser.add_argument("--beside", default="speech-16k", help="codec whose speed is compared")
    parser.add_argument("--clips", type=int, help="so many of each set, evenly spaced")
    parser.add_argument("--json", type=Path, help="write every single score here")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    options = parser.parse_args()
    if options.peers and music_peers.missing():
        parser.error(f"no {', '.join(music_peers.missing())}; install them, or pass --no-peers")
    return options


def score_clip(codec, clip: Clip, with_peers: bool) -> list[Score]:
    """Run the codec at every prefix, and the peers, on one clip."""
    progress(clip.name)
    x = clip.read(RATE)[: SECONDS * RATE].clip(-1, 1)
    tokens = codec.encode(x, rate=RATE)
    prefixes = [tokens.first(n) for n in codec.spec.prefixes]
    outputs = [
        (levels_name(n), codec.decode(part).samples[0], float(part.bitrate))
        for n, part in zip(codec.spec.prefixes, prefixes, strict=True)
    ]
    if with_peers:
        outputs += [(name, *peer(x)) for name, peer in PEERS.items()]
    return [
        Score(system, clip.name, clip.speaker, rate, measured(x, y)) for system, y, rate in outputs
    ]


def measured(x: np.ndarray, y: np.ndarray) -> dict[str, float | None]:
    """Return all measures; None where one is not defined."""
    x, y = x.astype(np.float64), np.clip(y, -1, 1).astype(np.float64)
    found: dict[str, float | None] = {}
    for name, measure in MEASURES.items():
        try:
            found[name] = measure(x, y)
        except MeasureError as refusal:
            print(f"{name}: {refusal}", file=sys.stderr)
            found[name] = None
    return found


def tables(name: str, codec, scores: list[Score], with_peers: bool) -> list[str]:
    """Return the tables of one set."""
    lines = [f"**{name}**", "", heading(["system", "kbit/s", *MEASURES, "n"])]
    for system in dict.fromkeys(score.system for score in scores):
        own = [score for score in scores if score.system == system]
        rate = np.mean([score.bits_per_second for score in own]) / 1000
        least = min(len(valid(own, measure)) for measure in MEASURES)
        cells = [cell(own, measure) for measure in MEASURES]
        lines.append(row([system, f"{rate:.2f}", *cells, f"{least} of {len(own)}"]))
    if with_peers:
        lines += ["", *bars_table(codec, scores)]
    lines += ["", heading(["levels", *(f"Δ {measure}" for measure in MEASURES)])]
    for before, after in pairwise(codec.spec.prefixes):
        pair = levels_name(before), levels_name(after)
        gains = [gain_cell(scores, *pair, measure) for measure in MEASURES]
        lines.append(row([f"{before} → {after}", *gains]))
    return [*lines, ""]


def bars_table(codec, scores: list[Score]) -> list[str]:
    """Return the codec less its bars: above 0 is better by ViSQOL, below 0 by mel distance."""
    lines = [heading(["codec", "bar", "measure", "codec less bar"])]
    for kbps in KBPS:
        own = levels_name(levels_at(codec, kbps))
        for kind, share, measure in BARS:
            peer = f"{kind} {kbps * share:g}"
            lines.append(row([own, peer, measure, gain_cell(scores, peer, own, measure)]))
    return lines


def levels_name(levels: int) -> str:
    """Return the name of a prefix among the systems."""
    return f"{levels} levels"


def levels_at(codec, kbps: float) -> int:
    """Return the longest prefix that needs at most so many kbit/s."""
    silence = codec.encode(np.zeros(RATE, np.float32), rate=RATE)
    fitting = [n for n in codec.spec.prefixes if silence.first(n).bitrate <= kbps * 1000]
    return max(fitting, default=codec.spec.prefixes[0])


def speed_line(codec, beside: str, runs: int = 7) -> str:
    """Return how fast the codec is beside another, in turns, by processor time."""
    other = load_codec(beside)
    random = np.random.default_rng(0)
    sounds = [
        (0.1 * random.standard_normal(10 * c.rate)).astype(np.float32) for c in (codec, other)
    ]
    times: dict[str, list[float]] = {}
    for _ in range(runs):
        for each, x in zip((codec, other), sounds, strict=True):
            start = time.process_time()
            tokens = each.encode(x, rate=each.rate)
            middle = time.process_time()
            each.decode(tokens)
            times.setdefault(f"{each.name} encode", []).append(middle - start)
            times.setdefault(f"{each.name} decode", []).append(time.process_time() - middle)
    speeds = {name: 10 / float(np.median(found)) for name, found in times.items()}
    return "Speed, seconds of sound a second: " + ", ".join(
        f"{name} {speed:.0f}" for name, speed in speeds.items()
    )


if __name__ == "__main__":
    main()
