"""Plots: axes hold their values, marks are round, each system is where its numbers say."""

import re
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.evaluate.report.reader import Reader
from vocable.evaluate import Interval
from vocable.evaluate.report.axes import around, around_rates
from vocable.evaluate.report.figures import digits_of, kbps, plain, span
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.rate_plot import Plot
from vocable.evaluate.summary import Cell, Row
from vocable.evaluate.systems import CONTROL
from vocable.measures.registry import find

NUMBERS = some.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)
FAMILIES = {"neural": 0, "opus": 1}


@given(some.lists(NUMBERS, min_size=1, max_size=9))
def test_values_are_inside_their_axis_and_in_order(values: list[float]) -> None:
    axis = around(values, 200.0, 10.0)
    places = [axis.at(value) for value in sorted(values)]
    assert all(10.0 <= place <= 200.0 for place in places)
    assert places == sorted(places, reverse=True)
    marks = axis.marks()
    assert 2 <= len(marks) <= 13
    assert len({text for _, text in marks}) == len(marks)
    for place, text in marks:
        assert place == pytest.approx(axis.at(float(text.replace("−", "-"))), abs=0.5)


@given(some.lists(some.floats(0.01, 2000), min_size=1, max_size=9))
def test_rates_are_on_a_logarithmic_axis(rates: list[float]) -> None:
    axis = around_rates(rates, 0.0, 100.0)
    assert all(0 < axis.at(rate) < 100 for rate in rates)
    assert 1 <= len(axis.marks()) <= 13
    middle = axis.at((axis.low * axis.high) ** 0.5)
    assert middle == pytest.approx(50)


def row(system: str, family: str, bitrate: float | None, mean: float, half: float = 0.1) -> Row:
    cell = Cell(Interval(mean, mean - half, mean + half), 9)
    return Row("talk", system, family, bitrate, 0.0, 9, 9, 9, {"pesq_wb": cell}, {}, {})


ROWS = [
    row("original", CONTROL, 256_000.0, 4.6),
    row("silence", CONTROL, None, -90.0),
    row("neural@1", "neural", 1000.0, 2.0),
    row("neural@2", "neural", 2000.0, 3.0),
    row("opus-6", "opus", 6000.0, 2.5),
    row("strange", "strange", None, 3.5),
]


def drawn(rows: list[Row]) -> tuple[Plot, Reader]:
    plot = Plot(find("pesq_wb"), rows, FAMILIES)
    return plot, Reader(plot.draw("a plot"))


def test_points_stand_where_their_numbers_say() -> None:
    plot, page = drawn(ROWS)
    known = [each for name, each in page.elements if "translate" in each.get("transform", "")]
    texts = [re.fullmatch(r"(.*): .* kbit/s", text) for text in page.texts]
    names = [text[1] for text in texts if text]
    places = [tuple(map(float, re.findall(r"[\d.]+", each["transform"]))) for each in known]
    at = dict(zip(names, places, strict=False))
    assert list(at) == ["neural@1", "neural@2", "opus-6"]
    assert at["neural@1"][1] > at["opus-6"][1] > at["neural@2"][1]  # pixels count downwards
    lower, upper = (at["neural@2"][1] - at[s][1] for s in ("neural@1", "opus-6"))
    assert lower == pytest.approx(2 * upper, abs=0.2)
    octave, rest = at["neural@2"][0] - at["neural@1"][0], at["opus-6"][0] - at["neural@2"][0]
    assert rest / octave == pytest.approx(log(3) / log(2), rel=0.01)
    assert plot.without_rate() == ["strange"]


def test_families_are_joined_and_far_controls_are_only_told() -> None:
    page = drawn(ROWS)[1]
    classes = [known.get("class", "") for _, known in page.elements]
    assert [name for name in page.names if name == "polyline"] == ["polyline"]
    assert sum("whisker" in each for each in classes) == 3
    assert sum(each == "level" for each in classes) == 2  # one in the plot, one in the legend
    assert "a: original" in page.texts and "silence: −90.00, beyond" in page.texts
    assert "neural" in page.texts and "opus-6" in page.texts  # alone, so by its own name


def test_shapes_differ_where_colours_might_be_taken_for_each_other() -> None:
    rows = [row(f"s{n}", f"f{n}", 1000.0 * 2**n, 2.0 + n / 9) for n in range(8)]
    page = Reader(Plot(find("pesq_wb"), rows, {f"f{n}": n for n in range(8)}).draw(""))
    shapes = {known["d"] for _, known in page.elements if "point" in known.get("class", "")}
    assert len(shapes) == 8


@pytest.mark.parametrize("count", [2, 5, 12])
def test_letters_of_controls_do_not_overlap(count: int) -> None:
    rows = [*ROWS[2:5], *(row(f"c{n}", CONTROL, None, 3.1) for n in range(count))]
    elements = drawn(rows)[1].elements
    heights = sorted(float(k["y"]) for n, k in elements if n == "text" and k["x"] == "386.0")
    assert len(heights) == count
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 11.9
    assert heights[0] >= 10 and heights[-1] <= 250


def test_numbers_have_as_many_digits_as_they_are_sure_of() -> None:
    sure, unsure = Interval(3.2174, 3.2172, 3.2176), Interval(3.2174, 2.9, 3.5)
    assert [digits_of([each], 3) for each in (sure, unsure)] == [3, 2]
    assert digits_of([Interval(1200.0, 1100.0, 1300.0)], 3) == 0
    assert digits_of([Interval(1.0, 1.0, 1.0)], 2) == digits_of([], 2) == 2
    assert (plain(-0.001, 2), plain(-1.5, 1), plain(float("nan"), 1)) == ("0.00", "−1.5", "–")
    assert span(unsure, 1) == "2.9 … 3.5" and span(Interval(1.0, 1.0, 1.0), 2) == ""
    assert [kbps(each) for each in (None, 0.0, 85.0, 1234.0, 9999.0, 64_000.0, 256_000.0)] == [
        *("–", "–", "0.085", "1.23", "10.0", "64.0", "256"),
    ]


@given(some.text())
def test_text_comes_back_as_it_was_and_is_never_markup(text: str) -> None:
    text = text.replace("\r", "")  # which HTML reads as the end of a line
    page = Reader(tag("p", text, title=text))
    assert page.names == ["p"]
    lost = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")  # \ufffd stands for them
    assert "".join(page.texts) == lost.sub("\ufffd", text)
    assert page.elements[0][1].get("title", "") == lost.sub("\ufffd", text)
    assert joined([Markup("<b>"), "<b>"]) == "<b>&lt;b&gt;"
