"""Say how far our codecs lie from their references: run tests/parity, and print what was compared.

    python3 dev.py parity --table           # all references, in .venv-parity
    python -m benchmarks.parity [-k mimi]   # those that are installed here; options go to pytest

Weights are random and pass through the reference's own file. Differences are the largest of all
comparisons, relative to max(1, peak); sound is decoded from the reference's codes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.tables import heading, row

ROOT = Path(__file__).parents[1]
PACKAGES = (
    *("transformers", "encodec", "moshi", "descript-audio-codec", "snac", "speechtokenizer"),
    "bigcodec",
    "pocket-tts",
    "qwen-tts",
    "vllm-omni",
    "vocos",
)
KEY = ("codec", "size", "reference")
HEADING = [*KEY, "latents differ by", "samples differ by", "frames", "ties"]


def main() -> None:
    """Run the tests and print a Markdown table; a failed test is a failure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    _, for_pytest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.jsonl"
        status = run_tests(for_pytest, report)
        lines = report.read_text().splitlines() if report.exists() else []
    print(heading(HEADING))
    for cells in merged(map(json.loads, lines)):
        print(row(cells))
    print("\n" + describe(*PACKAGES))
    sys.exit(status)


def run_tests(arguments: list[str], report: Path) -> int:
    """Run tests/parity, slow ones too, on all cores; what they record goes to `report`."""
    workers = str(os.cpu_count() or 1)
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "tests/parity"]
    variables = {"VOCABLE_PARITY_REPORT": str(report), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "-m", "slow or not slow", *arguments],
        cwd=ROOT, env=os.environ | variables, stdout=sys.stderr,
    )  # fmt: skip
    return done.returncode


def merged(lines: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of one row a codec, size and reference."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(tuple(line[name] for name in KEY), []).append(line)
    return [[*key, *_figures(found)] for key, found in sorted(groups.items())]


def _figures(lines: list[dict[str, Any]]) -> list[str]:
    largest = [
        max((line[name] for line in lines if line[name] is not None), default=None)
        for name in ("latents", "samples")
    ]
    counts = [sum(line[name] for line in lines) for name in ("frames", "ties")]
    return [*("" if value is None else f"{value:.0e}" for value in largest), *map(str, counts)]


if __name__ == "__main__":
    main()
