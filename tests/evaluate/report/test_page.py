"""The report holds all that it needs, what it says is what was found, and no text breaks it."""

import re
from dataclasses import replace
from math import nan
from pathlib import Path

import pytest

from tests.evaluate.report.made import (
    CODECS,
    NEEDED,
    decoded,
    of_results,
    original,
    result,
    study,
    tokens,
    unheard,
    written,
)
from tests.evaluate.report.reader import Reader
from vocable.evaluate import Interval
from vocable.evaluate.report import write_report
from vocable.evaluate.summary import Cell, Doubt, Row, Summary, summarise
from vocable.evaluate.summary.files import csv_text
from vocable.evaluate.sweep import Study
from vocable.evaluate.systems import ORIGINAL

HOSTILE = "</script></title><img src=x onerror=alert(1)>'\"&amp;\x00\udcff"

PLAIN = "p" * len(HOSTILE)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(written(study(command="vocable"), tmp_path_factory.mktemp("usual")))


def test_the_page_asks_for_nothing_from_outside(tmp_path: Path) -> None:
    page = written(study(each=3), tmp_path)
    found = Reader(page).elements
    links = [known[key] for _, known in found for key in ("src", "href", "srcset") if key in known]
    assert len(links) > 50
    assert all(re.match(r"data:(image/png|audio/flac|text/csv)|#", link) for link in links)
    assert not re.search(r"https?:|//cdn|@import|url\(", page)
    assert not {"link", "iframe", "object", "embed", "base", "form"} & {name for name, _ in found}
    (policy,) = [known["content"] for _, known in found if "http-equiv" in known]
    assert policy.startswith("default-src 'none'; img-src data:; media-src data:;")
    assert "unsafe" not in policy


def test_no_text_of_others_becomes_markup(tmp_path: Path) -> None:
    def page(text: str) -> Reader:
        systems = (ORIGINAL, text, "tiny@1")
        known = {"family": text, "speaker": text, "name": text, "versions": {"stoi": text}}
        found = [result(s, text, n) for s in systems[::2] for n in range(3)]
        found += [result(text, text, n, **known) for n in range(3)]
        found.append(result(text, text, 3, **{**known, "fault": text, "scores": {}}))
        of = of_results(found, systems, (text,), command=text, **{text: text})
        summary = summarise(of, tokens)
        doubt = Doubt(text, text, text)
        return Reader(unheard(of, tmp_path, replace(summary, doubts=(doubt,))))

    hostile, plain = page(HOSTILE), page(PLAIN)
    assert hostile.names == plain.names
    assert [set(known) for _, known in hostile.elements] == [set(k) for _, k in plain.elements]
    assert hostile.text.count("<img src=x onerror=alert(1)>") == plain.text.count(PLAIN) > 20
    assert "\x00" not in hostile.text and "\N{REPLACEMENT CHARACTER}" in hostile.text


def test_figures_of_the_table_are_those_of_the_summary(usual: Reader) -> None:
    summary = summarise(study(), tokens)
    for of_set, measures in study().measures.items():
        number = usual.table(f"{measures[0]} ↑")
        for row, shown in zip(summary.of(of_set), usual.values[number][1:], strict=True):
            found = [row.cells[measure].interval.mean for measure in measures]
            assert list(map(float, shown[3:])) == found
            assert (
                (shown[1] == "") if row.bitrate is None else float(shown[1]) == row.bitrate / 1000
            )
        names = [cells[0] for cells in usual.tables[number][1:]]
        assert names == [row.system for row in summary.of(of_set)]


def test_shown_figures_are_rounded_and_have_their_intervals(usual: Reader) -> None:
    (row,) = [each for each in summarise(study()).of("talk") if each.system == "opus-6"]
    found = row.cells["pesq_wb"].interval
    number = usual.table("pesq_wb ↑")
    (cells,) = [each for each in usual.tables[number] if each[0] == "opus-6"]
    shown = re.fullmatch(r"(\d\.\d\d)\*?(\d\.\d\d) … (\d\.\d\d)", cells[3])
    assert shown
    for text, value in zip(shown.groups(), (found.mean, found.low, found.high), strict=True):
        assert float(text) == pytest.approx(value, abs=0.006)
    assert cells[2] == "6/6"


def test_all_figures_can_be_taken_out(usual: Reader) -> None:
    summary, files = summarise(study(), tokens), usual.files()
    assert files["scores.csv"] == csv_text(summary)
    for name, count in {
        "differences": len(summary.differences),
        "ranks": sum(len(each.shares) ** 2 for each in summary.ranks),
        "tokens": sum(len(use.levels) for use in summary.use.values()),
    }.items():
        assert len(files[f"{name}.csv"].splitlines()) == 1 + count > 2
    first = files["differences.csv"].splitlines()[1].split(",")
    assert float(first[4]) == summary.differences[0].gain.mean


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    of = study(sets=("talk",), each=3)
    assert written(of, tmp_path) == written(of, tmp_path)


def test_every_link_within_the_page_arrives(usual: Reader) -> None:
    anchors = {known["id"] for _, known in usual.elements if "id" in known}
    links = [known["href"] for _, known in usual.elements if known.get("href", "").startswith("#")]
    assert {link[1:] for link in links} <= anchors
    assert set(NEEDED) <= anchors


def nothing_scored() -> Study:
    found = [
        result("opus-6", number=n, scores={}, unscored={"stoi": "too short"}) for n in range(3)
    ]
    return of_results(found, ("opus-6",), ("talk",))


def all_faults() -> Study:
    found = [result("opus-6", number=n, scores={}, fault="it threw") for n in range(3)]
    return of_results(found, ("opus-6",), ("talk",))


def no_rates() -> Study:
    return study((ORIGINAL, "somebody's"), ("talk",))


CASES = {
    "no results at all": of_results([], ("opus-6",), ("talk",)),
    "an empty set": study(sets=("talk", "song", "empty")),
    "one recording": study(each=1),
    "nothing scored": nothing_scored(),
    "all faults": all_faults(),
    "only controls": no_rates(),
    "without tokens": study((ORIGINAL, "opus-6")),
    "one system": study(("opus-6",), ("talk",)),
}


@pytest.mark.parametrize("case", CASES)
def test_poor_studies_have_whole_pages(case: str, tmp_path: Path) -> None:
    page = Reader(unheard(CASES[case], tmp_path))
    assert "nan" not in page.text.lower().replace("\n", " ").split()
    assert set(NEEDED) <= {known["id"] for _, known in page.elements if "id" in known}
    for name in CASES[case].sets:
        assert name in page.text


def test_reasons_stand_with_their_counts(tmp_path: Path) -> None:
    page = Reader(unheard(nothing_scored(), tmp_path))
    rows = page.tables[page.table("reason")]
    assert ["talk", "stoi", "too short", "opus-6 (3)", "3"] in rows
    rows = Reader(unheard(all_faults(), tmp_path)).tables
    assert ["talk", "made nothing", "it threw", "opus-6 (3)", "3"] in rows[-1]


def test_unknown_bitrates_are_said_and_not_drawn(tmp_path: Path) -> None:
    found = [result(s, number=n) for s in ("tiny@1", "tiny@2") for n in range(3)]
    found += [result("own", number=n, family="own", bits=None) for n in range(3)]
    page = Reader(unheard(of_results(found, ("tiny@1", "tiny@2", "own"), ("talk",)), tmp_path))
    assert "Not drawn, of unknown bitrate: own." in page.text
    assert "own: " not in " ".join(text for text in page.texts if "kbit/s" in text)


def test_intervals_of_one_speaker_are_not_made_up(tmp_path: Path) -> None:
    cells = {"pesq_wb": Cell(Interval(2.5, nan, nan), 3)}
    row = Row("talk", "opus-6", "opus", 6000.0, nan, 3, 1, 3, cells, {}, {})
    summary = Summary((row,), (), (), (), {})
    page = Reader(unheard(study(("opus-6",), ("talk",), 3), tmp_path, summary))
    assert "no interval" in page.tables[page.table("pesq_wb ↑")][1][3]
    assert not [known for _, known in page.elements if "whisker" in known.get("class", "")]


def test_many_systems_fit_and_a_few_are_heard(tmp_path: Path) -> None:
    names = tuple(f"made by system {n}" for n in range(30))
    found = [result(s, number=n, family=s, rate=None, bits=1000.0 + 9 * len(s)) for s in names
             for n in range(3)]  # fmt: skip
    page = Reader(unheard(of_results(found, names, ("talk",)), tmp_path))
    assert len(page.tables[page.table("pesq_wb ↑")]) == 31
    assert "18 of 30 systems are here" in page.text
    assert page.text.count("Nothing to hear") == 3 * 18


def test_doubts_stand_before_scores_and_once_for_all_sets(tmp_path: Path) -> None:
    doubts = tuple(Doubt(of, "opus-6", "it is too good") for of in ("talk", "song"))
    summary = replace(summarise(study()), doubts=doubts)
    page = unheard(study(), tmp_path, summary)
    assert page.count("it is too good") == 1 and "talk, song: opus-6: " in page
    assert page.index("it is too good") < page.index('id="scores"')


def test_a_page_in_place_is_kept_unless_it_may_go(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")
    sources = {"sounds": decoded, "originals": original, "tokens": tokens}

    def interrupted(recording: str):
        raise KeyboardInterrupt

    with pytest.raises(FileExistsError, match="report.html exists"):
        write_report(study(), summarise(study()), target, **sources)
    with pytest.raises(KeyboardInterrupt):
        given = {**sources, "originals": interrupted}
        write_report(study(), summarise(study()), target, overwrite=True, **given)
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_sounds_that_are_gone_are_said_in_their_place(tmp_path: Path) -> None:
    page = Reader(unheard(study(), tmp_path))
    assert "Nothing to hear: OSError: the disk is gone" in page.text
    assert "audio" not in page.names and len(CODECS) == 3
