"""Bars: met where they are reached, missed elsewhere, never met where nothing was found."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.bars import against_bars
from benchmarks.clips import Clip
from benchmarks.conditions import COMPANY, LEVEL
from benchmarks.costs import Cost
from benchmarks.facts import Facts
from benchmarks.judged import Judged, Plan
from benchmarks.judging import Row, System
from benchmarks.results import Results
from vocable.codecs.latency import Latency
from vocable.evaluate import Bitrates, LevelUse, TokenUse
from vocable.ratio import Ratio
from vocable.tokens import Level, TokenSpec

SYSTEMS = {n: System(f"voice@2, {n} levels") for n in (2, 4, 6, 8)}
RATES = {n: 250.0 * n for n in SYSTEMS}
CLIPS = [Clip(Path(name), name) for name in "abc"]


def judged() -> Judged:
    return Judged("voice", None, SYSTEMS, RATES)


def row(n: int, clip: str, condition: str = "clean", clips: str = "speech", **values) -> Row:
    measures = {"level_db": 0.1, "loudest_db": 1.0, "stoi": 0.8 + n / 80}
    measures |= {"visqol_speech": 2 + n / 10, **values}
    named = {"clips": clips, "condition": condition}
    return Row(SYSTEMS[n].label, clip, clip, RATES[n], measures, **named)


def rows(pesq: float = 1.55, **changed: float) -> list[Row]:
    """Scores of a codec that reaches every bar; changed: PESQ or level in one condition."""
    found = [row(n, c, pesq_wb=pesq + n / 10) for n in SYSTEMS for c in "abc"]
    for condition in [*LEVEL, "from 8 kHz", "300 to 3400 Hz", *COMPANY]:
        values = {"pesq_wb": pesq + 0.8, "stoi": 0.9} | changed.get(condition, {})
        found += [row(8, c, condition, **values) for c in "abc"]
    return found + [row(8, c, clips="far", pesq_wb=pesq + 0.7) for c in "abc"]


def use(*counts: np.ndarray) -> TokenUse:
    levels = tuple(LevelUse(Level(found.size), found, int(found.sum())) for found in counts)
    spec = TokenSpec("voice@2:0a", 16000, 640, 1, (Level(10),), (1,))
    return TokenUse(spec, 1, Ratio(1), levels, Bitrates(0.0, 0.0, 0.0))


@pytest.fixture
def facts() -> Facts:
    cost = Cost((0.5, 1.0), (100.0, 90.0), (0.6, 0.5), Latency(Ratio(1, 25), Ratio(1, 20)), 19.0)
    return Facts(judged(), -120.0, use(np.ones(10, int)), "", cost)


def verdicts(found: list[Row], facts: Facts) -> dict[str, tuple[str, str]]:
    sets = {"speech": CLIPS, "far": CLIPS}
    lines = against_bars(Plan([judged()], sets, False, False, False), Results(found), facts)
    assert lines[0] == "## voice@2 against the bars"
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines[3:]]
    return {cell[0]: (cell[2], cell[3]) for cell in cells}


def missed(found: dict[str, tuple[str, str]]) -> list[str]:
    return [figure for figure, (_, met) in found.items() if met != "yes"]


def test_a_codec_that_reaches_every_bar(facts):
    found = verdicts(rows(), facts)
    assert not missed(found)
    assert found["PESQ-WB, voice@2, 8 levels"][0] == "2.350 [2.350, 2.350]"
    assert found["PESQ-WB, voice@2, 4 levels"][0] == "1.950 [1.950, 1.950]"
    assert found["PESQ-WB, far / English"][0] == "0.957"


def test_low_quality_misses_its_bars_alone(facts):
    found = verdicts(rows(pesq=1.1), facts)
    assert missed(found) == ["PESQ-WB, voice@2, 8 levels", "PESQ-WB, voice@2, 4 levels"]


@pytest.mark.parametrize(
    ("condition", "values", "figure"),
    [
        ("-36 dB", {"level_db": -0.7}, "level, the farthest of -36 to 0 dB"),
        ("-30 dB", {"pesq_wb": 2.2}, "PESQ-WB, -30 dB less 0 dB"),
        ("from 8 kHz", {"stoi": 0.8}, "STOI, from 8 kHz"),
        ("from 8 kHz", {"pesq_wb": 1.7}, "PESQ-WB, from 8 kHz"),
        ("from 8 kHz", {"level_db": -6.9}, "level, from 8 kHz"),
        ("two voices", {"loudest_db": 3.1}, "loudest frame over the input's"),
    ],
)
def test_each_condition_has_its_bar(facts, condition, values, figure):
    changed = {"pesq_wb": 2.3, "stoi": 0.9} | values
    assert missed(verdicts(rows(**{condition: changed}), facts)) == [figure]


def test_a_level_that_costs_quality_is_named(facts):
    worse = [r for r in rows() if r.system != SYSTEMS[6].label]
    worse += [row(6, c, pesq_wb=1.8) for c in "abc"]
    found = verdicts(worse, facts)
    assert found["pesq_wb, each added level"] == ("4 → 6", "no")
    assert found["pesq_wb, each quarter"] == ("4 → 6", "no")


def test_what_a_codec_costs(facts):
    dear = Cost((0.5, 1.3), (100.0, 90.0), (0.6, 0.4), None, 21.0)
    few = Facts(facts.judged, -80.0, use(np.ones(10, int), np.arange(10) // 2), "", dear)
    assert missed(verdicts(rows(), few)) == [
        *("silence", "entries in use, of the level with fewest"),
        *("speed / that of the last codec", "GFLOP per second of audio", "latency", "size"),
    ]


def test_what_was_not_found_is_not_met(facts):
    nothing = verdicts([row(n, c, pesq_wb=None) for n in SYSTEMS for c in "abc"], facts)
    assert "PESQ-WB, voice@2, 8 levels" in missed(nothing)
    assert "level, the farthest of -36 to 0 dB" in missed(nothing)
    assert "loudest frame over the input's" in missed(nothing)
    assert "pesq_wb, each quarter" in missed(nothing)
