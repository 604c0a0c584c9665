"""Judge voice codecs by everything that is asked of one, beside each other and beside their peers.

    python -m benchmarks.voice --codec NEW speech-16k --data CLEAN OTHER
        [--foreign MULTILINGUAL NONNATIVE] [--music MUSIC] [--hour MANIFEST…]
        [--words] [--speaker] [--jobs 2] [--keep FILE] [--json FILE]

The first codec is the judged one: differences are its values less those of each other system, and
the last table holds it against the bars of a new voice; speed is over that of the last codec. Means
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

from benchmarks import heard, listeners, peers, sections
from benchmarks.bars import against_bars
from benchmarks.clips import read_manifest
from benchmarks.facts import find_facts
from benchmarks.facts import sections as fact_sections
from benchmarks.judged import Plan, open_codecs, read_sets
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
    clips = [clip for source in options.hour for clip in read_manifest(source, split="train")]
    facts = find_facts(codecs, clips, options.hours, options.turns)
    parts = [*report(plan, results), *fact_sections(facts, options.turns)]
    parts.append(against_bars(plan, results, facts[0]))
    print("\n\n".join("\n".join(lines) for lines in parts if lines) + "\n")
    sizes = ", ".join(f"{len(clips)} clips of {name}" for name, clips in sets.items())
    about = f"{sizes}; {describe('pesq', 'pystoi', 'soxr')}"
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
    asked = [
        *(sections.quality, sections.differences, sections.levels, sections.foreign),
        *(sections.level, sections.telephone, sections.company),
        *((heard.words,) if plan.words else ()),
        *((heard.speaker,) if plan.speaker else ()),
    ]
    return [section(plan, results) for section in asked]


if __name__ == "__main__":
    main()
