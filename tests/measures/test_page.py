"""docs/measures.md shows the table of measures as it is, and a measure of one's own that works.

`python tests/measures/test_page.py` writes the table into the page again.
"""

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from vocable.measures import REGISTRY, Measure

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "measures.md"
HEAD = ("measure", "what it says", "unit", "better", "range", "Hz", "seconds", "version", "needs")


def table() -> str:
    lines = [HEAD, ["---"] * len(HEAD), *map(cells, REGISTRY.values())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cells(measure: Measure) -> list[str]:
    low, high = measure.range
    shown = f"{high:.3g}" if high < 1000 else f"{high:.0f}"
    limits = f"{low:.3g} to {shown}" if high < math.inf else f"from {low:.3g}"
    lowest = f"from {measure.min_rate}" if measure.min_rate > 1 else "any"
    by = f", by `{measure.package}`" if measure.package else ""
    return [
        f"`{measure.name}`" + (" (default)" if measure.default else ""),
        measure.about + ("" if measure.reference else " (takes no reference)"),
        measure.unit or "–",
        measure.direction or "–",
        limits,
        " or ".join(map(str, measure.rates)) or lowest,
        seconds(measure),
        measure.version + by,
        f'`pip install "vocable[{measure.needs}]"`' if measure.needs else "–",
    ]


def seconds(measure: Measure) -> str:
    if measure.longest == math.inf:
        return f"from {measure.shortest:g}" if measure.shortest else "any"
    return f"{measure.shortest:g} to {measure.longest:g}"


def rewritten(page: str) -> str:
    start = page.index("| measure |")
    return page[:start] + table() + page[page.index("\n\n", start) + 1 :]


def test_the_page_shows_the_table_of_measures():
    page = PAGE.read_text(encoding="utf-8")
    assert page == rewritten(page), "run: python tests/measures/test_page.py"


def test_a_measure_of_ones_own_appears_in_roundtrip(tmp_path):
    page = PAGE.read_text(encoding="utf-8")
    (mine,) = re.findall(r"^```python\n([^`]*register\(\n.*?)^```", page, re.M | re.S)
    (line,) = re.findall(r"^```sh\n(vocable .*?)\n```", page, re.M)
    (tmp_path / "mine.py").write_text(mine, encoding="utf-8")
    shutil.copy(ROOT / "examples" / "speech.flac", tmp_path)
    command = [sys.executable, "-m", *shlex.split(line)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert re.search(r"^level_change +-?\d+\.\d dB$", done.stdout, re.M), done.stderr


if __name__ == "__main__":
    fresh = PAGE.with_suffix(".new")
    fresh.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    os.replace(fresh, PAGE)
