"""Say what a prepared set holds, and what became of the rest: report.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vocable.speak.prepare.set import TRANSCRIPT, UNSURE, PreparedSet, Row, Source
from vocable.speak.prepare.splits import TRAIN, VALID

REPORT = "report.md"
_ROWS, _SHOWN = 100, 60  # snippets that are listed as left out; characters of their texts
CONSENT = (
    "no consent is stored: fine-tuning and cloning will refuse this set; say who allowed what with "
    '--consent "…"'
)


def lost_seconds(sources: Iterable[Source]) -> dict[str, float]:
    """Return the seconds that were left out by reason, the most first."""
    lost: dict[str, float] = {}
    for source in sources:
        for reason, seconds in source.lost.items():
            lost[reason] = lost.get(reason, 0.0) + seconds
    return dict(sorted(lost.items(), key=lambda each: -each[1]))


def pace(rows: tuple[Row, ...]) -> float:
    """Return the characters of the texts a second of sound; 0 without any."""
    return sum(len(row.text) for row in rows) / max(1e-9, sum(row.seconds for row in rows))


def report(made: PreparedSet) -> str:
    """Return report.md."""
    about, rows = made.about, made.rows
    lines = [f"# {about.name}", "", _total(made), "", *_consent(made), ""]
    lines += ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in _facts(made))]
    lines += ["", "## Left out", "", "| seconds | why |", "| ---: | --- |"]
    lines += [f"| {seconds:.1f} | {why} |" for why, seconds in lost_seconds(about.sources).items()]
    lines += _left_out(about.sources)
    lines += ["", "## Recordings", "", "| recording | s | Hz | channels | snippets | held out |",
              "| --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    lines += [_source(source, rows) for source in about.sources]
    lines += ["", f"Correct the texts: open correct.html, or edit {TRANSCRIPT}, then "
              f"`vocable speak correct {made.folder.name} FILE`."]  # fmt: skip
    return "\n".join(lines) + "\n"


def _left_out(sources: tuple[Source, ...]) -> list[str]:
    """Return a table of what was left out though it had words; set.json has all of it."""
    found = [(source, each) for source in sources for each in source.left_out]
    lines = [
        f"| {_cell(source.name)} | {each.begin:.1f} to {each.end:.1f} | {each.why} "
        f"| {_cell(each.text[:_SHOWN])} |"
        for source, each in found[:_ROWS]
    ]
    if len(found) > _ROWS:
        lines.append(f"| and {len(found) - _ROWS} more, in set.json | | | |")
    head = ["", "| recording | s | why | text |", "| --- | --- | --- | --- |"]
    return [*head, *lines] if lines else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _total(made: PreparedSet) -> str:
    rows, held = made.rows, made.part(VALID)
    longest = max((row.seconds for row in rows), default=0.0)
    return (
        f"{made.seconds / 3600:.2f} hours in {len(rows)} snippets of up to {longest:.1f} s, "
        f"{pace(rows):.1f} characters a second; {len(made.part(TRAIN))} to train on, {len(held)} "
        f"({sum(row.seconds for row in held):.0f} s) held out."
    )


def _consent(made: PreparedSet) -> list[str]:
    return [f"Consent: {made.about.consent}" if made.about.consent else f"**{CONSENT}.**"]


def _facts(made: PreparedSet) -> list[tuple[str, str]]:
    about = made.about
    facts = [
        ("speakers", ", ".join(sorted({row.speaker for row in made.rows}))),
        ("language", about.language),
        ("recogniser", about.recogniser),
        ("words that it was not sure of", f"{_unsure(made.rows):.1%}"),
        ("texts that come twice", str(_twice(made.rows))),
    ]
    for name, unit in (("loudness", "LUFS"), ("peak", "dB"), ("snr", "dB"), ("band", "Hz"),
                       ("likeness", "")):  # fmt: skip
        values = sorted(v for row in made.rows if (v := row.checks.get(name)) is not None)
        if values:
            middle = values[len(values) // 2]
            facts.append(
                (name, f"{values[0]:g} to {values[-1]:g}, median {middle:g} {unit}".strip())
            )
    return facts


def _unsure(rows: tuple[Row, ...]) -> float:
    words = [word for row in rows for word in row.words]
    return sum(word.probability < UNSURE for word in words) / max(1, len(words))


def _twice(rows: tuple[Row, ...]) -> int:
    counts = Counter(row.text.casefold() for row in rows)
    return sum(count > 1 for count in counts.values())


def _source(source: Source, rows: tuple[Row, ...]) -> str:
    held = sum(row.source == source.name and row.split == VALID for row in rows)
    facts = f"{source.seconds:.1f} | {source.rate} | {source.channels} | {source.snippets}"
    return f"| {_cell(source.name)} | {facts} | {held} |"
