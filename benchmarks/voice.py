"""Judge voice codecs by everything that is asked of one, beside each other and beside their peers.

    python -m benchmarks.voice --codec NEW --codec speech-16k@1 --data CLEAN OTHER
        [--foreign MULTILINGUAL NONNATIVE] [--music MUSIC] [--hour MANIFEST…]
        [--words] [--speaker] [--jobs 2] [--keep FILE] [--json FILE]

The first codec is the judged one: differences are its values less those of each other system. Means
are followed by their 95 % interval, a bootstrap over speakers; differences are paired by clip. What
takes long (all but cost and codebooks) goes into --keep score by score, and a run that is started
again goes on from there; new measures and codecs are added, old ones stay. --words and --speaker
need packages of their own (`benchmarks/listeners.py` says which).
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks import codebooks, costs, heard, listeners, peers, sections
from benchmarks.clips import read_manifest
from benchmarks.conditions import SILENCE
from benchmarks.judged import Judged, Plan, open_codecs, read_sets
from benchmarks.judging import judge
from benchmarks.machine import describe
from benchmarks.results import Results


def main() -> None:
    """Judge, then print one section of Markdown for each question."""
    options = parse()
    sets = read_sets(options.data, options.foreign, options.music, options.clips)
    codecs = open_codecs(options.codec)
    plan = Plan(codecs, sets, options.peers, options.words, options.speaker)
    results = Results(judge(plan.tasks(), options.jobs, options.keep))
    for line in sorted({text for row in results.rows for text in row.refusals}):
        print(line, file=sys.stderr)
    for lines in report(plan, results):
        if lines:
            print("\n".join(lines) + "\n")
    if options.hour:
        print("\n".join(use(codecs, options.hour, options.hours)) + "\n")
    if options.turns:
        print("\n".join(costs.costs(codecs, options.turns)) + "\n")
    counts = ", ".join(f"{len(clips)} clips of {name}" for name, clips in sets.items())
    about = f"{counts}; {describe('pesq', 'pystoi', 'soxr')}"
    print(about)
    if options.json:
        rows = [asdict(row) for row in results.rows]
        options.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1))


def parse() -> argparse.Namespace:
    """Return the options; refuse what is asked for and not installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    more = {"type": Path, "nargs": "+", "default": [], "metavar": "MANIFEST"}
    parser.add_argument("--codec", nargs="+", default=["speech-16k"], metavar="NAME_OR_FOLDER")
    parser.add_argument("--data", required=True, **more, help="English speech")
    parser.add_argument("--foreign", **more, help="other languages and accents, one set each")
    parser.add_argument("--music", **more)
    parser.add_argument("--hour", **more, help="training audio for the use of codebooks")
    parser.add_argument("--hours", type=float, default=1.0, help="how much of it")
    parser.add_argument("--clips", type=int, help="a quick look at so many of each set")
    parser.add_argument("--words", action="store_true", help="word errors of Whisper tiny.en")
    parser.add_argument("--speaker", action="store_true", help="similarity by Resemblyzer")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--turns", type=int, default=15, help="of timing; 0: no cost")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--keep", type=Path, help="go on from the scores in this file, add to it")
    parser.add_argument("--json", type=Path, help="write every single score here")
    options = parser.parse_args()
    if options.peers and (missing := peers.missing()):
        parser.error(f"no {', '.join(missing)}: apt-get install codec2 opus-tools, or --no-peers")
    for listener in ("words", "speaker"):
        if getattr(options, listener) and (missing := listeners.missing(listener)):
            parser.error(f"--{listener} needs {', '.join(missing)}; see benchmarks/listeners.py")
    return options


def report(plan: Plan, results: Results) -> list[list[str]]:
    """Return the sections that come from scores."""
    found = [
        *(sections.quality(plan, results), sections.differences(plan, results)),
        *(sections.levels(plan, results), sections.foreign(plan, results)),
        *(sections.level(plan, results), sections.telephone(plan, results)),
        *(sections.company(plan, results), sections.silence(silences(plan.codecs))),
    ]
    found += [heard.words(plan, results)] if plan.words else []
    found += [heard.speaker(plan, results)] if plan.speaker else []
    return found


def silences(codecs: list[Judged]) -> list[tuple[Judged, float]]:
    """Return the rms in dB of full scale that each codec makes of digital silence."""
    found = []
    for judged in codecs:
        nothing = np.zeros(round(SILENCE * judged.codec.rate), np.float32)
        samples = judged.codec.decode(judged.codec.encode(nothing, rate=judged.codec.rate)).samples
        power = float(np.mean(samples.astype(np.float64) ** 2))
        found.append((judged, 10 * float(np.log10(power)) if power else -np.inf))
    return found


def use(codecs: list[Judged], manifests: list[Path], hours: float) -> list[str]:
    """Return the section on codebooks: which entries the same hour of training audio uses."""
    clips = [clip for source in manifests for clip in read_manifest(source, split="train")]
    lines = ["## Use of codebooks"]
    for judged in codecs:
        counts, seconds, used = codebooks.count(judged.codec, clips, hours * 3600, seed=0)
        about = f"{seconds / 3600:.3f} h, {used} of {len(clips)} clips:"
        lines += ["", f"{judged.name}, {about}", "", *codebooks.table(judged.codec, counts)]
    return lines


if __name__ == "__main__":
    main()
