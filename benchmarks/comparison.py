"""Print what `vocable evaluate codec` found as Markdown, from the folders that it left.

    vocable evaluate codec speech-16k --data SET=MANIFEST … -o FOLDER
    python -m benchmarks.comparison --folder FOLDER [FOLDER …]

One table a set: means with 95 % intervals over speakers. The report in the folder has the rest.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import shown
from benchmarks.tables import heading, row
from vocable.evaluate import Interval
from vocable.measures import REGISTRY

Row = Mapping[str, Any]


def main() -> None:
    """Print all sets of all folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, nargs="+", required=True)
    for folder in parser.parse_args().folder:
        found = json.loads((folder / "summary.json").read_text())
        about = json.loads((folder / "study.json").read_text())["about"]
        for name in dict.fromkeys(each["set"] for each in found["rows"]):
            print("\n".join(of_set(found, name)), end="\n\n")
        print(f"`{about['command']}`; {about['machine']}; vocable {about['vocable']}\n")


def of_set(found: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the lines of one set."""
    rows = [each for each in found["rows"] if each["set"] == name]
    measures = list(dict.fromkeys(measure for each in rows for measure in each["scores"]))
    recognisers = sorted({key for each in rows for key in each["words"]})
    embeddings = sorted({key for each in rows for key in each["voices"]})
    yield f"### {name}: {rows[0]['asked']} recordings of {rows[0]['owners']} speakers or sources"
    yield ""
    words = [f"{key}, % wrong" for key in recognisers]
    yield heading(["system", "kbit/s", *measures, *words, *embeddings])
    for each in rows:
        cells = [score(each, measure) for measure in measures]
        cells += [percent(each["words"].get(key)) for key in recognisers]
        cells += [alike(each["voices"].get(key)) for key in embeddings]
        rate = each["bits_per_second"]
        yield row([each["system"], f"{rate / 1000:.2f}" if rate else "–", *cells])


def score(each: Row, measure: str) -> str:
    """Return a mean with its interval, and how many are in it where that is not all."""
    cell = each["scores"].get(measure)
    if cell is None:
        return "–"
    lacking = f" ({cell['scored']})" if cell["scored"] < each["asked"] else ""
    return shown(interval(cell), REGISTRY[measure].digits) + lacking


def percent(errors: Mapping[str, Any] | None) -> str:
    """Return the errors against what was said, else against what was recognised before."""
    rate = errors and (errors.get("decoded") or errors.get("differential"))
    return shown(interval(rate, 100), 1) if rate else "–"


def alike(voice: Mapping[str, Any] | None) -> str:
    """Return how alike voices are before and after."""
    return shown(interval(voice["similarity"])) if voice else "–"


def interval(cell: Mapping[str, Any], scale: float = 1.0) -> Interval:
    """Return a mean with its ends, of which a single speaker has none."""
    ends: Sequence[float] = [
        float("nan") if cell[key] is None else scale * cell[key] for key in ("mean", "low", "high")
    ]
    return Interval(*ends)


if __name__ == "__main__":
    main()
