"""Which sounds a report holds: best, median and worst by what is better, of systems with sound."""

import pytest

from tests.evaluate.report.made import of_results, result, study
from vocable.evaluate.report import picks
from vocable.evaluate.report.picks import MOST, PLACES, chosen, heard_systems, main_measure
from vocable.evaluate.systems import ORIGINAL


def scored(measure: str, values: list[float | None], of_set: str = "talk") -> list:
    return [
        result("opus-6", of_set, n, scores={} if value is None else {measure: value})
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("of_set", "measure", "names"),
    [
        ("talk", "pesq_wb", ["file 2", "file 0", "file 3"]),  # up is better
        ("song", "mel_distance_dac", ["file 3", "file 0", "file 2"]),  # down is
    ],
)
def test_the_best_the_median_and_the_worst_file(of_set: str, measure: str, names: list) -> None:
    results = scored(measure, [2.5, 2.0, 4.0, 1.0, 3.0, None], of_set)
    found = chosen(of_results(results, ("opus-6",), (of_set,)))
    assert [pick.places for pick in found] == [("best",), ("median",), ("worst",)]
    assert [pick.result.name for pick in found] == names
    assert {(pick.measure, pick.among) for pick in found} == {(measure, 5)}


def test_one_recording_has_all_places_and_two_share_them() -> None:
    for values, places in (([2.0], [PLACES]), ([2.0, 3.0], [("best",), ("median", "worst")])):
        of = of_results(scored("pesq_wb", values), ("opus-6",), ("talk",))
        assert [pick.places for pick in chosen(of)] == places


def test_order_of_results_does_not_matter() -> None:
    of = study()
    turned = of_results(list(of.results[::-1]), of.systems, of.sets)
    assert picks(turned) == picks(of)


def test_controls_and_systems_that_made_nothing_are_left_out() -> None:
    results = [result(s, number=n) for s in (ORIGINAL, "opus-6") for n in range(3)]
    results += [result("tiny@1", number=n, fault="it threw", scores={}) for n in range(3)]
    of = of_results(results, (ORIGINAL, "tiny@1", "opus-6"), ("talk",))
    assert heard_systems(of) == ["opus-6"]
    assert {each.system for each in picks(of)} == {"opus-6"}


def test_of_many_systems_few_are_heard_evenly_spaced() -> None:
    names = tuple(f"system {n:02}" for n in range(40))
    results = [
        result(s, of, n, family=s) for s in names for of in ("talk", "song") for n in range(3)
    ]
    of = of_results(results, names, ("talk", "song"))
    heard = heard_systems(of)
    assert heard[0] == names[0] and heard[-1] == names[-1]
    gaps = {names.index(b) - names.index(a) for a, b in zip(heard, heard[1:], strict=False)}
    assert gaps == {4, 5}
    assert len(picks(of)) == MOST


def test_the_main_measure_is_the_first_that_says_something() -> None:
    of = of_results(scored("stoi", [0.5, 0.6]), ("opus-6",), ("talk", "song"))
    assert main_measure(of, "talk") == "stoi"  # nothing has the first, pesq_wb
    assert main_measure(of, "song") == ""
