"""Say how often `vocable` tells speech from other sounds, by a folder of each.

    python -m benchmarks.content --speech MANIFEST [--speech MANIFEST] --other MANIFEST

Prints a Markdown table: how many recordings of each manifest (or folder with a manifest.jsonl) are
called speech, called something else, and too short to say, at 16 kHz; then the precision and
recall of "this is not speech".
"""

import argparse
from pathlib import Path

from benchmarks.clips import read_manifest
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.measures import Listener

RATE = 16000


def main() -> None:
    """Judge every clip, print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--speech", "--other"):
        parser.add_argument(name, type=Path, action="append", required=True, metavar="MANIFEST")
    options = parser.parse_args()
    print(heading(["set", "holds", "called speech", "called not speech", "too short to say"]))
    flagged = dict.fromkeys(("speech", "other"), 0)
    told = dict(flagged)
    for kind, sources in (("speech", options.speech), ("other", options.other)):
        for source in sources:
            yes, no, unsaid = count(source)
            flagged[kind] += no
            told[kind] += yes + no
            print(row([source.name, kind, str(yes), str(no), str(unsaid)]))
    right, wrong, others = flagged["other"], flagged["speech"], told["other"]
    print(
        f'\n"this is not speech": precision {right / max(1, right + wrong):.3f}, recall '
        f"{right / max(1, others):.3f} ({right} of {others}), said of {wrong} of "
        f"{told['speech']} speech recordings; {describe()}"
    )


def count(source: Path) -> tuple[int, int, int]:
    """Return how many clips are called speech, not speech, and neither."""
    answers = []
    for clip in read_manifest(source):
        listener = Listener(RATE)
        listener(clip.read(RATE))
        answers.append(listener.finish().speech)
        progress(f"{source.name}: {len(answers)}")
    progress("")
    return answers.count(True), answers.count(False), answers.count(None)


if __name__ == "__main__":
    main()
