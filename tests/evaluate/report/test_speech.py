"""Words and voices: the recogniser's and the embedding's own errors stand before what they say."""

from dataclasses import replace
from pathlib import Path

from tests.evaluate.report.made import study, unheard
from tests.evaluate.report.reader import Reader
from vocable.evaluate import Interval, VoiceKept, WordErrors
from vocable.evaluate.speakers import Verification
from vocable.evaluate.summary import summarise
from vocable.evaluate.words import ErrorRate
from vocable.measures.words import Edits


def rate(mean: float) -> ErrorRate:
    return ErrorRate(Edits(3, 2, 1, 100), Interval(mean, mean - 0.02, mean + 0.02), 6)


def trials(mean: float) -> Verification:
    return Verification(Interval(mean, mean - 0.01, mean + 0.01), 0.81, 0.42, 90)


ERRORS = WordErrors(rate(0.05), rate(0.15), Interval(0.1, 0.08, 0.12), rate(0.12), (), ())
UNKNOWN = WordErrors(None, None, None, rate(0.25), (), ())
KEPT = VoiceKept(Interval(0.9, 0.88, 0.92), None, 6, ())


def test_words_and_voices_have_tables_with_what_their_judges_do_wrong(tmp_path: Path) -> None:
    of = study(sets=("talk",))
    found = summarise(of)
    known = {
        "tiny@1": {"words": {"ears": ERRORS}, "voices": {"print": KEPT}},
        "tiny@2": {"words": {"ears": UNKNOWN}, "voices": {"print": KEPT}},
    }
    rows = tuple(replace(row, **known.get(row.system, {})) for row in found.rows)
    summary = replace(found, rows=rows, own={("talk", "print"): trials(0.07)})
    page = Reader(unheard(of, tmp_path, summary))
    assert "talk: words that ears hears, wrong by itself in 5.0% (3.0 … 7.0 %)" in page.text
    words = page.table("against the original")
    assert [cells[0] for cells in page.tables[words][1:]] == ["tiny@1", "tiny@2"]
    assert [cells[4:] for cells in page.tables[words][1:]] == [["more errors", "6"], ["", "6"]]
    values = [[round(float(text), 6) if text else None for text in r[1:4]] for r in
              page.values[words][1:]]  # fmt: skip
    assert values == [[15.0, 10.0, 12.0], [None, None, 25.0]]
    assert "which confuses 7.0% of these speakers" in page.text and "0.81 alike" in page.text
    voices = page.tables[page.table("similarity")]
    assert voices[1] == ["tiny@1", "0.9000.880 … 0.920", "–", "6"]


def test_without_listeners_there_is_no_section(tmp_path: Path) -> None:
    page = Reader(unheard(study(sets=("talk",)), tmp_path))
    assert "Words and voices" not in page.text
