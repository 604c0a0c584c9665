"""Write what a sweep came to as text for other programs: CSV of one value a line, and JSON of all.

Numbers are not rounded; what is not known is empty in CSV and null in JSON.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from vocable.evaluate.intervals import Interval
from vocable.evaluate.speakers import Verification, VoiceKept
from vocable.evaluate.summary.values import Difference, Row, Summary
from vocable.evaluate.token_use import TokenUse
from vocable.evaluate.words import ErrorRate, WordErrors
from vocable.measures.registry import find

HEAD = ("set", "system", "family", "kbps", "measure", "mean", "low", "high", "scored", "asked")
FORMAT = 1  # of the JSON; rises where a key changes its meaning

Json = dict[str, Any]


def csv_text(summary: Summary) -> str:
    """Return a line for each set, system and measure, those without any value too."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for row in summary.rows:
        kbps = "" if row.bitrate is None else row.bitrate / 1000
        for measure, interval, scored in _values(row):
            numbers = [_finite(n) for n in _ends(interval)] if interval else [None] * 3
            head = (row.set, row.system, row.family, kbps, measure)
            writer.writerow((*head, *numbers, scored, row.asked))
    return text.getvalue()


def json_text(summary: Summary) -> str:
    """Return all of a summary, but for the counts of single entries; equal ones give equal text."""
    whole = {
        "format": FORMAT,
        "rows": [_row(row) for row in summary.rows],
        "differences": [_difference(each) for each in summary.differences],
        "ranks": [asdict(each) for each in summary.ranks],
        "doubts": [asdict(each) for each in summary.doubts],
        "use": [{"set": s, "system": n, **_use(use)} for (s, n), use in summary.use.items()],
        "embeddings": [
            {"set": of_set, "embedding": name, "trials": _trials(trials)}
            for (of_set, name), trials in summary.own.items()
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _values(row: Row) -> Iterator[tuple[str, Interval | None, int]]:
    for measure in dict.fromkeys((*row.cells, *row.unscored)):
        cell = row.cells.get(measure)
        yield measure, cell.interval if cell else None, cell.scored if cell else 0
    for name, errors in row.words.items():
        rates = {"own": errors.own, "decoded": errors.decoded, "differential": errors.differential}
        for kind, rate in rates.items():
            if rate:
                yield f"words {kind}, {name}", rate.interval, rate.scored
    for name, kept in row.voices.items():
        yield f"voice alike, {name}", kept.similarity, kept.scored
        if kept.verification:
            yield f"voice confused, {name}", kept.verification.interval, kept.scored


def _row(row: Row) -> Json:
    return {
        "set": row.set,
        "system": row.system,
        "family": row.family,
        "bits_per_second": row.bitrate,
        "delay_seconds": _finite(row.delay),
        "asked": row.asked,
        "made": row.made,
        "owners": row.owners,
        "scores": {
            measure: {"unit": find(measure).unit, **_interval(cell.interval), "scored": cell.scored}
            for measure, cell in row.cells.items()
        },
        "faults": dict(row.faults),
        "unscored": {measure: dict(reasons) for measure, reasons in row.unscored.items()},
        "words": {name: _words(errors) for name, errors in row.words.items()},
        "voices": {name: _voice(kept) for name, kept in row.voices.items()},
    }


def _difference(each: Difference) -> Json:
    head = {"set": each.set, "measure": each.measure, "first": each.first, "second": each.second}
    tests = {"p": each.p, "adjusted_p": each.adjusted, "sure": each.sure}
    gain = {"unit": find(each.measure).unit, **_interval(each.gain), "scored": each.scored}
    return {**head, **gain, **tests, "needed_owners": each.needed}


def _words(errors: WordErrors) -> Json:
    return {
        "own": _rate(errors.own),
        "decoded": _rate(errors.decoded),
        "added": _interval(errors.added) if errors.added else None,
        "differential": _rate(errors.differential),
        "claim": errors.claim,
        "invented": list(errors.invented),
        "refusals": {each.name: each.reason for each in errors.refusals},
    }


def _rate(rate: ErrorRate | None) -> Json | None:
    if rate is None:
        return None
    return {**_interval(rate.interval), **asdict(rate.edits), "scored": rate.scored}


def _voice(kept: VoiceKept) -> Json:
    return {
        "similarity": _interval(kept.similarity),
        "trials": _trials(kept.verification),
        "scored": kept.scored,
        "refusals": {each.name: each.reason for each in kept.refusals},
    }


def _trials(trials: Verification | None) -> Json | None:
    if trials is None:
        return None
    return {
        "equal_error_rate": _interval(trials.interval),
        "same": trials.same,
        "different": trials.different,
        "trials": trials.trials,
    }


def _use(use: TokenUse) -> Json:
    rates: Mapping[str, float | None] = asdict(use.bitrates)
    return {
        "space": use.spec.space,
        "recordings": use.recordings,
        "seconds": float(use.seconds),
        "bits_per_second": dict(rates),
        "levels": [
            {
                "entries": each.level.size,
                "tokens": each.tokens,
                "used": each.used,
                "perplexity": each.perplexity,
                "entropy_bits": each.entropy,
                "repeat_rate": each.repeat_rate,
            }
            for each in use.levels
        ],
    }


def _interval(interval: Interval) -> Json:
    return dict(zip(("mean", "low", "high"), map(_finite, _ends(interval)), strict=True))


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
